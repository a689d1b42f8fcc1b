"""The records of an Igor packed experiment, checked before a library gets them: those of waves and their folders."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from ..problems import ReadError

_HEADER = 8
_WAVE, _FOLDER, _END = 3, 9, 10
_KIND = 0x7FFF  # the highest bit says that a later record replaces this one
# Where a wave's header says how long its parts are: first byte, how many numbers
_LENGTHS = {1: (2, 1), 2: (2, 2), 3: (2, 3), 5: (4, 13)}


def waves_and_folders(path: str) -> tuple[bytes, str]:
    """Return the records of waves and folders, as they stand in the file, and its byte order, "<" or ">".

    Variables, history, procedures and pictures are left out: none is needed, and any may be damaged.

    Raises
    ------
    ReadError
        If the records don't fill the file, or a wave claims to be longer than its record: igor2 would go through
        as many numbers as it claims, be they thousands of millions.
    """
    raw, name = Path(path).read_bytes(), Path(path).name
    for order in "<>":
        records = list(_records(raw, order))
        if sum(map(len, records)) == len(raw):
            break
    else:
        raise ReadError(
            f"{name} is cut short or damaged, or isn't an Igor packed experiment: its records don't fill the file. "
            "Was it copied whole?"
        )
    wanted = []
    depth = 0
    for record in records:
        kind = _kind(record, order)
        depth += (kind == _FOLDER) - (kind == _END)
        if depth < 0:
            raise ReadError(f"{name} is damaged: a folder ends that didn't begin.")
        if kind == _WAVE and not _has_room(record[_HEADER:]):
            raise ReadError(
                f"{name} is damaged: one of its waves claims to be longer than its place in the file."
            )
        if kind in (_WAVE, _FOLDER, _END):
            wanted.append(record)
    return b"".join(wanted), order


def _records(raw: bytes, order: str) -> Iterator[bytes]:
    """Yield records with their headers, up to the first that the file has no room for."""
    at = 0
    while at + _HEADER <= len(raw):
        (length,) = struct.unpack_from(order + "i", raw, at + 4)
        if not 0 <= length <= len(raw) - at - _HEADER:
            return
        yield raw[at : at + _HEADER + length]
        at += _HEADER + length


def _kind(record: bytes, order: str) -> int:
    (kind,) = struct.unpack_from(order + "H", record)
    return int(kind) & _KIND


def _has_room(wave: bytes) -> bool:
    for order in "<>":
        if len(wave) < 64:
            return False
        (version,) = struct.unpack_from(order + "h", wave)
        if version in _LENGTHS:
            at, count = _LENGTHS[version]
            return all(0 <= n <= len(wave) for n in struct.unpack_from(f"{order}{count}i", wave, at))
    return True  # of a version that igor2 refuses
