"""Paths: those that lead to other machines or devices, what "~" is, and which two name the same file."""

from __future__ import annotations

import glob
import os
import pathlib
import sys
import unicodedata
from collections.abc import Iterable

_SLASHES = "\\/"

#: Characters that a path may have where a system takes no longer ones
LONGEST = 259


def names_a_host(path: str | os.PathLike[str]) -> bool:
    r"""Whether a path is one of another machine (``\\host\share``), by its text alone.

    Windows logs in there with the name and password hash of whoever asks, so that a path which others have written
    must be refused before anything looks it up.
    """
    text = os.fspath(path)
    return len(text) > 1 and text[0] in _SLASHES and text[1] in _SLASHES


def leads_to_a_host(path: str | os.PathLike[str], folders: Iterable[pathlib.PurePath] = ()) -> bool:
    """Whether a path is one of another machine, and lies in none of the folders that may lie there."""
    if not names_a_host(path):
        return False
    named = pathlib.PurePath(path)
    return not any(names_a_host(folder) and named.is_relative_to(folder) for folder in folders)


def names_a_stream(path: pathlib.PurePath) -> bool:
    """Whether a path of Windows names what lies behind a file or folder, ``cell.nwb:stream``, and no listing shows."""
    return isinstance(path, pathlib.PureWindowsPath) and any(
        ":" in part for part in path.parts[bool(path.drive) :]
    )


def at_home(path: str | os.PathLike[str]) -> str:
    r"""Return a path with "~" in the place of a person's own folder written out.

    On Windows alone "~name" would become ``C:\Users\name``, whoever that is; but "~temp.nwb" is a file.
    """
    text = os.fspath(path)
    if sys.platform == "win32" and text[:1] == "~" and text[1:2] not in ("", *_SLASHES):
        return text
    return os.path.expanduser(text)


def relative(path: str, folder: str | os.PathLike[str]) -> str:
    """Return a path from a folder on, with "/"; the path as it is where none leads there (another drive).

    A drive that stands for a folder of another machine may be written either way, ``Z:`` or by the machine's name.
    """
    for change in (os.fspath, os.path.realpath):
        try:
            found = os.path.relpath(change(path), change(os.fspath(folder)))
        except ValueError:  # on another drive
            continue
        return pathlib.Path(found).as_posix()
    return path


def same_text(name: str) -> str:
    """Return a name in the form that all names have which some system holds for the same: without case, composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def same_path(path: str | os.PathLike[str]) -> str:
    """Return a path in the form that all paths have which this system holds for the same."""
    text = os.path.normcase(os.path.abspath(path))
    return same_text(text) if sys.platform in ("win32", "darwin") else text


def too_long(path: str | os.PathLike[str]) -> str:
    """Return why a path can't be used, in words, if it is longer than this system takes; else ""."""
    if sys.platform != "win32" or _takes_long_paths():
        return ""
    length = len(os.path.abspath(path))
    if length <= LONGEST:
        return ""
    return (
        f"its path has {length} characters, and Windows takes {LONGEST} here: choose a folder with a shorter path, or "
        "have long paths switched on (LongPathsEnabled)"
    )


def _takes_long_paths() -> bool:
    if sys.platform != "win32":
        return True
    import ctypes

    asked = getattr(ctypes.windll.ntdll, "RtlAreLongPathsEnabled", None)
    return bool(asked is not None and asked() & 1)


def matching(pattern: str) -> list[str]:
    """Return the files that a pattern (``*``, ``?``, ``[]``) names, sorted; the pattern itself where it is no such.

    Most shells have expanded patterns before a program sees them; those of Windows leave it to the program.
    """
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    return sorted(glob.glob(pattern, recursive=True)) or [pattern]
