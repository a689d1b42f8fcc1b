"""What is reachable from every step: widgets in a drawer beside it, one at a time, each with a button in the header."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import ipywidgets

from .parts import Parts, close, rest


class Drawers:
    """The drawer, and the buttons that open it.

    Parameters
    ----------
    names : dict of str
        Names of classes of widgets, by the names on their buttons.
    parts : Parts
        Where the widgets are, each made when it is first shown.

    Attributes
    ----------
    toggles : dict of ToggleButton
        By the names on them.
    box : VBox
    """

    def __init__(self, names: Mapping[str, str], parts: Parts):
        self._names, self._parts = names, parts
        self._boxes: dict[str, ipywidgets.VBox] = {}
        self.box = ipywidgets.VBox()
        self.box.add_class("efe-dashboard-drawer")
        self.toggles = {name: _toggle(name) for name in names}
        for name, toggle in self.toggles.items():
            toggle.observe(functools.partial(self._toggled, name), "value")

    def _toggled(self, name: str, change: Any) -> None:
        """Show or hide a drawer."""
        if change.new:
            for other, button in self.toggles.items():
                if other != name:
                    button.value = False
            if name not in self._boxes:
                self._boxes[name] = ipywidgets.VBox([self._parts[self._names[name]]])
            self.box.children = (self._boxes[name],)
        elif not any(button.value for button in self.toggles.values()):
            self.box.children = ()
        rest(self._parts.get(self._names[name]), change.new)

    def close(self) -> None:
        """Close the boxes; the widgets in them are their owner's."""
        for box in self._boxes.values():
            close(box)


def _toggle(name: str) -> ipywidgets.ToggleButton:
    return ipywidgets.ToggleButton(description=name, tooltip=f"show or hide: {name.lower()}")
