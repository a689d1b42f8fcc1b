"""What a test asks of a system that this one hasn't: such a test is skipped, and says why."""

from __future__ import annotations

import os
import pathlib
import signal
import traceback

TESTS = pathlib.Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "efewidgets"
_NO_PRIVILEGE = 1314  # Windows' number for links that only an administrator may make
_POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}


def lacking(error: BaseException) -> str:
    """Return what a test asked for that this system hasn't, in words; "" if the error is another one, or is ours.

    It is the package's fault if it stood in the package: that must not ask for it.
    """
    what = _missing(error)
    ours = [
        frame.filename
        for frame in traceback.extract_tb(error.__traceback__)
        if pathlib.Path(frame.filename).is_relative_to(TESTS)
        or pathlib.Path(frame.filename).is_relative_to(PACKAGE)
    ]
    of_test = bool(ours) and pathlib.Path(ours[-1]).is_relative_to(TESTS)
    return f"needs {what}, which this system lacks" if what and of_test else ""


def _missing(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name in _POSIX_MODULES:
        return f"the module {error.name}"
    if isinstance(error, AttributeError) and error.obj in (os, signal):
        return f"{error.obj.__name__}.{error.name}"
    if isinstance(error, OSError) and getattr(error, "winerror", None) == _NO_PRIVILEGE:
        return "links"
    if isinstance(error, FileNotFoundError) and str(error.filename).startswith("/proc/"):
        return "/proc"
    return ""
