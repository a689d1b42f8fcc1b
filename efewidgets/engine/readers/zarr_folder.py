"""NWB in Zarr (version 2, as hdmf-zarr writes it): a folder, shown to our NWB reader as an HDF5 file in memory.

Groups, attributes, tables and links are copied; of series only the shape, until their samples are asked for. References
are stored as Python pickles there, which may run anything when they are loaded: here they are taken apart by a reader
of pickles that knows lists, numbers and texts only.
"""

from __future__ import annotations

import bz2
import importlib
import io
import json
import lzma
import math
import os
import pickle
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, product
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from ..guard import may_open
from ..problems import ReadError
from .extras import need

_MOST_BYTES = 1 << 31  # of one array
_MOST_OBJECTS = 200_000
_LAZY = "data"  # the samples of a series
_INTERNAL = ("zarr_dtype", "_ARRAY_DIMENSIONS", "zarr_link", ".specloc")
_REFERENCE = np.dtype([("idx_start", "i4"), ("count", "i4"), ("timeseries", h5py.ref_dtype)])
_TEXT = h5py.string_dtype()
_IN_PYTHON = {"zlib": zlib.decompress, "gzip": lambda raw: zlib.decompress(raw, 31), "bz2": bz2.decompress,
              "lzma": lzma.decompress}  # fmt: skip
_names = count()
# Series of open folders whose samples weren't copied: by the name of the file in memory and the place in it.
_lazy: dict[str, dict[int, tuple[Folder, str]]] = {}


def lazy_samples(dataset: h5py.Dataset, window: tuple[int, int] | None) -> np.ndarray | None:
    """Return samples that were left in their folder, None if a dataset isn't of one."""
    there = _lazy.get(dataset.file.filename) if _lazy else None
    found = there.get(h5py.h5o.get_info(dataset.id).addr) if there else None
    return None if found is None else found[0].numbers(found[1], window).reshape(-1)


