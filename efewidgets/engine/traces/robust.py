"""Lines and levels that a minority of samples, such as the crosstalk of action potentials, can't move."""

from __future__ import annotations

from typing import Any

import numpy as np

POINTS = 200  # blocks of a line
MANY = 20_000  # samples that are enough to scale a shape


def median(x: np.ndarray) -> Any:
    """``np.median`` of samples (n,), the same number in half the time: one selection, and no frame around it.

    Selection is numpy's (introselect; Musser 1997, Softw. Pract. Exp. 27:983); of an even number of samples the lower
    of the two in the middle is the largest of those that it leaves below.
    """
    n = len(x)
    if not isinstance(x, np.ndarray) or x.ndim != 1 or not n or x.dtype not in (np.float32, np.float64):
        return np.median(x)
    half = n // 2
    part = x.copy()
    part.partition(half)
    upper = part[half]
    if np.isnan(part[half:].max()):  # a NaN is sorted to the end, and is the median of all
        return np.median(x)
    zero = x.dtype.type(0)  # which numpy's mean of the middle begins with: it gives no -0
    return zero + upper if n % 2 else x.dtype.type(0.5) * (zero + part[:half].max() + upper)


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
    np.fill_diagonal(apart, np.nan)
    slope = float(np.median(np.nanmedian((middle[None, :] - middle[:, None]) / apart, axis=1)))
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
