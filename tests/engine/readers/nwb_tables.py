"""Writers of NWB 2's icephys tables, with h5py alone: one long series an electrode, and rows that are its sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from .nwb_files import RATE, add_current, add_series, groups, step, volts

REFERENCE = np.dtype([("idx_start", "i4"), ("count", "i4"), ("timeseries", h5py.ref_dtype)])
PLACE = "general/intracellular_ephys"

#: Names of the tables, from recordings up: today's, and those of the extension that they come from
TODAY = ("intracellular_recordings", "simultaneous_recordings", "sequential_recordings", "repetitions",
         "experimental_conditions")  # fmt: skip
EXTENSION = ("intracellular_recordings", "sweeps", "sweep_sequences", "runs", "conditions")
#: The column by which each points to the one below
_COLUMNS = {TODAY: ("recordings", *TODAY[1:4]), EXTENSION: ("recordings", *EXTENSION[1:4])}

Part = tuple[h5py.Group | None, int, int]


def add_electrode(file: h5py.File, name: str, **facts: str) -> h5py.Group:
    """Write an electrode."""
    group = file.require_group(f"{PLACE}/{name}")
    group.attrs["neurodata_type"] = "IntracellularElectrode"
    for key, value in facts.items():
        group[key] = value
    return group


def add_long(
    file: h5py.File,
    ks: Sequence[int],
    name: str = "A",
    electrode: str | None = "electrode A",
    stimulus: bool = True,
    gap: float | None = None,
    kind: str = "CurrentClampSeries",
    attrs: Mapping[str, Any] | None = None,
    n: int = 3000,
) -> tuple[h5py.Group, h5py.Group | None]:
    """Write one continuous series of sweeps `ks`, and its stimulus; with a `gap` (s) it has time stamps."""
    acquisition, presentation = groups(file)
    about = {"stimulus_description": "N/A", "comments": "no comments"} | dict(attrs or {})
    rate = RATE if gap is None else None
    v = add_series(
        acquisition, f"{kind}{name}", np.concatenate([volts(k, n) for k in ks]), kind=kind, rate=rate, **about
    )
    made = [v]
    if stimulus:
        i_kind = "CurrentClampStimulusSeries"
        samples = np.concatenate([step(k, n) for k in ks])
        made.append(add_current(presentation, f"{i_kind}{name}", samples, kind=i_kind, rate=rate, **about))
    for series in made:
        if gap is not None:
            starts = np.arange(len(ks))[:, np.newaxis] * (n / RATE + gap)
            series["timestamps"] = (starts + np.arange(n) / RATE).ravel()
        if electrode is not None:
            series["electrode"] = h5py.SoftLink(add_electrode(file, electrode).name)
    return v, made[1] if stimulus else None


def sweeps_of(
    series: tuple[h5py.Group, h5py.Group | None], count: int, n: int = 3000
) -> list[tuple[Part, Part]]:
    """Return the rows of the sweeps of a long series."""
    return [((series[0], k * n, n), (series[1], k * n, n)) for k in range(count)]


def add_rows(
    file: h5py.File, rows: Sequence[tuple[Part, Part]], flat: bool = False, **columns: Sequence[Any]
) -> h5py.Group:
    """Write the table of recordings: (response, stimulus) of each row; `flat` as the extension's first version."""
    table = file.require_group(f"{PLACE}/intracellular_recordings")
    table.attrs["neurodata_type"] = "IntracellularRecordings" if flat else "IntracellularRecordingsTable"
    for at, name in enumerate(("responses/response", "stimuli/stimulus")):
        cells = np.zeros(len(rows), REFERENCE)
        for k, row in enumerate(rows):
            series, first, count = row[at]
            other = row[1 - at][0]
            cells[k] = (first, count, series.ref) if series is not None else (-1, -1, other.ref)
        table.create_dataset(name.split("/")[-1] if flat else name, data=cells)
    table["id"] = np.arange(len(rows))
    for name, values in columns.items():
        stored = np.array(values, object) if isinstance(values[0], str) else np.array(values)
        table.create_dataset(
            name, data=stored, dtype=h5py.string_dtype() if isinstance(values[0], str) else None
        )
    return table


def add_groups(
    file: h5py.File,
    levels: Sequence[Sequence[Sequence[int]]],
    types: Sequence[str],
    names: tuple[str, ...] = TODAY,
    conditions: Sequence[str] = (),
) -> None:
    """Write the tables above the recordings: for each level, the rows of the one below that each of its rows has."""
    for level, (lists, column) in enumerate(zip(levels, _COLUMNS[names], strict=False)):
        table = file.require_group(f"{PLACE}/{names[level + 1]}")
        table[column] = np.concatenate([np.asarray(one) for one in lists])
        table[column + "_index"] = np.cumsum([len(one) for one in lists])
    text = h5py.string_dtype()
    file[f"{PLACE}/{names[2]}"].create_dataset("stimulus_type", data=np.array(types, object), dtype=text)
    if conditions:
        place = file[f"{PLACE}/{names[4]}"]
        place.create_dataset("label", data=np.array(conditions, object), dtype=text)
