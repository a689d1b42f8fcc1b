"""Independent pieces of work, one after the other or by whatever map or executor the caller has.

The heaviest pieces start first, so that none is waited for alone at the end. A piece that comes to no result, because
its worker died, is tried once more, and then told by `failed`; the rest goes on. If the executor itself gives up,
processes of this machine do what it left.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from typing import Any

from .systems.processes import cores
from .workers import WorkerDiedError, WorkerPool, WorkersDontStartError

__all__ = [
    "WorkerDiedError",
    "WorkerPool",
    "WorkersDontStartError",
    "cores",
    "each",
    "own_processes",
    "run",
    "workers_of",
]

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Failed = Callable[[Any, Exception], Any]

#: s between two looks whether a result is still wanted
_LOOK_EVERY = 0.1

#: s that processes and threads are given to end by themselves, when what they do isn't wanted any more
_GRACE_S = 1.5


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


def workers_of(executor: Any = None, map_function: Any = None) -> int:
    """Return how many jobs at the same time a caller's executor or map is likely to do; 1 if they are done here."""
    if executor is None:
        return 1 if map_function in (map, None) else cores()
    for name in ("workers", "_max_workers"):  # ours; Python's, loky's, ipyparallel's and MPI's
        if isinstance(found := getattr(executor, name, None), int) and found > 0:
            return found
    with contextlib.suppress(Exception):  # Dask's, which isn't asked otherwise
        return max(1, sum(executor._client.nthreads().values()))
    return cores()


@contextlib.contextmanager
def own_processes(workers: int, start: Callable[[], None] | None = None) -> Iterator[WorkerPool]:
    """Start processes of this machine that end with the block, at once if it fails or somebody stops it.

    Parameters
    ----------
    workers : int
    start : callable, optional
        Called in each process when it starts.
    """
    others, threads = set(active_children()), set(threading.enumerate())
    executor = WorkerPool(workers, start)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        _end(set(active_children()) - others)
        _join(set(threading.enumerate()) - threads)
        raise
    executor.shutdown()


def _end(processes: Iterable[BaseProcess]) -> None:
    """Let processes finish the job they are at, which is a short one, or end them."""
    until = time.monotonic() + _GRACE_S
    for process in processes:
        process.join(max(until - time.monotonic(), 0))
        if process.is_alive():
            process.terminate()


def _join(threads: Iterable[threading.Thread]) -> None:
    """Let the threads of a pool end, for a while: Python, ending meanwhile, would wake those that close just then."""
    until = time.monotonic() + _GRACE_S
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
