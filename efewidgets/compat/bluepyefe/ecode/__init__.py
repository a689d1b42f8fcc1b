"""Stimulus families, each in the module in which BluePyEfe has it."""

from ....engine.recordings.ecodes import eCodes
from . import (
    DeHyperPol,
    HyperDePol,
    SpikeRec,
    capCheck,
    negCheops,
    pinkNoise,
    posCheops,
    ramp,
    sAHP,
    sineSpec,
    step,
    tools,
)

__all__ = [
    "DeHyperPol",
    "HyperDePol",
    "SpikeRec",
    "capCheck",
    "eCodes",
    "negCheops",
    "pinkNoise",
    "posCheops",
    "ramp",
    "sAHP",
    "sineSpec",
    "step",
    "tools",
]
