"""The steps of an extraction, and what of each is done or missing, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..state import ExtractionState, Results


@dataclass(frozen=True)
class Progress:
    """How far a step is.

    Parameters
    ----------
    kind : {"done", "attention", "missing", "waiting"}
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
    unread = {problem.file for problem in state.problems if problem.kind in ("read", "file") and problem.file}
    protocols = count(len(state.inputs.protocols), "protocol")
    if files & unread:
        return Progress(
            "attention", f"{count(len(cells), 'cell')}, {count(len(files & unread), 'file')} with problems"
        )
    return Progress("done", f"{count(len(cells), 'cell')}, {protocols}")


def _stimuli(state: ExtractionState) -> Progress:
    members = state.results.members.values()
    if not members:
        return _later(state, "no sweeps yet")
    lost = sum(member.lost for member in members if not member.excluded)
    excluded = sum(member.excluded is not None for member in members)
    words = count(len(members), "sweep")
    if lost:
        return Progress("attention", f"{lost:,} of {words} without a stimulus")
    return Progress("done", f"{words}, {excluded:,} excluded" if excluded else words)


def _rheobase(state: ExtractionState) -> Progress:
    if state.inputs.absolute_amplitude:
        return Progress("done", "not needed: targets in nA")
    found = state.results.rheobases
    if not found:
        return _later(state, "no cells yet")
    known = sum(rheobase.value is not None for rheobase in found.values())
    kind = "done" if known == len(found) else "attention" if known else "missing"
    return Progress(kind, f"{known:,} of {count(len(found), 'cell')}")


def _targets(state: ExtractionState) -> Progress:
    if state.inputs.targets == ():
        return Progress("missing", "add targets")
    results = state.results
    if not results.inputs.cells:
        chosen = state.inputs.targets
        return (
            _later(state, "chosen automatically")
            if chosen is None
            else Progress("done", count(len(chosen), "target"))
        )
    how = ", automatic" if state.inputs.targets is None else ""
    without = _without_values(results)
    total = len(results.targets)
    if without:
        return Progress("attention", f"{without:,} of {count(total, 'target')} without values")
    return Progress("done", count(total, "target") + how)


def _features(state: ExtractionState) -> Progress:
    table = state.results.target_statistics
    values = int(table["n"].sum()) if len(table) and "n" in table else 0
    return Progress("done", count(values, "value")) if values else _later(state, "no values yet")


def _export(state: ExtractionState) -> Progress:
    if state.results.outputs.features and not state.blockers:
        cells = len(state.results.outputs.features)
        return Progress("done", "ready to download") if cells else _later(state, "nothing yet")
    return _later(state, "nothing yet")


def _later(state: ExtractionState, words: str) -> Progress:
    """Say that something is missing, or only not computed yet."""
    if state.status == "running" and state.inputs.cells:
        return Progress("waiting", "being computed …")
    return Progress("missing", words)


def _without_values(results: Results) -> int:
    table = results.target_statistics
    return int((table["n"] == 0).sum()) if len(table) and "n" in table else len(results.targets) - len(table)


STEPS = (
    Step(
        "recordings",
        "Recordings",
        "Choose files, and say which cell and which protocol each belongs to.",
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
        ("ResultsPanel",),
        False,
        _export,
    ),
)
NAMES = tuple(step.name for step in STEPS)
