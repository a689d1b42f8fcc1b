"""Timings while their handles are dragged: lines and boxes follow at once, the override when the mouse rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np

from .panels import Panels
from .timing import Timing, as_set, on_sample

#: Returns the value of an entry whose handle is at a time (ms)
Value = Callable[[str, float], float]


class Drags:
    """What is dragged, and where it was before.

    Parameters
    ----------
    panels : Panels
    boxes : mapping of str to FloatText
        Boxes of the timings, by name.
    put : callable
        Sets traits of a widget without that being taken for a person's doing.

    Attributes
    ----------
    count : int
        How often something was dragged: one drag is one step to be undone.
    """

    def __init__(self, panels: Panels, boxes: Mapping[str, ipywidgets.Widget], put: Callable[..., None]):
        self._panels, self._boxes, self._put = panels, boxes, put
        self._known: Mapping[str, Timing] = {}
        self._dt = 0.0
        self._value: Value = lambda name, ms: ms
        self.count = 0

    def begin_from(self, known: Mapping[str, Timing], dt: float, value: Value) -> None:
        """Take the timings in force, the sampling step (ms) of their sweep, and what a handle's place means there."""
        self._known, self._dt, self._value = known, dt, value

    def begins(self, *_: Any) -> None:
        """Count a drag."""
        self.count += 1

    def ends(self, _: Any, content: Mapping[str, Any]) -> None:
        """Believe the place where the mouse let go: what an earlier one brought may have overtaken the last moves."""
        x = np.array(self._panels.handles.x, float)
        x[content["index"]] = content["point"]["x"]
        self._panels.handles.x = x

    def follow(self) -> None:
        """Move the lines and the boxes with the handles."""
        self._panels.move_lines(self._times())
        for name, value in ({name: t.ms for name, t in self._known.items()} | self.moved()).items():
            self._put(self._boxes[name], value=round(value, 4))

    def moved(self) -> dict[str, float]:
        """Return the timings (ms) whose handles are elsewhere by now."""
        places = {name: timing.at for name, timing in self._known.items() if timing.at is not None}
        return {
            name: as_set(name, self._value(name, ms), self._dt)
            for name, ms in self._times().items()
            if name in places and on_sample(ms, self._dt) != on_sample(places[name], self._dt)
        }

    def _times(self) -> dict[str, float]:
        handles = self._panels.handles
        return dict(zip(handles.names.tolist(), np.asarray(handles.x).tolist(), strict=False))
