"""A feature that eFEL has in Python, where it takes most of the time of a trace, by the same rules in a fraction.

`efel_proof` compares it with eFEL's own, as all features of the private engine, before it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NO_SPIKE = -50.0  # mV; from here on a membrane without a spike's begin is blocked
LOW = -75.0  # mV; below, it is hyperpolarised


def depol_block(feature: Callable[[str], Any], setting: Callable[[str], float]) -> Callable[[], Any]:
    """Return eFEL's `depol_block`, which looks at a trace as numbers twenty times; here as flags, where these change.

    Parameters
    ----------
    feature, setting : callable
        Return the values of a C++ feature, and a setting, by name.
    """

    def found() -> np.ndarray | None:
        voltage, time = feature("voltage"), feature("time")
        begins = feature("AP_begin_voltage")
        start, end = np.searchsorted(time, (setting("stim_start"), setting("stim_end")))
        if max(start, end) == len(time):
            raise IndexError("the stimulus ends after the trace")  # as eFEL's does
        if begins is None:
            return np.array([1])
        longest = setting("depol_block_min_duration")
        up, down = _crossings(voltage > (np.mean(begins) if begins.size else NO_SPIKE))
        if not len(up) or _lasts(time, up, down, end) > longest:
            return None
        up, down = _crossings(voltage > LOW)
        down = down[(down > start) & (down < end)]
        up = up[(up > start) & (up < end) & (up > down[0])] if len(down) else up
        return None if len(down) and _lasts(time, down, up, end) > longest else np.array([1])

    return found


def _crossings(above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last samples before a trace gets above a level, and before it gets below it, arrays (n,)."""
    at = np.flatnonzero(above[1:] != above[:-1])
    rises = above[at + 1]
    return at[rises], at[~rises]


def _lasts(time: np.ndarray, first: np.ndarray, last: np.ndarray, end: int) -> Any:
    """Return the longest time (ms) from a crossing to the next the other way; what doesn't come back lasts to `end`."""
    if len(first) > len(last):
        last = np.append(last, end)
    return np.max(time[last[: len(first)]] - time[first])
