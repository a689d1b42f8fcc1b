"""One explanation of a current: a kind of stimulus, and how well it explains what is seen.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

NOTHING, OTHER = "nothing", "something else"
#: kinds of stimuli, and the eCode that reads each
NAMES = {
    "step": "Step",
    "short pulse": "Step",
    "pulse train": "SpikeRec",
    "ramp": "Ramp",
    "sAHP": "SAHP",
    "hyper-depolarising pair": "HyperDePol",
    "de-hyperpolarising pair": "DeHyperPol",
    "cheops, up": "PosCheops",
    "cheops, down": "NegCheops",
    "sine sweep": "SineSpec",
    "noise": "PinkNoise",
    "capacitance check": "CapCheck",
    NOTHING: "",
    OTHER: "",
}
MOST = 0.97  # confidence that one current gives
FITS = 0.15  # of the charge: what an explanation may leave unexplained
SECURE = 20.0  # times the noise of a block: a level whose shape can't be mistaken
EXCITES = 6.0  # ms; a lone pulse as short as this evokes a spike; a longer one may be a test pulse
SHORT = 25.0  # ms; no step


@dataclass(frozen=True)
class Sight:
    """One explanation of a current: the kind of stimulus, how well that explains it (0 to 1), what is seen."""

    kind: str
    confidence: float
    reason: str

    def less(self, factor: float, but: str = "") -> Sight:
        """Return the same with less confidence."""
        words = f"{self.reason}, but {but}" if but else self.reason
        return replace(self, confidence=self.confidence * factor, reason=words)


def fit(share: float, fits: float = FITS) -> float:
    """Confidence of an explanation by what it leaves unexplained: 1 for nothing, half at `fits`."""
    return MOST / (1.0 + (max(0.0, share) / fits) ** 2)


def secure(stands: float) -> float:
    return float(np.interp(stands, (4.0, 8.0, SECURE), (0.4, 0.85, 1.0)))


def single(long: float, words: str) -> Sight:
    if long > SHORT:
        return Sight("step", MOST, words)
    if long > EXCITES:
        return Sight("short pulse", 0.45, f"{words}: it may be a test pulse")
    return Sight("short pulse", 0.75, words)
