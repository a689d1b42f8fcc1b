"""Stimulus families: what each knows, from values alone. Their recordings' classes are in `ecodes`."""

from __future__ import annotations

from .cheops import NegCheops, PosCheops
from .family import Family
from .ramp import Ramp
from .sahp import SAHP
from .sinespec import SineSpec
from .spikerec import SpikeRec
from .step import Step
from .two_steps import DeHyperPol, HyperDePol
from .waveform import CapCheck, PinkNoise

__all__ = [
    "SAHP",
    "CapCheck",
    "DeHyperPol",
    "Family",
    "HyperDePol",
    "NegCheops",
    "PinkNoise",
    "PosCheops",
    "Ramp",
    "SineSpec",
    "SpikeRec",
    "Step",
]
