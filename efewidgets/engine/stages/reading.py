"""The stages from files to recordings and rheobases: what each reads, what it needs, what it computes.

`matching` and `outputs` have the rest of the way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from ..outputs.standard_files import holding_current
from ..problems import Problem
from ..recordings.agreeing import agree_among
from ..recordings.cell import Cell
from ..recordings.file_units import judge_units
from ..recordings.membranes import judge_membranes
from ..recordings.reading import Held, Room, read_file, sweep_labels
from ..recordings.recording import Recording
from ..recordings.repeats import without_repeats
from ..targets.rheobase import Decision, decide, given
from .context import Context, Reading, Rule
from .graph import Evaluation, Get, Node, Once, Stage
from .inputs import CellInputs, Group, Recipe
from .parts import Agreed, FileRead, Used, UsedCell
from .values import thaw
from .work import Work
from .world import stamp

#: About how many bytes a recording takes without its samples
RECORDING_SIZE = 6_000


# --- read: one file


def _read_reads(context: Context, item: tuple[str, str], get: Get) -> tuple[Any, ...]:
    cell, file = item
    recipe = context.cell(cell).by_id[file].recipe
    return recipe, context.stamps(recipe), context.reading


@dataclass(frozen=True)
class ReadJob:
    """A file to be read, or one sweep of it by its position and its label; perhaps by another process."""

    read: tuple[Any, ...]
    keep: bool | Room = False
    hold: bool = False
    sweep: int | None = None
    label: str | None = None

    @property
    def weight(self) -> int:
        """Size of the files, bytes: large ones are read first."""
        recipe, seen, _ = self.read
        return sum(one[0] for one in seen or map(stamp, recipe.paths) if one is not None)


def read_files(evaluation: Evaluation | Once, nodes: Sequence[Node], work: Work) -> None:
    """Read files, each a unit of work; of one whose worker failed, sweep by sweep, so that no other sweep is lost."""
    jobs = [ReadJob(evaluation.reads(node), work.keep, work.hold) for node in nodes]
    lost = []
    results = work.each(_read_job, jobs, "reading recordings", lambda job, error: error)
    for node, job, found in zip(nodes, jobs, results, strict=True):
        if isinstance(found, Exception):
            lost.append((node, job, found))
        else:
            evaluation.put(node, _with_reader(found, job))
    for node, job, error in lost:
        evaluation.put(node, _with_reader(_sweep_by_sweep(job, error, work), job))


def _read_job(job: ReadJob) -> FileRead:
    """Read a file as its key says; the lab's own reader stays behind, since not every cluster can send it back."""
    found = _read(job)
    _set_reader(found, None)
    return found


def _with_reader(found: FileRead, job: ReadJob) -> FileRead:
    """Say, where it was read by another process, with which reader it is read again."""
    reading: Reading = job.read[2]
    _set_reader(found, None if reading.reader is None else reading.reader.function)
    return found


def _set_reader(found: FileRead, reader: Callable[..., Any] | None) -> None:
    for recording in found.recordings:
        if recording.source is not None:
            recording.source = dataclasses.replace(recording.source, reader=reader)


def _sweep_by_sweep(job: ReadJob, error: Exception, work: Work) -> FileRead:
    reading: Reading = job.read[2]
    labels: list[str] = []
    if reading.reader is None:  # a lab's own reader delivers all sweeps at once
        (labels,) = work.each(_labels, [job], "reading recordings", lambda job, error: [])
    if len(labels) < 2:
        return _unread(job, error)
    jobs = [dataclasses.replace(job, sweep=k, label=label) for k, label in enumerate(labels)]
    found = list(work.each(_read_job, jobs, "reading recordings", _unread))
    problems = dict.fromkeys(problem for one in found for problem in one.problems)
    return FileRead(tuple(recording for one in found for recording in one.recordings), tuple(problems))


def _labels(job: ReadJob) -> list[str]:
    recipe: Recipe = job.read[0]
    try:
        return sweep_labels(recipe.as_metadata(), recipe.protocol)
    except Exception:  # it is told when the file is read
        return []


def _unread(job: ReadJob, error: Exception) -> FileRead:
    """What stands for a file, or for one sweep, whose worker failed."""
    recipe: Recipe = job.read[0]
    message = f"it was not read, since its worker failed: {error or type(error).__name__}"
    place: dict[str, Any] = {"protocol": recipe.protocol, "file": recipe.paths[-1] if recipe.paths else None}
    return FileRead((), (Problem(message, kind="worker", recording=job.label, **place),))


