"""The problems that are told, those of sweeps that a person found right being no more than notes."""

from __future__ import annotations

import dataclasses

from ...engine.problems import Problem
from ...engine.remote import absolute
from ...state import ExtractionState

#: Added to what is told of a sweep that was accepted
LOOKED_AT = " You have looked at this sweep and found it right."


def problems_now(state: ExtractionState) -> tuple[Problem, ...]:
    """Return the state's problems; what is told of a sweep that was accepted counts as looked at: it is a note."""
    problems, accepted = state.problems, state.inputs.accepted
    if not accepted:
        return problems
    places = set()
    for identity in accepted:
        file, _, label = identity.partition("/")
        cell = state.inputs.cell_of_file.get(file)
        if cell is not None:
            places |= {(path, label) for path in cell.by_id[file].recipe.paths}
    return tuple(_as_note(one) if _is_at(one, places) else one for one in problems)


def _is_at(problem: Problem, places: set[tuple[str, str]]) -> bool:
    if problem.severity == "note" or problem.recording is None or problem.file is None:
        return False
    return not places.isdisjoint(
        {(problem.file, problem.recording), (absolute(problem.file), problem.recording)}
    )


def _as_note(problem: Problem) -> Problem:
    return dataclasses.replace(problem, severity="note", message=problem.message + LOOKED_AT)
