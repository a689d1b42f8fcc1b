"""BluePyEModel's features file (FitnessCalculatorConfiguration): what a model is played and compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features.efel_settings import EFEL_INTERP_STEP, check_settings
from ..roles import FEATURE, HOLDING, RHEOBASE, RIN, RMP, VALIDATION, role_faults, validation_only
from .checks import fitness_faults, fitness_remarks
from .choices import Choices
from .extracted import (
    AFTER_PULSES,
    OF_CURRENT,
    capped,
    targets_in_force,
    weight_of,
    with_targets,
    with_values,
)
from .fitness_file import Fitness
from .stimuli import family_name, name_for, stimulus_dict, window_said

if TYPE_CHECKING:
    from ..extraction.run import Extraction
    from ..targets.matching import Protocol
    from ..targets.targets import EFeatureTarget

#: What BluePyEModel finds of a model before it plays the protocols, by the role of the targets that it is compared with
PRE_PROTOCOLS = {
    RMP: "RMPProtocol",
    RIN: "RinProtocol",
    HOLDING: "SearchHoldingCurrent",
    RHEOBASE: "SearchThresholdCurrent",
}

#: Of its search for the rheobase: the step that it looks at, ms
THRESHOLD_STEP = {"stim_start": 500.0, "stim_end": 2500.0}


def fitness_of(extraction: Extraction, choices: Choices) -> Fitness:
    """Return the features file of an extraction; pure."""
    absolute = extraction.options.absolute_amplitude
    threshold_based = choices.threshold_based and not absolute
    found = Fitness(threshold_based, targets_in_force(extraction))
    if threshold_based:
        found.refusals += role_faults(found.targets, complete=True)
        if extraction.options.chooses_targets:
            found.remarks.append(_chosen_roles(found.targets))
    else:
        found.refusals += role_faults(validation_only(found.targets))
    for protocol, own in with_targets(extraction.protocols, found.targets):
        if protocol.recordings:
            _add_protocol(found, extraction, choices, protocol, own)
    if threshold_based:
        _add_currents(found, extraction, choices)
    used = {feature["protocol_name"] for feature in found.efeatures}
    found.protocols = [protocol for protocol in found.protocols if protocol["name"] in used]
    if choices.std_cap:
        _cap(found.efeatures, extraction.options.default_std_value)
    if threshold_based and choices.interpolate_rmp:
        _interpolate_rmp(found)
    found.refusals += fitness_faults(found, choices)
    found.remarks += fitness_remarks(found, extraction, choices)
    return found


def _chosen_roles(targets: Sequence[Mapping[str, Any]]) -> str:
    words = [
        f"{target['role']}: {target['efeature']} of {target['protocol']}_{target['amplitude']}"
        for target in targets
        if target.get("role") in FEATURE
    ]
    told = "; ".join(words) or "none could be"
    return f"the targets are chosen automatically, and so are their roles ({told})."


def _add_protocol(
    found: Fitness,
    extraction: Extraction,
    choices: Choices,
    protocol: Protocol,
    own: Sequence[tuple[EFeatureTarget, dict[str, Any]]],
) -> None:
    """Add a protocol and its features, or say why it is left out."""
    kept = with_values(extraction, own)
    if not kept:
        return
    stimulus = protocol.ecode
    family = "" if stimulus is None else family_name(stimulus)
    original = protocol.stimulus_name
    taken = {other.stimulus_name for other in extraction.protocols} | set(found.names.values())
    name = name_for(family, original, taken - {original})
    if name is None:
        kind = type(stimulus).__name__
        found.left_out.add(original)
        found.remarks.append(
            f"{original} is left out: BluePyEModel has no stimulus that plays what it is ({kind})."
        )
        return
    if name != original:
        found.remarks.append(
            f"{original} is called {name}: under its own name BluePyEModel would play another stimulus, or none."
        )
    found.names[original] = name
    played = stimulus_dict(protocol, found.threshold_based)
    window = window_said(family, name, played)
    features = [_feature(found, choices, extraction, name, window, *pair) for pair in kept]
    found.efeatures += features
    validation = any(said.get("role") == VALIDATION for _, said in own)
    found.protocols.append(
        {
            "name": name,
            "stimuli": [played],
            "recordings_from_config": _recordings(name, features, choices),
            "validation": validation,
            "protocol_type": "ThresholdBasedProtocol" if found.threshold_based else "Protocol",
            "stochasticity": False,
        }
    )


def _feature(
    found: Fitness,
    choices: Choices,
    extraction: Extraction,
    protocol: str,
    window: Mapping[str, float],
    target: EFeatureTarget,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    default_std = extraction.options.default_std_value
    entry = target.as_dict(False, default_std)
    settings = _settings(entry["efel_settings"])
    name, efeature = protocol, target.efel_feature_name
    if found.threshold_based and said.get("role") in PRE_PROTOCOLS:
        name = PRE_PROTOCOLS[said["role"]]
        if said["role"] == RHEOBASE:
            settings |= THRESHOLD_STEP
        elif said["role"] in (RMP, HOLDING) and efeature == FEATURE[said["role"]]:
            efeature = "steady_state_voltage_stimend"
    elif efeature != AFTER_PULSES:
        settings = {**window, **settings}
    return {
        "efel_feature_name": efeature,
        "protocol_name": name,
        "recording_name": f"{target.location}.v",
        "threshold_efeature_std": choices.std_floor,
        "default_std_value": default_std,
        "mean": entry["val"][0],
        "original_std": entry["val"][1],
        "sample_size": entry["n"],
        "efeature_name": entry.get("efeature_name"),
        "weight": weight_of(said),
        "efel_settings": settings,
    }


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return eFEL settings of eFEL's own types, as BluePyEModel tells numbers apart by theirs.

    What eFEL's defaults decided is said, since BluePyEModel's are others.
    """
    found = check_settings(settings)
    return {"strict_stiminterval": False, "interp_step": EFEL_INTERP_STEP} | found


