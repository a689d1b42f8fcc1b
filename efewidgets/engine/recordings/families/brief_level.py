"""The level of a pulse so brief that its slopes are a good part of it.

BluePyEfe takes the median from its first sample to its last, slopes included. A filter that blurs the ends of a pulse
leaves its charge as it was, and its width at half its height: where charge over width says more than the median, and as
much as the summit shows, the pulse is as high as that. The transients of a capacitance have a summit of their own, and
change nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BRIEF = 5.0  # ms
SHARE = 0.03  # by which the two must differ
SUMMIT = 0.9  # of the summit: so much must be explained
FEWEST = 5  # samples of a pulse: between so many no filter lets one stand apart,
GLITCH = 0.25  # of the height, from both beside it
FOOT = 0.05  # of the height: what is lower isn't counted


def brief_level(current: np.ndarray, first: int, last: int, dt: float, base: Any, usual: Any) -> Any:
    """Return the level (nA) of a pulse.

    Parameters
    ----------
    current : array (n,)
        nA.
    first, last : int
        First sample of the pulse, and the first after it.
    dt : float
        ms.
    base : float
        Holding current (nA).
    usual : float
        The median of the pulse (nA).
    """
    if not 0 < (last - first) * dt <= BRIEF or usual == base:
        return usual
    sign, around = float(np.sign(usual - base)), last - first
    start = max(0, first - around)
    x = sign * (current[start : last + around].astype(np.float64) - float(base))
    if around >= FEWEST:
        x = without_glitches(x, abs(float(usual - base)))
    top = first - start + int(np.argmax(x[first - start : last - start]))
    summit = float(x[top])
    a, b = _run(x, top, 0.5 * summit)
    foot, end = _run(x, top, FOOT * summit)
    if a == 0 or b == len(x):
        return usual
    width = b - a + 1 - _part(x[a], x[a - 1], summit) - _part(x[b - 1], x[b], summit)
    height = float(x[foot:end].sum()) / width
    explains = (1.0 + SHARE) * abs(float(usual - base)) < height and SUMMIT * summit <= height
    return np.float64(base + sign * height) if explains else usual


def without_glitches(x: np.ndarray, height: float) -> np.ndarray:
    """Return a pulse (n,) whose single samples that are far above or below both their neighbours are as these."""
    beside = np.stack((x[:-2], x[2:]))
    low, high = beside.min(axis=0), beside.max(axis=0)
    apart = np.maximum(low - x[1:-1], x[1:-1] - high)
    found = np.flatnonzero((apart > GLITCH * height) & (low > 0.5 * height)) + 1
    if len(found):
        x = x.copy()
        x[found] = beside.mean(axis=0)[found - 1]
    return x


def _run(x: np.ndarray, at: int, least: float) -> tuple[int, int]:
    """Return the first sample and the first after the run of samples above `least` that holds a sample."""
    below = np.flatnonzero(x <= least)
    k = int(np.searchsorted(below, at))
    return int(below[k - 1]) + 1 if k else 0, int(below[k]) if k < len(below) else len(x)


def _part(inside: float, outside: float, summit: float) -> float:
    """Return how far (samples) from the sample inside towards that outside half the height is left, short of 1."""
    return 1.0 - float((inside - 0.5 * summit) / (inside - outside))
