"""Ramps and cheops: what straight slopes account for.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from .flanks import cheops_shape, detect_cheops
from .outlines import unexplained
from .sights import FITS, SHORT, Sight, fit, secure
from .trace import FLOOR, Trace, mad, median

CROOKED = 0.03  # of the height of a ramp: how far it may be from a straight line
RESTS = 0.15  # of the height of a ramp: how far from its baseline the current may be before and after it
JUMPS = 6.0  # times the noise of a block: the end of a ramp
LASTS = 3.0 * SHORT  # ms
TO_THE_END = (
    0.45,
    0.8,
)  # confidence in a ramp that lasts to the end of the sweep, where it may be drift, and where not


def by_slopes(trace: Trace) -> Iterator[Sight]:
    """Explain a current by straight slopes: a ramp, or three triangles."""
    sigma = max(mad(np.diff(trace.coarse)) / 2**0.5, FLOOR)
    yield from _ramps(trace, sigma)
    window = detect_cheops(trace, {})
    if len(window.edges) == 6:
        yield _cheops(trace, list(window.edges.values()), sigma)


def _cheops(trace: Trace, edges: Sequence[int], sigma: float) -> Sight:
    """Judge three triangles between so many samples."""
    at = (np.arange(len(trace.coarse)) + 0.5) * trace.width - 0.5
    y = trace.coarse - 0.5 * (median(trace.coarse[:2]) + median(trace.coarse[-2:]))
    middles = [0.5 * (a + b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    high = median(np.interp(middles, at, y))
    drawn = cheops_shape(np.array([0.0, high, *map(float, edges)]), at)[0]
    ordered = all(a < b for a, b in pairwise(edges))
    worth = fit(unexplained(y, drawn, sigma), 2.0 * FITS) * (1.0 if ordered else 0.3)
    return Sight(
        "cheops, up" if high > 0 else "cheops, down", worth, f"three triangles of {1e3 * high:+.0f} pA"
    )


def _ramps(trace: Trace, sigma: float) -> Iterator[Sight]:
    """Explain a current by a straight line that leaves the baseline and jumps back to it, or lasts to the end."""
    y = trace.coarse
    if len(y) < 20:
        return
    change = y[2:] - y[:-2]  # a jump within a block shows between its neighbours
    change = np.abs(change - np.median(change))
    jump = int(np.argmax(change)) + 1
    ends = [len(y)] if change[jump - 1] < JUMPS * sigma else [jump, len(y)]
    for end in ends:
        start, base, slope = hinge(y, end)
        drawn = ramp(len(y), start, end, slope)
        peak = slope * (end - start)
        if abs(peak) < 5.0 * sigma or (end - start) * trace.width * trace.dt < LASTS:
            continue
        k = np.arange(len(y))
        clear = np.abs(k - end) > 1
        beside = np.abs(y - base)[clear & ((k < start) | (k > end))]
        if len(beside) and median(beside) > RESTS * abs(peak) + 2.0 * sigma:
            continue
        rest = max(sigma if len(beside) < 5 else mad(y[clear & ((k < start) | (k > end))]), FLOOR)
        crooked = mad((y - base - drawn)[clear & (k >= start) & (k < end)]) / (
            CROOKED * abs(peak) + 2.0 * rest
        )
        worth = fit(unexplained((y - base)[clear], drawn[clear], sigma)) * secure(abs(peak) / sigma)
        worth /= max(1.0, crooked) ** 2
        ms = trace.width * trace.dt
        words = f"a straight line to {1e3 * peak:+.3g} pA from {start * ms:.4g} to {end * ms:.4g} ms"
        found = Sight("ramp", worth, words)
        if end == len(y):  # a command without noise doesn't drift
            drifts = trace.noise > 10.0 * FLOOR
            found = found.less(TO_THE_END[0 if drifts else 1], "it lasts to the end of the sweep")
        yield found


def hinge(y: np.ndarray, end: int) -> tuple[int, float, float]:
    """Fit, by least squares, a baseline that a straight line leaves at one block and comes back to at another.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
        Block medians (nA).
    end : int
        The block at which the line ends.

    Returns
    -------
    int, float, float
        The block at which it starts, the baseline (nA), the slope (nA a block).
    """
    best = (np.inf, 0, 0.0, 0.0)
    use = np.abs(np.arange(len(y)) - end) > 1
    for start in range(max(1, end - 3)):
        line = ramp(len(y), start, end, 1.0)[use]
        off = line - line.mean()
        if not off.any():
            continue
        slope = float(off @ y[use]) / float(off @ off)
        base = float(y[use].mean() - slope * line.mean())
        rest = float(np.abs(y[use] - base - slope * line).sum())
        best = min(best, (rest, start, base, slope))
    return best[1:]


def ramp(m: int, start: int, end: int, slope: float) -> np.ndarray:
    """Draw a line of that slope between two blocks, zero elsewhere."""
    k = np.arange(m)
    return np.where((k >= start) & (k < end), slope * (k - start + 0.5), 0.0)
