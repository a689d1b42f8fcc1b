"""Every decision about an extraction, as a script or a config says it: its checks, and what holds by default."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..features.efel_features import DEFAULT_EFEL_SETTINGS, check_settings
from ..features.efel_settings import given_settings
from ..kinds import shown
from ..problems import EfeError, Problem, nearest
from ..targets.automatic import AutoTarget, default_auto_targets
from ..targets.matching import check_mode
from ..targets.rheobase import check_strategy, given
from ..targets.targets import PRESET_PROTOCOLS_RHEOBASE, check_targets, convert_legacy_targets
from ..traces.trace import number, truth


@dataclass(frozen=True)
class Options:
    """What a person decides about an extraction; see `efewidgets.extract.extract_efeatures`."""

    files_metadata: Mapping[str, Any]
    targets: Any = None
    protocols_rheobase: Sequence[str] | str | None = None
    absolute_amplitude: bool = False
    recording_reader: Callable[..., Any] | None = None
    protocol_mode: str = "mean"
    efel_settings: Mapping[str, Any] | None = None
    rheobase_strategy: str = "absolute"
    rheobase_settings: Mapping[str, Any] | None = None
    rheobase_values: Mapping[str, float] | None = None
    auto_targets: Sequence[AutoTarget] | None = None
    threshold_nvalue_save: int = 1
    default_std_value: float = 1e-3
    save_files_used: bool = False
    models: Sequence[str] | None = None

    @property
    def chooses_targets(self) -> bool:
        """Whether the targets are chosen automatically."""
        return self.targets is None


def without_models(options: Options) -> Options:
    """Return options without the cells that are models: those are looked at, but go into no average.

    Raises
    ------
    EfeError
        If `models` aren't names.
    """
    named = options.models or ()
    if isinstance(named, str) or not all(isinstance(name, str) for name in named):
        raise EfeError(f"models must be a list of names of cells, but is {shown(options.models)}.")
    models = set(named)
    if not models:
        return options
    cells = {name: files for name, files in options.files_metadata.items() if name not in models}
    values = {n: value for n, value in (options.rheobase_values or {}).items() if n not in models}
    return dataclasses.replace(options, files_metadata=cells, rheobase_values=values or None, models=None)


def check_options(options: Options) -> tuple[list[dict[str, Any]] | None, list[Problem]]:
    """Return the usable targets (None if they are to be chosen) and what is wrong with the others.

    Raises
    ------
    EfeError
        If an option can't be used at all.
    """
    check_choices(options)
    check_files(options.files_metadata)
    return check_targets_of(options)


def check_files(files_metadata: Any) -> None:
    """Check the form of the list of files.

    Raises
    ------
    EfeError
        If it isn't ``{cell: {protocol: [metadata, …]}}``, or names no file.
    """
    if not isinstance(files_metadata, Mapping) or not files_metadata:
        raise EfeError("files_metadata is empty; it must be {cell: {protocol: [metadata of a file, …]}}.")
    for cell, protocols in files_metadata.items():
        if not isinstance(protocols, Mapping):
            raise EfeError(
                f"cell {cell!r} must hold a dictionary of protocols, but holds {type(protocols).__name__}."
            )
        for protocol, files in protocols.items():
            if isinstance(files, (str, Mapping)) or not isinstance(files, Sequence):
                raise EfeError(
                    f"cell {cell!r}, protocol {protocol!r} must hold a list with the metadata of each file."
                )
    if not any(files for protocols in files_metadata.values() for files in protocols.values()):
        raise EfeError("files_metadata names no file in any protocol of any cell.")


def check_targets_of(options: Options) -> tuple[list[dict[str, Any]] | None, list[Problem]]:
    """Return the usable targets (None if they are to be chosen) and what is wrong with the others.

    Raises
    ------
    EfeError
        If there are some and none can be used.
    """
    if options.targets is None:
        if options.absolute_amplitude:
            raise EfeError(
                "absolute_amplitude needs targets (amplitudes in nA): the automatic choice works in % of rheobase."
            )
        return None, []
    listed = (
        convert_legacy_targets(options.targets) if isinstance(options.targets, Mapping) else options.targets
    )
    targets, problems = check_targets(listed)
    if not targets and problems:
        raise EfeError(
            "none of the targets can be used: " + "; ".join(str(problem) for problem in problems[:3])
        )
    return targets, problems


def check_choices(options: Options) -> None:
    """Check all but the files and the targets.

    Raises
    ------
    EfeError
        If an option can't be used.
    """
    _check_kinds(options)
    check_settings(settings_used(options))
    check_mode(options.protocol_mode)
    check_strategy(options.rheobase_strategy, options.rheobase_settings)
    _check_values(options)
    count = options.threshold_nvalue_save
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise EfeError(f"threshold_nvalue_save must be a whole number from 1 on, but is {count!r}.")
    if number("default_std_value", options.default_std_value) < 0:
        raise EfeError(f"default_std_value must not be negative, but is {options.default_std_value!r}.")
    if options.targets is not None and options.auto_targets is not None:
        raise EfeError("both targets and auto_targets are given; give one of them.")


def check_goals(goals: Iterable[AutoTarget]) -> None:
    """Check goals of the automatic choice as if each were a target already.

    Raises
    ------
    EfeError
        For the first that can't be, saying which.
    """
    for goal in goals:
        if not (goal.protocols and goal.amplitudes and goal.efeatures):
            raise EfeError("a goal for the automatic choice needs protocols, amplitudes and efeatures.")
        place = {"protocol": goal.protocols[0], "tolerance": goal.tolerance}
        _, problems = check_targets(
            {"efeature": efeature, "amplitude": amplitude} | place
            for efeature in goal.efeatures
            for amplitude in goal.amplitudes
        )
        wrong = [problem for problem in problems if problem.severity == "error"]
        if wrong:
            raise EfeError(f"a goal for the automatic choice: {wrong[0].message}")


_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "targets": (Iterable, "a list of targets"),
    "protocols_rheobase": (Iterable, "a list of names"),
    "efel_settings": (Mapping, "a dictionary"),
    "rheobase_settings": (Mapping, "a dictionary"),
    "rheobase_values": (Mapping, "a dictionary"),
    "auto_targets": (Sequence, "a list of AutoTarget"),
}


def _check_kinds(options: Options) -> None:
    """Refuse arguments of a wrong kind in words, before they fail somewhere below."""
    for name, (kind, words) in _KINDS.items():
        value = getattr(options, name)
        if value is not None and not isinstance(value, kind):
            raise EfeError(f"{name} must be {words}, but is {shown(value)}.")
    names = options.protocols_rheobase
    for name in names if isinstance(names, Sequence) else ():
        if not isinstance(name, str):
            raise EfeError(f"protocols_rheobase must be names of protocols, but one is {shown(name)}.")
    for goal in options.auto_targets or ():
        if not isinstance(goal, AutoTarget):
            raise EfeError(f"auto_targets must be a list of AutoTarget, but holds {goal!r}.")
    for name in ("absolute_amplitude", "save_files_used"):
        truth(name, getattr(options, name))


def _check_values(options: Options) -> None:
    for cell, value in (options.rheobase_values or {}).items():
        if cell not in options.files_metadata:
            raise EfeError(
                f"rheobase_values names a cell {cell!r} that has no files."
                f"{nearest(cell, options.files_metadata)}"
            )
        given(value)


def settings_used(options: Options) -> dict[str, Any]:
    """Return the eFEL settings, BluePyEfe's where none are given."""
    return given_settings(DEFAULT_EFEL_SETTINGS if options.efel_settings is None else options.efel_settings)


def rheobase_protocols(options: Options) -> list[str]:
    """Return the names of the protocols that decide the rheobase, common names of steps where none are given."""
    names = options.protocols_rheobase
    if names is None:
        return list(PRESET_PROTOCOLS_RHEOBASE)
    return [names] if isinstance(names, str) else list(names)


def rheobase_settings(options: Options) -> Mapping[str, Any] | None:
    """Return the settings of the rheobase rule; for targets chosen automatically the flush rule is stricter."""
    if options.rheobase_settings is None and options.chooses_targets and options.rheobase_strategy == "flush":
        return {"upper_bound_spikecount": 4}
    return options.rheobase_settings


def goals_of(options: Options) -> Sequence[AutoTarget]:
    return default_auto_targets() if options.auto_targets is None else options.auto_targets
