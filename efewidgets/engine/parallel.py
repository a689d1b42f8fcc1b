"""Independent pieces of work, one after the other or by whatever map or executor the caller has.

The heaviest pieces start first, so that none is waited for alone at the end. A piece that comes to no result, because
its worker died, is tried once more, and then told by `failed`; the rest goes on. If the executor itself gives up,
processes of this machine do what it left.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from .apart import be_expendable
from .problems import EfeError
from .systems.ending import leave_alone, left_alone
from .systems.processes import cores

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Failed = Callable[[Any, Exception], Any]

_TRIES = 2

#: s between two looks whether a result is still wanted
_LOOK_EVERY = 0.1


class WorkerDiedError(Exception):
    """The process that worked on a job died, and the next one that tried it, too."""


def run(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    failed: Failed | None = None,
    *,
    map_function: Callable[..., Any] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    waiting: Callable[[], Any] = lambda: None,
) -> list[Any]:
    """Return the results of ``function(job)`` for each job, in the order of the jobs.

    Parameters
    ----------
    function : callable
        Must be importable by the workers.
    jobs : list
        Those with a ``weight`` are started the heaviest first.
    failed : callable, optional
        ``failed(job, error)`` returns what stands for the result of a job whose worker failed twice; without it the
        first error is raised.
    map_function : callable, optional
        Any map: the builtin, a pool's, an ipyparallel view's.
    executor : concurrent.futures.Executor, optional
        Beats `map_function`.
    progress : callable, optional
        Called with the number of jobs done and of all jobs; may raise to stop the work.
    waiting : callable
        Called again and again while an executor works; may raise to stop the work.
    """
    results = []
    for result in each(function, jobs, failed, map_function=map_function, executor=executor, waiting=waiting):
        results.append(result)
        if progress is not None:
            progress(len(results), len(jobs))
    return results


def each(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    failed: Failed | None = None,
    *,
    map_function: Callable[..., Any] | None = None,
    executor: Executor | None = None,
    waiting: Callable[[], Any] = lambda: None,
) -> Iterator[Any]:
    """As `run`, but yield each result as soon as it and those before it are there.

    ``waiting()`` is called again and again while an executor works; it may raise to stop the work.
    """
    if executor is None:
        yield from (map_function or map)(function, jobs)
        return
    futures: dict[int, Future[Any]] = {}
    with contextlib.ExitStack() as stack:
        try:
            for i in sorted(range(len(jobs)), key=lambda i: -getattr(jobs[i], "weight", 0)):
                futures[i] = _submitted(executor, function, jobs[i])
            for i, job in enumerate(jobs):
                _wait(futures[i], waiting)
                if failed is not None and _broken(futures[i]):
                    executor = stack.enter_context(_rescue())
                    for j in range(i, len(jobs)):
                        _wait(futures[j], waiting)
                        if _broken(futures[j]):
                            futures[j] = executor.submit(function, jobs[j])
                    _wait(futures[i], waiting)
                yield _result(futures[i], executor, function, job, failed, waiting)
        finally:
            for future in futures.values():
                future.cancel()


def _submitted(executor: Executor, function: Callable[[Any], Any], job: Any) -> Future[Any]:
    """Submit a job; an executor that takes none any more is told by the future."""
    try:
        return executor.submit(function, job)
    except BrokenExecutor as error:
        future: Future[Any] = Future()
        future.set_exception(error)
        return future


def _wait(future: Future[Any], waiting: Callable[[], Any]) -> None:
    """Wait for a result, however it comes out, and go on asking whether to."""
    while not wait([future], timeout=_LOOK_EVERY).done:
        waiting()


def _broken(future: Future[Any]) -> bool:
    """Whether there is no result because the executor gave up."""
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _rescue() -> WorkerPool:
    logger.warning("the executor gave up; what it left undone is done by processes of this machine.")
    return WorkerPool()


def _result(
    future: Future[Any],
    executor: Executor,
    function: Callable[[Any], Any],
    job: Any,
    failed: Failed | None,
    waiting: Callable[[], Any],
) -> Any:
    """Return a result; a job whose worker failed is tried once more."""
    try:
        return future.result()
    except Exception as error:
        if failed is None:
            raise
        if isinstance(error, WorkerDiedError):  # was tried twice
            return failed(job, error)
    again = _submitted(executor, function, job)
    _wait(again, waiting)
    try:
        return again.result()
    except Exception as error:
        return failed(job, error)


@dataclass(frozen=True, eq=False)
class _Process:
    """A pool of one process, and whether that has started."""

    pool: Executor
    started: Future[Any]


class WorkerPool(Executor):
    """Processes on this machine, each with one job at a time: one that dies takes down only that.

    Python's own pool gives up all jobs when one of its processes is killed or runs out of memory. Here the process is
    replaced and its job tried once more; if that kills the next one too, the job fails with WorkerDiedError.

    Parameters
    ----------
    workers : int, optional
        Number of processes; they start at once. By default one for each core.
    start : callable, optional
        Called in each process when it starts.
    """

    def __init__(self, workers: int | None = None, start: Callable[[], None] | None = None):
        self._start = start
        self._closed = False
        self._workers = workers or cores()
        self._free: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="efewidgets-worker")
        for _ in range(self._workers):
            self._free.put(self._process())

    def _process(self) -> _Process:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("spawn")
        with left_alone():
            pool = ProcessPoolExecutor(1, mp_context=context, initializer=partial(_begin, self._start))
            return _Process(pool, pool.submit(int))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn(*args, **kwargs)`` done by the next process that is free."""
        return self._threads.submit(self._do, fn, args, kwargs)

    def _do(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        process = self._free.get()
        try:
            for _ in range(_TRIES):
                try:
                    return process.pool.submit(fn, *args, **kwargs).result()
                except BrokenExecutor:
                    if self._closed:
                        raise CancelledError from None
                    if process.started.exception():
                        raise EfeError(_NO_START) from None
                    process.pool.shutdown(wait=False)
                    process = self._process()
            raise WorkerDiedError(
                "the process that worked on it died twice, perhaps of a damaged file, or for want of memory. Try fewer "
                "processes."
            )
        finally:
            self._free.put(process)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their jobs, or without waiting for them."""
        self._closed = True
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for _ in range(self._workers if wait else self._free.qsize()):
            self._free.get().pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def _begin(start: Callable[[], None] | None) -> None:
    """Begin a worker process, which ends with its parent, and by the system where a library hangs on a damaged file."""
    leave_alone()
    end_with_parent()
    be_expendable()
    if start is not None:
        start()


def end_with_parent() -> None:
    """Have this worker process end with the one that started it, even if that is killed without a chance to say so."""
    import multiprocessing
    import multiprocessing.connection
    import threading

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="efewidgets-parent", daemon=True).start()


_NO_START = (
    "a worker process could not be started. If a script starts workers, each of them imports it, so that what it does "
    'must stand under: if __name__ == "__main__":'
)
