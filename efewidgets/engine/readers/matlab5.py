"""Matrices of real numbers in MATLAB files of version 5 (and 4), read without a C library that trusts the file.

Layouts: MathWorks, "MAT-File Format", chapter 1 (level 5) and 2 (level 4).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from ..problems import ReadError
from .files import stored_numbers

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
# Classes of arrays of numbers: double, single, and whole numbers of 8 to 64 bits
_NUMBERS = range(6, 16)
_CLASSES = {1: "a cell array", 2: "a structure", 3: "an object", 4: "text", 5: "a sparse matrix"}
_CUT = "cut short, with the end of the file"
_COMPLEX = 0x08
_START = 4096  # bytes of a compressed variable that hold its name and shape
_TYPES_4 = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}
_LARGEST = 8 * 200_000_000 * 2  # bytes; no sweep is longer


@dataclass(frozen=True)
class Variable:
    """One variable of a file, without its numbers.

    Parameters
    ----------
    shape : tuple of int
    what : str
        What it is if it isn't a full matrix of real numbers; "" if it is.
    """

    path: str
    name: str
    shape: tuple[int, ...]
    what: str
    start: int
    size: int
    order: str
    compressed: bool = False
    offset: int = 0
    kind: str = ""

    def numbers(self) -> np.ndarray:
        """Return the numbers as they are stored, array of its shape.

        Raises
        ------
        ReadError
            If it holds others than real numbers, or fewer than it claims.
        """
        if self.what:
            raise ReadError(f"{self.name} is {self.what}: expected two columns, time and value.")
        count = int(np.prod(self.shape, dtype=np.int64))
        if self.kind:  # version 4
            found = stored_numbers(self.path, np.dtype(self.kind), count, self.offset)
            return found.reshape(self.shape, order="F")
        content = _content(self, 8 * count + _START)
        kind, at, size = _tag(content, self.offset, self.order)
        if kind not in _TYPES:
            raise ReadError(
                f"the samples of {self.name} are of an unknown type ({kind}): the file is damaged."
            )
        dtype = np.dtype(self.order + _TYPES[kind])
        if size != count * dtype.itemsize or at + size > len(content):
            raise ReadError(
                f"{self.name} claims {count} numbers, but {min(size, len(content) - at) // dtype.itemsize} are "
                "in the file: it is damaged."
            )
        found = np.frombuffer(content, dtype, count, at)
        return found.astype(dtype.newbyteorder("="), copy=False).reshape(self.shape, order="F")


def variables(path: str) -> list[Variable]:
    """List the variables of a file. Raises ReadError if it isn't a MATLAB file of version 4 or 5."""
    with open(path, "rb") as file:
        head = file.read(128)
        if head[:4] and len(head) >= 20 and 0 in head[:4]:
            return list(_version_4(file, path))
        if len(head) < 128 or head[126:128] not in (b"IM", b"MI"):
            raise ReadError(f"{os.path.basename(path)} isn't a MATLAB file.")
        return list(_version_5(file, path, "<" if head[126:128] == b"IM" else ">"))


def _version_5(file: BinaryIO, path: str, order: str) -> Iterator[Variable]:
    at, end = 128, file.seek(0, os.SEEK_END)
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack(order + "II", file.read(8))
        whole = at + 8 + size <= end
        if kind == _COMPRESSED:
            start = _inflated(file.read(min(size, 2 * _START)), _START)
            if len(start) >= 8 and struct.unpack_from(order + "I", start)[0] == _MATRIX:
                found = _variable(path, start[8:], at + 8, size, order, compressed=True)
                yield found if whole else replace(found, what=_CUT)
        elif kind == _MATRIX:
            found = _variable(path, file.read(min(size, _START)), at + 8, size, order, compressed=False)
            yield found if whole else replace(found, what=_CUT)
        at += 8 + size


def _variable(path: str, content: bytes, start: int, size: int, order: str, compressed: bool) -> Variable:
    """Read flags, shape and name, with which each variable begins."""
    try:
        _, at, length = _tag(content, 0, order)
        (flags,) = struct.unpack_from(order + "I", content, at)
        _, at, length = _tag(content, _after(at, length), order)
        shape = struct.unpack_from(f"{order}{length // 4}i", content, at)
        _, name_at, length = _tag(content, _after(at, length), order)
        name = content[name_at : name_at + length].decode("latin-1")
    except struct.error as error:
        raise ReadError(f"{os.path.basename(path)} is damaged: a variable in it has no name.") from error
    offset = _after(name_at, length) + (8 if compressed else 0)
    what = _what(flags)
    if not what and not (
        2 <= len(shape) <= 32 and min(shape) >= 0 and 8 * np.prod(shape, dtype=float) <= _LARGEST
    ):
        what = f"of an impossible shape {shape[:4]}"
    return Variable(path, name, shape, what, start, size, order, compressed, offset)


def _what(flags: int) -> str:
    kind = flags & 0xFF
    if kind in _NUMBERS:
        return "a matrix of complex numbers" if flags >> 8 & _COMPLEX else ""
    return _CLASSES.get(kind, f"of an unknown class ({kind})")


def _tag(content: bytes, at: int, order: str) -> tuple[int, int, int]:
    """Return the type of an element, where its data begin, and their size; small ones lie within the tag."""
    kind, size = struct.unpack_from(order + "II", content, at)
    return (kind & 0xFFFF, at + 4, kind >> 16) if kind >> 16 else (kind, at + 8, size)


def _after(at: int, size: int) -> int:
    """Return where the next element begins: at the next multiple of eight bytes."""
    return (at + size + 7) // 8 * 8


def _content(variable: Variable, most: int) -> bytes:
    packed = stored_numbers(variable.path, np.dtype("u1"), variable.size, variable.start).tobytes()
    return _inflated(packed, most) if variable.compressed else packed


def _inflated(packed: bytes, most: int) -> bytes:
    """Decompress no more than so many bytes: what claims to be small needn't be."""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error as error:
        raise ReadError(f"a variable can't be decompressed ({error}): the file is damaged.") from error


# --- version 4


def _version_4(file: BinaryIO, path: str) -> Iterator[Variable]:
    at, end = 0, file.seek(0, os.SEEK_END)
    while at + 20 <= end:
        file.seek(at)
        head = file.read(20)
        order = "<" if 0 <= struct.unpack_from("<i", head)[0] < 5000 else ">"
        form, rows, columns, imaginary, length = struct.unpack(order + "5i", head)
        machine, _, kind, matrix = (form // 1000, form // 100 % 10, form // 10 % 10, form % 10)
        plain = 0 <= form < 5000 and machine in (0, 1) and kind in _TYPES_4 and matrix < 3
        if not plain or min(rows, columns) < 0 or not 0 < length < 1000 or 8.0 * rows * columns > _LARGEST:
            raise ReadError(f"{os.path.basename(path)} isn't a MATLAB file, or is damaged.")
        name = file.read(length).split(b"\0")[0].decode("latin-1")
        dtype = np.dtype(order + _TYPES_4[kind])
        size = rows * columns * dtype.itemsize * (2 if imaginary else 1)
        start = at + 20 + length
        if start + size > end:
            raise ReadError(f"{os.path.basename(path)} is cut short: {name} has no end.")
        what = (
            "a matrix of complex numbers"
            if imaginary
            else ("text", "a sparse matrix")[matrix - 1]
            if matrix
            else ""
        )
        yield Variable(path, name, (rows, columns), what, start, size, order, offset=start, kind=dtype.str)
        at = start + size
