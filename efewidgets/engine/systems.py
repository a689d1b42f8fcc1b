"""What Windows does otherwise, in one place: paths that lead to other machines, and libraries that open files."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterable

from .ending import at_end

_SLASHES = "\\/"


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


def let_load_from(folder: pathlib.Path) -> None:
    """Have extension modules find the libraries in a folder, where the system asks for that (Windows)."""
    if sys.platform == "win32" and folder.is_dir():
        os.add_dll_directory(str(folder))


def plain_path(path: str | os.PathLike[str]) -> str:
    r"""Return a path of the same file that C code can open whose paths are in the system's old code page.

    On Windows such code doesn't find ``C:\Users\Jürgen\…``: it gets the short name that the system keeps, or, on
    disks without short names, that of a copy in a folder of all users.
    """
    text = os.fspath(path)
    if sys.platform != "win32" or text.isascii():
        return text
    short = _short_path(text)
    return short if short.isascii() else str(_copy_for_all(text))


def _short_path(path: str) -> str:
    """Return the 8.3 name of a path; the path itself where the disk keeps none."""
    import ctypes

    buffer = ctypes.create_unicode_buffer(1024)
    length = ctypes.windll.kernel32.GetShortPathNameW(path, buffer, len(buffer))  # type: ignore[attr-defined]
    return buffer.value if 0 < length < len(buffer) else path


@functools.cache
def _copy_for_all(path: str) -> pathlib.Path:
    public = os.environ.get("PUBLIC", "C:\\Users\\Public")
    folder = tempfile.mkdtemp(prefix="efewidgets-", dir=public if public.isascii() else None)
    at_end(functools.partial(shutil.rmtree, folder, ignore_errors=True))
    return pathlib.Path(shutil.copy(path, folder))
