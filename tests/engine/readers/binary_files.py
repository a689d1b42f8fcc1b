"""Writers of Axon and Igor files, from the formats' descriptions, so that tests know each byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

BLOCK = 512


def write_abf2(
    path: Path,
    channels: list[tuple[str, str]],
    sweeps: list[np.ndarray],
    gains: list[float] | None = None,
    offsets: list[float] | None = None,
    interval_us: float = 100.0,
    float_data: bool = False,
) -> Path:
    """Write an ABF 2 file of episodic sweeps.

    Parameters
    ----------
    channels : list of (name, unit)
    sweeps : list of array (n, n_channels)
        int16 samples as the digitiser gives them (float32 with `float_data`).
    gains, offsets : list of float
        Value of one digit, and what is added, in the channel's unit.
    """
    n = len(channels)
    gains, offsets = gains or [1.0] * n, offsets or [0.0] * n
    texts = [b"", *(t.encode("latin-1") for pair in channels for t in pair)]
    strings = b"SSCH" + bytes(40) + b"\0".join(texts[1:]) + b"\0"
    data = b"".join(np.ascontiguousarray(s, "<f4" if float_data else "<i2").tobytes() for s in sweeps)
    lengths, starts = [s.size for s in sweeps], np.cumsum([0, *(s.size for s in sweeps)])[:-1]
    synch = b"".join(struct.pack("<ii", start, length) for start, length in zip(starts, lengths, strict=True))
    adc = b"".join(_adc_entry(i, gains[i], offsets[i]) for i in range(n))
    sections = {
        76: (_protocol(interval_us), 512, 1),
        92: (adc, 128, n),
        220: (strings, len(strings), len(texts)),
    }
    sections |= {236: (data, 4 if float_data else 2, sum(lengths)), 316: (synch, 8, len(sweeps))}
    head = bytearray(BLOCK)
    struct.pack_into("<4s4b", head, 0, b"ABF2", 0, 0, 6, 2)
    struct.pack_into("<I", head, 12, len(sweeps))
    struct.pack_into("<I", head, 16, 20200101)
    struct.pack_into("<H", head, 30, int(float_data))
    body, block = b"", 1
    for at, (raw, size, entries) in sections.items():
        struct.pack_into("<IIq", head, at, block, size, entries)
        padded = raw + bytes(-len(raw) % BLOCK)
        body, block = body + padded, block + len(padded) // BLOCK
    path.write_bytes(bytes(head) + body)
    return path


def _protocol(interval_us: float) -> bytes:
    protocol = bytearray(512)
    struct.pack_into("<hf", protocol, 0, 5, interval_us)
    struct.pack_into("<f", protocol, 110, 10.0)  # full scale of the digitiser, V
    struct.pack_into("<i", protocol, 118, 32768)
    return bytes(protocol)


def _adc_entry(number: int, gain: float, offset: float) -> bytes:
    entry = bytearray(128)
    struct.pack_into("<hh", entry, 0, number, 0)
    struct.pack_into("<f", entry, 28, 1.0)
    struct.pack_into("<f", entry, 40, 10.0 / 32768 / gain)  # V per unit
    struct.pack_into("<f", entry, 44, offset)
    struct.pack_into("<f", entry, 48, 1.0)
    struct.pack_into("<ii", entry, 74, 1 + 2 * number, 2 + 2 * number)
    return bytes(entry)


def write_abf1(
    path: Path, channels: list[tuple[str, str]], sweeps: list[np.ndarray], interval_us: float
) -> Path:
    """Write an ABF 1 file; one digit is 10 V / 32768 in every channel, all channels sampled in turn."""
    n = len(channels)
    data = b"".join(np.ascontiguousarray(s, "<i2").tobytes() for s in sweeps)
    data_block = 12
    synch_block = data_block + -(-len(data) // BLOCK)
    head = bytearray(data_block * BLOCK)
    struct.pack_into("<4sfhi", head, 0, b"ABF ", 1.83, 5, sum(s.size for s in sweeps))
    struct.pack_into("<i", head, 40, data_block)
    struct.pack_into("<ii", head, 92, synch_block, len(sweeps))
    struct.pack_into("<h", head, 120, n)
    struct.pack_into("<f", head, 122, interval_us / n)
    struct.pack_into("<f", head, 244, 10.0)
    struct.pack_into("<i", head, 252, 32768)
    struct.pack_into("<16h", head, 410, *range(n), *[-1] * (16 - n))
    for k, (name, unit) in enumerate(channels):
        head[442 + 10 * k : 452 + 10 * k] = name.encode().ljust(10)
        head[602 + 8 * k : 610 + 8 * k] = unit.encode().ljust(8)
    for at in (730, 922, 1050):
        struct.pack_into("<16f", head, at, *[1.0] * 16)
    synch, start = b"", 0
    for s in sweeps:
        synch, start = synch + struct.pack("<ii", start, s.size), start + s.size
    path.write_bytes(bytes(head) + data + bytes(-len(data) % BLOCK) + synch)
    return path


def write_ibw(
    path: Path,
    samples: np.ndarray,
    dt: float,
    unit: str = "",
    x_unit: str = "s",
    version: int = 5,
    order: str = ">",
    kind: int | None = None,
) -> Path:
    """Write an Igor binary wave of version 2, 3 or 5 (WaveMetrics' Technical Note 003)."""
    types = {"f4": 0x02, "f8": 0x04, "i2": 0x10, "i4": 0x20}
    raw = np.asarray(samples).astype(order + samples.dtype.str[1:])
    code = types[samples.dtype.str[1:]] if kind is None else kind
    padding = 0 if version == 5 else 16
    wave = _wave5(samples, code, dt, unit, x_unit, order) if version == 5 else b""
    if version != 5:
        wave = _wave2(samples, code, dt, unit, x_unit, order)
    size = len(wave) + padding + raw.nbytes
    binary = {
        2: struct.pack(order + "hiiih", 2, size, 0, 0, 0),
        3: struct.pack(order + "hiiiih", 3, size, 0, 0, 0, 0),
        5: struct.pack(order + "hhiiii", 5, 0, size, 0, 0, 0) + bytes(44),
    }[version]
    checked = np.frombuffer(binary + wave if version == 5 else (binary + wave + bytes(16)), order + "i2")
    checksum = (-int(checked.sum(dtype=np.int64))) & 0xFFFF
    at = {2: 14, 3: 18, 5: 2}[version]
    binary = binary[:at] + struct.pack(order + "H", checksum) + binary[at + 2 :]
    path.write_bytes(binary + wave + raw.tobytes() + bytes(padding))
    return path


def _wave5(samples: np.ndarray, code: int, dt: float, unit: str, x_unit: str, order: str) -> bytes:
    wave = bytearray(320)
    struct.pack_into(order + "ih", wave, 12, samples.size, code)
    struct.pack_into("32s", wave, 28, b"wave0")
    struct.pack_into(order + "4i", wave, 68, samples.size, 0, 0, 0)
    struct.pack_into(order + "4d", wave, 84, dt, 1.0, 1.0, 1.0)
    struct.pack_into("4s4s", wave, 148, unit.encode(), x_unit.encode())
    return bytes(wave)


def _wave2(samples: np.ndarray, code: int, dt: float, unit: str, x_unit: str, order: str) -> bytes:
    wave = bytearray(110)
    struct.pack_into(order + "h", wave, 0, code)
    struct.pack_into("20s", wave, 6, b"wave0")
    struct.pack_into("4s4s", wave, 34, unit.encode(), x_unit.encode())
    struct.pack_into(order + "i", wave, 42, samples.size)
    struct.pack_into(order + "d", wave, 48, dt)
    return bytes(wave)
