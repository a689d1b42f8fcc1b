"""NWB files of no particular house: CurrentClampSeries paired with CurrentClampStimulusSeries."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterator, Sequence

import h5py

from ..problems import ReadError
from ..units import is_current_unit, is_voltage_unit
from .hdf5_members import item, members
from .nwb_cells import electrode_of, sweep_number
from .nwb_names import names_of
from .nwb_pairs import LISTENED, NO_STIMULUS, Lost, Pair
from .nwb_series import Series
from .nwb_tables import Row, Tables

# Words that tell the kind of a series, not which sweep it is.
_KINDS = re.compile(
    r"currentclamp|patchclamp|stimulus|response|stim|resp|series|voltage|current|acquisition|ccs+|ics?"
)
_NOT_TOLD = (
    "which stimulus belongs to it can't be told: no sweep number, table, name or starting time is its own and that of "
    "one stimulus alone."
)
_WITHOUT = "its stimulus isn't in the file"
_NO_RESPONSE = "this stimulus has no response of its own in the file."
_VOLTAGE_CLAMP = "it was recorded in voltage clamp: left out."
_NO_COMMAND = "it was recorded without a current (I = 0), so that it is no response to a stimulus."

Key = Callable[[Series], Hashable | None]
Found = Iterator[Pair | Lost]


def acquisition(content: h5py.File) -> h5py.Group | None:
    """Return the group of the recorded series, in NWB 2 or NWB 1."""
    group = item(content, "acquisition")
    series = item(group, "timeseries") if isinstance(group, h5py.Group) else None
    return series if isinstance(series, h5py.Group) else group


def presentation(content: h5py.File) -> h5py.Group | None:
    """Return the group of the stimuli."""
    stimulus = item(content, "stimulus")
    return item(stimulus, "presentation") if isinstance(stimulus, h5py.Group) else None


def plain(content: h5py.File, tables: Tables) -> Found:
    """Sweeps of any NWB file: by the table of recordings where it tells stretches of series, else one a series."""
    stretched = are_stretches(content, tables)
    rows = [row for row in tables.rows if row.stimulus is not None and _is_current_clamp(content, row)]
    if stretched:
        yield from (_stretch(content, row) for row in tables.rows)
    of_rows = {row.response for row in tables.rows} if stretched else set()
    voltages, lost = _responses(content, of_rows)
    currents = _stimuli(content)
    found = partners(voltages, currents, rows)
    used = set(found.values()) | {str(row.stimulus) for row in rows if stretched}
    spare = any(series.name not in used for series in currents)
    by_path = {series.name: series for series in currents}
    for voltage in voltages:
        name, path = series_name(voltage.name), voltage.name
        names = names_of(voltage, by_path.get(found.get(path, "")), tables.types.get(path))
        if path in found:
            yield with_row(Pair(name, names, path, found[path], tables.repetitions.get(path)), tables)
        elif _is_response(voltage, voltages):
            yield Lost(name, _NOT_TOLD if spare else NO_STIMULUS, names, path)
    yield from lost
    for series in currents:
        if series.name not in used and series.type:
            yield _alone(series)


def _is_response(series: Series, voltages: Sequence[Series]) -> bool:
    """Whether a voltage is a sweep's; a file that says which are has others (temperature, triggers) of no such type."""
    return series.type.endswith("ClampSeries") or not any(
        one.type.endswith("ClampSeries") for one in voltages
    )


def _alone(current: Series) -> Lost:
    names = names_of(current, None)
    about = names if names.is_named else None
    return Lost(series_name(current.name), _NO_RESPONSE, about, current=current.name, severity="note")


def left_over(content: h5py.File, known: set[str], dialect: str, stimuli: str) -> Iterator[Lost]:
    """Yield what the rules of a house don't reach in its file.

    Parameters
    ----------
    content : h5py.File
    known : set of str
        Paths that they do reach.
    dialect : str
    stimuli : str
        Pattern of the names of stimuli that are looked for by those of their responses; "" if none are.
    """
    voltages, lost = _responses(content, known)
    for series in [series for series in voltages if _is_response(series, voltages)]:
        words = (
            "it isn't listed in /data_organization."
            if dialect == "BBP"
            else f"its stimulus isn't in the file, as files of this kind ({dialect}) name it."
        )
        names = names_of(series, None)
        yield Lost(series_name(series.name), words, names if names.is_named else None, series.name)
    yield from lost
    for series in _stimuli(content, known, stimuli) if stimuli else ():
        yield _alone(series)


