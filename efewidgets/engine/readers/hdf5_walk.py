"""Going through all of an HDF5 file, in a process that may be lost: what doesn't break there is read here."""

from __future__ import annotations

import contextlib
from typing import Any

import h5py

from ..apart import one_step
from .hdf5_source import HOW, source_of

# Their decoders are old and sound; samples in others are decoded once, to see.
_SOUND_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


def walk(path: str, limit: float) -> None:
    """Touch every object of a file, its attributes, where its samples are; what is damaged raises nothing.

    Other files that it draws on aren't opened. The limit (s of processor time) holds for each object.

    Raises
    ------
    ReadError
        If it is elsewhere, and can't be had.
    """
    with source_of(path) as source, contextlib.suppress(Exception):
        _visit(source, HOW[source is path], limit)  # what HDF5 notices here it will notice again


def _visit(source: Any, how: dict[str, Any], limit: float) -> None:
    with one_step(limit), h5py.File(source, "r", **how) as file:
        h5py.h5o.visit(file.id, lambda name, about: _touch(file, name, about, limit), info=True)


def _touch(file: h5py.File, name: bytes, about: h5py.h5o.ObjInfo, limit: float) -> None:
    with one_step(limit):
        try:
            if about.type == h5py.h5o.TYPE_DATASET:
                dataset = h5py.Dataset(h5py.h5d.open(file.id, name), readonly=True)
                _touch_samples(dataset)
                _touch_attributes(dataset)
            else:
                _touch_attributes(file[name])
        except Exception:
            return


def _touch_attributes(place: h5py.HLObject) -> None:
    for name in list(place.attrs):
        try:
            _ = place.attrs[name]
        except Exception:
            continue


def _touch_samples(dataset: h5py.Dataset) -> None:
    made = dataset.id.get_create_plist()
    if made.get_layout() == h5py.h5d.CHUNKED:
        dataset.id.get_num_chunks()
    filters = {made.get_filter(k)[0] for k in range(made.get_nfilters())}
    if made.get_layout() == h5py.h5d.VIRTUAL:
        if all(made.get_virtual_filename(k) == "." for k in range(made.get_virtual_count())):
            _ = dataset[(slice(0, 1),) * dataset.ndim]
    elif made.get_external_count() == 0 and (
        not filters <= _SOUND_FILTERS or dataset.dtype.kind not in "fiu"
    ):
        with one_step():
            _ = dataset[()]
