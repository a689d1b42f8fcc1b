"""BluePyEModel's files, back as targets and files of a config; with what they don't say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..problems import EfeError

#: What neither of BluePyEModel's files says of a target
NOT_SAID = "what targets are for (roles), their locations and least numbers of values aren't said there."


def targets_of_features(data: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the targets that a features file of ours was made of; None where it doesn't say, as BluePyEModel's own."""
    said = data.get("efewidgets")
    targets = said.get("targets") if isinstance(said, Mapping) else None
    if not isinstance(targets, list) or not all(isinstance(target, Mapping) for target in targets):
        return None
    return [dict(target) for target in targets]


def config_of_extraction(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return BluePyEModel's configuration of an extraction as a config of ours, and in sentences what it doesn't say.

    Raises
    ------
    EfeError
        If it has no files or targets.
    """
    files, targets = data.get("files"), data.get("targets")
    if not isinstance(files, list) or not isinstance(targets, list):
        raise EfeError(
            'BluePyEModel\'s configuration of an extraction must have lists "files" and "targets".'
        )
    cells: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file in files:
        path = {} if file.get("filepath") is None else {"filepath": file["filepath"]}
        for protocol, own in (file.get("ecodes") or {}).items():
            metadata = {**path, **(own or {}), **(file.get("other_metadata") or {})}
            listed = cells.setdefault(str(file["cell_name"]), {}).setdefault(str(protocol), [])
            listed.append({key: value for key, value in metadata.items() if value is not None})
    config: dict[str, Any] = {"files_metadata": cells, "targets": [_target(target) for target in targets]}
    if data.get("protocols_rheobase"):
        config["protocols_rheobase"] = data["protocols_rheobase"]
    lost = [NOT_SAID, "eFEL settings for all and the rule for rheobases stand in the recipe, not there."]
    for key in ("additional_fitness_efeatures", "additional_fitness_protocols", "protocols_mapping"):
        if data.get(key):
            lost.append(f"{key} has no place in a config and is left out.")
    return config, lost


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in target.items() if value is not None and value != {}}
    if found.get("weight") == 1.0:
        del found["weight"]
    return found
