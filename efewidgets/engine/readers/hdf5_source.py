"""What HDF5 reads a file from: the disk, or a server, piece by piece."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .. import remote

#: How h5py opens files on disk (True; network file systems often know no locks, and reading needs none) and others
HOW: dict[bool, dict[str, Any]] = {True: {"locking": "best-effort"}, False: {}}


def source_of(path: str) -> AbstractContextManager[Any]:
    """Return what h5py takes for a file: its path, or an open file if it is elsewhere.

    Raises
    ------
    ReadError
        If that can't be had; at the end of the block too, whatever was made of a failure meanwhile.
    """
    return remote.open_in_ranges(path) if remote.is_url(path) else nullcontext(path)
