"""The stages from files to recordings and rheobases: what each reads, what it needs, what it computes.

The work itself is the engine's. `matching_stages` has the rest of the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from ...engine.extraction.pipeline import read_file
from ...engine.outputs.standard_files import holding_current
from ...engine.problems import Problem
from ...engine.recordings.agreeing import agree_among
from ...engine.recordings.cell import Cell
from ...engine.recordings.file_units import judge_units
from ...engine.recordings.membranes import judge_membranes
from ...engine.recordings.recording import Recording
from ...engine.recordings.repeats import without_repeats
from ...engine.targets.rheobase import Decision, decide, given
from ..graph import Get, Node, Stage
from ..inputs import CellInputs, Group, Recipe
from ..running.work import Work
from ..values import thaw
from .context import Context, Rule
from .parts import Agreed, FileRead, Used, UsedCell

#: About how many bytes a recording takes without its samples
RECORDING_SIZE = 6_000


# --- read: one file


def _read_reads(context: Context, item: tuple[str, str], get: Get) -> tuple:
    cell, file = item
    recipe = context.cell(cell).by_id[file].recipe
    return recipe, tuple(context.world[path] for path in recipe.paths), context.reading


@dataclass(frozen=True)
class ReadJob:
    """A file to be read, perhaps by another process."""

    read: tuple

    @property
    def weight(self) -> int:
        """Size of the files, bytes: large ones are read first."""
        return sum(seen[0] for seen in self.read[1] if seen is not None)


def read_job(job: ReadJob) -> FileRead:
    """Read a file as its key says."""
    return _read_file(job.read, [], None)


def read_failed(job: ReadJob, error: Exception) -> FileRead:
    """What stands for a file whose worker failed."""
    recipe: Recipe = job.read[0]
    message = f"it was not read, since its worker failed: {error or type(error).__name__}"
    file = recipe.paths[-1] if recipe.paths else None
    return FileRead((), (Problem(message, kind="worker", protocol=recipe.protocol, file=file),))


def _read_file(read: tuple, values: list, work: Work | None) -> FileRead:
    recipe, _, reading = read
    recordings, problems = read_file(
        recipe.as_metadata(),
        recipe.protocol,
        None if reading.reader is None else reading.reader.function,
        thaw(reading.spike_settings),
        keep_samples=False,
        between=None if work is None else work.check,
    )
    return FileRead(tuple(recordings), tuple(problems))


# --- agree: one protocol of one cell


def _agree_reads(context: Context, item: tuple[str, str], get: Get) -> tuple:
    cell, protocol = item
    group = context.cell(cell).groups[protocol]
    return cell, group.reading, context.seen(group), context.reading


def _agree_covers(context: Context, item: tuple[str, str], get: Get) -> Iterable[Node]:
    cell, protocol = item
    return [("read", (cell, file.id)) for file in context.cell(cell).groups[protocol].files]


def _agree(read: tuple, files: list[FileRead], work: Work | None) -> Agreed:
    cell = read[0]
    twins = tuple(tuple(recording.twin() for recording in file.recordings) for file in files)
    everything = [recording for file in twins for recording in file]
    problems = [problem for file in files for problem in file.problems]
    try:
        _, lost = agree_among(everything)
        problems += lost
        for recording in everything:
            if recording.timing_from != "lost":
                _ = recording.peak_time  # those with new timings read their samples again, now and not later
    except Exception as error:
        problems.append(Problem(f"the timings of these sweeps can't be compared: {error}", kind="stimulus"))
    return Agreed(twins, tuple(problem.at(cell=cell) for problem in problems))


# --- cell: what is left after exclusions


def _cell_reads(context: Context, cell: str, get: Get) -> tuple:
    found = context.cell(cell)
    return found, context.seen(found), context.reading


def _cell_covers(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("agree", (cell, protocol)) for protocol in context.cell(cell).groups]


def _cell(read: tuple, groups: list[Agreed], work: Work | None) -> UsedCell:
    found: CellInputs = read[0]
    cell = Cell(found.name)
    everything = [recording for agreed in groups for recording in agreed.recordings]
    refused, cell.problems = judge_units(everything, [p for agreed in groups for p in agreed.problems])
    used = {}
    for (protocol, group), agreed in zip(found.groups.items(), groups, strict=True):
        kept, repeated = without_repeats(list(included(group, agreed)))
        recordings = tuple(recording for recording in kept if recording.serial not in refused)
        cell.problems += [problem.at(cell=cell.name) for problem in repeated]
        serials = np.array([recording.serial for recording in recordings], dtype=np.int64)
        used[protocol] = Used(recordings, _plain_levels(recordings), serials, *_parameters(recordings))
        cell.recordings += recordings
    cell.problems += [problem.at(cell=cell.name) for problem in judge_membranes(cell.recordings)]
    return UsedCell(cell, used, refused)


def _plain_levels(recordings: tuple[Recording, ...]) -> np.ndarray | None:
    """Return the levels for targets if each is a float, not of another precision, and in nA."""
    levels = [
        recording.target_level(absolute_amplitude=True)
        for recording in recordings
        if type(recording).target_level is Recording.target_level
        and recording.stimulus_family.target_is_current
    ]
    plain = len(levels) == len(recordings) and all(isinstance(level, float) for level in levels)
    return np.array(levels, dtype=float) if plain else None


def _parameters(recordings: tuple[Recording, ...]) -> tuple[tuple[str, ...], list[tuple]]:
    """Return the parameters of the stimulus that don't depend on a rheobase: names, and values of each recording."""
    if len({type(recording) for recording in recordings}) != 1:
        return (), []
    first = recordings[0]
    names = tuple(name for name in first.export_attr if name not in first.relative_attr)
    pick = attrgetter(*names)
    return names, [pick(recording) for recording in recordings]


