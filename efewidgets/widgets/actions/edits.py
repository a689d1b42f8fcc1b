"""The actions on a state as a whole: take back, do again, run, stop."""

from __future__ import annotations

from ...state import ExtractionState
from ..parts.html import plain
from .record import Action

GROUP = "Everywhere"

#: What the results' button and the page's command say of it
DOWNLOAD = (
    "the JSON files that models are fitted to, the config that they come from, and what was left out, and why"
)


def _undo(state: ExtractionState) -> str:
    return f"Taken back: {plain(state.undo())}"


def _redo(state: ExtractionState) -> str:
    return f"Done again: {plain(state.redo())}"


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
    lambda state: bool(state.inputs.cells) and state.status != "running",
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
