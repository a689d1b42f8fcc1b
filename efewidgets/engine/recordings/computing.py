"""The features of recordings: asked for by targets, computed together, file by file, here or by workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features.store import settings_key
from ..problems import Problem
from .memory import keep_freed_memory
from .reading import as_problem
from .recording import Recording
from .samples import with_samples

if TYPE_CHECKING:
    from .cell import Cell

Run = Callable[..., list]  # engine.parallel.run, with the caller's map or executor
FeatureValues = list[tuple[dict, dict[str, float]]]

#: Recordings in one job: few enough that workers are done together, many enough to open a file but once
TOGETHER = 8


def request_features(
    cells: Sequence[Cell],
    targets: Sequence[Mapping[str, Any]],
    efel_settings: Mapping[str, Any] | None,
    anew: bool = False,
) -> None:
    """Note on each recording which features the targets want of it; they are computed when needed.

    With `anew` also those that were computed before, since recordings that a script has in its hands may have changed.
    """
    by_protocol: dict[str, list[Mapping[str, Any]]] = {}
    for target in targets:
        by_protocol.setdefault(target["protocol"], []).append(target)
    wanted = {protocol: list(_wanted(found, efel_settings)) for protocol, found in by_protocol.items()}
    for cell in cells:
        for recording in cell.recordings:
            of_protocol = wanted.get(recording.protocol_name, [])
            for settings, efeatures, names in of_protocol if anew else ():
                recording.forget_efeatures(efeatures, names, settings)
            for settings, efeatures, names in of_protocol:
                recording.request_efeatures(efeatures, names, settings)


def _wanted(
    targets: Iterable[Mapping[str, Any]], efel_settings: Mapping[str, Any] | None
) -> Iterator[tuple[dict[str, Any], list[str], list[str | None]]]:
    """Yield settings, features and their own names, in the order of the targets; no feature twice in a row.

    The order counts, for of two settings under one name the last one is shown.
    """
    last: dict[str, tuple] = {}
    found = []
    for target in targets:
        settings = {**(efel_settings or {}), **(target.get("efel_settings") or {})}
        key, efeature, name = settings_key(settings), target["efeature"], target.get("efeature_name")
        if last.get(name or efeature) != (efeature, key):
            last[name or efeature] = (efeature, key)
            found.append((key, settings, efeature, name))
    for _, alike in itertools.groupby(found, key=lambda one: one[0]):
        together = list(alike)
        yield together[0][1], [one[2] for one in together], [one[3] for one in together]


@dataclass(frozen=True)
class FeatureJob:
    """Recordings of one file whose features are computed together."""

    recordings: list[Recording]

    @property
    def weight(self) -> int:
        """Number of samples."""
        return sum(recording.weight for recording in self.recordings)


@dataclass(frozen=True)
class Computed:
    """What was computed on one recording.

    Parameters
    ----------
    values : list of (dict, dict)
        Settings, and the values under these by the features' names.
    problems : list of Problem
    auto_threshold : float or None
        Spike threshold of the recording (mV), if the settings have none.
    """

    values: FeatureValues
    problems: list[Problem]
    auto_threshold: Any = None


def compute_features(recordings: Sequence[Recording], run: Run) -> list[Problem]:
    """Compute what was asked for on these recordings; a recording on which it fails becomes a problem."""
    jobs = list(_jobs([recording for recording in recordings if recording.pending()]))
    found = list(zip(jobs, run(_compute, jobs, lambda job, error: None), strict=True))
    given_up = [recording for job, computed in found if computed is None for recording in job.recordings]
    alone = [FeatureJob([recording]) for recording in given_up]
    if alone:  # the worker died: each is tried alone
        found += zip(alone, run(_compute, alone, _failed), strict=True)
    problems = []
    for job, computed in found:
        for recording, one in zip(job.recordings, computed or [], strict=computed is not None):
            for settings, by_name in one.values:
                recording.take_values(settings, by_name)
            if one.auto_threshold is not None:
                recording.auto_threshold = one.auto_threshold
            recording.problems += one.problems
            problems += one.problems
    return problems


def _jobs(recordings: Sequence[Recording]) -> Iterator[FeatureJob]:
    """Put recordings of the same file together, in the order in which they come."""
    by_file: dict[Any, list[Recording]] = {}
    for recording in recordings:
        place = recording if recording.source is None else id(recording.source.metadata)
        by_file.setdefault(place, []).append(recording)
    for alike in by_file.values():
        for first in range(0, len(alike), TOGETHER):
            yield FeatureJob(alike[first : first + TOGETHER])


def _compute(job: FeatureJob) -> list[Computed]:
    keep_freed_memory()
    found = {id(recording): _compute_one(recording) for recording in with_samples(job.recordings)}
    return [found[id(recording)] for recording in job.recordings]


def _compute_one(recording: Recording) -> Computed:
    wanted = recording.pending()
    values, problems = feature_values(recording, wanted)
    threshold = None
    if not problems and any("Threshold" not in settings for _, settings in wanted):
        threshold = recording.auto_threshold
    return Computed(values, problems, threshold)


def _failed(job: FeatureJob, error: Exception) -> list[Computed]:
    """What stands for the features of a recording whose worker failed."""
    wanted = job.recordings[0].pending()
    message = f"its features were not computed, since the worker failed: {error or type(error).__name__}"
    values = [(settings, dict.fromkeys(efeatures, np.nan)) for efeatures, settings in wanted]
    return [Computed(values, [Problem(message, kind="feature")])]


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
        problems |= {problem.message: problem for problem in recording.take_impossible()}
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