class Folder:
    """A Zarr group in a folder. Raises ReadError if it can't be read."""

    def __init__(self, path: str):
        self.path, self.name = path, os.path.basename(os.path.normpath(path))
        self.root = os.path.realpath(path)
        self.lazy: dict[int, tuple[Folder, str]] = {}
        if not os.path.isfile(os.path.join(path, ".zgroup")):
            raise ReadError(
                f"{self.name} is written in version 3 of Zarr, which isn't read: only version 2 is."
            )

    @contextmanager
    def opened(self) -> Iterator[h5py.File]:
        """Yield it as an HDF5 file in memory."""
        in_memory = f"zarr {next(_names)}"
        with h5py.File(in_memory, "w", driver="core", backing_store=False) as file:
            _lazy[in_memory] = self.lazy = {}
            links: list[tuple[str, str, str]] = []
            references: list[tuple[str, list[Any], bool]] = []
            self._copy("", file, links, references)
            for place, name, target in links:
                if name not in file[place]:
                    file[place][name] = h5py.SoftLink(target)
            for place, rows, compound in references:
                _write_references(file, place, rows, compound)
            try:
                yield file
            finally:
                del _lazy[in_memory]

    def _inside(self, *parts: str) -> str:
        """Return the path of a member. Raises ReadError if a link leads out of the folder."""
        path = os.path.realpath(os.path.join(self.root, *parts))
        if path != self.root and not path.startswith(self.root + os.sep):
            raise ReadError(f"{self.name}: {'/'.join(parts)} lies outside of the folder.")
        may_open(path)
        return path

    def _json(self, *parts: str) -> dict[str, Any]:
        path = self._inside(*parts)
        if not os.path.isfile(path):
            return {}
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ReadError(f"{self.name} is damaged: {'/'.join(parts)} can't be read ({error}).") from error
        return found if isinstance(found, dict) else {}

    def _copy(self, place: str, group: h5py.Group, links: list[Any], references: list[Any]) -> None:
        attrs = self._json(place, ".zattrs")
        _set_attributes(group, attrs)
        for link in attrs.get("zarr_link") or []:
            if isinstance(link, dict) and all(isinstance(link.get(key), str) for key in ("name", "path")):
                here = link.get("source", ".") in (".", "", None)
                links.append(
                    (group.name, link["name"], link["path"] if here else f"{link['source']}:{link['path']}")
                )
        for name in sorted(os.listdir(self._inside(place))):
            inner = f"{place}/{name}" if place else name
            where = self._inside(inner)
            if not os.path.isdir(where):
                continue
            if os.path.isfile(os.path.join(where, ".zgroup")):
                if name != "specifications":
                    self._copy(inner, group.create_group(name), links, references)
            elif os.path.isfile(os.path.join(where, ".zarray")):
                self._copy_array(inner, name, group, references)

    def _copy_array(self, place: str, name: str, group: h5py.Group, references: list[Any]) -> None:
        about, attrs = _Array(self._json(place, ".zarray"), self.name, place), self._json(place, ".zattrs")
        if about.is_numbers and name == _LAZY:
            made = group.create_dataset(
                name, about.shape, about.dtype, chunks=about.chunks if about.size else None
            )
            self.lazy[h5py.h5o.get_info(made.id).addr] = self, place
        elif about.is_numbers:
            values = self.numbers(place)
            made = group.create_dataset(
                name, data=values[0] if attrs.get("zarr_dtype") == "scalar" else values
            )
        elif about.codec == "vlen-utf8":
            words = self._objects(about, place, _texts)
            scalar = attrs.get("zarr_dtype") == "scalar" and len(words) == 1
            made = group.create_dataset(
                name, data=words[0] if scalar else np.array(words, object), dtype=_TEXT
            )
        elif about.codec in ("pickle", "json2"):
            rows = self._objects(about, place, _unpickled if about.codec == "pickle" else json.loads)
            references.append((f"{group.name}/{name}", rows, about.dtype.names is not None))
            return
        else:
            return  # nothing that a recording needs
        _set_attributes(made, attrs)

    def numbers(self, place: str, window: tuple[int, int] | None = None) -> np.ndarray:
        """Return the numbers of an array, those of a window (first sample, number) if it has one axis."""
        about = _Array(self._json(place, ".zarray"), self.name, place)
        first, n = window or (0, about.shape[0] if about.shape else 1)
        if not 0 <= first <= first + n <= (about.shape[0] if about.shape else 1):
            raise ReadError(
                f"samples {first} to {first + n} of {place} were asked for, but it has {about.shape}."
            )
        if about.size == 0 or len(about.shape) != 1:
            return self._fill(about, place, np.full(about.shape, about.fill, about.dtype))
        each = about.chunks[0]
        parts = []
        for k in range(first // each, -(-(first + n) // each) if n else 0):
            chunk = self._chunk(about, place, (k,))
            parts.append(np.full(each, about.fill, about.dtype) if chunk is None else chunk.reshape(-1))
        start = first - (first // each) * each
        return np.concatenate(parts)[start : start + n] if parts else np.empty(0, about.dtype)

    def _fill(self, about: _Array, place: str, found: np.ndarray) -> np.ndarray:
        for at in product(*(range(-(-n // c)) for n, c in zip(about.shape, about.chunks, strict=True))):
            chunk = self._chunk(about, place, at)
            if chunk is None:
                continue
            axes = zip(at, about.chunks, about.shape, strict=True)
            slices = tuple(slice(k * c, min((k + 1) * c, n)) for k, c, n in axes)
            found[slices] = chunk[tuple(slice(0, s.stop - s.start) for s in slices)]
        return found

    def _chunk(self, about: _Array, place: str, at: tuple[int, ...]) -> np.ndarray | None:
        raw = self._raw(about, place, at)
        if raw is None:
            return None
        wanted = math.prod(about.chunks) * about.dtype.itemsize
        if len(raw) != wanted:
            raise ReadError(
                f"{self.name} is damaged: a chunk of {place} has {len(raw)} bytes instead of {wanted}."
            )
        flat: np.ndarray = np.frombuffer(raw, about.dtype)
        return flat.reshape(about.chunks, order=about.order)

    def _raw(self, about: _Array, place: str, at: tuple[int, ...]) -> bytes | None:
        path = self._inside(place, about.separator.join(map(str, at)) or "0")
        if not os.path.isfile(path):
            return None
        raw = Path(path).read_bytes()
        return about.decompressed(raw, path)

    def _objects(self, about: _Array, place: str, decode: Any) -> list[Any]:
        """Return what an array of objects holds: one chunk, as tables are written."""
        if about.size > _MOST_OBJECTS or len(about.shape) > 1:
            raise ReadError(f"{self.name}: {place} has the shape {about.shape}, too large for a table.")
        found: list[Any] = []
        for k in range(-(-about.size // max(about.chunks[0] if about.chunks else 1, 1))):
            raw = self._raw(about, place, (k,) if about.shape else ())
            try:
                found += list(decode(raw)) if raw is not None else []
            except (ReadError, MemoryError):
                raise
            except Exception as error:
                raise ReadError(f"{self.name} is damaged: {place} can't be decoded ({error}).") from error
        return found[: about.size]


class _Array:
    """What .zarray says of an array. Raises ReadError if it can't be."""

    def __init__(self, about: dict[str, Any], file: str, place: str):
        self.file, self.place = file, place
        try:
            self.shape = tuple(int(n) for n in about["shape"])
            self.chunks = tuple(int(n) for n in about["chunks"])
            stored = about["dtype"]
            self.dtype = np.dtype([tuple(one) for one in stored] if isinstance(stored, list) else stored)
            self.order: Literal["C", "F"] = "F" if about.get("order") == "F" else "C"
            filters = about.get("filters") or []
            self.codec = str(filters[-1]["id"]) if filters else ""
            self.filters = [str(one["id"]) for one in filters]
            self.compressor = (about.get("compressor") or {}).get("id")
            self.separator = str(about.get("dimension_separator", "."))
            fill = about.get("fill_value")
            self.fill = (
                float(fill or 0) if self.dtype.kind == "f" else int(fill) if isinstance(fill, int) else 0
            )
            self.size = math.prod(self.shape)
            sound = len(self.chunks) == len(self.shape) and min((*self.chunks, 1)) > 0 <= min(
                (*self.shape, 0)
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ReadError(f"{file} is damaged: what {place} is can't be read ({error!r}).") from error
        item = max(self.dtype.itemsize, 1)
        if not sound or self.size * item > _MOST_BYTES or math.prod(self.chunks) * item > _MOST_BYTES:
            raise ReadError(
                f"{file} is damaged: {place} claims the shape {self.shape} in chunks of {self.chunks}."
            )

    @property
    def is_numbers(self) -> bool:
        """Whether it holds plain numbers."""
        return self.dtype.kind in "fiub" and self.dtype.names is None and not self.filters

    def decompressed(self, raw: bytes, path: str) -> bytes:
        """Return the bytes of a chunk. Raises ReadError."""
        if self.compressor is None:
            return raw
        if self.compressor not in _IN_PYTHON:
            need("numcodecs", self.file, f"NWB in Zarr, compressed with {self.compressor}", "zarr")
        try:
            if self.compressor in _IN_PYTHON:
                return _IN_PYTHON[self.compressor](raw)
            numcodecs = importlib.import_module("numcodecs")
            if self.compressor == "blosc" and int.from_bytes(raw[12:16], "little") != len(raw):
                raise ReadError("its length isn't what it says")
            return bytes(numcodecs.get_codec({"id": self.compressor}).decode(raw))
        except Exception as error:
            words = f"{self.file} is damaged: a chunk of {self.place} can't be decoded ({error})."
            raise ReadError(words) from error


def _set_attributes(place: h5py.HLObject, attrs: dict[str, Any]) -> None:
    for name, value in attrs.items():
        plain = isinstance(value, (str, bool, int, float)) or (
            isinstance(value, list) and value and all(isinstance(one, type(value[0])) for one in value)
            and isinstance(value[0], (str, int, float))
        )  # fmt: skip
        if name not in _INTERNAL and plain:
            try:
                place.attrs[name] = value
            except (TypeError, ValueError, OSError, OverflowError):
                continue


def _write_references(file: h5py.File, place: str, rows: list[Any], compound: bool) -> None:
    """Write a column of references: to series with their windows, or to objects."""
    if compound:
        values = np.zeros(len(rows), _REFERENCE)
        for k, row in enumerate(rows):
            first, n, target = row
            values[k] = (int(first), int(n), _target(file, target))
        file.create_dataset(place, data=values)
        return
    if rows and all(isinstance(row, dict) for row in rows):
        data = np.empty(len(rows), h5py.ref_dtype)
        for k, row in enumerate(rows):
            data[k] = _target(file, row)
        file.create_dataset(place, data=data, dtype=h5py.ref_dtype)


def _target(file: h5py.File, reference: Any) -> h5py.Reference | None:
    path = (
        reference.get("path") if isinstance(reference, dict) and reference.get("source", ".") == "." else None
    )
    found = file.get(path) if isinstance(path, str) else None
    return found.ref if found is not None else h5py.Reference()


def _texts(raw: bytes) -> list[str]:
    """Return the texts of an array: their number, then each with its length (numcodecs' vlen-utf8)."""
    n, at, found = int.from_bytes(raw[:4], "little"), 4, []
    for _ in range(n):
        size = int.from_bytes(raw[at : at + 4], "little")
        if at + 4 + size > len(raw):
            raise ReadError("a text is longer than its chunk.")
        found.append(raw[at + 4 : at + 4 + size].decode("utf-8", errors="replace"))
        at += 4 + size
    return found


class _Kept:
    """What stands for numpy's arrays and types in a pickle: keeps what it is given, and does nothing."""

    def __init__(self, *args: Any):
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _References(pickle.Unpickler):
    """Loads a pickle of references; whatever else it asks for isn't loaded."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.split(".")[0], name) in (
            ("numpy", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
        ):
            return _Kept
        if (module, name) == ("hdmf_zarr.utils", "ZarrReference"):
            return dict
        raise ReadError(f"it asks for {module}.{name}, which isn't loaded from files.")


def _unpickled(raw: bytes) -> list[Any]:
    found = _References(io.BytesIO(raw)).load()
    rows = found.state[-1] if isinstance(found, _Kept) and isinstance(found.state, tuple) else found
    if not isinstance(rows, list):
        raise ReadError("it holds no list of references.")
    return rows
