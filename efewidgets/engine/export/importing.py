"""BluePyEModel's files, back as targets, files, settings and choices of a config; with what they don't say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..problems import EfeError
from ..roles import FEATURE, HOLDING, RIN, RMP, VALIDATION, place_name

#: What neither of BluePyEModel's files says of a target
NOT_SAID = "the locations of targets and their least numbers of values aren't said there."

#: What a recipe has of an extraction, by its names: the names in a config
_SETTINGS = {
    "efel_settings": "efel_settings",
    "rheobase_strategy_extraction": "rheobase_strategy",
    "rheobase_settings_extraction": "rheobase_settings",
    "extract_absolute_amplitudes": "absolute_amplitude",
    "extraction_threshold_value_save": "threshold_nvalue_save",
    "default_std_value": "default_std_value",
}

#: And of the export
_CHOICES = {
    "threshold_efeature_std": "std_floor",
    "bound_max_std": "std_cap",
    "interpolate_RMP_extraction": "interpolate_rmp",
    "plot_extraction": "figures",
    "pickle_cells_extraction": "pickles",
}

#: What is said of targets, as roles
_ROLES = ("name_rmp_protocol", "name_Rin_protocol", "validation_protocols")

#: What a config can't say, in words
_UNKNOWN = {
    "minimum_protocol_delay": "that stimuli begin later than they were recorded (minimum_protocol_delay)",
    "extraction_reader": "a reader of files of one's own (extraction_reader); give it as recording_reader",
    "files_for_extraction": "which files are taken from a database (files_for_extraction)",
    "auto_targets": "how targets are chosen automatically (auto_targets); those that are listed are taken",
    "auto_targets_presets": "how targets are chosen automatically (auto_targets_presets)",
}


def targets_of_features(data: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the targets that a features file of ours was made of; None where it doesn't say, as BluePyEModel's own."""
    said = data.get("efewidgets")
    targets = said.get("targets") if isinstance(said, Mapping) else None
    if not isinstance(targets, list) or not all(isinstance(target, Mapping) for target in targets):
        return None
    return [dict(target) for target in targets]


def choices_of_features(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the choices that a features file of ours was made by; None where it doesn't say."""
    said = data.get("efewidgets")
    choices = said.get("export") if isinstance(said, Mapping) else None
    return dict(choices) if isinstance(choices, Mapping) else None


def config_of_extraction(
    data: Mapping[str, Any],
    pipeline_settings: Mapping[str, Any] | None = None,
    features: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Return BluePyEModel's configuration of an extraction as a config of ours, and in sentences what is lost.

    Parameters
    ----------
    data : dict
        What the file in ``config/extract_config`` holds.
    pipeline_settings : dict, optional
        Those of the emodel's recipe, which has the eFEL settings, the rule for rheobases, and the roles of targets.
    features : dict, optional
        What the emodel's features file holds: if we wrote it, it knows targets and choices better.

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
    config: dict[str, Any] = {"files_metadata": _cells(files), "targets": [_target(t) for t in targets]}
    if data.get("protocols_rheobase"):
        config["protocols_rheobase"] = data["protocols_rheobase"]
    lost = [NOT_SAID]
    for key in ("additional_fitness_efeatures", "additional_fitness_protocols", "protocols_mapping"):
        if data.get(key):
            lost.append(f"{key} has no place in a config and is left out.")
    choices = {"name": data["emodel"]} if data.get("emodel") else {}
    if pipeline_settings is None:
        lost.append(
            "eFEL settings for all, the rule for rheobases and the roles of targets stand in the recipe, not there."
        )
    else:
        config |= _renamed(pipeline_settings, _SETTINGS)
        choices |= _renamed(pipeline_settings, _CHOICES)
        if pipeline_settings.get("strict_holding_bounds") is False:
            choices["strict_holding_bounds"] = False
        config["targets"] = with_roles_of_recipe(config["targets"], pipeline_settings)
        lost += _lost_settings(pipeline_settings)
    own = None if features is None else targets_of_features(features)
    if own is not None:
        config["targets"], choices = own, choices_of_features(features or {}) or choices
        lost.remove(NOT_SAID)
    if choices:
        config["export"] = choices
    return config, lost


def _cells(files: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    cells: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file in files:
        path = {} if file.get("filepath") is None else {"filepath": file["filepath"]}
        for protocol, own in (file.get("ecodes") or {}).items():
            metadata = {**path, **(own or {}), **(file.get("other_metadata") or {})}
            listed = cells.setdefault(str(file["cell_name"]), {}).setdefault(str(protocol), [])
            listed.append({key: value for key, value in metadata.items() if value is not None})
    return cells


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in target.items() if value is not None and value != {}}
    if found.get("weight") == 1.0:
        del found["weight"]
    return found


def _renamed(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        new: settings[old] for old, new in names.items() if settings.get(old) not in (None, {}, False, 0.0)
    }


def with_roles_of_recipe(
    targets: Sequence[Mapping[str, Any]], pipeline_settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return copies of targets with the roles that a recipe gives them."""
    rest, resistance = (_place(pipeline_settings.get(key)) for key in _ROLES[:2])
    kept = set(_validation(pipeline_settings.get("validation_protocols")))
    roles = {(rest, FEATURE[RMP]): RMP, (resistance, FEATURE[RIN]): RIN}
    roles.setdefault((resistance, FEATURE[HOLDING]), HOLDING)
    found = []
    for target in targets:
        place = _place(place_name(target))
        role = roles.get((place, target["efeature"])) or (VALIDATION if place in kept else None)
        found.append(dict(target) | ({"role": role} if role else {}))
    return found


def _place(named: Any) -> tuple[str, float] | None:
    """Return protocol and amplitude of "IV_0" or ["IV", 0]."""
    parts = named.rpartition("_")[::2] if isinstance(named, str) else named
    try:
        protocol, amplitude = parts
        return str(protocol), float(amplitude)
    except (TypeError, ValueError):
        return None


def _validation(said: Any) -> Iterator[tuple[str, float] | None]:
    if isinstance(said, Mapping):
        yield from (_place((protocol, amplitude)) for protocol, own in said.items() for amplitude in own)
    else:
        yield from map(_place, said or ())


def _lost_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, words in _UNKNOWN.items():
        if settings.get(key):
            yield f"{words}."
    known = {*_SETTINGS, *_CHOICES, *_ROLES, *_UNKNOWN, "path_extract_config", "strict_holding_bounds"}
    rest = sorted(key for key in settings if key not in known)
    if rest:
        yield f"settings of the fit itself, which stay in the recipe: {', '.join(rest)}."
