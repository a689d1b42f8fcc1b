"""Where results are computed: here and now, or in the background, where a newer edit stops an older run."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

logger = logging.getLogger(__name__)

#: Work to be done; is given a function that says whether it has become needless
Job = Callable[[Callable[[], bool]], None]


class Runner(Protocol):
    """What a state needs of a runner.

    Attributes
    ----------
    eager : bool
        Whether every edit starts a run; otherwise results are computed when they are asked for.
    executor : concurrent.futures.Executor or None
        Does the work of many files or recordings.
    """

    eager: bool
    executor: Executor | None

    def submit(self, job: Job) -> None:
        """Do a job; a job that isn't done yet becomes needless."""

    def cancel(self) -> None:
        """Make the present job needless."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being done; return whether that came about in time (s)."""

    def tell(self, callback: Callable[[], None]) -> None:
        """Call a function where those who look at the state expect it."""

    def close(self) -> None:
        """Stop for good."""


class InlineRunner:
    """Computes in the thread that asks, when it asks: for scripts, the command line and tests.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        Does the work of many files or recordings: a process pool, Dask's, ipyparallel's, …
    """

    eager = False

    def __init__(self, executor: Executor | None = None):
        self.executor = executor
        self._needless = threading.Event()

    def submit(self, job: Job) -> None:
        """Do a job now."""
        needless = self._needless = threading.Event()
        job(needless.is_set)

    def cancel(self) -> None:
        """Stop a job that another thread does."""
        self._needless.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once: what was to be done is done."""
        return True

    def tell(self, callback: Callable[[], None]) -> None:
        """Call a function now."""
        callback()

    def close(self) -> None:
        """Do nothing; the executor is its owner's."""


class BackgroundRunner:
    """Computes in one thread of its own, the newest job only; at the end of Python no job is needed any more.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        Does the work of many files or recordings.
    loop : asyncio.AbstractEventLoop, optional
        Where observers are called; that in which the runner is made, or first gets a job, if there is one. Without a
        loop they are called in the thread that computes.
    start : callable, optional
        Is called in each thread before its first job.
    """

    eager = True

    def __init__(
        self,
        executor: Executor | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        start: Callable[[], None] = lambda: None,
    ):
        self.executor, self._start = executor, start
        self._loop = loop or running_loop()
        self._changed = threading.Condition()
        self._next: tuple[Job, threading.Event] | None = None
        self._needless = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job) -> None:
        """Do a job after the present one, which becomes needless, as does one that is waiting."""
        with self._changed:
            if self._closed:
                return
            self._loop = self._loop or running_loop()
            self._needless.set()
            self._needless = threading.Event()
            self._next = job, self._needless
            if self._thread is None:
                # not a daemon: at the end of Python it is waited for, so that no file is shut while it is read
                self._thread = threading.Thread(target=self._work, name="efewidgets")
                self._thread.start()
            self._changed.notify_all()

    def cancel(self) -> None:
        """Make the present job needless, and forget one that is waiting."""
        with self._changed:
            self._needless.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being done; return whether that came about in time (s)."""
        if threading.current_thread() is self._thread:
            return False
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout)

    def tell(self, callback: Callable[[], None]) -> None:
        """Call a function in the event loop's thread."""
        if self._loop is None or self._loop.is_closed() or running_loop() is self._loop:
            callback()
            return
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:  # closed just now
            callback()

    def close(self) -> None:
        """Stop the present job and the thread."""
        with self._changed:
            self._closed = True
            self._needless.set()
        self.wait(10.0)

    def _work(self) -> None:
        """Do the newest job until there is none; the thread ends when it has nothing to do."""
        self._start()
        while True:
            with self._changed:
                if self._next is None:
                    self._thread = None
                    self._changed.notify_all()
                    return
                (job, needless), self._next = self._next, None
            try:
                job(functools.partial(_is_needless, needless))
            except Exception:  # a job tells of its own failures; this is one in telling
                logger.exception("a job in the background failed")


def _is_needless(needless: threading.Event) -> bool:
    return needless.is_set() or not threading.main_thread().is_alive()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, None if none is running."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
