"""Igor Pro binary waves (.ibw, .bwav): one file for the voltage, one for the current, one sweep a pair.

The layout is that of WaveMetrics' Technical Note 003, "Igor Binary Format" (versions 1, 2, 3 and 5).
"""

from __future__ import annotations

import dataclasses
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..kinds import Kind
from ..problems import Problem, ReadError
from ..units import is_current_unit, is_voltage_unit
from .clamp import clamp_in_words
from .clocks import KEYS as CLOCK_KEYS
from .clocks import by_samples, on_one_clock, overlap
from .files import existing_file, stored_numbers, text_path
from .inspection import Contents, Opening, Sweep, SweepInfo, known_sweep, step_in_ms

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {**CLOCK_KEYS}

_TYPES = {0x02: "f4", 0x04: "f8", 0x08: "i1", 0x10: "i2", 0x20: "i4", 0x48: "u1", 0x50: "u2", 0x60: "u4"}
# Sizes of the binary header, of the wave header up to the samples, and of the padding counted in wfmSize.
_BIN_SIZE = {1: 8, 2: 16, 3: 20, 5: 64}
_WAVE_SIZE = {1: 110, 2: 110, 3: 110, 5: 320}
_PADDING = {1: 16, 2: 16, 3: 16, 5: 0}
_LONGEST_NOTE = 65536  # bytes; what follows is left unread


@dataclass(frozen=True)
class Wave:
    """Header of a wave: where its samples are and what they mean."""

    path: str
    version: int
    name: str
    n: int
    dtype: np.dtype
    offset: int
    dt: float
    unit: str
    x_unit: str
    start: float = 0.0
    note: str = ""

    def samples(self) -> np.ndarray:
        """Return the samples as stored, in this machine's byte order, array (n,)."""
        stored = stored_numbers(self.path, self.dtype, self.n, self.offset)
        return stored.astype(self.dtype.newbyteorder("="), copy=False)


def read_header(path: str) -> Wave:
    """Read the header of a wave. Raises ReadError if the file isn't a whole wave of real numbers."""
    name = os.path.basename(existing_file(path))
    with open(path, "rb") as file:
        head = file.read(_BIN_SIZE[5] + _WAVE_SIZE[5])
        size = file.seek(0, os.SEEK_END)
        if len(head) < 2:
            raise ReadError(f"{name} is too short for an Igor wave.")
        # The version is below 256, so its low byte tells the byte order.
        order = "<" if head[0] else ">"
        (version,) = struct.unpack_from(order + "h", head)
        if version not in _BIN_SIZE:
            raise ReadError(f"{name} isn't an Igor binary wave (its version would be {version}).")
        if len(head) < _BIN_SIZE[version] + _WAVE_SIZE[version]:
            raise ReadError(f"{name} is cut short: it ends within its header ({size} bytes).")
        wave = _parse_v5(path, head, order) if version == 5 else _parse_v2(path, head, order, version)
        _check_size(wave, head, order, size)
        return _with_words(wave, head, order, file)


def _parse_v5(path: str, head: bytes, order: str) -> Wave:
    base = _BIN_SIZE[5]
    n, kind = struct.unpack_from(order + "ih", head, base + 12)
    dims = struct.unpack_from(order + "4i", head, base + 68)
    if sum(d > 1 for d in dims) > 1:
        raise ReadError(
            f"{os.path.basename(path)} is a matrix {dims}; a recording is a wave of one dimension."
        )
    (dt,) = struct.unpack_from(order + "d", head, base + 84)
    (start,) = struct.unpack_from(order + "d", head, base + 116)
    return Wave(
        path,
        5,
        _text(head[base + 28 : base + 60]),
        n,
        _dtype(kind, order, path),
        base + _WAVE_SIZE[5],
        dt,
        _text(head[base + 148 : base + 152]),
        _text(head[base + 152 : base + 156]),
        start,
    )