def only_listened(content: h5py.File, lost: Lost, pairs: Sequence[Pair]) -> Lost:
    """Return a response without a stimulus as one that was listened to, if another electrode got one at that time."""
    if lost.severity != "error" or _WITHOUT not in lost.reason or not lost.path:
        return lost
    series = Series(content[lost.path], "")
    number, electrode = sweep_number(series), electrode_of(series)
    if number is None and lost.at_once is None:
        return lost
    for pair in pairs:
        if pair.voltage == lost.path:
            continue
        other = Series(content[pair.voltage], "")
        at_once = lost.at_once is not None and pair.at_once == lost.at_once
        if (at_once or (number is not None and sweep_number(other) == number)) and (
            electrode is None or electrode_of(other) != electrode
        ):
            return dataclasses.replace(lost, reason=LISTENED, severity="note")
    return lost


def _path(group: h5py.Group | None, name: str) -> str:
    return f"{group.name}/{name}" if group is not None else name


def series_name(path: str) -> str:
    """Return the last part of a path in the file."""
    return path.rsplit("/", 1)[-1]


# --- several sweeps in one long series


def _is_current_clamp(content: h5py.File, row: Row) -> bool:
    return not Series(content[row.response], "").type.startswith("VoltageClamp")


def are_stretches(content: h5py.File, tables: Tables) -> bool:
    """Whether any row of the table of recordings is a part of its series, so that the series are no sweeps."""
    sizes: dict[str, int] = {}
    for row in tables.rows:
        for path, window in ((row.response, row.v_window), (row.stimulus, row.i_window)):
            if path is None or window is None:
                continue
            if path not in sizes:
                sizes[path] = _size(content, path)
            if window != (0, sizes[path]) and sizes[path] > 0:
                return True
    return False


def _size(content: h5py.File, path: str) -> int:
    """Return the number of samples of a series, 0 if it can't be known."""
    try:
        return Series(content[path], "").n_samples
    except (ReadError, KeyError):
        return 0


def _stretch(content: h5py.File, row: Row) -> Pair | Lost:
    name = f"{series_name(row.response)}, recording {row.index}"
    found = _opened_again(content, row.response)
    current = Series(content[row.stimulus], "") if row.stimulus is not None else None
    if isinstance(found, Lost):
        return dataclasses.replace(found, id=name)
    # The description of a long series can't be that of each stretch.
    names = names_of(found, current, row.stimulus_type, table_first=True)
    if found.type.endswith("IZeroClampSeries"):
        return Lost(name, _NO_COMMAND, names, row.response, severity="note")
    if current is None or row.i_window is None:
        return Lost(name, NO_STIMULUS, names, row.response, at_once=row.at_once)
    pair = Pair(
        name, names, row.response, current.name, row.repetition, v_window=row.v_window, i_window=row.i_window
    )
    return _as_in(row, pair)


def _opened_again(content: h5py.File, path: str) -> Series | Lost:
    """Return a series that a table points to, or why it can't be used."""
    parent, _, name = path.rpartition("/")
    found = open_series(content[parent or "/"], name)
    return Lost(name, f"{path} is no series with samples.", None, path) if found is None else found


def with_row(pair: Pair, tables: Tables) -> Pair:
    """Return a sweep that has a series of its own with what the table of recordings says besides."""
    row = tables.alone.get(pair.voltage)
    if row is None:
        return pair
    return _as_in(row, pair)


def _as_in(row: Row, pair: Pair) -> Pair:
    return dataclasses.replace(
        pair,
        electrode=row.electrode,
        condition=row.condition,
        comment=row.remark,
        at_once=row.at_once,
    )


# --- one series a sweep


