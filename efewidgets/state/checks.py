"""Whether inputs can be: all that is new in them is checked before it is taken over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..engine.export.choices import choices_of
from ..engine.kinds import NAME
from ..engine.problems import EfeError, nearest
from ..engine.recordings import metadata
from ..engine.recordings.ecodes import ecode_of
from ..engine.stages.inputs import FileInputs, Inputs, Recipe, Target
from ..engine.stages.options import Options, check_choices, check_goals
from ..engine.stages.values import thaw
from ..engine.targets.targets import check_targets
from ..engine.units import to_ms, to_mV, to_nA

UNITS = {"v_unit": to_mV, "i_unit": to_nA, "t_unit": to_ms}


def check_inputs(new: Inputs, old: Inputs, opened: bool = False) -> None:
    """Check what is new, in words for the person who decided it.

    Parameters
    ----------
    new, old : Inputs
    opened : bool
        Whether they were decided elsewhere and are opened here: what is wrong with the values of a single file is
        told when that is read, and takes no other file with it.

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
        _check_cells(new, old, opened)
    if new.targets is not None and new.targets is not old.targets:
        known = {id(target) for target in old.targets or ()}
        check_each([target for target in new.targets if id(target) not in known])
    if new.auto_targets is not None and new.auto_targets is not old.auto_targets:
        check_goals(goal.auto_target() for goal in new.auto_targets)


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
    truths = (
        "absolute_amplitude save_files_used write_files plot extract_per_cell low_memory_mode pickle_cells"
    )
    choices_of(thaw(inputs.export))
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
        if target.location is None:  # elsewhere it may be left out
            raise EfeError(f"{place}: location must be {NAME.words}, but is None.")
        _, problems = check_targets([target.as_dict()])
        if problems:
            raise EfeError(f"{place}: {problems[0].message}")


def _check_cells(new: Inputs, old: Inputs, opened: bool) -> None:
    if len(new.by_name) < len(new.cells):
        raise EfeError("two cells have the same name.")
    known = {id(cell) for cell in old.cells}
    recipes = {id(file.recipe) for cell in old.cells for file in cell.files}
    reader = new.recording_reader.function if new.recording_reader else None
    for cell in new.cells:
        if id(cell) in known:
            continue
        if not NAME.accepts(cell.name):
            raise EfeError(f"a cell must have a name, but this one's is {cell.name!r}.")
        for file in cell.files:
            if id(file.recipe) not in recipes:
                _check_file(file, reader, opened)


def _check_file(file: FileInputs, reader: Callable[..., Any] | None, opened: bool) -> None:
    recipe: Recipe = file.recipe
    place = file.path or "the file"
    if not NAME.accepts(recipe.protocol):
        raise EfeError(f"{place}: the protocol must be a name, but is {recipe.protocol!r}.")
    _check_sweep_keys(recipe.sweeps, place)
    wrong = metadata.check_all(recipe.as_metadata(), recipe.protocol, reader)
    if wrong:
        raise EfeError(f"{place}: {' '.join(wrong)}")
    if not opened:
        _check_values(recipe.metadata, place)
        for label, own in recipe.sweeps.items():
            _check_values(own, f"{place}, sweep {label!r}")


def _check_sweep_keys(sweeps: Mapping[str, Mapping[str, Any]], place: str) -> None:
    known = metadata.sweep_keys() if sweeps else {}
    for label, own in sweeps.items():
        for key in own:
            if key not in known:
                raise EfeError(
                    f"{place}, sweep {label!r}: {key!r} can't be set for a single sweep."
                    f"{nearest(key, known)} It can be: {', '.join(known)}."
                )


def _check_values(own: Mapping[str, Any], place: str) -> None:
    if (dt := own.get("dt")) is not None and dt <= 0:
        raise EfeError(f"{place}: dt must be greater than zero, but is {dt!r}.")
    ton, toff = own.get("ton"), own.get("toff")
    if ton is not None and toff is not None and ton >= toff:
        raise EfeError(
            f"{place}: the stimulus must start (ton = {ton:g} ms) before it ends (toff = {toff:g} ms)."
        )
    for key, convert in UNITS.items():
        if own.get(key) is not None:
            try:
                convert(1.0, own[key])
            except EfeError as error:
                raise EfeError(f"{place}: {key}: {error}") from error
    if own.get("ecode") is not None:
        ecode_of("", own["ecode"])
