"""Ctrl-C, heeded between two recordings.

Raised at any moment, KeyboardInterrupt can be lost in a library's callback (h5py's weak references swallow it) or
come while a file is being written.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any


class Interrupt:
    """Notes Ctrl-C within its block; the second one stops at once.

    Attributes
    ----------
    asked : bool
        Whether Ctrl-C was pressed.
    at_once : bool
        Whether even the first one is to stop at once, because the program only waits.
    """

    def __init__(self) -> None:
        self.asked = False
        self.at_once = False
        self._before: Any = None

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.asked:
            raise KeyboardInterrupt

    def __enter__(self) -> Interrupt:
        try:
            self._before = signal.signal(signal.SIGINT, self._note)
        except ValueError:  # not in the main thread, where Ctrl-C doesn't arrive
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked or self.at_once:
            self.asked = True
            raise KeyboardInterrupt
        self.asked = True
