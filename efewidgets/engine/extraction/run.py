"""One whole extraction: every decision in `Options`, every result in `Extraction`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..outputs.standard_files import build_currents, build_outputs
from ..parallel import run as run_here
from ..problems import EfeError, MissingFile, MissingFileError, NoSweep, Problem
from ..recordings.cell import Cell
from ..recordings.computing import Run, request_features
from ..stages.computed import STAGES, Computed
from ..stages.graph import Once
from ..stages.options import Options, check_options, rheobase_protocols, without_models
from ..stages.parts import Outputs
from ..stages.work import Hands
from ..targets.matching import Protocol
from ..targets.rheobase import Decision
from .asked import asked
from .by_cell import compute_cells
from .cells import group


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

    def per_cell(self) -> Iterator[tuple[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]]:
        """Yield each cell's name and its own three outputs."""
        for cell in self.cells:
            protocols = group(
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

    def _outputs(self, protocols: Sequence[Protocol]) -> tuple[dict[str, Any], dict[str, Any], list[Problem]]:
        chosen = self.options
        return build_outputs(
            protocols, chosen.threshold_nvalue_save, chosen.save_files_used, chosen.default_std_value
        )


def run_extraction(
    options: Options,
    run: Run,
    workers: int = 0,
    may_be_empty: bool = False,
    check: Callable[[], None] | None = None,
) -> Extraction:
    """Read, decide, compute, average.

    Parameters
    ----------
    options : Options
    run : callable
        ``run(function, jobs, failed)`` returns the results of independent jobs in their order; see `engine.parallel`.
    workers : int
        How many jobs `run` does at the same time: a cell is read, and its features are computed from samples that are
        still in memory, in one job, unless others would wait for that. 0 if all is to be read before any feature is
        computed. The results are the same.
    may_be_empty : bool
        Whether files that hold no sweep of the wanted protocols, none of them, give empty results instead of an error.
    check : callable, optional
        Called between the steps of a cell, if this process takes them; may raise to stop.

    Raises
    ------
    EfeError
        If an option can't be used, or no recording could be read.
    """
    result, found = prepare_extraction(options, run, workers, check)
    if not any(cell.recordings for cell in result.cells):
        _nothing_read(found.problems_of_cells, may_be_empty)
    found.add_features(Hands(run))
    request_features(result.cells, result.targets, result.efel_settings)
    result.protocols = found.protocols_matched
    outputs: Outputs = found.get("outputs")
    result.features, result.protocols_dict = outputs.features, outputs.protocols
    result.currents = outputs.currents
    result.problems += found.get("problems")
    if not result.features:
        result.problems.append(_empty())
    _tell_recordings(result)
    return result


def prepare_extraction(
    options: Options, run: Run, workers: int = 0, check: Callable[[], None] | None = None
) -> tuple[Extraction, Computed]:
    """Read the recordings, find the rheobases, choose the targets: all that comes before the features.

    Parameters are those of `run_extraction`; with `workers` features are computed too, if it is known which.

    Returns
    -------
    result : Extraction
        Without what follows from features.
    found : Computed
        The stages, from which the rest can be had.

    Raises
    ------
    EfeError
        If an option can't be used.
    """
    options = without_models(options)
    targets, problems = check_options(options)
    context = asked(options, targets)
    found = Computed(Once(STAGES, context, Hands(run)))
    if workers and targets is not None:
        compute_cells(found, run, workers, check)
    found.read(Hands(run, hold=workers > 1))
    result = Extraction(options, context.efel_settings, rheobase_protocols(options), problems=problems)
    result.targets = [target.as_dict() for target in found.get("targets").targets]
    _ = found.problems_of_cells  # before the cells are told their rheobases
    for cell in context.inputs.cells:
        result.cells.append(found.get("cell", cell.name).cell)
        if not options.absolute_amplitude:
            result.rheobases[cell.name] = decision = found.get("rheobase", cell.name)
            take_rheobase(result.cells[-1], decision)
    return result, found


def take_rheobase(cell: Cell, decision: Decision) -> None:
    """Have a cell know its rheobase, and its recordings their amplitudes in % of it."""
    cell.take_rheobase(decision.rheobase, decision.recording)
    cell.problems = [*cell.problems, *decision.problems]
    cell.compute_relative_amp()


def _tell_recordings(result: Extraction) -> None:
    """Have the recordings know what went wrong with their features."""
    for cell in result.cells:
        for recording in cell.recordings:
            if recording.feature_store.failed:
                store = recording.feature_store
                found = [problem for key in store.all_known() for problem in store.failures(key)]
                recording.problems += {problem.message: problem for problem in found}.values()


def _nothing_read(problems: Sequence[Problem], may_be_empty: bool) -> None:
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
