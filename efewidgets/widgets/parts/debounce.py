"""Doing something once, after the last of many events: a drag, a zoom, typing."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol


class Handle(Protocol):
    """Something that was put off."""

    def cancel(self) -> None:
        """Don't do it."""


Schedule = Callable[[float, Callable[[], None]], Handle]


class Debounce:
    """A call that waits until nothing new has come for a time; after a pause it may come sooner.

    Parameters
    ----------
    call : callable
    delay : float
        s.
    schedule : callable, optional
        ``schedule(delay, function)`` calls a function later; by default on the event loop that runs, or in a thread
        of its own where none does.
    soon : float, optional
        s; what comes after a pause waits no longer than that, be it the only event or the first of many.
    """

    def __init__(
        self,
        call: Callable[[], Any],
        delay: float,
        schedule: Schedule | None = None,
        soon: float | None = None,
    ):
        self._call = call
        self._delay = delay
        self._soon = delay if soon is None else soon
        self._began = self._last = -math.inf
        self._schedule = schedule or _schedule
        self._lock = threading.Lock()
        self._waiting: Handle | None = None

    def __call__(self) -> None:
        """Call soon, unless this is called again before."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = self._schedule(self._wait(), self.flush)

    def _wait(self) -> float:
        """Return how long to wait: one event may come as several, at once."""
        now = time.monotonic()
        if now - self._last > self._delay:
            self._began = now
        self._last = now
        return self._soon if now - self._began < self._soon else self._delay

    def flush(self) -> None:
        """Call now if a call waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()
            self._call()

    def cancel(self) -> None:
        """Forget a call that waits."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = None


def _schedule(delay: float, call: Callable[[], None]) -> Handle:
    try:
        return asyncio.get_running_loop().call_later(delay, call)
    except RuntimeError:
        timer = threading.Timer(delay, call)
        timer.daemon = True
        timer.start()
        return timer
