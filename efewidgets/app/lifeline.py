"""Tells on the page that the kernel behind it is gone, which the page itself doesn't show."""

from __future__ import annotations

import anywidget
import traitlets

from ..widgets.parts.owned import close_all
from ..widgets.parts.style import static

_LOST = "The connection to the computation was lost: nothing on this page answers any more."

#: What to do then, by where the page is
IN_A_NOTEBOOK = "Run the cell again to have a new dashboard."
WITH_A_SESSION = "Reload the page to go on where you were."
WITHOUT_A_SESSION = "Reload the page to begin anew: nothing is kept on this server."


class Lifeline(anywidget.AnyWidget):
    """A line that appears when the kernel is gone; what it says must be in the browser before that.

    Attributes
    ----------
    lost : str
        Said when the kernel ended or was restarted, or can't be reached any more; the dashboard's own server may know
        better why.
    advice : str
        Said after it: what to do.
    away : str
        Said while the browser tries to reach it again.
    """

    _esm = static(__file__, "lifeline.js")
    _css = ".efe-lifeline { position: sticky; top: 0; z-index: 1000; } .efe-lifeline:empty { display: none; }"

    lost = traitlets.Unicode(_LOST).tag(sync=True)
    advice = traitlets.Unicode(IN_A_NOTEBOOK).tag(sync=True)
    away = traitlets.Unicode("No connection to the computation; trying again…").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.add_class("efe-lifeline")

    def advise(self, advice: str) -> None:
        """Set what to do when the kernel is gone."""
        self.advice = advice

    def close(self) -> None:
        """Leave the page, with the layout."""
        if self.comm is not None:
            close_all(self)
            super().close()
