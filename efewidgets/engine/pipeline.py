"""The stages from files to outputs, in their order. Each takes values and returns values, and problems beside them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from .auto_targets import AutoTarget
from .averages import mean
from .cell import Cell
from .edges import agree_among
from .matching import Protocol, build_protocols, match, unmatched_problems
from .problems import EfeError, Problem
from .reading import as_problem, read_file
from .recording import Recording
from .source import files_of

Run = Callable[..., list]  # engine.parallel.run, with the caller's map or executor
FeatureValues = list[tuple[dict, dict[str, float]]]


@dataclass(frozen=True)
class FileJob:
    """One file of one protocol of one cell, to be read."""

    cell: str
    protocol: str
    metadata: Mapping[str, Any] = field(repr=False)

    @property
    def weight(self) -> int:
        """Size of the file, bytes: large ones are read first."""
        files = files_of(self.metadata) if isinstance(self.metadata, Mapping) else []
        try:
            return os.path.getsize(files[-1]) if files else 0
        except OSError:
            return 0


# --- files → recordings


def file_jobs(files_metadata: Mapping[str, Mapping[str, Sequence[Mapping]]]) -> list[FileJob]:
    """List the files of all cells.

    Raises
    ------
    EfeError
        If `files_metadata` isn't ``{cell: {protocol: [metadata, …]}}``, or names no file.
    """
    jobs = []
    if not isinstance(files_metadata, Mapping) or not files_metadata:
        raise EfeError("files_metadata is empty; it must be {cell: {protocol: [metadata of a file, …]}}.")
    for cell, protocols in files_metadata.items():
        if not isinstance(protocols, Mapping):
            raise EfeError(
                f"cell {cell!r} must hold a dictionary of protocols, but holds {type(protocols).__name__}."
            )
        for protocol, files in protocols.items():
            if isinstance(files, (str, Mapping)) or not isinstance(files, Sequence):
                raise EfeError(
                    f"cell {cell!r}, protocol {protocol!r} must hold a list with the metadata of each file."
                )
            jobs += [FileJob(str(cell), str(protocol), metadata) for metadata in files]
    if not jobs:
        raise EfeError("files_metadata names no file in any protocol of any cell.")
    return jobs


def _read_job(job: FileJob, reader: Callable | None, efel_settings: Mapping | None, keep_samples: bool):
    recordings, problems = read_file(job.metadata, job.protocol, reader, efel_settings, keep_samples)
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
    keep_samples: bool = True,
) -> list[Cell]:
    """Read the files of all cells; each cell's problems say what could not be read."""
    jobs = file_jobs(files_metadata)
    read_one = partial(_read_job, reader=reader, efel_settings=efel_settings, keep_samples=keep_samples)
    cells = {str(name): Cell(str(name)) for name in files_metadata}
    for job, (recordings, problems) in zip(jobs, run(read_one, jobs, unread), strict=True):
        _set_reader(recordings, reader)
        cells[job.cell].recordings += recordings
        cells[job.cell].problems += [problem.at(cell=job.cell) for problem in problems]
    for cell in cells.values():
        _agree(cell)
    return list(cells.values())


def unread(job: FileJob, error: Exception) -> tuple[list[Recording], list[Problem]]:
    """What stands for the recordings of a file whose worker failed."""
    file = next(iter(reversed(files_of(job.metadata))), None) if isinstance(job.metadata, Mapping) else None
    message = f"it was not read, since its worker failed: {error or type(error).__name__}"
    return [], [Problem(message, kind="file", cell=job.cell, protocol=job.protocol, file=file)]


def _agree(cell: Cell) -> None:
    """Settle the timings protocol by protocol; recordings that are lost or excluded are then left out."""
    kept: dict[int, Recording] = {}
    for name in cell.get_protocol_names():
        recordings, problems = agree_among(cell.get_recordings_by_protocol_name(name))
        kept |= {id(recording): recording for recording in recordings}
        cell.problems += [problem.at(cell=cell.name) for problem in problems]
    cell.recordings = [r for r in cell.recordings if id(r) in kept and r.excluded is None]


