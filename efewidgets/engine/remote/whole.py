"""Files that are needed whole: fetched beside their place, checked, and moved there."""

from __future__ import annotations

import contextlib
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from ..names import safe_name
from ..problems import ReadError
from ..systems.files import HeldError, replace
from . import transport
from .stamps import about
from .store import folder_of, make_room
from .urls import name_of

#: Is told the name of a file, how many bytes of it have come, and of how many; ends the work by what it raises
Watcher = Callable[[str, int, int | None], Any]

_watchers: list[Watcher] = []


@contextlib.contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Have somebody told how far files are that are fetched while the block lasts."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def local_copy(url: str) -> str:
    """Return the path of a copy on this disk, fetched if it isn't there.

    Raises
    ------
    ReadError
        If it doesn't come whole; nothing of it is kept then.
    """
    said = about(url)
    folder = folder_of(url, said)
    place = folder / "whole" / (safe_name(name_of(url)) or "file")
    if place.is_file() and said.size in (None, place.stat().st_size):
        make_room(folder)
        return str(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(
            dir=place.parent, prefix=".new-", ignore_cleanup_errors=True
        ) as beside:
            part = pathlib.Path(beside) / "part"
            _tell(name_of(url), 0, said.size)
            transport.fetch_whole(said, part, lambda done, of: _tell(name_of(url), done, of))
            try:
                replace(part, place)
            except HeldError:  # another process has fetched it meanwhile, and reads it
                if not (place.is_file() and place.stat().st_size == part.stat().st_size):
                    raise
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(f"{url} can't be kept on disk: {error.strerror or error}.") from error
    finally:
        for empty in (place.parent, folder):  # nothing is left of what didn't come
            with contextlib.suppress(OSError):
                empty.rmdir()
    make_room(folder)
    return str(place)


def _tell(name: str, done: int, of: int | None) -> None:
    for watcher in list(_watchers):
        watcher(name, done, of)
