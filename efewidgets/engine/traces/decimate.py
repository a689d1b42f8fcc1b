"""Fewer samples for drawing, and no spike lost: the lowest and the highest sample of every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..long.array import LONG, LongArray
from .long_thinning import min_max_between


def min_max_indices(y: ArrayLike, n_bins: int) -> NDArray[np.intp]:
    """Return the samples to draw so that the line looks the same with `n_bins` pixels across.

    The trace is cut into at most `n_bins` runs of equally many samples, and of each run the lowest and the
    highest sample are kept. So what is drawn are real samples at their real times, and a spike keeps its peak
    however narrow it is; averages, every n-th sample or "largest triangle three buckets" would lose some.

    Parameters
    ----------
    y : array_like, shape (n,)
        The trace. Samples that aren't finite are gaps.
    n_bins : int
        How many pixels wide the trace will be drawn, at least 1.

    Returns
    -------
    ndarray of int, shape (m,)
        Rising indices into `y`, with the first and the last sample. ``m <= 4 * n_bins + 3``; all of them
        if `y` has at most ``2 * n_bins`` samples. Where a gap lies between two kept samples, a sample of
        the gap is kept too, so that the line is broken there.

    Raises
    ------
    ValueError
        If `y` isn't one-dimensional or `n_bins` is below 1.
    """
    if isinstance(y, LongArray):
        return min_max_between(y, 0, len(y), n_bins)
    trace = np.asarray(y)
    if trace.ndim != 1:
        raise ValueError(f"A trace has one dimension, this one has {trace.ndim}.")
    if n_bins < 1:
        raise ValueError(f"The number of bins is {n_bins}; at least 1 is needed.")
    if trace.size <= 2 * n_bins:
        return np.arange(trace.size)
    finite = np.isfinite(trace)
    whole = bool(finite.all())
    lowest = _argbest(trace if whole else np.where(finite, trace, np.inf), n_bins, np.argmin)
    highest = _argbest(trace if whole else np.where(finite, trace, -np.inf), n_bins, np.argmax)
    kept = np.unique(np.concatenate(([0], lowest, highest, [trace.size - 1])))
    return kept if whole else _with_gaps(kept, finite)


def min_max_of(y: Any, first: int, last: int, n_bins: int) -> NDArray[np.intp]:
    """Return the samples to draw of a stretch, counted from the first sample of all; as `min_max_indices`.

    Parameters
    ----------
    y : array or LongArray, shape (n,)
    first, last : int
        The first sample of the stretch, and the first after it.
    n_bins : int
    """
    if isinstance(y, LongArray) and last - first > LONG:
        return min_max_between(y, first, last, n_bins)
    return first + min_max_indices(y[first:last], n_bins)


def _argbest(trace: NDArray[Any], n_bins: int, argbest: Any) -> NDArray[np.intp]:
    """Index of the lowest (argmin) or highest (argmax) sample in each of at most `n_bins` runs."""
    width = -(-trace.size // n_bins)
    n_full = trace.size // width
    starts = np.arange(n_full) * width
    best = starts + argbest(trace[: n_full * width].reshape(n_full, width), axis=1)
    rest = trace[n_full * width :]
    return np.append(best, n_full * width + argbest(rest)) if rest.size else best


def _with_gaps(kept: NDArray[np.intp], finite: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Add one sample of the gap wherever two neighbours among the kept ones have a gap between them."""
    gaps = np.flatnonzero(~finite)
    after = np.searchsorted(gaps, kept[:-1], side="right")  # the first gap sample after each kept one
    between = after < gaps.size
    first_gap = gaps[np.minimum(after, gaps.size - 1)]
    between &= first_gap < kept[1:]
    return np.unique(np.concatenate((kept, first_gap[between])))
