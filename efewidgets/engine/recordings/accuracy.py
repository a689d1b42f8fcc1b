"""Whether noise may have moved an amplitude by more than can be tolerated.

BluePyEfe measures levels as medians, the holding current in a few milliseconds of the sweep, which slow noise moves.
The second opinion is what all of the baseline and all of the stretch say, and how accurate that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..detection import Window
from ..detection.accuracy import SETTLED, Estimate, Stretches

SHARE = 0.05  # of an amplitude: so wrong it may be,
NOISES = 2.5  # or by so many times the noise of a sample,
LEAST = 5e-4  # or by so much (nA)
SURE = 2.0  # standard errors
PULSES = 0.04  # of the amplitude of a brief pulse: its slopes move the second opinion, too
OF_MEDIANS = 1.25  # times the standard error of a mean


def unsure_amplitudes(
    window: Window,
    edges: Sequence[int],
    between: Mapping[str, Sequence[int]],
    levels: Mapping[str, Any],
    hypamp_is_said: bool,
) -> dict[str, Estimate]:
    """Return what all samples say of the amplitudes that may be wrong.

    Parameters
    ----------
    window : Window
        What the detector saw: it holds the outline of the current.
    edges : sequence of int
        Timings (samples), in their order.
    between : mapping of str to sequence of int
        For each amplitude in question, in which of the stretches between the timings the current is there.
    levels : mapping of str to float
        Those amplitudes, and `hypamp` (nA).
    hypamp_is_said : bool
        Whether `hypamp` is known, rather than measured.
    """
    if not between or not len(window.outline) or not window.noise:
        return {}
    seen = Stretches(window.outline, window.block, edges, round(SETTLED / window.dt), window.noise)
    base = Estimate(float(levels["hypamp"]), 0.0) if hypamp_is_said else seen.level(seen.baseline)
    found = {}
    for name, places in between.items():
        level, amp = seen.level([1 + k for k in places]), float(levels[name])
        if level is None or base is None:
            continue
        all_say = level.above(base)
        if is_unsure(amp, all_say, window.noise):
            found[name] = all_say
    return found


def unsure_pulses(pulses: Sequence[np.ndarray], hypamp: float, amp: float, noise: float) -> Estimate | None:
    """Return what the plateaus of brief pulses say of their amplitude, if it may be wrong.

    Parameters
    ----------
    pulses : sequence of array (n,)
        Current of each pulse (nA).
    hypamp, amp : float
        Holding current, and the amplitude in question (nA).
    noise : float
        Standard deviation of a sample (nA).
    """
    plateaus = [part for part in map(plateau, pulses) if len(part)]
    if not plateaus:
        return None
    level = float(np.median([np.median(part) for part in plateaus])) - float(hypamp)
    second = Estimate(level, OF_MEDIANS * noise / sum(map(len, plateaus)) ** 0.5)
    return second if is_unsure(float(amp), second, noise, PULSES) else None


def plateau(pulse: np.ndarray) -> np.ndarray:
    """Return the samples of a pulse (n,) after it has risen and before it falls; its rise lasts longer than is seen."""
    n = len(pulse)
    return pulse[n // 3 : n - max(1, n // 6)] if n > 3 else pulse


def is_unsure(amp: float, second: Estimate, noise: float, share: float = SHARE) -> bool:
    """Whether an amplitude (nA) may be farther from a second opinion on it than can be tolerated in such noise (nA)."""
    tolerated = max(share * abs(amp), NOISES * noise, LEAST)
    return abs(second.value - amp) + SURE * second.error > tolerated
