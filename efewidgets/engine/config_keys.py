"""The keys of a config file and what each may hold, for the machine and in words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .problems import nearest

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Kind:
    """What a value may be: a test, and the same in words."""

    accepts: Callable[[Any], bool]
    words: str


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_list_of(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


_TRUTH = Kind(lambda value: isinstance(value, bool), "true or false, without quotes")
_TEXT = Kind(_is_text, "a text in quotes")
_SETTINGS = Kind(_is_dict, "settings in braces, {name: value}")
_NUMBER = Kind(_is_number, "a number, without quotes")
_WHOLE = Kind(lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number")
_NAMES = Kind(_is_list_of(_is_text), "a list of names")

OPTIONS: dict[str, Kind] = {
    "files_metadata": Kind(_is_dict, "cells in braces, {cell: {protocol: [metadata of a file, …]}}"),
    "targets": Kind(
        lambda value: isinstance(value, (list, dict)),
        'a list of targets, [{"efeature": …, "protocol": …, "amplitude": …, "tolerance": …}, …]',
    ),
    "protocols_rheobase": Kind(
        lambda value: _is_text(value) or _NAMES.accepts(value),
        'a list of names of protocols, e.g. ["IDthresh"]',
    ),
    "absolute_amplitude": _TRUTH,
    "recording_reader": Kind(_is_text, 'the name of a reader, or "module:function", in quotes'),
    "protocol_mode": _TEXT,
    "efel_settings": _SETTINGS,
    "rheobase_strategy": _TEXT,
    "rheobase_settings": _SETTINGS,
    "rheobase_values": Kind(
        lambda value: _is_dict(value) and all(map(_is_number, value.values())),
        "rheobases set by hand in braces, {cell: nA}",
    ),
    "auto_targets": Kind(
        lambda value: value == "default" or isinstance(value, list),
        '"default", or a list, [{"protocols": […], "amplitudes": […], "efeatures": […], …}, …]',
    ),
    "threshold_nvalue_save": _WHOLE,
    "default_std_value": _NUMBER,
    "save_files_used": _TRUTH,
    "output_directory": _TEXT,
    "write_files": _TRUTH,
    "plot": _TRUTH,
    "extract_per_cell": _TRUTH,
    "low_memory_mode": _TRUTH,
    "pickle_cells": _TRUTH,
}
BESIDES: dict[str, Kind] = {
    "schema_version": _WHOLE,
    "state": Kind(_is_dict, "in braces"),
    "comment": Kind(lambda value: True, "anything"),
}
GOAL: dict[str, Kind] = {
    "protocols": _NAMES,
    "amplitudes": Kind(_is_list_of(_is_number), "a list of numbers"),
    "efeatures": _NAMES,
    "min_recordings_per_amplitude": _WHOLE,
    "preferred_number_protocols": _WHOLE,
    "tolerance": _NUMBER,
}


def faults(data: Mapping[str, Any]) -> list[str]:
    """Return in words all that a config may not hold, and what it lacks."""
    if {"cells", "features", "options"} <= set(data):
        return ["this is a config of BluePyEfe 1; translate it with `efewidgets convert-legacy`."]
    found = _wrong_entries(data, OPTIONS | BESIDES)
    version = data.get("schema_version")
    if _WHOLE.accepts(version) and version != SCHEMA_VERSION:
        found.append(
            f"its schema_version is {version}, but this efewidgets knows {SCHEMA_VERSION}. Update efewidgets."
        )
    if data.get("files_metadata") is None:
        found.append(f"files_metadata is missing: {OPTIONS['files_metadata'].words}.")
    if isinstance(data.get("auto_targets"), list):
        for i, goal in enumerate(data["auto_targets"], start=1):
            found += [f"auto_targets, number {i}: {fault}" for fault in _goal_faults(goal)]
    return found


def _goal_faults(goal: Any) -> list[str]:
    if not isinstance(goal, Mapping):
        return [f"it must be in braces, but is {shown(goal)}."]
    missing = [key for key in ("protocols", "amplitudes", "efeatures") if goal.get(key) is None]
    return _wrong_entries(goal, GOAL) + [f"{key} is missing." for key in missing]


def _wrong_entries(data: Mapping[str, Any], known: Mapping[str, Kind]) -> list[str]:
    unknown = [f"there is no entry {key!r}.{nearest(key, known)}" for key in data if key not in known]
    wrong = [
        f"{key} must be {known[key].words}, but is {shown(value)}."
        for key, value in data.items()
        if key in known and value is not None and not known[key].accepts(value)
    ]
    return unknown + wrong


def shown(value: Any) -> str:
    """Return a value as it would stand in JSON, cut to a few words."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "…"