def included(group: Group, agreed: Agreed) -> Iterator[list[Recording]]:
    """Yield the recordings of each file of a protocol that are neither excluded nor without a stimulus."""
    for file, recordings in zip(group.files, agreed.files, strict=True):
        yield [r for r in recordings if r.timing_from != "lost" and r.label not in file.excluded]


# --- rheobase: one cell


def _rheobase_reads(context: Context, cell: str, get: Get) -> tuple:
    inputs = context.inputs
    return inputs.absolute_amplitude, context.rule, inputs.rheobase_values.get(cell)


def _rheobase(read: tuple, cells: list[UsedCell], work: Work | None) -> Decision:
    absolute, rule, by_hand = read
    if absolute:
        return Decision(None, "targets are in nA, so that no rheobase is needed.")
    if by_hand is not None:
        return given(by_hand)
    try:
        return decide(_deciding(cells[0], rule), rule.protocols, rule.strategy, thaw(rule.settings))
    except Exception as error:
        problem = Problem(
            f"the rheobase can't be computed: {error}", kind="rheobase", cell=cells[0].cell.name
        )
        return Decision(None, str(error), problems=(problem,))


def _deciding(found: UsedCell, rule: Rule) -> Cell:
    """Return the cell with only the recordings that the rule looks at, unless there are none."""
    deciding = Cell(found.cell.name)
    for protocol, used in found.used.items():
        if protocol in rule.protocols:
            deciding.recordings += used.recordings
    return deciding if deciding.recordings else found.cell


def _threshold(read: tuple, decisions: list[Decision], work: Work | None) -> Any:
    """Return the rheobase alone (nA): who needs no more isn't computed again when only its reason changes."""
    value = decisions[0].rheobase
    return value if value and np.isfinite(value) else None


def _holding(read: tuple, cells: list[UsedCell], work: Work | None) -> Any:
    """Mean holding current of the recordings (nA)."""
    return holding_current(cells[0].cell)


def _the_cell(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("cell", cell)]


def _recordings_size(value: Any) -> int:
    return 1000 + RECORDING_SIZE * len(value.recordings)


def _cell_size(value: UsedCell) -> int:
    return 1000 + 250 * len(value.cell.recordings)


STAGES = (
    Stage("read", _read_file, _read_reads, size=_recordings_size),
    Stage("agree", _agree, _agree_reads, covered=_agree_covers, size=_recordings_size),
    Stage("cell", _cell, _cell_reads, covered=_cell_covers, size=_cell_size),
    Stage("rheobase", _rheobase, _rheobase_reads, needs=_the_cell),
    Stage(
        "threshold",
        _threshold,
        needs=lambda context, cell, get: [("rheobase", cell)],
        content=lambda value: (value,),
    ),
    Stage("holding", _holding, needs=_the_cell, content=lambda value: (value,)),
)
