"""NWB files of no particular house: CurrentClampSeries paired with CurrentClampStimulusSeries."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator

import h5py

from ..problems import Problem, ReadError
from ..units import is_current_unit, is_voltage_unit
from .hdf5 import item, members
from .nwb_selection import Pair, Selection
from .nwb_series import Series
from .nwb_tables import Row, recording_rows, repetition_column, stimulus_types

# Words that tell the kind of a series, not which sweep it is.
_KINDS = re.compile(
    r"currentclamp|patchclamp|stimulus|response|stim|resp|series|voltage|current|acquisition|ccs+|ics?"
)

Key = Callable[[Series], Hashable | None]


def plain(content: h5py.File, selection: Selection, problems: list[Problem]) -> Iterator[Pair]:
    """Sweeps of any NWB 2 file."""
    recorded, presented = item(content, "acquisition"), item(content, "stimulus/presentation")
    rows = [row for row in recording_rows(content) if _is_current_clamp(content, row)]
    if any(_is_stretch(content, row) for row in rows):
        yield from _stretches(content, rows, selection)
        return
    row_of = {row.response: row.index for row in rows}
    types, repetitions = stimulus_types(content), repetition_column(content)
    for v_path, i_path in partners(recorded, presented, problems, rows).items():
        voltage, current = Series(content[v_path], "volts"), Series(content[i_path], "amperes")
        row = row_of.get(v_path, -1)
        raw = _described(voltage) or _described(current) or types.get(row)
        protocol = scala_protocol(raw)
        if not selection.wants_protocol(protocol, raw or protocol):
            continue
        number = repetitions.get(row)
        if selection.wants_repetition(number):
            yield Pair(series_name(v_path), protocol, v_path, i_path, number, raw_protocol=raw or "")


def series_name(path: str) -> str:
    """Return the last part of a path in the file."""
    return path.rsplit("/", 1)[-1]


def scala_protocol(raw: str | None) -> str:
    """Return "Step" for sweeps without a description and for every kind of step but GenericStep."""
    if raw is None or raw.lower() == "na" or ("step" in raw.lower() and raw.lower() != "genericstep"):
        return "Step"
    return raw


def _described(series: Series) -> str | None:
    words = series.word("stimulus_description")
    return words if words and words.strip().lower() not in ("", "na", "n/a", "none") else None


# --- several sweeps in one long series


def _is_current_clamp(content: h5py.File, row: Row) -> bool:
    return not Series(content[row.response], "").type.startswith("VoltageClamp")


def _is_stretch(content: h5py.File, row: Row) -> bool:
    return any(
        window != (0, Series(content[path], "").n_samples)
        for path, window in ((row.response, row.v_window), (row.stimulus, row.i_window))
    )


def _stretches(content: h5py.File, rows: list[Row], selection: Selection) -> Iterator[Pair]:
    types, repetitions = stimulus_types(content), repetition_column(content)
    for row in rows:
        raw = types.get(row.index) or _described(Series(content[row.response], ""))
        protocol = scala_protocol(raw)
        number = repetitions.get(row.index)
        if selection.wants_protocol(protocol, raw or protocol) and selection.wants_repetition(number):
            name = f"{series_name(row.response)}, recording {row.index}"
            yield Pair(
                name,
                protocol,
                row.response,
                row.stimulus,
                number,
                raw_protocol=raw or "",
                v_window=row.v_window,
                i_window=row.i_window,
            )


# --- one series a sweep


def partners(
    recorded: h5py.Group | None,
    presented: h5py.Group | None,
    problems: list[Problem],
    rows: list[Row] | None = None,
) -> dict[str, str]:
    """Return, for each voltage (path, in the order of the file), the path of its current.

    What decides is, in this order: sweep number and electrode, sweep number, table of recordings, name,
    starting time; each only where it names one voltage and one current.
    """
    voltages = _of_kind(recorded, "volts", "CurrentClampSeries", problems)
    currents = _of_kind(presented, "amperes", "CurrentClampStimulusSeries", problems)
    keys: list[Key] = [
        _number_and_electrode,
        _sweep_number,
        _table_key(rows or []),
        _name_key,
        Series.starting_time,
    ]
    found: dict[str, str] = {}
    for key in keys:
        left_v = [s for s in voltages if s.name not in found]
        taken = set(found.values())
        left_i = [s for s in currents if s.name not in taken]
        by_voltage, by_current = _unique(left_v, key), _unique(left_i, key)
        found |= {s.name: by_current[k].name for k, s in by_voltage.items() if k in by_current}
    return {s.name: found[s.name] for s in voltages if s.name in found}


def _of_kind(group: h5py.Group | None, unit: str, kind: str, problems: list[Problem]) -> list[Series]:
    """Return the series that are of a kind, or that say no kind but have a unit like `unit`."""
    is_unit = is_voltage_unit if is_voltage_unit(unit) else is_current_unit
    found = []
    for name in members(group):
        try:
            member = item(group, name)
            if not isinstance(member, h5py.Group) or member.get("data", getlink=True) is None:
                continue
            series = Series(member, unit)
            if series.type == kind or (series.type in ("", "TimeSeries") and is_unit(series.unit)):
                found.append(series)
        except ReadError as error:
            problems.append(Problem(str(error), "error", "file", recording=name))
    return found


def _unique(series: list[Series], key: Key) -> dict[Hashable, Series]:
    """Return the series by those keys that only one of them has."""
    groups: dict[Hashable, list[Series]] = {}
    for one in series:
        found = key(one)
        if found is not None:
            groups.setdefault(found, []).append(one)
    return {k: same[0] for k, same in groups.items() if len(same) == 1}


def _sweep_number(series: Series) -> Hashable | None:
    number = series.number("sweep_number")
    if number is None:
        digits = re.match(r"data_(\d+)_(?:AD|DA)", series_name(series.name))
        return int(digits.group(1)) if digits else None
    return number


def _number_and_electrode(series: Series) -> Hashable | None:
    number, electrode = _sweep_number(series), item(series.group, "electrode")
    if isinstance(electrode, h5py.Group):
        place = h5py.h5o.get_info(electrode.id)
        return number, (place.fileno, place.addr)
    name = series.word("electrode_name")
    return (number, name) if number is not None and name else None


def _table_key(rows: list[Row]) -> Key:
    row_of = {row.response: row.index for row in rows} | {row.stimulus: row.index for row in rows}
    return lambda series: row_of.get(series.name)


def _name_key(series: Series) -> Hashable | None:
    """Return a name without the words for its kind: "ic__Step__1" and "ics__Step__1" agree."""
    words = re.sub(r"[^a-z0-9]+", " ", series_name(series.name).lower())
    return " ".join(_KINDS.sub(" ", words).split())
