"""WinWCP files (.wcp): a header of text, and records, each with its own ranges of the converter."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..problems import NoSweepError, ReadError
from .files import stored_numbers
from .outline import Episode, Outline, Part

_SECTOR = 512
_HEADER = 1024  # bytes, for each eight channels
_LARGEST_HEADER = 64 * _HEADER
_MOST_CHANNELS, _MOST_RECORDS = 128, 1_000_000
_STATUS, _TIMES, _RANGES = (
    0,
    20,
    24,
)  # places in a record: accepted or rejected, the sampling step, the ranges


def outline(path: str) -> Outline:
    """Return the records of a file. Raises ReadError."""
    name = os.path.basename(path)
    header = _header(path, name)
    n_channels, n_records = _whole(header, "NC", name), _whole(header, "NR", name)
    if n_records == 0:
        raise NoSweepError(f"{name} holds no record: nothing was recorded into it, or it wasn't closed.")
    if not (0 < n_channels <= _MOST_CHANNELS and 0 < n_records <= _MOST_RECORDS):
        raise ReadError(
            f"the header of {name} is damaged: it claims {n_records} records of {n_channels} channels."
        )
    begin = _whole(header, "NBH", name) if "NBH" in header else _HEADER * -(-n_channels // 8)
    begin = begin if begin >= _HEADER else begin * _SECTOR  # older versions count sectors
    analysed, stored = (_SECTOR * _whole(header, key, name) for key in ("NBA", "NBD"))
    n = _whole(header, "NP", name) if "NP" in header else stored // (2 * n_channels)
    size = os.path.getsize(path)
    if analysed < _RANGES + 4 * n_channels or not 0 < 2 * n * n_channels <= stored:
        raise ReadError(
            f"the header of {name} is damaged: {n} samples don't fit into a record of {stored} bytes."
        )
    held = (size - begin) // (analysed + stored)
    if held < n_records:
        raise ReadError(
            f"{name} claims {n_records} records, but holds {max(held, 0)}: it is cut short. Was it copied whole?"
        )
    episodes, remarks = [], []
    with open(path, "rb") as file:
        for k in range(n_records):
            at = begin + k * (analysed + stored)
            file.seek(at)
            record = file.read(_RANGES + 4 * n_channels)
            label = f"sweep {k + 1}"
            parts = _parts(header, record, n, n_channels, at + analysed, name)
            episodes.append(Episode(label, parts))
            if record[_STATUS : _STATUS + 8].strip(b"\0 ").upper() == b"REJECTED":
                remarks.append((label, "it is marked as rejected in WinWCP."))
    return Outline(f"version {header.get('VER', '?')}", tuple(episodes), remarks=tuple(remarks))


def samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Return the samples of channels in their units, arrays (n,)."""
    return [_samples(path, *place) for place in places]


def _samples(path: str, at: int, n: int, n_channels: int, column: int, gain: float) -> np.ndarray:
    stored = stored_numbers(path, np.dtype("<i2"), n * n_channels, at)
    return stored[column::n_channels] * gain


def _header(path: str, name: str) -> dict[str, str]:
    """Return the lines "KEY=value" of the header; it is as long as it says itself."""
    with open(path, "rb") as file:
        raw = file.read(_HEADER)
        found = _lines(raw)
        if "VER" not in found or "NC" not in found:
            raise ReadError(
                f"{name} isn't a WinWCP file: its header doesn't say version and channels (VER=, NC=)."
            )
        length = min(_whole(found, "NBH", name) if "NBH" in found else _HEADER, _LARGEST_HEADER)
        return _lines(raw + file.read(max(length - _HEADER, 0)))


def _lines(raw: bytes) -> dict[str, str]:
    text = raw.split(b"\0")[0].decode("latin-1")
    pairs = (line.partition("=") for line in re.split(r"[\r\n]+", text) if "=" in line)
    return {key.strip().upper(): value.strip() for key, _, value in pairs}


def _whole(header: Mapping[str, str], key: str, name: str) -> int:
    words = header.get(key, "")
    if not re.fullmatch(r"\d{1,9}", words):
        raise ReadError(f"the header of {name} is damaged: {key} must be a whole number, but is {words!r}.")
    return int(words)


def _number(header: Mapping[str, str], key: str, name: str) -> float:
    """Return a number, in which a comma may stand for the point."""
    try:
        found = float(header.get(key, "").replace(",", "."))
    except ValueError:
        found = np.nan
    if not np.isfinite(found) or found == 0:
        raise ReadError(
            f"the header of {name} is damaged: {key} must be a number, but is {header.get(key, '')!r}."
        )
    return found


def _parts(
    header: Mapping[str, str], record: bytes, n: int, n_channels: int, at: int, name: str
) -> tuple[Part, ...]:
    """Return the channels of a record: a digit is its range / (largest digit · gain)."""
    (own_step,) = struct.unpack_from("<f", record, _TIMES)
    ranges = struct.unpack_from(f"<{n_channels}f", record, _RANGES)
    step = _step(header, own_step, name)
    parts = []
    for c, reach in enumerate(ranges):
        column = _whole(header, f"YO{c}", name) if f"YO{c}" in header else c
        if column >= n_channels:
            raise ReadError(
                f"the header of {name} is damaged: channel {c} would be column {column} of {n_channels}."
            )
        gain = reach / (_number(header, "ADCMAX", name) * _number(header, f"YG{c}", name))
        place = (at, n, n_channels, column, gain)
        parts.append(Part(header.get(f"YN{c}", ""), header.get(f"YU{c}", ""), n, step, "s", place))
    return tuple(parts)


def _step(header: Mapping[str, str], own: float, name: str) -> float:
    """Return the sampling step, s: the record's own, in the header's digits if that says the same."""
    said = _number(header, "DT", name) if "DT" in header else own
    return said if not own > 0 or abs(said - own) <= 1e-5 * own else own
