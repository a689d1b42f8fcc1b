"""BluePyEModel's own configuration of an extraction, so that it can be run again there; and what that can't say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..recordings.sweeps import EXCLUDE, split_metadata
from ..roles import HOLDING, RIN, RMP, VALIDATION, holder, place_name, place_of
from ..stages.options import rheobase_settings
from .choices import Choices

if TYPE_CHECKING:
    from ..extraction.run import Extraction
    from .fitness_file import Fitness

#: Keys of metadata that name files, which BluePyEModel keeps apart from those of a protocol
_PAIR = ("v_file", "i_file")

#: What BluePyEModel knows of a target
_TARGET = ("efeature", "protocol", "amplitude", "tolerance", "efeature_name", "efel_settings", "weight")

#: What BluePyEfe doesn't read of metadata, in words
_UNKNOWN = {
    "ecode": "which stimulus a recording is, where its protocol's name doesn't tell",
    "clamp_mode": "clamp modes",
}


def extract_config(
    extraction: Extraction, found: Fitness, choices: Choices
) -> tuple[dict[str, Any], list[str]]:
    """Return the configuration that BluePyEModel reads for an extraction of its own, and what it can't say.

    Returns
    -------
    config : dict
        With "files", "targets" and "protocols_rheobase"; the targets are resolved if they were chosen automatically.
    lost : list of str
        In sentences.
    """
    files, lost = _files(extraction.options.files_metadata)
    mapping, unsaid = _mapping(found)
    config = {
        "emodel": choices.name,
        "ttype": None,
        "files": files,
        "targets": [_target(t) for t in extraction.targets if place_name(t) not in found.left_out],
        "protocols_rheobase": []
        if extraction.options.absolute_amplitude
        else _rheobase_protocols(extraction),
        "auto_targets": None,
        "additional_fitness_efeatures": None,
        "additional_fitness_protocols": None,
        "protocols_mapping": mapping or None,
    }
    return config, [*lost, *unsaid, *_lost_decisions(extraction, found)]


def _files(files_metadata: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return one entry a cell, file and protocol, and what of the metadata is lost."""
    files: list[dict[str, Any]] = []
    lost: dict[str, None] = {}
    for cell, protocols in files_metadata.items():
        for protocol, listed in protocols.items():
            for metadata in listed:
                whole, of_sweeps = split_metadata(metadata)
                for label, own in of_sweeps.items():
                    what = (
                        "is left out by hand" if own.get(EXCLUDE) is not None else "has metadata of its own"
                    )
                    lost[
                        f"recording {label!r} of {cell}, {protocol}, {what}; BluePyEModel takes it as the others."
                    ] = None
                lost |= {
                    f"{words} ({key} of {cell}, {protocol}).": None
                    for key, words in _UNKNOWN.items()
                    if whole.get(key) is not None
                }
                files.append(_file(str(cell), str(protocol), whole))
    return files, list(lost)


