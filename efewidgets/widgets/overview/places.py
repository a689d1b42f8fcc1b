"""Where a problem is, in the words of the shared view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...engine.problems import Problem
from ...engine.remote import absolute
from ...state import Inputs, Results

#: What the kinds of problems are about, in the order in which they are shown, and the step where they are put right
KINDS = {
    "run": ("The run", "export"),
    "worker": ("Workers that failed", "recordings"),
    "config": ("Configuration", "recordings"),
    "file": ("Files", "recordings"),
    "unit": ("Units", "recordings"),
    "stimulus": ("Stimuli", "stimuli"),
    "spikes": ("Spikes", "stimuli"),
    "rheobase": ("Rheobases", "rheobase"),
    "target": ("Targets", "targets"),
    "feature": ("Features", "features"),
    "output": ("Output", "export"),
    "figure": ("Figures", "export"),
    "cache": ("Cache on disk", "targets"),
    "observer": ("Views", ""),
}
OTHER = ("Other", "")


@dataclass(frozen=True)
class Place:
    """What the eye should be on; None for what isn't said."""

    recordings: tuple[str, ...] | None = None
    cell: str | None = None
    protocol: str | None = None
    target: str | None = None
    tab: str | None = None


def place_of(problem: Problem, results: Results) -> Place:
    """Return where a problem is, in the words of the shared view."""
    cell = problem.cell if problem.cell in results.inputs.by_name else None
    recordings = recordings_of(problem, results) if problem.file or problem.recording else None
    return Place(
        recordings=recordings or None,
        cell=cell,
        protocol=problem.protocol if problem.protocol in results.inputs.protocols else None,
        target=target_of(problem, results),
        tab=KINDS.get(problem.kind, OTHER)[1] or None,
    )


def recordings_of(problem: Problem, results: Results) -> tuple[str, ...]:
    """Return the recording that a problem is about, or all of its file."""
    files = files_of(problem, results.inputs)
    members = [m for m in results.members.values() if m.file.id in files]
    exact = tuple(m.id for m in members if problem.recording in (m.recording.label, m.recording.id, m.id))
    if exact or problem.file is None:
        return exact
    return tuple(m.id for m in members)


def files_of(problem: Problem, inputs: Inputs) -> set[str]:
    """Return the ids of the files that a problem is about."""
    return {
        file.id
        for cell, file in inputs.files()
        if problem.cell in (None, cell.name)
        and problem.protocol in (None, file.protocol)
        and (problem.file is None or _is_one_of(problem.file, file.recipe.paths))
    }


def _is_one_of(file: str, paths: Iterable[str]) -> bool:
    return any(file == path or absolute(file) == absolute(path) for path in paths)


def target_of(problem: Problem, results: Results) -> str | None:
    """Return the id of the first target that a problem is about.

    The engine names a stimulus, such as "IDrest_150", or a feature of one: "AP_amplitude of IDrest_150".
    """
    if problem.target is None:
        return None
    for target in results.targets:
        stimulus = f"{target.protocol}_{target.amplitude}"
        if problem.target in (target.id, stimulus, f"{target.name} of {stimulus}"):
            return target.id
    return None