def partners(voltages: list[Series], currents: list[Series], rows: list[Row]) -> dict[str, str]:
    """Return, for each voltage (path, in the order of the file), the path of its current.

    What decides is, in this order: sweep number and electrode, sweep number, table of recordings, name,
    starting time; each only where it names one voltage and one current. Where the table gives one stimulus to
    several responses, it is that of all of them.
    """
    keys: list[Key] = [
        _number_and_electrode,
        sweep_number,
        _table_key(rows),
        lambda series: series_name(series.name).replace("StimulusSeries", "Series"),
        _mies_key,
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
    there = {series.name for series in voltages}
    for row in rows:
        if row.response in there and row.response not in found:
            found[row.response] = str(row.stimulus)
    return {s.name: found[s.name] for s in voltages if s.name in found}


def _responses(content: h5py.File, known: set[str] | None = None) -> tuple[list[Series], list[Lost]]:
    """Return the voltages, and what looks like one but can't be used."""
    group = acquisition(content)
    voltages: list[Series] = []
    lost: list[Lost] = []
    for name in members(group):
        path = _path(group, name)
        if known and path in known:
            continue
        series = open_series(group, name)
        if isinstance(series, Lost):
            lost.append(series)
        elif series is not None and series.type.endswith("IZeroClampSeries"):
            lost.append(Lost(name, _NO_COMMAND, names_of(series, None), path, severity="note"))
        elif series is not None and _is_kind(series, "CurrentClampSeries", is_voltage_unit):
            voltages.append(series)
    return voltages, lost


def _stimuli(content: h5py.File, known: set[str] | None = None, pattern: str = ".*") -> list[Series]:
    group = presentation(content)
    names = [
        name
        for name in members(group)
        if re.fullmatch(pattern, name, re.DOTALL) and _path(group, name) not in (known or ())
    ]
    found = (open_series(group, name, "amperes") for name in names)
    return [
        series
        for series in found
        if isinstance(series, Series) and _is_kind(series, "CurrentClampStimulusSeries", is_current_unit)
    ]


def open_series(group: h5py.Group | None, name: str, unit: str = "volts") -> Series | Lost | None:
    """Return a member of a group that has (or links to) data and isn't voltage clamp, None if it is no such series.

    A link that leads nowhere, or a sweep without samples, is lost, and says why.
    """
    if not isinstance(group, h5py.Group):
        return None
    path = _path(group, name)
    try:
        found = item(group, name)
    except ReadError as error:
        return Lost(name, str(error), None, path)
    if not isinstance(found, h5py.Group):
        return None
    series = Series(found, unit, path)
    if series.type == "VoltageClampSeries":
        return Lost(name, _VOLTAGE_CLAMP, names_of(series, None), path, severity="note")
    if series.type.startswith("VoltageClamp"):
        return None
    if found.id.links.exists(b"external_file"):
        return Lost(name, _samples_elsewhere(series), names_of(series, None), path)
    if found.id.links.exists(b"data"):
        return series
    if series.type.endswith("ClampSeries") or found.id.links.exists(b"starting_time"):
        return Lost(name, f"{path} holds no samples (it has no 'data').", names_of(series, None), path)
    return None


def _samples_elsewhere(series: Series) -> str:
    other = series.word("external_file") or "another"
    return (
        f"its samples are in another file, {other!r}, of a kind that can't be known (external_file): write them into "
        "this one."
    )


def _is_kind(series: Series, kind: str, is_unit: Callable[[object], bool]) -> bool:
    """Whether a series is of a kind, or says no kind but has a unit of it."""
    return series.type.endswith(kind) or (
        series.type in ("", "TimeSeries", "PatchClampSeries") and is_unit(series.unit)
    )


def _unique(series: list[Series], key: Key) -> dict[Hashable, Series]:
    """Return the series by those keys that only one of them has."""
    groups: dict[Hashable, list[Series]] = {}
    for one in series:
        found = key(one)
        if found is not None:
            groups.setdefault(found, []).append(one)
    return {k: same[0] for k, same in groups.items() if len(same) == 1}


def _number_and_electrode(series: Series) -> Hashable | None:
    number, electrode = sweep_number(series), electrode_of(series)
    return (number, electrode) if number is not None and electrode is not None else None


def _table_key(rows: list[Row]) -> Key:
    row_of = {row.response: row.index for row in rows} | {str(row.stimulus): row.index for row in rows}
    return lambda series: row_of.get(series.name)


def _mies_key(series: Series) -> Hashable | None:
    found = re.fullmatch(r"data_(\d+)_(?:AD|DA)(\d+)", series_name(series.name))
    return found.groups() if found else None


def _name_key(series: Series) -> Hashable | None:
    """Return a name without the words for its kind: "ic__Step__1" and "ics__Step__1" agree."""
    words = re.sub(r"[\W_]+", " ", series_name(series.name).lower())
    return " ".join(_KINDS.sub(" ", words).split())
