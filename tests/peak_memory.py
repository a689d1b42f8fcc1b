"""The most memory a process has held."""

from __future__ import annotations

import pathlib
import sys


def peak_memory(children: bool = False) -> float:
    """Return the largest resident set of this process so far, MB.

    Linux counts into ``getrusage`` what the process that started this one held at that moment, so that a small
    process started by a large one seems large; ``VmHWM`` is this process's own.

    Parameters
    ----------
    children : bool
        Whether to give the largest of this process and those it has waited for; Windows knows this process only.
    """
    if sys.platform == "win32":
        return _working_set()
    import resource

    status = pathlib.Path("/proc/self/status")
    if status.exists():
        own = int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1e3
    else:
        own = _rusage(resource.RUSAGE_SELF)
    return max(own, _rusage(resource.RUSAGE_CHILDREN)) if children else own


def _rusage(who: int) -> float:
    import resource

    return resource.getrusage(who).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _working_set() -> float:
    """Return the largest working set of this process, as Windows counts it, MB."""
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [
            ("size", wintypes.DWORD),
            ("faults", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "pagefile", "most")),
        ]

    counters = Counters(size=ctypes.sizeof(Counters))
    kernel = ctypes.windll.kernel32
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    kernel.K32GetProcessMemoryInfo.argtypes = [wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD]
    if not kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size):
        raise ctypes.WinError()
    return counters.peak / 1e6
