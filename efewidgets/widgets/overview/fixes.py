"""What helps about a problem, as actions: for all places of which the same is said, one edit."""

from __future__ import annotations

from collections.abc import Iterable

from ...engine.problems import EfeError, Problem, WrongUnit
from ...state import ExtractionState
from ...state.actions.stimuli import unknown_protocols
from ..actions.record import Action
from ..actions.walk import look
from ..parts.html import plain
from ..rheobase.deciding import could_decide, let_decide
from .places import files_of, recordings_of, target_of

#: Stimuli of which protocols with names of a lab's own mostly are
USUAL = ("Step", "Ramp")

Problems = tuple[Problem, ...]


def fixes(problems: Problems, state: ExtractionState) -> tuple[Action, ...]:
    """Return what can be done about problems that say the same of several places.

    It is asked for each sentence that is shown: only what is done looks at all places.
    """
    found = _by_kind(problems, state)
    return (*found, _open_details(problems)) if _asks_for_details(problems[0]) else found


def _by_kind(problems: Problems, state: ExtractionState) -> tuple[Action, ...]:
    first = problems[0]
    if isinstance(first, WrongUnit) and first.likely:
        return (_take_unit(problems, first.quantity, first.likely),)
    if first.kind in ("stimulus", "spikes") and first.recording is not None:
        right = (_accept(problems),) if first.severity == "warning" else ()
        return (*right, _set_timing(first)) if first.kind == "stimulus" else right
    if first.kind == "rheobase" and first.cell is not None and first.recording is None:
        return tuple(map(let_decide, _deciding(first.cell, state)))
    if first.kind == "target" and state.inputs.targets is not None and target_of(first, state.results):
        return (_remove_targets(problems),)
    if first.protocol is not None and first.protocol in unknown_protocols(state.inputs):
        return tuple(_this_is(first.protocol, ecode) for ecode in USUAL)
    return ()


def _asks_for_details(problem: Problem) -> bool:
    """Whether what a problem says to do is done in the details of its files."""
    return "metadata" in problem.message and (problem.file is not None or problem.protocol is not None)


def _deciding(cell: str, state: ExtractionState) -> list[str]:
    found = state.results.rheobases.get(cell) if cell in state.results.inputs.by_name else None
    return could_decide(state.results, cell) if found is not None and found.value is None else []


def _sweeps(problems: Problems, state: ExtractionState) -> list[str]:
    """Return the sweeps that problems are about.

    Raises
    ------
    EfeError
        If they are not there any more.
    """
    found = dict.fromkeys(one for problem in problems for one in recordings_of(problem, state.results))
    if not found:
        raise EfeError("these sweeps are not there any more.")
    return list(found)


def _files(problems: Iterable[Problem], state: ExtractionState) -> list[str]:
    places = {(problem.file, problem.cell, problem.protocol): problem for problem in problems}
    return sorted({one for problem in places.values() for one in files_of(problem, state.inputs)})


def _many(problems: Problems) -> str:
    return f" ({len(problems):,})" if len(problems) > 1 else ""


def _accept(problems: Problems) -> Action:
    def do(state: ExtractionState) -> str:
        sweeps = _sweeps(problems, state)
        state.accept(sweeps)
        return f"Accepted: {len(sweeps):,} sweep{'s' * (len(sweeps) > 1)}; what is told of them has been looked at."

    return Action(
        "accept",
        f"It’s right{_many(problems)}",
        "you have looked at these sweeps and they are right as they are",
        do,
        lambda state: f"state.accept({_sweeps(problems, state)!r})",
    )


def _set_timing(problem: Problem) -> Action:
    def do(state: ExtractionState) -> None:
        look(state, *_sweeps((problem,), state))
        state.view.tab = "stimuli"

    return Action(
        "set-timing",
        "Set timing",
        "show the sweep where its timing is dragged or typed",
        do,
        lambda state: f"state.set_sweep({_sweeps((problem,), state)!r}, ton=…, toff=…)",
    )


def _take_unit(problems: Problems, quantity: str, unit: str) -> Action:
    key = "v_unit" if quantity == "voltage" else "i_unit"

    def do(state: ExtractionState) -> str:
        files = _files(problems, state)
        state.set_metadata(files, **{key: unit})
        return f"The {quantity} of {len(files):,} file{'s' * (len(files) > 1)} is taken in {unit}."

    return Action(
        "take-unit",
        f"Units: {quantity} in {unit}",
        f"take the {quantity} of these files as {unit}",
        do,
        lambda state: f'state.set_metadata({_files(problems, state)!r}, {key}="{unit}")',
    )


def _open_details(problems: Problems) -> Action:
    def do(state: ExtractionState) -> None:
        files = _files(problems, state)
        if not files:
            raise EfeError("these files are not there any more.")
        state.view.details = tuple(files)
        state.view.tab = "recordings"

    return Action(
        "open-details",
        "Open details",
        "show these files, and all that can be said of them, over their trace",
        do,
        lambda state: f"state.view.details = {tuple(_files(problems, state))!r}",
    )


def _this_is(protocol: str, ecode: str) -> Action:
    def files(state: ExtractionState) -> list[str]:
        return [file.id for _, file in state.inputs.files() if file.protocol == protocol]

    def do(state: ExtractionState) -> str:
        state.set_metadata(files(state), ecode=ecode)
        return f"{plain(protocol)} is read as a {ecode}."

    return Action(
        f"this-is-{ecode}",
        f"This is a {ecode}",
        f"read all files of this protocol as stimuli of the family {ecode}; others stand in the table of files",
        do,
        lambda state: f'state.set_metadata({files(state)!r}, ecode="{ecode}")',
    )


def _remove_targets(problems: Problems) -> Action:
    def targets(state: ExtractionState) -> list[str]:
        found = dict.fromkeys(target_of(problem, state.results) for problem in problems)
        return [one for one in found if one is not None]

    def do(state: ExtractionState) -> str:
        chosen = targets(state)
        state.remove_targets(chosen)
        return f"Removed: {len(chosen):,} target{'s' * (len(chosen) > 1)}."

    return Action(
        "remove-targets",
        f"Remove target{'s' * (len(problems) > 1)}{_many(problems)}",
        "want these values no longer",
        do,
        lambda state: f"state.remove_targets({targets(state)!r})",
    )
