"""Processes: how many there can be, and whether one is still there."""

from __future__ import annotations

import os
import sys


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_running(pid: int) -> bool | None:
    """Whether there is a process of that number; None if nobody can tell. On Windows, asking would end it."""
    if sys.platform == "win32":
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return None
    except OSError:
        return True
    return True


def copies_are_safe() -> bool:
    """Whether a process can be copied (fork), rather than started from the beginning: Linux' libraries bear it.

    Since 3.12 Python warns of it wherever there are threads, also those of NumPy's BLAS, which know how to be copied.
    """
    return sys.platform == "linux" and sys.version_info < (3, 12)


def processes_have_handles() -> bool:
    """Whether another process's child can be followed, without being taken for one that came to its number later."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a kernel before Linux 5.3, or a sandbox
        return False
    return True
