"""What is read for a drawing, in a thread of its own: waited for shortly, so that the page answers all else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ...engine.problems import EfeError
from ...state.running.runner import running_loop

#: s that one drawing waits for all that it needs
PATIENCE = 0.25


class NotYetError(EfeError):
    """It is being read, and will be shown when it is there."""


class Beside:
    """Values by keys, each made once a version; without an event loop they are made where they are asked for.

    Parameters
    ----------
    news : callable
        Called in the event loop when something has come that was waited for in vain.
    """

    def __init__(self, news: Callable[[], Any]):
        self._news = news
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._coming: dict[Hashable, tuple[Any, Future[Any]]] = {}
        self._late: set[Hashable] = set()
        self._until = 0.0

    def keep(self, keys: Collection[Hashable]) -> None:
        """Begin a drawing that needs these keys; the others are needed no more."""
        for key in [key for key in self._coming if key not in keys]:
            self._forget(key)
        self._until = time.monotonic() + PATIENCE

    def _forget(self, key: Hashable) -> None:
        self._coming.pop(key)[1].cancel()
        self._late.discard(key)

    def get(self, key: Hashable, version: Any, make: Callable[[], Any], what: str) -> Any:
        """Return what `make` returns, or raise what it raises, if it is done in time.

        Raises
        ------
        NotYetError
            If it isn't; it goes on, and `news` will be called. `what` it is about stands in its text.
        """
        self._loop = self._loop or running_loop()
        if self._loop is None:
            return make()
        if key in self._coming and self._coming[key][0] != version:
            self._forget(key)
        if key not in self._coming:
            if self._worker is None:
                # no daemon: at the end of Python it is waited for, so that it isn't cut off in a library
                self._worker = ThreadPoolExecutor(1, "efewidgets-beside")
            self._coming[key] = version, self._worker.submit(make)
        coming = self._coming[key][1]
        wait([coming], max(0.0, self._until - time.monotonic()))
        if coming.done():
            return coming.result()
        if key not in self._late:
            self._late.add(key)
            coming.add_done_callback(lambda done: self._told(key, done))
        raise NotYetError(f"{what} is being read: it appears here when that is done.")

    def _told(self, key: Hashable, done: Future[Any]) -> None:
        loop = self._loop
        if loop is not None and not done.cancelled() and not loop.is_closed():
            loop.call_soon_threadsafe(self._came, key, done)

    def _came(self, key: Hashable, done: Future[Any]) -> None:
        if key in self._coming and self._coming[key][1] is done:
            self._late.discard(key)
            self._news()

    def close(self) -> None:
        """Read no more, and call nobody."""
        self.keep(())
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)
            self._worker = None
