"""A writer of Spike2 files of 32 bits (SON), from the layout of their headers and blocks."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 512
ADC, EVENT, REAL = 1, 2, 9


def waveform(title: str, unit: str, runs: Sequence[tuple[int, Any]], **more: Any) -> dict:
    """Return a channel: `runs` are the clock's tick of the first sample, and samples as they are stored.

    `more` may be scale, offset (value = stored · scale / 6553.6 + offset), interval (ticks), kind.
    """
    about = {"scale": 1.0, "offset": 0.0, "interval": 10, "kind": ADC, "per_block": 150}
    return {"title": title, "unit": unit, "runs": runs, **about, **more}


def write_smr(path: Path, channels: Sequence[dict], version: int = 9, us_per_tick: int = 10) -> Path:
    """Write channels one after the other, each as a chain of blocks."""
    head = bytearray(BLOCK * -(-(512 + 140 * len(channels)) // BLOCK))
    struct.pack_into("<h10s8s", head, 0, version, b"(C) CED 87", b"a test")
    struct.pack_into(
        "<3h", head, 20, us_per_tick, 2, 0
    )  # the second: ticks of a conversion, before version 6
    struct.pack_into("<i5h", head, 26, len(head) // BLOCK, len(channels), 140, 0, 1024, 0)
    struct.pack_into("<d", head, 44, 1e-6)
    body = b""
    for c, one in enumerate(channels):
        unit = BLOCK if version == 9 else 1
        pieces = list(_pieces(one))
        places, at = [], len(head) + len(body)
        for *_, raw in pieces:
            places.append(at // unit)
            at += BLOCK * -(-(20 + len(raw)) // BLOCK)
        for k, (start, end, n, raw) in enumerate(pieces):
            before, after = places[k - 1] if k else -1, places[k + 1] if k + 1 < len(places) else -1
            block = struct.pack("<4i2h", before, after, start, end, c + 1, n) + raw
            body += block.ljust(BLOCK * -(-len(block) // BLOCK), b"\0")
        _channel(head, 512 + 140 * c, one, places, pieces, version)
    path.write_bytes(bytes(head) + body)
    return path


def _pieces(one: dict) -> Any:
    dtype = {ADC: "<i2", EVENT: "<i4", REAL: "<f4"}[one["kind"]]
    for start, samples in one["runs"]:
        for k in range(0, len(samples), one["per_block"]):
            some = np.asarray(samples[k : k + one["per_block"]]).astype(dtype)
            first = start + k * one["interval"]
            yield first, first + (len(some) - 1) * one["interval"], len(some), some.tobytes()


def _channel(head: bytearray, at: int, one: dict, places: list, pieces: list, version: int) -> None:
    first, last = (places[0], places[-1]) if places else (-1, -1)
    struct.pack_into("<hiiiH", head, at, 0, -1, first, last, len(places))
    struct.pack_into("<2i", head, at + 98, pieces[-1][1] if pieces else 0, one["interval"])
    struct.pack_into("<h10p", head, at + 106, 0, one["title"].encode())
    struct.pack_into("<fB", head, at + 118, 0.0, one["kind"])
    struct.pack_into("<2f6p", head, at + 124, one["scale"], one["offset"], one["unit"].encode())
    struct.pack_into("<h", head, at + 138, one["interval"] // 2 if version < 6 else 0)
