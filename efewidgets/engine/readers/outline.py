"""What a library finds in a file, as plain data: its sweeps, and which channels each of them has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """One channel of one sweep; `step` is in `t_unit`, `place` is what its reader finds the samples by."""

    name: str
    unit: str
    n: int
    step: float
    t_unit: str = "s"
    place: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Episode:
    """One sweep; `cell` is whose it is, where a file says so by folders or names and not by channels."""

    label: str
    parts: tuple[Part, ...]
    cell: str = ""


@dataclass(frozen=True)
class Outline:
    """All of a file but its samples.

    Parameters
    ----------
    dialect : str
        Version, "" if there is only one.
    episodes : tuple of Episode
    protocol : str or None
        What the file says it was recorded with.
    lost : tuple of (label, reason)
        What looks like a sweep, but is none.
    remarks : tuple of (label, words)
        What a person should know of a sweep.
    notes : tuple of str
        What a person should know of the file.
    """

    dialect: str
    episodes: tuple[Episode, ...]
    protocol: str | None = None
    lost: tuple[tuple[str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
