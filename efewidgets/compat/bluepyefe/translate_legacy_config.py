"""Configs of BluePyEfe 1, translated to the arguments of `extract_efeatures`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ...engine.config.legacy import convert_legacy

__all__ = ["translate_legacy_config", "translate_legacy_files_metadata", "translate_legacy_targets"]

logger = logging.getLogger(__name__)

_NO_ARGUMENT = ("schema_version", "output_directory")


def translate_legacy_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `extract_efeatures`; what can't be translated is logged."""
    found, problems = convert_legacy(config)
    for problem in problems:
        logger.warning("%s", problem)
    usual: dict[str, Any] = {"rheobase_strategy": "absolute", "rheobase_settings": {}}
    return usual | {key: value for key, value in found.items() if key not in _NO_ARGUMENT}


def translate_legacy_files_metadata(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files, ``{cell: {protocol: [metadata of a file, …]}}``."""
    return translate_legacy_config(config)["files_metadata"]


def translate_legacy_targets(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the targets."""
    return translate_legacy_config(config)["targets"]
