"""Averages that are the same whatever the order of the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def mean(values: Sequence[Any]) -> float:
    """Mean of numbers, None and nan left out; nan without any. The sum is exact, so that the order is nothing to it."""
    try:
        total = math.fsum(values)
    except TypeError:  # there is a None
        total = math.nan
    if math.isnan(total):
        values = [value for value in values if value is not None and not math.isnan(value)]
        total = math.fsum(values)
    return total / len(values) if len(values) else math.nan


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Mean and population standard deviation of numbers; nan without any.

    The sums are numpy's own over the sorted values, so that where all are equal the rounding is BluePyEfe's; without
    the checks that take most of the time of ``np.std`` on a few values.
    """
    if not len(values):
        return np.nan, np.nan
    ordered = np.sort(np.asarray(values, dtype=float))
    average = np.add.reduce(ordered) / len(ordered)
    off = ordered - average
    return float(average), float(np.sqrt(np.add.reduce(off * off) / len(ordered)))
