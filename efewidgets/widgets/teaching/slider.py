"""A slider with a box for the exact number, as one control."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..parts.style import static


class Slider(anywidget.AnyWidget):
    """A number that is dragged, moved by the arrow keys, or typed.

    While the kernel is busy with one place of the slider the browser keeps only the last of the next, so that what
    follows the slider follows it as fast as it can, and no faster.

    Parameters
    ----------
    label, unit, hint : str
        The label is also what screen readers say.
    low, high, step : float
        Of the slider; what is typed may lie beyond.

    Attributes
    ----------
    value : float
        Where the slider is.
    typed : str
        What was typed last, to be understood by who listens.
    """

    _esm = static(__file__, "slider.js")

    label = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(1.0).tag(sync=True)
    value = traitlets.Float(0.0).tag(sync=True)
    typed = traitlets.Unicode()

    def __init__(self, label: str, unit: str, low: float, high: float, step: float, hint: str = ""):
        super().__init__(label=label, unit=unit, hint=hint, low=low, high=high, step=step, value=low)
        self.add_class("efe-slider")
        self.on_msg(self._told)

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("typed"), str):
            self.typed = ""  # the same text again is something new, too
            self.typed = content["typed"]
            self.send({"kind": "understood"})  # shows the number in force, whatever was typed
