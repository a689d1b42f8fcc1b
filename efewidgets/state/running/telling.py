"""Telling observers: after the edit, one change after the other, and not without end."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ...engine.problems import EfeError, Problem

logger = logging.getLogger(__name__)

#: Observers that edit the state so often in answer to one edit are taken for endless
MOST_PASSES = 25


class EditLock:
    """A lock that a thread may take again while it has it; when it lets go for good, `after` is called.

    So an observer never runs while the lock is held, however many actions were nested.
    """

    def __init__(self, after: Callable[[], None]):
        self._lock = threading.RLock()
        self._after = after
        self._depth = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *problem: object) -> None:
        self._depth -= 1
        outermost = self._depth == 0
        self._lock.release()
        if outermost:
            self._after()


class Telling:
    """Sets traits in the order of the changes; a change made by an observer waits for its turn.

    Parameters
    ----------
    set_trait : callable
        ``set_trait(name, value)``, which calls the observers.
    where : callable
        ``where(callback)`` calls a function where observers expect it.

    Attributes
    ----------
    lock : EditLock
        Held while decisions change; observers are called after it.
    faults : list of Problem
        What went wrong in the state itself.
    """

    def __init__(self, set_trait: Callable[[str, Any], None], where: Callable[[Callable[[], None]], None]):
        self.lock = EditLock(self._deliver)
        self.faults: list[Problem] = []
        self._set_trait, self._where = set_trait, where
        self._changes: deque[dict[str, Any]] = deque()
        self._turn = threading.Lock()
        self._speaker: int | None = None
        self._passes: list[str] = []

    def put(self, **traits: Any) -> None:
        """Have traits set as soon as no edit is under way."""
        with self.lock:
            self._changes.append(traits)

    def _deliver(self) -> None:
        """Have the changes told where observers expect it."""
        if self._changes:
            self._where(self.tell)

    def tell(self) -> None:
        """Set the traits, one change after the other, unless that is being done."""
        while self._changes and self._turn.acquire(blocking=False):
            try:
                self._speaker = threading.get_ident()
                while self._changes:
                    for name, value in self._changes.popleft().items():
                        self._set_trait(name, value)
            finally:
                self._passes.clear()
                self._speaker = None
                self._turn.release()

    def check_passes(self, label: str) -> None:
        """Stop observers that answer each other's edits without end."""
        if self._speaker != threading.get_ident():
            return
        if len(self._passes) > MOST_PASSES:
            last = ", ".join(dict.fromkeys(self._passes[-4:]))
            raise EfeError(
                f"observers of the state keep changing it in answer to each other: {last}, {label}."
            )
        self._passes.append(label)

    def fault(self, handler: Any, error: Exception) -> None:
        """Note that an observer failed; the others are called nevertheless."""
        name = getattr(handler, "__qualname__", repr(handler))
        logger.error("observer %s failed", name, exc_info=error)
        message = f"{name} failed when the state changed: {type(error).__name__}: {error}"
        problem = Problem(message, "error", "observer")
        if problem not in self.faults:
            self.faults.append(problem)

    def forget_faults(self) -> None:
        """Forget what went wrong in the state itself so far."""
        self.faults.clear()
