"""What the colours of traces mean: one thing each, and the same on light and on dark pages.

A sweep by itself is drawn in ink; of several each has a place on a ramp (viridis) by its amplitude, with a bar beside
it. What was found of the stimulus, what a person has set, marks of features and models have colours that are on
neither. They are variables of the style sheet, mixed there with the page's own ink.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

INK, FAINT = "var(--efe-ink)", "var(--efe-faint)"
STIMULUS, BY_HAND, MARKS, MODEL = (f"var(--efe-{name})" for name in ("stimulus", "by-hand", "marks", "model"))
#: Sweeps that aren't used
UNUSED = "#9A9A9A"

#: From the smallest to the largest amplitude
RAMP = tuple(f"var(--efe-ramp-{k})" for k in range(12))


def on_ramp(share: float) -> str:
    """Return the colour of a place on the ramp, from 0 to 1."""
    return RAMP[round(share * (len(RAMP) - 1))]


def colours(amplitudes: Mapping[str, float]) -> dict[str, str]:
    """Return the colour of each sweep that is drawn, by its amplitude (nA; infinite where none is known).

    Where all have the same amplitude their order decides.
    """
    if len(amplitudes) == 1:
        return dict.fromkeys(amplitudes, INK)
    known = [value for value in amplitudes.values() if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    if not high - low > 1e-6:
        last = max(len(amplitudes) - 1, 1)
        return {identity: on_ramp(k / last) for k, identity in enumerate(amplitudes)}
    return {
        identity: on_ramp((value - low) / (high - low)) if math.isfinite(value) else UNUSED
        for identity, value in amplitudes.items()
    }


def bar(amplitudes: Mapping[str, float]) -> tuple[float, float] | None:
    """Return the amplitudes (nA) at both ends of the ramp; None where it doesn't stand for amplitudes."""
    known = [value for value in amplitudes.values() if math.isfinite(value)]
    if len(known) < 2 or not max(known) - min(known) > 1e-6:
        return None
    return min(known), max(known)
