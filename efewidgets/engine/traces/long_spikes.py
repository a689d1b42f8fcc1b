"""The spikes of a long trace: `spikes.peak_times`, stretch by stretch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..long.looks import runs
from .long_interpolation import LongInterpolated

#: Points of the grid that are looked at together
_TOGETHER = 1 << 20


def peak_times(t: Any, v: Any, threshold: float, interp_step: float) -> np.ndarray:
    """Find when action potentials of the whole trace peak, exactly as `spikes.peak_times` does.

    Parameters
    ----------
    t, v : LongArray, shape (n,)
        Time (ms) and membrane potential (mV).
    threshold : float
        What a spike must exceed (mV).
    interp_step : float
        Step of the interpolation (ms).

    Returns
    -------
    np.ndarray, shape (spikes,)
        ms.
    """
    trace = LongInterpolated(t, v, interp_step)
    up, down = _crossings(trace, threshold)
    if len(up):
        down = down[down >= up[0]]  # a trace that starts above the threshold comes down first
    many = min(len(up), len(down))
    peaks = [
        _highest(trace, first, last)
        for first, last in zip(up[:many], down[:many], strict=True)
        if first <= last
    ]
    return trace.grid[np.array(peaks, dtype=np.intp)]


def _crossings(trace: LongInterpolated, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of the grid that are the first above the threshold after one below it, and the other way round."""
    up, down = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    before, was_above, was_below = (
        np.empty(0, dtype=np.intp),
        np.empty(0, dtype=bool),
        np.empty(0, dtype=bool),
    )
    for points in _near(trace, threshold):
        potential = trace.potential(points)
        near = np.concatenate((before, points))
        above = np.concatenate((was_above, potential > threshold))
        below = np.concatenate((was_below, potential < threshold))
        neighbours = np.diff(near) == 1
        up.append(near[1:][above[1:] & below[:-1] & neighbours])
        down.append(near[1:][below[1:] & above[:-1] & neighbours])
        before, was_above, was_below = near[-1:], above[-1:], below[-1:]
    return np.concatenate(up), np.concatenate(down)


def _near(trace: LongInterpolated, threshold: float) -> Iterator[np.ndarray]:
    """Yield, ascending, points of the grid where the potential may exceed the threshold, and one around each run."""
    margin = 1e-6 * (1.0 + abs(threshold))  # more than rounding to float32 takes
    first, after = runs(trace.v >= threshold - margin).T
    n, size = len(trace.v), len(trace.grid)
    start = trace.grid.searchsorted(trace.t.pick(np.maximum(first - 1, 0)), "left") - 1
    stop = trace.grid.searchsorted(trace.t.pick(np.minimum(after, n - 1)), "right") + 1
    start, stop = np.clip(start, 0, size), np.clip(stop, 0, size)
    start = np.maximum(start, np.append(0, np.maximum.accumulate(stop)[:-1]) if len(stop) else start)
    waiting: list[np.ndarray] = []
    many = 0
    for a, b in zip(start.tolist(), stop.tolist(), strict=True):
        for low in range(a, b, _TOGETHER):
            waiting.append(np.arange(low, min(low + _TOGETHER, b)))
            many += len(waiting[-1])
            if many >= _TOGETHER:
                yield np.concatenate(waiting)
                waiting, many = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _highest(trace: LongInterpolated, first: int, last: int) -> int:
    """Point of the first maximum between two points, both included."""
    best, place = -np.inf, int(first)
    for low in range(int(first), int(last) + 1, _TOGETHER):
        potential = trace.potential(np.arange(low, min(low + _TOGETHER, int(last) + 1)))
        k = int(np.argmax(potential))
        if potential[k] > best:
            best, place = potential[k], low + k
    return place
