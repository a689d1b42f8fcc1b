"""One sweep of a file as its details say it is: voltage over current, with the timings of its stimulus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from ...engine.recordings.peek import Peek
from ...engine.traces.decimate import min_max_indices
from ..parts.html import plain
from ..parts.plots import empty_lines, figure, padded, scale, stacked, ticked, ticks, x_axis, y_axis

#: Bins across a panel of some 500 pixels
BINS = 600
_MARGIN = {"top": 8, "left": 70, "right": 12}

Put = Callable[..., None]


class LiveTrace:
    """Two small figures, and which sweep they show.

    Parameters
    ----------
    put : callable
        ``put(widget, trait=value, …)`` sets what differs.

    Attributes
    ----------
    sweep : Dropdown
        The sweep, by its number.
    voltage, current : Figure
    """

    def __init__(self, put: Put):
        self._put = put
        self._time, self._v, self._i, self._unit = (scale(0.0, 1.0) for _ in range(4))
        v, i = {"x": self._time, "y": self._v}, {"x": self._time, "y": self._i}
        ink = {"colors": ["var(--efe-ink)"], "stroke_width": 1.0}
        self.voltages, self.currents = empty_lines(v, **ink), empty_lines(i, **ink)
        upright = {"x": self._time, "y": self._unit}
        look = {"colors": ["var(--efe-stimulus)"], "stroke_width": 1.2}
        self._edges = [empty_lines(upright, **look) for _ in range(2)]
        self._x = x_axis(self._time, "time (ms)", label_offset="2.2em")
        self._hidden = x_axis(self._time, tick_style={"font-size": "0px"})
        self._y = [y_axis(self._v, "voltage (mV)"), y_axis(self._i, "current (pA)")]
        self.voltage = self._panel([self._edges[0], self.voltages], [self._hidden, self._y[0]], 170, 12)
        self.current = self._panel([self._edges[1], self.currents], [self._x, self._y[1]], 130, 40)
        self.sweep = ipywidgets.Dropdown(description="Sweep", layout={"width": "auto", "max_width": "340px"})
        self.box = ipywidgets.VBox([self.sweep, self.voltage, self.current])
        self.box.add_class("efe-live-trace")

    def _panel(self, marks: list[Any], axes: list[Any], height: int, bottom: int) -> bqplot.Figure:
        return figure(marks, axes, height, fig_margin={**_MARGIN, "bottom": bottom})

    def draw(self, found: Peek) -> None:
        """Show a sweep, or empty axes where there is none."""
        names = [(plain(name), k) for k, name in enumerate(found.sweeps)]
        if list(self.sweep.options) != names:
            self._put(self.sweep, options=names)
        self._put(self.sweep, value=found.at if found.at >= 0 else None, disabled=len(names) < 2)
        trace = found.trace if found.trace is not None and found.trace.n else None
        for axis in (self._x, self._hidden, *self._y):  # without a trace it would choose ticks by itself
            self._put(axis, visible=trace is not None)
        if trace is None:
            for mark in (self.voltages, self.currents, *self._edges):
                self._put(mark, **stacked([]))
            return
        self._panel_of(self.voltages, self._v, self._y[0], trace.dt, np.asarray(trace.voltage), 6)
        self._panel_of(self.currents, self._i, self._y[1], trace.dt, 1e3 * np.asarray(trace.current), 4)
        self._put(self._time, min=0.0, max=float(trace.tend))
        for axis in (self._x, self._hidden):
            self._put(axis, **ticked(ticks(0.0, float(trace.tend), most=7)))
        lines = stacked([(np.full(2, ms), np.array([0.0, 1.0])) for ms in found.timings.values()])
        for mark in self._edges:
            self._put(mark, **lines)

    def _panel_of(
        self, mark: Any, of: bqplot.LinearScale, axis: bqplot.Axis, dt: float, values: np.ndarray, most: int
    ) -> None:
        kept = min_max_indices(values, BINS)
        low, high = padded(values[kept])
        self._put(mark, **stacked([(kept * dt, values[kept])]))
        self._put(of, min=low, max=high)
        self._put(axis, **ticked(ticks(low, high, most=most)))