def _file(cell: str, protocol: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    path = metadata.get("filepath")
    first = path if path is not None else metadata.get("v_file")
    name = os.path.basename(os.fspath(first).replace("\\", "/")) if first is not None else cell
    said = {key: value for key, value in metadata.items() if key not in ("filepath", "comment", *_PAIR)}
    return {
        "cell_name": cell,
        "filename": os.path.splitext(name)[0],
        "filepath": None if path is None else os.fspath(path),
        "resource_id": None,
        "ecodes": {protocol: said},
        "other_metadata": {key: os.fspath(metadata[key]) for key in _PAIR if metadata.get(key) is not None},
        "species": None,
        "brain_region": None,
        "etype": None,
        "id": None,
    }


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    usual: dict[str, Any] = {"efeature_name": None, "efel_settings": {}, "weight": 1.0}
    given = {key: target[key] for key in _TARGET if target.get(key) is not None}
    return {key: (usual | given).get(key) for key in _TARGET}


def _rheobase_protocols(extraction: Extraction) -> list[str]:
    """Return the protocols that decide the rheobase and that there are recordings of.

    BluePyEModel refuses a cell that has none of them.
    """
    there = {protocol for protocols in extraction.options.files_metadata.values() for protocol in protocols}
    return [name for name in extraction.protocols_rheobase if name in there]


def _mapping(found: Fitness) -> tuple[dict[str, str], list[str]]:
    """Return new names by the old ones, and in sentences which of them BluePyEModel would give to others, too.

    It renames each protocol whose name is contained in the old one.
    """
    mapping, told = {}, []
    for old, new in found.names.items():
        if old == new:
            continue
        others = [name for name in found.names if name != old and name.lower() in old.lower()]
        if others:
            told.append(f"that {old} is called {new}: BluePyEModel would call {others[0]} so, too.")
        else:
            mapping[old] = new
    return mapping, told


def _lost_decisions(extraction: Extraction, found: Fitness) -> Iterator[str]:
    options = extraction.options
    if options.rheobase_values:
        cells = ", ".join(map(str, options.rheobase_values))
        yield f"rheobases that are set by hand ({cells})."
    if options.protocol_mode != "mean":
        yield f"that stimuli are made by protocol_mode {options.protocol_mode!r}: BluePyEModel takes means."
    if options.recording_reader is not None:
        yield "your own reader of files: give BluePyEModel its file and name (extraction_reader of the recipe)."
    targets = found.targets
    if any(target.get("min_values") is not None for target in targets):
        yield "that some targets need another number of values than the rest (min_values)."
    if any(target.get("location", "soma") != "soma" for target in targets):
        yield "where features are located: BluePyEModel's own extraction knows the soma only."
    yield from _lost_roles(targets)
    lacking = _without_rheobase_files(extraction)
    if lacking:
        yield (
            f"cells without a recording of {', '.join(extraction.protocols_rheobase)} ({', '.join(lacking)}): "
            "BluePyEModel's own extraction would end with an error; take their files out of it."
        )


def _lost_roles(targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if any(target.get("role") == "rheobase" for target in targets):
        yield "the role rheobase."
    resistance, voltage = holder(targets, RIN), holder(targets, HOLDING)
    if resistance and voltage and place_of(resistance) != place_of(voltage):
        other = place_name(resistance)
        yield f"that the holding voltage is of {place_name(voltage)}: BluePyEModel takes that of {other}."
    if any(t.get("role") == RMP and t is not holder(targets, RMP) for t in targets):
        yield "features besides the voltage that are looked at without a stimulus (role RMP)."


def _without_rheobase_files(extraction: Extraction) -> list[str]:
    if extraction.options.absolute_amplitude:
        return []
    deciding = set(extraction.protocols_rheobase)
    files_metadata = extraction.options.files_metadata
    return [
        str(cell) for cell, protocols in files_metadata.items() if protocols and not deciding & set(protocols)
    ]


def recipe(
    extraction: Extraction, found: Fitness, choices: Choices, bounds: bool, path: Callable[[str], str]
) -> dict[str, Any]:
    """Return BluePyEModel's recipe of the model: where its files are, and the settings of extraction and fit.

    Parameters
    ----------
    extraction : Extraction
    found : Fitness
    choices : Choices
    bounds : bool
        Whether the holding current is searched within the usual bounds only.
    path : callable
        Returns the path of a file by what it is: "features", "params", "extract_config".
    """
    options = extraction.options
    settings = rheobase_settings(options)
    pipeline: dict[str, Any] = {
        "path_extract_config": path("extract_config"),
        "extract_absolute_amplitudes": options.absolute_amplitude,
        "extraction_threshold_value_save": options.threshold_nvalue_save,
        "rheobase_strategy_extraction": options.rheobase_strategy,
        "rheobase_settings_extraction": dict(settings) if settings else None,
        "efel_settings": dict(extraction.efel_settings),
        "default_std_value": options.default_std_value,
        "threshold_efeature_std": choices.std_floor,
        "bound_max_std": choices.std_cap,
        "interpolate_RMP_extraction": choices.interpolate_rmp,
        "validation_protocols": _validation(found),
        "plot_extraction": choices.figures,
        "pickle_cells_extraction": choices.pickles,
    }
    if found.threshold_based:
        for key, role in (("name_rmp_protocol", RMP), ("name_Rin_protocol", RIN)):
            target = holder(found.targets, role)
            pipeline[key] = None if target is None else place_name(target)
        pipeline["strict_holding_bounds"] = bounds
    return {
        "morph_path": "./morphologies/",
        "morphology": [[choices.name, f"{choices.name}.asc"]],
        "params": path("params"),
        "features": path("features"),
        "pipeline_settings": pipeline,
    }


def _validation(found: Fitness) -> list[str]:
    """Return the protocols that are kept out of the fit, by their names in the features file and by their own."""
    own = dict.fromkeys(place_name(target) for target in found.targets if target.get("role") == VALIDATION)
    named = [found.names.get(name, name) for name in own]
    return list(dict.fromkeys([*named, *own]))
