"""Segments of constant current: where block medians jump.

Method. Block medians are partitioned into at most `MOST` segments with least squares by dynamic programming
(segment neighbourhood search, Auger & Lawrence 1989, Bull. Math. Biol. 51:39; the number of segments by a
penalty on their number as in Killick, Fearnhead & Eckley 2012, J. Am. Stat. Assoc. 107:1590). The slope
that all segments share is drift and is taken away; an edge at which the current changes too slowly for a jump,
as where a wandering baseline was cut into stairs, is none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from ..long.array import places
from ..traces.robust import median as middle
from .edges import dot
from .trace import FLOOR, Trace, mad, median

MOST = 18  # segments
APART = 5  # blocks over which a wandering baseline shows
LONG = 10  # blocks; a segment this long shows a drift
EARLIEST = 1.0  # ms of baseline before the first jump, at least,
FEWEST = 8  # and samples
STANDS = 8.0  # times the noise of a sample: a first jump that hides in a block
SHARP = 0.5  # share of the change between two segments that a jump makes at once


def segments(trace: Trace) -> tuple[Trace, np.ndarray]:
    """Cut a current where it jumps.

    Returns
    -------
    Trace
        The current without drift.
    numpy.ndarray of int
        Samples at which a new segment starts, right to about a block, without 0 and n.
    """
    bounds = partition(trace.coarse)
    for _ in range(3):
        slope = drift(trace.coarse, bounds) / trace.width
        if slope == 0.0:
            break
        trace = replace(trace, x=trace.x - slope * (places(trace.x) - 0.5 * trace.n))
        bounds = partition(trace.coarse)
    found = sharp(trace.coarse, bounds) * trace.width
    first = onset(trace, int(found[0]) if len(found) else trace.n)
    return trace, np.concatenate(([first], found)) if first else found


def onset(trace: Trace, until: int) -> int:
    """Find a jump so early that the block medians hardly show what was before it; 0 if there is none.

    Parameters
    ----------
    trace : Trace
        The current.
    until : int
        First sample at which the medians jump.
    """
    head, few = 2 * trace.width, max(FEWEST, trace.samples(EARLIEST))
    if head <= few or until < 4 * trace.width:
        return 0
    x, later = trace.x[:head], median(trace.coarse[2 : max(3, until // trace.width)])
    before = median(x[:few])
    jump = later - before
    if abs(jump) < STANDS * trace.noise or not trace.resolved(jump):
        return 0
    changed = (x - before) / jump > 0.5
    at = int(np.argmin(np.cumsum(np.where(changed, 1, -1)))) + 1
    if at < few or at > head - FEWEST or changed[:at].mean() > 0.1 or changed[at:].mean() < 0.9:
        return 0
    return at if abs(median(x[at // 2 : at]) - before) < 0.2 * abs(jump) else 0


def partition(y: np.ndarray, most: int = MOST, penalty: float = 4.0) -> np.ndarray:
    """Edges of the least-squares partition of `y` into constant segments.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
        Values, evenly spaced.
    most : int
        Segments at most.
    penalty : float
        Cost of a segment, in units of noise variance times log(m).

    Returns
    -------
    numpy.ndarray of int
        Indexes at which a new segment starts, without 0 and m.
    """
    m = len(y)
    if m < 4:
        return np.empty(0, dtype=int)
    y = y - middle(y)
    wander = [1.4826 * median(np.abs(y[k:] - y[:-k])) / 2**0.5 for k in (1, APART) if k < m]
    sigma = max(*wander, 1e-4 * float(np.ptp(y)), FLOOR)
    one = np.concatenate(([0.0], np.cumsum(y)))
    two = np.concatenate(([0.0], np.cumsum(y * y)))
    index, length, none = _lengths(m)
    cost = (
        one[:, None] - one[None, :]
    )  # of a segment that ends at the row's index and starts at the column's:
    cost *= cost  # argmin is ten times as fast along rows
    cost /= length
    cost = two[:, None] - two[None, :] - cost
    cost[none] = np.inf
    price = penalty * sigma**2 * np.log(m)
    ways = np.empty_like(cost)
    best, back, total = cost[:, 0], [np.zeros(m + 1, dtype=int)], [cost[m, 0] + price]
    for k in range(1, most):
        np.add(best, cost, out=ways)
        came = ways.argmin(axis=1)
        best = ways[index, came]
        back.append(came)
        total.append(best[m] + (k + 1) * price)
        if total[-1] > min(total) and total[-2] > min(total):
            break
    k, end, edges = int(np.argmin(total)), m, []
    while k > 0:
        end = int(back[k][end])
        edges.append(end)
        k -= 1
    return np.array(edges[::-1], dtype=int)


@lru_cache(maxsize=4)
def _lengths(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indexes 0 to m, the length between each two (row minus column), and where that is no length."""
    index = np.arange(m + 1)
    length = (index[:, None] - index[None, :]).astype(float)
    none = length <= 0
    length[none] = 1.0
    return index, length, none


def drift(y: np.ndarray, bounds: np.ndarray) -> float:
    """Slope (nA a block) that the long segments have in common; 0 if it is lost in the noise."""
    above = below = 0.0
    for a, b in pairwise([0, *bounds, len(y)]):
        if b - a >= LONG:
            u = np.arange(b - a) - 0.5 * (b - a - 1)
            above += dot(u, y[a:b])
            below += dot(u, u)
    sigma = max(mad(np.diff(y)) / 2**0.5, FLOOR)
    if below == 0.0 or abs(above) < 5.0 * sigma * below**0.5:
        return 0.0
    slope = above / below
    return slope if abs(slope) * len(y) > 0.1 * float(np.ptp(y)) else 0.0


def sharp(y: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Leave out the edges at which the current changes gradually, the least sharp first."""
    kept = [0, *bounds.tolist(), len(y)]
    sigma = max(mad(np.diff(y)) / 2**0.5, FLOOR)
    share = cache(
        lambda a, b, c: _share(y, a, b, c, sigma)
    )  # of most edges it stays when another is left out
    while len(kept) > 2:
        shares = [share(*around) for around in zip(kept, kept[1:], kept[2:], strict=False)]
        least = int(np.argmin(shares))
        if shares[least] >= SHARP:
            break
        del kept[least + 1]
    return np.array(kept[1:-1], dtype=int)


def _share(y: np.ndarray, a: int, b: int, c: int, sigma: float) -> float:
    """Share of the change between the segments from a to b and from b to c that happens around b."""
    change = median(y[b:c]) - median(y[a:b])
    if change == 0.0:
        return 0.0
    # as few blocks on either side as the noise allows
    near = int(max(3.0, 20.0 * (sigma / change) ** 2))
    if c - b <= 2 * near and b - a <= 2 * near:
        return 1.0
    return (
        median(y[b + 1 : min(c, b + 1 + near)] if c > b + 1 else y[b:c]) - median(y[max(a, b - near) : b])
    ) / change
