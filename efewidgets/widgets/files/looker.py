"""What files hold, looked up in the background and remembered while the files don't change."""

from __future__ import annotations

import collections
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...engine import remote
from ...engine.problems import EfeError
from ...engine.readers import FileSummary
from ...engine.readers.looking_apart import inspect_apart
from ...engine.stages.work import Cancelled

logger = logging.getLogger(__name__)

_OFTEN = 0.7  # s between news
_PACE = 0.1  # s between two pictures of what is fetched
_STOPPED = "it wasn't fetched, since that was stopped: give its address again to fetch it."
_MOST = 50_000  # files that are remembered


@dataclass(frozen=True)
class Seen:
    """What is known of a file: its summary, or why there is none."""

    summary: FileSummary | None
    problem: str = ""

    @property
    def unit(self) -> str | None:
        """The unit of a wave, if it has one."""
        return self.summary.unit if self.summary is not None else None


class Looker:
    """Looks into files without reading samples, in one thread; libraries that may break do so in another process.

    A file that is given up leaves its thread behind, which ends with the next bytes that come; another goes on.

    Parameters
    ----------
    news : callable
        Called from that thread now and then while something new is known, and when all is.
    fetching : callable, optional
        Called from that thread with the name of a file that is fetched whole, how many bytes of it have come, and of
        how many (None if that isn't known); with None when it is done.
    """

    def __init__(
        self,
        news: Callable[[], Any],
        look: Callable[[str], FileSummary] = inspect_apart,
        fetching: Callable[[tuple[str, int, int | None] | None], Any] = lambda told: None,
    ):
        self._news: Callable[[], Any] = news
        self._fetching = fetching
        self._turn: object = None
        self._present = ""
        self._fetched = False
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
        wanted = [p for p in paths if p not in known or (again and _may_differ(p, *known[p]))]
        with self._lock:
            if self._closed or not wanted:
                return
            self._waiting.update(dict.fromkeys(wanted))
            if self._idle.is_set():
                self._begin()

    def _begin(self) -> None:
        """Begin to look, with a new thread; what the one before does is left to it."""
        self._idle.clear()
        self._turn = turn = object()
        # not a daemon: at the end of Python it is waited for, so that it isn't cut off in a library
        threading.Thread(target=self._run, args=(turn,), name="efewidgets-look").start()

    def _run(self, turn: object) -> None:
        told = time.monotonic() + _OFTEN
        while True:
            with self._lock:
                if turn is not self._turn:
                    return
                self._present, self._fetched = "", False
                if self._closed or not self._waiting or not threading.main_thread().is_alive():
                    self._idle.set()
                    break
                self._present = path = next(iter(self._waiting))
            seen = self._seen(turn, path)
            with self._lock:
                if turn is not self._turn or seen is None:
                    continue
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

    def _seen(self, turn: object, path: str) -> tuple[Any, Seen] | None:
        """Look into a file; None if it isn't wanted any more."""
        if not remote.is_url(path):
            return _seen(path, self._look)
        try:
            with remote.watch(partial(self._watch, turn, threading.get_ident(), [-_PACE])):
                return _seen(path, self._look)
        except Cancelled:
            return None
        finally:
            if turn is self._turn and self._fetched:
                self._fetching(None)

    def _watch(
        self, turn: object, thread: int, last: list[float], name: str, done: int, of: int | None
    ) -> None:
        """Be told how far a file is; it may be one that another thread fetches. Raises Cancelled."""
        if threading.get_ident() != thread:
            return
        if self._closed or turn is not self._turn or not threading.main_thread().is_alive():
            raise Cancelled
        if time.monotonic() - last[0] >= _PACE:
            last[0] = time.monotonic()
            self._fetched = True
            self._fetching((name, done, of))

    def _tell(self) -> None:
        if not self._closed and threading.main_thread().is_alive():
            try:
                self._news()
            except Exception:
                logger.exception("what was found in files can't be shown")

    def wait(self, seconds: float = 60) -> bool:
        """Wait until all files are known; whether they are."""
        return self._idle.wait(seconds)

    def stop(self) -> str:
        """Give up the file that is being fetched; return its path, "" if there is none."""
        with self._lock:
            path = self._present if self._fetched else ""
            if path:
                self._known[path] = None, Seen(None, _STOPPED)
                self._give_up([path])
        self._fetching(None)
        return path

    def forget(self, paths: Iterable[str]) -> None:
        """Look into these files no more, if they are waited for."""
        with self._lock:
            gone = self._give_up(paths)
        if gone:
            self._fetching(None)

    def _give_up(self, paths: Iterable[str]) -> bool:
        """Drop files that are waited for; whether the present one was among them."""
        wanted = [path for path in paths if path in self._waiting]
        for path in wanted:
            del self._waiting[path]
        if self._present not in wanted or self._closed:
            return False
        self._begin()
        return True

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            self._news = self._fetching = _nobody  # a file that is being looked into keeps no widget alive
            self._waiting.clear()


def _nobody(*told: Any) -> None:
    """Tell nobody."""


def _may_differ(path: str, stamp: Any, seen: Seen) -> bool:
    """Whether a look may show something else; what is elsewhere has no stamp here, and may be there next time."""
    return seen.summary is None if remote.is_url(path) else stamp != _stamp(path)


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
    except Cancelled:
        raise
    except EfeError as error:
        return stamp, Seen(None, str(error))
    except Exception as error:
        logger.exception("a file can't be looked into")
        return stamp, Seen(None, f"{type(error).__name__}: {error}")
