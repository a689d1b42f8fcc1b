"""Independent pieces of work, one after the other or by whatever map or executor the caller has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

Progress = Callable[[int, int], None]


def run(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    map_function: Callable | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Any]:
    """Return the results of ``function(job)`` for each job, in the order of the jobs.

    Parameters
    ----------
    function : callable
        Must be importable by the workers.
    jobs : list
    map_function : callable, optional
        Any map: the builtin, a pool's, an ipyparallel view's.
    executor : concurrent.futures.Executor, optional
        Beats `map_function`.
    progress : callable, optional
        Called with the number of jobs done and of all jobs; may raise to stop the work.
    """
    results = []
    for result in each(function, jobs, map_function, executor):
        results.append(result)
        if progress is not None:
            progress(len(results), len(jobs))
    return results


def each(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    map_function: Callable | None = None,
    executor: Executor | None = None,
) -> Iterator[Any]:
    """As `run`, but yield each result as soon as it and those before it are there."""
    if executor is not None:
        futures = [executor.submit(function, job) for job in jobs]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
        return
    yield from (map_function or map)(function, jobs)
