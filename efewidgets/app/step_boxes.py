"""The widgets of the steps: made when a step is first opened, and kept, while those of other steps rest."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from ..widgets.parts.html import escape, tag
from .parts import Parts, close, rest
from .steps import NAMES, STEPS, Step
from .tour import help_on

#: What is shown below several steps
TRACES = "TraceViewer"


class StepBoxes:
    """A box for each step that was opened, one of which is seen.

    Parameters
    ----------
    parts : Parts
        Where the widgets are, each made when it is first shown.
    before : callable
        Returns what stands before the widgets of a step, by its name.

    Attributes
    ----------
    box : HBox
    """

    def __init__(self, parts: Parts, before: Callable[[str], list[ipywidgets.Widget]]):
        self._parts, self._before = parts, before
        self._boxes: dict[str, ipywidgets.VBox] = {}
        self.box = ipywidgets.HBox()
        self.box.add_class("efe-dashboard-step")

    def open(self, name: str) -> bool:
        """Show a step; return whether that is the first time."""
        step, first = STEPS[NAMES.index(name)], name not in self._boxes
        if first:
            self._boxes[name] = self._made(step)
        if step.traces and TRACES not in self._boxes:
            self._boxes[TRACES] = _box([self._parts[TRACES]], "traces")
        traces = {TRACES} if step.traces else set()
        for one, box in self._boxes.items():
            (box.remove_class if one in {name} | traces else box.add_class)("efe-dashboard-hidden")
        for title in {part for other in STEPS for part in other.widgets} | {TRACES}:
            rest(self._parts.get(title), title in set(step.widgets) | traces)
        order = [one for one in (*NAMES, TRACES) if one in self._boxes]
        self.box.children = tuple(map(self._boxes.__getitem__, order))
        return first

    def _made(self, step: Step) -> ipywidgets.VBox:
        words = tag("p", escape(step.advice), class_="efe-dashboard-advice") + help_on(step.name)
        advice = ipywidgets.HTML(tag("div", words, class_="efe-dashboard-words"))
        shown = map(self._parts.__getitem__, step.widgets)
        return _box([advice, *self._before(step.name), *shown], step.name)

    def close(self) -> None:
        """Close the boxes; the widgets in them are their owner's."""
        for box in self._boxes.values():
            close(box)


def _box(children: list[ipywidgets.Widget], name: str) -> ipywidgets.VBox:
    box = ipywidgets.VBox(children)
    box.add_class("efe-dashboard-box")
    box.add_class(f"efe-dashboard-{name}")
    return box
