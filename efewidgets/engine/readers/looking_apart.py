"""Looking into a file in a process of its own, which may be lost: what a page does with whatever lies in a folder."""

from __future__ import annotations

import os

from ..apart import LostError, ask
from ..guard import guard_of_files
from ..problems import ReadError
from . import inspect
from .elsewhere import copy_here
from .files import existing_file
from .hdf5 import is_hdf5, open_file
from .inspection import FileSummary
from .registry import format_of
from .vouched import damaged, is_ours, vouch_for


def inspect_apart(path: str | os.PathLike[str]) -> FileSummary:
    """As `inspect`, but in a process that may be lost; a lab's own formats and our own files are looked into here."""
    path = os.fspath(path)
    if format_of(path).home is None or is_ours(path):
        return inspect(path)
    here = existing_file(copy_here(path))
    if not os.path.isdir(here) and is_hdf5(here):
        vouch_for(here)
        if guard_of_files() is not None:
            with open_file(here, format_of(path).name):
                pass  # the files that it draws on are looked at by the guard, which stands here
    try:
        found: FileSummary = ask("readers:inspect", here)
        return found.of(path)
    except LostError as error:
        raise ReadError(damaged(path, error)) from error
