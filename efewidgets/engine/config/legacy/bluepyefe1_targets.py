"""The targets of a BluePyEfe 1 config: each feature of a protocol at each of the amplitudes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...problems import EfeError
from ...units import to_nA
from .bluepyefe1_config import Legacy, timings_of

EXACT = 1e-6  # % of rheobase or nA; stands for a tolerance of 0
NO_INPUT_RELATIVE, NO_INPUT_ABSOLUTE = 10.0, 0.01  # % of rheobase, as BluePyEfe 2; nA, as BluePyEfe 1


def targets(old: Legacy) -> list[dict[str, Any]]:
    """Return the targets, protocol by protocol and feature by feature."""
    found = []
    for protocol, features in old.data["features"].items():
        common = _settings(old, protocol) | _location(old, protocol)
        for feature in dict.fromkeys(features):
            if feature.startswith("spikerate_"):
                old.say(f"{feature} is no feature of eFEL and left out.", protocol=protocol)
                continue
            for amplitude, tolerance in _steps(old):
                target = {"efeature": feature, "protocol": protocol, "amplitude": amplitude}
                found.append(target | {"tolerance": tolerance} | common)
        if features and not timings_of(protocol):
            told = "targets of this stimulus are times between pulses (ms) here, not amplitudes; adapt them."
            old.say(told, protocol=protocol)
    return found


def _steps(old: Legacy) -> Iterator[tuple[float, float]]:
    """Yield amplitude and tolerance of each target, in % of rheobase or nA."""
    amplitudes = old.options.get("target", [100.0, 150.0, 200.0, 250.0])
    tolerances = old.options.get("tolerance", 10)
    if not isinstance(tolerances, list):
        tolerances = [tolerances] * len(amplitudes)
    if len(tolerances) != len(amplitudes):
        raise EfeError(
            f"there are {len(amplitudes)} targets and {len(tolerances)} tolerances in the options."
        )
    for amplitude, tolerance in zip(amplitudes, tolerances, strict=True):
        if amplitude == "all":
            old.say('the target "all" (sweeps at any amplitude) is left out.')
        elif amplitude == "noinput":
            width = NO_INPUT_RELATIVE if old.is_relative else NO_INPUT_ABSOLUTE
            unit = "% of rheobase" if old.is_relative else "nA"
            old.say(f'the target "noinput" becomes amplitudes within {width:g} {unit} of zero.', "note")
            yield 0.0, width
        elif tolerance:
            yield _scaled(old, amplitude), _scaled(old, tolerance)
        else:
            old.say(f"a tolerance of 0 becomes {EXACT:g}, since nothing lies within 0.", "note")
            yield _scaled(old, amplitude), EXACT


def _scaled(old: Legacy, value: float) -> float:
    unit = old.options.get("target_unit")
    return value if old.is_relative or not unit else float(to_nA(value, unit))


def _settings(old: Legacy, protocol: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    strict = old.options.get("strict_stiminterval") or {}
    if protocol in strict and bool(strict[protocol]) != old.strict:
        settings["strict_stiminterval"] = bool(strict[protocol])
    contents = [experiment.content for experiment in old.experiments(protocol)]
    thresholds = list(dict.fromkeys(content.get("threshold") for content in contents))
    if len(thresholds) == 1 and thresholds[0] is not None:
        settings["Threshold"] = float(thresholds[0])
    elif len(thresholds) > 1:
        told = ", ".join("none" if value is None else f"{value:g} mV" for value in thresholds)
        old.say(f"the cells have different spike thresholds ({told}); −20 mV is used.", protocol=protocol)
    return {"efel_settings": settings} if settings else {}


def _location(old: Legacy, protocol: str) -> dict[str, Any]:
    places = [experiment.content.get("location") for experiment in old.experiments(protocol)]
    named = list(dict.fromkeys(str(place).removesuffix(".v") for place in places if place))
    if len(named) > 1:
        told = f"the cells have different locations ({', '.join(named)}); the first is used."
        old.say(told, protocol=protocol)
    return {"location": named[0]} if named and named[0] != "soma" else {}
