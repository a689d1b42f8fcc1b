"""The figure beside the traces: the phase plane, or the spikes laid over each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bqplot
import numpy as np

from ...engine.traces.closer import BEGIN, aligned, begins, slope
from ..parts.plots import empty_lines, figure, padded, scale, stacked, ticked, ticks, x_axis, y_axis
from .colours import INK, on_ramp
from .samples import Range, Samples

#: Points of a figure, and spikes laid over each other, at most
MOST_POINTS, MOST_SPIKES = 20_000, 200

#: What is seen of each spike, ms before and after its peak or threshold
BEFORE, AFTER = 3.0, 8.0

#: What of a trace is seen in the phase plane if there are more samples than can be drawn: so much around each spike, ms
AROUND = 6.0


@dataclass(frozen=True, eq=False)
class Lines:
    """What stands in the figure.

    Parameters
    ----------
    title, x_label, y_label : str
    lines : list of tuple of ndarray
        Their x and y.
    colours : list of str
    mean : tuple of ndarray or None
        A line that stands for all.
    """

    title: str
    x_label: str
    y_label: str
    lines: list[tuple[np.ndarray, np.ndarray]]
    colours: list[str]
    mean: tuple[np.ndarray, np.ndarray] | None = None


def phase_plane(seen: Sequence[tuple[str, Samples]], between: Range | None) -> Lines:
    """Return dV/dt against voltage of sweeps (colour, samples) between two times (ms)."""
    lines = []
    for _, samples in seen:
        trace = samples.trace
        first, last = _part(samples, between)
        voltage = np.asarray(trace.voltage[first:last], dtype=float)
        steep = slope(voltage, trace.dt)
        kept = _kept(samples.peaks - first, len(voltage), trace.dt, MOST_POINTS // max(len(seen), 1))
        lines.append((np.where(kept, voltage, np.nan), np.where(kept, steep, np.nan)))
    return Lines(
        "phase plane",
        "voltage (mV)",
        "dV/dt (mV/ms)",
        [_shortened(line) for line in lines],
        [one for one, _ in seen],
    )


def spikes(samples: Samples, between: Range | None, align: str) -> Lines:
    """Return the spikes of one sweep over each other, from the first (dark) to the last, and their mean."""
    trace = samples.trace
    first, last = _part(samples, between)
    peaks = samples.peaks[(samples.peaks >= first) & (samples.peaks < last)]
    at = begins(trace.voltage, trace.dt, peaks) if align == "threshold" else peaks
    at = at[:MOST_SPIKES]
    before, after = round(BEFORE / trace.dt), round(AFTER / trace.dt)
    found = aligned(trace.voltage, at, before, after)
    time = np.arange(-before, after + 1) * trace.dt
    what = f"threshold (dV/dt above {BEGIN:g} mV/ms)" if align == "threshold" else "peak"
    colours = [on_ramp(k / max(len(at) - 1, 1)) for k in range(len(at))] if len(at) > 1 else [INK]
    mean = (time, np.nanmean(found, axis=0)) if len(at) > 1 and np.isfinite(found).any(axis=0).all() else None
    return Lines(
        f"{len(at)} spikes, aligned at the {what}",
        f"time from the {what.split(' (')[0]} (ms)",
        "voltage (mV)",
        [(time, row) for row in found],
        colours,
        mean,
    )


def _part(samples: Samples, between: Range | None) -> tuple[int, int]:
    n = len(samples.trace.voltage)
    if between is None:
        return 0, n
    return max(int(between[0] / samples.trace.dt), 0), min(int(between[1] / samples.trace.dt) + 1, n)


def _kept(peaks: np.ndarray, n: int, dt: float, room: int) -> np.ndarray:
    """Return which samples are drawn: all, or those around spikes and a few of the rest."""
    kept = np.ones(n, dtype=bool)
    if n <= room:
        return kept
    kept[:] = False
    reach = max(1, round(AROUND / dt))
    for peak in peaks[: max(1, room // (2 * reach))]:
        kept[max(peak - reach, 0) : peak + reach] = True
    if not kept.any():
        kept[:room] = True
    return kept


def _shortened(line: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return a line without its gaps but for one sample each, which parts it."""
    gone = np.isnan(line[0])
    kept = ~gone | np.r_[False, ~gone[:-1]]
    return line[0][kept], line[1][kept]


class Closer:
    """One figure, whose marks are made once.

    Attributes
    ----------
    figure : Figure
    shown : Lines or None
    """

    def __init__(self, put: Callable[..., None]):
        self._put = put
        self._x, self._y = scale(0.0, 1.0), scale(0.0, 1.0)
        scales = {"x": self._x, "y": self._y}
        self.lines = empty_lines(scales, stroke_width=1.0)
        self.mean = empty_lines(scales, stroke_width=2.6, colors=[INK])
        self._axes = [x_axis(self._x), y_axis(self._y)]
        marks: list[bqplot.Mark] = [self.lines, self.mean]
        self.figure = figure(marks, self._axes, height=300, title_style={"font-size": "13px"})
        self.figure.add_class("efe-closer")
        self.shown: Lines | None = None

    def draw(self, found: Lines) -> None:
        """Show other lines."""
        self.shown = found
        put = self._put
        x = padded([end for line, _ in found.lines for end in _ends(line)], 0.04)
        y = padded([end for _, line in found.lines for end in _ends(line)], 0.06)
        look = {"colors": found.colours, "opacities": [0.85] * len(found.lines)} if found.lines else {}
        put(self.lines, **look, **stacked(found.lines))
        put(self.mean, **stacked([found.mean] if found.mean else []))
        for of, axis, ends, label in (
            (self._x, self._axes[0], x, found.x_label),
            (self._y, self._axes[1], y, found.y_label),
        ):
            put(of, min=float(ends[0]), max=float(ends[1]))
            put(axis, **ticked(ticks(*ends, 7)), label=label)
        put(self.figure, title=found.title)


def _ends(values: np.ndarray) -> tuple[float, ...]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else ()
