"""What BluePyEModel takes without a word and mistreats, or fails on when a model runs; found before it is written."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..roles import HOLDING, RHEOBASE, RMP
from .choices import Choices
from .extracted import HELD, junction_remarks, threshold_remarks
from .fitness_file import Fitness
from .stimuli import chirp_differs

if TYPE_CHECKING:
    from ..extraction.run import Extraction

#: nA; BluePyEModel searches the holding current within it, unless it is told otherwise
HOLDING_BOUND = 0.2


def feature_id(feature: dict[str, Any]) -> str:
    """Return the name under which BluePyEModel keeps a feature's score."""
    own = feature["efeature_name"] or feature["efel_feature_name"]
    return f"{feature['protocol_name']}.{feature['recording_name']}.{own}"


def fitness_faults(found: Fitness, choices: Choices) -> list[str]:
    """Return in sentences why a features file must not be given to BluePyEModel."""
    told = []
    if not found.efeatures:
        told.append("no feature has a value, so that there is nothing to fit a model to.")
    elif not found.protocols:
        told.append("no protocol is left whose features a model could be compared with.")
    counts = Counter(feature_id(feature) for feature in found.efeatures)
    told += [
        f"{name} stands in the file {n} times, and BluePyEModel keeps one score by that name: give each target an "
        "own name (efeature_name), or leave one out."
        for name, n in counts.items()
        if n > 1
    ]
    for feature in found.efeatures:
        told += _feature_faults(feature, choices)
    for protocol in found.protocols:
        told += _protocol_faults(protocol)
    return told + _holding_faults(found, choices)


def _feature_faults(feature: dict[str, Any], choices: Choices) -> list[str]:
    name, told = feature_id(feature), []
    if feature["mean"] is None or not math.isfinite(feature["mean"]):
        told.append(f"{name} has no mean: BluePyEModel would give any model a perfect score for it.")
    if not feature["original_std"] or not math.isfinite(feature["original_std"]):
        told.append(
            f"{name} has a standard deviation of {feature['original_std']}, by which a difference can't be divided: "
            "set default_std_value above 0."
        )
    if not feature["weight"] >= 0 or not math.isfinite(feature["weight"]):
        told.append(f"{name} has a weight of {feature['weight']:g}: a fit would seek what is far from it.")
    place = str(feature["recording_name"]).removesuffix(".v")
    if place not in ("soma", "ais", *choices.locations):
        told.append(
            f"{name} is of {place!r}: BluePyEModel must be told where in a morphology that is (locations of the "
            "choices for an export), or scores nothing there."
        )
    return told


def _protocol_faults(protocol: dict[str, Any]) -> list[str]:
    name, stimulus = protocol["name"], protocol["stimuli"][0]
    told = []
    if "[" in name:
        told.append(f"{name} can't be the name of a protocol: BluePyEModel takes [ for a list of places.")
    lacking = [key for key, value in stimulus.items() if value is None and key != "thresh_perc"]
    if protocol["protocol_type"] != "Protocol" and stimulus.get("thresh_perc") is None:
        lacking.append("thresh_perc")
    told += [
        f"the stimulus of {name} has no {key}: BluePyEModel would fill in one of its own."
        for key in dict.fromkeys(lacking)
    ]
    holding = stimulus.get("holding_current")
    if "poscheops" in name.lower() and holding is not None and stimulus["amp"] < holding:
        told.append(
            f"the amplitude of {name} ({stimulus['amp']:.3g} nA) is below its holding current ({holding:.3g} nA), "
            "which BluePyEModel refuses, though the one is counted from the other."
        )
    return told


def _holding_faults(found: Fitness, choices: Choices) -> list[str]:
    holding = holding_current(found)
    if holding is None or abs(holding) < HOLDING_BOUND or not choices.strict_holding_bounds:
        return []
    return [
        f"the holding current of {holding:.3g} nA lies outside of the ±{HOLDING_BOUND} nA in which BluePyEModel "
        "searches it: set strict_holding_bounds to false."
    ]


def holding_current(found: Fitness) -> float | None:
    """Return the mean holding current of a features file, nA."""
    own = (f["mean"] for f in found.efeatures if f["efel_feature_name"] == "bpo_holding_current")
    return next(own, None)


def fitness_remarks(found: Fitness, extraction: Extraction, choices: Choices) -> list[str]:
    """Return in sentences what a person should know of a features file before they fit a model to it."""
    told = threshold_remarks(extraction) + junction_remarks(extraction)
    for protocol in found.protocols:
        stimulus = protocol["stimuli"][0]
        if "chirp_time_offset" in stimulus and chirp_differs(stimulus):
            told.append(
                f"BluePyEModel plays another chirp under {protocol['name']} than was recorded: its time begins with "
                "the stimulus, not with the sweep, and it has frequencies of its own. Features that depend on when the "
                "current rises and falls would be of something else."
            )
    if found.threshold_based:
        told += _of_threshold_based(found, extraction, choices)
    return told


def _of_threshold_based(found: Fitness, extraction: Extraction, choices: Choices) -> list[str]:
    told = []
    holding = holding_current(found)
    if holding is not None and abs(holding) >= HOLDING_BOUND and choices.strict_holding_bounds is None:
        told.append(
            f"the holding current of {holding:.3g} nA lies outside of the ±{HOLDING_BOUND} nA in which BluePyEModel "
            "usually searches it: strict_holding_bounds is set to false."
        )
    resting = [t for t in found.targets if t.get("role") == RMP]
    if resting and not choices.interpolate_rmp:
        told += _held_at_rest(resting[0], extraction)
    if any(t.get("role") == RHEOBASE for t in found.targets):
        told.append(
            "features with the role rheobase are compared with a step of 2000 ms at the model's own rheobase, however "
            "long the recorded steps were."
        )
    places = {t.get("role"): (t["protocol"], t["amplitude"]) for t in found.targets}
    if places.get(HOLDING) != places.get("Rin"):
        told.append(
            "the holding voltage is of another protocol than Rin, which BluePyEModel's own extraction can't do: it "
            "would take that of Rin's protocol."
        )
    return told


def _held_at_rest(target: dict[str, Any], extraction: Extraction) -> list[str]:
    """Say so if the recordings of the resting potential were made under a holding current."""
    held = [
        abs(float(recording.hypamp))
        for protocol in extraction.protocols
        if (protocol.name, protocol.amplitude) == (target["protocol"], target["amplitude"])
        for recording in protocol.recordings
        if recording.hypamp is not None
    ]
    if not held or max(held) < HELD:
        return []
    return [
        f"the resting potential is taken from recordings under a holding current of up to {max(held):.3g} nA, so that "
        "it is the voltage the cells were held at. To have it by Ohm's law instead, set interpolate_rmp."
    ]
