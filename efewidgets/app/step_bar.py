"""The steps as buttons, each saying what is done and what is missing."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import ipywidgets

from ..widgets.parts.base import StateWidget
from .steps import NAMES, STEPS, Progress

_MARKS = {"done": "✓", "attention": "!", "missing": "○", "waiting": "…", "later": "○"}


class StepBar(StateWidget):
    """Six buttons; the one of the open step is pressed.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    buttons : dict of ipywidgets.ToggleButton
        By the names of the steps.
    """

    watches = ("revision", "status")
    watches_view = ("tab",)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make a button for each step."""
        self.buttons = {step.name: ipywidgets.ToggleButton(tooltip=step.advice) for step in STEPS}
        for name, button in self.buttons.items():
            button.add_class("efe-step-button")
            self.on(button, functools.partial(self._open, name))
        row = ipywidgets.HBox(list(self.buttons.values()))
        row.add_class("efe-step-row")
        return [row]

    def view_data(self) -> dict[str, Progress]:
        """Return how far each step is, by its name."""
        return {step.name: step.progress(self.state) for step in STEPS}

    def render(self, data: dict[str, Progress]) -> None:
        """Say on each button how far its step is."""
        chosen = self.state.view.tab if self.state.view.tab in NAMES else NAMES[0]
        for number, step in enumerate(STEPS, 1):
            found, button = data[step.name], self.buttons[step.name]
            words = f"{number} {step.title}\n{_MARKS[found.kind]} {found.words}"
            self.put(button, description=words, value=step.name == chosen)
            for kind in _MARKS:
                name = f"efe-step-{kind}"
                if kind == found.kind and name not in button._dom_classes:
                    button.add_class(name)
                elif kind != found.kind and name in button._dom_classes:
                    button.remove_class(name)

    def _open(self, name: str, pressed: bool) -> None:
        self.state.view.tab = name
        with self.quiet():  # a pressed button that is pressed again stays so
            self.buttons[name].value = True
