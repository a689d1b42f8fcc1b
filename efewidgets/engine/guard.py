"""Which files may be opened: all, unless this process reads for others, with rights that they lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Is given the path of each file before it is opened, and raises EfeError if it must not be
Guard = Callable[[str], Any]

_guard: Guard | None = None


def set_guard(guard: Guard | None) -> None:
    """Have files looked at before they are opened in this process, whoever asks for them; None for no longer."""
    global _guard
    _guard = guard


def guard_of_files() -> Guard | None:
    """Return what looks at files before they are opened, None if nothing does."""
    return _guard


def may_open(path: str) -> None:
    """Raise EfeError if a file must not be opened."""
    if _guard is not None:
        _guard(path)
