"""What appears on a page and asks for something is brought into sight."""

from __future__ import annotations

import anywidget

from .style import static


class InSight(anywidget.AnyWidget):
    """Brings the box in which it stands into sight, when it is asked to; nothing of it is seen itself.

    It does nothing on a page that isn't there yet.
    """

    _esm = static(__file__, "in_sight.js")

    def ask(self) -> None:
        """Bring the box into sight, once the page has drawn it."""
        self.send({"kind": "show"})
