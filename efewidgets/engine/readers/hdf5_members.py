"""What stands in an HDF5 file: its members, attributes, texts and single numbers, whatever kind others wrote.

HDF5's objects cost ten times what reading does, and h5py's on them as much again: none is made that isn't needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import h5py
import numpy as np

from ..problems import ReadError

_TEXT = h5py.string_dtype()
_WORDS = h5py.h5t.py_create(_TEXT)
_POINTER = 16  # bytes in which a file holds one text of any length: its length and where it is


def text(value: Any) -> str | None:
    """Return HDF5's many kinds of text as str; None if it is no text."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value) if isinstance(value, str) else None


def members(group: Any) -> list[str]:
    """Return the names in a group, in the file's order; nothing for what is no group."""
    return list(group.keys()) if isinstance(group, h5py.Group) else []


def item(group: h5py.Group, name: str) -> Any:
    """Return a member of a group, None if there is none; raise ReadError if its link leads nowhere."""
    try:
        found = group.get(name)
    except (KeyError, OSError, RuntimeError):
        found = None
    if found is not None:
        return found
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise ReadError(
            f"{group.name}/{name} lies in another file, {link.filename!r}, which isn't there. "
            "Put it beside this one."
        )
    if isinstance(link, h5py.SoftLink):
        raise ReadError(f"{group.name}/{name} points to {link.path!r}, which isn't in the file.")
    return None


def attribute(place: h5py.HLObject, name: str) -> Any:
    """Return an attribute, None if there is none: a number or a text by itself, else as h5py does.

    In a fifth of h5py's time for what stands in nearly all files: HDF5's objects cost ten times what reading does, so
    that none is made for its shape. A list of one is the one.
    """
    at, key = place.id, name.encode()
    if not h5py.h5a.exists(at, key):
        return None
    stored = h5py.h5a.open(at, key)
    found = _alone(stored, stored.get_type())
    return place.attrs[name] if found is None else found


def _alone(stored: h5py.h5a.AttrID, kind: h5py.h5t.TypeID) -> Any:
    """Return the number or text that an attribute is, None if it is something else, or several."""
    if isinstance(kind, h5py.h5t.TypeStringID):
        if kind.is_variable_str():
            words = _read(stored, _POINTER, _TEXT, _WORDS)
            return words.decode("utf-8", "surrogateescape") if isinstance(words, bytes) else words
        return _read(stored, kind.get_size(), np.dtype(f"S{kind.get_size()}"))
    if type(kind) is h5py.h5t.TypeFloatID and kind.get_size() == 8:
        return _read(stored, 8, np.dtype(np.float64), h5py.h5t.NATIVE_DOUBLE)
    return _read(stored, kind.get_size(), kind.dtype) if type(kind) is h5py.h5t.TypeIntegerID else None


def _read(stored: h5py.h5a.AttrID, size: int, dtype: np.dtype, kind: h5py.h5t.TypeID | None = None) -> Any:
    """Return the one value of an attribute, None if it has not just the bytes of one: HDF5 would write beyond it."""
    try:
        if stored.get_storage_size() != size:
            return None
    except RuntimeError:  # it is empty
        return None
    value = np.empty((), dtype)
    stored.read(value, mtype=kind)
    return value[()]


class Dataset:
    """A dataset that doesn't change, of which HDF5 is asked but what is asked for, and once.

    All that an `h5py.Dataset` has, it has, too: of h5py, which makes lists of properties for each.
    """

    def __init__(self, opened: h5py.h5d.DatasetID) -> None:
        self.id = opened

    @cached_property
    def shape(self) -> tuple[int, ...] | None:
        found: tuple[int, ...] | None = self.id.shape
        return found

    @property
    def ndim(self) -> int:
        return len(self.shape or ())

    @cached_property
    def dtype(self) -> np.dtype:
        found: np.dtype = self.id.dtype
        return found

    @cached_property
    def _of_h5py(self) -> h5py.Dataset:
        return h5py.Dataset(self.id, readonly=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of_h5py, name)

    def __getitem__(self, key: Any) -> Any:
        return self._of_h5py[key]

    def __len__(self) -> int:
        return len(self._of_h5py)


def dataset(group: h5py.Group, name: str) -> Dataset | h5py.Dataset | None:
    """Return a dataset of a group as `item` does, in a quarter of its time; None if there is none."""
    try:
        return Dataset(h5py.h5d.open(group.id, name.encode()))
    except Exception:
        found = item(group, name)
        return found if isinstance(found, h5py.Dataset) else None


def group_at(file: h5py.File, path: str) -> Any:
    """Return what stands at a path in a file as h5py does, a group in half its time. Raises KeyError."""
    found = h5py.h5o.open(file.id, path.encode())
    return h5py.Group(found) if isinstance(found, h5py.h5g.GroupID) else file[path]


def scalar(data: Dataset | h5py.Dataset) -> Any:
    """Return the one number that stands in a dataset as h5py does, in half its time."""
    if data.shape != () or data.dtype.kind not in "fiu":
        return data[()]
    value = np.empty((), data.dtype)
    data.id.read(h5py.h5s.ALL, h5py.h5s.ALL, value)
    return value[()]
