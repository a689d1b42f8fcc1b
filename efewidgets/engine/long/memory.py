"""How much memory this process may still take, by whatever limits it: known before a long recording is read.

Limits are the container's or the job's (cgroups, both versions), that of the process (``ulimit -v``), what the machine
has left, and what a person sets in the environment variable ``EFEWIDGETS_MEMORY`` ("2 GB", "800M"): so much may this
process hold in all. Where a system tells none of these, nothing is limited.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..problems import EfeError
from ..systems.limits import memory_limits
from .array import LONG

#: The environment variable by which a person limits a process
VARIABLE = "EFEWIDGETS_MEMORY"
#: Bytes that work on a long recording takes besides its samples: for each of these, and in all
WORK, ROOM = 4, 64 << 20

#: What is said where memory did not suffice after all
NO_MEMORY = (
    "the memory that is allowed did not suffice for it. Allow more, or cut the recording into shorter ones."
)

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", re.IGNORECASE)
_NO_LIMIT = 1 << 60  # version 1 has no word for it, but a number near 2**63


@dataclass(frozen=True)
class Allowance:
    """How much memory may still be taken.

    Parameters
    ----------
    left : int
        Bytes.
    by : str
        What limits it, in words.
    """

    left: int
    by: str


def lacking(samples: int, stored: int) -> str:
    """Say that a recording can't be worked on in the memory that is allowed; "" if it can.

    Parameters
    ----------
    samples : int
        Of each channel.
    stored : int
        Bytes that its channels take in memory.
    """
    if samples <= LONG:
        return ""
    short = short_of(stored + WORK * samples + ROOM)
    return short and (
        f"it has {samples:,} samples, and work on them takes {short}: it wasn't read. Allow more, or cut the recording "
        "into shorter ones."
    )


def short_of(needed: int) -> str:
    """Say that so many bytes are more than are left; "" if they aren't."""
    allowed = allowance()
    if allowed is None or needed <= allowed.left:
        return ""
    return f"{_in_words(needed)} of memory, where {allowed.by} leaves {_in_words(max(allowed.left, 0))}"


def allowance(root: pathlib.Path = pathlib.Path("/")) -> Allowance | None:
    """Return what the narrowest limit leaves; None where nothing is known to limit this process.

    Parameters
    ----------
    root : Path
        Where the files are by which Linux tells it.
    """
    return min(_allowances(root), key=lambda one: one.left, default=None)


def _allowances(root: pathlib.Path) -> Iterator[Allowance]:
    status = _sizes(root / "proc/self/status")
    set_by_hand = os.environ.get(VARIABLE, "").strip()
    if set_by_hand:
        yield Allowance(size_of(set_by_hand) - status.get("VmRSS", 0), f"{VARIABLE}={set_by_hand}")
    for limit, used in zip(memory_limits(), ("VmSize", "VmData"), strict=True):
        if limit is not None and used in status:
            yield Allowance(limit - status[used], f"the limit of this process ({_in_words(limit)})")
    for limit, held in _groups(root):
        yield Allowance(limit - held, f"the limit of this container or job ({_in_words(limit)})")
    machine = _sizes(root / "proc/meminfo")
    if "MemAvailable" in machine:
        yield Allowance(machine["MemAvailable"] + machine.get("SwapFree", 0), "this machine")


def size_of(words: str, what: str = VARIABLE) -> int:
    """Return a size in bytes, e.g. "2 GB" or "800M". Raises EfeError, which says what it is of."""
    found = _SIZE.fullmatch(words)
    if found is None:
        raise EfeError(f"{what} must be a size, e.g. '2 GB' or '800M', but is {words!r}.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _in_words(size: int) -> str:
    return f"{size / (1 << 30):.3g} GB" if size >= 1 << 30 else f"{size / (1 << 20):.3g} MB"


def _groups(root: pathlib.Path) -> Iterator[tuple[int, int]]:
    """Yield limit and use of each control group that this process is in, and of those that hold it, bytes."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        kinds, _, place = rest.partition(":")
        if number == "0" and not kinds:
            yield from _of_group(
                root / "sys/fs/cgroup", place, ("memory.max", "memory.high"), "memory.current"
            )
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes",)
            yield from _of_group(root / "sys/fs/cgroup/memory", place, names, "memory.usage_in_bytes")


def _of_group(top: pathlib.Path, place: str, limits: tuple[str, ...], use: str) -> Iterator[tuple[int, int]]:
    """Yield limits and use from the group up to the top; inside a container the top is what is seen of its own."""
    group = top / place.strip("/")
    for folder in (group, *group.parents):
        if not folder.is_relative_to(top):
            return
        stat = _numbers(_text(folder / "memory.stat"))
        # files that were read are given up when memory is short
        files = stat.get("total_inactive_file", stat.get("inactive_file", 0))
        for name in limits:
            limit, used = _text(folder / name).strip(), _text(folder / use).strip()
            if limit.isdigit() and used.isdigit() and int(limit) < _NO_LIMIT:
                yield int(limit), max(int(used) - files, 0)


def _numbers(text: str) -> Mapping[str, int]:
    found = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in found if len(words) == 2 and words[1].isdigit()}


def _sizes(path: pathlib.Path) -> Mapping[str, int]:
    """Return the sizes in one of Linux's tables ("VmRSS:  1234 kB"), bytes; nothing on other systems."""
    found = (line.split() for line in _text(path).splitlines())
    return {words[0][:-1]: 1024 * int(words[1]) for words in found if len(words) == 3 and words[2] == "kB"}


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
