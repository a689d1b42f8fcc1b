"""Who is inside HDF5: the end of Python waits for them, since the library breaks where a thread is cut off in it.

After that nobody comes in any more, since the main thread keeps h5py's lock. Python cuts off a thread wherever that
wants the interpreter again: one cut off with the lock in its hands, be it only to let an object of h5py go, would have
Python wait for it for ever when it clears the modules.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from ..problems import ReadError

_PATIENCE = 30.0  # s; longer than any sweep takes to be read

_changed = threading.Condition()
_inside: dict[object, int] = {}
_ended = False


@contextlib.contextmanager
def inside_hdf5() -> Iterator[None]:
    """Be inside HDF5 for as long as the block lasts.

    Raises
    ------
    ReadError
        If Python is about to end, and this isn't the main thread: nobody would see the result.
    """
    me = object()
    with _changed:
        go_on()
        _inside[me] = threading.get_ident()
    try:
        yield
    finally:
        with _changed:
            del _inside[me]
            _changed.notify_all()


def go_on() -> None:
    """Raise ReadError if Python is about to end, and this isn't the main thread."""
    if _ended and threading.current_thread() is not threading.main_thread():
        raise ReadError("it isn't read any more, since Python ends.")


def _others() -> bool:
    """Whether other threads are inside; one that is dead has left a file open, and does no harm."""
    alive = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
    return any(ident in alive for ident in _inside.values())


def wait_for_others(door: Any) -> None:
    """Wait for the other threads inside, and shut the door: called at the end of Python, before what h5py does there.

    Parameters
    ----------
    door : h5py's lock
        Which each of its calls takes; not given here, so that what never reads HDF5 never loads it.
    """
    until = time.monotonic() + _PATIENCE
    _wait_until(until)
    while not door.acquire(False) and time.monotonic() < until:
        time.sleep(0.001)


def _wait_until(until: float) -> None:
    """Let nobody in any more, and wait until those who are inside are out."""
    global _ended
    with _changed:
        _ended = True
        while _others() and time.monotonic() < until:
            _changed.wait(0.1)


@atexit.register  # before h5py is loaded, so that this is called last
def _end_what_came_late() -> None:
    """Do what h5py does at the end, where a thread loaded it so late that Python doesn't call it any more.

    HDF5 would call h5py's functions when Python is gone.
    """
    if _ended:
        return
    _wait_until(time.monotonic() + _PATIENCE)
    if "h5py" in sys.modules:
        from h5py._conv import unregister_converters
        from h5py._objects import phil

        wait_for_others(phil)
        unregister_converters()


def _after_fork() -> None:
    """Forget other threads, which don't exist in the new process."""
    global _changed
    _changed = threading.Condition()
    _inside.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
