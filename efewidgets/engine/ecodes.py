"""Stimulus families (eCodes), under the name by which scripts import them."""

from __future__ import annotations

from .recordings.ecodes import (
    FAMILIES,
    SAHP,
    CapCheck,
    DeHyperPol,
    HyperDePol,
    NegCheops,
    PinkNoise,
    PosCheops,
    Ramp,
    SineSpec,
    SpikeRec,
    Step,
    ecode_of,
    eCodes,
    register_ecode,
)

__all__ = [
    "FAMILIES",
    "SAHP",
    "CapCheck",
    "DeHyperPol",
    "HyperDePol",
    "NegCheops",
    "PinkNoise",
    "PosCheops",
    "Ramp",
    "SineSpec",
    "SpikeRec",
    "Step",
    "eCodes",
    "ecode_of",
    "register_ecode",
]
