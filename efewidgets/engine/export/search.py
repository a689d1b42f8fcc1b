"""What is found of a model before it is played a protocol: the current that holds it, and its rheobase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: The step with which a rheobase is searched where no recording says another (BluePyEModel's), ms
USUAL_STEP = {"delay": 500.0, "duration": 2000.0, "totduration": 3000.0}

#: ms: how long a model is held before the voltage is looked at, and how long that is
HOLD, LOOK = 500.0, 100.0

#: nA; a model's holding current is searched within this, or within five times the cells'
LEAST_BOUND = 0.2

#: mV; so near to the voltage where the cells were held is near enough
NEAR = 0.02

#: A model's rheobase is found to this fraction of the cells', whose own is no surer than the steps they were given
PRECISION = 5e-3

#: Plays a square pulse (delay, duration, nA, ms in all) on a holding current (nA); returns time (ms) and voltage (mV)
Play = Callable[[Mapping[str, float], float, float], tuple[np.ndarray, np.ndarray] | None]

_NO_STEP = {"delay": 0.0, "duration": 0.0, "totduration": HOLD}


def find_holding(play: Play, said: Mapping[str, Any]) -> float | None:
    """Return the current (nA) that brings a model to the voltage where the cells were held; None if there is none.

    Where that voltage isn't known, it is the cells' current.

    Parameters
    ----------
    play : callable
        ``play(step, amp, holding)``; None for a model that fails.
    said : dict
        "voltage" (mV or None) and "mean" (nA or None), as `fit.fit_data` has them.
    """
    wanted, usual = said["voltage"], said["mean"] or 0.0
    if wanted is None:
        return float(usual)

    def off(current: float) -> float:
        found = play(_NO_STEP, 0.0, current)
        if found is None:
            return math.nan
        late = np.linspace(HOLD - LOOK, HOLD, 101)  # with a varying step there may be no sample of its own
        return float(np.mean(np.interp(late, *found))) - wanted

    bound = max(LEAST_BOUND, 5.0 * abs(usual))
    return crossing(off, -bound, bound, 1e-4 * bound, NEAR)


def find_rheobase(play: Play, said: Mapping[str, Any], holding: float) -> float | None:
    """Return the lowest current (nA above the holding current) at which a model has a spike; None if none has.

    Parameters
    ----------
    play : callable
        As of `find_holding`.
    said : dict
        "mean" (nA), "step" (dict or None) and "threshold" (mV), as `fit.fit_data` has them.
    holding : float
    """
    step = said["step"] or USUAL_STEP
    begin, end = step["delay"], step["delay"] + step["duration"]

    def spikes(amp: float) -> bool:
        found = play(step, amp, holding)
        if found is None:
            return False
        time, above = found[0], found[1] > said["threshold"]
        rises = time[1:][above[1:] & ~above[:-1]]
        return bool(np.any((rises >= begin) & (rises <= end)))

    return lowest(spikes, 2.0 * said["mean"], PRECISION * said["mean"])


def crossing(
    function: Callable[[float], float], low: float, high: float, precision: float, near: float = 0.0
) -> float | None:
    """Return where a rising function is 0 to a precision, or near enough to it; None if not between the two."""
    at_low, at_high = function(low), function(high)
    if not at_low <= 0.0 <= at_high:  # or one isn't known
        return None
    while high - low > precision:
        # where a straight line would be 0, but at least a twentieth of the way from either end
        share = at_low / (at_low - at_high) if at_low < at_high else 0.5
        guess = low + min(max(share, 0.05), 0.95) * (high - low)
        value = function(guess)
        if math.isnan(value):
            return None
        if abs(value) <= near:
            return guess
        if value <= 0.0:
            low, at_low = guess, value
        else:
            high, at_high = guess, value
    return 0.5 * (low + high)


def lowest(holds: Callable[[float], bool], guess: float, precision: float) -> float | None:
    """Return the lowest number for which something holds, to a precision; None if that is 0, or far off."""
    low, high = 0.0, guess
    for _ in range(3):
        if holds(high):
            break
        low, high = high, 2.0 * high
    else:
        return None
    while high - low > precision:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high if low > 0.0 else None