# --- recordings → features


def request_features(
    cells: Sequence[Cell], targets: Sequence[Mapping[str, Any]], efel_settings: Mapping[str, Any] | None
) -> None:
    """Note on each recording which features the targets want of it; they are computed when needed."""
    by_protocol: dict[str, list[Mapping[str, Any]]] = {}
    for target in targets:
        by_protocol.setdefault(target["protocol"], []).append(target)
    for cell in cells:
        for recording in cell.recordings:
            for target in by_protocol.get(recording.protocol_name, ()):
                settings = {**(efel_settings or {}), **(target.get("efel_settings") or {})}
                recording.request_efeatures([target["efeature"]], [target.get("efeature_name")], settings)


def compute_features(recordings: Sequence[Recording], run: Run) -> list[Problem]:
    """Compute what was asked for on these recordings; a recording on which it fails becomes a problem."""
    waiting = [recording for recording in recordings if recording.pending()]
    problems = []
    for recording, (values, found) in zip(waiting, run(_feature_job, waiting, uncomputed), strict=True):
        for settings, by_name in values:
            recording.take_values(settings, by_name)
        recording.problems += found
        problems += found
    return problems


def _feature_job(recording: Recording) -> tuple[FeatureValues, list[Problem]]:
    return feature_values(recording, recording.pending())


def uncomputed(recording: Recording, error: Exception) -> tuple[FeatureValues, list[Problem]]:
    """What stands for the features of a recording whose worker failed."""
    wanted = recording.pending()
    message = f"its features were not computed, since the worker failed: {error or type(error).__name__}"
    values = [(settings, dict.fromkeys(efeatures, np.nan)) for efeatures, settings in wanted]
    return values, [Problem(message, kind="feature")]


def feature_values(
    recording: Recording, wanted: Sequence[tuple[Sequence[str], Mapping[str, Any]]]
) -> tuple[FeatureValues, list[Problem]]:
    """Compute features of a recording; one that fails is nan and becomes a problem, the others go on.

    Parameters
    ----------
    recording : Recording
    wanted : list of (list of str, dict)
        Features, and the eFEL settings for them.

    Returns
    -------
    values : list of (dict, dict)
        The settings, and the values by the features' names.
    problems : list of Problem
    """
    values: FeatureValues = []
    problems: dict[str, Problem] = {}
    for efeatures, settings in wanted:
        try:
            found = recording.reduced(efeatures, settings)
        except Exception as error:
            if len(efeatures) > 1:  # find out which
                found, failed = _one_by_one(recording, efeatures, settings)
            else:
                found, failed = dict.fromkeys(efeatures, np.nan), [_failure(error, efeatures[0])]
            problems |= {problem.message: problem for problem in failed}
        values.append((dict(settings), found))
    return values, list(problems.values())


def _one_by_one(
    recording: Recording, efeatures: Sequence[str], settings: Mapping[str, Any]
) -> tuple[dict[str, float], list[Problem]]:
    found: dict[str, float] = {}
    problems, reasons = [], set()
    for name in efeatures:
        try:
            found |= recording.reduced([name], settings)
        except Exception as error:
            found[name] = np.nan
            problems.append(_failure(error, name))
            reasons.add(str(error))
    if len(problems) == len(efeatures) and len(reasons) == 1:  # it isn't the features
        problems = [Problem(f"no feature can be computed: {reasons.pop()}", kind="feature")]
    return found, problems


def _failure(error: Exception, efeature: str) -> Problem:
    return Problem(f"{efeature} can't be computed: {as_problem(error, '').message}", kind="feature")


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
    compute_features(list({id(recording): recording for _, recording, _ in matches}.values()), run)
    for protocol, recording, chosen in matches:
        protocol.append(recording, chosen)
    return protocols


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
