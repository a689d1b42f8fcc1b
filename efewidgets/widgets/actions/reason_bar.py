"""The reasons for which sweeps are left out, to be pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from ..parts.style import static


class ReasonBar(anywidget.AnyWidget):
    """Small buttons, one for each reason; their keys are 1 to 9.

    Attributes
    ----------
    reasons : list of str
    pressed : callable
        Is given the reason whose button was pressed.
    """

    _esm = static(__file__, "reason_bar.js")

    reasons = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.pressed: Callable[[str], Any] = lambda reason: None
        self.on_msg(self._pressed)

    def _pressed(self, widget: Any, content: Any, buffers: Any) -> None:
        reason = content.get("reason") if isinstance(content, dict) else None
        if reason in self.reasons:
            self.pressed(reason)
