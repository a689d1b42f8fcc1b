"""The header of Axon Binary Format files, versions 1 and 2: channels, gains, rate, places of sweeps."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..long.array import LONG, lean
from ..problems import ReadError
from .abf_sweeps import Layout, sweep_lengths
from .files import stored_numbers
from .inspection import Stored
from .names_in_files import plain_name

_BLOCK = 512
# Until version 1.6 the header had 2048 bytes; what later versions put behind them isn't there in older files.
_LARGE_HEADER, _LARGE_SINCE = 6144, 1.6
_MULTICLAMP = 24  # the one amplifier among those that telegraph which tells its mode
_CLAMP_MODES = {0: "voltage", 1: "current", 2: "current"}  # the last is I = 0


@dataclass(frozen=True)
class Channel:
    """One recorded channel: value = sample · gain + offset, in `unit`.

    `clamp` is "voltage" or "current" where the amplifier told its mode, else None.
    """

    name: str
    unit: str
    gain: float
    offset: float
    clamp: str | None = None


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
    protocol : str or None
        Name of the protocol that the acquisition program ran, without its folder.
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
    protocol: str | None = None
    problems: list[str] = field(default_factory=list)

    def samples(self, sweep: int, channel: int) -> np.ndarray:
        """Return the scaled samples of one channel in one sweep, float32 array (n,)."""
        scale = self.channels[channel]
        # Each step is rounded to float32, as neo (and so BluePyEfe) does.
        numbers = self.stored(sweep, channel).numbers
        values = lean(numbers if len(numbers) <= LONG else np.ascontiguousarray(numbers)).astype(np.float32)
        if any(c.gain != 1.0 for c in self.channels):
            values = (values.astype(np.float64) * scale.gain).astype(np.float32)
        if any(c.offset != 0.0 for c in self.channels):
            values = (values.astype(np.float64) + scale.offset).astype(np.float32)
        return values

    def stored(self, sweep: int, channel: int) -> Stored:
        """Return the samples of one channel in one sweep as the file has them."""
        n_channels, scale = len(self.channels), self.channels[channel]
        offset = self.data_offset + self.starts[sweep] * self.dtype.itemsize
        count = self.lengths[sweep] * n_channels
        numbers = stored_numbers(self.path, self.dtype, count, offset).reshape(-1, n_channels)
        return Stored(numbers[:, channel], scale.gain, scale.offset)


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

    def get(self, form: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.take(offset, struct.calcsize("<" + form)))

    def one(self, form: str, offset: int) -> Any:
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
    start = file.one("i", 40) * _BLOCK
    large = file.one("f", 4) > _LARGE_SINCE - 1e-3 and min(start, file.size) >= _LARGE_HEADER
    channels = [_channel_1(file, c, data_format == 0, large) for c in ids[:n_channels]]
    layout = Layout(
        mode=file.one("h", 8),
        n_channels=n_channels,
        claimed=file.one("i", 10),
        episodes=file.one("i", 16),
        per_episode=file.one("i", 138),
        unit=file.one("f", 130),
        table=_synch(file, file.one("i", 92) * _BLOCK, file.one("i", 96)),
    )
    data = start + file.one("h", 14) * dtype.itemsize
    protocol = plain_name(_text(file.take(4898, 256))) if large else None
    return _finish(file, 1, channels, file.one("f", 122) * n_channels, dtype, data, layout, protocol)


def _channel_1(file: _Bytes, c: int, scaled: bool, large: bool) -> Channel:
    if not 0 <= c < 16:
        raise ReadError(f"the header of {file.name} is damaged: it names channel {c} of 16.")
    name = _text(file.take(442 + 10 * c, 10)) or f"ch{c}"
    unit = _text(file.take(602 + 8 * c, 8)).replace(" ", "")
    told = large and file.one("h", 4512 + 2 * c) == 1
    clamp = _clamp(file.one("h", 4544 + 2 * c), file.one("h", 4768 + 2 * c)) if told else None
    if not scaled:
        return Channel(name, unit, 1.0, 0.0, clamp)
    dividers = [file.one("f", 922 + 4 * c), file.one("f", 730 + 4 * c), file.one("i", 252)]
    offset = file.one("f", 986 + 4 * c)
    if file.one("h", 1410):  # a signal conditioner was in use
        dividers.append(file.one("f", 1050 + 4 * c))
        offset -= file.one("f", 1114 + 4 * c)
    if told:  # the amplifier's own (telegraphed) gain
        dividers.append(file.one("f", 4576 + 4 * c))
    elif not large and file.one("h", 262) == 1 and file.one("h", 264) == c:  # the same in small headers
        dividers.append(file.one("f", 268))
    return _scaled(file, name, unit, file.one("f", 244), dividers, offset, clamp)


def _clamp(instrument: int, mode: int) -> str | None:
    return _CLAMP_MODES.get(mode) if instrument == _MULTICLAMP else None


def _synch(file: _Bytes, offset: int, count: int) -> np.ndarray:
    """Return where sweeps begin and how long they are, array (n_sweeps, 2); no rows if the file doesn't say."""
    count = max(count, 0) if offset > 0 else 0
    return np.frombuffer(file.take(offset, 8 * count) if count else b"", "<i4").reshape(-1, 2)


