"""Features and protocols in the form of BluePyOpt's l5pc example, as targets; HHNB's nesting of it; and our own fit.

The numbers of these files are results. As targets they say what is to be computed again, on one's own recordings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...problems import EfeError

#: How a file of `export.fit` begins what it says of itself
_FIT = "efewidgets fit"

#: Tolerances where the form has none: % of rheobase, nA
TOLERANCE, TOLERANCE_NA = 10.0, 0.01


@dataclass
class Imported:
    """Targets that were found, and what else the files say.

    Parameters
    ----------
    targets : list of dict
        As `extract_efeatures` takes them.
    locations : dict
        Where in a morphology the targets' locations are, as `export.Choices` takes them.
    absolute_amplitude : bool
        Whether the targets' amplitudes are in nA.
    lost : list of str
        In sentences, what the files can't say or what isn't taken over.
    """

    targets: list[dict[str, Any]] = field(default_factory=list)
    locations: dict[str, Any] = field(default_factory=dict)
    absolute_amplitude: bool = False
    lost: list[str] = field(default_factory=list)


def is_fit(data: Any) -> bool:
    """Whether this is what `export.fit` writes."""
    return isinstance(data, Mapping) and str(data.get("form", "")).startswith(_FIT)


def is_l5pc(data: Any) -> bool:
    """Whether this is ``{protocol: {location: {feature: [mean, std]}}}``, or that nested under an e-type."""
    return _are_features(data) or _nested(data) is not None


def _are_features(data: Any) -> bool:
    return (
        isinstance(data, Mapping)
        and bool(data)
        and all(
            isinstance(places, Mapping)
            and places
            and all(isinstance(own, Mapping) and all(map(_is_value, own.values())) for own in places.values())
            for places in data.values()
        )
    )


def _is_value(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, (int, float)) for v in value)


def _nested(data: Any) -> str | None:
    """Return the e-type that features are nested under, or None."""
    if isinstance(data, Mapping) and len(data) == 1:
        (etype, inside), *_ = data.items()
        return str(etype) if _are_features(inside) else None
    return None


def from_fit(data: Mapping[str, Any]) -> Imported:
    """Return the targets that a fit was made of, with nothing lost.

    Raises
    ------
    EfeError
        If the file doesn't say them.
    """
    about = data.get("efewidgets")
    targets = about.get("targets") if isinstance(about, Mapping) else None
    if not isinstance(about, Mapping) or not isinstance(targets, list):
        raise EfeError('the file doesn\'t say what it was made of ("targets" under "efewidgets").')
    absolute = bool(about.get("absolute_amplitude"))
    return Imported([dict(target) for target in targets], dict(data.get("locations") or {}), absolute)


def from_l5pc(
    features: Mapping[str, Any], protocols: Mapping[str, Any] | None = None, tolerance: float | None = None
) -> Imported:
    """Return features of the l5pc form as targets.

    Parameters
    ----------
    features : dict
        ``{protocol: {location: {feature: [mean, std]}}}``, perhaps under an e-type.
    protocols : dict, optional
        What protocols.json holds, perhaps under the same e-type. Where a protocol's name doesn't end with an amplitude,
        as ``IDrest_150`` does, that of its step is taken, and all amplitudes are in nA.
    tolerance : float, optional
        Of the targets; by default 10 % of rheobase, or 0.01 nA.

    Raises
    ------
    EfeError
        If it is of another form.
    """
    etype = _nested(features)
    if etype is not None and not _are_features(features):
        features = features[etype]
        protocols = (protocols or {}).get(etype, protocols)
    if not _are_features(features):
        raise EfeError(
            "features of the l5pc form are {protocol: {location: {feature: [mean, std]}}}; these aren't."
        )
    steps = {name: _step(entry) for name, entry in (protocols or {}).items()}
    named = {name: _amplitude(name) for name in features}
    absolute = any(named[name] is None and steps.get(name) is not None for name in features)
    found = Imported(absolute_amplitude=absolute)
    for name, places in features.items():
        amplitude = steps.get(name) if absolute else named[name]
        if amplitude is None:
            found.lost.append(f"{name} is left out: it isn't known which amplitude it is of.")
            continue
        protocol = name.rpartition("_")[0] if named[name] is not None else name
        for location, own in places.items():
            found.targets += [
                {
                    "efeature": efeature,
                    "protocol": protocol,
                    "amplitude": amplitude,
                    "tolerance": tolerance or (TOLERANCE_NA if absolute else TOLERANCE),
                    "location": location,
                }
                for efeature in own
            ]
    _take_locations(found, protocols or {})
    if found.targets:
        found.lost.append(
            "the form doesn't say eFEL settings, tolerances, weights, numbers of values or files; means and standard "
            "deviations are computed anew, on your recordings."
        )
    return found


def _amplitude(name: str) -> float | None:
    """Return 150 of "IDrest_150"."""
    protocol, _, last = name.rpartition("_")
    try:
        value = float(last) if protocol else math.nan
    except ValueError:
        return None
    return None if not math.isfinite(value) else int(value) if value.is_integer() else value


def _step(entry: Any) -> float | None:
    """Return the amplitude (nA) of a protocol's step, the first of its stimuli."""
    try:
        return float(entry["stimuli"][0]["amp"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _take_locations(found: Imported, protocols: Mapping[str, Any]) -> None:
    wanted = {target["location"] for target in found.targets}
    for entry in protocols.values():
        for place in entry.get("extra_recordings") or () if isinstance(entry, Mapping) else ():
            name = place.get("name")
            if name in wanted:
                found.locations[name] = {
                    k: v for k, v in place.items() if k not in ("name", "var", "variable")
                }
