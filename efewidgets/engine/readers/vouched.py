"""Files that HDF5 may be let loose on in this process: looked at byte by byte, or gone through by a process apart."""

from __future__ import annotations

import importlib
import os
import pathlib
from collections import OrderedDict
from typing import Any

from .. import apart, remote
from ..problems import ReadError
from .hdf5_soundness import is_sound

# Files are opened again sweep by sweep; each is looked at once, until it changes; "" if all is well.
_told: OrderedDict[tuple[Any, ...], str] = OrderedDict()
_MOST = 1_000
#: Looking through more bytes than this takes longer than starting a process
_LARGEST = 64_000_000
#: s of processor time for one object of a file, whose samples are left where they are
QUICK = 5.0
_always_apart = False
#: Files in it came with the code
_PACKAGE = os.path.join(pathlib.Path(__file__).resolve().parents[2], "")


def always_apart() -> None:
    """Have every file gone through by a process apart from now on: a page with a person's work must not be lost."""
    global _always_apart
    _always_apart = True


def is_ours(path: str) -> bool:
    """Whether a file came with this package, as the sample cells: it is as sound as the code, and needs no process."""
    return not remote.is_url(path) and os.path.realpath(path).startswith(_PACKAGE)


def stamp(path: str) -> tuple[Any, ...]:
    """Return what changes when a file does. Raises OSError, or ReadError, if it isn't there."""
    if remote.is_url(path):
        elsewhere = remote.stamp(path)
        return path, elsewhere.version, elsewhere.size, elsewhere.failures
    about = os.stat(path)
    return os.path.realpath(path), about.st_mtime_ns, about.st_size, about.st_ino


def vouch_for(path: str) -> None:
    """Make sure that HDF5 can be let loose on a file.

    Raises
    ------
    ReadError
        If it made HDF5 hang or crash.
    """
    if apart.is_apart():
        return
    try:
        key = stamp(path)
    except OSError:  # who opens it is told why
        return
    if key not in _told:
        far = remote.is_url(path) or key[2] > _LARGEST
        look_apart = not is_ours(path) and (_always_apart or far or not _looks_sound(path))
        _told[key] = _gone_through(path) if look_apart else ""
        if len(_told) > _MOST:
            _told.popitem(last=False)
    if _told[key]:
        raise ReadError(_told[key])


def _looks_sound(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return is_sound(file)
    except OSError:
        return True  # HDF5 can't open it either


def _gone_through(path: str) -> str:
    """Have a process apart go through a file; return why it isn't to be opened, "" if it may be."""
    try:
        apart.ask("readers.hdf5_walk:walk", path, QUICK)
    except apart.LostError as error:
        return damaged(path, error)
    return ""


def ask_about(path: str, function: str, *args: Any) -> Any:
    """Return what a function ("module:name" within `engine`) says of a file, as a process that may be lost has it.

    Raises
    ------
    ReadError
        If the process was lost, or whatever the function raised.
    """
    if apart.is_apart():
        module, name = function.split(":")
        package = __package__.rpartition(".")[0]
        return getattr(importlib.import_module(f"{package}.{module}"), name)(path, *args)
    try:
        return apart.ask(function, path, *args)
    except apart.LostError as error:
        raise ReadError(damaged(path, error)) from error


def damaged(path: str, error: apart.LostError) -> str:
    """Say that a file has cost a process."""
    return (
        f"{os.path.basename(path)} is damaged, in a way that the library which reads it doesn't survive: {error} "
        "Copy or export the file again."
    )
