"""Several folders that can't be left, as one: on drives of their own, or on a share."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..problems import EfeError
from .folders import Entry, Listing, Root, name_filter
from .receiving import numbered

Folder = str | os.PathLike[str]


def several(root: Folder | Iterable[Folder] | None) -> list[Folder]:
    """Return the folders that were named: one, several or none."""
    if root is None:
        return []
    return [root] if isinstance(root, (str, os.PathLike)) else list(root)


def roots_of(root: Folder | Iterable[Folder]) -> Root | Roots:
    """Return what shows one folder, or several. Raises EfeError if one isn't there."""
    folders = several(root)
    return Root(folders[0]) if len(folders) == 1 else Roots(folders)


class Roots:
    """Folders side by side; nothing outside them can be seen through it.

    It is asked as a `Root` is. Paths begin with the name of a folder, which is its own, or with a number behind it
    where two are called the same.

    Parameters
    ----------
    folders : sequence of path
    """

    def __init__(self, folders: Sequence[Folder]):
        if not folders:
            raise EfeError("name a folder to browse in.")
        self.parts: dict[str, Root] = {}
        for root in {found.path: found for found in map(Root, folders)}.values():
            called = root.path.name or root.path.drive or root.path.anchor
            names = (numbered(called, n) for n in range(1, len(folders) + 1))
            self.parts[next(name for name in names if name not in self.parts)] = root

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders."""
        return tuple(root.path for root in self.parts.values())

    def resolve(self, path: Folder) -> Path:
        """Return the real path of a file or folder in one of the folders; it must exist."""
        root, rest = self._parted(path)
        return root.resolve(rest)

    def relative(self, path: Folder = "") -> str:
        """Return a path as it is named here, "" for what is above all folders."""
        if not os.fspath(path):
            return ""
        root, rest = self._parted(path)
        return self._named(root, root.relative(rest))

    def at(self, relative: str) -> Path:
        """Return where an entry of a listing lies."""
        root, rest = self._parted(relative)
        return root.path / rest

    def list(self, folder: str = "", name: str = "", suffixes: Iterable[str] = ()) -> Listing:
        """Return the folders in a folder, and its files that fit; at the top, the folders themselves."""
        if not folder:
            fits = name_filter(name)
            return Listing([Entry(called, called, True) for called in self.parts if fits(called)])
        root, rest = self._parted(folder)
        return self._renamed(root, root.list(rest, name, suffixes))

    def tree(
        self,
        folder: str = "",
        name: str = "",
        suffixes: Iterable[str] = (),
        *,
        limit: int = 20_000,
        seen: Callable[[int, int], bool | None] | None = None,
    ) -> Listing:
        """Return the files in a folder and in all below it that fit; from the top, those in all folders."""
        start = [self._parted(folder)] if folder else [(root, "") for root in self.parts.values()]
        found, endings = Listing(), tuple(suffixes)
        for root, rest in start:
            part = self._renamed(root, root.tree(rest, name, endings, limit=limit, seen=seen))
            found.entries += part.entries
            found.problems += part.problems
        return found

    def _parted(self, path: Folder) -> tuple[Root, str]:
        """Return the folder in which a path lies, and the path below it."""
        text = os.fspath(path)
        if os.path.isabs(text):
            inside = [root for root in self.parts.values() if Path(text).is_relative_to(root.path)]
            # one that refuses it, where it lies in none
            return (inside or list(self.parts.values()))[0], text
        called, _, rest = text.replace("\\", "/").partition("/") if os.sep == "\\" else text.partition("/")
        if called not in self.parts:
            raise EfeError(f"{text!r} is in none of the folders {', '.join(self.parts)}.")
        return self.parts[called], rest

    def _named(self, root: Root, relative: str) -> str:
        called = next(name for name, one in self.parts.items() if one is root)
        return f"{called}/{relative}" if relative not in ("", ".") else called

    def _renamed(self, root: Root, found: Listing) -> Listing:
        entries = [
            dataclasses.replace(entry, relative=self._named(root, entry.relative)) for entry in found.entries
        ]
        problems = [
            dataclasses.replace(problem, file=self._named(root, problem.file))
            if problem.file is not None
            else problem
            for problem in found.problems
        ]
        return Listing(entries, problems)
