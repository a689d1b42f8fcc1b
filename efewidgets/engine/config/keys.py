"""The keys of a config file, which sessions are too, and what each may hold, for the machine and in words.

What stands under them has its own tables: metadata of recordings in `metadata`, targets in `targets.TARGET`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..export.choices import choice_faults
from ..kinds import (
    ANYTHING,
    NAME,
    NAMES,
    NUMBER,
    NUMBERS,
    PATH,
    SETTINGS,
    TEXT,
    TRUTH,
    WHOLE,
    Kind,
    either,
    is_dict,
    is_list,
    is_list_of,
    is_number,
    is_text,
    nested_too_deeply,
    shown,
    unknown_entries,
    wrong_entries,
)
from ..problems import EfeError
from ..recordings import metadata
from ..targets.targets import convert_legacy_targets, target_faults

SCHEMA_VERSION = 1

OPTIONS: dict[str, Kind] = {
    "files_metadata": Kind(is_dict, "cells in braces, {cell: {protocol: [metadata of a file, …]}}"),
    "targets": Kind(
        either(is_list, is_dict),
        'a list of targets, [{"efeature": …, "protocol": …, "amplitude": …, "tolerance": …}, …]',
    ),
    "protocols_rheobase": Kind(
        either(is_text, is_list_of(is_text)),
        'a list of names of protocols, e.g. ["IDthresh"]',
    ),
    "absolute_amplitude": TRUTH,
    "recording_reader": Kind(is_text, 'the name of a reader, or "module:function", in quotes'),
    "protocol_mode": TEXT,
    "efel_settings": SETTINGS,
    "rheobase_strategy": TEXT,
    "rheobase_settings": SETTINGS,
    "rheobase_values": Kind(
        lambda value: is_dict(value) and all(map(is_number, value.values())),
        "rheobases set by hand in braces, {cell: nA}",
    ),
    "models": Kind(is_list_of(is_text), "names of cells that are models, and go into no average, in a list"),
    "auto_targets": Kind(
        lambda value: value == "default" or is_list(value),
        '"default", or a list, [{"protocols": […], "amplitudes": […], "efeatures": […], …}, …]',
    ),
    "threshold_nvalue_save": WHOLE,
    "default_std_value": NUMBER,
    "save_files_used": TRUTH,
    "output_directory": Kind(PATH.accepts, "the path of a folder, in quotes"),
    "write_files": TRUTH,
    "plot": TRUTH,
    "extract_per_cell": TRUTH,
    "low_memory_mode": TRUTH,
    "pickle_cells": TRUTH,
    "export": Kind(is_dict, 'choices for files of model fitting in braces, {"name": …}'),
}
BESIDES: dict[str, Kind] = {
    "schema_version": WHOLE,
    "state": Kind(is_dict, "in braces"),
    "comment": ANYTHING,
}
GOAL: dict[str, Kind] = {
    "protocols": NAMES,
    "amplitudes": NUMBERS,
    "efeatures": NAMES,
    "min_recordings_per_amplitude": WHOLE,
    "preferred_number_protocols": WHOLE,
    "tolerance": NUMBER,
}


def faults(data: Mapping[str, Any], reader: Callable[..., Any] | None = None) -> list[str]:
    """Return in words all that a config may not hold, and what it lacks.

    Parameters
    ----------
    data : dict
    reader : callable, optional
        A lab's own reader, once it is known; until then its keys can't be misspelt.
    """
    if nested_too_deeply(data):
        return ["this is not a config: its brackets are nested too deeply."]
    if {"cells", "features", "options"} <= set(data):
        return ["this is a config of BluePyEfe 1; translate it with `efewidgets convert-legacy`."]
    known = OPTIONS | BESIDES
    found = unknown_entries(data, known) + wrong_entries(data, known)
    version = data.get("schema_version")
    if WHOLE.accepts(version) and version != SCHEMA_VERSION:
        found.append(
            f"its schema_version is {version}, but this efewidgets knows {SCHEMA_VERSION}. Update efewidgets."
        )
    if data.get("files_metadata") is None:
        found.append(f"files_metadata is missing: {OPTIONS['files_metadata'].words}.")
    elif is_dict(data["files_metadata"]):
        guessed = reader or (_any_reader if data.get("recording_reader") is not None else None)
        found += _files_faults(data["files_metadata"], guessed)
    found += [f"export: {fault}" for fault in choice_faults(data.get("export")) if is_dict(data["export"])]
    return found + _targets_faults(data.get("targets")) + _goals_faults(data.get("auto_targets"))


def _any_reader(metadata: Mapping[str, Any]) -> list[Any]:
    """Stand for a reader that isn't known yet."""
    return []


def _files_faults(files_metadata: Mapping[str, Any], reader: Callable[..., Any] | None) -> Iterator[str]:
    for cell, protocols in files_metadata.items():
        yield from _told(NAME.fault("the name of a cell", cell))
        if not is_dict(protocols):
            yield (
                f"cell {cell!r} must hold protocols in braces, {{protocol: [metadata of a file, …]}}, but holds "
                f"{shown(protocols)}."
            )
            continue
        for protocol, files in protocols.items():
            place = f"cell {cell!r}, protocol {protocol!r}"
            yield from _told(NAME.fault(f"cell {cell!r}: the name of a protocol", protocol))
            if not is_list(files):
                yield f"{place} must hold a list with the metadata of each file, but holds {shown(files)}."
                continue
            for i, file in enumerate(files, start=1):
                told = metadata.check_all(file, protocol, reader)
                yield from (f"{place}, file {i}: {fault}" for fault in told)


def _told(fault: str | None) -> list[str]:
    return [fault] if fault else []


def _targets_faults(targets: Any) -> list[str]:
    """Say what the targets, of the new or the old form, can't be; what isn't known in one is told where it is used."""
    if is_dict(targets):
        try:
            targets = convert_legacy_targets(targets)
        except EfeError as error:
            return [f"targets: {error}"]
    return _numbered("targets", targets, target_faults)


def _goals_faults(goals: Any) -> list[str]:
    return _numbered("auto_targets", goals, _goal_faults)


def _numbered(name: str, listed: Any, faults_of: Callable[[Any], list[str]]) -> list[str]:
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return []  # is told as a whole
    return [
        f"{name}, number {i}: {fault}" for i, one in enumerate(listed, start=1) for fault in faults_of(one)
    ]


def _goal_faults(goal: Any) -> list[str]:
    if not isinstance(goal, Mapping):
        return [f"it must be in braces, but is {shown(goal)}."]
    missing = [key for key in ("protocols", "amplitudes", "efeatures") if goal.get(key) is None]
    return unknown_entries(goal, GOAL) + wrong_entries(goal, GOAL) + [f"{key} is missing." for key in missing]
