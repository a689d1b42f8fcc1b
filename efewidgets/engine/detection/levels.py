"""Piecewise-constant levels of a current, and the choice among their edges that fits a stimulus family.

Method. All ways of giving the family's timings to the edges (`segments`) are compared by the absolute charge
they leave unexplained, so that a long small step wins over a short tall test pulse. Stretches that must share
a level (baseline before and after) count as one. The segments are generous: test pulses and artefacts have their
own, and the comparison is what leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np

from .segments import segments
from .trace import Trace, median

TOO_MANY = 4000  # ways of placing the timings
INSIDE = 2.0  # weight of what is unexplained within the stimulus: it is rarely interrupted
SHORTEST = 0.01  # of the sweep: a level among several
RIVAL = 0.6  # of the charge of one stimulus, or of what it leaves unexplained: it might as well be the other
ELSEWHERE = 0.7  # windows that share less than this of their time are different stimuli


@dataclass(frozen=True)
class Fit:
    """The best way of giving a family's timings to the edges.

    Attributes
    ----------
    places : tuple of int
        Position of each timing in the list of edges.
    edges : numpy.ndarray, shape (k,)
        All edges (samples), ends of the sweep included.
    levels : numpy.ndarray, shape (k - 1,)
        Median current of each stretch between two edges (nA).
    explained : float
        Share of the absolute charge off the baseline that the template explains, 0 to 1.
    rival : float
        Charge that this choice leaves unexplained, relative to what the next best of the clearly different
        ones leaves: near 1 if it might as well be the other.
    """

    places: tuple[int, ...]
    edges: np.ndarray
    levels: np.ndarray
    explained: float
    rival: float


def stretches(trace: Trace, given: Sequence[int] = ()) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Cut a current into constant stretches.

    Returns
    -------
    Trace
        The current without drift.
    numpy.ndarray, shape (k,)
        Edges (samples), ends of the sweep included.
    numpy.ndarray, shape (k - 1,)
        Level between each two (nA).
    """
    trace, found = segments(trace)
    known = [k for k in given if 0 < k < trace.n]
    if known:  # a given edge stands for those found within two blocks of it
        found = np.array([e for e in found if min(abs(e - k) for k in known) > 2 * trace.width], dtype=int)
    edges = np.unique(np.concatenate(([0], found, np.array(known, dtype=int), [trace.n]))).astype(int)
    return trace, edges, np.array([level(trace, a, b) for a, b in pairwise(edges)])


def level(trace: Trace, start: int, end: int) -> float:
    """Median current (nA) between two samples, from whole blocks where there are enough of them."""
    a, b = -(-start // trace.width), end // trace.width
    if b - a >= 3:
        return median(trace.coarse[a:b])
    return median(trace.x[start:end])


def choose(
    edges: np.ndarray,
    levels: np.ndarray,
    shape: Sequence[int],
    fixed: Mapping[int, int],
) -> Fit | None:
    """Give the timings of a family to the edges so that least charge is left unexplained.

    Parameters
    ----------
    edges : numpy.ndarray, shape (k,)
        Edges (samples), ends included.
    levels : numpy.ndarray, shape (k - 1,)
        Level between each two (nA).
    shape : sequence of int
        For each stretch of the family the number of its level, 0 being the baseline: (0, 1, 0) for a step.
    fixed : mapping of int to int
        Timings (by position) that are given (samples).
    """
    inner, need = len(edges) - 2, len(shape) - 1
    if inner < need or comb(inner, need) > TOO_MANY:
        return None
    ways = np.array(list(combinations(range(1, inner + 1), need)))
    if need > 2:  # a level of its own lasts
        ways = ways[(np.diff(edges[ways], axis=1) >= SHORTEST * edges[-1]).all(axis=1)]
    for position, sample in fixed.items():
        ways = ways[edges[ways[:, position]] == sample]
    if not len(ways):
        return None
    weight = np.diff(edges)
    off = np.abs(levels[:, None] - levels[None, :]) * weight[None, :]  # (level tried, stretch)
    run = np.concatenate((np.zeros((len(levels), 1)), np.cumsum(off, axis=1)), axis=1)
    bound = np.concatenate((np.zeros((len(ways), 1), int), ways, np.full((len(ways), 1), inner + 1)), axis=1)
    cost = np.zeros(len(ways))
    for group in set(shape):
        parts = [run[:, bound[:, k + 1]] - run[:, bound[:, k]] for k, g in enumerate(shape) if g == group]
        cost += (INSIDE if group else 1.0) * np.sum(parts, axis=0).min(axis=0)
    flat = float(run[:, -1].min())
    best = int(np.argmin(cost))
    start, end = edges[ways[:, 0]], edges[ways[:, -1]]
    common = np.minimum(end, end[best]) - np.maximum(start, start[best])
    different = common < ELSEWHERE * (np.maximum(end, end[best]) - np.minimum(start, start[best]))
    rival = float(cost[different].min()) if different.any() else np.inf
    return Fit(
        places=tuple(int(w) for w in ways[best]),
        edges=edges,
        levels=levels,
        explained=1.0 - float(cost[best]) / flat if flat > 0 else 0.0,
        rival=float(cost[best]) / rival if rival > 0 else 1.0,
    )
