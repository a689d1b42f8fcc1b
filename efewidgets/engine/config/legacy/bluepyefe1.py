"""Configs of BluePyEfe 1, translated: cells with experiments, features by protocol, options.

What they mean is read off BluePyEfe 1's own program (`extractor.py` and `formats/` of BlueBrain/BluePyEfe
before version 2). BluePyEfe 2's translator knows less: it leaves out the junction potentials and corrections
of cells, absolute amplitudes and their unit, spike thresholds, excluded sweeps and several options without a
word.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...problems import EfeError, Problem
from .bluepyefe1_config import Legacy
from .bluepyefe1_files import files_metadata
from .bluepyefe1_targets import targets

_OTHERWISE = (
    "BluePyEfe 1 also averaged the sweeps of each cell before those of all cells, took sweeps exactly at the "
    "edge of a tolerance, cut voltage transients at the edges of some steps, and used eFEL's interp_step of "
    "0.1 ms (here 0.025 ms, as in BluePyEfe 2): expect numbers that differ a little."
)
_NOT_DONE = {
    "amp_min": "sweeps at smaller currents than amp_min = {value} nA were left out",
    "peak_min": "spikes at smaller currents than peak_min = {value} nA were not counted",
    "zero_to_nan": "zeros of some features were left out of the means (zero_to_nan)",
    "featzerotonan": "zeros of some features were left out of the means (featzerotonan)",
    "delay": "{value} ms were added before the stimulus in the protocols (delay)",
    "boxcox": "a Box–Cox transform was asked for",
    "nangrace": "up to {value} missing values were tolerated in a mean (nangrace)",
    "trace_check": "sweeps with spikes before the stimulus, or 20 ms after it, were left out (trace_check)",
    "not nanmean": "a feature that one of the cells lacks was left out altogether (nanmean false)",
}
_HARMLESS_UP_TO = {"amp_min": 0.001, "peak_min": 0.001}
_KNOWN = {
    *_NOT_DONE, "expthreshold", "logging", "nanmean", "nanmean_cell", "onoff", "posttime", "print_table",
    "relative", "saveraw", "spike_threshold", "strict_stiminterval", "target", "target_unit", "tolerance",
    "zero_std",
}  # fmt: skip


def is_bluepyefe1(data: Mapping[str, Any]) -> bool:
    """Whether this is a config of BluePyEfe 1."""
    return {"cells", "features", "options"} <= set(data)


def translate(
    data: Mapping[str, Any], folder: str | os.PathLike[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Translate a config of BluePyEfe 1; see `convert_legacy`."""
    old = Legacy(data, os.fspath(folder))
    if old.format == "ibf_json":
        raise EfeError(
            "the recordings are JSON files of the format 'ibf_json', which can't be read. Export them as "
            "NWB, ABF or CSV, or write a reader for them (recording_reader)."
        )
    config = {
        "files_metadata": files_metadata(old),
        "targets": targets(old),
        **_rheobase(old),
        "efel_settings": {"strict_stiminterval": old.strict, "Threshold": -20.0, "interp_step": 0.025},
    }
    if old.options.get("saveraw"):
        config["save_files_used"] = True
    _say_what_is_not_done(old)
    return config, old.problems


def translate_targets(data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Translate the targets alone, whatever the recordings are: the configs of EBRAINS' NFE name JSON files of its own.

    Raises
    ------
    EfeError
        If it isn't of the form.
    """
    old = Legacy(data, ".")
    found = targets(old)
    _say_what_is_not_done(old)
    return found, old.problems


def _rheobase(old: Legacy) -> dict[str, Any]:
    """Return what the amplitudes are relative to, and how the rheobase is found."""
    found: dict[str, Any] = {"absolute_amplitude": not old.is_relative}
    names = old.options.get("expthreshold")
    if names:
        found["protocols_rheobase"] = [names] if isinstance(names, str) else list(names)
    elif old.is_relative:
        old.say("no protocols for the rheobase are named (expthreshold); common names of steps are used.")
    threshold = old.options.get("spike_threshold", 2)
    return found | {"rheobase_strategy": "absolute", "rheobase_settings": {"spike_threshold": threshold}}


def _say_what_is_not_done(old: Legacy) -> None:
    chosen = {"trace_check": True} | dict(old.options) | {"not nanmean": not old.options.get("nanmean")}
    for key, words in _NOT_DONE.items():
        value = chosen.get(key)
        is_on = value.get("flag", True) if isinstance(value, Mapping) else value
        if is_on and not (key in _HARMLESS_UP_TO and is_on <= _HARMLESS_UP_TO[key]):
            old.say(f"not done here: {words.format(value=value)}.")
    for key in old.options:
        if key not in _KNOWN:
            old.say(f"the option {key!r} isn't known and left out.")
    old.say(_OTHERWISE, "note")