def _read_file(read: tuple[Any, ...], values: list[Any], work: Work | None) -> FileRead:
    work = work or Work()
    return _read(ReadJob(read, work.keep), work.check)


def _read(job: ReadJob, between: Callable[[], None] | None = None) -> FileRead:
    recipe, _, reading = job.read
    recordings, problems = read_file(
        recipe.as_metadata(),
        recipe.protocol,
        None if reading.reader is None else reading.reader.function,
        thaw(reading.spike_settings),
        keep_samples=Held() if job.hold else job.keep,
        between=between,
        count_spikes=reading.counts(recipe.protocol),
        only=None if job.sweep is None else (job.sweep,),
    )
    return FileRead(tuple(recordings), tuple(problems))


# --- agree: one protocol of one cell


def _agree_reads(context: Context, item: tuple[str, str], get: Get) -> tuple[Any, ...]:
    cell, protocol = item
    group = context.cell(cell).groups[protocol]
    return cell, group.recipes, context.seen(group), context.reading


def _agree_covers(context: Context, item: tuple[str, str], get: Get) -> Iterable[Node]:
    cell, protocol = item
    return [("read", (cell, file.id)) for file in context.cell(cell).groups[protocol].files]


def _agree(read: tuple[Any, ...], files: list[FileRead], work: Work | None) -> Agreed:
    cell, reading = read[0], read[3]
    twins = tuple(file.recordings for file in files)
    if work is None or not work.own:
        twins = tuple(tuple(recording.twin() for recording in file) for file in twins)
    everything = [recording for file in twins for recording in file]
    problems = [problem for file in files for problem in file.problems]
    try:
        _, lost = agree_among(everything)
        problems += lost
        for recording in everything:
            if recording.timing_from != "lost" and reading.counts(recording.protocol_name):
                _ = recording.peak_time  # those with new timings read their samples again, now and not later
    except Exception as error:
        problems.append(Problem(f"the timings of these sweeps can't be compared: {error}", kind="stimulus"))
    return Agreed(twins, tuple(problem.at(cell=cell) for problem in problems))


# --- cell: what is left after exclusions


def _cell_reads(context: Context, cell: str, get: Get) -> tuple[Any, ...]:
    found = context.cell(cell)
    return found, context.seen(found), context.reading


def _cell_covers(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("agree", (cell, protocol)) for protocol in context.cell(cell).groups]


def _cell(read: tuple[Any, ...], groups: list[Agreed], work: Work | None) -> UsedCell:
    found: CellInputs = read[0]
    cell = Cell(found.name)
    everything = [recording for agreed in groups for recording in agreed.recordings]
    refused, cell.problems = judge_units(everything, [p for agreed in groups for p in agreed.problems])
    used = {}
    for (protocol, group), agreed in zip(found.groups.items(), groups, strict=True):
        kept, repeated = without_repeats(list(included(group, agreed, refused)))
        recordings = tuple(kept)
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


def _parameters(recordings: tuple[Recording, ...]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the parameters of the stimulus that don't depend on a rheobase: names, and values of each recording."""
    if len({type(recording) for recording in recordings}) != 1:
        return (), []
    first = recordings[0]
    names = tuple(name for name in first.export_attr if name not in first.relative_attr)
    pick = attrgetter(*names)
    return names, [pick(recording) for recording in recordings]


def included(group: Group, agreed: Agreed, refused: Collection[int]) -> Iterator[list[Recording]]:
    """Yield the recordings of each file of a protocol that are neither excluded, nor refused, nor without a stimulus.

    `refused` are serial numbers of those of a file whose unit can't be.
    """
    for file, recordings in zip(group.files, agreed.files, strict=True):
        left = (r for r in recordings if r.excluded is None and r.label not in file.excluded)
        yield [r for r in left if r.timing_from != "lost" and r.serial not in refused]


# --- rheobase: one cell


def _rheobase_reads(context: Context, cell: str, get: Get) -> tuple[Any, ...]:
    inputs = context.inputs
    return inputs.absolute_amplitude, context.rule, inputs.rheobase_values.get(cell)


def _rheobase(read: tuple[Any, ...], cells: list[UsedCell], work: Work | None) -> Decision:
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


def _threshold(read: tuple[Any, ...], decisions: list[Decision], work: Work | None) -> Any:
    """Return the rheobase alone (nA): who needs no more isn't computed again when only its reason changes."""
    value = decisions[0].rheobase
    return value if value and np.isfinite(value) else None


def _holding(read: tuple[Any, ...], cells: list[UsedCell], work: Work | None) -> Any:
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
