"""Sweeps as an NWB 2 file, by pynwb: series, electrodes, the tables of intracellular recordings, and what was found."""

from __future__ import annotations

import io
import os
import pathlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from pynwb import NWBHDF5IO, H5DataIO, NWBFile
from pynwb.core import DynamicTable, VectorData
from pynwb.file import Subject
from pynwb.icephys import CurrentClampSeries, CurrentClampStimulusSeries

from .... import __version__
from ...systems.files import replace
from .findings import findings
from .session import Session
from .sweeps import CellSweeps, NwbSweep, Samples

if TYPE_CHECKING:
    from pynwb.icephys import IntracellularElectrode

#: Samples from which on they are compressed
_MANY = 1000


def as_bytes(cells: Sequence[CellSweeps], session: Session) -> bytes:
    """Return an NWB file as bytes."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        _write(file, cells, session)
    return stream.getvalue()


def write_whole(place: pathlib.Path, cells: Sequence[CellSweeps], session: Session) -> None:
    """Write an NWB file beside its place and move it there, so that no half of it is ever seen.

    Raises
    ------
    OSError
        If it can't be written; what was there before is there still.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=place.parent, prefix=".efewidgets-", ignore_cleanup_errors=True
    ) as beside:
        part = pathlib.Path(beside) / place.name
        with h5py.File(part, "w") as file:
            _write(file, cells, session)
        replace(part, place)


def _write(file: h5py.File, cells: Sequence[CellSweeps], session: Session) -> None:
    with NWBHDF5IO(file=file, mode="w") as writer:
        writer.write(nwb_file(cells, session), cache_spec=True)


def nwb_file(cells: Sequence[CellSweeps], session: Session) -> NWBFile:
    """Return the file as pynwb's object."""
    found = NWBFile(
        session_description=session.description,
        identifier=session.identifier,
        session_start_time=session.start,
        experimenter=list(session.experimenter) or None,
        institution=session.institution or None,
        lab=session.lab or None,
        experiment_description=session.experiment_description or session.description,
        keywords=[word.strip() for word in session.keywords.split(",") if word.strip()]
        or ["intracellular electrophysiology", "current clamp"],
        was_generated_by=[["efewidgets", __version__]],
        subject=Subject(**session.subject),
    )
    rows = list(_rows(found, cells, session))
    _tables(found, rows)
    found.add_analysis(_as_table(rows))
    return found


@dataclass(frozen=True)
class _Row:
    """One sweep as it stands in the file."""

    cell: str
    sweep: NwbSweep
    electrode: IntracellularElectrode
    voltage: CurrentClampSeries
    current: CurrentClampStimulusSeries


def _rows(file: NWBFile, cells: Sequence[CellSweeps], session: Session) -> Iterator[_Row]:
    device = file.create_device(
        session.device or "amplifier",
        description="current-clamp amplifier" if session.device else "amplifier, its kind isn't known",
    )
    number = 0
    for position, cell in enumerate(cells, start=1):
        electrode = file.create_icephys_electrode(
            name=f"electrode {position} {_plain(cell.name)}".strip(),
            description=session.electrode or "patch pipette, whole cell",
            device=device,
            cell_id=cell.name,
            **_electrode_facts(cell),
        )
        for sweep in cell.sweeps:
            yield _Row(cell.name, sweep, electrode, *_series(file, sweep, electrode, number))
            number += 1


def _plain(name: str) -> str:
    """Return a name without what can't stand in a path of HDF5."""
    return re.sub(r"[/:\x00-\x1f]+", "-", name).strip(". ")


def _electrode_facts(cell: CellSweeps) -> dict[str, str]:
    """Return what the file knows of the electrode, from the first sweep that says it."""
    names = {
        "resistance": "pipette_resistance_MOhm",
        "seal": "seal_resistance_MOhm",
        "initial_access_resistance": "series_resistance_MOhm",
    }
    found = {}
    for name, fact in names.items():
        values = (sweep.facts.get(fact) for sweep in cell.sweeps)
        value = next((value for value in values if value), None)
        if value is not None:
            found[name] = f"{value:.6g} MOhm"
    return found


def _series(
    file: NWBFile, sweep: NwbSweep, electrode: IntracellularElectrode, number: int
) -> tuple[CurrentClampSeries, CurrentClampStimulusSeries]:
    """Add the voltage and the current of a sweep; their names agree as BluePyEfe wants it."""
    origin = f"{sweep.label} of {', '.join(map(os.path.basename, sweep.paths))}"
    common: dict[str, Any] = {
        "electrode": electrode,
        "rate": sweep.rate,
        "starting_time": 0.0,
        "sweep_number": np.uint32(number),
        "stimulus_description": sweep.protocol,
    }
    voltage = CurrentClampSeries(
        name=f"CurrentClampSeries_{number:04d}",
        description=origin,
        comments=f"left out: {sweep.excluded}" if sweep.excluded else "no comments",
        **_data(sweep.voltage),
        **common,
    )
    commanded = sweep.current_from == "command"
    current = CurrentClampStimulusSeries(
        name=f"CurrentClampStimulusSeries_{number:04d}",
        description=origin,
        comments="the current as it was commanded, not measured"
        if commanded
        else "the current as it was measured",
        **_data(sweep.current),
        **common,
    )
    file.add_acquisition(voltage)
    file.add_stimulus(current)
    return voltage, current


