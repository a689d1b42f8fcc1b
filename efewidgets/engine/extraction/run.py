"""One whole extraction: every decision in `Options`, every result in `Extraction`."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..features.efel_features import DEFAULT_EFEL_SETTINGS, check_settings
from ..features.efel_settings import given_settings
from ..kinds import shown
from ..outputs.standard_files import build_currents, build_outputs
from ..parallel import run as run_here
from ..problems import EfeError, MissingFile, MissingFileError, NoSweep, Problem, nearest
from ..recordings.cell import Cell
from ..recordings.reading import Room
from ..roles import role_problems
from ..targets.automatic import AutoTarget, default_auto_targets
from ..targets.matching import Protocol, build_protocols, check_mode
from ..targets.rheobase import Decision, assign, check_strategy, given
from ..targets.targets import PRESET_PROTOCOLS_RHEOBASE, check_targets, convert_legacy_targets
from ..traces.trace import number, truth
from . import pipeline

logger = logging.getLogger(__name__)

#: Samples of one cell that are kept in memory until its features are computed, bytes
KEPT_SAMPLES = 1 << 26


@dataclass(frozen=True)
class Options:
    """What a person decides about an extraction; see `efewidgets.extract.extract_efeatures`."""

    files_metadata: Mapping[str, Any]
    targets: Any = None
    protocols_rheobase: Sequence[str] | str | None = None
    absolute_amplitude: bool = False
    recording_reader: Callable | None = None
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


@dataclass
class Extraction:
    """The results of an extraction, and what went into them.

    Attributes
    ----------
    features, protocols_dict, currents : dict
        What the three output files hold.
    cells : list of Cell
    protocols : list of Protocol
    targets : list of dict
        The targets that were used, chosen or given.
    rheobases : dict of Decision
        How each cell's rheobase came about, by the cell's name; empty if amplitudes are absolute.
    problems : list of Problem
    """

    options: Options
    efel_settings: dict[str, Any]
    protocols_rheobase: list[str]
    cells: list[Cell] = field(default_factory=list)
    protocols: list[Protocol] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    rheobases: dict[str, Decision] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    protocols_dict: dict[str, Any] = field(default_factory=dict)
    currents: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def per_cell(self) -> Iterator[tuple[str, tuple[dict, dict, dict]]]:
        """Yield each cell's name and its own three outputs."""
        for cell in self.cells:
            protocols = pipeline.group(
                [cell],
                self.targets,
                self.options.absolute_amplitude,
                True,
                self.options.protocol_mode,
                self.efel_settings,
                run_here,
            )
            features, stimuli, _ = self._outputs(protocols)
            yield cell.name, (features, stimuli, build_currents([cell], self.options.default_std_value))

    def _outputs(self, protocols: Sequence[Protocol]) -> tuple[dict, dict, list[Problem]]:
        chosen = self.options
        return build_outputs(
            protocols, chosen.threshold_nvalue_save, chosen.save_files_used, chosen.default_std_value
        )


def run_extraction(
    options: Options, run: pipeline.Run, cell_by_cell: bool = False, may_be_empty: bool = False
) -> Extraction:
    """Read, decide, compute, average.

    Parameters
    ----------
    options : Options
    run : callable
        ``run(function, jobs)`` returns the results of independent jobs in their order; see `engine.parallel`.
    cell_by_cell : bool
        Whether the features of a cell are computed before the next one is read, from samples that are still in
        memory; pays where `run` works in this process. The results are the same.
    may_be_empty : bool
        Whether files that hold no sweep of the wanted protocols, none of them, give empty results instead of an error.

    Raises
    ------
    EfeError
        If an option can't be used, or no recording could be read.
    """
    options = without_models(options)
    result = prepare_extraction(options, run, cell_by_cell)
    if not any(cell.recordings for cell in result.cells):
        _nothing_read(result.cells, may_be_empty)
    pipeline.request_features(result.cells, result.targets, result.efel_settings)
    result.protocols = pipeline.group(
        result.cells,
        result.targets,
        options.absolute_amplitude,
        True,
        options.protocol_mode,
        result.efel_settings,
        run,
    )
    result.features, result.protocols_dict, left_out = result._outputs(result.protocols)
    result.currents = build_currents(result.cells, options.default_std_value)
    result.problems += pipeline.all_problems(result.cells, result.protocols) + left_out
    if not result.features:
        result.problems.append(_empty())
    return result


