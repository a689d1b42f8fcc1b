"""Timings while their handles are dragged: lines and boxes follow at once, the override when the mouse rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np

from .panels import Panels
from .timing import Timing, on_sample


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
        self.count = 0

    def begin_from(self, known: Mapping[str, Timing], dt: float) -> None:
        """Take the timings in force, and the sampling step (ms) of their sweep."""
        self._known, self._dt = known, dt

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
        times = self._times()
        self._panels.move_lines(times)
        for name, ms in times.items():
            self._put(self._boxes[name], value=on_sample(ms, self._dt))

    def moved(self) -> dict[str, float]:
        """Return the timings (ms) whose handles are elsewhere by now."""
        known = self._known
        return {
            name: ms
            for name, ms in self._times().items()
            if name in known and on_sample(ms, self._dt) != on_sample(known[name].ms, self._dt)
        }

    def _times(self) -> dict[str, float]:
        handles = self._panels.handles
        return dict(zip(handles.names.tolist(), np.asarray(handles.x).tolist(), strict=False))
