"""One whole extraction: every decision in `Options`, every result in `Extraction`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..outputs.standard_files import build_currents, build_outputs
from ..parallel import run as run_here
from ..problems import EfeError, MissingFile, MissingFileError, NoSweep, Problem
from ..recordings.cell import Cell
from ..recordings.reading import Room
from ..stages.options import (
    Options,
    check_options,
    goals_of,
    rheobase_protocols,
    rheobase_settings,
    settings_used,
    without_models,
)
from ..targets.matching import Protocol, build_protocols
from ..targets.rheobase import Decision, assign
from . import pipeline

logger = logging.getLogger(__name__)

#: Samples of one cell that are kept in memory until its features are computed, bytes
KEPT_SAMPLES = 1 << 26


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
    result.targets = pipeline.choose_targets(result.cells, goals_of(options)) if targets is None else targets
    return result


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