def _recordings(name: str, features: Sequence[Mapping[str, Any]], choices: Choices) -> list[dict[str, Any]]:
    """Return what is recorded of a model: the soma, other places of features, and the current where it is needed."""
    found: list[dict[str, Any]] = [
        {"type": "CompRecording", "name": f"{name}.soma.v", "location": "soma", "variable": "v"}
    ]
    places = dict.fromkeys(str(feature["recording_name"]).removesuffix(".v") for feature in features)
    for place in places:
        if place == "ais":
            found.append(
                {"type": "CompRecording", "name": f"{name}.ais.v", "location": "ais", "variable": "v"}
            )
        elif place in choices.locations:
            found.append({**choices.locations[place], "name": f"{name}.{place}.v", "variable": "v"})
    if any(feature["efel_feature_name"] in OF_CURRENT for feature in features):
        found.append({"type": "LooseDtRecordingStimulus", "name": f"{name}.iclamp.i", "variable": "i"})
    return found


def _add_currents(found: Fitness, extraction: Extraction, choices: Choices) -> None:
    """Add holding current and rheobase over all cells."""
    for key, role in (("holding_current", HOLDING), ("threshold_current", RHEOBASE)):
        mean, std = extraction.currents.get(key) or (None, None)
        if mean is None or std is None:
            found.refusals.append(
                f"no cell has a {'holding current' if role == HOLDING else 'rheobase'}, so that there is no "
                f"{key} for the model to be compared with."
            )
            continue
        found.efeatures.append(
            {
                "efel_feature_name": f"bpo_{key}",
                "protocol_name": PRE_PROTOCOLS[role],
                "recording_name": "soma.v",
                "threshold_efeature_std": choices.std_floor,
                "default_std_value": extraction.options.default_std_value,
                "mean": mean,
                "original_std": std,
                "sample_size": None,
                "efeature_name": None,
                "weight": 1.0,
                "efel_settings": {"strict_stiminterval": True},
            }
        )


def _cap(efeatures: Sequence[dict[str, Any]], default_std: float) -> None:
    """Let no standard deviation be larger than its mean, the one that stands in for 0 aside."""
    for feature in efeatures:
        feature["original_std"] = capped(feature["original_std"], feature["mean"], default_std)


def _interpolate_rmp(found: Fitness) -> None:
    """Take the resting potential from baseline, input resistance and holding current, by Ohm's law."""
    baselines = [
        feature["mean"]
        for feature in found.efeatures
        if feature["efel_feature_name"] == "voltage_base"
        and any(part in feature["protocol_name"].lower() for part in ("iv", "idrest", "idthres"))
    ]
    resistance = _mean(found, PRE_PROTOCOLS[RIN], FEATURE[RIN])
    holding = _mean(found, PRE_PROTOCOLS[HOLDING], "bpo_holding_current")
    resting = [
        feature
        for feature in found.efeatures
        if feature["protocol_name"] == PRE_PROTOCOLS[RMP]
        and feature["efel_feature_name"] == "steady_state_voltage_stimend"
    ]
    if not baselines or resistance is None or holding is None or not resting:
        found.refusals.append(
            "the resting potential can't be interpolated: that needs a voltage_base target of IV, IDrest or IDthresh "
            "besides those of RMP and holding, and targets of RMP, Rin and a holding current."
        )
        return
    measured, resting[0]["mean"] = resting[0]["mean"], float(np.median(baselines)) - resistance * holding
    found.remarks.append(
        f"the resting potential is interpolated: {resting[0]['mean']:.4g} mV instead of the {measured:.4g} mV of the "
        "RMP target. Its standard deviation stays that of the target."
    )


def _mean(found: Fitness, protocol: str, efeature: str) -> float | None:
    values = (
        feature["mean"]
        for feature in found.efeatures
        if (feature["protocol_name"], feature["efel_feature_name"]) == (protocol, efeature)
    )
    return next(values, None)
