"""Configs of older programs, translated; whatever can't be translated is said.

Two forms are known: the config of BluePyEfe 1 (`bluepyefe1`), and targets as a dictionary of protocols, by
themselves or in a config that is otherwise of today's form.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...problems import EfeError, Problem, nearest
from ...targets.targets import convert_legacy_targets
from ..keys import BESIDES, OPTIONS
from .bluepyefe1 import is_bluepyefe1, translate, translate_targets

__all__ = ["convert_legacy", "translate_targets"]

_FILL_IN = "fill in files_metadata, {cell: {protocol: [metadata of a file, …]}}, by hand."


def convert_legacy(data: Any, folder: str | os.PathLike[str] = ".") -> tuple[dict[str, Any], list[Problem]]:
    """Translate an older config.

    Parameters
    ----------
    data : dict
        What the JSON file holds; left as it is.
    folder : path
        Folder of the file, for the recordings that it names.

    Returns
    -------
    config : dict
        A config as `config.parse_config` takes it. Paths are absolute if it is from BluePyEfe 1; otherwise
        they are left as they are.
    problems : list of Problem
        What couldn't be translated, and what the older program did otherwise.

    Raises
    ------
    EfeError
        If it is of neither form.
    """
    if not isinstance(data, Mapping):
        raise EfeError("a config must be one dictionary in braces.")
    if is_bluepyefe1(data):
        return translate(data, folder)
    if isinstance(data.get("targets"), Mapping):
        return _with_targets(data)
    if data and all(_is_old_target(target) for target in data.values()):
        config = {"files_metadata": {}, "targets": convert_legacy_targets(data)}
        return config, [_warning(f"the file holds targets only; {_FILL_IN}")]
    raise EfeError(
        "this is neither a config of BluePyEfe 1 (with cells, features and options) nor one whose targets "
        'are a dictionary of protocols (each with "amplitudes", "tolerances" and "efeatures").'
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
