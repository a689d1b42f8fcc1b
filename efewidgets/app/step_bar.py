"""The steps as buttons, each saying what is done and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets
import traitlets

from ..widgets.parts.base import StateWidget
from ..widgets.parts.style import static
from .steps import NAMES, STEPS, Progress

_MARKS = {"done": "✓", "attention": "!", "missing": "○", "waiting": "…", "later": "○"}


class StepButtons(anywidget.AnyWidget):
    """Buttons of which one is marked; a click marks its own in the browser, before the kernel knows of it.

    Attributes
    ----------
    steps : list of dict
        ``name``, ``title``, ``words``, ``kind``, ``hint`` of each step.
    chosen : str
        Name of the open step.
    wanted : dict
        ``name`` of the step that a person clicked last, and the ``number`` of the click.
    answered : int
        The number of the last click whose step the page has opened. Until then the step says that it waits.
    """

    _esm = static(__file__, "step_bar.js")

    steps = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    wanted = traitlets.Dict(default_value={"name": "", "number": 0}).tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)

    def click(self, name: str) -> None:
        """Do what a click on a step does."""
        self.wanted = {"name": name, "number": self.answered + 1}


class StepBar(StateWidget):
    """Six buttons; the one of the open step is marked.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    buttons : StepButtons
    """

    watches = ("revision", "status")
    watches_view = ("tab",)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the buttons."""
        self._seen: tuple[Any, dict[str, Progress]] | None = None
        self.buttons = StepButtons()
        self.buttons.observe(self._clicked, "wanted")
        return [self.buttons]

    def view_data(self) -> dict[str, Progress]:
        """Return how far each step is, by its name; going to another step changes nothing of it."""
        key = self.state.revision, self.state.status
        if self._seen is None or self._seen[0] != key:
            self._seen = key, {step.name: step.progress(self.state) for step in STEPS}
        return self._seen[1]

    def render(self, data: dict[str, Progress]) -> None:
        """Say on each button how far its step is."""
        found = []
        for number, step in enumerate(STEPS, 1):
            kind, words = data[step.name].kind, data[step.name].words
            title, words = f"{number} {step.title}", f"{_MARKS[kind]} {words}"
            found.append(
                {"name": step.name, "title": title, "words": words, "kind": kind, "hint": step.advice}
            )
        chosen = self.state.view.tab if self.state.view.tab in NAMES else NAMES[0]
        self.put(self.buttons, steps=found, chosen=chosen)

    @property
    def done(self) -> int:
        """How many steps were done when they were drawn last."""
        return 0 if self._seen is None else sum(found.kind == "done" for found in self._seen[1].values())

    def _clicked(self, change: Any) -> None:
        """Open the step that a person wants, and say so to the browser; what doesn't exist is only answered."""
        with self._guard:
            name, number = change.new.get("name"), change.new.get("number")
            if name in NAMES:
                self.act(self.state.view.set_trait, "tab", name)
            if isinstance(number, int):
                self.buttons.answered = number
