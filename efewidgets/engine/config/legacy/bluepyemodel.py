"""BluePyEModel's configuration of an extraction as it lies in a folder, with recipe and features file beside it."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from ...export.importing import config_of_extraction
from ...problems import Problem


def is_extract_config(data: Mapping[str, Any]) -> bool:
    """Whether this is what BluePyEModel has in ``config/extract_config``."""
    return isinstance(data.get("files"), list) and isinstance(data.get("targets"), list)


def translate_extract_config(
    data: Mapping[str, Any], folder: str | os.PathLike[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Translate it, with the recipe and the features file that are found above its folder; see `convert_legacy`."""
    root = pathlib.Path(folder).absolute().parent.parent
    recipe = _recipe(root, data.get("emodel"))
    settings = recipe.get("pipeline_settings")
    if isinstance(settings, str):
        settings = _read(root / settings)
    features = recipe.get("features")
    held = _read(root / features) if isinstance(features, str) else None
    config, lost = config_of_extraction(data, settings if isinstance(settings, Mapping) else None, held)
    for protocols in config["files_metadata"].values():
        for files in protocols.values():
            files[:] = [_found_from(root, metadata) for metadata in files]
    return config, [Problem(sentence, "warning", "config") for sentence in lost]


def _recipe(root: pathlib.Path, emodel: Any) -> Mapping[str, Any]:
    recipes = _read(root / "config" / "recipes.json") or {}
    found = recipes.get(emodel)
    if found is None and len(recipes) == 1:
        (found,) = recipes.values()
    return found if isinstance(found, Mapping) else {}


def _read(path: pathlib.Path) -> Mapping[str, Any] | None:
    """Return what a file holds; None if it isn't there, or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, Mapping) else None


def _found_from(root: pathlib.Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata whose paths are whole: BluePyEModel's are relative to where it is run."""
    paths = {key: metadata[key] for key in ("filepath", "v_file", "i_file") if metadata.get(key) is not None}
    return dict(metadata) | {key: str(root / path) for key, path in paths.items()}
