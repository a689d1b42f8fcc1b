"""Problems as text: what is alike told once, places in words, lines that fit."""

from __future__ import annotations

import os
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..engine.problems import Problem

_NUMBER = re.compile(r"[-−+]?\d[\d.,]*(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Group:
    """A message, and the places that it or one with other numbers is about."""

    message: str
    places: tuple[str, ...]


def grouped(problems: Iterable[Problem]) -> list[Group]:
    """Gather problems that say the same of several places; recordings of one protocol of one cell are one place."""
    messages: dict[str, list[str]] = {}
    places: dict[str, dict[str, Counter[str]]] = {}
    for problem in problems:
        kind = _NUMBER.sub("#", problem.message)
        messages.setdefault(kind, []).append(problem.message)
        recordings = places.setdefault(kind, {}).setdefault(_place_without_recording(problem), Counter())
        if problem.recording is not None:
            recordings[problem.recording] += 1
    found = []
    for kind, told in messages.items():
        others = len(set(told)) - 1
        told_of_others = f" (And {others} more like it, with other numbers.)" if others else ""
        texts = (_with_recordings(place, names) for place, names in places[kind].items())
        found.append(Group(told[0] + told_of_others, tuple(text for text in texts if text)))
    return found


def _place_without_recording(problem: Problem) -> str:
    protocol = problem.protocol if problem.target is None else None  # a target names its protocol
    parts = {"cell": problem.cell, "protocol": protocol, "target": problem.target}
    words = [f"{name} {value}" for name, value in parts.items() if value is not None]
    if problem.file is not None:
        words.append(_short_path(problem.file))
    return ", ".join(words)


def _with_recordings(place: str, recordings: Mapping[str, int]) -> str:
    if not recordings:
        return place
    count = sum(recordings.values())
    names = list(recordings)
    named = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    told = f"recording {named}" if count == 1 else f"{count} recordings: {named}"
    return f"{place}, {told}" if place else told


def _short_path(path: str) -> str:
    """Return a path as seen from the working directory, if that is shorter."""
    try:
        return min(path, os.path.relpath(path), key=len)
    except ValueError:  # another drive
        return path


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> str:
    """Wrap each line of a text; words are not broken, for paths shall be copied."""
    rest = first if rest is None else rest
    text = printable(text)
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(
            line,
            width,
            initial_indent=rest if lines else first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return a text in which nothing steers the terminal: names of cells and files are other people's."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text))
