"""What processes take of the memory, and how those give way for whom nobody waits.

Linux tells; on other systems nothing is known of memory, and nobody gives way.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable

_PROC = "/proc"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

#: How far work that nobody waits for is put behind (`nice`), and how much sooner a process is ended that the system
#: ends for want of memory than one that serves others
BEHIND, SOONER = 10, 500


def families(pids: Iterable[int]) -> dict[int, list[int]]:
    """Return each of some processes with all that descend from it, by one look; none where the system doesn't tell."""
    children: dict[int, list[int]] = {}
    there = set()
    for name in _names():
        parent = _parent(name)
        if parent is not None:
            there.add(int(name))
            children.setdefault(parent, []).append(int(name))
    return {pid: _below(pid, children) if pid in there else [] for pid in pids}


def _below(pid: int, children: dict[int, list[int]]) -> list[int]:
    found = [pid]
    for one in found:  # which grows meanwhile
        found += children.get(one, ())
    return found


def at_most(pid: int) -> int:
    """Return the bytes that a process has written to, known at once: more than its own where it is a copy."""
    try:
        _, resident, shared, *_ = _text(f"{pid}/statm").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE


def taken(pid: int) -> int:
    """Return the bytes that a process takes, with its part of what several share (PSS, and what is swapped)."""
    with contextlib.suppress(OSError, ValueError):
        found = (line.split() for line in _text(f"{pid}/smaps_rollup").splitlines()[1:])
        return 1024 * sum(int(words[1]) for words in found if words[0] in ("Pss:", "SwapPss:"))
    return at_most(pid)


def give_way() -> None:
    """Put the work of this thread, and of processes that it starts, behind others', where threads have a rank."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, BEHIND)  # of this thread only, unlike elsewhere


def end_sooner() -> None:
    """Have the system end this process, and those that it starts, before others when there is no memory left."""
    with (
        contextlib.suppress(OSError),
        open(f"{_PROC}/self/oom_score_adj", "w", encoding="ascii", newline="\n") as file,
    ):
        file.write(str(SOONER))


def _names() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdecimal()]
    except OSError:
        return []


def _parent(name: str) -> int | None:
    try:
        return int(_text(f"{name}/stat").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):  # gone meanwhile
        return None


def _text(path: str) -> str:
    with open(f"{_PROC}/{path}", encoding="utf-8", errors="replace") as file:
        return file.read()
