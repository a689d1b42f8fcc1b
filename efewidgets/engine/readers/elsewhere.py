"""Recordings that are elsewhere: NWB is read where it is, other formats by a copy that is fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .. import remote
from ..guard import may_open
from .registry import format_of

#: The formats of which only what is needed is fetched
IN_PIECES = ("NWB",)
_PATHS = ("filepath", "v_file", "i_file", "stimulus_file")


def copy_here(path: str, whole: bool = False) -> str:
    """Return the path by which a file is opened: its own, or that of a copy where it is elsewhere and needed whole.

    Raises
    ------
    ReadError
        If it can't be fetched.
    """
    if not remote.is_url(path):
        return path
    may_open(path)
    return path if not whole and format_of(path).name in IN_PIECES else remote.local_copy(path)


def with_copies_here(metadata: Mapping[str, Any], whole: bool = False) -> Mapping[str, Any]:
    """Return a recording's metadata with the paths by which its files are opened."""
    far = {
        key: metadata[key]
        for key in _PATHS
        if isinstance(metadata.get(key), (str, os.PathLike)) and remote.is_url(metadata[key])
    }
    if metadata.get("filepath") is not None:
        far.pop("v_file", None)  # it only names where the recording is from
    return (
        {**metadata, **{key: copy_here(str(path), whole) for key, path in far.items()}} if far else metadata
    )
