"""What is seen of the files on disk: their sizes and times, by which a change is noticed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable

from .. import remote
from ..guard import may_open
from ..problems import EfeError
from .inputs import Paths
from .values import digest

#: Size (bytes), time of the last change (ns), and how often reading was tried again; None for a file that isn't there
Stamp = tuple[int, int, int] | None


def stamp(path: str) -> Stamp:
    """Look at a file."""
    try:
        if remote.is_url(path):
            elsewhere = remote.stamp(path)
            return elsewhere.size, elsewhere.version, 0
        found = os.stat(path)
    except (OSError, ValueError):  # an EfeError is one
        return None
    return found.st_size, found.st_mtime_ns, 0


class World:
    """The stamps of files, as they were when they were looked at. Never changes.

    Files on this disk are looked at when the world is made. Of a file elsewhere its server is asked when somebody needs
    its stamp, and then by them: whoever only says that there is such a file must not wait for an answer.
    """

    def __init__(self, stamps: dict[str, Stamp] | None = None):
        self._stamps = stamps or {}
        self._digests: dict[bytes, bytes] = {}

    def __getitem__(self, path: str) -> Stamp:
        if path not in self._stamps and remote.is_url(path):
            self._stamps.setdefault(path, stamp(path))  # another thread's answer may have been faster
        return self._stamps.get(path)

    def digest_of(self, paths: Paths) -> bytes:
        """Return a digest of the stamps of these files; the answer is remembered."""
        found = self._digests.get(paths.digest)
        if found is None:
            stamps = tuple(self[path] for path in paths.names)
            found = self._digests[paths.digest] = digest(stamps)
        return found

    def seeing(self, paths: Iterable[str]) -> World:
        """Return a world with these files too; those seen before aren't looked at again."""
        near = (path for path in paths if not remote.is_url(path))
        new = {path: stamp(path) for path in near if path not in self._stamps}
        return World(self._stamps | new) if new else self

    def again(self, paths: Iterable[str], retry: Collection[str | None] = ()) -> tuple[World, list[str]]:
        """Look at these files (again); return the world and which of them have changed, or are to be tried again."""
        stamps = {path: stamp(path) for path in paths}
        for path, seen in stamps.items():
            old = self._stamps.get(path)
            if seen is not None and old is not None:
                stamps[path] = (*seen[:2], old[2] + (path in retry))
        changed = [path for path, seen in stamps.items() if self._stamps.get(path, seen) != seen]
        return (World(stamps) if stamps != self._stamps else self), changed


def sha256(path: str) -> str | None:
    """Return the SHA-256 of a file's bytes, or of what a server says of it; None if it can't be read."""
    found = hashlib.sha256()
    try:
        may_open(path)
        if remote.is_url(path):  # by what the server says of it: it isn't fetched for this
            found.update(repr(stamp(path)).encode())
            return found.hexdigest()
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None  # a pipe or a device might never end
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    except (OSError, ValueError, EfeError):
        return None
    return found.hexdigest()
