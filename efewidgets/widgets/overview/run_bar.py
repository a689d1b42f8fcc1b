"""Whether the results are those of the present decisions: run, cancel, undo, redo."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.problems import Problem
from ...engine.stages.inputs import files_in_words
from ...state import ExtractionState
from ..actions.buttons import button
from ..actions.edits import CANCEL, REDO, RUN, UNDO
from ..parts.base import StateWidget
from ..parts.debounce import Debounce
from ..parts.html import escape, plain, tag
from ..parts.style import row

#: What the state's `status` means
WORDS = {
    "ready": "Ready",
    "running": "Running",
    "stale": "Out of date",
    "failed": "Failed",
}

#: s between two pictures of a run's progress
PACE = 0.1


@dataclass(frozen=True)
class RunBarData:
    """What a run bar shows.

    Attributes
    ----------
    status : {"ready", "running", "stale", "failed"}
    words, detail : str
        The status, and more about it, in words.
    progress : float or None
        How much of a run is done (0 to 1); None if that isn't known, or nothing runs.
    undo, redo : str
        What their buttons say; "" if there is nothing to undo, or to do again.
    can_run : bool
    """

    status: str
    words: str
    detail: str
    progress: float | None
    undo: str
    redo: str
    can_run: bool


class RunBar(StateWidget):
    """Says how far the results are, and starts or stops a run; takes edits back and does them again.

    The same by hand: ``state.run()``, ``state.cancel()``, ``state.undo()``, ``state.redo()``.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    run, cancel, undo, redo : ipywidgets.Button
    status, bar : ipywidgets.HTML
    """

    watches = ("revision", "status")

    def __init__(self, state: ExtractionState):
        self._drawn = 0.0
        self._later = Debounce(self._draw_progress, PACE)
        self._waits = False
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the buttons, the status and the bar."""
        self.run, self.cancel = button(RUN, icon="play"), button(CANCEL, icon="stop")
        self.undo, self.redo = button(UNDO, icon="undo"), button(REDO, icon="repeat")
        for control in (self.undo, self.redo):
            control.add_class("efe-step")
        self.status, self.bar = ipywidgets.HTML(), ipywidgets.HTML()
        self.status.add_class("efe-run-status")
        self.bar.add_class("efe-run-progress")
        self.on_click(self.run, self.state.run)
        self.on_click(self.cancel, self.state.cancel)
        self.on_click(self.undo, self.state.undo)
        self.on_click(self.redo, self.state.redo)
        self.state.observe(self._moved, ["activity", "progress"])
        steps = ipywidgets.HBox([self.undo, self.redo])
        steps.add_class("efe-steps")
        line = row(self.run, self.cancel, self.status, self.bar, steps)
        return [line]

    def view_data(self) -> RunBarData:
        """Return the status in words, the progress, and what undo and redo would do."""
        state = self.state
        cells = state.inputs.cells
        running = state.status == "running"
        known = running and bool(state.activity)
        return RunBarData(
            status=state.status,
            words=WORDS[state.status] if cells or state.status != "ready" else "Nothing to run yet",
            detail=_detail(state),
            progress=round(min(max(state.progress, 0.0), 1.0), 3) if known else None,
            undo=UNDO.called(state) if UNDO.enabled(state) else "",
            redo=REDO.called(state) if REDO.enabled(state) else "",
            can_run=RUN.enabled(state),
        )

    def render(self, data: RunBarData) -> None:
        """Put the status on the buttons, the line and the bar."""
        self._show_progress(data)
        self.put(self.run, disabled=not data.can_run, button_style="primary" if data.can_run else "")
        can_cancel = CANCEL.enabled(self.state)
        self.put(self.cancel, disabled=not can_cancel)
        for control, shown in ((self.run, not can_cancel), (self.cancel, can_cancel)):  # in one place
            self.put(control.layout, display=None if shown else "none")
        for control, action, label in ((self.undo, UNDO, data.undo), (self.redo, REDO, data.redo)):
            hint = label or f"nothing to {action.title.lower()}"
            self.put(control, description=label or action.title, tooltip=hint, disabled=not label)

    # --- progress, which comes often

    def _moved(self, change: Any) -> None:
        """Draw progress now if the last time is long ago, else soon, and once."""
        if not self.shown:
            self._late.add(change.name)
        elif time.monotonic() - self._drawn >= PACE:
            self._draw_progress()
        elif not self._waits:
            self._waits = True
            self._later()

    def _draw_progress(self) -> None:
        with self._guard:
            self._waits = False
            if self.comm is not None:
                self._show_progress(self.view_data())

    def _show_progress(self, data: RunBarData) -> None:
        self._drawn = time.monotonic()
        self.put(self.status, value=_status_html(data))
        self.put(self.bar, value=_bar_html(data))

    def leave(self) -> None:
        """Follow the run's progress no more."""
        self._later.cancel()
        self.state.unobserve(self._moved, ["activity", "progress"])


def _detail(state: ExtractionState) -> str:
    if state.status == "running":
        return state.activity or "looking at what has changed"
    if state.status == "stale":
        return "the results shown are older than the last edit: press Run"
    if state.status == "failed":
        return _failure(state) or "see the problems; then press Run"
    inputs = state.inputs
    if not inputs.cells:
        return "choose files first"
    targets = "automatic targets" if inputs.targets is None else _many(len(inputs.targets), "target")
    files = files_in_words(file for _, file in inputs.files())
    return f"{_many(len(inputs.measured), 'cell')}, {files}, {targets}"


def _failure(state: ExtractionState) -> str:
    """Return why the last run failed."""
    try:
        problems: Sequence[Problem] = state.problems
    except Exception:  # what made the run fail makes this fail too
        return ""
    return next((problem.message for problem in reversed(problems) if problem.kind == "run"), "")


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _status_html(data: RunBarData) -> str:
    idle = data.words != WORDS[data.status]
    words = tag("span", escape(data.words), class_=f"efe-word efe-is-{'idle' if idle else data.status}")
    detail = tag("span", escape(data.detail), class_="efe-faint", title=plain(data.detail))
    # a screen reader says the word when it changes, not every step of the activity
    return tag("span", words, role="status") + " " + detail


def _bar_html(data: RunBarData) -> str:
    if data.status != "running":
        return ""
    done = {} if data.progress is None else {"value": data.progress}
    said = "" if data.progress is None else tag("span", f"{100 * data.progress:.0f} %")
    return tag("progress", max=1, aria_label="progress of the run", **done) + said
