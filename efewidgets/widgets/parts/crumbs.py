"""The way to a place, each part of which leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from .style import static


class Crumbs(anywidget.AnyWidget):
    """Names side by side; a click on one opens it.

    Parameters
    ----------
    label : str
        What they are called by those who can't see them.
    on_open : callable
        ``on_open(number)`` with the position of a name.

    Attributes
    ----------
    names : tuple of str
    """

    _esm = static(__file__, "crumbs.js")

    label = traitlets.Unicode().tag(sync=True)
    names = traitlets.Tuple().tag(sync=True)

    def __init__(self, label: str, on_open: Callable[[int], Any]):
        super().__init__(label=label)
        self._on_open = on_open
        self.on_msg(self._told)

    def go(self, number: int) -> None:
        """Do what a click on a name does."""
        if 0 <= number < len(self.names):
            self._on_open(number)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("open"), int):
            self.go(content["open"])
