"""Processes on this machine that work on jobs: as many as are wanted, each replaced when it dies.

Each is asked by a thread of its own, over a pipe. A job is best given to the process that holds what it needs.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from multiprocessing.util import Finalize
from typing import Any

from .apart import be_expendable
from .problems import EfeError
from .systems.ending import leave_alone, left_alone
from .systems.processes import copies_are_safe, cores

_TRIES = 2

#: Modules whose connections to elsewhere must not be shared with a copy of this process
_NOT_COPIED = ("requests", "distributed", "zmq")


class WorkerDiedError(Exception):
    """The process that worked on a job died, and the next one that tried it, too."""


class WorkersDontStartError(EfeError):
    """A process ended before it could take a job."""


class WorkerPool(Executor):
    """Processes on this machine, each with one job at a time: one that dies takes down only that.

    Python's own pool gives up all jobs when one of its processes is killed or runs out of memory. Here the process is
    replaced and its job tried once more; if that kills the next one too, the job fails with WorkerDiedError. A job
    whose first argument has an attribute ``near``, the number of one of the processes, is left to that one while
    the others have something else to do.

    Parameters
    ----------
    workers : int, optional
        Number of processes; they start at once. By default one for each core.
    start : callable, optional
        Called in each process when it starts.

    Attributes
    ----------
    workers : int
    """

    def __init__(self, workers: int | None = None, start: Callable[[], None] | None = None):
        self.workers = workers or cores()
        self._bench = _Bench(self.workers, start)
        self._end = Finalize(self, self._bench.close, exitpriority=10)  # also where nobody shuts it down

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn(*args, **kwargs)`` done by the next process that is free."""
        return self._bench.add(_Job(Future(), fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their jobs, or without waiting for them."""
        self._bench.close(cancel_futures)
        if wait:
            self._bench.join()


@dataclass(eq=False)
class _Job:
    future: Future[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def near(self) -> int | None:
        return getattr(self.args[0], "near", None) if self.args else None


class _Bench:
    """The processes, the threads that ask them, and the jobs that wait."""

    def __init__(self, workers: int, start: Callable[[], None] | None):
        self._start, self._closed = start, False
        self._jobs: dict[int | None, deque[_Job]] = {
            k: deque() for k in (None, *range(workers))
        }  # by nearness
        self._idle: set[int] = set()
        self._changed = threading.Condition()
        self._processes: list[_Process] = []
        for _ in range(workers):  # before the threads: a process with one thread can be copied
            self._processes.append(_Process(start, self._processes))
        self._threads = [
            threading.Thread(target=self._ask, args=(k,), name="efewidgets-worker", daemon=True)
            for k in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, job: _Job) -> Future[Any]:
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            pids = [process.pid for process in self._processes]
            self._jobs[pids.index(job.near) if job.near in pids else None].append(job)
            self._changed.notify_all()
        return job.future

    def close(self, cancel: bool = False) -> None:
        """Take no more jobs; the processes end when there are none left."""
        with self._changed:
            self._closed = True
            if cancel:
                for jobs in self._jobs.values():
                    for job in jobs:
                        job.future.cancel()
                        job.future.set_running_or_notify_cancel()
                    jobs.clear()
            self._changed.notify_all()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _ask(self, k: int) -> None:
        """Have one process do job after job."""
        while (job := self._next(k)) is not None:
            try:
                found = self._done(k, job)
            except BaseException as error:
                job.future.set_exception(error)
            else:
                job.future.set_result(found)
            del job
        self._processes[k].end()

    def _next(self, k: int) -> _Job | None:
        with self._changed:
            while True:
                while (jobs := self._best(k)) is not None:
                    job = jobs.popleft()
                    if job.future.set_running_or_notify_cancel():
                        self._changed.notify_all()  # what is left for this one may now be another's
                        return job
                if self._closed and not any(self._jobs.values()):
                    return None
                self._idle.add(k)
                self._changed.wait()
                self._idle.discard(k)

    def _best(self, k: int) -> deque[_Job] | None:
        """Which jobs are best for a process: those near to it, else to none, else to one that has others to do."""
        for mine in (k, None):
            if self._jobs[mine]:
                return self._jobs[mine]
        left = [jobs for owner, jobs in self._jobs.items() if jobs and owner not in self._idle]
        return max(left, key=len, default=None)

    def _done(self, k: int, job: _Job) -> Any:
        question = bytes(ForkingPickler.dumps((job.function, job.args, job.kwargs)))
        for _ in range(_TRIES):
            try:
                return self._processes[k].answer(question)
            except _LostError:
                if self._closed:
                    raise CancelledError from None
                self._processes[k].end()
                self._processes[k] = _Process(self._start)
        raise WorkerDiedError(
            "the process that worked on it died twice, perhaps of a damaged file, or for want of memory. Try fewer "
            "processes."
        )


class _LostError(Exception):
    """The process has ended."""


class _Process:
    """One process, started, and the pipe to it."""

    def __init__(self, start: Callable[[], None] | None, others: Sequence[_Process] = ()):
        copied = _can_be_copied()
        context: Any = multiprocessing.get_context("fork" if copied else "spawn")
        self._pipe, theirs = context.Pipe()
        mine = [self._pipe, *(other._pipe for other in others)] if copied else []
        self._process = context.Process(target=_serve, args=(theirs, mine, start), name="efewidgets-worker")
        with left_alone():
            self._process.start()
        theirs.close()
        self.pid: int | None = self._process.pid
        self._began = False

    def answer(self, question: bytes) -> Any:
        """Return what it answers, or raise what it raised.

        Raises
        ------
        WorkersDontStartError
            If it never began.
        _LostError
            If it died.
        """
        try:
            if not self._began:
                self._pipe.recv_bytes()
                self._began = True
        except (EOFError, OSError):
            raise WorkersDontStartError(_NO_START) from None
        try:
            self._pipe.send_bytes(question)
            answer = self._pipe.recv_bytes()
        except (EOFError, OSError):
            raise _LostError from None
        good, found = pickle.loads(answer)
        if not good:
            raise found
        return found

    def end(self) -> None:
        """Let the process end, now that it has nothing to do."""
        self._pipe.close()
        self._process.join()


def _can_be_copied() -> bool:
    """Whether this process may be copied, which takes no time, instead of starting another one from the beginning.

    Threads and connections don't bear it.
    """
    alone = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
    return copies_are_safe() and alone and not any(name in sys.modules for name in _NOT_COPIED)


def _serve(pipe: Connection, not_mine: Sequence[Connection], start: Callable[[], None] | None) -> None:
    """Answer questions until there are no more: in the worker."""
    for other in not_mine:
        other.close()
    _begin(start)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        pipe.send_bytes(b"")
        while True:
            pipe.send_bytes(_answered(pipe.recv_bytes()))


def _answered(question: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(question)
        return bytes(ForkingPickler.dumps((True, function(*args, **kwargs))))
    except BaseException as error:
        error.add_note(f"in a worker:\n{traceback.format_exc()}")
        with contextlib.suppress(Exception):
            answer = bytes(ForkingPickler.dumps((False, error)))
            pickle.loads(answer)
            return answer
        return bytes(ForkingPickler.dumps((False, RuntimeError(f"{type(error).__name__}: {error}"))))


def _begin(start: Callable[[], None] | None) -> None:
    """Begin a worker process, which ends with its parent, and by the system where a library hangs on a damaged file."""
    leave_alone()
    end_with_parent()
    be_expendable()
    if start is not None:
        start()


def end_with_parent() -> None:
    """Have this worker process end with the one that started it, even if that is killed without a chance to say so."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="efewidgets-parent", daemon=True).start()


_NO_START = (
    "a worker process could not be started. If a script starts workers, each of them imports it, so that what it does "
    'must stand under: if __name__ == "__main__":'
)
