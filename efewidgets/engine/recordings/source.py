"""Where the samples of a recording come from, so that they can be had again instead of kept in memory."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..problems import EfeError
from ..readers import read
from ..remote import absolute
from ..traces.trace import Trace, standardize
from .held import Place, held

_PATHS = ("filepath", "v_file", "i_file", "stimulus_file")


@dataclass(frozen=True, eq=False)
class Source:
    """One sweep of one file.

    Parameters
    ----------
    metadata : dict
        The recording's metadata, with absolute paths.
    reader : callable or None
        A lab's own reader, or None for the one that fits the file.
    index : int
        Which of the sweeps that the reader delivers.
    place : Place, optional
        Which process may hold the samples.
    """

    metadata: Mapping[str, Any]
    reader: Callable[..., Any] | None
    index: int
    place: Place | None = None

    @property
    def held(self) -> Trace | None:
        """The samples, if this process is the one that holds them."""
        return held(self.place, self.index)

    def load(self) -> Trace:
        """Read the sweep (again), if this process doesn't hold it; the last few are remembered."""
        trace = self.held
        return _load(self) if trace is None else trace


@lru_cache(maxsize=4)
def _load(source: Source) -> Trace:
    sweeps, problems = read(source.metadata, source.reader, only={source.index})
    sweep = sweeps[source.index] if source.index < len(sweeps) else None
    if sweep is None:
        reason = str(problems[0]) if problems else "the file has changed since it was read."
        raise EfeError(f"a recording can't be read again: {reason}")
    return standardize(source.metadata, sweep)


def reader_metadata(metadata: Mapping[str, Any], protocol_name: str) -> dict[str, Any]:
    """Copy what a person wrote about a file, with absolute paths and the protocol's name if it was left out."""
    found = copy.deepcopy(dict(metadata))
    found.setdefault("protocol_name", protocol_name)
    for key in _PATHS:
        if isinstance(found.get(key), (str, os.PathLike)):
            found[key] = absolute(found[key])
    return found


def files_of(metadata: Mapping[str, Any]) -> list[str]:
    """Name the files of a recording as a person wrote them: the file, or the current's and the voltage's."""
    keys = ("filepath",) if metadata.get("filepath") is not None else ("i_file", "v_file")
    paths = (metadata.get(key) for key in keys)
    return [os.fspath(path) for path in paths if isinstance(path, (str, os.PathLike))]


def sources(metadata: Mapping[str, Any], reader: Callable[..., Any] | None, count: int) -> Sequence[Source]:
    """Return the sources of the `count` sweeps of one file."""
    return [Source(metadata, reader, index) for index in range(count)]
