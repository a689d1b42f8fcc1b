"""Fewer samples of a long trace for drawing: short runs are looked at once for their extremes, then put together."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..long.array import LongArray
from ..long.made import Made

#: Samples of a run
RUN = 1024

_known: WeakKeyDictionary[Made, _Extremes] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class _Extremes:
    """Where each whole run is lowest and highest, and how low and high that is; arrays (m,)."""

    lowest: NDArray[np.intp]
    highest: NDArray[np.intp]
    low: np.ndarray
    high: np.ndarray


def min_max_between(y: LongArray, first: int, last: int, n_bins: int) -> NDArray[np.intp]:
    """Return the samples to draw of a long trace between two; as `decimate.min_max_indices`, counted from its start.

    Parameters
    ----------
    y : LongArray, shape (n,)
        The trace, finite.
    first, last : int
        The first sample of the stretch, and the first after it.
    n_bins : int
        How many pixels wide it will be drawn. Bins are whole runs, so that they are a few less; besides, the lowest and
        the highest sample of what is left over at both ends are kept.
    """
    start, stop = -(-first // RUN), last // RUN
    if stop - start < n_bins:
        raise ValueError(
            f"{last - first} samples are too few to be thinned out by runs of {RUN} for {n_bins} bins"
        )
    found = _extremes(y.made.in_order())
    together = -(-(stop - start) // n_bins)
    bins = np.arange(start, stop, together)
    kept = [np.array([first, last - 1])]
    for at, values, best in ((found.lowest, found.low, np.argmin), (found.highest, found.high, np.argmax)):
        whole = len(bins) - 1
        inside = values[start : start + whole * together].reshape(whole, together)
        kept.append(at[bins[:whole] + best(inside, axis=1)])
        kept.append(at[bins[whole] + best(values[bins[whole] : stop])][None])
        for low, high in ((first, start * RUN), (stop * RUN, last)):
            if high > low:
                kept.append(np.array([low + int(best(y.part(low, high)))]))
    return np.unique(np.concatenate(kept))


def _extremes(y: Made) -> _Extremes:
    if y not in _known:
        _known[y] = _look_for_extremes(y)
    return _known[y]


def _look_for_extremes(y: Made) -> _Extremes:
    many, together = len(y) // RUN, 256
    found: list[tuple[np.ndarray, ...]] = []
    for run in range(0, many, together):
        first, last = run * RUN, min(run + together, many) * RUN
        rows = y.part(first, last).reshape(-1, RUN)
        begins = np.arange(first, last, RUN)
        lowest, highest = begins + rows.argmin(axis=1), begins + rows.argmax(axis=1)
        flat = rows.ravel()
        found.append((lowest, highest, flat[lowest - first], flat[highest - first]))
    return _Extremes(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
