"""Action potentials in a trace: where they peak, which threshold finds them, and which "spikes" are none.

`peak_times` is eFEL's ``peak_time`` in numpy, for counting spikes without loading the trace into eFEL.
"""

from __future__ import annotations

import numpy as np

from ..long.array import LongArray
from . import long_spikes
from .artefacts import artefacts
from .interpolation import Interpolated
from .robust import median

__all__ = ["artefacts", "auto_threshold", "peak_times"]

#: An automatic threshold never lies above this (mV), whatever the baseline
HIGHEST_THRESHOLD = 50.0


def peak_times(
    t: np.ndarray,
    v: np.ndarray,
    threshold: float,
    stim_start: float,
    stim_end: float,
    strict: bool = True,
    interp_step: float = 0.025,
) -> np.ndarray:
    """Find when action potentials peak, exactly as eFEL's feature ``peak_time`` has it.

    eFEL interpolates the trace linearly to steps of `interp_step`; a spike is the highest point between a
    crossing of the threshold upwards and the next one downwards.

    Parameters
    ----------
    t, v : np.ndarray, shape (n,)
        Time (ms, increasing) and membrane potential (mV).
    threshold : float
        What a spike must exceed (mV).
    stim_start, stim_end : float
        Start and end of the stimulus (ms).
    strict : bool
        Only peaks within the stimulus, both ends included.
    interp_step : float
        Step of the interpolation (ms).

    Returns
    -------
    np.ndarray, shape (spikes,)
        ms; empty if there are none.
    """
    if isinstance(v, LongArray):
        times = long_spikes.peak_times(t, v, threshold, interp_step)
        return times[(times >= stim_start) & (times <= stim_end)] if strict else times
    trace = Interpolated(t, v, interp_step)
    near = _near(trace, threshold)
    if not len(near):
        return np.empty(0)
    potential = trace.potential(near)
    above, below = potential > threshold, potential < threshold
    neighbours = np.diff(near) == 1
    up = near[1:][above[1:] & below[:-1] & neighbours]
    down = near[1:][below[1:] & above[:-1] & neighbours]
    if len(up):
        down = down[down >= up[0]]  # a trace that starts above the threshold comes down first
    spikes = min(len(up), len(down))
    peaks = _highest(trace, up[:spikes], down[:spikes])
    times = trace.grid[peaks]
    return times[(times >= stim_start) & (times <= stim_end)] if strict else times


def _near(trace: Interpolated, threshold: float) -> np.ndarray:
    """Points of the grid where the potential may exceed the threshold, and one around each run, ascending."""
    margin = 1e-6 * (1.0 + abs(threshold))  # more than rounding to float32 takes
    high = np.flatnonzero(trace.v >= threshold - margin)
    if not len(high):
        return high
    breaks = np.flatnonzero(np.diff(high) > 1)
    first, last = high[np.append(0, breaks + 1)], high[np.append(breaks, len(high) - 1)]
    n, size = len(trace.t), len(trace.grid)
    start = np.searchsorted(trace.grid, trace.t[np.maximum(first - 1, 0)], side="left") - 1
    stop = np.searchsorted(trace.grid, trace.t[np.minimum(last + 1, n - 1)], side="right") + 1
    return _ranges(np.clip(start, 0, size), np.clip(stop, 0, size))


def _highest(trace: Interpolated, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Point of the first maximum in each range of the grid, both ends included; empty ranges left out."""
    start, stop = start[start <= stop], stop[start <= stop]
    if not len(start):
        return np.empty(0, dtype=int)
    points = np.concatenate([np.arange(a, b + 1) for a, b in zip(start, stop, strict=True)])
    potential = trace.potential(points)
    lengths = stop - start + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    highest = np.repeat(np.maximum.reduceat(potential, offsets), lengths)
    candidates = np.flatnonzero(potential == highest)
    first = candidates[np.searchsorted(candidates, offsets)]
    return points[first]


def _ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Union of the half-open ranges, ascending; `start` and `stop` ascend."""
    start = np.maximum(start, np.append(0, np.maximum.accumulate(stop)[:-1]))
    lengths = np.maximum(stop - start, 0)
    offsets = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(start - offsets, lengths)


def auto_threshold(voltage: np.ndarray, i_on: int, i_off: int, offset: float = 20.0) -> np.floating:
    """Take a spike threshold from the trace: `offset` above the higher of baseline and response.

    Parameters
    ----------
    voltage : np.ndarray, shape (n,)
        Membrane potential (mV).
    i_on, i_off : int
        First sample of the stimulus, and the first after it.
    offset : float
        mV above the median.

    Returns
    -------
    np.floating
        mV, at most 50, in the type of `voltage`. A window without samples doesn't count; if both
        are empty the whole trace is the baseline.
    """
    windows = [part for part in (voltage[: max(i_on, 0)], voltage[max(i_on, 0) : max(i_off, 0)]) if len(part)]
    medians = [median(part) for part in windows or [voltage]]
    return np.minimum(np.fmax.reduce(medians) + offset, HIGHEST_THRESHOLD)
