"""A folder that can't be left: what is in it, and which recordings are in the tree below it."""

from __future__ import annotations

import fnmatch
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..problems import EfeError, Problem
from ..systems.files import is_hidden, is_link
from ..systems.paths import at_home, leads_to_a_host, same_text

logger = logging.getLogger(__name__)


#: Endings of folders that are one recording each
RECORDING_FOLDERS = (".zarr",)


@dataclass(frozen=True)
class Entry:
    """A file or folder.

    Parameters
    ----------
    name : str
    relative : str
        Path below the root, with "/".
    is_folder : bool
    size : int
        Bytes; 0 for folders.
    modified : float
        s since 1970.
    linked : bool
        Whether it is a folder that stands for another one.
    """

    name: str
    relative: str
    is_folder: bool
    size: int = 0
    modified: float = 0.0
    linked: bool = False


@dataclass
class Listing:
    """What was found in a folder, or in a tree.

    Attributes
    ----------
    entries : list of Entry
        Folders first, each by name with numbers by their values.
    problems : list of Problem
        Folders that can't be read, links that lead out of the root, and what was left out.
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Root:
    """A folder on this machine; nothing outside it can be seen through it.

    Paths are below the root, with "/". Those that lead out of it, by ``..``, by being absolute or through a link,
    are refused with EfeError, and logged.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.path = Path(at_home(folder)).resolve()
        if not self.path.is_dir():
            raise EfeError(f"there is no folder {folder}: choose one that exists to browse in.")

    def resolve(self, path: str | os.PathLike[str] = "") -> Path:
        """Return the real path of a file or folder in the root; it must exist."""
        text = os.fspath(path)
        if "\0" in text:
            raise self._refused(text, "a path can't hold a NUL character")
        if leads_to_a_host(text, [self.path]):
            raise self._refused(text, "it lies on another machine")
        wanted = Path(text)
        if ".." in wanted.parts:
            raise self._refused(text, "'..' is not allowed: open a folder from the top instead")
        try:
            found = (self.path / wanted).resolve(strict=True)
        except FileNotFoundError:
            if wanted.is_absolute() and not wanted.is_relative_to(self.path):
                raise self._refused(text, self._outside()) from None
            raise EfeError(f"there is no {text!r} in {self.path.name or self.path}.") from None
        except (OSError, RuntimeError, ValueError) as error:
            raise EfeError(f"{text!r} can't be opened: {_words(error)}.") from None
        if not found.is_relative_to(self.path):
            raise self._refused(text, self._outside())
        return found

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.path,)

    def at(self, relative: str) -> Path:
        """Return where an entry of a listing lies."""
        return self.path / relative

    def relative(self, path: str | os.PathLike[str]) -> str:
        """Return a path in the root as it is named below it, "" for the root itself."""
        found = self.resolve(path).relative_to(self.path).as_posix()
        return "" if found == "." else found

    def _outside(self) -> str:
        return f"it is outside of {self.path.name or self.path}, which can't be left"

    def _refused(self, path: str, reason: str) -> EfeError:
        logger.warning("refused to open %r below %s: %s", path, self.path, reason)
        return EfeError(f"{path!r} is refused: {reason}.")

    def list(self, folder: str = "", name: str = "", suffixes: Iterable[str] = ()) -> Listing:
        """Return the folders in a folder, and its files that fit.

        Parameters
        ----------
        folder : str
        name : str
            Words that the names must hold, or a pattern with ``*``, ``?`` and ``[]``; case doesn't matter.
            Folders must fit, too.
        suffixes : iterable of str
            Endings of the files wanted, e.g. ".abf"; none for all.
        """
        place = self.resolve(folder)
        if not place.is_dir():
            raise EfeError(f"{folder!r} is a file, not a folder.")
        found, fits, endings = Listing(), name_filter(name), _lower(suffixes)
        for entry in self._scan(place, found):
            if fits(entry.name) and (entry.is_folder or _ends(entry.name, endings)):
                found.entries.append(entry)
        found.entries.sort(key=lambda entry: (not entry.is_folder, natural(entry.name)))
        return found

    def tree(
        self,
        folder: str = "",
        name: str = "",
        suffixes: Iterable[str] = (),
        *,
        limit: int = 20_000,
        seen: Callable[[int, int], bool | None] | None = None,
    ) -> Listing:
        """Return the files in a folder and in all folders below it that fit.

        Parameters
        ----------
        folder, name, suffixes
            As for `list`; `name` is looked for in the path below `folder`, and folders need not fit.
        limit : int
            How many files are taken at most, and how many folders are looked into.
        seen : callable, optional
            ``seen(folders, files)`` is told after each folder; if it returns False the search ends.
        """
        start = self.resolve(folder)
        found, fits, endings = Listing(), name_filter(name), _lower(suffixes)
        waiting, folders = [start], 0
        while waiting:
            place = waiting.pop()
            folders += 1
            entries = sorted(self._scan(place, found), key=lambda entry: natural(entry.name))
            # links to folders are left alone: they could lead in a circle
            below = [place / e.name for e in entries if e.is_folder and not e.linked]
            waiting += reversed(below)
            for entry in entries:
                if entry.is_folder or not _ends(entry.name, endings):
                    continue
                if fits((place / entry.name).relative_to(start).as_posix()):
                    found.entries.append(entry)
            if len(found.entries) > limit or folders >= limit:
                del found.entries[limit:]
                words = f"there are more than {limit:,} files or folders: only the first were taken. Filter by name."
                found.problems.append(Problem(words, "warning", "file"))
                break
            if seen is not None and seen(folders, len(found.entries)) is False:
                found.problems.append(Problem("the search was stopped: not all files were seen.", "warning"))
                break
        return found

    def _scan(self, place: Path, found: Listing) -> Iterator[Entry]:
        """Yield what can be seen in a folder; hidden files, and links that lead out, can't."""
        try:
            with os.scandir(place) as scan:
                inside = [item for item in scan if not is_hidden(item)]
        except OSError as error:
            words = f"this folder can't be read: {_words(error)}."
            found.problems.append(Problem(words, "warning", "file", self._shown(place)))
            return
        for item in inside:
            entry = self._entry(place, item, found)
            if entry is not None:
                yield entry

    def _entry(self, place: Path, item: os.DirEntry[str], found: Listing) -> Entry | None:
        relative, linked = self._shown(place / item.name), is_link(item)
        try:
            if linked and not Path(item.path).resolve(strict=True).is_relative_to(self.path):
                logger.warning("the link %r below %s leads out and is not shown", relative, self.path)
                words = f"this link is not shown: it leads out of {self.path.name or self.path}."
                found.problems.append(Problem(words, "note", "file", relative))
                return None
            about = item.stat()
            if item.is_dir() and item.name.lower().endswith(RECORDING_FOLDERS):
                return Entry(item.name, relative, False, 0, about.st_mtime)
            if item.is_dir():
                return Entry(item.name, relative, True, 0, about.st_mtime, linked)
            # devices and pipes are no recordings, and opening a pipe would wait for ever
            return (
                Entry(item.name, relative, False, about.st_size, about.st_mtime) if item.is_file() else None
            )
        except (OSError, RuntimeError) as error:
            found.problems.append(Problem(f"can't be opened: {_words(error)}.", "note", "file", relative))
            return None

    def _shown(self, place: Path) -> str:
        return PurePosixPath(place.relative_to(self.path)).as_posix()


