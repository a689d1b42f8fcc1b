"""The two files of BluePyOpt's l5pc example, which many programs read: square pulses, and mean and std by feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extracted import OF_CURRENT

#: mV; what the example's evaluator takes for a spike
THRESHOLD = -20.0

#: Kinds of stimuli that are one square pulse: a ramp's entry would look the same, and be played as a step
_SQUARE = "Step"


def l5pc_form(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return features and protocols in the form of the l5pc example, and in sentences what is lost.

    Parameters
    ----------
    data : dict
        As `fit.fit_data` returns it.

    Returns
    -------
    features : dict
        ``{protocol: {location: {feature: [mean, std]}}}``
    protocols : dict
        ``{protocol: {"stimuli": [step, holding]}}``; the step first, since the first one's times are the window that
        features are computed on.
    lost : list of str
    """
    lost: list[str] = []
    protocols = {name: _protocol(name, protocol, data) for name, protocol in data["protocols"].items()}
    kept = {name: protocol for name, protocol in protocols.items() if protocol is not None}
    lost += [
        f"{name} is left out: it is a {data['protocols'][name]['kind']}, and the form knows square pulses only."
        for name in protocols
        if name not in kept
    ]
    features: dict[str, Any] = {}
    for feature in data["features"]:
        if feature["protocol"] in kept:
            why = _why_not(feature, kept[feature["protocol"]], features)
            if why:
                lost.append(f"{feature['name']} is left out: {why}.")
                continue
            by_location = features.setdefault(feature["protocol"], {})
            by_feature = by_location.setdefault(feature["location"], {})
            by_feature[feature["efel_feature_name"]] = [feature["mean"], feature["std"]]
    return features, {name: kept[name] for name in features}, lost + _unsaid(data, features)


def _protocol(name: str, protocol: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any] | None:
    if protocol["kind"] != _SQUARE:
        return None
    (pulse,) = protocol["pieces"]
    total = protocol["totduration"]
    step = {"delay": pulse["delay"], "amp": pulse["amp"], "duration": pulse["duration"], "totduration": total}
    holding = {"delay": 0.0, "amp": protocol["holding"], "duration": total, "totduration": total}
    found: dict[str, Any] = {"stimuli": [step, holding]}
    places = {feature["location"] for feature in data["features"] if feature["protocol"] == name}
    extra = [
        {"var": "v", "name": place, **data["locations"][place]}
        for place in sorted(places)
        if place in data["locations"]
    ]
    return found | ({"extra_recordings": extra} if extra else {})


def _why_not(
    feature: Mapping[str, Any], protocol: Mapping[str, Any], features: Mapping[str, Any]
) -> str | None:
    """Return why a feature can't stand in the file, or None."""
    efel_name = feature["efel_feature_name"]
    if efel_name.startswith("ohmic_input_resistance") or efel_name in OF_CURRENT:
        return "the form doesn't give eFEL the current that it is computed from"
    step = protocol["stimuli"][0]
    window = step["delay"], step["delay"] + step["duration"]
    if max(abs(window[0] - feature["stim_start"]), abs(window[1] - feature["stim_end"])) > 1e-6:
        return "it was computed on another window than that of the step"
    known = features.get(feature["protocol"], {}).get(feature["location"], {})
    if efel_name in known:
        return "the form has one value a feature, and there is one already"
    return None


def _unsaid(data: Mapping[str, Any], features: Mapping[str, Any]) -> list[str]:
    """Return what of the features that are left the form can't say."""
    told = []
    own = [feature for feature in data["features"] if feature["protocol"] in features]
    thresholds = {feature["threshold"] for feature in own}
    if thresholds - {THRESHOLD}:
        known = ", ".join(f"{t:g}" for t in sorted(t for t in thresholds if t is not None))
        told.append(
            f"spikes were found above {known} mV; the l5pc evaluator takes {THRESHOLD:g} mV in a soma and -55 in "
            "dendrites."
        )
    if any(feature["interp_step"] != 0.1 for feature in own):
        told.append("features were computed with another interp_step than the 0.1 ms of the l5pc evaluator.")
    if any(feature["int_settings"].get("strict_stiminterval") for feature in own):
        told.append(
            "spikes outside of the stimulus weren't counted (strict_stiminterval); the l5pc evaluator counts them in "
            "some features."
        )
    if any(feature["weight"] != 1.0 for feature in own):
        told.append("the weights of targets.")
    if any(protocol["validation"] for name, protocol in data["protocols"].items() if name in features):
        told.append("which protocols are for validation.")
    if data["threshold_based"]:
        told.append(
            "that stimuli are in % of a model's own rheobase: they are in nA, of the cells' mean rheobase."
        )
    return [f"not in the l5pc form: {what}" if not what[0].isupper() else what for what in told]
