"""Other files that an HDF5 file draws on: HDF5 opens them by itself, wherever they are."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import h5py

from ..guard import Guard
from ..problems import EfeError, ReadError
from .hdf5_source import HOW, source_of
from .vouched import stamp, vouch_for

# Files are opened again sweep by sweep; those that draw on no other file are looked through once.
_whole: OrderedDict[tuple[Any, ...], None] = OrderedDict()
_MOST = 1_000


def check_links(path: str, guard: Guard) -> None:
    """Have `guard` look at all files that an HDF5 file draws on, and at those that these draw on.

    Raises
    ------
    EfeError
        The guard's, or if it can't be told which files those are.
    """
    waiting, seen = [path], set()
    while waiting:
        file = os.path.realpath(waiting.pop())
        if file in seen or not os.path.isfile(file):
            continue
        seen.add(file)
        for name in _drawn_on(file):
            for place in _places(name, os.path.dirname(file)):
                try:
                    guard(place)
                except EfeError as error:
                    words = (
                        f"{os.path.basename(path)} draws on another file, which can't be had here: {error}"
                    )
                    raise ReadError(words) from error
                waiting.append(place)


def refuse_links(url: str) -> None:
    """Raise ReadError if a file elsewhere draws on others: HDF5 would look for them on this disk."""
    drawn = sorted(_drawn_on(url))
    if drawn:
        raise ReadError(
            f"{url} draws on other files ({', '.join(drawn[:3])}), which can't be had from afar: download them all."
        )


def _places(name: str, folder: str) -> list[str]:
    """Return where HDF5 looks for a file of this name that one in `folder` draws on."""
    if not name or "%" in name:  # stands for many files, in virtual datasets
        raise ReadError(f"it draws on other files, by the name {name!r}: these can't be had here.")
    return [os.path.join(folder, name), os.path.join(folder, os.path.basename(name)), os.path.abspath(name)]


def _drawn_on(path: str) -> set[str]:
    """Return the names of other files in external links, virtual datasets and external storage."""
    key = stamp(path)
    if key in _whole:
        return set()
    vouch_for(path)
    try:
        with source_of(path) as source, h5py.File(source, "r", **HOW[source is path]) as file:
            found = {*_in_links(file), *_in_datasets(file)}
    except ReadError:
        raise
    except OSError:
        return set()  # no HDF5 file: samples of another kind, or damaged, which is told when it is read
    if not found:
        _whole[key] = None
        if len(_whole) > _MOST:
            _whole.popitem(last=False)
    return found


def _in_links(file: h5py.File) -> Iterator[str]:
    links = file.id.links
    external: list[bytes] = []

    def seen(name: bytes, about: h5py.h5l.LinkInfo) -> None:
        if about.type == h5py.h5l.TYPE_EXTERNAL:
            external.append(name)
        elif about.type not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            raise ReadError(f"the link {name!r} is of a kind that isn't known.")

    links.visit(seen, info=True)
    yield from (os.fsdecode(links.get_val(name)[0]) for name in external)


def _in_datasets(file: h5py.File) -> Iterator[str]:
    drawn: list[str] = []

    def seen(name: bytes, about: h5py.h5o.ObjInfo) -> None:
        if about.type != h5py.h5o.TYPE_DATASET:
            return
        made = h5py.h5d.open(file.id, name).get_create_plist()
        drawn.extend(os.fsdecode(made.get_external(k)[0]) for k in range(made.get_external_count()))
        if made.get_layout() == h5py.h5d.VIRTUAL:
            names = (made.get_virtual_filename(k) for k in range(made.get_virtual_count()))
            drawn.extend(name for name in names if name != ".")

    h5py.h5o.visit(file.id, seen, info=True)
    yield from drawn
