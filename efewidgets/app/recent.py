"""Sessions to go on with: what a list says of each, and whose it may say.

A session's name is its key: who knows it may open it, and no one else is told of it. On one's own machine all are
one's own; behind a fence the browser says which names it knows, and only of these it is told more.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.problems import EfeError
from ..state import ExtractionState
from . import keeper
from .begin import SESSION_FILE, is_name

#: Sessions that are listed, and names that a browser may ask about
MOST = 50

#: Cells that are named
_NAMED = 3
#: Characters of a name
LONGEST = 80


@dataclass(frozen=True)
class Recent:
    """A session that was kept.

    Parameters
    ----------
    name : str
        As in the address of its page.
    title : str
        What a person called it; "" if nothing.
    when : float
        When it was saved last, s since 1970.
    cells : tuple of str
        The first of its cells.
    number, files : int
        How many cells and files it has.
    far : str
        How far it is, in words.
    """

    name: str
    title: str
    when: float
    cells: tuple[str, ...] = ()
    number: int = 0
    files: int = 0
    far: str = ""


def about(state: ExtractionState, done: int, of: int, step: str) -> dict[str, Any]:
    """Return what is kept beside a session for such a list."""
    inputs = state.inputs
    names = [cell.name[:LONGEST] for cell in inputs.cells[:_NAMED]]
    return {
        "cells": names,
        "number": len(inputs.cells),
        "files": len({path for cell in inputs.cells for path in cell.paths.names}),
        "far": f"{done} of {of} steps done, at {step}",
    }


class Recents:
    """The sessions that a visitor may be told of.

    Parameters
    ----------
    scratch : pathlib.Path
        The folder with those of all visits.
    whole : bool
        Whether all of them are the visitor's; else only those whose names the browser knows.
    own : str
        The name of the session that asks.
    """

    def __init__(self, scratch: pathlib.Path, whole: bool, own: str):
        self.scratch, self.whole, self.own = scratch, whole, own

    def __call__(self, known: Iterable[str] = ()) -> list[Recent]:
        """Return them, the last first; `known` are names that the browser has seen in its own addresses."""
        visits = self._visits() if self.whole else dict.fromkeys(map(_visit, known))
        found = [one for visit in visits for one in self._of(visit)]
        return sorted(found, key=lambda one: -one.when)[:MOST]

    def path_of(self, name: str) -> pathlib.Path:
        """Return the file of a session that was listed.

        Raises
        ------
        EfeError
            If no session can be called so.
        """
        visit, number = keeper.named(name)
        if not is_name(visit):
            raise EfeError("there is no session of this name.")
        return keeper.beside(self.scratch / visit / SESSION_FILE, number)

    def _visits(self) -> Iterator[str]:
        try:
            yield from [path.name for path in self.scratch.iterdir()]
        except OSError:
            return

    def _of(self, visit: str) -> Iterator[Recent]:
        """Yield the sessions of a visit that hold recordings; no other text than its name becomes part of a path."""
        if not is_name(visit):
            return
        first = self.scratch / visit / SESSION_FILE
        for path in keeper.sessions_of(first):
            name = keeper.name_of(visit, keeper.number_of(path))
            if name == self.own:
                continue
            try:
                when = path.stat().st_mtime
            except OSError:
                continue
            one = _recent(name, when, keeper.kept_in(keeper.view_of(path)))
            if one is not None:
                yield one


def _visit(name: Any) -> str:
    return keeper.named(name)[0] if isinstance(name, str) else ""


def _recent(name: str, when: float, kept: Mapping[str, Any]) -> Recent | None:
    """Return a session by what is kept beside it; None if there is nothing to go on with."""
    told = kept.get("about")
    told = told if isinstance(told, Mapping) else {}
    title, cells, number, files, far = (
        _of_kind(found, like)
        for found, like in (
            (kept.get("title"), ""),
            (told.get("cells"), []),
            (told.get("number"), 0),
            (told.get("files"), 0),
            (told.get("far"), ""),
        )
    )
    if told and not number and not title:
        return None
    names = tuple(cell[:LONGEST] for cell in cells if isinstance(cell, str))[:_NAMED]
    return Recent(name, title[:LONGEST], when, names, number, files, far[:LONGEST])


def _of_kind(found: Any, like: Any) -> Any:
    return found if type(found) is type(like) else like


#: Returns sessions, given names that the browser knows
Ask = Callable[[Iterable[str]], list[Recent]]
