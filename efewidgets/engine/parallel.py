"""Independent pieces of work, one after the other or by whatever map or executor the caller has.

The heaviest pieces start first, so that none is waited for alone at the end. A piece that comes to no result, because
its worker died or its executor gave up, is told by `failed`, and the rest goes on.
"""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

Progress = Callable[[int, int], None]
Failed = Callable[[Any, Exception], Any]

_TRIES = 2


class WorkerDiedError(Exception):
    """The process that worked on a job died, and the next one that tried it, too."""


def run(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    failed: Failed | None = None,
    *,
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
        Those with a ``weight`` are started the heaviest first.
    failed : callable, optional
        ``failed(job, error)`` returns what stands for the result of a job whose worker or executor failed; without
        it the error is raised.
    map_function : callable, optional
        Any map: the builtin, a pool's, an ipyparallel view's.
    executor : concurrent.futures.Executor, optional
        Beats `map_function`.
    progress : callable, optional
        Called with the number of jobs done and of all jobs; may raise to stop the work.
    """
    results = []
    for result in each(function, jobs, failed, map_function=map_function, executor=executor):
        results.append(result)
        if progress is not None:
            progress(len(results), len(jobs))
    return results


def each(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    failed: Failed | None = None,
    *,
    map_function: Callable | None = None,
    executor: Executor | None = None,
) -> Iterator[Any]:
    """As `run`, but yield each result as soon as it and those before it are there."""
    if executor is None:
        yield from (map_function or map)(function, jobs)
        return
    futures: dict[int, Future] = {}
    try:
        for i in sorted(range(len(jobs)), key=lambda i: -getattr(jobs[i], "weight", 0)):
            futures[i] = executor.submit(function, jobs[i])
        for i, job in enumerate(jobs):
            try:
                result = futures[i].result()
            except Exception as error:
                if failed is None:
                    raise
                result = failed(job, error)
            yield result
    finally:
        for future in futures.values():
            future.cancel()


class WorkerPool(Executor):
    """Processes on this machine, each with one job at a time: one that dies takes down only that.

    Python's own pool gives up all jobs when one of its processes is killed or runs out of memory. Here the process is
    replaced and its job tried once more; if that kills the next one too, the job fails with WorkerDiedError.

    Parameters
    ----------
    workers : int
        Number of processes; they start at once.
    start : callable, optional
        Called in each process when it starts.
    """

    def __init__(self, workers: int, start: Callable[[], None] | None = None):
        self._start = start
        self._closed = False
        self._free: queue.SimpleQueue[ProcessPoolExecutor] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="efewidgets-worker")
        self._workers = workers
        for _ in range(workers):
            self._free.put(self._process())

    def _process(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        process = ProcessPoolExecutor(1, mp_context=context, initializer=self._start)
        process.submit(int)
        return process

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Have ``fn(*args, **kwargs)`` done by the next process that is free."""
        return self._threads.submit(self._do, fn, args, kwargs)

    def _do(self, fn: Callable, args: tuple, kwargs: dict) -> Any:
        process = self._free.get()
        try:
            for _ in range(_TRIES):
                try:
                    return process.submit(fn, *args, **kwargs).result()
                except BrokenExecutor:
                    if self._closed:
                        raise
                    process.shutdown(wait=False)
                    process = self._process()
            raise WorkerDiedError(
                "the process that worked on it died twice, perhaps for want of memory. Try fewer processes."
            )
        finally:
            self._free.put(process)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their jobs, or without waiting for them."""
        self._closed = True
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for _ in range(self._workers if wait else self._free.qsize()):
            self._free.get().shutdown(wait=wait, cancel_futures=cancel_futures)
