"""How the blocks of a Spike2 file (.smr) hang together: looked at before neo, which believes what they claim."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ..problems import NoSweepError, ReadError

_HEADER, _CHANNEL, _BLOCK = 512, 140, 20
_NEWEST = 9  # the last version of 32 bits; blocks are counted in 512 bytes, before in bytes
_WIDTHS = {1: 2, 9: 4}  # bytes of a sample: whole numbers of 16 bits, real numbers
_LARGEST = 1 << 31  # bytes that a file of 32 bits can have; neo counts in them
_MOST_BLOCKS = 32767  # of a channel: neo takes a larger count for a negative one


@dataclass(frozen=True)
class Run:
    """Samples without a pause: the clock's tick of the first, how many samples, and ticks from one to the next."""

    start: int
    n: int
    interval: int

    @property
    def end(self) -> int:
        """Tick of the last sample."""
        return self.start + (self.n - 1) * self.interval


@dataclass(frozen=True)
class Blocks:
    """What a file's blocks say.

    Parameters
    ----------
    version : int
        1 to 9.
    tick : float
        s of the clock.
    runs : dict
        Of each channel of samples (its number, from 0 on) that holds any: its runs, in their order.
    """

    version: int
    tick: float
    runs: dict[int, list[Run]]


def look(path: str) -> Blocks:
    """Return how long each channel was recorded. Raises ReadError if a block isn't there, or isn't what it claims."""
    name, size = os.path.basename(path), os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(_HEADER)
        version, n_channels, tick = _header(head, name, size)
        runs = {}
        for c in range(n_channels):
            file.seek(_HEADER + _CHANNEL * c)
            about = file.read(_CHANNEL)
            if about[122] in _WIDTHS and struct.unpack_from("<H", about, 14)[0]:
                at_blocks = _blocks(
                    file, about, 512 if version == _NEWEST else 1, f"channel {c + 1} of {name}", size
                )
                interval = _interval(head, about, version)
                if interval <= 0:
                    raise ReadError(
                        f"channel {c + 1} of {name} is damaged: it says no time between its samples."
                    )
                runs[c] = _joined(at_blocks, interval, f"channel {c + 1} of {name}")
    if not runs:
        raise NoSweepError(
            f"{name} holds no channel of samples: only events and marks, or nothing was recorded."
        )
    _check_together(runs, name)
    return Blocks(version, tick, runs)


def _header(head: bytes, name: str, size: int) -> tuple[int, int, float]:
    """Return the version, the number of channels, and the tick of the clock in s."""
    if len(head) < _HEADER:
        raise ReadError(f"{name} is cut short, or no Spike2 file: it ends within its header ({size} bytes).")
    (version,), (us_per_tick,), (n_channels,), (order,) = (
        struct.unpack_from("<h", head, at) for at in (0, 20, 30, 38)
    )
    (base,) = struct.unpack_from("<d", head, 44) if version >= 6 else (1e-6,)
    if not 1 <= version <= _NEWEST:
        raise ReadError(
            f"{name} isn't a Spike2 file of 32 bits: its header doesn't begin with a version from 1 to 9."
        )
    if order:
        raise ReadError(
            f"{name} was written on a Macintosh of old, which neo doesn't read. Save it anew with Spike2."
        )
    if size >= _LARGEST:
        raise ReadError(f"{name} has {size} bytes, of which neo reads 2 GB. Export a part of it with Spike2.")
    if not (n_channels > 0 and _HEADER + _CHANNEL * n_channels <= size):
        raise ReadError(
            f"the header of {name} is damaged: {n_channels} channels don't fit into its {size} bytes."
        )
    tick = us_per_tick * base
    if not (math.isfinite(tick) and tick > 0):
        raise ReadError(f"the header of {name} is damaged: its clock has a step of {tick:g} s.")
    return version, n_channels, tick


def _interval(head: bytes, about: bytes, version: int) -> int:
    """Return the ticks from one sample of a channel to the next."""
    if version >= 6:
        return int(struct.unpack_from("<i", about, 102)[0])
    per_sample, divide = struct.unpack_from("<h", head, 22)[0], struct.unpack_from("<h", about, 138)[0]
    return int(per_sample * divide)


def _blocks(file: BinaryIO, about: bytes, unit: int, what: str, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield the first tick, the last, and the number of samples of each block of a channel."""
    (at,), (count,) = struct.unpack_from("<i", about, 6), struct.unpack_from("<H", about, 14)
    if count > _MOST_BLOCKS:
        raise ReadError(
            f"{what} has {count} blocks, of which neo reads {_MOST_BLOCKS}. Export a part of it with Spike2."
        )
    for k in range(count):
        at *= unit
        if not _HEADER <= at <= size - _BLOCK:
            raise ReadError(
                f"{what} is damaged: block {k + 1} of {count} isn't in the file. Was it copied whole?"
            )
        file.seek(at)
        _, following, start, end, _, n = struct.unpack("<4i2h", file.read(_BLOCK))
        if not 0 < n * _WIDTHS[about[122]] <= size - at - _BLOCK:
            raise ReadError(f"{what} is cut short or damaged: block {k + 1} of {count} claims {n} samples.")
        yield start, end, n
        at = following


def _joined(blocks: Iterator[tuple[int, int, int]], interval: int, what: str) -> list[Run]:
    """Return runs: blocks without a pause between them, which is more than one interval (as neo has it)."""
    found: list[Run] = []
    before = -1
    for start, end, n in blocks:
        if start <= before or abs(end - start - (n - 1) * interval) >= interval:
            raise ReadError(
                f"{what} is damaged: {n} samples from tick {start} to {end}, {interval} apart, can't be; the block "
                f"before ends at {before}."
            )
        if found and start - before <= interval:
            found[-1] = Run(found[-1].start, found[-1].n + n, interval)
        else:
            found.append(Run(start, n, interval))
        before = end
    return found


def _check_together(runs: dict[int, list[Run]], name: str) -> None:
    counts = {c + 1: len(of) for c, of in runs.items()}
    if len(set(counts.values())) > 1:
        words = ", ".join(f"channel {c} in {n}" for c, n in counts.items())
        raise ReadError(
            f"the channels of {name} weren't paused together, and so its sweeps aren't known: {words} parts. "
            "Export voltage and current alone with Spike2."
        )
