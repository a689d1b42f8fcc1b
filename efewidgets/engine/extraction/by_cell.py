"""Cell by cell: a cell is read, and its features computed, in one go, so that what is read is read once.

Here or by a worker, who keeps the samples to himself and sends back what has come of them.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..features.efel_proof import Proof, accept, to_send
from ..parallel import run as run_here
from ..recordings.computing import Run
from ..recordings.reading import Room
from ..stages.computed import OF_A_CELL, STAGES, Computed
from ..stages.context import Context
from ..stages.graph import Once
from ..stages.parts import Chosen, UsedCell
from ..stages.work import Hands
from ..stages.world import stamp

#: Samples of one cell that are kept in memory until its features are computed, bytes
KEPT_SAMPLES = 1 << 26

#: What a file takes besides its samples, in bytes that are read meanwhile
A_FILE = 50_000
#: How much longer it takes to read files and compute features in jobs of their own
APART = 1.4
#: By how much some workers may be at it longer than others before that pays
UNEVEN = 1.05

#: What is known of a cell, by the stages
CellFound = dict[str, Any]


@dataclass(frozen=True)
class CellJob:
    """A cell to be read, and its features to be computed.

    Parameters
    ----------
    context : Context
        The decisions about this cell alone.
    targets : Chosen
    weight : int
        How much there is to do, in bytes to be read.
    proof : Proof, optional
        What is known of the installed eFEL.
    """

    context: Context
    targets: Chosen
    weight: int
    proof: Proof | None = field(default_factory=to_send)


def compute_cells(found: Computed, run: Run, workers: int, check: Callable[[], None] | None = None) -> None:
    """Have cells computed, each by one worker, and put what comes of them; not those that are better shared.

    A cell whose worker failed is left, too: its files and recordings are tried apart from each other.

    Parameters
    ----------
    found : Computed
        With targets that don't depend on recordings.
    run : callable
    workers : int
        How many jobs `run` does at the same time.
    check : callable, optional
        Called between the steps, which then are done here; may raise to stop.
    """
    targets: Chosen = found.get("targets")
    names = [cell.name for cell in found.inputs.cells]
    jobs = [_job(found.context.of(cell), targets, workers) for cell in found.inputs.cells]
    shared = to_share([job.weight for job in jobs], workers)
    whole = [k for k in range(len(jobs)) if k not in shared]
    function = _computed if check is None else partial(_computed_here, check=check)
    results = run(function, [jobs[k] for k in whole], lambda job, error: None)
    for k, values in zip(whole, results, strict=True):
        for stage, value in (_taken(jobs[k], values) if values is not None else {}).items():
            found.put((stage, names[k]), value)


def _job(context: Context, targets: Chosen, workers: int) -> CellJob:
    paths = {path for cell in context.inputs.cells for path in cell.paths.names} if workers > 1 else ()
    size = sum(seen[0] for seen in map(stamp, paths) if seen is not None)
    return CellJob(context, targets, size + A_FILE * sum(len(cell.files) for cell in context.inputs.cells))


def to_share(weights: Sequence[float], workers: int) -> set[int]:
    """Return which cells are better not one worker's: the heaviest, as many as make all workers be done first."""
    if workers < 2:
        return set()
    heaviest = sorted(range(len(weights)), key=lambda k: -weights[k])
    best, soonest = 0, _duration(weights, workers) / UNEVEN
    for count in range(1, min(len(weights), 2 * workers) + 1):
        if soonest <= sum(weights) / workers:
            break
        shared = sum(weights[k] for k in heaviest[:count])
        whole = [weights[k] for k in heaviest[count:]]
        duration = max(_duration(whole, workers), (sum(whole) + APART * shared) / workers)
        if duration < soonest:
            best, soonest = count, duration
    return set(heaviest[:best])


def _duration(weights: Iterable[float], workers: int) -> float:
    """How long workers take for these jobs, of which the heaviest start first."""
    busy = [0.0] * workers
    for weight in sorted(weights, reverse=True):
        heapq.heapreplace(busy, busy[0] + weight)
    return max(busy)


def _computed(job: CellJob) -> CellFound:
    """Compute a cell in a worker; the lab's own reader stays behind, since not every cluster can send it back."""
    found = _computed_here(job, lambda: None)
    _set_reader(found, None)
    return found


def _computed_here(job: CellJob, check: Callable[[], None]) -> CellFound:
    accept(job.proof)
    work = Hands(partial(run_here, progress=lambda done, of: check()), Room(KEPT_SAMPLES))
    alone = Computed(Once(STAGES, job.context, work, {("targets", None): job.targets}))
    alone.read(work)
    alone.add_features(work)
    (cell,) = job.context.inputs.cells
    for recording in alone.get("cell", cell.name).cell.recordings:
        recording.release()
    return {stage: alone.get(stage, cell.name) for stage in OF_A_CELL}


def _taken(job: CellJob, found: CellFound) -> CellFound:
    """Return what a worker has found, with this process's own serial numbers and the lab's reader."""
    reader = job.context.inputs.recording_reader
    _set_reader(found, None if reader is None else reader.function)
    cell: UsedCell = found["cell"]
    used = {
        protocol: dataclasses.replace(
            one, serials=np.array([recording.serial for recording in one.recordings], dtype=np.int64)
        )
        for protocol, one in cell.used.items()
    }
    return {**found, "cell": dataclasses.replace(cell, used=used, refused={})}


def _set_reader(found: CellFound, reader: Callable[..., Any] | None) -> None:
    for recording in found["cell"].cell.recordings:
        if recording.source is not None and recording.source.reader is not reader:
            recording.source = dataclasses.replace(recording.source, reader=reader)