def prepare_extraction(options: Options, run: pipeline.Run, cell_by_cell: bool = False) -> Extraction:
    """Read the recordings, find the rheobases, choose the targets: all that comes before the features.

    Parameters are those of `run_extraction`; `cell_by_cell` computes features too, if it is known which.

    Raises
    ------
    EfeError
        If an option can't be used.
    """
    options = without_models(options)
    targets, problems = check_options(options)
    result = Extraction(options, settings_used(options), rheobase_protocols(options), problems=problems)
    if cell_by_cell and targets is not None:
        _read_cell_by_cell(result, targets, run)
    else:
        result.cells = _read(result, options.files_metadata, run, keep_samples=False)
    result.targets = pipeline.choose_targets(result.cells, _goals(options)) if targets is None else targets
    return result


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


def _read_cell_by_cell(result: Extraction, targets: Sequence[Mapping[str, Any]], run: pipeline.Run) -> None:
    absolute, settings = result.options.absolute_amplitude, result.efel_settings
    protocols = build_protocols(targets, None, result.options.protocol_mode, settings)
    for name, files in result.options.files_metadata.items():
        (cell,) = _read(result, {name: files}, run, keep_samples=Room(KEPT_SAMPLES))
        result.cells.append(cell)
        pipeline.request_features([cell], targets, settings)
        pipeline.compute_matched([cell], protocols, absolute, run)
        for recording in cell.recordings:
            recording.release()


def _read(
    result: Extraction, files_metadata: Mapping[str, Any], run: pipeline.Run, keep_samples: bool | Room
) -> list[Cell]:
    """Read cells and find their rheobases."""
    options = result.options
    counted = () if options.absolute_amplitude else result.protocols_rheobase
    if any(files for protocols in files_metadata.values() for files in protocols.values()):
        cells = pipeline.read_cells(
            files_metadata, options.recording_reader, result.efel_settings, run, keep_samples, counted
        )
    else:
        cells = [Cell(str(name)) for name in files_metadata]
    if not options.absolute_amplitude:
        _assign_rheobases(result, cells)
    return cells


def check_options(options: Options) -> tuple[list[dict[str, Any]] | None, list[Problem]]:
    """Return the usable targets (None if they are to be chosen) and what is wrong with the others.

    Raises
    ------
    EfeError
        If an option can't be used at all.
    """
    check_choices(options)
    pipeline.file_jobs(options.files_metadata)
    return check_targets_of(options)


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
    return targets, problems + role_problems(targets, options.absolute_amplitude)


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


def _goals(options: Options) -> Sequence[AutoTarget]:
    return default_auto_targets() if options.auto_targets is None else options.auto_targets


def rheobase_settings(options: Options) -> Mapping[str, Any] | None:
    """Return the settings of the rheobase rule; for targets chosen automatically the flush rule is stricter."""
    if options.rheobase_settings is None and options.chooses_targets and options.rheobase_strategy == "flush":
        return {"upper_bound_spikecount": 4}
    return options.rheobase_settings


def _assign_rheobases(result: Extraction, cells: Sequence[Cell]) -> None:
    options = result.options
    settings = rheobase_settings(options)
    values = options.rheobase_values or {}
    for cell in cells:
        value = values.get(cell.name)
        decision = assign(cell, result.protocols_rheobase, options.rheobase_strategy, settings, value)
        result.rheobases[cell.name] = decision


def _nothing_read(cells: Sequence[Cell], may_be_empty: bool) -> None:
    problems = [problem for cell in cells for problem in cell.all_problems()]
    errors = [problem for problem in problems if problem.severity == "error"]
    if may_be_empty and errors and all(isinstance(problem, NoSweep) for problem in errors):
        return
    told = "\n".join(f"- {problem}" for problem in problems[:5])
    more = f"\n… and {len(problems) - 5} more" if len(problems) > 5 else ""
    missing = bool(errors) and all(isinstance(problem, MissingFile) for problem in errors)
    kind = MissingFileError if missing else EfeError
    raise kind(f"no recording could be read:\n{told}{more}")


def _empty() -> Problem:
    return Problem(
        "no feature is in the output. See the problems above: whether the recordings could be read, each cell has a "
        "rheobase, and the targets' protocols, amplitudes and tolerances fit the recordings.",
        "warning",
        "output",
    )