def _data(samples: Samples) -> dict[str, Any]:
    numbers, packed = samples.numbers, len(samples.numbers) >= _MANY
    whole = numbers.dtype.kind in "iu"
    return {
        "data": H5DataIO(numbers, compression="gzip", shuffle=True) if packed else numbers,
        "conversion": float(samples.conversion),
        "resolution": float(samples.conversion) if whole else -1.0,
    }


# --- NWB's own tables


@dataclass
class _Run:
    """One run of a protocol: what was recorded from one file, one sweep after the other, perhaps of several cells."""

    protocol: str
    repetition: int
    cells: list[str]
    simultaneous: list[int] = field(default_factory=list)


@dataclass
class _Group:
    """Rows that were recorded at once, and the run that they are of."""

    run: _Run
    cells: list[str]
    rows: list[int]


def _tables(file: NWBFile, rows: Sequence[_Row]) -> None:
    """Fill the tables: recordings, those at once, in sequence, repeated, and the condition: the cells."""
    table = file.get_intracellular_recordings()
    for row in rows:
        file.add_intracellular_recording(electrode=row.electrode, stimulus=row.current, response=row.voltage)
    groups = _grouped(rows)
    repetitions = {row: group.run.repetition for group in groups for row in group.rows}
    table.add_column(
        name="repetition",
        description="which run of the protocol: as the original file counts, else in order",
        data=[repetitions[number] for number in range(len(rows))],
    )
    runs: dict[int, _Run] = {}
    for group in groups:
        file.add_icephys_simultaneous_recording(recordings=group.rows)
        runs.setdefault(id(group.run), group.run)
    _sequences(file, list(runs.values()))


def _grouped(rows: Sequence[_Row]) -> list[_Group]:
    """Put together what was recorded at once: sweeps of one name in one file that are of several cells."""
    groups: list[_Group] = []
    at_once: dict[tuple[Any, ...], _Group] = {}
    runs: dict[tuple[Any, ...], _Run] = {}
    counts: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows):
        sweep = row.sweep
        known = at_once.get((sweep.protocol, sweep.paths, sweep.label))
        if known is not None and row.cell not in known.cells:
            known.cells.append(row.cell)
            known.rows.append(number)
            known.run.cells += [row.cell] if row.cell not in known.run.cells else []
            continue
        key = (row.cell, sweep.protocol, sweep.paths, sweep.repetition)
        if key not in runs:
            counts[key[:2]] = counts.get(key[:2], 0) + 1
            own = sweep.repetition
            runs[key] = _Run(sweep.protocol, counts[key[:2]] if own is None else own, [row.cell])
        group = _Group(runs[key], [row.cell], [number])
        at_once[sweep.protocol, sweep.paths, sweep.label] = group
        runs[key].simultaneous.append(len(groups))
        groups.append(group)
    return groups


def _sequences(file: NWBFile, runs: Sequence[_Run]) -> None:
    """Add the runs, and put those of the same cells together, protocol by protocol."""
    by_cells: dict[str, dict[str, list[int]]] = {}
    for position, run in enumerate(runs):
        file.add_icephys_sequential_recording(
            stimulus_type=run.protocol, simultaneous_recordings=run.simultaneous
        )
        by_cells.setdefault(", ".join(run.cells), {}).setdefault(run.protocol, []).append(position)
    repetitions = [
        [file.add_icephys_repetition(sequential_recordings=positions) for positions in protocols.values()]
        for protocols in by_cells.values()
    ]
    conditions = file.get_icephys_experimental_conditions()
    for positions in repetitions:
        file.add_icephys_experimental_condition(repetitions=positions)
    conditions.add_column(name="cell", description="the cell, or cells, recorded", data=list(by_cells))


# --- what was found and decided


def _as_table(rows: Sequence[_Row]) -> DynamicTable:
    columns = findings([(row.cell, row.voltage.name, row.sweep) for row in rows])
    return DynamicTable(
        name="efewidgets",
        description="What was found in each sweep and decided about it: timings and amplitudes of the stimulus, and "
        "whether a person left it out. The samples in the series are as recorded, without any correction.",
        columns=[VectorData(name=name, description=words, data=values) for name, words, values in columns],
    )
