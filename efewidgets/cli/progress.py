"""The progress bar."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TextIO


class Bar:
    """A progress bar on one line: ``Reading recordings  ━━━━━━────  42 of 127``.

    Parameters
    ----------
    label : str
    stream : text file or None
        None shows nothing.
    """

    every_s = 0.1
    cells = 30

    def __init__(self, label: str, stream: TextIO | None):
        self.label, self.stream = label, stream
        self._length, self._last = 0, -1.0
        self._lock = threading.Lock()

    def __call__(self, done: int, total: int) -> None:
        """Show how many of how many jobs are done; `total` is 0 if it isn't known yet."""
        with self._lock:
            now = time.monotonic()
            if self.stream is None or (now - self._last < self.every_s and done != total):
                return
            self._last = now
            if not total:
                self._draw(f"{self.label}  {done}")
                return
            full = round(self.cells * done / total)
            bar = (
                ("━" * full + "─" * (self.cells - full))
                if _has_blocks(self.stream)
                else ("#" * full + "." * (self.cells - full))
            )
            self._draw(f"{self.label}  {bar}  {done} of {total}")

    def clear(self) -> None:
        """Leave an empty line, for good."""
        with self._lock:
            if self._length:
                self._draw("")
                self._draw("")
            self.stream = None

    def _draw(self, line: str) -> None:
        assert self.stream is not None
        line = line[: shutil.get_terminal_size((80, 24)).columns - 1]
        self.stream.write("\r" + line.ljust(self._length))
        self.stream.flush()
        self._length = len(line)


def _has_blocks(stream: TextIO) -> bool:
    try:
        "━─".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
