"""Where the stimulus is in a recorded current, for every eCode family, and how sure that is.

    >>> window = detect("Step", current, dt)
    >>> window.edges, window.confidence, window.reason
    ({'ton': 7000, 'toff': 27000}, 0.99, 'changes of +200, -200 pA in a noise of 2.1 pA')

The method of each family is stated, with its source, at the head of its module: `levels` and `edges` for
steps, `flanks` for ramps and cheops, `pulses` for SpikeRec, `activity` for SineSpec, PinkNoise and CapCheck,
`consensus` for what the sweeps of one protocol say together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from .activity import detect_activity
from .consensus import reconcile
from .flanks import detect_cheops, detect_ramp
from .pulses import detect_pulses
from .steps import SHAPES, detect_levels
from .trace import Trace, finite
from .window import SURE, Box, Window

__all__ = ["SURE", "Box", "Window", "detect", "reconcile"]

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
    if not dt > 0:
        raise ValueError(f"The sampling step must be positive, not {dt} ms.")
    known = {k: int(v) for k, v in given.items()}
    trace = Trace(finite(current), float(dt))
    if trace.n < FEWEST:
        window = Window(known, 0.0, f"only {trace.n} samples of current")
    elif float(np.ptp(trace.x)) == 0.0:
        window = Window(known, 0.0, "the current never changes")
    elif family in SHAPES:
        window = detect_levels(family, trace, known)
    elif family == "Ramp":
        window = detect_ramp(trace, known)
    elif family in ("PosCheops", "NegCheops"):
        window = detect_cheops(trace, known)
    elif family == "SpikeRec":
        window = detect_pulses(trace)
    elif family in ("SineSpec", "PinkNoise", "CapCheck"):
        window = detect_activity(family, trace, known)
    else:
        raise ValueError(f"No detector for the stimulus family {family!r}.")
    noise = trace.noise if trace.n else 0.0
    return replace(window, n=int(np.size(current)), dt=float(dt), noise=noise, given=tuple(known))
