"""Configs of other programs, translated; whatever can't be translated is said.

Known are: the config of BluePyEfe 1 (`bluepyefe1`), which EBRAINS' NeuroFeatureExtract writes, too; targets as a
dictionary of protocols, by themselves or in a config that is otherwise of today's form; BluePyEModel's configuration of
an extraction (`bluepyemodel`), and OBI-ONE's (`obi_one`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...problems import EfeError, Problem, nearest
from ...targets.targets import convert_legacy_targets
from ..keys import BESIDES, OPTIONS
from .bluepyefe1 import is_bluepyefe1, translate, translate_targets
from .bluepyemodel import is_extract_config, translate_extract_config
from .obi_one import is_obi_one, translate_obi_one

__all__ = ["convert_legacy", "is_obi_one", "translate_obi_one", "translate_targets"]

_FILL_IN = "fill in files_metadata, {cell: {protocol: [metadata of a file, …]}}, by hand."


def convert_legacy(data: Any, folder: str | os.PathLike[str] = ".") -> tuple[dict[str, Any], list[Problem]]:
    """Translate an older config, or another program's.

    Parameters
    ----------
    data : dict
        What the JSON file holds; left as it is.
    folder : path
        Folder of the file, for the recordings that it names.

    Returns
    -------
    config : dict
        A config as `config.parse_config` takes it. Paths are absolute if it is from BluePyEfe 1 or BluePyEModel;
        otherwise they are left as they are.
    problems : list of Problem
        What couldn't be translated, and what the older program did otherwise.

    Raises
    ------
    EfeError
        If it is of none of the forms.
    """
    if not isinstance(data, Mapping):
        raise EfeError("a config must be one dictionary in braces.")
    if is_bluepyefe1(data):
        return translate(data, folder)
    if is_extract_config(data):
        return translate_extract_config(data, folder)
    if is_obi_one(data):
        return translate_obi_one(data)
    if isinstance(data.get("targets"), Mapping):
        return _with_targets(data)
    if data and all(_is_old_target(target) for target in data.values()):
        config = {"files_metadata": {}, "targets": convert_legacy_targets(data)}
        return config, [_warning(f"the file holds targets only; {_FILL_IN}")]
    raise EfeError(
        "this is neither a config of BluePyEfe 1 (with cells, features and options), nor BluePyEModel's of an "
        "extraction (with lists of files and targets), nor OBI-ONE's (with efeatures_by_protocol), nor one whose "
        'targets are a dictionary of protocols (each with "amplitudes", "tolerances" and "efeatures").'
    )


def _with_targets(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    known = OPTIONS | BESIDES
    problems = [
        _warning(f"the entry {key!r} isn't known and left out.{nearest(key, known)}")
        for key in data
        if key not in known
    ]
    config = {key: value for key, value in data.items() if key in known}
    config["targets"] = convert_legacy_targets(data["targets"])
    if config.get("files_metadata") is None:
        config["files_metadata"] = {}
        problems.append(_warning(f"files_metadata is missing; {_FILL_IN}"))
    return config, problems


def _warning(message: str) -> Problem:
    return Problem(message, "warning", "config")


def _is_old_target(target: Any) -> bool:
    return isinstance(target, Mapping) and {"amplitudes", "tolerances", "efeatures"} <= set(target)
