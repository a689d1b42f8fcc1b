"""The actions on a state as a whole: take back, do again, run, stop."""

from __future__ import annotations

from collections.abc import Callable

from ...state import ExtractionState
from ..parts.html import plain
from .record import Action
from .walk import judged_otherwise, look

GROUP = "Everywhere"

#: What the results' button and the page's command say of it
DOWNLOAD = (
    "the JSON files that models are fitted to, the config that they come from, and what was left out, and why"
)


def _undo(state: ExtractionState) -> str:
    return f"Taken back: {plain(_stepped(state, state.undo))}"


def _redo(state: ExtractionState) -> str:
    return f"Done again: {plain(_stepped(state, state.redo))}"


def _stepped(state: ExtractionState, step: Callable[[], str]) -> str:
    """Take an edit back, or do it again; what it said of sweeps is seen, for these are shown."""
    before = state.inputs
    label = step()
    members = state.results.members
    sweeps = [one for one in judged_otherwise(before, state.inputs) if one in members]
    if sweeps:
        look(state, *sweeps)
    return label


def _with(word: str, label: str) -> str:
    return f"{word}: {plain(label)}" if label else word


UNDO = Action(
    "undo",
    "Undo",
    "take the last edit back",
    _undo,
    "state.undo()",
    ("Ctrl+Z",),
    GROUP,
    lambda state: state.can_undo,
    lambda state: _with("Undo", state.undo_label if state.can_undo else ""),
)
REDO = Action(
    "redo",
    "Redo",
    "do again what was taken back",
    _redo,
    "state.redo()",
    ("Ctrl+Shift+Z", "Ctrl+Y"),
    GROUP,
    lambda state: state.can_redo,
    lambda state: _with("Redo", state.redo_label if state.can_redo else ""),
)
RUN = Action(
    "run",
    "Run",
    "compute all results now",
    lambda state: state.run(),
    "state.run()",
    ("Ctrl+Enter",),
    GROUP,
    lambda state: state.needs_run,
)
CANCEL = Action(
    "cancel",
    "Cancel",
    "stop the run at the next recording; what it has computed is kept",
    lambda state: state.cancel(),
    "state.cancel()",
    (),
    GROUP,
    lambda state: state.status == "running",
)
EDITS = (UNDO, REDO, RUN, CANCEL)
