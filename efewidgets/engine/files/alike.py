"""Protocols whose names differ only in how they are written, as IDrest and IDRest do: they would not be pooled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Alike:
    """A name, and others that are most probably the same protocol.

    Parameters
    ----------
    name : str
        The one that most files have.
    others : tuple of str
    files : int
        How many files have one of the others.
    """

    name: str
    others: tuple[str, ...]
    files: int


def alike(protocols: Mapping[str, int]) -> list[Alike]:
    """Return names that differ by no more than case, spaces, underscores and hyphens.

    Parameters
    ----------
    protocols : dict of int
        How many files each protocol has.
    """
    found: dict[str, list[str]] = {}
    for name in protocols:
        found.setdefault(re.sub(r"[\s_-]+", "", name.casefold()), []).append(name)
    pooled = []
    for names in found.values():
        if len(names) > 1:
            first, *others = sorted(names, key=lambda name: -protocols[name])
            pooled.append(Alike(first, tuple(others), sum(protocols[name] for name in others)))
    return pooled
