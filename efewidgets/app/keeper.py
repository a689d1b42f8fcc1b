"""Which page keeps a session: the one that opened it last, so that two don't write over each other."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import time
from collections.abc import Mapping
from typing import Any

from ..engine.systems.files import remove

#: s that a page has for its last edits when another one opens its session
PATIENCE = 2.5
_LOOK_EVERY = 0.05
_DIGITS = 5

#: This page among all that may open a session; there is one in each kernel
_US = secrets.token_hex(8)


def _become_another() -> None:
    """Be another page after a fork."""
    global _US
    _US = secrets.token_hex(8)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_become_another)


def take(session: pathlib.Path) -> None:
    """Become the keeper of a session. A page that is being closed, as by a reload, may save its last edits first."""
    end = time.monotonic() + PATIENCE
    while _keeper(session) not in ("", _US) and time.monotonic() < end:
        time.sleep(_LOOK_EVERY)
    _mark(session).write_text(_US, encoding="utf-8", newline="\n")


def keep(session: pathlib.Path) -> bool:
    """Keep a session that nobody else keeps; return whether this page does."""
    keeper = _keeper(session)
    if keeper == "":
        _mark(session).write_text(_US, encoding="utf-8", newline="\n")
    return keeper in ("", _US)


def is_kept(session: pathlib.Path) -> bool:
    """Whether there is a page that keeps a session."""
    return _keeper(session) != ""


def leave(session: pathlib.Path) -> None:
    """Keep a session no longer, if this page did."""
    if _keeper(session) == _US:
        remove(_mark(session))


def beside(session: pathlib.Path, number: int) -> pathlib.Path:
    """Return the path of a further session of a visit, as ``session-2.json``; the first is that without a number."""
    first = session.stem.partition("-")[0]
    return session.with_name(
        f"{first}-{number}{session.suffix}" if number > 1 else f"{first}{session.suffix}"
    )


def next_free(session: pathlib.Path) -> int:
    """Return the number of the next session of a visit that isn't there yet."""
    number = 2
    while beside(session, number).exists() or _keeper(beside(session, number)):
        number += 1
    return number


def sessions_of(first: pathlib.Path) -> list[pathlib.Path]:
    """Return the paths of a visit's sessions: the first, be it there or not, and the further ones."""
    found = [first, *sorted(first.parent.glob(f"{first.stem}-*{first.suffix}"))]
    return [
        path for path in found if path == beside(first, number_of(path))
    ]  # and not what stands beside one


def kept_in(path: pathlib.Path) -> Mapping[str, Any]:
    """Return what stands in a file beside a session; nothing where there is none that can be used."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def view_of(session: pathlib.Path) -> pathlib.Path:
    """Return where a session's view is kept, and what lists of sessions say of it: small, and quickly read."""
    return session.with_name(f"{session.stem}-view.json")


def undo_of(session: pathlib.Path) -> pathlib.Path:
    """Return where the edits are kept that led to a session, to be undone after a reload."""
    return session.with_name(f"{session.stem}-undo.json")


def number_of(session: pathlib.Path) -> int:
    """Return which session of its visit a path is."""
    return named(session.stem.replace("-", "."))[1]


def name_of(visit: str, number: int) -> str:
    """Return how a session is named in the address."""
    return f"{visit}.{number}" if number > 1 else visit


def named(name: str) -> tuple[str, int]:
    """Return visit and number of a session that is named in an address."""
    visit, _, number = name.partition(".")
    return visit, int(number) if number.isascii() and number.isdecimal() and len(number) < _DIGITS else 1


def _keeper(session: pathlib.Path) -> str:
    try:
        return _mark(session).read_text(encoding="utf-8")
    except OSError:
        return ""


def _mark(session: pathlib.Path) -> pathlib.Path:
    return session.with_suffix(".page")
