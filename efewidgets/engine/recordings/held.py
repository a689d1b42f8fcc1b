"""Samples that a worker has read and keeps to himself, for a later job that needs them: they are never sent."""

from __future__ import annotations

import os
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from ..traces.trace import Trace

#: Samples that a process keeps at most, bytes; the oldest go first
MOST = 1 << 26

_lock = threading.Lock()
_traces: OrderedDict[tuple[bytes, int], Trace] = OrderedDict()
_bytes = 0


@dataclass(frozen=True)
class Place:
    """Where the samples of a file are.

    Parameters
    ----------
    process : int
        Its number on its machine.
    reading : bytes
        Stands for that reading of the file; no other has the same, on no machine.
    """

    process: int
    reading: bytes

    @classmethod
    def new(cls) -> Place:
        """Return the place for a file that is read here and now."""
        return cls(os.getpid(), secrets.token_bytes(12))


def hold(place: Place, index: int, trace: Trace) -> None:
    """Keep the samples of a sweep in this process."""
    global _bytes
    with _lock:
        _traces[place.reading, index] = trace
        _bytes += _size(trace)
        while _bytes > MOST:
            _, oldest = _traces.popitem(last=False)
            _bytes -= _size(oldest)


def held(place: Place | None, index: int) -> Trace | None:
    """Return the samples of a sweep, if they are in this process."""
    return None if place is None else _traces.get((place.reading, index))


def _size(trace: Trace) -> int:
    return int(trace.voltage.nbytes + trace.current.nbytes)
