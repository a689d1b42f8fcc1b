"""The header of Axon Binary Format files, versions 1 and 2: channels, gains, rate, places of sweeps."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field

import numpy as np

from ..problems import ReadError
from .files import stored_numbers

_BLOCK = 512
# Modes in which each sweep is a stretch of the data: variable-length, fixed-length, gap-free, episodic.
_MODES = {1, 2, 3, 5}


@dataclass(frozen=True)
class Channel:
    """One recorded channel: value = sample · gain + offset, in `unit`."""

    name: str
    unit: str
    gain: float
    offset: float


@dataclass(frozen=True)
class Header:
    """What is needed to find and scale the samples.

    Parameters
    ----------
    version : int
        1 or 2.
    rate : float
        Samples per second and channel.
    starts, lengths : lists of int
        First sample (counted over all channels) and number of samples a channel of each sweep.
    claimed : int
        Number of samples over all channels that the header claims.
    """

    path: str
    version: int
    channels: list[Channel]
    rate: float
    dtype: np.dtype
    data_offset: int
    starts: list[int]
    lengths: list[int]
    claimed: int = 0
    problems: list[str] = field(default_factory=list)

    def samples(self, sweep: int, channel: int) -> np.ndarray:
        """Return the scaled samples of one channel in one sweep, float32 array (n,)."""
        n_channels = len(self.channels)
        offset = self.data_offset + self.starts[sweep] * self.dtype.itemsize
        count = self.lengths[sweep] * n_channels
        stored = stored_numbers(self.path, self.dtype, count, offset).reshape(-1, n_channels)
        scale = self.channels[channel]
        # Each step is rounded to float32, as neo (and so BluePyEfe) does.
        values = stored[:, channel].astype(np.float32)
        if any(c.gain != 1.0 for c in self.channels):
            values = (values.astype(np.float64) * scale.gain).astype(np.float32)
        if any(c.offset != 0.0 for c in self.channels):
            values = (values.astype(np.float64) + scale.offset).astype(np.float32)
        return values


class _Bytes:
    """The file, with reads that say when it ends too early."""

    def __init__(self, path: str):
        self.path = path
        self.name = os.path.basename(path)
        self.size = os.path.getsize(path)

    def take(self, offset: int, count: int) -> bytes:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise ReadError(
                f"{self.name} is cut short or damaged: its header points to byte {offset + count}, but the "
                f"file ends at byte {self.size}."
            )
        # not by a map: one that another program truncates takes this one down
        with open(self.path, "rb") as file:
            file.seek(offset)
            found = file.read(count)
        if len(found) < count:
            raise ReadError(f"{self.name} was cut short while it was read: is it still being written?")
        return found

    def get(self, form: str, offset: int) -> tuple:
        return struct.unpack("<" + form, self.take(offset, struct.calcsize("<" + form)))

    def one(self, form: str, offset: int):
        return self.get(form, offset)[0]


def read_header(path: str) -> Header:
    """Read the header of an ABF file. Raises ReadError if it isn't one, or can't be true."""
    if os.path.getsize(path) < 4:
        raise ReadError(f"{os.path.basename(path)} is too short for an ABF file.")
    file = _Bytes(path)
    magic = file.take(0, 4)
    if magic == b"ABF2":
        return _version_2(file)
    if magic == b"ABF ":
        return _version_1(file)
    raise ReadError(f"{file.name} isn't an ABF file: it starts with {magic!r} instead of 'ABF ' or 'ABF2'.")


def _version_1(file: _Bytes) -> Header:
    file.take(0, 2048)
    data_format, n_channels = file.one("h", 100), file.one("h", 120)
    dtype = _dtype(data_format, file)
    if not 0 < n_channels <= 16:
        raise ReadError(f"the header of {file.name} is damaged: it claims {n_channels} channels.")
    sequence = [c for c in file.get("16h", 410) if c >= 0]
    # Some programs write the same number for all; the channels are in order then.
    ids = sequence if len(set(sequence)) == len(sequence) >= n_channels else list(range(16))
    channels = [_channel_1(file, c, scaled=data_format == 0) for c in ids[:n_channels]]
    interval = file.one("f", 122) * n_channels
    data = file.one("i", 40) * _BLOCK + file.one("h", 14) * dtype.itemsize
    synch = (file.one("i", 92) * _BLOCK, file.one("i", 96))
    mode = file.one("h", 8)
    return _finish(
        file, 1, channels, interval, dtype, data, synch, mode, file.one("f", 130), file.one("i", 10)
    )


def _channel_1(file: _Bytes, c: int, scaled: bool) -> Channel:
    if not 0 <= c < 16:
        raise ReadError(f"the header of {file.name} is damaged: it names channel {c} of 16.")
    name = _text(file.take(442 + 10 * c, 10)) or f"ch{c}"
    unit = _text(file.take(602 + 8 * c, 8)).replace(" ", "")
    if not scaled:
        return Channel(name, unit, 1.0, 0.0)
    dividers = [file.one("f", 922 + 4 * c), file.one("f", 1050 + 4 * c), file.one("f", 730 + 4 * c)]
    dividers.append(file.one("i", 252))
    # The amplifier's own (telegraphed) gain stands in the extended header of later files.
    if file.size >= 4640 and file.one("h", 4512 + 2 * c) == 1:
        dividers.append(file.one("f", 4576 + 4 * c))
    offset = file.one("f", 986 + 4 * c) - file.one("f", 1114 + 4 * c)
    return _scaled(file, name, unit, file.one("f", 244), dividers, offset)


def _version_2(file: _Bytes) -> Header:
    data_format = file.one("H", 30)
    dtype = _dtype(data_format, file)
    protocol, adc, strings, data, synch = (_section(file, at) for at in (76, 92, 220, 236, 316))
    names = _strings(file.take(strings[0], strings[1]))
    if not 0 < adc[2] <= 64:
        raise ReadError(f"the header of {file.name} is damaged: it claims {adc[2]} channels.")
    full_scale, resolution = file.one("f", protocol[0] + 110), file.one("i", protocol[0] + 118)
    channels = [
        _channel_2(file, adc[0] + i * adc[1], i, names, data_format == 0, full_scale, resolution)
        for i in range(adc[2])
    ]
    mode, interval = file.get("hf", protocol[0])
    unit = file.one("f", protocol[0] + 14)
    return _finish(file, 2, channels, interval, dtype, data[0], (synch[0], synch[2]), mode, unit, data[2])


def _section(file: _Bytes, at: int) -> tuple[int, int, int]:
    """Return where a section starts, the size of its entries and their number."""
    block, size, entries = file.get("IIq", at)
    return block * _BLOCK, size, entries


def _strings(raw: bytes) -> list[str]:
    """Split the table of texts; entry 0 stands for none. Some programs leave its header (SSCH) out."""
    start = 43 if raw.startswith(b"SSCH") else raw.rfind(b"\0\0") + 1
    return [_text(s) for s in raw[start:].split(b"\0")]


def _channel_2(
    file: _Bytes, at: int, i: int, names: list[str], scaled: bool, full_scale: float, resolution: int
) -> Channel:
    name_at, unit_at = file.get("ii", at + 74)
    name = names[name_at] if 0 <= name_at < len(names) else ""
    unit = names[unit_at].replace(" ", "") if 0 <= unit_at < len(names) else ""
    if not scaled:
        return Channel(name or f"ch{i}", unit, 1.0, 0.0)
    dividers = [file.one("f", at + 40), file.one("f", at + 48), file.one("f", at + 28), resolution]
    if file.one("h", at + 2):
        dividers.append(file.one("f", at + 6))
    offset = file.one("f", at + 44) - file.one("f", at + 52)
    return _scaled(file, name or f"ch{i}", unit, full_scale, dividers, offset)


def _scaled(
    file: _Bytes, name: str, unit: str, full_scale: float, dividers: list[float], offset: float
) -> Channel:
    gain = full_scale
    for divider in dividers:
        if divider == 0 or not np.isfinite(divider):
            raise ReadError(
                f"the header of {file.name} is damaged: a gain of channel {name!r} is {divider:g}."
            )
        gain /= divider
    if not (np.isfinite(gain) and np.isfinite(offset)):
        raise ReadError(f"the header of {file.name} is damaged: the gain of channel {name!r} is {gain:g}.")
    return Channel(name, unit, gain, offset)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("latin-1").replace("µ", "u").strip()


def _dtype(data_format: int, file: _Bytes) -> np.dtype:
    if data_format not in (0, 1):
        raise ReadError(f"the header of {file.name} is damaged: unknown format of samples ({data_format}).")
    return np.dtype("<i2" if data_format == 0 else "<f4")


def _finish(
    file: _Bytes,
    version: int,
    channels: list[Channel],
    interval_us: float,
    dtype: np.dtype,
    data_offset: int,
    synch: tuple[int, int],
    mode: int,
    synch_unit: float,
    claimed: int,
) -> Header:
    """Find the sweeps, and check that all of them are in the file."""
    if mode not in _MODES:
        raise ReadError(
            f"{file.name} was acquired in a mode that can't be read ({mode}): save it as fixed-length sweeps."
        )
    if not (np.isfinite(interval_us) and interval_us > 0):
        raise ReadError(f"the header of {file.name} is damaged: its sampling interval is {interval_us:g} µs.")
    lengths = _sweep_lengths(file, synch, claimed, synch_unit if mode == 1 else 0.0)
    starts, position = [], 0
    for length in lengths:
        starts.append(position)
        position += length
    end = data_offset + position * dtype.itemsize
    if end > file.size:
        raise ReadError(
            f"{file.name} is cut short or damaged: its sweeps would end at byte {end}, but the file ends at "
            f"byte {file.size}."
        )
    rate = 1e6 / interval_us
    # 10000.0000000001 samples per second are 10000.
    rate = float(round(rate)) if rate >= 1 and abs(rate - round(rate)) < 1e-6 * rate else rate
    header = Header(
        file.path,
        version,
        channels,
        rate,
        dtype,
        data_offset,
        starts,
        [n // len(channels) for n in lengths],
        claimed,
    )
    if claimed != position:
        header.problems.append(
            f"the header claims {claimed} samples, its sweeps hold {position}: these are read as they are, "
            "but the file may be damaged."
        )
    return header


def _sweep_lengths(file: _Bytes, synch: tuple[int, int], claimed: int, unit: float) -> list[int]:
    """Return the number of samples (over all channels) of each sweep."""
    offset, count = synch
    lengths = [claimed]
    if count > 0:
        table = np.frombuffer(file.take(offset, 8 * count), "<i4").reshape(-1, 2)
        lengths = [int(n / unit) if unit else int(n) for n in table[:, 1]]
    bad = next((n for n in lengths if n < 0), None)
    if bad is not None:
        raise ReadError(f"the header of {file.name} is damaged: a sweep claims {bad} samples.")
    return lengths