def name_filter(wanted: str) -> Callable[[str], bool]:
    """Return a test of names: all words occur, or the pattern (``*``, ``?``, ``[]``) fits; case doesn't matter.

    A pattern without "/" is held against the last part of a path.
    """
    wanted = same_text(wanted.strip())
    if any(sign in wanted for sign in "*?["):
        if "/" in wanted:
            return lambda name: fnmatch.fnmatchcase(same_text(name), wanted)
        return lambda name: fnmatch.fnmatchcase(same_text(name).rpartition("/")[2], wanted)
    words = wanted.split()
    return lambda name: all(word in same_text(name) for word in words)


def natural(name: str) -> tuple[tuple[int, str | int], ...]:
    """Return a key that sorts "sweep 2" before "sweep 10"."""
    parts: list[tuple[int, str | int]] = []
    text = name.casefold()
    start = 0
    while start < len(text):
        end, digit = start, text[start] in "0123456789"
        while end < len(text) and (text[end] in "0123456789") == digit:
            end += 1
        parts.append((0, int(text[start : min(end, start + 300)])) if digit else (1, text[start:end]))
        start = end
    return tuple(parts)


def _lower(suffixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(suffix.lower() for suffix in suffixes)


def _ends(name: str, suffixes: tuple[str, ...]) -> bool:
    return not suffixes or name.lower().endswith(suffixes)


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
