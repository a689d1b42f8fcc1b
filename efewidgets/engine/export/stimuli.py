"""BluePyEModel's stimuli: which one a protocol's name stands for, and what each must be told.

It goes by the first piece, in an order of its own, that is contained in the protocol's name, and fills in what it isn't
told without a word. So a protocol's name must lead to the stimulus that was recorded.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..recordings.recording import Recording
    from ..targets.matching import Protocol

#: Pieces of names and the stimulus that each stands for, in BluePyEModel's order
_PIECES: tuple[tuple[str, str], ...] = tuple(
    (piece, stimulus)
    for stimulus, pieces in (
        ("IDrest", "spontaneous step idrest idthres idthresh spontaps sponnohold30 sponhold30"),
        ("IDrest", "rinholdcurrent bap"),
        ("SpikeRecMultiSpikes", "spikerecmultispikes"),
        ("IV", "iv"),
        ("IDrest", "spikerec"),
        ("APWaveform", "apwaveform"),
        ("FirePattern", "firepattern"),
        ("sAHP", "sahp idhyperpol irdepol irhyperpol iddepol"),
        ("HyperDepol", "hyperdepol"),
        ("DeHyperpol", "dehyperpol"),
        ("PosCheops", "poscheops"),
        ("NegCheops", "negcheops"),
        ("Ramp", "ramp ap_thresh apthresh"),
        ("SineSpec", "sinespec"),
        ("SubWhiteNoise", "subwhitenoise"),
        ("NoiseOU3", "noiseou3"),
        ("WhiteNoise", "whitenoise"),
        ("Comb", "highfreq"),
        ("Synaptic", "synaptic"),
        ("BAC", "bac"),
        ("DendriticStep", "dendritic"),
        ("MultipleRandomStepInputs", "randomsteps"),
        ("CustomFromFile", "custom"),
        ("IDrest", "startnohold"),
        ("ThresholdAddition", "thresholdaddition"),
        ("ProbAMPANMDA_EMS", "probampanmda_ems"),
        ("BPOSquarePulse", "bposquarepulse"),
    )
    for piece in pieces.split()
)

#: The stimuli that play what a family of ours is, and the name that surely leads to the first of them
_SAME: dict[str, tuple[tuple[str, ...], str]] = {
    "Step": (("IDrest", "IV", "APWaveform", "FirePattern"), "Step"),
    "SAHP": (("sAHP",), "sAHP"),
    "Ramp": (("Ramp",), "Ramp"),
    "HyperDePol": (("HyperDepol",), "HyperDePol"),
    "DeHyperPol": (("DeHyperpol",), "DeHyperPol"),
    "PosCheops": (("PosCheops",), "PosCheops"),
    "NegCheops": (("NegCheops",), "NegCheops"),
    "SineSpec": (("SineSpec",), "SineSpec"),
    "SpikeRec": (("SpikeRecMultiSpikes",), "SpikeRecMultiSpikes"),
}

#: What a stimulus must be told besides protocols.json, in % of rheobase, and what is so called here
_RELATIVE: dict[str, dict[str, str]] = {
    "SAHP": {"long_amp_rel": "amp_rel"},
    "HyperDePol": {"depol_amp_rel": "amp2_rel"},
    "DeHyperPol": {"amp_rel": "amp_rel"},
}

#: The chirp that BluePyEModel plays, and the time (s) in it at which it begins
_CHIRP = {"chirp_frequency_base": 1.0, "chirp_frequency_scale": 1.0, "chirp_frequency_denominator": 5.15}
_CHIRP_OFFSET = 0.1


def stimulus_of(name: str) -> str | None:
    """Return the name of the stimulus that BluePyEModel plays for a protocol; None if it knows none."""
    return next((stimulus for piece, stimulus in _PIECES if piece in name.lower()), None)


def plays(family: str, name: str) -> bool:
    """Whether BluePyEModel plays a protocol of this name as the stimulus family that it is."""
    return family in _SAME and stimulus_of(name) in _SAME[family][0]


def family_name(stimulus: Recording) -> str:
    """Return the name of the stimulus family of a recording, that of the nearest known one for a lab's own."""
    return next((cls.__name__ for cls in type(stimulus).__mro__ if cls.__name__ in _SAME), "")


def name_for(family: str, name: str, taken: Collection[str]) -> str | None:
    """Return a name under which BluePyEModel plays a protocol rightly: its own if that will do.

    Parameters
    ----------
    family : str
    name : str
        ``<protocol>_<amplitude>``.
    taken : collection of str
        Names of other protocols.

    Returns
    -------
    str or None
        None if BluePyEModel has no such stimulus.
    """
    if family not in _SAME:
        return None
    protocol, _, amplitude = name.rpartition("_")
    usual = _SAME[family][1]
    candidates = [name, f"{usual}_{protocol}_{amplitude}", f"{usual}_{amplitude}"]
    if protocol.lower() in usual.lower():  # SpikeRec, and SpikeRecMultiSpikes
        candidates.insert(1, f"{usual}_{amplitude}")
    candidates += [f"{usual}_{n}_{amplitude}" for n in range(2, 1000)]
    return next((c for c in candidates if plays(family, c) and (c == name or c not in taken)), None)


def stimulus_dict(protocol: Protocol, threshold_based: bool) -> dict[str, Any]:
    """Return a protocol's stimulus as BluePyEModel takes it (ms, nA, % of rheobase).

    Parameters
    ----------
    protocol : Protocol
    threshold_based : bool
        Whether amplitudes are given in % of the model's rheobase, too.
    """
    parts = protocol.as_dict()
    found: dict[str, Any] = dict(parts["step"]) | {"holding_current": parts["holding"]["amp"]}
    stimulus = protocol.ecode
    if not threshold_based:
        return found | {"thresh_perc": None}
    wanted = _RELATIVE.get(family_name(stimulus), {}) if stimulus is not None else {}
    return found | {key: getattr(stimulus, name) for key, name in wanted.items()}


def window_said(family: str, name: str, stimulus: dict[str, Any]) -> dict[str, float]:
    """Return beginning and end (ms) of what features are computed on, where BluePyEModel would take another window."""
    if family == "SpikeRec":  # a train is looked at as a whole
        return {"stim_start": 0.0, "stim_end": float(stimulus["totduration"])}
    if "bAP" in name and family == "Step":
        start = float(stimulus["delay"])
        return {"stim_start": start, "stim_end": start + float(stimulus["duration"])}
    return {}


def chirp_differs(stimulus: dict[str, Any]) -> bool:
    """Whether a chirp is another one than BluePyEModel plays, whose time begins with the stimulus."""
    offset = float(stimulus["chirp_time_offset"]) - float(stimulus["delay"]) * 1e-3
    return abs(offset - _CHIRP_OFFSET) > 1e-4 or any(
        abs(float(stimulus[key]) - usual) > 1e-9 for key, usual in _CHIRP.items()
    )
