"""Whether noise may have moved an amplitude by more than can be tolerated.

BluePyEfe measures levels as medians, the holding current in a few milliseconds of the sweep, which slow noise moves.
The second opinion is what all of the baseline and all of the stretch say, and how accurate that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..detection import Window
from ..detection.accuracy import SETTLED, Estimate, Stretches

SHARE = 0.05  # of an amplitude: so wrong it may be,
NOISES = 2.5  # or by so many times the noise of a sample,
LEAST = 5e-4  # or by so much (nA)
SURE = 2.0  # standard errors


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


def is_unsure(amp: float, second: Estimate, noise: float) -> bool:
    """Whether an amplitude (nA) may be farther from a second opinion on it than can be tolerated in such noise (nA)."""
    tolerated = max(SHARE * abs(amp), NOISES * noise, LEAST)
    return abs(second.value - amp) + SURE * second.error > tolerated
