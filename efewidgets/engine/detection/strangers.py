"""Whether a sweep shows something else than the other sweeps of its protocol.

Method. The sweep's outline (its block medians) is explained, by least squares, with what the protocol allows: one
level for each stretch between the timings, a drift, and the outlines of the other sweeps. What is left must neither
jump clearly, nor move more within the stimulus than outside it, and its samples must not be far noisier. A sweep that
changes at half of the timings, and seldom elsewhere, is none of another kind, whatever else its rig or its cell do to
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from .segments import partition, sharp
from .trace import FLOOR, mad, median
from .window import Window

CLEAR = 8.0  # times the noise of the outline: what is left is something
SHARE = 0.35  # of what the outline does: so much must be left
SMALL = 0.05  # of what the others do: what is smaller is no stimulus
LASTS = 3  # blocks
SELDOM = 0.25  # of all places
RESTLESS = 4.0  # times the noise of the others
SHAPES = 3  # of the other sweeps, that are told apart


def foreign(window: Window, edges: Mapping[str, int], others: Sequence[Window], shapes: bool = True) -> bool:
    """Tell whether a sweep's current contradicts the timings on which others agree.

    Parameters
    ----------
    window : Window
        Of the sweep.
    edges : mapping of str to int
        Timings of the others (samples of this sweep).
    others : sequence of Window
        Sweeps that have these timings.
    shapes : bool
        Whether what the others have in common explains the sweep, too; not where none of them is sure to be a
        stimulus of constant levels.
    """
    y = window.outline
    small = small_beside(others)
    if window.noise > max(small, RESTLESS * max((w.noise for w in others), default=np.inf)):
        return True
    if _wander(window) > max(small, 2.0 * window.noise, RESTLESS * max(map(_wander, others), default=np.inf)):
        return True
    if len(y) < 5 * LASTS:
        return False
    time = (np.arange(len(y)) + 0.5) * window.block * window.dt
    theirs = _shapes(time, [w for w in others if w is not window]) if shapes else []
    limits = np.array([v * window.dt for v in edges.values()])
    away = np.abs(time[:, None] - limits[None, :]).min(axis=1) > 1.5 * window.block * window.dt
    stretch = np.searchsorted(limits, time)
    inside = (stretch > 0) & (stretch < len(limits))
    levels = [(stretch == k).astype(float) for k in range(1, len(limits))]
    basis = np.stack([np.ones_like(time), time / time[-1], *levels, *theirs], axis=1)[away]
    y, inside = y[away], inside[away]
    if len(y) < 5 * LASTS:
        return False
    rest = y - basis @ np.linalg.lstsq(basis, y, rcond=1e-9)[0]
    noise = max(_wander(window), window.noise / max(1, window.block) ** 0.5, FLOOR)
    least = max(CLEAR * noise, small)
    if np.abs(rest).sum() < SHARE * np.abs(y - np.median(y)).sum():
        return False
    if _changes(window, limits, least) >= 0.5 * len(limits):
        return False
    return _jumps(rest, least) or _moves(rest, inside, least)


def small_beside(others: Sequence[Window]) -> float:
    """Find what (nA) is no stimulus beside those of other sweeps."""
    typical = [float(np.ptp(np.quantile(w.outline, (0.02, 0.98)))) for w in others if len(w.outline)]
    return SMALL * median(np.array(typical)) if typical else 0.0


def _wander(window: Window) -> float:
    """What an outline does from block to block (nA)."""
    return mad(np.diff(window.outline)) / 2**0.5


def _changes(window: Window, limits: np.ndarray, least: float) -> int:
    """Count the times (ms) at which the outline changes by a good part of all that it does; none if it always does."""
    y = window.outline
    least = max(least, 0.2 * float(np.ptp(np.quantile(y, (0.05, 0.95)))))
    places = (limits / (window.block * window.dt)).astype(int)
    count = sum(_change(y, k) > least for k in places.tolist())
    elsewhere = [_change(y, k) > least for k in range(LASTS, len(y) - LASTS)] if count else []
    return 0 if sum(elsewhere) > SELDOM * len(y) + 2 * LASTS * len(limits) else count


def _change(y: np.ndarray, k: int) -> float:
    """By how much an outline changes at a block; 0 at its ends."""
    before, after = y[max(0, k - LASTS) : k], y[k + 1 : k + 1 + LASTS]
    return abs(median(after) - median(before)) if len(before) and len(after) else 0.0


def _shapes(time: np.ndarray, others: Sequence[Window]) -> list[np.ndarray]:
    """Return what the outlines of other sweeps have in common, at the times (ms) of one; each an array (n,)."""
    known = [w for w in others if len(w.outline) > 1 and len(w.outline) * w.block * w.dt > 0.5 * time[-1]]
    if not known:
        return []
    outlines = np.array(
        [np.interp(time, (np.arange(len(w.outline)) + 0.5) * w.block * w.dt, w.outline) for w in known]
    )
    outlines -= outlines.mean(axis=1, keepdims=True)
    _, sizes, shapes = np.linalg.svd(outlines, full_matrices=False)
    return [shape for size, shape in zip(sizes[:SHAPES], shapes, strict=False) if size > 0.05 * sizes[0] > 0]


def _jumps(rest: np.ndarray, least: float) -> bool:
    bounds = [0, *sharp(rest, partition(rest)).tolist(), len(rest)]
    parts = [rest[a:b] for a, b in pairwise(bounds)]
    changes = [abs(median(b) - median(a)) for a, b in pairwise(parts) if min(len(a), len(b)) >= LASTS]
    return max(changes, default=0.0) > least


def _moves(rest: np.ndarray, inside: np.ndarray, least: float) -> bool:
    if min(inside.sum(), (~inside).sum()) < LASTS:
        return False
    within, outside = (float(np.sqrt(np.mean(rest[part] ** 2))) for part in (inside, ~inside))
    return within > max(0.5 * least, 4.0 * outside)
