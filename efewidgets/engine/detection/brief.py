"""Pulses too short for the coarse search: a millisecond or less of a strong current, or of a test pulse.

Method. The baseline is a running median over block medians, to which a pulse of less than three blocks is nothing.
What leaves it for good (a running minimum over `LASTS`) by many times the noise, and stays at one height, is a pulse;
the tallest kind is taken first, then the current is searched again without it. Ends are where half the height is
crossed. Within a block of a lasting change of the current only what is far higher than the change is looked for: there
the transients of edges are.
"""

from __future__ import annotations

import numpy as np

from ..long.array import LongArray, held
from ..long.looks import runs as runs_of
from .edges import by_sides
from .trace import Trace, mad, median
from .window import Box

LASTS = 0.2  # ms, and 3 samples; what is shorter is a glitch
STANDS = 10.0  # times the noise
KINDS = 4  # heights, at most
MANY = 12  # pulses; more of them are activity
AROUND = 7  # blocks of which the baseline is the median
TRANSIENT = 10.0  # times the jump of the baseline beside it: what is higher is no transient of it
FLAT = 0.4  # of the height: how far most samples of a pulse may be apart
SLOPE = 0.3  # ms that a pulse may take to rise or to fall


def runs(inside: np.ndarray) -> np.ndarray:
    """List the first sample of each run of True, and the first sample after it; shape (k, 2)."""
    if isinstance(inside, LongArray):
        return runs_of(inside)
    change = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(np.int8), [0]))))
    return change.reshape(-1, 2)


def brief_pulses(trace: Trace, most: int = MANY) -> list[Box]:
    """Find the pulses that are shorter than about two blocks.

    Parameters
    ----------
    trace : Trace
        The current.
    most : int
        So many pulses are a stimulus; more of them are activity.

    Returns
    -------
    list of Box
        Each pulse, its limits exact, in the order of time; empty if there are too many to be pulses.
    """
    if trace.width == 1 or len(trace.coarse) < 2 * AROUND:
        return []
    sigma = max(trace.noise, trace.step)
    lasts = max(3, trace.samples(LASTS))
    base, beside = baseline(trace)
    if not _stands_out(trace, base, beside, STANDS * sigma):  # as in most sweeps
        return []
    off, held = above_baseline(trace, base, beside)
    found: list[Box] = []
    for _ in range(KINDS):
        kind, held = _tallest(off, held, lasts, STANDS * sigma, trace)
        if len(found) + len(kind) > most:
            return []
        found += kind
        if not held.any():
            break
    return sorted(found, key=lambda b: b.start)


def baseline(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Measure the baseline of each block (nA), and the jump of the baseline within or beside it; arrays (m,)."""
    y, half = trace.coarse, AROUND // 2
    padded = np.concatenate((np.full(half, y[0]), y, np.full(half, y[-1])))
    wide = np.lib.stride_tricks.sliding_window_view(padded, AROUND)
    base = np.partition(wide, half, axis=1)[:, half]
    step = np.abs(np.diff(base))
    jump = np.flatnonzero(step > max(6.0 * mad(step), 4.0 * trace.noise / trace.width**0.5, trace.floor))
    beside = np.zeros(len(base))
    for k in jump:
        beside[max(0, k - 1) : k + 3] = np.maximum(beside[max(0, k - 1) : k + 3], step[k])
    return base, beside


def _stands_out(trace: Trace, base: np.ndarray, beside: np.ndarray, least: float) -> bool:
    """Whether any sample is so far from its baseline that it may be of a pulse, by the ends of each block."""
    starts = np.arange(len(base)) * trace.width
    high, low = np.maximum.reduceat(trace.x, starts) - base, base - np.minimum.reduceat(trace.x, starts)
    return bool((np.maximum(high, low) >= np.maximum(TRANSIENT * beside, least)).any())


def above_baseline(trace: Trace, base: np.ndarray, beside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure the current above its baseline (nA), and tell where a pulse may be; arrays (n,).

    Beside a jump of the baseline only what is much higher than the jump may be one: no transient of it.
    """
    repeats = np.full(len(base), trace.width)
    repeats[-1] += trace.n - len(base) * trace.width
    off = trace.x - held(base, repeats, trace.x)
    return off, np.abs(off) >= TRANSIENT * held(beside, repeats, trace.x)


def _tallest(
    off: np.ndarray, free: np.ndarray, lasts: int, least: float, trace: Trace
) -> tuple[list[Box], np.ndarray]:
    """Return the tallest pulses, and where others may be."""
    size = np.where(free, np.abs(off), 0.0)
    if float(size.max(initial=0.0)) < least:
        return [], np.zeros_like(free)
    # only what stands out at all is worth a running minimum
    top = 0.0
    for a, b in runs(size > least):
        if b - a >= lasts:
            part = np.lib.stride_tricks.sliding_window_view(size[a:b], lasts)
            top = max(top, float(part.min(axis=1).max()))
    if top == 0.0:
        return [], np.zeros_like(free)
    free, found = free.copy(), []
    margin = trace.samples(SLOPE)
    for sign in (1.0, -1.0):
        for a, b in runs(sign * np.where(free, off, 0.0) > 0.5 * top):
            if b - a >= lasts and rectangular(off, int(a), int(b), margin):
                found.append(exact(off, int(a), int(b), trace))
            free[max(0, a - margin) : b + margin] = False
    return found, free


def rectangular(off: np.ndarray, start: int, end: int, margin: int) -> bool:
    """Whether a run stays at one height and drops from it at both ends, at once."""
    inner = off[start:end] if end - start < 6 else off[start + 1 : end - 1]
    high = median(inner)
    low, up = np.quantile(inner, (0.1, 0.9))
    before, after = off[max(0, start - margin)], off[min(len(off) - 1, end + margin - 1)]
    rests = all(abs(side) < 0.3 * abs(high) for side in (before, after))
    return bool(up - low <= FLAT * abs(high)) and (rests or start == 0)


def exact(off: np.ndarray, start: int, end: int, trace: Trace) -> Box:
    """Place the ends of a pulse, backing up the slope of a slow one, as the ends of other stimuli are placed."""
    high, middle, reach = median(off[start:end]), (start + end) // 2, trace.samples(0.5)
    near = max(1, trace.samples(SLOPE))
    first, last = start, end
    if start > reach:
        first = by_sides(off, near, start - reach, middle, 0.0, high, trace.noise).sample
    if end + reach < len(off):
        last = by_sides(off, near, max(middle, first + 1), end + reach, high, 0.0, trace.noise).sample
    return Box(first, max(last, first + 1), high)


def charge(box: Box) -> float:
    """Charge of a stretch of current (nA times samples), without its sign."""
    return abs(box.amplitude) * (box.end - box.start)
