"""The figures of a virtual cell: voltage over injected current, the kept sweeps faintly behind the live one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bqplot
import numpy as np

from ...engine.figures.style import FAINT, SKY, VERMILLION
from ..parts.plots import MARGIN, NONE, empty_lines, figure, scale, stacked, ticked, ticks, x_axis, y_axis
from .data import FAINT_PIXELS, PA, Recorded

LIVE = "var(--efe-brand, #0072b2)"  # stands out on light and on dark pages
FAINTLY = 0.35  # opacity of what is behind
HELD, STEP = -40.0, 20.0  # mV; below the first, without spikes, the axis goes by steps of the second
LOWEST, HIGHEST = -100.0, 60.0  # mV; the axis stays while the slider moves, so that the eye can compare


class Plots:
    """Marks, axes and figures.

    Parameters
    ----------
    put : callable
        ``put(widget, trait=value, …)`` sets what differs.

    Attributes
    ----------
    voltage, current : Figure
    live, live_current : Lines
        The sweep that the sliders give.
    behind : Lines
        Kept sweeps: those with spikes in light blue, silent ones grey.
    spikes, others : Scatter
        Those that count, and those outside the stimulus, which don't.
    threshold : Lines
        What a spike must exceed.
    """

    def __init__(self, put: Callable[..., None]):
        self.put = put
        self.time, self.mv, self.pa = scale(0.0, 1.0), scale(LOWEST, HIGHEST), scale(-1.0, 1.0)
        v, i = {"x": self.time, "y": self.mv}, {"x": self.time, "y": self.pa}
        self.behind = empty_lines(v, colors=[FAINT], stroke_width=1.0)
        self.behind_current = empty_lines(i, colors=[FAINT], stroke_width=1.0)
        self.live = empty_lines(v, colors=[LIVE], stroke_width=1.6)
        self.live_current = empty_lines(i, colors=[LIVE], stroke_width=1.6)
        self.threshold = empty_lines(v, colors=[FAINT], stroke_width=1.4, line_style="dotted")
        self.spikes = bqplot.Scatter(x=NONE, y=NONE, scales=v, colors=[VERMILLION], default_size=26)
        self.others = bqplot.Scatter(
            x=NONE, y=NONE, scales=v, colors=[FAINT], stroke=FAINT, fill=False, default_size=26
        )
        hidden = {"font-size": "0px"}
        self._x_axes = [x_axis(self.time, tick_style=hidden), x_axis(self.time, "time (ms)")]
        self._y_axes = [y_axis(self.mv, "voltage (mV)"), y_axis(self.pa, "current (pA)")]
        self.voltage = figure(
            [self.behind, self.threshold, self.live, self.others, self.spikes],
            [self._x_axes[0], self._y_axes[0]],
            height=270,
            fig_margin=MARGIN | {"top": 12, "bottom": 14, "right": 22},
        )
        self.current = figure(
            [self.behind_current, self.live_current],
            [self._x_axes[1], self._y_axes[1]],
            height=140,
            fig_margin=MARGIN | {"top": 6, "right": 22},
        )

    def draw(
        self, live: Recorded, behind: Sequence[Recorded], threshold: float, currents: tuple[float, float]
    ) -> None:
        """Show sweeps.

        Parameters
        ----------
        live : Recorded
        behind : sequence of Recorded
        threshold : float
            mV.
        currents : (float, float)
            Ends of the axis of the current, pA.
        """
        put, end = self.put, float(live.time[-1] + live.sweep.dt)
        low, high = voltage_ends(live, behind, threshold)
        put(self.time, min=0.0, max=end)
        put(self.mv, min=low, max=high)
        put(self.pa, min=currents[0], max=currents[1])
        put(self.live, **_line(*live.thinned()))
        put(self.live_current, **_line(*live.corners()))
        put(self.threshold, x=np.array([0.0, end]), y=np.full(2, threshold))
        for mark, times in ((self.spikes, live.spike_times), (self.others, live.other_spike_times)):
            put(mark, **_line(times, live.heights(times)))
        looks = {
            "colors": [SKY if len(one.spike_times) else FAINT for one in behind] or [FAINT],
            "opacities": [FAINTLY] * len(behind),
        }
        put(self.behind, **looks, **_together([one.thinned(FAINT_PIXELS) for one in behind], end))
        put(self.behind_current, **looks, **_together([one.corners() for one in behind], end))
        for axis in self._x_axes:
            put(axis, **ticked(ticks(0.0, end, most=9)))
        put(self._y_axes[0], **ticked(ticks(low, high, most=8)))
        put(self._y_axes[1], **ticked(ticks(*currents, most=5)))


def voltage_ends(live: Recorded, behind: Sequence[Recorded], threshold: float) -> tuple[float, float]:
    """Return the ends of the axis of the voltage (mV): the same for all, but nearer to a cell that is held down."""
    low = min(float(one.voltage.min()) for one in (live, *behind)) - 5.0
    high = max(float(one.voltage.max()) for one in (live, *behind)) + 5.0
    if live.injection.amp < 0 and high < HELD:
        return STEP * np.floor(low / STEP), STEP * np.ceil(high / STEP)
    return min(LOWEST, low), max(HIGHEST, threshold + 5.0)


def current_ends(low: float, high: float, live: Recorded, behind: Sequence[Recorded]) -> tuple[float, float]:
    """Return the ends of the axis of the current (pA): what is seen, and what the slider reaches on its side of 0."""
    found = [
        0.0,
        low if live.injection.amp < 0 else high,
        *(PA * float(f(one.current)) for one in (live, *behind) for f in (np.min, np.max)),
    ]
    room = 0.06 * (max(found) - min(found))
    return min(found) - room, max(found) + room


def _line(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    return {"x": np.asarray(x, dtype=np.float32), "y": np.asarray(y, dtype=np.float32)}


def _together(found: Sequence[tuple[np.ndarray, np.ndarray]], end: float) -> dict[str, np.ndarray]:
    """Return lines as one mark takes them, as far as the axis goes."""
    return stacked([(x[x <= end].astype(np.float32), y[x <= end]) for x, y in found])
