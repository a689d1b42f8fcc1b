"""All that a fit by BluePyOpt needs to know of results, as plain data: nothing is left to a loader's guess.

BluePyOpt has no form of its own for this; `efewidgets.export.bluepyopt` makes its objects of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..averages import mean
from ..features.efel_settings import EFEL_INTERP_STEP, check_settings
from ..outputs.standard_files import holding_current
from ..recordings.ecodes import Step
from ..roles import HOLDING, RMP, VALIDATION, holder
from .choices import Choices
from .extracted import (
    AFTER_PULSES,
    HELD,
    auto_thresholds,
    capped,
    junction_potentials,
    junction_remarks,
    provenance,
    targets_in_force,
    threshold_remarks,
    weight_of,
    with_targets,
    with_values,
)
from .pieces import pieces

if TYPE_CHECKING:
    from ..extraction.run import Extraction
    from ..targets.matching import Protocol
    from ..targets.targets import EFeatureTarget

#: What says that a file is of this form
FORM = "efewidgets fit 1"

#: How many times as large one cell's current may be as another's before it is told
_APART = 2.0


def fit_data(extraction: Extraction, choices: Choices) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return what a fit needs, why there can't be one, and what a person should know of it; pure.

    Returns
    -------
    data : dict
        "protocols" by name, "features" (a list), "cells", "holding" and "rheobase" (what a model's own are searched by
        and compared with), "locations", and under "efewidgets" where all that is from. ms, mV, nA, MΩ.
    refusals, remarks : list of str
    """
    relative = not extraction.options.absolute_amplitude
    threshold_based = choices.threshold_based and relative
    targets = targets_in_force(extraction)
    protocols, features = {}, []
    for protocol, own in with_targets(extraction.protocols, targets):
        kept = with_values(extraction, own)
        if kept:
            entry, of_protocol = _protocol(extraction, choices, protocol, kept)
            protocols[protocol.stimulus_name] = entry
            features += of_protocol
    data = {
        "form": FORM,
        "name": choices.name,
        "threshold_based": threshold_based,
        "protocols": protocols,
        "features": features,
        "holding": _holding(extraction, targets, choices),
        "rheobase": _rheobase(extraction, choices) if relative else None,
        "cells": _cells(extraction),
        "locations": dict(choices.locations),
        "efewidgets": provenance(extraction, targets, choices),
    }
    return data, list(_refusals(data)), list(_remarks(extraction, data))


