"""Inputs in the words of the engine and of config files, and back."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..engine.extraction.writing import RunSettings
from ..engine.problems import Problem
from ..engine.remote import absolute
from ..engine.stages.inputs import PATHS, CellInputs, FileInputs, Goal, Inputs, Reader, Target, file_inputs
from ..engine.stages.options import Options, settings_used
from ..engine.stages.values import Frozen, freeze, thaw
from ..engine.targets.automatic import AutoTarget
from ..engine.targets.targets import check_targets, convert_legacy_targets

#: What is called and kept alike here and in `Options`
SAME = (
    "absolute_amplitude",
    "protocol_mode",
    "rheobase_strategy",
    "threshold_nvalue_save",
    "default_std_value",
    "save_files_used",
)
RUN = tuple(f.name for f in dataclasses.fields(RunSettings))

_readers: dict[int, Reader] = {}


def as_options(inputs: Inputs) -> Options:
    """Return the inputs as `extract_efeatures` takes them."""
    reader, goals, targets = inputs.recording_reader, inputs.auto_targets, inputs.targets
    return Options(
        files_metadata={
            cell.name: {
                protocol: [file.as_metadata() for file in group.files]
                for protocol, group in cell.groups.items()
            }
            for cell in inputs.cells
        },
        targets=None if targets is None else [target.as_dict() for target in targets],
        auto_targets=None if goals is None else [goal.auto_target() for goal in goals],
        protocols_rheobase=thaw(inputs.protocols_rheobase),
        rheobase_settings=thaw(inputs.rheobase_settings),
        rheobase_values=thaw(inputs.rheobase_values) or None,
        efel_settings=thaw(inputs.efel_settings),
        recording_reader=None if reader is None else reader.function,
        models=[cell.name for cell in inputs.cells if cell.model] or None,
        **{name: getattr(inputs, name) for name in SAME},
    )


def settings_in_force(inputs: Inputs) -> dict[str, Any]:
    """Return the eFEL settings, the usual ones where a person gave none."""
    return settings_used(Options({}, efel_settings=thaw(inputs.efel_settings)))


def as_run_settings(inputs: Inputs) -> RunSettings:
    """Return what a run writes."""
    return RunSettings(**{name: thaw(getattr(inputs, name)) for name in RUN})


def inputs_of(
    options: Options, run: RunSettings | None = None, new_id: Callable[[str], str] | None = None
) -> tuple[Inputs, list[Problem]]:
    """Return what a person decided in a config, and what of it can't be used.

    Parameters
    ----------
    options : Options
    run : RunSettings, optional
    new_id : callable, optional
        Returns a new id that starts with the given letter.

    Raises
    ------
    EfeError
        If the metadata of a file can't be.
    """
    new_id = new_id or ids()
    names = options.protocols_rheobase
    targets, problems = targets_of(options.targets, new_id)
    fields = {name: getattr(options, name) for name in SAME}
    fields |= {name: getattr(run, name) for name in RUN} if run is not None else {}
    return Inputs(
        cells=tuple(
            CellInputs(str(cell), tuple(files), str(cell) in (options.models or ()))
            for cell, protocols in options.files_metadata.items()
            if (files := list(_files(protocols, new_id)))
        ),
        targets=targets,
        auto_targets=goals_of(options.auto_targets),
        protocols_rheobase=freeze([names] if isinstance(names, str) else names),
        rheobase_settings=freeze(options.rheobase_settings),
        rheobase_values=Frozen(options.rheobase_values),
        efel_settings=freeze(options.efel_settings),
        recording_reader=reader_of(options.recording_reader),
        **freeze(fields),
    ), problems


def _files(protocols: Mapping[str, Any], new_id: Callable[[str], str]) -> Iterator[FileInputs]:
    for protocol, files in protocols.items():
        for metadata in files:
            yield file_inputs(new_id("f"), protocol, with_absolute_paths(metadata))


def with_absolute_paths(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a file's metadata that means the same in whatever folder."""
    found = dict(metadata)
    for key in PATHS:
        if isinstance(found.get(key), (str, os.PathLike)):
            found[key] = absolute(found[key])
    return found


def targets_of(targets: Any, new_id: Callable[[str], str]) -> tuple[tuple[Target, ...] | None, list[Problem]]:
    """Return the targets that can be used (of the new or the old form), and what is wrong with the others."""
    if targets is None:
        return None, []
    listed = convert_legacy_targets(targets) if isinstance(targets, Mapping) else targets
    good, problems = check_targets(listed)
    return tuple(Target(new_id("t"), **freeze(target)) for target in good), problems


def goals_of(goals: Iterable[AutoTarget] | None) -> tuple[Goal, ...] | None:
    """Return goals as they are kept."""
    if goals is None:
        return None
    return tuple(map(Goal.of, goals))


def reader_of(function: Callable[..., Any] | None) -> Reader | None:
    """Return a lab's own reader as it is kept; the same function is the same reader."""
    if function is None:
        return None
    if id(function) not in _readers:
        module = getattr(function, "__module__", "")
        name = f"{module}:{getattr(function, '__qualname__', type(function).__name__)}"
        number = sum(known.name == name for known in _readers.values())
        _readers[id(function)] = Reader(name, number, function)
    return _readers[id(function)]


def ids() -> Callable[[str], str]:
    """Return a function that makes new ids that begin with a letter: "f1", "f2", "t1"."""
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
    return lambda letter: f"{letter}{next(numbers[letter])}"
