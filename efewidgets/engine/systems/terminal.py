"""The terminal: whether it shows colours, and in which letters its output is written where that goes elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, TextIO

_STREAMS = {1: -11, 2: -12}  # Windows' numbers of standard output and standard error
_SHOWS_ESCAPES = 4  # ENABLE_VIRTUAL_TERMINAL_PROCESSING


def has_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and that is wanted."""
    if not stream.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return False
    return _let_show_escapes(stream)


def _let_show_escapes(stream: TextIO) -> bool:
    """Have a console of Windows heed what stands for colours, which it shows as it is otherwise; whether it does."""
    if sys.platform != "win32":
        return True
    import ctypes

    kernel: Any = ctypes.windll.kernel32
    try:
        handle = kernel.GetStdHandle(_STREAMS[stream.fileno()])
    except (OSError, ValueError, KeyError):
        return False
    mode = ctypes.c_ulong()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(mode.value & _SHOWS_ESCAPES or kernel.SetConsoleMode(handle, mode.value | _SHOWS_ESCAPES))


def write_any_letter(stream: Any) -> None:
    """Have a stream take every letter: a file or pipe in UTF-8, a terminal that lacks one with "?" in its place.

    Windows would write files and pipes in the system's old code page, in which names of cells may not be written.
    """
    if not hasattr(stream, "reconfigure"):
        return
    elsewhere = "PYTHONIOENCODING" not in os.environ and sys.platform == "win32" and not stream.isatty()
    with contextlib.suppress(ValueError, OSError):
        stream.reconfigure(errors="replace", **({"encoding": "utf-8"} if elsewhere else {}))
