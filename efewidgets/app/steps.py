"""The steps of an extraction, and what of each is done or missing, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..engine.problems import Problem
from ..state import ExtractionState, Results
from ..widgets.actions.walk import tally


@dataclass(frozen=True)
class Progress:
    """How far a step is.

    Parameters
    ----------
    kind : {"done", "attention", "missing", "waiting", "later"}
        "missing" waits for a person, "waiting" for what is being computed, "later" for the steps before.
    words : str
    """

    kind: str
    words: str


@dataclass(frozen=True)
class Step:
    """One step of the way.

    Parameters
    ----------
    name : str
        As in the state's ``view.tab``.
    title : str
    advice : str
        What is to be done there.
    widgets : tuple of str
        Names of the widgets that it shows.
    traces : bool
        Whether the traces of the selected recordings stand beside them.
    progress : callable
        Says of a state how far the step is.
    """

    name: str
    title: str
    advice: str
    widgets: tuple[str, ...]
    traces: bool
    progress: Callable[[ExtractionState], Progress]


def count(number: int, what: str) -> str:
    """Return "1 cell" or "2 cells"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _recordings(state: ExtractionState) -> Progress:
    cells = state.inputs.cells
    if not cells:
        return Progress("missing", "add recordings")
    files = {path for cell in cells for path in cell.paths.names}
    unread = {problem.file for problem in state.problems if _keeps_out(problem)}
    there = count(len(state.inputs.measured), "cell")
    if files & unread:
        return Progress("attention", f"{there}, {count(len(files & unread), 'file')} with problems")
    return Progress("done", f"{there}, {count(len(state.inputs.protocols), 'protocol')}")


def _keeps_out(problem: Problem) -> bool:
    """Whether a problem is of a file, or of units in which its samples can't be."""
    return problem.kind in ("read", "file") or (problem.kind == "unit" and problem.severity == "error")


def _stimuli(state: ExtractionState) -> Progress:
    found = tally(state)
    if not found.all:
        return _later(state) or Progress("missing", "no sweep can be read")
    words = count(found.all, "sweep")
    if found.excluded == found.all:
        return Progress("missing", f"all {words} are excluded")
    less = f", {found.excluded:,} excluded" if found.excluded else ""
    less += f", {found.accepted:,} accepted" if found.accepted else ""
    if found.lost:
        return Progress("attention", f"{found.lost:,} of {found.all:,} without a stimulus{less}")
    if found.unsure:
        return Progress("attention", f"{found.unsure:,} of {found.all:,} to check{less}")
    return Progress("done", words + less)


def _rheobase(state: ExtractionState) -> Progress:
    if state.inputs.absolute_amplitude:
        return Progress("done", "not needed: targets in nA")
    found = state.results.rheobases
    if not found:
        return _later(state) or Progress("missing", "no sweep can be read")
    known = sum(rheobase.value is not None for rheobase in found.values())
    if known == len(found):
        by_hand = sum(rheobase.by_hand for rheobase in found.values())
        return Progress("done", count(known, "cell") + (f", {by_hand:,} by hand" if by_hand else ""))
    return Progress("attention" if known else "missing", f"found in {known:,} of {count(len(found), 'cell')}")


def _targets(state: ExtractionState) -> Progress:
    chosen, results = state.inputs.targets, state.results
    if chosen == ():
        return Progress("missing", "add targets")
    if not results.inputs.cells:
        words = "chosen automatically" if chosen is None else count(len(chosen), "target")
        return _later(state, words) or Progress("later", words)
    total, without = len(results.targets), _without_values(results)
    if not total:
        return Progress("missing", "none found: add targets")
    if without == total:
        return Progress("missing", f"none of {count(total, 'target')} has values")
    if without:
        return Progress("attention", f"{without:,} of {count(total, 'target')} without values")
    return Progress("done", count(total, "target") + (", automatic" if chosen is None else ""))


def _features(state: ExtractionState) -> Progress:
    values = sum(state.results.values_of_targets)
    return (
        Progress("done", count(values, "value"))
        if values
        else _later(state) or Progress("missing", _why(state))
    )


def _export(state: ExtractionState) -> Progress:
    if state.inputs.cells and state.status == "failed":
        return Progress("attention", "the last run failed")
    if state.inputs.cells and state.status == "stale":
        return Progress("attention", "out of date: press Run")
    if state.results.outputs.features and not state.blockers:
        return Progress("done", "ready to download")
    return _later(state) or Progress("missing", _why(state))


def _later(state: ExtractionState, words: str = "needs recordings") -> Progress | None:
    """Say that it comes by itself, or once there are recordings; nothing if something else lacks."""
    if state.status == "running" and state.inputs.cells:
        return Progress("waiting", "being computed …")
    return None if state.inputs.cells else Progress("later", words)


def _why(state: ExtractionState) -> str:
    """Say which step before keeps values from being there."""
    if state.inputs.targets == ():
        return "needs targets"
    rheobases = state.results.rheobases.values()
    if not state.inputs.absolute_amplitude and not any(found.value is not None for found in rheobases):
        return "needs a rheobase"
    return "no target has enough values"


def _without_values(results: Results) -> int:
    return results.values_of_targets.count(0)


STEPS = (
    Step(
        "recordings",
        "Recordings",
        "Add files, and say which cell and which protocol each belongs to.",
        ("FileSelector",),
        False,
        _recordings,
    ),
    Step(
        "stimuli",
        "Stimuli & spikes",
        "See whether stimulus and spikes were found rightly; drag a timing that wasn't, leave out bad sweeps.",
        (),
        True,
        _stimuli,
    ),
    Step(
        "rheobase",
        "Rheobase",
        "Amplitudes are in % of each cell's rheobase: see which sweep decided it, choose another rule, or set it.",
        ("RheobaseInspector",),
        True,
        _rheobase,
    ),
    Step(
        "targets",
        "Targets",
        "Say which features are wanted of which protocol, at which amplitudes.",
        ("TargetEditor", "SettingsEditor"),
        False,
        _targets,
    ),
    Step(
        "features",
        "Features",
        "Look at the values: what stands out is perhaps one bad sweep; a click shows its trace.",
        ("FeaturePlots",),
        True,
        _features,
    ),
    Step(
        "export",
        "Export",
        "Download the files that models are fitted to, or see who contributed to a number.",
        ("ResultsPanel", "OutputEditor"),
        False,
        _export,
    ),
)
NAMES = tuple(step.name for step in STEPS)
