"""The most memory a process has held."""

from __future__ import annotations

import pathlib
import resource
import sys


def peak_memory(children: bool = False) -> float:
    """Return the largest resident set of this process so far, MB.

    Linux counts into ``getrusage`` what the process that started this one held at that moment, so that a small
    process started by a large one seems large; ``VmHWM`` is this process's own.

    Parameters
    ----------
    children : bool
        Whether to give the largest of this process and those it has waited for.
    """
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        own = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    else:
        own = _rusage(resource.RUSAGE_SELF)
    return max(own, _rusage(resource.RUSAGE_CHILDREN)) if children else own


def _rusage(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
