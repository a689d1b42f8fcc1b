"""OBI-ONE's configuration of an extraction: its protocols, features and settings as a config.

Protocols and features are named there by the types of their blocks ("IDRestProtocol", "ISICVFeature"); amplitudes are
in nA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...features.catalogue import catalogue
from ...problems import EfeError, Problem
from ...roles import VALIDATION

#: nA; its targets are at the amplitudes of the recordings themselves
TOLERANCE = 1e-3

#: How protocols are written, where that isn't how their blocks are called
_WRITTEN = {
    name.lower(): name
    for name in (
        "IDrest IDthresh IDhyperpol IRhyperpol IDdepol IRdepol sAHP negCheops posCheops sineSpec pinkNoise capCheck"
    ).split()
} | {"genericstep": "Step"}

#: Its names of eFEL settings
_EFEL = {"threshold": "Threshold", "strict_stiminterval": "strict_stiminterval", "interp_step": "interp_step"}

#: Its names of times, which are 0 where they are found in the recording
_TIMES = ("stim_start", "stim_end", "stim_mid", "stim_mid_2")

#: Its names of our options and choices
_OPTIONS = {"default_std_value": "default_std_value", "threshold_nvalue_save": "threshold_nvalue_save"}
_CHOICES = {
    "bound_max_std": "std_cap",
    "interpolate_rmp": "interpolate_rmp",
    "threshold_efeature_std": "std_floor",
    "plot_extraction": "figures",
}


def is_obi_one(data: Mapping[str, Any]) -> bool:
    """Whether this is a configuration of OBI-ONE's extraction."""
    said = data.get("efeatures_by_protocol")
    return isinstance(said, Mapping) and isinstance(_protocols(data), list)


def translate_obi_one(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Translate it; see `convert_legacy`.

    Raises
    ------
    EfeError
        If no target is chosen in it.
    """
    lost: list[str] = []
    targets = [target for protocol in _protocols(data) for target in _targets(protocol, lost)]
    if not targets:
        raise EfeError(" ".join(["no protocol of this has both amplitudes and features.", *lost]))
    settings = data.get("settings") or {}
    config: dict[str, Any] = {
        "files_metadata": {},
        "targets": targets,
        "absolute_amplitude": True,
        **{new: _single(settings[old]) for old, new in _OPTIONS.items() if settings.get(old) is not None},
    }
    choices = {new: _single(settings[old]) for old, new in _CHOICES.items() if settings.get(old)}
    if choices:
        config["export"] = choices
    if _single(settings.get("minimum_protocol_delay")):
        lost.append("that stimuli begin later than they were recorded (minimum_protocol_delay).")
    lost += _scanned(settings)
    lost.append(
        f"its recordings ({_recordings(data)}) are named by their ids in its database: download them and fill in "
        "files_metadata, {cell: {protocol: [metadata of a file, …]}}, with the ljp of each."
    )
    return config, [Problem(sentence, "warning", "config") for sentence in dict.fromkeys(lost)]


def _protocols(data: Mapping[str, Any]) -> Any:
    said = data["efeatures_by_protocol"]
    selection = said.get("selection", said)
    return selection.get("protocols") if isinstance(selection, Mapping) else None


def _targets(protocol: Mapping[str, Any], lost: list[str]) -> Iterator[dict[str, Any]]:
    name = _protocol_name(protocol)
    own = _efel_settings(protocol)
    times = [key for key in _TIMES if protocol.get(key)]
    if times:
        lost.append(
            f"the times of {name} ({', '.join(times)}) belong to its files: give them there as ton, toff …"
        )
    for amplitude, validation in protocol.get("extraction_amplitudes") or ():
        for feature in protocol.get("features") or ():
            if feature.get("extract") is False:
                continue
            efeature = _efeature(feature)
            if efeature is None:
                lost.append(f"{feature.get('type')} of {name} is no feature of the eFEL that is installed.")
                continue
            target = {"efeature": efeature, "protocol": name, "amplitude": amplitude, "tolerance": TOLERANCE}
            settings = own | _efel_settings(feature) | dict(feature.get("custom_efel_settings") or {})
            settings |= {key: feature[key] for key in ("stim_start", "stim_end") if feature.get(key)}
            more = {"efel_settings": settings} if settings else {}
            if feature.get("weight") not in (None, 1.0):
                more["weight"] = feature["weight"]
            yield target | more | ({"role": VALIDATION} if validation else {})


def _protocol_name(protocol: Mapping[str, Any]) -> str:
    own = protocol.get("protocol_name") or str(protocol.get("type", "")).removesuffix("Protocol")
    return _WRITTEN.get(own.lower(), own)


def _efeature(feature: Mapping[str, Any]) -> str | None:
    said = feature.get("efel_name") or str(feature.get("type", "")).removesuffix("Feature")
    names = {_squeezed(info.name): info.name for info in catalogue()}
    return names.get(_squeezed(said))


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _efel_settings(said: Mapping[str, Any]) -> dict[str, Any]:
    return {new: said[old] for old, new in _EFEL.items() if said.get(old) is not None}


def _single(value: Any) -> Any:
    """Return the value of a setting, the first one of those that are scanned."""
    return value[0] if isinstance(value, Sequence) and not isinstance(value, str) and value else value


def _scanned(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, list) and len(value) > 1:
            yield f"the other values that {name} is scanned over; the first is taken."


def _recordings(data: Mapping[str, Any]) -> str:
    listed = (data.get("initialize") or {}).get("electrical_cell_recording") or ()
    return ", ".join(str(one.get("id_str", one)) for one in listed) or "none"
