"""HDF5 files that others wrote: links to nowhere, text of many kinds, datasets that claim what they lack."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np
from h5py._objects import phil

from .. import remote
from ..apart import one_step
from ..guard import guard_of_files
from ..problems import ReadError
from ..systems.files import HELD, is_held
from .chunks import read_chunks
from .hdf5_links import check_links, refuse_links
from .hdf5_members import text
from .hdf5_source import HOW, source_of
from .hdf5_virtual import check_virtual
from .inside import inside_hdf5, wait_for_others
from .vouched import vouch_for
from .zarr_folder import Folder, lazy_samples

# More than half an hour at 100 kHz: beyond it, a sweep is a mistake (or an attack on the memory).
MAX_SAMPLES = 200_000_000

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_USER_BLOCKS = 4096

atexit.register(wait_for_others, phil)  # after h5py's own, which are so called later


@contextmanager
def open_file(path: str, format_name: str) -> Iterator[h5py.File]:
    """Open a file for reading, or raise ReadError that says why it can't be."""
    if os.path.isdir(path):
        with inside_hdf5(), Folder(path).opened() as file:
            yield file
        return
    with inside_hdf5():
        vouch_for(path)
        guard = guard_of_files()
        if remote.is_url(path):
            refuse_links(path)
        elif guard is not None:
            check_links(path, guard)
        with source_of(path) as source:
            with one_step():
                file = _opened(source, path, format_name)
            with file:
                yield file


def is_hdf5(path: str) -> bool:
    """Whether a file begins as HDF5 files do, perhaps behind a block of somebody else's."""
    with source_of(path) as source:
        if source is path:
            with open(path, "rb") as file:
                start = file.read(_USER_BLOCKS + 8)
        else:
            start = source.read(_USER_BLOCKS + 8)
    return any(start[at:].startswith(_SIGNATURE) for at in (0, 512, 1024, 2048, _USER_BLOCKS))


def _opened(source: Any, path: str, format_name: str) -> h5py.File:
    name = os.path.basename(path)
    try:
        return h5py.File(source, "r", **HOW[source is path])
    except OSError as error:
        words = str(error)
        if is_held(error, path):
            raise ReadError(f"{name} can't be read: {HELD}.") from error
        if "truncated" in words:
            reason = "it was cut short. Copy it again"
        elif "signature" in words:
            reason = "its contents are something else"
        else:
            reason = words
        raise ReadError(f"{name} isn't a whole {format_name} (HDF5) file: {reason}.") from error


def check_dataset(data: h5py.Dataset, columns: int = 1, properties: Any = None) -> None:
    """Raise ReadError if a dataset can't be a sweep: no numbers, other columns, more claimed than stored.

    `properties` are those with which it was made, if they are at hand.
    """
    properties = data.id.get_create_plist() if properties is None else properties
    n = check_shape(data, columns, properties)
    stored = _stored_samples(data, n)
    if stored < n:
        raise ReadError(
            f"{data.name} claims {n} samples, but only {stored} are in the file: damaged, or never filled."
        )
    _check_filters(data, properties)
    _check_length(data, n)


def check_shape(data: h5py.Dataset, columns: int, properties: Any) -> int:
    """Return how many samples a dataset claims; raise ReadError if it holds no numbers, or other columns."""
    if data.shape is None or data.dtype.kind not in "fiu":
        what = "nothing" if data.shape is None else "text or records"
        raise ReadError(f"{data.name} holds {what}, not numbers.")
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        check_virtual(data)
    if not (data.ndim == 2 and columns in data.shape) and not (data.ndim == columns == 1):
        raise ReadError(
            f"{data.name} has the shape {data.shape}: expected one row of samples. Split the channels first."
        )
    return math.prod(data.shape)


def _check_length(data: h5py.Dataset, n: int) -> None:
    if n > MAX_SAMPLES:
        raise ReadError(f"{data.name} has {n} samples; no more than {MAX_SAMPLES} are read as one sweep.")


#: Compressions that HDF5 has only with a plug-in, by their registered numbers
_FILTERS = {
    307: "bzip2",
    32000: "LZF",
    32001: "Blosc",
    32004: "LZ4",
    32008: "bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32017: "SZ",
    32026: "Blosc 2",
}


def _check_filters(data: h5py.Dataset, properties: Any) -> None:
    """Raise ReadError if samples were compressed in a way that this HDF5 doesn't know; the file is whole then."""
    for k in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(k)
        if not _available(code):
            known = _FILTERS.get(code) or text(name) or "an unknown method"
            raise ReadError(
                f"{data.name} is compressed with {known} (HDF5 filter {code}), which isn't installed here. "
                "Install the package 'hdf5plugin', or save the file again with gzip."
            )


def _available(code: int) -> bool:
    """Whether HDF5 has a filter, if need be after it was given those of the package `hdf5plugin`."""
    if not h5py.h5z.filter_avail(code):
        with contextlib.suppress(ImportError):
            importlib.import_module("hdf5plugin")
    return bool(h5py.h5z.filter_avail(code))


def _stored_samples(data: h5py.Dataset, n: int) -> int:
    """Return how many of the `n` samples that a dataset claims can be in the file."""
    if n == 0 or data.is_virtual or data.external:
        return n
    if data.chunks is None:
        return min(n, data.id.get_storage_size() // data.dtype.itemsize)
    per_chunk = math.prod(data.chunks)
    return min(n, data.id.get_num_chunks() * per_chunk)


def read_samples(dataset: h5py.Dataset, window: tuple[int, int] | None = None) -> np.ndarray:
    """Return the stored numbers of a dataset as they are, array (n,).

    `window` is (first sample, number of samples); None reads all. Raises ReadError if they can't be had.
    """
    elsewhere = lazy_samples(dataset, window)
    if elsewhere is not None:
        return elsewhere
    properties = dataset.id.get_create_plist()
    n = check_shape(dataset, 1, properties)
    if window is None and n <= MAX_SAMPLES:  # all chunks are there, if all can be decompressed
        quickly = read_chunks(dataset, 0, n, properties)
        if quickly is not None:
            return quickly
    check_dataset(dataset, properties=properties)
    first, count = window or (0, n)
    if not 0 <= first <= first + count <= n:
        raise ReadError(
            f"samples {first} to {first + count} of {dataset.name} were asked for, but it has {n}."
        )
    quickly = read_chunks(dataset, first, count, properties) if window is not None else None
    if quickly is not None:
        return quickly
    if dataset.ndim == 1 and count < dataset.size:
        values, source = np.empty(count, dataset.dtype), np.s_[first : first + count]
        first = 0
    else:
        values, source = np.empty(dataset.shape, dataset.dtype), None
    if values.size:
        try:
            dataset.read_direct(values, source)
        except OSError as error:
            raise ReadError(f"{dataset.name} can't be decoded: the file is damaged ({error}).") from error
    return values.ravel()[first : first + count]
