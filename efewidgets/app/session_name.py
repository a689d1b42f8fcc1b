"""What the session is called and when it was saved, in the page's header."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets
import traitlets

from ..engine.stages.inputs import Inputs
from ..state import ExtractionState
from ..widgets.parts.base import StateWidget
from ..widgets.parts.html import plain
from ..widgets.parts.style import static
from .recent import LONGEST

_NAMED = 2  # cells by which a session without a name is called


def called(title: str, inputs: Inputs) -> str:
    """Return what a session is called: by its name, or by its cells."""
    names = ", ".join(plain(cell.name) for cell in inputs.cells[:_NAMED])
    return plain(title) or names + (" …" if len(inputs.cells) > _NAMED else "")


class NameField(anywidget.AnyWidget):
    """A field for a name, and below it when the session was saved; the browser counts the seconds.

    Attributes
    ----------
    title, placeholder : str
    kept : str
        "saved", "waits" (nothing to save so far), "by hand", "nowhere", or why it can't be saved.
    ago : float
        s since it was saved, when the browser was told.
    number : int
        Counts what is told, so that the same may be told again.
    """

    _esm = static(__file__, "session_name.js")

    title = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("").tag(sync=True)
    longest = traitlets.Int(LONGEST).tag(sync=True)
    kept = traitlets.Unicode("waits").tag(sync=True)
    ago = traitlets.Float(0.0).tag(sync=True)
    number = traitlets.Int(0).tag(sync=True)


class SessionName(StateWidget):
    """The name of the session, to be edited in its place, and "saved 3 s ago".

    The same by hand: ``state.view.title = "PYR, March"``.

    Parameters
    ----------
    state : ExtractionState
    kept : str
        How it is kept, as in `NameField`.
    saved : float, optional
        When it was saved last, s since 1970.
    asked : str
        What stands in the place of the name until there is one; by default the cells' names.

    Attributes
    ----------
    field : NameField
    """

    watches = ("revision",)
    watches_view = ("title",)

    def __init__(
        self, state: ExtractionState, kept: str = "by hand", saved: float | None = None, asked: str = ""
    ):
        self._asked = asked
        self._kept, self._ago = kept, 0.0 if saved is None else max(time.time() - saved, 0.0)
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the field."""
        self.field = NameField(kept=self._kept, ago=self._ago)
        self.on(self.field, self._rename, "title")
        return [self.field]

    def depends_on(self) -> tuple[Any, ...]:
        """Return the names of the cells, by which a session without a name is called."""
        return (self.state.view.title, tuple(cell.name for cell in self.state.inputs.cells[: _NAMED + 1]))

    def view_data(self) -> tuple[str, str]:
        """Return the name, and what stands in its place where there is none."""
        asked = self._asked or called("", self.state.inputs) or "Unnamed session"
        return self.state.view.title, asked

    def render(self, data: tuple[str, str]) -> None:
        """Put them on the field."""
        self.put(self.field, title=data[0], placeholder=data[1])

    def tell(self, why_not: str) -> None:
        """Say that the session has just been saved, or why it can't be."""
        if self.comm is None:
            return
        with self.field.hold_sync():
            self.field.kept, self.field.ago = why_not or "saved", 0.0
            self.field.number += 1

    def _rename(self, title: str) -> None:
        self.state.view.title = " ".join(title.split())[:LONGEST]
