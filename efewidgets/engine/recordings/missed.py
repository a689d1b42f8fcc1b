"""Timings that a person gave and that miss the current: dragged off it on the trace, or a wrong number in the metadata.

The amplitude there is next to nothing, which no other number tells; a sweep of 0 pA looks the same, but for a stimulus
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..detection import FAMILIES, detect
from ..traces.trace import Trace
from .families.family import Family
from .families.medians import Smoothed
from .said import Said

WIDTH = 15  # samples of a running median: what is shorter is noise or an artefact
NEXT_TO_NOTHING = 0.1  # of how far the current goes
SHORT = 0.5  # of the stretch that was given: what is shorter may be a test pulse beside a step of 0 pA


def missed(
    trace: Trace, family: Family, edges: Mapping[str, int], said: Said, levels: Mapping[str, Any]
) -> str | None:
    """Return in words which stimulus is missed by timings that a person gave; None if they hold one, or there is none.

    Parameters
    ----------
    trace : Trace
    family : Family
    edges : dict
        Sample index of each timing.
    said : Said
    levels : dict
        What was measured: amplitudes and holding current (nA), and of a train its pulses (ms).
    """
    hypamp: Any = levels.get("hypamp")
    measured = said.not_said(family.amplitudes, levels)
    given = any(said.written.get(name) is not None for name in family.says_when)
    if not given or family.detected_as not in FAMILIES or not measured or None in (*measured, hypamp):
        return None
    most = float(max(map(abs, measured)))
    if most > NEXT_TO_NOTHING * max(trace.current.max() - hypamp, hypamp - trace.current.min()):
        return None  # nor is it next to what is left of that in a running median, which takes its time
    smoothed = Smoothed(trace.current, WIDTH)
    above, below = smoothed.largest() - hypamp, smoothed.smallest() - hypamp
    farthest = float(above if above >= -below else below)
    if most > NEXT_TO_NOTHING * abs(farthest):
        return None
    window = detect(family.detector, trace.current, trace.dt)
    seen = [*window.edges.values(), *(end for pulse in window.pulses for end in pulse)]
    if not window.sure or not seen or _same(seen, edges, family, trace):
        return None
    return (
        f"at the timings that were given the current is only {1e3 * most:.3g} pA away from the holding current, but "
        f"{1e3 * farthest:.4g} pA between {trace.at(min(seen)):.5g} and {trace.at(max(seen)):.5g} ms: they miss the "
        "stimulus. Look at the trace, and set them there or take them back."
    )


def _same(seen: list[int], edges: Mapping[str, int], family: Family, trace: Trace) -> bool:
    """Whether what is seen is where the timings are, or may be a test pulse beside them."""
    if not edges:  # of a train all pulses are strong ones
        return False
    first, last, near = min(edges.values()), max(edges.values()), family.agree_ms / trace.dt
    there = abs(min(seen) - first) <= near and abs(max(seen) - last) <= near
    return there or max(seen) - min(seen) < SHORT * (last - first)
