"""What tells the samples of one sweep from those of all others."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..long.array import LongArray
from ..long.looks import blocks

#: Sample counts, sampling step, and checksums of voltage and current
Fingerprint = tuple[int, float, int, int]


def fingerprint(sweep: Mapping[str, Any]) -> Fingerprint | None:
    """Return what tells the samples of a sweep from all others; None if it has none."""
    voltage, current = sweep.get("voltage"), sweep.get("current")
    if voltage is None or current is None:
        return None
    sums = (_checksum(samples) for samples in (voltage, current))
    return (len(voltage), float(sweep.get("dt") or 0), *sums)  # type: ignore[return-value]


def _checksum(samples: Any) -> int:
    found = 0
    for _, part in blocks(samples) if isinstance(samples, LongArray) else [(0, samples)]:
        found = _crc32()(np.ascontiguousarray(part).data, found)
    return found


@functools.cache
def _crc32() -> Callable[[Any, int], int]:
    """Return libdeflate's function where that is installed, which takes a tenth of the time; else zlib's, the same."""
    try:
        from deflate import crc32
    except ImportError:
        return zlib.crc32
    function: Callable[[Any, int], int] = crc32
    return function
