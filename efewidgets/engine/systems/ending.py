"""How a process ends: what asks it to, and what it does then, even where it ends before Python does."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar
from weakref import finalize

#: What asks a process to end, by number, and how that is told: Ctrl-C, `kill` and shutdown, the console that is closed
ASKED = {
    getattr(signal, name): words
    for name, words in {
        "SIGINT": "stopped by Ctrl-C",
        "SIGTERM": "told to end",
        "SIGHUP": "ended with its console",
        "SIGBREAK": "ended with its console",  # Windows: a console that is closed, a user who logs out
    }.items()
    if hasattr(signal, name)
}

#: What a terminal tells all that runs in it
_FOR_ALL = {number for number in ASKED if number != signal.SIGTERM}

Call = TypeVar("Call", bound=Callable[[], Any])

_calls: list[Callable[[], Any]] = []
_lock = threading.RLock()  # a folder may be let go while another one is made


def at_end(call: Call) -> Call:
    """Have a function called at the end of Python, or by `end`; those that came last are called first."""
    atexit.register(call)
    with _lock:
        _calls.append(call)
    return call


def not_at_end(call: Callable[[], Any]) -> None:
    """Take back what `at_end` was told; what it wasn't is no error."""
    atexit.unregister(call)
    with _lock, contextlib.suppress(ValueError):
        _calls.remove(call)


def temporary_folder(owner: object, prefix: str) -> tuple[str, Callable[[], Any]]:
    """Make a folder that goes with its owner, and with the process however it ends; return it and what removes it."""
    folder, maker = tempfile.mkdtemp(prefix=prefix), os.getpid()

    def remove() -> None:
        not_at_end(remove)
        if os.getpid() == maker:  # a copy of this process (fork) doesn't own it
            shutil.rmtree(folder, ignore_errors=True)

    at_end(remove)
    gone = finalize(owner, remove)
    gone.atexit = False
    return folder, gone


def end(code: int, seconds: float) -> NoReturn:
    """End this process at once, whatever its threads do, after what was to be done at the end.

    Parameters
    ----------
    code : int
        The exit code.
    seconds : float
        That are spent on it at most.
    """
    doing = threading.Thread(target=_do_all, name="efewidgets-end", daemon=True)
    doing.start()
    doing.join(seconds)
    os._exit(code)


def _do_all() -> None:
    while True:
        with _lock:
            if not _calls:
                return
            call = _calls.pop()
        with contextlib.suppress(Exception):  # there is nobody to be told, and others wait
            call()


@contextlib.contextmanager
def left_alone() -> Iterator[None]:
    """Start processes in the block that leave what a terminal tells all of its processes to this one.

    They inherit that it waits, or on Windows that nobody hears it, so that it doesn't find them half started; here it
    arrives after the block. Where they begin they must call `leave_alone`.
    """
    if sys.platform == "win32":
        _hear_ctrl_c(False)
        try:
            yield
        finally:
            _hear_ctrl_c(True)
        return
    from multiprocessing import resource_tracker

    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_ALL)
    try:
        # multiprocessing starts this one with the first process, and then hears Ctrl-C whatever was said before
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_ALL)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_alone() -> None:
    """Leave what a terminal tells all of its processes to the one that has started this one."""
    for number in _FOR_ALL:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_ALL)


def _hear_ctrl_c(whether: bool) -> None:
    """Have this process of Windows, and those that it starts from now on, hear Ctrl-C or not."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, not whether)
