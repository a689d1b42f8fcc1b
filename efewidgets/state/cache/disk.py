"""A cache of bytes on disk: entries are there whole or not at all, old ones go when there are too many."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import tempfile
import zlib
from collections.abc import Iterator

from ...engine.systems.files import HeldError, replace
from ...engine.systems.places import cache_folder

#: Begins each entry; another form of entries gets another one
_MAGIC = b"efewidgets cache 1\n"
_SUM = 32


def default_folder() -> pathlib.Path:
    """Return where the cache is on this system; the environment variable ``EFEWIDGETS_CACHE`` overrules it."""
    chosen = os.environ.get("EFEWIDGETS_CACHE")
    if chosen:
        return pathlib.Path(chosen)
    return cache_folder() / "results"


class DiskCache:
    """Entries under keys, shared by all processes that use the folder.

    An entry is written beside its place and moved there, so that no reader sees half of it; its checksum tells if
    it was damaged. A folder that can't be written, or a full disk, costs the cache and nothing else.

    Parameters
    ----------
    folder : path, optional
        By default the system's folder for caches.
    limit : int
        Bytes that the entries may take.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, limit: int = 1_000_000_000):
        self.folder = pathlib.Path(folder) if folder is not None else default_folder()
        self.limit = limit
        self.failure = ""
        self._size: int | None = None

    def get(self, key: bytes) -> bytes | None:
        """Return the entry under a key; None if there is none, or it is damaged."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        start = len(_MAGIC) + _SUM
        packed = data[start:]
        if data[: len(_MAGIC)] != _MAGIC or data[len(_MAGIC) : start] != hashlib.sha256(packed).digest():
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now
        return zlib.decompress(packed)

    def put(self, key: bytes, entry: bytes) -> None:
        """Write an entry; if none can be written, `failure` says why and no more is."""
        if self.failure:
            return
        packed = zlib.compress(entry, 1)
        path = self._path(key)
        name = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(packed).digest() + packed)
            replace(name, path)
        except OSError as error:
            if not isinstance(error, HeldError):  # else it is this entry's trouble, not the cache's
                self.failure = f"the cache in {self.folder} can't be written: {error.strerror or error}."
            if name:
                with contextlib.suppress(OSError):
                    os.unlink(name)
            return
        self._grow(len(packed))

    def clear(self) -> int:
        """Remove all entries; return how many bytes they took."""
        freed = 0
        for path, size, _ in self._entries():
            with contextlib.suppress(OSError):
                path.unlink()
                freed += size
        self._size = 0
        return freed

    def size(self) -> int:
        """Return how many bytes the entries take."""
        return sum(size for _, size, _ in self._entries())

    def _path(self, key: bytes) -> pathlib.Path:
        name = key.hex()
        return self.folder / name[:2] / name[2:]

    def _grow(self, added: int) -> None:
        """Count what was added, and remove what was used longest ago if it is too much."""
        self._size = self.size() if self._size is None else self._size + added
        if self._size <= self.limit:
            return
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        self._size = sum(size for _, size, _ in entries)
        for path, size, _ in entries:
            if self._size <= self.limit * 3 // 4:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                self._size -= size

    def _entries(self) -> Iterator[tuple[pathlib.Path, int, float]]:
        """Yield path, size and time of the last use of each entry; left-overs of a killed process too."""
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = pathlib.Path(folder) / name
                with contextlib.suppress(OSError):
                    found = path.stat()
                    yield path, found.st_size, found.st_mtime
