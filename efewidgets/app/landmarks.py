"""What the parts of the page are, for those who can't see it."""

from __future__ import annotations

import anywidget

from ..widgets.parts.style import static


class Landmarks(anywidget.AnyWidget):
    """Gives the parts of the dashboard around it their roles: header, steps, main part, drawer, footer."""

    _esm = static(__file__, "landmarks.js")
