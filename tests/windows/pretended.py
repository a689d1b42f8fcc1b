"""Some of what differs on Windows, pretended in this process, for the code of the package and of its tests.

- ``text``: text without an encoding is in cp1252, and lines end in CRLF, unless the code says otherwise;
- ``files``: a file that this process holds open or mapped can't be replaced, renamed or removed;
- ``posix``: what only POSIX has is missing: modules, functions, links.

What goes wrong, or would, is written to a log, so that a test finds it even where somebody caught the error. Not
pretended: disks that ignore case, handles of other processes, drives, ``sys.platform``; the room that asks for the
system (`engine.systems`) therefore goes its usual way.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import pathlib
import shutil
import sys
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "efewidgets") + os.sep, str(ROOT / "tests") + os.sep)
ASKS_FOR_THE_SYSTEM = (str(ROOT / "efewidgets" / "engine" / "systems") + os.sep, __file__)
STANDARD = sysconfig.get_path("stdlib") + os.sep

#: Without what tests ask for before (``geteuid``), and signals (``killpg``): these they leave out by `os.name`
ONLY_POSIX = (
    "mkfifo",
    "fork",
    "getpgid",
    "getuid",
    "getgid",
    "wait4",
    "sysconf",
    "chown",
)
POSIX_MODULES = ("resource", "fcntl", "pwd", "grp", "termios", "pty")
SHARING_VIOLATION, NO_PRIVILEGE = 32, 1314

_open = io.open
_log: str | None = None


def begin(parts: Sequence[str], log: str | None) -> None:
    """Pretend from now on."""
    global _log
    _log = log
    for part in parts:
        {"text": _text, "files": _files, "posix": _posix}[part]()


def note(*words: object) -> None:
    """Write a line to the log."""
    if _log:
        with _open(_log, "a", encoding="utf-8", newline="\n") as file:
            file.write(" ".join(map(str, words)) + "\n")


def asking(by_way_of: tuple[str, ...] = (STANDARD, "<frozen")) -> str:
    """Return which line of ours asks, ``path:line``; "" if it is somebody else's, or one that knows of systems.

    Between it and here may lie what begins with `by_way_of`: by default, all of Python's own library.
    """
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(OURS) and not name.startswith(ASKS_FOR_THE_SYSTEM):
            return f"{name.removeprefix(str(ROOT) + os.sep)}:{frame.f_lineno}"
        on_the_way = name.startswith(by_way_of) and "site-packages" not in name
        if not on_the_way and name != __file__:
            return ""
        frame = frame.f_back
    return ""


# --- text


def _text() -> None:
    def pretended(
        file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
        errors: str | None = None, newline: str | None = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if "b" not in mode and (where := asking()):
            if encoding in (None, "locale"):
                note("NO ENCODING", where)
                encoding = "cp1252"
            if newline is None and set(mode) & set("wax+"):
                note("NO NEWLINE", where)
                newline = "\r\n"
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)

    io.open = builtins.open = pretended  # type: ignore[assignment]


# --- files


def _how_held(path: Any) -> str:
    """Return "open" or "mapped" if this process holds a file; only what Linux tells in ``/proc`` is known."""
    try:
        real = os.path.realpath(os.fspath(path))
        if os.path.isdir(real):
            return ""
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/self/fd/{number}") == real:
                    return "open"
        with _open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            if any(line.rstrip("\n").endswith(f" {real}") for line in maps):
                return "mapped"
    except (OSError, ValueError, TypeError):
        pass
    return ""


def _guarded(name: str) -> Callable[..., Any]:
    real = getattr(os, name)

    def pretended(*paths: Any, **options: Any) -> Any:
        for path in paths:
            if isinstance(path, (str, os.PathLike)) and (how := _how_held(path)):
                stack = [
                    f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in traceback.extract_stack()[-8:-1]
                ]
                note("HELD", name, how, os.fspath(path), "|", *stack)
                error = PermissionError(13, "The process cannot access the file", os.fspath(path))
                error.winerror = SHARING_VIOLATION  # type: ignore[attr-defined]
                raise error
        return real(*paths, **options)

    return pretended


def _files() -> None:
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    for name in ("unlink", "remove", "rename", "replace"):
        setattr(os, name, _guarded(name))


# --- what only POSIX has


def _missing(module: Any, name: str, error: Callable[[], Exception]) -> None:
    real = getattr(module, name, None)

    def pretended(*args: Any, **options: Any) -> Any:
        where = asking((f"{STANDARD}pathlib", __file__))  # Python's library asks for what there is
        if not where:
            assert real is not None, name
            return real(*args, **options)
        note("MISSING", name, where)
        raise error()

    setattr(module, name, pretended)


def _no_link() -> OSError:
    error = OSError(22, "A required privilege is not held by the client")
    error.winerror = NO_PRIVILEGE  # type: ignore[attr-defined]
    return error


def _no_handles(pid: int, flags: int = 0) -> int:
    raise OSError(38, "Function not implemented")  # the name is there, since this is Linux


def _posix() -> None:
    _missing(os, "symlink", _no_link)
    os.pidfd_open = _no_handles
    for name in ONLY_POSIX:
        words = f"module 'os' has no attribute {name!r}"
        _missing(os, name, lambda name=name, words=words: AttributeError(words, name=name, obj=os))
    real_import = builtins.__import__

    def imported(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        file = str((globals or {}).get("__file__", ""))
        if name in POSIX_MODULES and file.startswith(OURS) and not file.startswith(ASKS_FOR_THE_SYSTEM):
            note("MISSING", name, file)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, globals, locals, fromlist, level)

    builtins.__import__ = imported
