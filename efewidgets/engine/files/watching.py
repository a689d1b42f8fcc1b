"""A folder into which recordings are written: which of its files are new, and which still grow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .folders import RECORDING_FOLDERS, Entry

#: s for which a file must stay as it is, so that nothing is written to it any more
QUIET = 10.0


@dataclass(frozen=True)
class Seen:
    """What one look into a folder has found.

    Parameters
    ----------
    whole : tuple of str
        New files to which nothing is written any more; each is told once, and again when it has grown.
    growing : tuple of str
        New files that may still grow.
    """

    whole: tuple[str, ...] = ()
    growing: tuple[str, ...] = ()


class Watched:
    """The files of a folder, look by look. What is there at the first look isn't new, unless it grows.

    Parameters
    ----------
    entries : callable
        Returns what is in the folder now.
    quiet : float
        s for which a file must stay as it is.
    clock : callable
        Returns the time, s. The files' own times aren't held against it: they may be of another computer.
    """

    def __init__(
        self,
        entries: Callable[[], Iterable[Entry]],
        quiet: float = QUIET,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._entries, self._quiet, self._clock = entries, quiet, clock
        self._done: dict[str, tuple[int, float]] | None = None
        self._since: dict[str, tuple[tuple[int, float], float]] = {}

    def look(self) -> Seen:
        """Look into the folder. What can't be had raises what listing it raises, and changes nothing."""
        found = {e.relative: (e.size, e.modified) for e in self._entries() if not e.is_folder}
        now = self._clock()
        if self._done is None:
            self._done = found
            return Seen()
        new = {name: stamp for name, stamp in found.items() if self._done.get(name) != stamp}
        before, self._since = self._since, {}
        for name, stamp in new.items():
            known = before.get(name)
            self._since[name] = known if known is not None and known[0] == stamp else (stamp, now)
        whole = [
            name
            for name, (stamp, since) in self._since.items()
            if _begun(name, stamp) and now - since >= self._quiet
        ]
        for name in whole:
            self._done[name] = self._since.pop(name)[0]
        return Seen(tuple(whole), tuple(self._since))


def _begun(name: str, stamp: tuple[int, float]) -> bool:
    """Whether there is anything in a file; the size of a folder isn't known."""
    return stamp[0] > 0 or name.lower().endswith(RECORDING_FOLDERS)
