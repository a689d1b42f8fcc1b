"""What a target is for in a model's fit, beside being a number to reach: resting potential, input resistance.

A threshold-based fit finds four things of each model before it plays the protocols: its resting potential, the current
that holds it where the cells were held, its input resistance there, and its rheobase. The roles say which targets
those are compared with. Targets for validation are kept out of the fit, and are looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .problems import Problem

RMP, RIN, HOLDING, RHEOBASE, VALIDATION = ROLES = ("RMP", "Rin", "holding", "rheobase", "validation")

#: What each role means, for people
MEANING = {
    RMP: "the resting potential",
    RIN: "the input resistance",
    HOLDING: "the voltage that the holding current is searched for",
    RHEOBASE: "looked at in the response to the model's own rheobase",
    VALIDATION: "kept out of the fit, to be looked at afterwards",
}

#: The feature that must have the role, exactly once
FEATURE = {RMP: "voltage_base", RIN: "ohmic_input_resistance_vb_ssse", HOLDING: "voltage_base"}

#: Amplitude (% of rheobase) at which each is best measured
BEST = {RMP: 0.0, RIN: -40.0}

#: BluePyEfe's hyperpolarised protocol, in lower case
_HYPERPOLARISED = "idhyperpol"

Target = Mapping[str, Any]


def place_of(target: Target) -> tuple[str, float]:
    """Return the protocol and amplitude of a target."""
    return target["protocol"], float(target["amplitude"])


def place_name(target: Target) -> str:
    """Return the name of a target's protocol and amplitude in the output files."""
    return f"{target['protocol']}_{target['amplitude']}"


def holder(targets: Iterable[Target], role: str) -> Target | None:
    """Return the target that a role is measured by; None if there is none."""
    found = (t for t in targets if t.get("role") == role and t["efeature"] == FEATURE[role])
    return next(found, None)


def is_threshold_based(targets: Iterable[Target]) -> bool:
    """Whether a role is given that only a threshold-based fit has."""
    return any(target.get("role") in (RMP, RIN, HOLDING, RHEOBASE) for target in targets)


def role_faults(targets: Sequence[Target], complete: bool = False) -> list[str]:
    """Return in sentences why the roles of targets don't go together.

    Parameters
    ----------
    targets : list of dict
    complete : bool
        Whether resting potential, input resistance and holding voltage must be there, even if no role is given yet.
    """
    found = [fault for role in FEATURE for fault in _faults_of(role, targets)]
    if complete or is_threshold_based(targets):
        found += [_lacking(role, targets) for role in FEATURE if holder(targets, role) is None]
    rest, resistance = holder(targets, RMP), holder(targets, RIN)
    if rest and resistance and place_of(rest) == place_of(resistance):
        found.append(
            f"the RMP and Rin targets are of the same protocol ({place_name(rest)}): BluePyEModel would lose both. "
            "Take the RMP from an amplitude near 0 and Rin from a hyperpolarising one."
        )
    return found + _validation_faults(targets)


def role_problems(targets: Sequence[Target], absolute_amplitude: bool = False) -> list[Problem]:
    """Return what a person should know at once of the roles that they gave; nothing where none is given."""
    if absolute_amplitude:  # nothing is found of a model before the protocols are played
        targets = validation_only(targets)
    return [Problem(fault, "warning", "target") for fault in role_faults(targets)]


def validation_only(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return copies of targets without the roles that only a threshold-based fit has."""
    return [{**t, "role": VALIDATION if t.get("role") == VALIDATION else None} for t in targets]


def _faults_of(role: str, targets: Sequence[Target]) -> list[str]:
    given = [target for target in targets if target.get("role") == role]
    found = []
    if role != RMP:  # there other features may stand beside the voltage, such as no spike at rest
        found += [
            f"{target['efeature']} of {place_name(target)} has the role {role}, which is measured by {FEATURE[role]}."
            for target in given
            if target["efeature"] != FEATURE[role]
        ]
    able = [place_name(target) for target in given if target["efeature"] == FEATURE[role]]
    if len(able) > 1:
        found.append(f"several targets have the role {role} ({', '.join(able)}); give it to one.")
    if any(target.get("location") not in (None, "soma") for target in given):
        found.append(f"the role {role} is for the soma.")
    return found


def _lacking(role: str, targets: Sequence[Target]) -> str:
    proposed = next((t for t in with_roles(targets) if t.get("role") == role), None)
    advice = f"e.g. that of {place_name(proposed)}" if proposed else _ADVICE[role]
    return f"no target of {FEATURE[role]} has the role {role} ({MEANING[role]}); {advice}."


_ADVICE = {
    RMP: "add one of a protocol at an amplitude near 0",
    RIN: "add one of a hyperpolarising step, e.g. of IV at -40 %",
    HOLDING: "add one of the protocol that Rin is taken from",
}


def _validation_faults(targets: Sequence[Target]) -> list[str]:
    kept: dict[tuple[Any, ...], set[bool]] = {}
    names: dict[tuple[Any, ...], str] = {}
    for target in targets:
        if target.get("role") in (None, VALIDATION):
            names.setdefault(place_of(target), place_name(target))
            kept.setdefault(place_of(target), set()).add(target.get("role") == VALIDATION)
    return [
        f"some targets of {names[place]} are for validation and some are not, but a whole protocol is kept out of the "
        "fit. Give the role to all of them, or to none."
        for place, both in kept.items()
        if len(both) > 1
    ]


def with_roles(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return copies of targets with the roles that fit them best, where none was given.

    The resting potential is taken from the baseline of the amplitude nearest to 0, resistance and holding voltage from
    the hyperpolarising amplitude nearest to -40 %; hyperpolarised protocols are for validation.
    """
    found = [dict(target) for target in targets]
    features: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for target in found:
        if target.get("role") is None and target.get("location", "soma") == "soma":
            features.setdefault(place_of(target), {}).setdefault(target["efeature"], target)
    resistance = _partner(found, features) or _nearest(
        features, BEST[RIN], (FEATURE[RIN], FEATURE[HOLDING]), below=0.0
    )
    rest = _nearest(features, BEST[RMP], (FEATURE[RMP],), besides=resistance)
    for role, place in ((RMP, rest), (RIN, resistance), (HOLDING, resistance)):
        able = {} if place is None else features.get(place, {})
        if FEATURE[role] in able and holder(found, role) is None:
            able[FEATURE[role]]["role"] = role
    for target in found:
        if target.get("role") is None and target["protocol"].lower() == _HYPERPOLARISED:
            target["role"] = VALIDATION
    return found


def _partner(
    targets: Sequence[Target], features: Mapping[tuple[Any, ...], Mapping[str, Any]]
) -> tuple[Any, ...] | None:
    """Return the place of Rin or of the holding voltage, where the other one can be measured, too."""
    for role, other in ((HOLDING, RIN), (RIN, HOLDING)):
        given = holder(targets, role)
        if given is not None and FEATURE[other] in features.get(place_of(given), {}):
            return place_of(given)
    return None


def _nearest(
    features: Mapping[tuple[Any, ...], Mapping[str, Any]],
    amplitude: float,
    wanted: Sequence[str],
    below: float = float("inf"),
    besides: tuple[Any, ...] | None = None,
) -> tuple[Any, ...] | None:
    able = [
        place
        for place, own in features.items()
        if set(wanted) <= set(own) and place[1] < below and place != besides
    ]
    return min(able, key=lambda place: abs(place[1] - amplitude), default=None)
