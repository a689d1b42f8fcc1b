"""The features of recordings: asked for by targets, computed together, file by file, here or by workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features.efel_proof import Proof, accept, to_send
from ..features.store import settings_key
from ..problems import Problem
from .memory import keep_freed_memory
from .reading import as_problem
from .recording import Recording
from .samples import with_samples

if TYPE_CHECKING:
    from .cell import Cell

Run = Callable[..., Iterable[Any]]  # engine.parallel.run, with the caller's map or executor
FeatureValues = list[tuple[dict[str, Any], dict[str, float]]]
#: Features that are wanted of a recording, and the settings for them
Wish = list[tuple[list[str], dict[str, Any]]]
#: Settings, the values under these by the features' names, and what went wrong
Found = tuple[dict[str, Any], dict[str, float], list[Problem]]

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
    last: dict[str, tuple[Any, ...]] = {}
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
    """Recordings of one file whose features are computed together.

    Parameters
    ----------
    recordings : list of Recording
    wishes : list of Wish, optional
        What is wanted of each; by default what was asked of it.
    proof : Proof, optional
        What is known of the installed eFEL.
    """

    recordings: list[Recording]
    wishes: list[Wish] | None = None
    proof: Proof | None = field(default_factory=to_send)

    @property
    def weight(self) -> int:
        """Number of samples."""
        return sum(recording.weight for recording in self.recordings)

    @property
    def near(self) -> int | None:
        """Number of the process that may hold the samples."""
        source = self.recordings[0].source
        return None if source is None or source.place is None else source.place.process

    def __iter__(self) -> Iterator[tuple[Recording, Wish]]:
        return zip(self.recordings, self.wishes or map(_pending, self.recordings), strict=True)


def _pending(recording: Recording) -> Wish:
    return recording.pending()


@dataclass(frozen=True)
class Computed:
    """What was computed on one recording.

    Parameters
    ----------
    found : list of Found
    auto_threshold : float or None
        Spike threshold of the recording (mV), if settings have none.
    """

    found: list[Found]
    auto_threshold: Any = None


def compute_features(recordings: Sequence[Recording], run: Run) -> list[Problem]:
    """Compute what was asked for on these recordings; a recording on which it fails becomes a problem."""
    problems: list[Problem] = []
    for recording, found in computed([(r, wish) for r in recordings if (wish := r.pending())], run):
        told = {problem.message: problem for _, _, failed in found for problem in failed}
        recording.problems += told.values()
        problems += told.values()
    return problems


def computed(
    wanted: Sequence[tuple[Recording, Wish]], run: Run, together: int = TOGETHER
) -> Iterator[tuple[Recording, list[Found]]]:
    """Compute features, put the values on their recordings, and yield these, each as soon as it is done.

    Parameters
    ----------
    wanted : list of (Recording, Wish)
    run : callable
        ``run(function, jobs, failed)`` returns the results of independent jobs; see `engine.parallel`.
    together : int
        How many recordings of one file are a job.
    """
    given_up = []
    jobs = list(_jobs(wanted, together))
    for job, results in zip(jobs, run(_compute, jobs, _failed), strict=True):
        if results is None:  # the worker died: each is tried alone
            given_up += [FeatureJob([recording], [wish]) for recording, wish in job]
        else:
            yield from _taken(job, results)
    for job, results in zip(given_up, run(_compute, given_up, _failed) if given_up else (), strict=True):
        yield from _taken(job, results)


def _taken(job: FeatureJob, results: Sequence[Computed]) -> Iterator[tuple[Recording, list[Found]]]:
    for recording, one in zip(job.recordings, results, strict=True):
        for settings, values, _ in one.found:
            recording.take_values(settings, values)
        if one.auto_threshold is not None:
            recording.auto_threshold = one.auto_threshold
        yield recording, one.found


def _jobs(wanted: Sequence[tuple[Recording, Wish]], together: int) -> Iterator[FeatureJob]:
    """Put recordings of the same file together, in the order in which they come."""
    by_file: dict[Any, list[tuple[Recording, Wish]]] = {}
    for recording, wish in wanted:
        place = recording if recording.source is None else id(recording.source.metadata)
        by_file.setdefault(place, []).append((recording, wish))
    for alike in by_file.values():
        for first in range(0, len(alike), together):
            recordings, wishes = zip(*alike[first : first + together], strict=True)
            yield FeatureJob(list(recordings), list(wishes))


def _compute(job: FeatureJob) -> list[Computed]:
    keep_freed_memory()
    accept(job.proof)
    wishes = {id(recording): wish for recording, wish in job}
    found = {id(r): _compute_one(r, wishes[id(r)]) for r in with_samples(job.recordings)}
    return [found[id(recording)] for recording in job.recordings]


def _compute_one(recording: Recording, wish: Wish) -> Computed:
    found: list[Found] = []
    for one in wish:
        values, problems = feature_values(recording, [one])
        found.append((*values[0], problems))
    failed = any(problems for _, _, problems in found)
    wanted = not failed and any("Threshold" not in settings for _, settings in wish)
    return Computed(found, recording.auto_threshold if wanted else None)


def _failed(job: FeatureJob, error: Exception) -> list[Computed] | None:
    """What stands for the features of a recording whose worker failed; None where it may be another one's fault."""
    if len(job.recordings) > 1:
        return None
    message = f"its features were not computed, since the worker failed: {error or type(error).__name__}"
    problems = [Problem(message, kind="worker")]
    return [
        Computed([(dict(settings), dict.fromkeys(names, np.nan), problems) for names, settings in wish])
        for _, wish in job
    ]


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
