"""Receiving files in pieces: to disk, under safe names, with nothing left behind of those that don't come whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..names import safe_name
from ..problems import EfeError
from ..systems.ending import temporary_folder
from ..systems.files import remove, replace

_STALE = 1800.0  # s without a piece, after which what was sent is given up
_AT_ONCE = 20  # files; a browser sends one after the other

#: Bytes, or part of the disk if that is less, that receiving leaves free for others
_LEFT_FREE = 2 * 2**30, 0.05


@dataclass
class Incoming:
    """A file that is being received."""

    name: str
    folder: Path
    size: int
    file: BinaryIO
    partial: Path
    received: int = 0
    touched: float = 0.0


class Inbox:
    """A folder that files are received into.

    Parameters
    ----------
    folder : path, optional
        Created if missing. By default a temporary one, removed with all in it by `close`.
    limit : int
        Bytes that one file may have.

    Attributes
    ----------
    made : pathlib.Path or None
        The folder, once there is one.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, limit: int = 8 * 2**30):
        self._remove: Callable[[], Any] = lambda: None
        self.made: Path | None = None
        if folder is not None:
            self.made = Path(folder).resolve()
            self.made.mkdir(parents=True, exist_ok=True)
        self.limit = limit
        self.incoming: dict[str, Incoming] = {}

    @property
    def folder(self) -> Path:
        """Where files go; a temporary folder is made when it is first asked for."""
        if self.made is None:
            folder, self._remove = temporary_folder(self, "efewidgets-")
            self.made = Path(folder).resolve()
        return self.made

    def begin(self, key: str, path: str, size: int) -> None:
        """Begin a file; `path` is what the sender calls it, perhaps with folders. Raises EfeError if it can't be."""
        if key in self.incoming:
            raise EfeError("this file is being received already.")
        if not isinstance(size, int) or size < 0:
            raise EfeError("the size of the file isn't known.")
        for old, one in list(self.incoming.items()):
            if time.monotonic() - one.touched > _STALE:
                self.drop(old)
        if len(self.incoming) >= _AT_ONCE:
            raise EfeError(f"{_AT_ONCE} files are being received already: wait for one of them.")
        parts = [safe_name(part) for part in str(path).split("/")[-8:] if part] or ["%"]
        if size > self.limit:
            raise EfeError(f"it has {in_words(size)}; at most {in_words(self.limit)} are taken.")
        expected = size + sum(one.size - one.received for one in self.incoming.values())
        disk = shutil.disk_usage(self.folder)
        free = max(int(disk.free - min(_LEFT_FREE[0], _LEFT_FREE[1] * disk.total)), 0)
        if expected > free:
            raise EfeError(
                f"it has {in_words(size)}, but only {in_words(free)} are free on the server's disk."
            )
        try:
            folder = self._folder(parts[:-1])
            handle, partial = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        except OSError as error:
            raise EfeError(f"it can't be written: {error.strerror or error}.") from error
        file = os.fdopen(handle, "wb", buffering=0)
        self.incoming[key] = Incoming(parts[-1], folder, size, file, Path(partial), 0, time.monotonic())

    def _folder(self, parts: list[str]) -> Path:
        folder = self.folder.joinpath(*parts)
        if not folder.resolve().is_relative_to(self.folder):
            raise EfeError("its folder is a link that leads elsewhere.")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def take(self, key: str, offset: int, piece: bytes | bytearray | memoryview) -> int:
        """Take the next piece of a file; return how much of it is there. Raises EfeError and drops it if it can't."""
        one = self.incoming.get(key)
        if one is None:
            raise EfeError("it was given up.")
        data = memoryview(piece).cast("B")
        if offset != one.received or one.received + len(data) > one.size:
            self.drop(key)
            raise EfeError("its pieces don't fit together: it changed while it was sent. Send it again.")
        try:
            while data:
                data = data[one.file.write(data) or 0 :]
        except OSError as error:
            self.drop(key)
            raise EfeError(f"it can't be written: {error.strerror or error}.") from error
        one.received = one.file.tell()
        one.touched = time.monotonic()
        return one.received

    def finish(self, key: str) -> Path:
        """Give a whole file its name, numbered if there is one of that name; return its path."""
        one = self.incoming[key]
        if one.received != one.size:
            self.drop(key)
            raise EfeError("it did not come whole. Send it again.")
        one.file.close()
        del self.incoming[key]
        number = 1
        while True:
            target = one.folder / numbered(one.name, number)
            try:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                number += 1
                continue
            try:
                replace(one.partial, target)
            except OSError as error:
                for left in (target, one.partial):
                    with contextlib.suppress(OSError):
                        remove(left)
                raise EfeError(f"it can't be written: {error.strerror or error}.") from error
            return target

    def drop(self, key: str) -> None:
        """Forget a file, and remove what is there of it."""
        one = self.incoming.pop(key, None)
        if one is not None:
            one.file.close()
            with contextlib.suppress(OSError):  # what is left goes with the folder
                remove(one.partial)

    def close(self) -> None:
        """Remove what did not come whole, and the folder if it was a temporary one."""
        for key in list(self.incoming):
            self.drop(key)
        self._remove()


def numbered(name: str, number: int) -> str:
    """Return "cell.abf" as "cell (2).abf", and as it is for 1."""
    if number == 1:
        return name
    stem, suffix = os.path.splitext(name)
    return f"{stem} ({number}){suffix}"


def in_words(size: float) -> str:
    """Return a number of bytes as "3.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError
