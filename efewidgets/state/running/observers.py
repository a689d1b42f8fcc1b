"""Observers that can do no harm: each is called by itself, and those that are gone are forgotten."""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import traitlets

Fault = Callable[[Any, Exception], None]


class Guarded:
    """A handler as traitlets calls it: what it raises is told and goes no further; a method doesn't keep its object.

    Parameters
    ----------
    handler : callable
        A bound method is held weakly, so that a view dies although it observes; a function is kept.
    fault : callable
        Is told the handler and what it raised.
    gone : callable
        Called when the handler's object is no more.
    """

    def __init__(self, handler: Callable[..., Any], fault: Fault, gone: Callable[[Guarded], None]):
        self._hash = hash(handler)
        self._fault = fault
        if inspect.ismethod(handler):
            self._handler: Callable[[], Callable[..., Any] | None] = weakref.WeakMethod(
                handler, lambda _: gone(self)
            )
        else:
            self._handler = lambda: handler

    def __call__(self, change: Any) -> None:
        handler = self._handler()
        if handler is None:
            return
        try:
            handler(change)
        except Exception as error:
            self._fault(handler, error)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        handler = self._handler()
        return isinstance(other, Guarded) and handler is not None and handler == other._handler()

    def __hash__(self) -> int:
        return self._hash


class Observed(traitlets.HasTraits):
    """Has traits whose observers are guarded and, if they are methods, held weakly."""

    def observe(self, handler: Callable[..., Any], names: Any = traitlets.All, type: Any = "change") -> None:
        """Call ``handler(change)`` when a trait changes.

        What it raises becomes a problem of the state and doesn't keep other observers from being called. The
        object of a bound method isn't kept alive by it.
        """
        super().observe(Guarded(handler, self._fault, _forget(self, names, type)), names, type)

    def unobserve(
        self, handler: Callable[..., Any], names: Any = traitlets.All, type: Any = "change"
    ) -> None:
        """Call a handler no more; nothing happens if it isn't called anyway."""
        guarded = handler if isinstance(handler, Guarded) else Guarded(handler, self._fault, _nobody)
        with contextlib.suppress(ValueError):  # its object may have died before
            super().unobserve(guarded, names, type)

    def _fault(self, handler: Any, error: Exception) -> None:
        raise NotImplementedError


def _forget(state: Observed, names: Any, kind: Any) -> Callable[[Guarded], None]:
    me = weakref.ref(state)

    def gone(guarded: Guarded) -> None:
        found = me()
        if found is not None:
            found.unobserve(guarded, names, kind)

    return gone


def _nobody(guarded: Guarded) -> None:
    """Nothing is to be done."""
