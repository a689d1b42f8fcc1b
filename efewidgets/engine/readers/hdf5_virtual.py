"""Data sets that are put together from others: HDF5 follows one that leads back to itself until it crashes."""

from __future__ import annotations

import os

import h5py

from ..problems import ReadError
from .vouched import vouch_for

_DEEPEST = 8

Place = tuple[str, str]


def check_virtual(data: h5py.Dataset) -> None:
    """Raise ReadError if the sources of a virtual data set, and theirs, lead back to it, or go on too long."""
    path = os.path.realpath(data.file.filename)
    _follow(data.file, path, data.name, (), data.name)


def _follow(file: h5py.File, path: str, name: str, above: tuple[Place, ...], first: str) -> None:
    here = (path, "/" + name.strip("/"))
    if here in above:
        raise ReadError(
            f"{first} is put together from other data, which lead back to itself: it holds no samples."
        )
    if len(above) == _DEEPEST:
        raise ReadError(
            f"{first} is put together from data that are so themselves, more than {_DEEPEST} times."
        )
    found = file.get(name)
    if not isinstance(found, h5py.Dataset) or not found.is_virtual:
        return
    for source in found.virtual_sources():
        if source.file_name == ".":
            _follow(file, path, source.dset_name, (*above, here), first)
        elif other := _existing(source.file_name, os.path.dirname(path)):
            vouch_for(other)
            with h5py.File(other, "r", locking="best-effort") as opened:
                _follow(opened, other, source.dset_name, (*above, here), first)


def _existing(name: str, folder: str) -> str | None:
    """Return the file that HDF5 takes for a source, if there is one."""
    places = (os.path.join(folder, name), os.path.join(folder, os.path.basename(name)), name)
    return next((os.path.realpath(place) for place in places if os.path.isfile(place)), None)