def _parse_v2(path: str, head: bytes, order: str, version: int) -> Wave:
    base = _BIN_SIZE[version]
    (kind,) = struct.unpack_from(order + "h", head, base)
    (n,) = struct.unpack_from(order + "i", head, base + 42)
    dt, start = struct.unpack_from(order + "2d", head, base + 48)
    return Wave(
        path,
        version,
        _text(head[base + 6 : base + 26]),
        n,
        _dtype(kind, order, path),
        base + _WAVE_SIZE[version],
        dt,
        _text(head[base + 34 : base + 38]),
        _text(head[base + 38 : base + 42]),
        start,
    )


def _text(raw: bytes) -> str:
    """Decode a text field, UTF-8 or an older alphabet; spaces mean nothing."""
    raw = raw.split(b"\0", 1)[0]
    try:
        words = raw.decode("utf-8")
    except UnicodeDecodeError:
        words = raw.decode("latin-1")
    return words.replace(" ", "")


def _dtype(kind: int, order: str, path: str) -> np.dtype:
    if kind not in _TYPES:
        what = "text" if kind == 0 else "complex numbers" if kind & 1 else f"an unknown type ({kind})"
        raise ReadError(f"{os.path.basename(path)} holds {what}, not a recording.")
    return np.dtype(order + _TYPES[kind])


def _check_size(wave: Wave, head: bytes, order: str, size: int) -> None:
    name = os.path.basename(wave.path)
    claimed = wave.n * wave.dtype.itemsize
    held = size - wave.offset
    if wave.n < 0 or claimed > held:
        raise ReadError(
            f"{name} claims {wave.n} samples, but holds {max(held, 0) // wave.dtype.itemsize}: "
            "it is cut short or damaged."
        )
    (wfm_size,) = struct.unpack_from(order + "i", head, 4 if wave.version == 5 else 2)
    expected = _WAVE_SIZE[wave.version] + _PADDING[wave.version] + claimed
    if wfm_size != expected:
        raise ReadError(
            f"the header of {name} contradicts itself: {wave.n} samples take {expected} bytes, not "
            f"{wfm_size}. The file is damaged."
        )


def _with_words(wave: Wave, head: bytes, order: str, file: Any) -> Wave:
    """Take the note from behind the samples, and the unit if it was too long for the header (version 5)."""
    end = wave.offset + wave.n * wave.dtype.itemsize + _PADDING[wave.version]
    formula = long_unit = 0
    if wave.version == 5:
        formula, note, long_unit = struct.unpack_from(order + "3i", head, 8)
    else:
        note = struct.unpack_from(order + "i", head, 6)[0] if wave.version > 1 else 0
    words, unit = "", wave.unit
    if note > 0 <= formula:
        file.seek(end + formula)
        words = file.read(min(note, _LONGEST_NOTE)).decode("latin-1").replace("\r", "\n")
    if 0 < long_unit < 256 and formula >= 0 <= note:
        file.seek(end + formula + note)
        unit = _text(file.read(long_unit))
    return dataclasses.replace(wave, unit=unit, note=words)


