"""Where the stimulus is in a recorded current, for every eCode family, and how sure that is.

    >>> window = detect("Step", current, dt)
    >>> window.edges, window.confidence, window.reason
    ({'ton': 7000, 'toff': 27000}, 0.99, 'changes of +200, -200 pA in a noise of 2.1 pA')

The method of each family is stated, with its source, at the head of its module: `levels` and `edges` for
steps, `brief` for those of a millisecond, `flanks` for ramps and cheops, `pulses` for SpikeRec and CapCheck,
`activity` for SineSpec and PinkNoise, `consensus` for what the sweeps of one protocol say together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from .activity import detect_activity
from .consensus import reconcile
from .flanks import detect_cheops, detect_ramp
from .pulses import detect_train
from .steps import SHAPES, detect_levels, detect_step
from .trace import Trace, converter_step, finite
from .window import SURE, Box, Doubt, Window

__all__ = ["SURE", "Box", "Doubt", "Window", "detect", "reconcile"]

HUMMING = (*SHAPES, "Ramp", "PosCheops", "NegCheops")  # hum can't be the stimulus
FAMILIES = (*HUMMING, "SpikeRec", "CapCheck", "SineSpec", "PinkNoise")
ENDS = 100.0  # ms
FEWEST = 32  # samples; in fewer there is nothing to be found


def detect(
    family: str, current: np.ndarray, dt: float, given: Mapping[str, int] = MappingProxyType({})
) -> Window:
    """Find the stimulus in one recorded current.

    Parameters
    ----------
    family : str
        Name of the eCode class: "Step", "SAHP", "Ramp", "HyperDePol", "DeHyperPol", "PosCheops",
        "NegCheops", "SpikeRec", "SineSpec", "PinkNoise" or "CapCheck".
    current : numpy.ndarray, shape (n,)
        Current (nA).
    dt : float
        Sampling step (ms).
    given : mapping of str to int
        Timings that a person gave (samples): they are kept, and the others are found to fit them.

    Returns
    -------
    Window
        Edges (samples), confidence, and a sentence about it.

    Raises
    ------
    ValueError
        If the family has no detector or `dt` is not positive.
    """
    if family not in FAMILIES:
        raise ValueError(f"No detector for the stimulus family {family!r}.")
    if not dt > 0:
        raise ValueError(f"The sampling step must be positive, not {dt} ms.")
    known = {k: int(v) for k, v in given.items()}
    x = finite(current)
    trace = Trace(x, float(dt), step=converter_step(x) if len(x) > 1 else 0.0)
    if trace.n < FEWEST:
        window = Window(known, 0.0, f"only {trace.n} samples of current", doubt=Doubt.NOTHING)
    elif float(np.ptp(trace.x)) == 0.0:
        window = Window(known, 0.0, "the current never changes", doubt=Doubt.NOTHING)
    else:
        window = _search(family, trace, known)
        if not window.sure and family in HUMMING:
            quiet = trace.without_lines()
            if quiet is not None:
                again = _careful(_search(family, quiet, known), trace)
                if again.sure or window.doubt is not Doubt.SHAPE:  # hum hides no shape
                    window = max(window, again, key=lambda w: w.confidence)
    window = replace(window, n=int(np.size(current)), dt=float(dt), given=tuple(known))
    if trace.n:
        window = replace(window, noise=trace.noise, outline=trace.coarse, block=trace.width)
    if any(a >= b for a, b in pairwise(window.edges.values())) or any(
        not 0 <= v <= window.n for v in window.edges.values()
    ):
        reason = "what was seen of the stimulus contradicts itself" + (
            " or the timings given" if known else ""
        )
        window = replace(window, edges=known, confidence=0.0, reason=reason, pulses=(), doubt=Doubt.SHAPE)
    return window


def _careful(window: Window, trace: Trace) -> Window:
    """Doubt timings near the ends of a sweep, where lines are not subtracted well."""
    near = trace.samples(ENDS)
    free = [v for k, v in window.edges.items() if k not in window.given]
    if not window.sure or not free or (min(free) >= near and max(free) <= trace.n - near):
        return window
    reason = f"{window.reason}, after hum was subtracted, which leaves some of it near the ends of the sweep"
    return replace(window, confidence=min(window.confidence, 0.45), reason=reason, doubt=Doubt.NOISE)


def _search(family: str, trace: Trace, given: Mapping[str, int]) -> Window:
    if family == "Step":
        return detect_step(trace, given)
    if family in SHAPES:
        return detect_levels(family, trace, given)
    if family == "Ramp":
        return detect_ramp(trace, given)
    if family in ("PosCheops", "NegCheops"):
        return detect_cheops(trace, given)
    if family in ("SpikeRec", "CapCheck"):
        return detect_train(family, trace, given)
    return detect_activity(family, trace, given)
