"""Names that were chosen, each with a cross that takes it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from .style import static


class Chips(anywidget.AnyWidget):
    """A row of names; a click on one takes it away.

    Parameters
    ----------
    label : str
        What they are called by those who can't see them.
    on_remove : callable
        ``on_remove(name)``.

    Attributes
    ----------
    names : tuple of str
    """

    _esm = static(__file__, "chips.js")

    label = traitlets.Unicode().tag(sync=True)
    names = traitlets.Tuple().tag(sync=True)

    def __init__(self, label: str, on_remove: Callable[[str], Any]):
        super().__init__(label=label)
        self._on_remove = on_remove
        self.on_msg(self._told)

    def remove(self, name: str) -> None:
        """Do what a click on a name does."""
        if name in self.names:
            self._on_remove(name)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("remove"), str):
            self.remove(content["remove"])
