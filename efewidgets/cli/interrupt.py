"""Ctrl-C, a console that is closed, or a process that is told to end: heeded between two recordings.

Raised at any moment, KeyboardInterrupt can be lost in a library's callback (h5py's weak references swallow it) or
come while a file is being written.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..engine.systems.ending import ASKED

#: s for a recording to be done with, before it is left where it is
PATIENCE = 2.0


class Interrupt:
    """Notes within its block that the process is asked to end; the second time it stops at once.

    Attributes
    ----------
    number : int
        Of the signal that asked; 0 as long as none has.
    at_once : bool
        Whether even the first one is to stop at once, because the program only waits.
    """

    def __init__(self) -> None:
        self.number = 0
        self.at_once = False
        self._instead: Callable[[], Any] | None = None
        self._before: dict[int, Any] = {}
        self._heeded = threading.Event()

    @property
    def asked(self) -> bool:
        """Whether the process is to end."""
        return self.number != 0

    @property
    def words(self) -> str:
        """How it is told why the process has ended."""
        return ASKED.get(self.number or signal.SIGINT, "")

    @property
    def code(self) -> int:
        """The exit code, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def check(self) -> None:
        """Raise KeyboardInterrupt if the process is to end."""
        if self.asked:
            self._heeded.set()
            raise KeyboardInterrupt

    def heed(self, instead: Callable[[], Any]) -> None:
        """Have a function called for the first one, which ends what is under way; it is called now if that has come."""
        self._instead = instead
        if self.asked:
            self._heeded.set()
            instead()

    def __enter__(self) -> Interrupt:
        with contextlib.suppress(ValueError):  # not in the main thread, where no signal arrives
            for number in ASKED:
                if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:  # as by nohup
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._heeded.set()
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        first, self.number = not self.asked, self.number or number
        if first and self._instead is not None:
            self._instead()
        elif first and not self.at_once:
            threading.Thread(target=self._insist, args=(number,), daemon=True).start()
        else:
            raise KeyboardInterrupt

    def _insist(self, number: int) -> None:
        """Ask again and again what doesn't look whether it was asked to end: it waits for a disk, or computes."""
        while not self._heeded.wait(PATIENCE):
            _send_to_main_thread(number)


def _send_to_main_thread(number: int) -> None:
    if hasattr(signal, "pthread_kill"):  # which also wakes it where it sleeps
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
