"""Stimulus families (eCodes), and which of them a protocol's name stands for.

The table of names is BluePyEfe's. A name stands for the eCode whose entry is the longest one found in it; "IV" must
stand as a word, so that "Passive" is not taken for one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ...problems import EfeError, nearest
from ..recording import Recording
from .classes import (
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

FAMILIES: dict[str, type[Recording]] = {
    cls.__name__: cls
    for cls in (
        Step,
        SAHP,
        Ramp,
        HyperDePol,
        DeHyperPol,
        PosCheops,
        NegCheops,
        SpikeRec,
        SineSpec,
        PinkNoise,
        CapCheck,
    )
}

_NAMES: dict[type[Recording], str] = {
    Step: "spontaneous idrest idthresh idthres idthreshold apwaveform iv step genericstep spontaps sponaps"
    " firepattern sponnohold30 sponhold30 spontnohold30 sponthold30 spontaneousnohold starthold startnohold"
    " delta longsquare shortsquare",
    SAHP: "sahp idhyperpol irdepol irhyperpol iddepol",
    Ramp: "ramp ap_thresh apthresh apthreshold",
    HyperDePol: "hyperdepol",
    DeHyperPol: "dehyperpol",
    NegCheops: "negcheops",
    PosCheops: "poscheops",
    SpikeRec: "spikerec",
    SineSpec: "sinespec",
    PinkNoise: "pinknoise",
    CapCheck: "capcheck",
}

# Names of protocols, in lower case, and their eCodes; `register_ecode` adds a lab's own.
eCodes: dict[str, type[Recording]] = {name: cls for cls, names in _NAMES.items() for name in names.split()}


def register_ecode(name: str, ecode: type[Recording]) -> None:
    """Let protocols whose name contains `name` be read as `ecode`, a subclass of Recording.

    Raises
    ------
    EfeError
        If `ecode` isn't a subclass of Recording.
    """
    if not (isinstance(ecode, type) and issubclass(ecode, Recording)):
        raise EfeError(f"the eCode for {name!r} must be a subclass of Recording, but is {ecode!r}.")
    eCodes[_squeeze(name)] = ecode
    FAMILIES.setdefault(ecode.__name__, ecode)


def ecode_of(protocol_name: str, ecode: str | None = None) -> type[Recording]:
    """Return the eCode of a protocol, by its name or as a person said.

    Parameters
    ----------
    protocol_name : str
        Name of the protocol.
    ecode : str, optional
        Name of an eCode (e.g. "Step") or of a protocol that has one; it beats the protocol's own name.

    Raises
    ------
    EfeError
        If no eCode is known by that name.
    """
    wanted = ecode or protocol_name
    place = "eCode" if ecode else "protocol"
    by_class = {name.lower(): cls for name, cls in FAMILIES.items()}
    if ecode and ecode.lower() in by_class:
        return by_class[ecode.lower()]
    squeezed = _squeeze(wanted)
    found = [
        key
        for key in eCodes
        if (_squeeze(key) in squeezed if len(key) > 2 else _is_word(key.lower(), wanted))
    ]
    if not found:
        raise EfeError(
            f"no eCode is known for the {place} {wanted!r}.{nearest(wanted, [*eCodes, *FAMILIES])} Rename it, or say "
            f'which stimulus it is in the metadata of its recordings, e.g. "ecode": "Step" (one of '
            f"{', '.join(FAMILIES)})."
        )
    return eCodes[max(found, key=len)]


@lru_cache(maxsize=1000)
def _squeeze(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.lower())


def _is_word(key: str, name: str) -> bool:
    """Whether a short key stands in the name as a word: "IV_3", "my iv", "CellIV", "IVCurve", but not "PASSIVE"."""
    alone = rf"(?<![a-z]){key}(?![a-z])"
    in_camel_case = rf"(?<![A-Z]){key.upper()}(?![a-z])(?![A-Z](?![a-z]))"
    return bool(re.search(alone, name.lower()) or re.search(in_camel_case, name))
