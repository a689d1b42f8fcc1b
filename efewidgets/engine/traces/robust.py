"""Lines and levels that a minority of samples, such as the crosstalk of action potentials, can't move."""

from __future__ import annotations

from typing import Any

import numpy as np

POINTS = 200  # blocks of a line
FEW = 2000  # samples that are selected from as fast as they are counted
#: Of more samples so many are sorted, and so far from its due place among these a rank is sought
SOME, NEAR = 512, 24
MANY = 20_000  # samples that are enough to scale a shape


def ranked(x: np.ndarray, first: int, last: int) -> tuple[Any, Any]:
    """Return the values that have the ranks `first` and `last`, the same or the next, among samples (n,) of floats.

    Some of the samples, sorted, tell about where they are; one look at all counts how many lie below, and only the few
    between are selected from (Floyd & Rivest 1975, Commun. ACM 18:165). A converter knows so few levels that they are
    mostly one, which needs no selection.
    """
    if not isinstance(x, np.ndarray):  # of a long array all orders are had so
        ordered = np.partition(x, last)
        return ordered[first], ordered[last]
    if len(x) >= FEW:
        some = np.sort(x[:: len(x) // SOME])
        at = len(some) * first // len(x)
        for near in (0, NEAR):
            low, high = some[max(at - near, 0)], some[min(at + near, len(some) - 1)]
            below = int(np.count_nonzero(x < low))
            if below <= first and last < np.count_nonzero(x <= high):
                if low == high:
                    return low, low
                return _selected(x[(x >= low) & (x <= high)], first - below, last - below)
    return _selected(x.copy(), first, last)


def _selected(x: np.ndarray, first: int, last: int) -> tuple[Any, Any]:
    """As `ranked`, by numpy's selection (introselect; Musser 1997, Softw. Pract. Exp. 27:983), in place."""
    x.partition(last)
    return (x[:last].max() if first < last else x[last]), x[last]


def median(x: np.ndarray) -> Any:
    """``np.median`` of samples (n,), the same number in a fraction of the time."""
    n = len(x)
    if not isinstance(x, np.ndarray) or x.ndim != 1 or not n or x.dtype not in (np.float32, np.float64):
        return np.median(x)
    if np.isnan(x.max()):  # the median of all
        return np.median(x)
    lower, upper = ranked(x, (n - 1) // 2, n // 2)
    zero = x.dtype.type(0)  # which numpy's mean of the middle begins with: it gives no -0
    return zero + upper if n % 2 else x.dtype.type(0.5) * (zero + lower + upper)


def spread(x: np.ndarray) -> float:
    """Estimate the standard deviation of a normal sample (n,) from its median absolute deviation; 0 if empty."""
    return 1.4826 * float(median(np.abs(x - median(x)))) if len(x) else 0.0


def line(y: np.ndarray) -> tuple[float, float]:
    """Lay a straight line through samples: the repeated median, which bears with almost half of them being off.

    Parameters
    ----------
    y : array (n,)
        At least one sample.

    Returns
    -------
    level, slope : float
        Value at the first sample, and rise from one sample to the next.

    References
    ----------
    Siegel 1982, Biometrika 69:242.
    """
    width = max(1, len(y) // POINTS)
    m = len(y) // width
    middle = np.median(y[: m * width].reshape(m, width), axis=1).astype(np.float64)
    at = (np.arange(m) + 0.5) * width - 0.5
    if m < 2:
        return float(np.median(y)), 0.0
    apart = at[None, :] - at[:, None]
    np.fill_diagonal(apart, 1.0)
    slopes = (middle[None, :] - middle[:, None]) / apart
    others = slopes.ravel()[:-1].reshape(m - 1, m + 1)[:, 1:].reshape(m, m - 1)  # without the diagonal
    slope = float(np.median(np.median(others, axis=1)))
    return float(np.median(middle - slope * at)), slope


def scale(shape: np.ndarray, y: np.ndarray) -> float:
    """Find the factor by which a shape becomes the samples, with least absolute deviation.

    Parameters
    ----------
    shape, y : array (n,)

    Returns
    -------
    float
        0 for a shape that is zero throughout.
    """
    step = max(1, len(shape) // MANY)
    x, y = np.asarray(shape[::step], dtype=np.float64), np.asarray(y[::step], dtype=np.float64)
    inside = np.abs(x) > 0.25 * np.abs(x).max() if len(x) and np.abs(x).max() > 0 else np.zeros(len(x), bool)
    if not inside.any():
        return 0.0
    ratio, weight = y[inside] / x[inside], np.abs(x[inside])
    order = np.argsort(ratio)
    total = np.cumsum(weight[order])
    return float(ratio[order][np.searchsorted(total, 0.5 * total[-1])])
