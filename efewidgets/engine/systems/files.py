"""Files that other programs hold open, folders that can't be written to, and what a person doesn't mean to see."""

from __future__ import annotations

import contextlib
import os
import pathlib
import secrets
import stat
import sys
import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")

#: s that a file is waited for which another program holds open: those that scan or copy files let go by then
PATIENCE = 2.0
_PAUSE = 0.02
_LONGEST_PAUSE = 0.3

#: Windows' numbers for "another process uses it" and "it has locked a part of it"
_HELD = {32, 33}
#: and for "access is denied", the answer to replacing what is open, too
_DENIED = 5

#: What HDF5 says of a lock, with the numbers of Linux, of macOS and of Windows
_LOCKED_HDF5 = ("unable to lock file", "GetLastError() = 32", "GetLastError() = 33")

#: Told where another program holds a file open
HELD = "another program holds it open: close it there, or wait until that is done, and try again"
_PERHAPS_HELD = "it can't be replaced: another program holds it open, or it may not be changed"

#: Windows' number for a junction; what is kept in a cloud is a "reparse point" too, of another kind
_JUNCTION = 0xA0000003

#: Folders that systems keep on a disk, whatever other system looks at it
_SYSTEM_FOLDERS = {"$recycle.bin", "system volume information", "recycler", "found.000", "lost+found"}


def is_held(error: BaseException, path: str | os.PathLike[str] | None = None) -> bool:
    """Whether an error, or what led to it, says that another program holds a file open.

    Opening a file says only that it isn't permitted; with its path the system is asked why.
    """
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, HeldError) or getattr(one, "winerror", None) in _HELD:
            return True
        if isinstance(one, OSError) and any(words in str(one) for words in _LOCKED_HDF5):
            return True
        if isinstance(one, PermissionError) and path is not None and _answer_to_opening(path) in _HELD:
            return True
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return False


def _answer_to_opening(path: str | os.PathLike[str]) -> int:
    """Windows' number for why a file can't be opened for reading; 0 if it can, and on other systems."""
    if sys.platform != "win32":
        return 0
    import ctypes

    read, share_all, existing, invalid = 0x80000000, 7, 3, ctypes.c_void_p(-1).value
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = ctypes.c_void_p
    handle = kernel.CreateFileW(os.path.abspath(path), read, share_all, None, existing, 0, None)
    if handle == invalid:
        return ctypes.get_last_error()
    kernel.CloseHandle(ctypes.c_void_p(handle))
    return 0


class HeldError(PermissionError):
    """Another program holds a file open."""


def patiently(call: Callable[[], _Found], path: str | os.PathLike[str]) -> _Found:
    """Do something to a file; if another program holds it open, try again for a while.

    Raises
    ------
    HeldError
        If it still does; says so.
    OSError
        What else went wrong.
    """
    until, pause = time.monotonic() + PATIENCE, _PAUSE
    while True:
        try:
            return call()
        except OSError as error:
            number = getattr(error, "winerror", None)
            if number not in {*_HELD, _DENIED}:
                raise
            if time.monotonic() >= until:
                words = HELD if number in _HELD else _PERHAPS_HELD
                raise HeldError(error.errno, words, os.fspath(path)) from error
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def replace(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Put a file in the place of another one. Raises OSError as `patiently` does, with the name of the other one."""
    patiently(lambda: os.replace(source, target), target)


def move(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Give a file a name that no other one has. Raises OSError as `patiently` does, with the name that it had."""
    patiently(lambda: os.rename(source, target), source)


def remove(path: str | os.PathLike[str]) -> None:
    """Remove a file if it is there. Raises OSError as `patiently` does."""
    with contextlib.suppress(FileNotFoundError):
        patiently(lambda: os.unlink(path), path)


def write_whole(path: pathlib.Path, content: bytes) -> None:
    """Write beside a file and move it there, so that nobody ever sees half of it; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{secrets.token_hex(16)}.part"
    try:
        part.write_bytes(content)
        replace(part, path)
    finally:
        remove(part)


def why_not_written(folder: str | os.PathLike[str]) -> str:
    """Return why nothing can be written to a folder, in words; "" if something can: one file is tried.

    Asking for the rights is not enough: Windows answers by a mark on the folder that says nothing of them.
    """
    probe = pathlib.Path(folder) / f".efewidgets-{secrets.token_hex(4)}"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError as error:
        return error.strerror or str(error)
    with contextlib.suppress(OSError):
        remove(probe)
    return ""


def is_hidden(entry: os.DirEntry[str]) -> bool:
    """Whether a person doesn't mean to see a file or folder: by its name, or by the marks that its system gave it."""
    if entry.name.startswith(".") or entry.name.casefold() in _SYSTEM_FOLDERS:
        return True
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    marks = getattr(about, "st_file_attributes", 0)
    hidden = marks & (stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM)
    return bool(hidden or getattr(about, "st_flags", 0) & stat.UF_HIDDEN)


def is_link(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder stands for a file or folder elsewhere: a link, or a junction of Windows."""
    if entry.is_symlink():
        return True
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return getattr(about, "st_reparse_tag", 0) == _JUNCTION
