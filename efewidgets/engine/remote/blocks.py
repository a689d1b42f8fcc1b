"""A file elsewhere as an open file: what is read of it is fetched page by page, more at once where it is read on."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import threading
import traceback
from collections.abc import Iterator
from typing import Any

from ..problems import ReadError
from . import transport
from .stamps import about, failed
from .store import PAGE, Pages, folder_of, make_room
from .transport import About
from .urls import host_of

#: Bytes that are fetched at least, and at most where a file is read on and on
_LEAST, _MOST_AHEAD = PAGE, 1 << 20
#: Of a file of so many bytes larger pieces are fetched: its requests take longer than its bytes
_SMALL, _LEAST_OF_SMALL = 1 << 25, 1 << 17
_LARGEST_PIECE = 1 << 24

_pages: dict[tuple[int, pathlib.Path], Pages] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def open_in_ranges(url: str) -> Iterator[RangedFile]:
    """Yield a file elsewhere, open for reading.

    Raises
    ------
    ReadError
        If it can't be had, or in the end if any piece of it couldn't, whatever was made of that meanwhile.
    """
    said = about(url)
    if said.size is None or not said.in_ranges:
        what = "how long files are" if said.size is None else "that it sends pieces of them (ranges)"
        raise ReadError(
            f"{host_of(said.url)} doesn't say {what}, so that {url} can't be read from afar: download it, and open "
            "the copy."
        )
    with RangedFile(url, said, said.size) as file:
        try:
            yield file
        except BaseException as error:
            _let_go(error)
            if not isinstance(error, Exception):
                raise
            if file.failure is not None and error is not file.failure:
                raise file.failure from error
            raise
        finally:
            if file.failure is not None:
                failed(url)
        if file.failure is not None:
            raise file.failure


def _let_go(error: BaseException | None) -> None:
    """Empty the frames that an error has left.

    They keep HDF5's list of how the file was opened, in a circle with the file. Collected by another thread it waits
    for whoever reads; not collected before Python ends, HDF5 frees it by calling a Python that is no more, and crashes.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


class RangedFile(io.RawIOBase):
    """See `open_in_ranges`. After a failure nothing is read any more, so that no caller mistakes a gap for the end."""

    def __init__(self, url: str, said: About, size: int) -> None:
        super().__init__()
        self.url, self.size = url, size
        self._about, self._at = said, 0
        self._least = _LEAST_OF_SMALL if size <= _SMALL else _LEAST
        self._next, self._ahead = -1, self._least
        self.failure: ReadError | None = None
        self._pages = _pages_of(folder_of(url, said))

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read anywhere: yes."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, from the start, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as the file goes."""
        view = memoryview(buffer).cast("B")
        count = max(min(len(view), self.size - self._at), 0)
        if count:
            view[:count] = self._bytes(self._at, count)
            self._at += count
        return count

    def _bytes(self, start: int, count: int) -> bytes:
        if self.failure is not None:
            raise OSError(str(self.failure))
        first, last = start // PAGE, (start + count - 1) // PAGE
        try:
            found = self._wanted(first, last)
        except ReadError as error:
            self.failure = error
            raise OSError(str(error)) from error
        joined = b"".join(found[page] for page in range(first, last + 1))
        return joined[start - first * PAGE :][:count]

    def _wanted(self, first: int, last: int) -> dict[int, bytes]:
        """Return pages; those that aren't kept are fetched, as many at once as lie side by side."""
        found: dict[int, bytes] = {}
        page = first
        while page <= last:
            kept = self._pages.get(page)
            if kept is not None:
                found[page] = kept
                page += 1
                continue
            end = page + 1
            while end <= last and self._pages.get(end) is None:
                end += 1
            fetched = self._fetch(page, end)
            found |= {one: fetched[(one - page) * PAGE :][:PAGE] for one in range(page, end)}
            page = end
        return found

    def _fetch(self, first: int, end: int) -> bytes:
        """Fetch pages, and more where the last ones were just before."""
        self._ahead = min(2 * self._ahead, _MOST_AHEAD) if first == self._next else self._least
        whole = -(-self.size // PAGE)
        until = end
        while until < min(end + self._ahead // PAGE - 1, whole) and self._pages.get(until) is None:
            until += 1
        self._next = until
        parts = []
        for start in range(first * PAGE, min(until * PAGE, self.size), _LARGEST_PIECE):
            stop = min(start + _LARGEST_PIECE, until * PAGE, self.size)
            parts.append(transport.piece(self._about, start, stop))
            self._pages.put(start // PAGE, parts[-1])
        return b"".join(parts)


def _pages_of(folder: pathlib.Path) -> Pages:
    """Return what this process knows of the pages on disk, brought up to date."""
    key = (os.getpid(), folder)
    with _lock:
        found = _pages.get(key)
        if found is None or not folder.exists():
            found = _pages[key] = Pages(folder)
            make_room(folder)
    found.look()
    return found
