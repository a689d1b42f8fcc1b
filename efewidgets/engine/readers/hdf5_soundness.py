"""Can HDF5 be let loose on a file? What its library follows without looking is looked at here, byte by byte.

The library trusts three structures of the older layout, which have no checksums: a heap of texts whose objects have
no length is gone through for ever, as is a list of gaps in a heap of names that leads back to itself, and a tree that
is its own branch overflows the stack. The newer structures have checksums, which the library checks. Layouts: "HDF5
File Format Specification", version 3, III.A.1 (trees), III.D (heaps of names), III.E (heaps of texts).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BufferedReader

import numpy as np

Piece = Callable[[int, int], bytes]
"""Returns so many bytes of the file from a place on; fewer at its end."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NAMES = {name: np.uint32(int.from_bytes(name, "little")) for name in (b"GCOL", b"HEAP", b"TREE")}
_BLOCK = 1 << 18
_NO_GAP = 1
_OBJECT = struct.Struct("<HHIQ")
_THREE, _TWO, _ONE = struct.Struct("<QQQ"), struct.Struct("<QQ"), struct.Struct("<Q")
_GROUP, _CHUNKS = 0, 1
_MOST_DIMENSIONS = 8


def is_sound(file: BufferedReader) -> bool:
    """Whether HDF5 can be let loose on an open file; False also if that can't be told here."""
    base = _base(file)
    if base is None:
        return False

    def piece(at: int, count: int) -> bytes:
        file.seek(base + at)
        return file.read(count)

    size = file.seek(0, 2) - base
    try:
        if not _is_plain(piece(0, 64)):
            return False
        places = _places(file, base)
        trees = {at: piece(at + 4, 4) for at in places[b"TREE"]}
        return (
            all(_texts_end(piece, at, size) for at in places[b"GCOL"])
            and all(_gaps_end(piece, at, size) for at in places[b"HEAP"])
            and all(_branches_lie_below(piece, at, trees) for at in trees)
        )
    except (struct.error, IndexError, OverflowError):  # it ends amid one
        return False


def _base(file: BufferedReader) -> int | None:
    """Return where HDF5 begins, behind a block of somebody else's if there is one; MATLAB's has 512 bytes."""
    for at in (0, 512, 1024, 2048):
        file.seek(at)
        if file.read(8) == _SIGNATURE:
            return at
    return None


def _is_plain(head: bytes) -> bool:
    """Whether addresses and lengths have eight bytes."""
    if len(head) < 64:
        return False
    sizes = head[13:15] if head[8] < 2 else head[9:11]
    return sizes == b"\x08\x08"


def _places(file: BufferedReader, base: int) -> dict[bytes, list[int]]:
    """Return where structures of each name may begin: they needn't be aligned, and samples may spell a name."""
    places: dict[bytes, list[int]] = {name: [] for name in _NAMES}
    block = np.empty(_BLOCK + 4, np.uint8)
    start = kept = 0
    file.seek(base)
    while count := file.readinto(block[kept:].data):
        end = kept + count
        for shift in range(4):
            words = block[shift : shift + (end - shift) // 4 * 4].view("<u4")
            for name, word in _NAMES.items():
                found = words == word
                if found.any():
                    places[name] += (start + shift + 4 * np.flatnonzero(found)).tolist()
        kept = min(3, end)
        block[:kept] = block[end - kept : end].copy()
        start += end - kept
    return places


def _texts_end(piece: Piece, at: int, size: int) -> bool:
    """Whether the objects of a heap of texts follow one another to its end; none may be a virtual data set's."""
    (length,) = _ONE.unpack(piece(at + 8, 8))
    if at + length > size:
        return False
    content, at = piece(at, length), 16
    while at + 16 <= length:
        number, _, _, count = _OBJECT.unpack_from(content, at)
        if number == 0:  # the free space, which counts its own head
            return 16 <= count <= length - at
        if count > length - at - 16 or _may_be_virtual(content, at + 16, count):
            return False
        at += 16 + (count + 7) // 8 * 8
    return True


def _may_be_virtual(content: bytes, at: int, count: int) -> bool:
    """Whether an object may list the sources of a virtual data set: a version (0 or 1), then how many there are."""
    return count > 16 and content[at] < 2 and not any(content[at + 5 : at + 9])


def _gaps_end(piece: Piece, at: int, size: int) -> bool:
    """Whether the list of gaps in a heap of names has an end."""
    length, gap, data = _THREE.unpack(piece(at + 8, 24))
    if data + length > size:
        return False
    for _ in range(length // 16 + 1):
        if gap == _NO_GAP:
            return True
        if gap + 16 > length:
            return False
        gap, _ = _TWO.unpack(piece(data + gap, 16))
    return False


def _branches_lie_below(piece: Piece, at: int, trees: dict[int, bytes]) -> bool:
    """Whether the branches of a tree are trees of the next lower level, so that its depth has an end."""
    kind, level, low, high = trees[at]
    if level == 0:
        return True
    below = bytes((kind, level - 1))
    if kind == _GROUP:
        keys: list[int] = [8]
    elif kind == _CHUNKS:
        keys = [8 + 8 * dimensions for dimensions in range(2, _MOST_DIMENSIONS + 2)]
    else:
        return False
    return any(
        all(
            trees.get(branch, b"")[:2] == below for branch in _branches(piece, at + 24, key, low + 256 * high)
        )
        for key in keys
    )


def _branches(piece: Piece, at: int, key: int, count: int) -> Iterator[int]:
    content = piece(at, (count + 1) * (key + 8))
    for number in range(count):
        yield _ONE.unpack_from(content, key + number * (key + 8))[0]