def _protocol(
    extraction: Extraction,
    choices: Choices,
    protocol: Protocol,
    own: Sequence[tuple[EFeatureTarget, dict[str, Any]]],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a protocol and its features."""
    stimulus: Any = protocol.ecode
    roles = {said.get("role") for _, said in own}
    held = max(abs(float(r.hypamp)) for r in protocol.recordings) >= HELD
    entry = {
        "kind": type(stimulus).__name__,
        "timings": {name: float(getattr(stimulus, name)) for name in stimulus.timings},
        "pieces": pieces(stimulus),
        "holding": float(stimulus.hypamp),
        "held": held or RMP not in roles,
        "totduration": float(stimulus.tend),
        "validation": VALIDATION in roles,
    }
    features = [
        _feature(extraction, choices, protocol.stimulus_name, stimulus, target, said) for target, said in own
    ]
    return entry, features


def _feature(
    extraction: Extraction,
    choices: Choices,
    protocol: str,
    stimulus: Any,
    target: EFeatureTarget,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    entry = target.as_dict(False, extraction.options.default_std_value)
    average, std = entry["val"]
    settings = check_settings(entry["efel_settings"])
    pulses = {}
    if target.efel_feature_name == AFTER_PULSES and hasattr(stimulus, "multi_stim_end"):
        pulses = {
            "stim_end": stimulus.multi_stim_end[-1],
            "multi_stim_start": stimulus.multi_stim_start,
            "multi_stim_end": stimulus.multi_stim_end,
        }
    settings = {"stim_start": float(stimulus.ton), "stim_end": float(stimulus.toff)} | pulses | settings
    return {
        "name": f"{protocol}.{target.location}.{target.efeature_name}",
        "efel_feature_name": target.efel_feature_name,
        "protocol": protocol,
        "location": target.location,
        "mean": average,
        "std": _bounded(std, average, choices, extraction.options.default_std_value),
        "n": entry["n"],
        "weight": weight_of(said),
        "stim_start": settings.pop("stim_start"),
        "stim_end": settings.pop("stim_end"),
        "stimulus_current": settings.pop("stimulus_current", float(stimulus.amp)),
        "stimulus_current_rel": None if stimulus.amp_rel is None else float(stimulus.amp_rel),
        "threshold": settings.pop("Threshold", None),
        "interp_step": settings.pop("interp_step", EFEL_INTERP_STEP),
        **by_type(settings),
    }


def _bounded(std: float, average: float, choices: Choices, default_std: float) -> float:
    """Return a standard deviation as it counts."""
    if choices.std_cap:
        std = capped(std, average, default_std)
    return max(std, abs(average) * (choices.std_floor or 0.0))


def by_type(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return eFEL settings by their type, as BluePyOpt wants them; a truth is a whole number, lists stand apart."""
    found: dict[str, dict[str, Any]] = {
        "double_settings": {},
        "int_settings": {},
        "string_settings": {},
        "list_settings": {},
    }
    for name, value in settings.items():
        if isinstance(value, (bool, int)):
            found["int_settings"][name] = int(value)
        else:
            kind = {float: "double", str: "string"}.get(type(value), "list")
            found[f"{kind}_settings"][name] = value
    return found


def _current(extraction: Extraction, choices: Choices, key: str) -> dict[str, Any]:
    """Return mean and standard deviation (nA) of a current over the cells; None where no cell has it."""
    average, std = extraction.currents.get(key) or (None, None)
    if average is None or std is None:
        return {"mean": None, "std": None}
    return {
        "mean": average,
        "std": _bounded(std, average, choices, extraction.options.default_std_value),
    }


def _holding(extraction: Extraction, targets: Sequence[dict[str, Any]], choices: Choices) -> dict[str, Any]:
    """Return the holding current (nA), and the voltage that it is searched for (mV; None if no target says it)."""
    said = holder(targets, HOLDING)
    voltages = [
        target.mean
        for protocol, own in with_targets(extraction.protocols, targets)
        for target, its in own
        if its == said and target.sample_size
    ]
    return {"voltage": float(voltages[0]) if voltages else None} | _current(
        extraction, choices, "holding_current"
    )


def _rheobase(extraction: Extraction, choices: Choices) -> dict[str, Any]:
    """Return the rheobase, and the step that a model's own is searched with: that which decided on the cells'."""
    deciding = [d.recording for d in extraction.rheobases.values() if d.recording is not None]
    deciding = deciding or [
        recording
        for cell in extraction.cells
        for recording in cell.recordings
        if recording.protocol_name in extraction.protocols_rheobase
    ]
    steps = [recording for recording in deciding if isinstance(recording, Step)]
    found: dict[str, Any] = {"step": None, "threshold": _spike_threshold(extraction)}
    if steps:
        ton, toff, tend = (float(np.median([getattr(s, name) for s in steps])) for name in _TIMES)
        found["step"] = {"delay": ton, "duration": toff - ton, "totduration": tend}
    return found | _current(extraction, choices, "threshold_current")


_TIMES = ("ton", "toff", "tend")


def _spike_threshold(extraction: Extraction) -> float:
    """Return the voltage (mV) above which a model has a spike."""
    given = extraction.efel_settings.get("Threshold")
    if given is not None:
        return float(given)
    automatic = auto_thresholds(extraction)
    return float(np.median(automatic)) if automatic else -20.0


def _cells(extraction: Extraction) -> dict[str, Any]:
    """Return each cell's own holding current and rheobase, nA, and the junction potentials it was corrected for, mV."""
    return {
        cell.name: {
            "holding": holding_current(cell),
            "rheobase": cell.rheobase,
            "ljp": junction_potentials(cell),
        }
        for cell in extraction.cells
    }


def _refusals(data: Mapping[str, Any]) -> Iterator[str]:
    features = data["features"]
    if not features:
        yield "no feature has a value, so that there is nothing to fit a model to."
    names = [feature["name"] for feature in features]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield (
                f"{name} is there {names.count(name)} times, and one score is kept by a name: give each target an own "
                "name (efeature_name), or leave one out."
            )
    for feature in features:
        if not feature["std"] > 0:
            yield (
                f"{feature['name']} has a standard deviation of {feature['std']}, by which a difference can't be "
                "divided: set default_std_value above 0."
            )
        if not feature["weight"] >= 0:
            yield f"{feature['name']} has a weight of {feature['weight']:g}: a fit would seek what is far from it."
    places = {feature["location"] for feature in features} - {"soma", "ais", *data["locations"]}
    for place in sorted(places):
        yield (
            f"where {place!r} is in a morphology isn't said (locations of the choices for an export), so that nothing "
            "could be recorded there."
        )
    if data["threshold_based"]:
        yield from _threshold_refusals(data)


def _threshold_refusals(data: Mapping[str, Any]) -> Iterator[str]:
    if data["rheobase"]["mean"] is None:
        yield "no cell has a rheobase, so that a model's stimuli can't be given in % of its own."
    for name, protocol in data["protocols"].items():
        relative = [v for piece in protocol["pieces"] for k, v in piece.items() if k.endswith("_rel")]
        if any(value is None for value in relative):
            yield f"the stimulus of {name} isn't known in % of rheobase."


def _remarks(extraction: Extraction, data: Mapping[str, Any]) -> Iterator[str]:
    yield from threshold_remarks(extraction)
    yield from junction_remarks(extraction)
    yield from _differing(data["cells"], "rheobase")
    yield from _differing(data["cells"], "holding")
    if not data["threshold_based"]:
        if not extraction.options.absolute_amplitude:
            yield (
                "stimuli are given in nA: each is the mean % of rheobase times the mean rheobase of the cells "
                f"({data['rheobase']['mean']} nA), which a model with another rheobase answers to in another way."
            )
        return
    if data["holding"]["voltage"] is None:
        yield (
            "no voltage_base target has the role holding, so that a model is held by the cells' mean holding current "
            "rather than by the one that brings it to the voltage where they were held."
        )
    if data["rheobase"]["step"] is None:
        yield (
            "no step decided on the cells' rheobases: a model's own is searched with steps of 2000 ms, as in "
            "BluePyEModel."
        )


def _differing(cells: Mapping[str, Mapping[str, Any]], key: str) -> Iterator[str]:
    """Say so if a current of one cell is more than twice that of another."""
    values = {name: abs(cell[key]) for name, cell in cells.items() if cell[key]}
    if not values:
        return
    least, most = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    if values[most] > _APART * values[least]:
        word = "holding current" if key == "holding" else key
        yield (
            f"the {word} of {most} ({values[most]:.4g} nA) is {values[most] / values[least]:.2g} times that of {least} "
            f"({values[least]:.4g} nA; the mean is {mean(list(values.values())):.4g} nA): is this one kind of cell?"
        )
