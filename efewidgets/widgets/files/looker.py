"""What files hold, looked up in the background and remembered while the files don't change."""

from __future__ import annotations

import collections
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...engine.problems import EfeError
from ...engine.readers import FileSummary, inspect_apart

logger = logging.getLogger(__name__)

_OFTEN = 0.7  # s between news
_MOST = 50_000  # files that are remembered


@dataclass(frozen=True)
class Seen:
    """What is known of a file: its summary, or why there is none."""

    summary: FileSummary | None
    problem: str = ""

    @property
    def unit(self) -> str | None:
        """The unit of a wave, if it has one."""
        units = self.summary.units if self.summary is not None else {}
        return next((unit for found in units.values() for unit in found), None)


class Looker:
    """Looks into files without reading samples, in one thread; libraries that may break do so in another process.

    Parameters
    ----------
    news : callable
        Called from that thread now and then while something new is known, and when all is.
    """

    def __init__(self, news: Callable[[], Any], look: Callable[[str], FileSummary] = inspect_apart):
        self._news: Callable[[], Any] = news
        self._look = look
        self._known: dict[str, tuple[Any, Seen]] = {}
        self._waiting: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._closed = False

    def get(self, path: str) -> Seen | None:
        """Return what is known of a file, None if it was not looked into yet."""
        found = self._known.get(path)
        return found[1] if found is not None else None

    @property
    def waiting(self) -> int:
        """How many files are still to be looked into."""
        return len(self._waiting)

    def ask(self, paths: Iterable[str], *, again: bool = True) -> None:
        """Look into files that are not known, and again into those that have changed unless `again` is false."""
        known = self._known
        wanted = [p for p in paths if p not in known or (again and known[p][0] != _stamp(p))]
        with self._lock:
            if self._closed or not wanted:
                return
            self._waiting.update(dict.fromkeys(wanted))
            if self._idle.is_set():
                self._idle.clear()
                # not a daemon: at the end of Python it is waited for, so that it isn't cut off in a library
                threading.Thread(target=self._run, name="efewidgets-look").start()

    def _run(self) -> None:
        told = time.monotonic() + _OFTEN
        while True:
            with self._lock:
                if self._closed or not self._waiting or not threading.main_thread().is_alive():
                    self._idle.set()
                    break
                path = next(iter(self._waiting))
            seen = _seen(path, self._look)
            with self._lock:
                if len(self._known) >= _MOST:
                    self._known.pop(next(iter(self._known)))
                self._known[path] = seen
                self._waiting.pop(path, None)
            if time.monotonic() > told and self._waiting:
                begin = time.monotonic()
                self._tell()
                # where telling takes long, it must not take most of the time
                told = time.monotonic() + max(_OFTEN, 5 * (time.monotonic() - begin))
        self._tell()

    def _tell(self) -> None:
        if not self._closed and threading.main_thread().is_alive():
            try:
                self._news()
            except Exception:
                logger.exception("what was found in files can't be shown")

    def wait(self, seconds: float = 60) -> bool:
        """Wait until all files are known; whether they are."""
        return self._idle.wait(seconds)

    def forget_waiting(self) -> None:
        """Look into no more files than the present one."""
        with self._lock:
            self._waiting.clear()

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            self._news = _nobody  # a file that is being looked into keeps no widget alive
            self._waiting.clear()


def _nobody() -> None:
    """Tell nobody."""


def _stamp(path: str) -> Any:
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def _seen(path: str, look: Callable[[str], FileSummary]) -> tuple[Any, Seen]:
    stamp = _stamp(path)
    try:
        return stamp, Seen(look(path))
    except EfeError as error:
        return stamp, Seen(None, str(error))
    except Exception as error:
        logger.exception("a file can't be looked into")
        return stamp, Seen(None, f"{type(error).__name__}: {error}")
