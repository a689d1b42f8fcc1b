"""The stages from files to outputs, in their order. Each takes values and returns values, and problems beside them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..averages import mean
from ..problems import Problem
from ..recordings.agreeing import agree_among
from ..recordings.cell import Cell
from ..recordings.computing import FeatureValues, Run, compute_features, feature_values, request_features
from ..recordings.membranes import judge_membranes
from ..recordings.reading import Room, count_now, read_file, sweep_labels
from ..recordings.recording import Recording
from ..recordings.repeats import without_repeats
from ..recordings.source import files_of
from ..stages.options import check_files
from ..targets.automatic import AutoTarget
from ..targets.matching import Protocol, build_protocols, match, unmatched_problems

__all__ = [
    "FeatureValues",
    "FileJob",
    "Run",
    "all_problems",
    "choose_targets",
    "compute_features",
    "compute_matched",
    "feature_values",
    "file_jobs",
    "group",
    "read_cells",
    "read_file",
    "request_features",
    "unmatched_problems",
]


@dataclass(frozen=True)
class FileJob:
    """One file of one protocol of one cell, to be read; or one sweep of it, by its position and its label."""

    cell: str
    protocol: str
    metadata: Mapping[str, Any] = field(repr=False)
    sweep: int | None = None
    label: str | None = None

    @property
    def weight(self) -> int:
        """Size of the file, bytes: large ones are read first."""
        files = files_of(self.metadata) if isinstance(self.metadata, Mapping) else []
        try:
            return os.path.getsize(files[-1]) if files else 0
        except (OSError, ValueError):  # a path that can't be
            return 0


# --- files → recordings


def file_jobs(files_metadata: Mapping[str, Mapping[str, Sequence[Mapping]]]) -> list[FileJob]:
    """List the files of all cells.

    Raises
    ------
    EfeError
        If `files_metadata` isn't ``{cell: {protocol: [metadata, …]}}``, or names no file.
    """
    check_files(files_metadata)
    return [
        FileJob(str(cell), str(protocol), metadata)
        for cell, protocols in files_metadata.items()
        for protocol, files in protocols.items()
        for metadata in files
    ]


def _read_job(
    job: FileJob,
    reader: Callable | None,
    efel_settings: Mapping[str, Any] | None,
    keep_samples: bool | Room,
    counted: Collection[str] | None,
) -> tuple[list[Recording], list[Problem]]:
    count_spikes = counted is None or job.protocol in counted
    only = None if job.sweep is None else (job.sweep,)
    recordings, problems = read_file(
        job.metadata, job.protocol, reader, efel_settings, keep_samples, count_spikes=count_spikes, only=only
    )
    _set_reader(recordings, None)  # not every cluster can send a function back
    return recordings, problems


def _set_reader(recordings: Sequence[Recording], reader: Callable | None) -> None:
    for recording in recordings:
        if recording.source is not None:
            recording.source = dataclasses.replace(recording.source, reader=reader)


def read_cells(
    files_metadata: Mapping[str, Mapping[str, Sequence[Mapping]]],
    reader: Callable | None,
    efel_settings: Mapping[str, Any] | None,
    run: Run,
    keep_samples: bool | Room = True,
    counted: Collection[str] | None = None,
) -> list[Cell]:
    """Read the files of all cells; each cell's problems say what could not be read.

    Spikes are counted in the protocols that `counted` names (all, if None); elsewhere when somebody asks for them.
    """
    jobs = file_jobs(files_metadata)
    read_one = partial(
        _read_job, reader=reader, efel_settings=efel_settings, keep_samples=keep_samples, counted=counted
    )
    cells = {str(name): Cell(str(name)) for name in files_metadata}
    entries: dict[str, list[list[Recording]]] = {name: [] for name in cells}
    for job, found in zip(jobs, run(read_one, jobs, lambda job, error: error), strict=True):
        if isinstance(found, Exception):  # the worker died of it
            found = _sweep_by_sweep(job, found, reader, read_one, run)
        recordings, problems = found
        _set_reader(recordings, reader)
        entries[job.cell].append(recordings)
        cells[job.cell].recordings += recordings
        cells[job.cell].problems += [problem.at(cell=job.cell) for problem in problems]
    for cell in cells.values():
        cell.judge_units()
        _agree(cell)
        _count_once(cell, entries[cell.name])
        cell.problems += [problem.at(cell=cell.name) for problem in judge_membranes(cell.recordings)]
        if keep_samples is True and counted is None:
            count_now(cell.recordings)
    return list(cells.values())


def _sweep_by_sweep(
    job: FileJob, error: Exception, reader: Callable | None, read_one: Callable, run: Run
) -> tuple[list[Recording], list[Problem]]:
    """Read a file of which a worker died sweep by sweep, so that no other sweep is lost."""
    labels = []
    if reader is None:  # a lab's own reader delivers all sweeps at once
        (labels,) = run(_labels, [job], lambda job, error: [])
    if len(labels) < 2:
        return unread(job, error)
    jobs = [dataclasses.replace(job, sweep=k, label=label) for k, label in enumerate(labels)]
    found = run(read_one, jobs, unread)
    recordings = [recording for recordings, _ in found for recording in recordings]
    return recordings, list(dict.fromkeys(problem for _, problems in found for problem in problems))


def _labels(job: FileJob) -> list[str]:
    try:
        return sweep_labels(job.metadata, job.protocol)
    except Exception:  # it is told when the file is read
        return []


def unread(job: FileJob, error: Exception) -> tuple[list[Recording], list[Problem]]:
    """What stands for the recordings of a file, or of one sweep, whose worker failed."""
    file = next(iter(reversed(files_of(job.metadata))), None) if isinstance(job.metadata, Mapping) else None
    message = f"it was not read, since its worker failed: {error or type(error).__name__}"
    place: dict[str, Any] = {"cell": job.cell, "protocol": job.protocol, "file": file, "recording": job.label}
    return [], [Problem(message, kind="file", **place)]


def _agree(cell: Cell) -> None:
    """Settle the timings protocol by protocol; recordings that are lost or excluded are then left out."""
    kept: dict[int, Recording] = {}
    for name in cell.get_protocol_names():
        recordings, problems = agree_among(cell.get_recordings_by_protocol_name(name))
        kept |= {id(recording): recording for recording in recordings}
        cell.problems += [problem.at(cell=cell.name) for problem in problems]
    cell.recordings = [r for r in cell.recordings if id(r) in kept and r.excluded is None]


def _count_once(cell: Cell, entries: Sequence[Sequence[Recording]]) -> None:
    """Leave out recordings that are listed twice under one protocol."""
    used = {id(recording) for recording in cell.recordings}
    listed = [[recording for recording in entry if id(recording) in used] for entry in entries]
    for name in cell.get_protocol_names():
        of_protocol = [entry for entry in listed if entry and entry[0].protocol_name == name]
        kept, problems = without_repeats(of_protocol)
        if problems:
            used -= {id(r) for entry in of_protocol for r in entry} - {id(r) for r in kept}
            cell.problems += [problem.at(cell=cell.name) for problem in problems]
    cell.recordings = [recording for recording in cell.recordings if id(recording) in used]


# --- features → targets


def group(
    cells: Sequence[Cell],
    targets: Sequence[Mapping[str, Any]],
    absolute_amplitude: bool,
    use_global_rheobase: bool,
    protocol_mode: str,
    efel_settings: Mapping[str, Any] | None,
    run: Run,
) -> list[Protocol]:
    """Put the recordings into the targets they fall into and take their values."""
    known = [cell.rheobase for cell in cells if cell.rheobase is not None]
    use_relative = use_global_rheobase and not absolute_amplitude and known
    protocols = build_protocols(targets, mean(known) if use_relative else None, protocol_mode, efel_settings)
    matches = match(cells, protocols, absolute_amplitude)
    _compute_matches(matches, run)
    for protocol, recording, chosen in matches:
        protocol.append(recording, chosen)
    return protocols


def compute_matched(
    cells: Sequence[Cell], protocols: Sequence[Protocol], absolute_amplitude: bool, run: Run
) -> None:
    """Compute what was asked for on the recordings that fall into any target of these protocols."""
    _compute_matches(match(cells, protocols, absolute_amplitude), run)


def _compute_matches(matches: Sequence[tuple[Protocol, Recording, Any]], run: Run) -> None:
    compute_features(list({id(recording): recording for _, recording, _ in matches}.values()), run)


def choose_targets(cells: Sequence[Cell], auto_targets: Sequence[AutoTarget]) -> list[dict[str, Any]]:
    """Return the targets that the automatic goals come to on these recordings."""
    recordings = [recording for cell in cells for recording in cell.recordings]
    targets = []
    for goal in auto_targets:
        fresh = AutoTarget(
            goal.protocols,
            goal.amplitudes,
            goal.efeatures,
            goal.min_recordings_per_amplitude,
            goal.preferred_number_protocols,
            goal.tolerance,
        )
        fresh.select_ecode_and_amplitude(recordings)
        targets += fresh.generate_targets()
    return targets


def all_problems(cells: Sequence[Cell], protocols: Sequence[Protocol]) -> list[Problem]:
    """Return all problems of the cells and of their targets."""
    return [p for cell in cells for p in cell.all_problems()] + unmatched_problems(cells, protocols)
