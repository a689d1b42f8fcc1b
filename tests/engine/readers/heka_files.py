"""PatchMaster bundles for tests, written from HEKA's description of the format (version 9)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEADER = 256
CC, VC, WHOLE_CELL = 4, 5, 3
CODES = {"i2": 0, "i4": 1, "f4": 2, "f8": 3}


def segment(
    level: float, duration: float, kind: int = 0, storage: int = 1, step: float = 0.0, **more: Any
) -> dict:
    """Return a part of a stimulus; nA and s."""
    return {"level": level, "duration": duration, "kind": kind, "storage": storage, "step": step, **more}


def channel(
    segments: Sequence[dict] = (), unit: str = "A", dac: int = 1, flags: int = 1, **more: Any
) -> dict:
    """Return a channel of a stimulus."""
    return {
        "segments": segments,
        "unit": unit,
        "dac": dac,
        "flags": flags,
        "clamp": 2,
        "holding": 0.0,
        **more,
    }


def trace(samples: Any, label: str = "Vmon", unit: str = "V", channel: int = 1, **more: Any) -> dict:
    """Return a trace: numbers as they are stored."""
    return {"samples": np.asarray(samples), "label": label, "unit": unit, "channel": channel} | more


def series(
    sweeps: Sequence[Sequence[dict]], label: str = "IDrest", channels: Sequence[dict] = (), **more: Any
) -> dict:
    """Return a run of a protocol: sweeps are lists of traces."""
    return {"sweeps": sweeps, "label": label, "channels": channels, **more}


def write_heka(
    path: Path, groups: dict[str, Sequence[dict]], order: str = "<", amplifiers: bool = False
) -> Path:
    """Write groups of series as a bundle."""
    data = bytearray()
    stimuli, states, pulsed_groups = [], [], []
    for name, runs in groups.items():
        nodes = []
        for run in runs:
            stimuli.append(_stimulus(run, order))
            states.append((_pack(16, order), [_state(run, order)]))
            nodes.append(_series(run, len(stimuli), data, order, amplifiers))
        pulsed_groups.append((_pack(144, order, (4, "32s", name.encode("latin-1"))), nodes))
    parts = {".dat": bytes(data)}
    parts[".pul"] = _tree((bytes(640), pulsed_groups), (640, 144, 1408, 288, 512), order)
    parts[".pgf"] = _tree((bytes(584), stimuli), (584, 248, 400, 80), order)
    if amplifiers:
        parts[".amp"] = _tree((bytes(80), states), (80, 16, 560), order)
    head = bytearray(HEADER)
    head[:4], head[8:21], head[52] = b"DAT2", b"v2x90.2, test", order == "<"
    body, at = b"", HEADER
    for k, (ending, content) in enumerate(parts.items()):
        struct.pack_into(f"{order}2i8s", head, 64 + 16 * k, at, len(content), ending.encode())
        body, at = body + content, at + len(content)
    path.write_bytes(bytes(head) + body)
    return path


def _pack(size: int, order: str, *fields: tuple[int, str, Any]) -> bytes:
    raw = bytearray(size)
    for at, form, value in fields:
        struct.pack_into(order + form, raw, at, value)
    return bytes(raw)


def _tree(root: tuple, sizes: Sequence[int], order: str) -> bytes:
    def node(record: bytes, children: Sequence[tuple]) -> bytes:
        return record + struct.pack(order + "i", len(children)) + b"".join(node(*child) for child in children)

    head = b"eerT" if order == "<" else b"Tree"
    return head + struct.pack(f"{order}{len(sizes) + 1}i", len(sizes), *sizes) + node(*root)


def _stimulus(run: dict, order: str) -> tuple:
    record = _pack(
        248,
        order,
        (4, "32s", run["label"].encode("latin-1")),
        (144, "i", run.get("planned", len(run["sweeps"]))),
    )
    return record, [_channel(one, order) for one in run["channels"]]


def _channel(one: dict, order: str) -> tuple:
    record = _pack(
        400,
        order,
        (25, "b", one["clamp"]),
        (30, "b", one["dac"]),
        (40, "8s", one["unit"].encode()),
        (48, "d", one["holding"]),
        (76, "H", one["flags"]),
    )
    return record, [(_segment(part, order), []) for part in one["segments"]]


def _segment(part: dict, order: str) -> bytes:
    return _pack(
        80,
        order,
        (4, "b", part["kind"]),
        (5, "b", part["storage"]),
        (6, "b", part.get("v_mode", 0)),
        (7, "b", part.get("t_mode", 0)),
        (8, "d", part["level"]),
        (16, "i", part.get("v_source", 0)),
        (20, "d", part.get("factor", 1.0)),
        (28, "d", part["step"]),
        (36, "d", part["duration"]),
        (44, "i", part.get("t_source", 0)),
        (48, "d", 1.0),
        (56, "d", part.get("longer", 0.0)),
    )


def _state(run: dict, order: str) -> tuple:
    return _pack(560, order, (112 + 136, "d", run.get("junction", 0.0))), []


def _series(run: dict, stimulus: int, data: bytearray, order: str, amplifiers: bool) -> tuple:
    record = _pack(
        1408,
        order,
        (4, "32s", run["label"].encode("latin-1")),
        (124, "i", 0 if amplifiers else 472),
        (128, "i", stimulus if amplifiers else 0),
        (472 + 136, "d", 0.0 if amplifiers else run.get("junction", 0.0)),
    )
    sweeps = []
    for k, traces in enumerate(run["sweeps"]):
        number = run.get("numbers", range(1, len(run["sweeps"]) + 1))[k]
        head = _pack(288, order, (40, "i", stimulus), (44, "i", number))
        sweeps.append((head, [(_trace(one, data, order), []) for one in traces]))
    return record, sweeps


def _trace(one: dict, data: bytearray, order: str) -> bytes:
    samples = one["samples"]
    code = samples.dtype.str[1:]
    at = HEADER + len(data)
    raw = samples.astype(order + code).tobytes()
    block, skip = one.get("block", 0), one.get("skip", 0)
    pieces = [raw[k : k + block] for k in range(0, len(raw), block)] if block else [raw]
    data += b"".join(piece.ljust(skip, b"\xaa") if block else piece for piece in pieces)
    return _pack(
        512,
        order,
        (4, "32s", one["label"].encode("latin-1")),
        (36, "i", one["channel"]),
        (40, "i", at),
        (44, "i", one.get("count", len(samples))),
        (64, "H", (order == "<") | one.get("kind", 0)),
        (68, "b", one.get("mode", CC)),
        (69, "b", one.get("amplifier", 1)),
        (70, "b", CODES[code]),
        (72, "d", one.get("scale", 1.0)),
        (96, "8s", one["unit"].encode()),
        (104, "d", one.get("step", 1e-4)),
        (120, "8s", b"s"),
        (152, "d", one.get("pipette", 0.0)),
        (168, "d", one.get("seal", 0.0)),
        (176, "d", one.get("c_slow", 0.0)),
        (184, "d", one.get("g_series", 0.0)),
        (240, "i", one["channel"]),
        (288, "i", one["channel"]),
        (292, "i", block),
        (296, "i", skip),
        (408, "d", one.get("holding", 0.0)),
    )