def _version_2(file: _Bytes) -> Header:
    data_format = file.one("H", 30)
    dtype = _dtype(data_format, file)
    protocol, adc, strings, data, synch = (_section(file, at) for at in (76, 92, 220, 236, 316))
    names = _strings(file.take(strings[0], strings[1]))
    if not 0 < adc[2] <= 64:
        raise ReadError(f"the header of {file.name} is damaged: it claims {adc[2]} channels.")
    at = protocol[0]
    conditioned = protocol[1] >= 140 and file.one("h", at + 138) != 0
    scale = (file.one("f", at + 110), file.one("i", at + 118), conditioned) if data_format == 0 else None
    channels = [_channel_2(file, adc[0] + i * adc[1], i, names, scale) for i in range(adc[2])]
    mode, interval = file.get("hf", at)
    layout = Layout(
        mode=mode,
        n_channels=len(channels),
        claimed=data[2],
        episodes=file.one("I", 12),
        per_episode=file.one("i", at + 22),
        unit=file.one("f", at + 14),
        table=_synch(file, synch[0], synch[2]),
    )
    name = plain_name(_named(names, file.one("I", 72)))
    return _finish(file, 2, channels, interval, dtype, data[0], layout, name)


def _section(file: _Bytes, at: int) -> tuple[int, int, int]:
    """Return where a section starts, the size of its entries and their number."""
    block, size, entries = file.get("IIq", at)
    return block * _BLOCK, size, entries


def _strings(raw: bytes) -> list[str]:
    """Split the table of texts; entry 0 stands for none. Some programs leave its header (SSCH) out."""
    start = 43 if raw.startswith(b"SSCH") else raw.rfind(b"\0\0") + 1
    return [_text(s) for s in raw[start:].split(b"\0")]


def _named(names: list[str], at: int) -> str:
    return names[at] if 0 <= at < len(names) else ""


def _channel_2(
    file: _Bytes, at: int, i: int, names: list[str], scale: tuple[float, float, bool] | None
) -> Channel:
    """Return a channel; `scale` is the digitiser's range and resolution, and whether a signal was conditioned."""
    name_at, unit_at = file.get("ii", at + 74)
    name, unit = _named(names, name_at) or f"ch{i}", _named(names, unit_at).replace(" ", "")
    told = file.one("h", at + 2) != 0
    clamp = _clamp(file.one("h", at + 4), file.one("h", at + 18)) if told else None
    if scale is None:
        return Channel(name, unit, 1.0, 0.0, clamp)
    full_scale, resolution, conditioned = scale
    dividers = [file.one("f", at + 40), file.one("f", at + 28), resolution]
    offset = file.one("f", at + 44)
    if conditioned:
        dividers.append(file.one("f", at + 48))
        offset -= file.one("f", at + 52)
    if told:
        dividers.append(file.one("f", at + 6))
    return _scaled(file, name, unit, full_scale, dividers, offset, clamp)


def _scaled(
    file: _Bytes,
    name: str,
    unit: str,
    full_scale: float,
    dividers: list[float],
    offset: float,
    clamp: str | None,
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
    return Channel(name, unit, gain, offset, clamp)


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
    layout: Layout,
    protocol: str | None,
) -> Header:
    """Find the sweeps, and check that all of them are in the file."""
    if not (np.isfinite(interval_us) and interval_us > 0):
        raise ReadError(f"the header of {file.name} is damaged: its sampling interval is {interval_us:g} µs.")
    if not len(layout.table):
        _held(file, data_offset + layout.claimed * dtype.itemsize)
    lengths, problems = sweep_lengths(layout, file.name)
    starts = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
    position = starts.pop()
    _held(file, data_offset + position * dtype.itemsize)
    rate = 1e6 / interval_us
    # 10000.0000000001 samples per second are 10000.
    rate = float(round(rate)) if rate >= 1 and abs(rate - round(rate)) < 1e-6 * rate else rate
    if layout.claimed != position:
        problems.append(
            f"the header claims {layout.claimed} samples, its sweeps hold {position}: these are read as they "
            "are, but the file may be damaged."
        )
    counts = [n // len(channels) for n in lengths]
    return Header(
        file.path,
        version,
        channels,
        rate,
        dtype,
        data_offset,
        starts,
        counts,
        layout.claimed,
        protocol,
        problems,
    )


def _held(file: _Bytes, end: int) -> None:
    if end > file.size:
        raise ReadError(
            f"{file.name} is cut short or damaged: its sweeps would end at byte {end}, but the file ends at "
            f"byte {file.size}."
        )
