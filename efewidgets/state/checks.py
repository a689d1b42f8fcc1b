"""Whether inputs can be: all that is new in them is checked before it is taken over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..engine.ecodes import ecode_of
from ..engine.extraction import Options, check_choices
from ..engine.problems import EfeError, nearest
from ..engine.targets import check_targets
from ..engine.units import to_ms, to_mV, to_nA
from .inputs import PATHS, CellInputs, FileInputs, Inputs, Recipe, Target
from .values import Frozen, thaw

TIMINGS = ("ton", "tmid", "tmid2", "toff", "t1", "t2", "t3", "t4", "tend")
NUMBERS = (*TIMINGS, "ljp", "v_corr", "amp", "amp2", "hypamp", "dt")
UNITS = {"v_unit": to_mV, "i_unit": to_nA, "t_unit": to_ms}

#: What a person may say about a single sweep
OF_SWEEPS = (*NUMBERS, *UNITS, "ecode")


def check_inputs(new: Inputs, old: Inputs) -> None:
    """Check what is new, in words for the person who decided it.

    Raises
    ------
    EfeError
        If something can't be; the inputs must not be taken over then.
    """
    fields = new.__dataclass_fields__
    if {name for name in fields if getattr(new, name) is not getattr(old, name)} - {"targets"}:
        _check_choices(new)
    if new.targets is not None and new.auto_targets is not None:
        raise EfeError("there are targets and goals for an automatic choice; only one of them can be.")
    if new.cells is not old.cells:
        _check_cells(new, old)
    if new.targets is not None and new.targets is not old.targets:
        known = {id(target) for target in old.targets or ()}
        check_each([target for target in new.targets if id(target) not in known])
    if new.auto_targets is not None and new.auto_targets is not old.auto_targets:
        for goal in new.auto_targets:
            if not (goal.protocols and goal.amplitudes and goal.efeatures):
                raise EfeError("a goal for the automatic choice needs protocols, amplitudes and efeatures.")
            check_each(
                [
                    Target("", efeature, goal.protocols[0], amplitude, goal.tolerance)
                    for efeature in goal.efeatures
                    for amplitude in goal.amplitudes
                ]
            )


def _check_choices(inputs: Inputs) -> None:
    check_choices(
        Options(
            {name: {} for name in inputs.by_name},
            [],
            thaw(inputs.protocols_rheobase),
            protocol_mode=inputs.protocol_mode,
            efel_settings=thaw(inputs.efel_settings),
            rheobase_strategy=inputs.rheobase_strategy,
            rheobase_settings=thaw(inputs.rheobase_settings),
            rheobase_values=thaw(inputs.rheobase_values),
            threshold_nvalue_save=inputs.threshold_nvalue_save,
            default_std_value=inputs.default_std_value,
        )
    )
    for name in inputs.protocols_rheobase or ():
        if not isinstance(name, str):
            raise EfeError(f"protocols_rheobase must be names of protocols, but one is {name!r}.")
    truths = (
        "absolute_amplitude save_files_used write_files plot extract_per_cell low_memory_mode pickle_cells"
    )
    for name in truths.split():
        if not isinstance(getattr(inputs, name), bool):
            raise EfeError(f"{name} must be True or False, but is {getattr(inputs, name)!r}.")


def check_each(targets: list[Target]) -> None:
    """Check targets one by one.

    Raises
    ------
    EfeError
        For the first that can't be, saying which.
    """
    for target in targets:
        place = f"{target.efeature} of {target.protocol} at {target.amplitude}"
        if not isinstance(target.protocol, str) or not target.protocol:
            raise EfeError(f"the protocol of a target must be a name, but is {target.protocol!r} ({place}).")
        if not isinstance(target.efel_settings, Frozen):
            raise EfeError(f"{place}: efel_settings must be name: value pairs.")
        for name, kind in (("efeature_name", (str, type(None))), ("location", str)):
            if not isinstance(getattr(target, name), kind):
                raise EfeError(f"{place}: {name} must be a text, but is {getattr(target, name)!r}.")
        _, problems = check_targets([target.as_dict()])
        if problems:
            raise EfeError(f"{place}: {problems[0].message}")


def _check_cells(new: Inputs, old: Inputs) -> None:
    if len(new.by_name) < len(new.cells):
        raise EfeError("two cells have the same name.")
    known = {id(cell) for cell in old.cells}
    recipes = {id(file.recipe) for cell in old.cells for file in cell.files}
    for cell in new.cells:
        if id(cell) not in known:
            _check_cell(cell, recipes)


def _check_cell(cell: CellInputs, known: set[int]) -> None:
    if not isinstance(cell.name, str) or not cell.name.strip():
        raise EfeError(f"a cell must have a name, but this one's is {cell.name!r}.")
    for file in cell.files:
        if id(file.recipe) not in known:
            _check_file(file)


def _check_file(file: FileInputs) -> None:
    recipe: Recipe = file.recipe
    place = file.path or "the file"
    if not isinstance(recipe.protocol, str) or not recipe.protocol.strip():
        raise EfeError(f"{place}: the protocol must be a name, but is {recipe.protocol!r}.")
    for key in PATHS:
        if not isinstance(recipe.metadata.get(key, ""), str):
            raise EfeError(f"{key!r} in the metadata must be a path, but is {recipe.metadata[key]!r}.")
    _check_metadata(recipe.metadata, place)
    for label, own in recipe.sweeps.items():
        for key in own:
            if key not in OF_SWEEPS:
                raise EfeError(
                    f"{place}, sweep {label!r}: {key!r} can't be set for a single sweep."
                    f"{nearest(key, OF_SWEEPS)} It can be: {', '.join(OF_SWEEPS)}."
                )
        _check_metadata(own, f"{place}, sweep {label!r}")


def _check_metadata(metadata: Mapping[str, Any], place: str) -> None:
    for key in NUMBERS:
        value = metadata.get(key)
        wrong = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
        if value is not None and wrong:
            raise EfeError(f"{place}: {key} must be a number, but is {value!r}.")
    if (dt := metadata.get("dt")) is not None and dt <= 0:
        raise EfeError(f"{place}: dt must be greater than zero, but is {dt!r}.")
    ton, toff = metadata.get("ton"), metadata.get("toff")
    if ton is not None and toff is not None and ton >= toff:
        raise EfeError(
            f"{place}: the stimulus must start (ton = {ton:g} ms) before it ends (toff = {toff:g} ms)."
        )
    for key, convert in UNITS.items():
        if metadata.get(key) is not None:
            try:
                convert(1.0, metadata[key])
            except EfeError as error:
                raise EfeError(f"{place}: {key}: {error}") from error
    if metadata.get("ecode") is not None:
        ecode_of("", metadata["ecode"])
