"""Where fetched files are kept on disk: a folder for each version of each, pieces of it with checksums.

Each process appends to a file of its own and reads those of all, so that none waits for another; a record that isn't
whole, or was damaged, is taken for missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import secrets
import shutil
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from ..systems.files import patiently
from ..systems.places import cache_beside_results
from .transport import About

VARIABLE = "EFEWIDGETS_REMOTE_CACHE"
#: Bytes that all of it may take
LIMIT = 10_000_000_000
PAGE = 4096
_HEAD = struct.Struct("<4sQII")
_MAGIC = b"efR1"
_LARGEST = 64  # pages of one record
_HELD = 64  # records in memory


def cache_folder() -> pathlib.Path:
    """Return where fetched files are; the environment variable ``EFEWIDGETS_REMOTE_CACHE`` overrules it."""
    chosen = os.environ.get(VARIABLE)
    return pathlib.Path(chosen) if chosen else cache_beside_results("remote")


def folder_of(url: str, file: About) -> pathlib.Path:
    """Return the folder of one version of a file."""
    words = f"{url}\0{file.version}\0{file.size}"
    return cache_folder() / hashlib.sha256(words.encode()).hexdigest()[:32]


def size() -> int:
    """Return how many bytes are kept."""
    return sum(taken for _, taken, _ in _versions())


def clear() -> int:
    """Remove all that is kept; return how many bytes that were."""
    before = size()
    for folder, _, _ in list(_versions()):
        shutil.rmtree(folder, ignore_errors=True)
    return before - size()


def make_room(used: pathlib.Path) -> None:
    """Remove what was used longest ago, if there is too much; the version that is used now stays."""
    with contextlib.suppress(OSError):
        os.utime(used)
    found = sorted(_versions(), key=lambda one: one[2])
    total = sum(taken for _, taken, _ in found)
    for folder, taken, _ in found:
        if total <= LIMIT:
            return
        if folder != used:
            shutil.rmtree(folder, ignore_errors=True)
            total -= taken


def _versions() -> Iterator[tuple[pathlib.Path, int, float]]:
    """Yield each folder, the bytes in it, and when it was used last."""
    with contextlib.suppress(OSError):
        for folder in cache_folder().iterdir():
            with contextlib.suppress(OSError):
                taken = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
                yield folder, taken, folder.stat().st_mtime


class Pages:
    """The pieces of one version of a file that are on disk, by the numbers of their pages."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._own = f"{os.getpid()}-{secrets.token_hex(4)}.pages"
        self._at: dict[int, tuple[str, int, int, int, int]] = {}
        self._seen: dict[str, int] = {}
        self._held: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._lock = threading.RLock()
        self.writable = True

    def look(self) -> None:
        """Take notice of what other processes have added."""
        with self._lock, contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                if entry.name.endswith(".pages"):
                    self._scan(entry.name, entry.stat().st_size)

    def _scan(self, name: str, length: int) -> None:
        at = self._seen.get(name, 0)
        with open(self.folder / name, "rb") as file:
            while at + _HEAD.size <= length:
                file.seek(at)
                magic, first, count, check = _HEAD.unpack(file.read(_HEAD.size))
                if magic != _MAGIC or at + _HEAD.size + count > length:
                    break  # it is being written, or was never finished
                self._note((name, at + _HEAD.size, first, count, check))
                at += _HEAD.size + count
        self._seen[name] = at

    def _note(self, record: tuple[str, int, int, int, int]) -> None:
        _, _, first, count, _ = record
        for page in range(first, first + -(-count // PAGE)):
            self._at[page] = record

    def get(self, page: int) -> bytes | None:
        """Return a page, None if it isn't there or was damaged."""
        with self._lock:
            record = self._at.get(page)
            content = None if record is None else self._content(record)
            if record is None or content is None:
                return None
            start = (page - record[2]) * PAGE
            return content[start : start + PAGE]

    def _content(self, record: tuple[str, int, int, int, int]) -> bytes | None:
        if record in self._held:
            self._held.move_to_end(record)
            return self._held[record]
        name, at, first, count, check = record
        content = b""
        with contextlib.suppress(OSError), open(self.folder / name, "rb") as file:
            file.seek(at)
            content = file.read(count)
        if len(content) != count or zlib.crc32(content) != check:
            for page in range(first, first + -(-count // PAGE)):
                if self._at.get(page) == record:
                    del self._at[page]
            return None
        self._hold(record, content)
        return content

    def _hold(self, record: tuple[Any, ...], content: bytes) -> None:
        self._held[record] = content
        if self.writable and len(self._held) > _HELD:
            self._held.popitem(last=False)

    def put(self, first: int, content: bytes) -> None:
        """Keep pages from `first` on; all but the file's last are whole. A disk that is full costs the cache only."""
        with self._lock:
            for start in range(0, len(content), _LARGEST * PAGE):
                part = content[start : start + _LARGEST * PAGE]
                number, check = first + start // PAGE, zlib.crc32(part)
                at = self._append(_HEAD.pack(_MAGIC, number, len(part), check) + part) if self.writable else 0
                record = (self._own, at + _HEAD.size, number, len(part), check)
                self._hold(record, part)
                self._note(record)

    def _append(self, record: bytes) -> int:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            place = self.folder / self._own
            with patiently(lambda: open(place, "ab"), place) as file:
                at = file.tell()
                file.write(record)
        except OSError:
            self.writable = False  # kept in memory from now on
            return 0
        self._seen[self._own] = at + len(record)
        return at
