"""Finding the file that a recording's metadata names, and saying what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import remote
from ..guard import may_open
from ..problems import MissingFileError, ReadError, nearest
from ..systems.files import HELD, is_held
from ..systems.paths import too_long


def text_path(value: object, key: str) -> str:
    """Return a path as text, or raise ReadError if the metadata hold something else."""
    if isinstance(value, (str, os.PathLike)) and os.fspath(value):
        return str(os.fspath(value))
    raise ReadError(f"{key!r} in the metadata must be the path of a file, but is {value!r}.")


def main_path(metadata: Mapping[str, Any]) -> str:
    """Return the file that decides the format: ``filepath``, else ``v_file``."""
    for key in ("filepath", "v_file"):
        if metadata.get(key) is not None:
            return text_path(metadata[key], key)
    raise ReadError(
        "the metadata name no file. Give 'filepath', or 'v_file' and 'i_file' if each channel has its file."
    )


def existing_file(path: str) -> str:
    """Return `path` if it is a file with something in it, or a Zarr folder; else raise ReadError that says why not."""
    may_open(path)
    if remote.is_url(path):
        if remote.stamp(path).size == 0:
            raise ReadError(f"{path} is empty (0 bytes).")
        return path
    place = Path(path)
    name = place.name
    if place.is_dir():
        if is_zarr(place):
            return path
        raise ReadError(f"{name} is a folder, not a recording.")
    if not place.exists():
        raise MissingFileError(_missing(place))
    if not place.is_file():
        raise ReadError(f"{name} is a device, not a recording.")
    if place.stat().st_size == 0:
        raise ReadError(f"{name} is empty (0 bytes): was it copied whole?")
    try:
        _check_placeholder(place)
    except OSError as error:
        raise ReadError(f"{name} can't be read: {why_not_read(error, place)}.") from error
    return path


def why_not_read(error: OSError, path: str | os.PathLike[str]) -> str:
    """Return in words why a file can't be read: above all, that the program which records has it open still."""
    if is_held(error, path):
        return HELD
    return "you lack the permission" if isinstance(error, PermissionError) else error.strerror or str(error)


def is_zarr(path: str | os.PathLike[str]) -> bool:
    """Whether a folder is a Zarr group."""
    return any(os.path.isfile(os.path.join(path, name)) for name in (".zgroup", "zarr.json"))


#: How files begin that stand for a recording which is elsewhere, and what to do
_PLACEHOLDERS = (
    (
        b"version https://git-lfs.github.com/spec/",
        "is a Git LFS pointer, the recording itself wasn't downloaded. Run 'git lfs pull' in its folder",
    ),
    (
        b"/annex/objects/",
        "is a git-annex pointer, the recording itself wasn't downloaded. Run 'git annex get' (or 'datalad get')",
    ),
    (b"<!doctype html", "is a web page, not a recording: the download went wrong. Download it again"),
    (b"<html", "is a web page, not a recording: the download went wrong. Download it again"),
)


def _check_placeholder(place: Path) -> None:
    with open(place, "rb") as file:
        head = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for begin, words in _PLACEHOLDERS:
        if head.startswith(begin):
            raise ReadError(f"{place.name} {words}.")


def stored_numbers(path: str, dtype: np.dtype, count: int, offset: int) -> np.ndarray:
    """Return numbers as they are stored from a byte on, array (count,).

    They are read, not mapped: a map of a file that another program makes shorter takes this one down.

    Raises
    ------
    ReadError
        If the file ends before.
    """
    found = np.fromfile(path, dtype, count, offset=offset)
    if len(found) < count:
        name = os.path.basename(path)
        raise ReadError(f"{name} was cut short while it was read: is it still being written? Read it again.")
    return found


def _missing(place: Path) -> str:
    why = too_long(place)
    if why:
        return f"{place.name} can't be opened: {why}."
    if _ESCAPED & set(str(place)):  # "\t" and "\n" of C:\temp\new in JSON
        return (
            f"there is no file {str(place)!r}: its path holds a tab or a line break. In JSON write each backslash "
            "twice, or / instead."
        )
    return f"there is no file {place}.{_neighbour(place)}"


#: What JSON and Python make of a backslash and a letter
_ESCAPED = set("\a\b\f\n\r\t\v")


def _neighbour(place: Path) -> str:
    if not place.parent.is_dir():
        return f" The folder {place.parent} doesn't exist either."
    return nearest(place.name, os.listdir(place.parent)) or " Check the path, and what it is relative to."
