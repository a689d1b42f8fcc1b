"""Worker processes for the long parts, and the work with a progress bar."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from ..engine.problems import EfeError
from ..engine.systems.processes import cores
from .console import Console

_PAYS_FROM_S = 4.0  # starting a worker costs about a second


def choose_jobs(wanted: int | None, files_metadata: Any, plot: bool = False) -> int:
    """Return how many processes to work with: as many as asked for, else all cores if that pays.

    Results don't depend on it.

    Raises
    ------
    EfeError
        If less than one is asked for.
    """
    if wanted is not None:
        if wanted < 1:
            raise EfeError(f"--jobs must be at least 1, but is {wanted}.")
        return wanted
    return cores() if _estimated_s(files_metadata, plot) > _PAYS_FROM_S else 1


def _estimated_s(files_metadata: Any, plot: bool) -> float:
    """Guess how long one process would take, s."""
    files = [
        file
        for protocols in files_metadata.values()
        if isinstance(protocols, Mapping)
        for listed in protocols.values()
        if isinstance(listed, Sequence)
        for file in listed
    ]
    paths = {
        path
        for file in files
        if isinstance(file, Mapping)
        for path in (file.get("filepath"), file.get("v_file"))
        if isinstance(path, str)
    }
    megabytes = sum(map(_size, paths)) / 1e6
    return (0.02 * len(files) + 0.1 * megabytes) * (10 if plot else 1)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


@contextlib.contextmanager
def worker_processes(jobs: int) -> Iterator[Executor | None]:
    """Start worker processes; None if one process is enough. They end with the block, at once if it fails."""
    if jobs < 2:
        yield None
        return
    from ..engine.parallel import own_processes

    with own_processes(jobs, _start_worker) as executor:
        yield executor


def _start_worker() -> None:
    """Leave eFEL's remarks out."""
    logging.getLogger("efel").addHandler(logging.NullHandler())


def runner(console: Console, executor: Executor | None) -> Callable[..., list[Any]]:
    """Return a function that runs independent jobs, with a progress bar that says what they are."""
    from ..engine.extraction.by_cell import CellJob
    from ..engine.parallel import run
    from ..engine.stages.reading import ReadJob

    activities: dict[Any, str] = {CellJob: "Extracting cells", ReadJob: "Reading recordings"}

    def run_jobs(
        function: Callable[..., Any], jobs: Sequence[Any], failed: Callable[..., Any] | None = None
    ) -> list[Any]:
        kind = type(jobs[0]) if jobs else None
        bar = console.progress(activities.get(kind, "Computing features"))

        def progress(done: int, total: int) -> None:
            bar(done, total)
            console.interrupt.check()

        check = console.interrupt.check  # workers take seconds to start
        check()
        found = run(function, jobs, failed, executor=executor, progress=progress, waiting=check)
        console.end_progress()
        return found

    return run_jobs
