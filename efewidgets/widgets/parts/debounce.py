"""Doing something once, after the last of many events: a drag, a zoom, typing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Protocol


class Handle(Protocol):
    """Something that was put off."""

    def cancel(self) -> None:
        """Don't do it."""


Schedule = Callable[[float, Callable[[], None]], Handle]


class Debounce:
    """A call that waits until nothing new has come for a time.

    Parameters
    ----------
    call : callable
    delay : float
        s.
    schedule : callable, optional
        ``schedule(delay, function)`` calls a function later; by default on the event loop that runs, or in a thread
        of its own where none does.
    """

    def __init__(self, call: Callable[[], Any], delay: float, schedule: Schedule | None = None):
        self._call = call
        self._delay = delay
        self._schedule = schedule or _schedule
        self._lock = threading.Lock()
        self._waiting: Handle | None = None

    def __call__(self) -> None:
        """Call soon, unless this is called again before."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = self._schedule(self._delay, self.flush)

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
