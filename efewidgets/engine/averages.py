"""Averages that are the same whatever the order of the values: these are sorted before they are summed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def mean(values: Sequence[Any]) -> Any:
    """Mean of numbers, nan left out; in the type of the numbers."""
    ordered = np.sort(np.asarray(values))
    if ordered.dtype == float and not np.isnan(ordered[-1]):  # nan stands last
        return np.add.reduce(ordered) / len(ordered)
    return np.nanmean(ordered)


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Mean and population standard deviation of numbers; nan without any.

    The sums are numpy's own, without the checks that take most of the time of ``np.std`` on a few values.
    """
    if not len(values):
        return np.nan, np.nan
    ordered = np.sort(np.asarray(values, dtype=float))
    average = np.add.reduce(ordered) / len(ordered)
    off = ordered - average
    return float(average), float(np.sqrt(np.add.reduce(off * off) / len(ordered)))
