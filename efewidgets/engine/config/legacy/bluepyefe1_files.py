"""The recordings of a BluePyEfe 1 config; what was said of a cell or a protocol goes to each of its files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ...problems import EfeError
from .bluepyefe1_config import Experiment, Legacy, timings_of

_SUFFIXES = {"csv_lccr": ".txt"}  # of files that are named without; all others are .abf
_PATHS = ("i_file", "v_file", "filepath")
_NOT_METADATA = (*_PATHS, "ordinal", "pulseAmp", "holdingcurrent")  # BluePyEfe 1 measured the holding current


def files_metadata(old: Legacy) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return ``{cell: {protocol: [metadata of a file, …]}}``, with absolute paths."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for experiment in old.experiments():
        about = _of_protocol(old, experiment.protocol) | _of_experiment(old, experiment)
        files = found.setdefault(experiment.cell_name, {}).setdefault(experiment.protocol, [])
        for index, file in enumerate(experiment.files):
            files.append(_of_file(old, experiment, file) | about | _of_cell(experiment.cell, index))
            files[-1] |= _own(file)
        if any(experiment.cell.get("exclude") or []):
            excluded = experiment.cell["exclude"]
            old.say(f"not done here: sweeps at {excluded} nA were excluded.", cell=experiment.cell_name)
    return found


def _of_file(old: Legacy, experiment: Experiment, file: Any) -> dict[str, str]:
    base = str(old.data.get("path") or "")
    if isinstance(file, str):
        name = file + _SUFFIXES.get(old.format, ".abf")
        return {"filepath": _existing(old.folder, os.path.join(base, experiment.cell_name, name))}
    named = {key: file[key] for key in _PATHS if key in file} if isinstance(file, Mapping) else {}
    if not named:
        place = f"cell {experiment.cell_name!r}, protocol {experiment.protocol!r}"
        raise EfeError(f"{place}: no file is named in {file!r}.")
    return {key: _existing(old.folder, os.path.join(base, str(name))) for key, name in named.items()}


def _existing(folder: str, path: str) -> str:
    """Return a path beside the config, or, as BluePyEfe 1 had it, in the working directory."""
    beside, here = (os.path.abspath(os.path.join(base, path)) for base in (folder, "."))
    return here if os.path.exists(here) and not os.path.exists(beside) else beside


def _own(file: Any) -> dict[str, Any]:
    if not isinstance(file, Mapping):
        return {}
    found = {key: value for key, value in file.items() if key not in _NOT_METADATA}
    return found if file.get("pulseAmp") is None else found | {"amp": file["pulseAmp"]}


def _of_cell(cell: Mapping[str, Any], index: int) -> dict[str, Any]:
    found = {}
    v_corr = cell.get("v_corr")
    if isinstance(v_corr, list) and v_corr:  # one for all files, or one for each
        v_corr = v_corr[min(index, len(v_corr) - 1)]
    if v_corr and isinstance(v_corr, (int, float)) and not isinstance(v_corr, bool):
        found["v_corr"] = v_corr
    if cell.get("ljp"):
        found["ljp"] = cell["ljp"]
    return found


def _of_protocol(old: Legacy, protocol: str) -> dict[str, Any]:
    window = (old.options.get("onoff") or {}).get(protocol)
    if not isinstance(window, Sequence) or len(window) != 2:
        return {}
    timings = timings_of(protocol)
    if timings == ("ton", "toff"):
        return {"ton": window[0]} | ({"toff": window[1]} if window[1] else {})
    old.say(
        f"the window of {window[0]} to {window[1]} ms (onoff) says too little about this stimulus "
        f"({', '.join(timings) or 'pulses'}), which is found in the current instead.",
        protocol=protocol,
    )
    return {}


def _of_experiment(old: Legacy, experiment: Experiment) -> dict[str, Any]:
    content, place = experiment.content, {"cell": experiment.cell_name, "protocol": experiment.protocol}
    if old.format == "csv_lccr":
        given = {key: content[key] for key in ("dt", "amplitudes", "hypamp", "ton", "toff") if key in content}
        return given | {"t_unit": "ms", "i_unit": "nA", "v_unit": "mV", "remove_last_100ms": True}
    if content.get("stim_feats"):
        told = "the stimulus was made up from a description (stim_feats); here it is the recorded current."
        old.say(told, **place)
    info = content.get("stim_info")
    if not isinstance(info, Mapping):
        return {}
    if "tamp" in info:
        old.say("not done here: amplitudes were measured in a window of their own (tamp).", **place)
    return {key: info[key] for key in ("ton", "toff", "i_unit") if key in info}