@contextmanager
def open_igor(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the one sweep of ``v_file`` and ``i_file``; exchanged files are noticed by their units."""
    for key in ("v_file", "i_file"):
        if metadata.get(key) is None:
            raise ReadError(
                f"an Igor recording needs two files, 'v_file' and 'i_file'; the metadata lack {key!r}."
            )
    v_path, i_path = text_path(metadata["v_file"], "v_file"), text_path(metadata["i_file"], "i_file")
    if os.path.realpath(v_path) == os.path.realpath(i_path):
        raise ReadError(f"'v_file' and 'i_file' are the same file, {os.path.basename(v_path)}.")
    voltage, current = read_header(v_path), read_header(i_path)
    contents = Contents("Igor", f"version {voltage.version}")
    if is_current_unit(voltage.unit) and is_voltage_unit(current.unit):
        voltage, current = current, voltage
        contents.problems.append(
            Problem(
                f"'v_file' is in {current.unit} and 'i_file' in {voltage.unit}: the two are exchanged in the "
                "metadata, and are put right.",
                "warning",
                "file",
            )
        )
    _check_pair(voltage, current)
    t_unit = voltage.x_unit or current.x_unit or metadata.get("t_unit") or _assumed_t_unit(voltage, contents)
    info = SweepInfo(
        Path(v_path).stem, None, None, voltage.n, step_in_ms(voltage.dt, t_unit), voltage.unit, current.unit
    )
    aligned = by_samples(metadata)
    contents.sweeps.append(
        known_sweep(info, lambda problems: _load_pair(voltage, current, t_unit, aligned, problems))
    )
    yield contents


def _check_pair(voltage: Wave, current: Wave) -> None:
    v_name, i_name = os.path.basename(voltage.path), os.path.basename(current.path)
    if is_current_unit(voltage.unit) or is_voltage_unit(current.unit):
        raise ReadError(
            f"'v_file' ({v_name}) is in {voltage.unit or 'no unit'} and 'i_file' ({i_name}) in "
            f"{current.unit or 'no unit'}: expected a voltage and a current."
        )
    if abs(voltage.dt - current.dt) > 1e-6 * abs(voltage.dt):
        raise ReadError(
            f"{v_name} and {i_name} have different sampling steps ({voltage.dt:g} and {current.dt:g}): "
            "they don't belong together."
        )


def _assumed_t_unit(wave: Wave, contents: Contents) -> str | None:
    """Take seconds where only seconds make sense: steps of 1 µs to 1 ms."""
    if not 1e-6 <= wave.dt <= 1e-3:
        raise ReadError(
            f"{os.path.basename(wave.path)} has a sampling step of {wave.dt:g} without a unit. "
            "Add 't_unit' ('s' or 'ms') to the metadata."
        )
    contents.problems.append(
        Problem(
            f"the wave has no unit of time: its step of {wave.dt:g} is taken as seconds "
            f"({1 / wave.dt:g} Hz). Add 't_unit' to the metadata to be sure.",
            "note",
            "unit",
        )
    )
    return "s"


def _load_pair(
    voltage: Wave, current: Wave, t_unit: str | None, aligned: bool, problems: list[Problem]
) -> Sweep:
    """Return the sweep of two waves, laid together by the times at which they begin (x0) unless `aligned`."""
    step = step_in_ms(voltage.dt, t_unit)
    found = None
    if not aligned and step is not None and step > 0:
        starts = step_in_ms(voltage.start, t_unit), step_in_ms(current.start, t_unit)
        found = overlap(*starts, step, voltage.n, current.n)
    sweep = _load(voltage, current, t_unit)
    return sweep if found is None or step is None else on_one_clock(sweep, found, step, problems)


def _load(voltage: Wave, current: Wave, t_unit: str | None) -> Sweep:
    sweep: Sweep = {"voltage": voltage.samples(), "current": current.samples(), "dt": voltage.dt}
    for key, unit in (("v_unit", voltage.unit), ("i_unit", current.unit), ("t_unit", t_unit)):
        if unit:
            sweep[key] = unit
    stated = {clamp_in_words(wave.note) for wave in (voltage, current)} - {None}
    if len(stated) == 1:
        sweep["clamp_mode"] = stated.pop()
    return sweep


@contextmanager
def inspect_igor(path: str) -> Iterator[Contents]:
    """Yield what a single wave says: it is half of a sweep."""
    wave = read_header(path)
    contents = Contents("Igor", f"version {wave.version}")
    v_unit = wave.unit if is_voltage_unit(wave.unit) else None
    i_unit = wave.unit if is_current_unit(wave.unit) else None
    info = SweepInfo(
        Path(path).stem, None, None, wave.n, step_in_ms(wave.dt, wave.x_unit or "s"), v_unit, i_unit
    )
    what = "a voltage" if v_unit else "a current" if i_unit else "a channel without a unit"
    key, other = ("i_file", "v_file") if i_unit else ("v_file", "i_file")
    contents.problems.append(
        Problem(
            f"this wave is {what}: give it as '{key}', with the wave of the other channel as '{other}'.",
            "note",
            "file",
        )
    )
    if clamp_in_words(wave.note) == "voltage":
        contents.problems.append(Problem("its note says that it is of voltage clamp.", "note", "file"))
    contents.sweeps.append(known_sweep(info, lambda problems: _load(wave, wave, wave.x_unit)))
    yield contents


IGOR = Opening(open_igor, KEYS, inspect_igor)
