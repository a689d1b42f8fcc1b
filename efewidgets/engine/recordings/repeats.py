"""The same recording twice under one protocol of one cell: by two paths, a link, a copy. It is told, and counted once.

What tells is the samples as the reader delivers them. Sweeps of one entry are never compared with each other, nor are
protocols: the same file under two protocols is how the protocols of one file are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problems import Problem
from .recording import Recording


def repeats(entries: Sequence[Sequence[Recording]]) -> dict[int, Recording]:
    """Return the recordings that were there before, by their serial numbers, and which one each is.

    Parameters
    ----------
    entries : list of list of Recording
        The recordings of one protocol of one cell, entry by entry of its list of files; those left out aren't among
        them.
    """
    seen: dict[tuple[Any, ...], Recording] = {}
    found: dict[int, Recording] = {}
    for entry in entries:
        own: dict[tuple[Any, ...], Recording] = {}
        for recording in entry:
            key = _key(recording)
            if key is None:
                continue
            if key in seen:
                found[recording.serial] = seen[key]
            else:
                own.setdefault(key, recording)
        seen |= own
    return found


def _key(recording: Recording) -> tuple[Any, ...] | None:
    """Return what two entries of one recording have in common; another stimulus in the same samples is another one."""
    if recording.fingerprint is None:
        return None
    names = (*recording.timings, *recording.amplitudes, "hypamp", "tend")
    return (
        recording.fingerprint,
        type(recording).__name__,
        tuple(repr(recording.config_data.get(name)) for name in names),
    )


def without_repeats(entries: Sequence[Sequence[Recording]]) -> tuple[list[Recording], list[Problem]]:
    """Return the recordings of one protocol of one cell, each once, and what there is to say; as `repeats`."""
    twice = repeats(entries)
    kept = [recording for entry in entries for recording in entry if recording.serial not in twice]
    if not twice:
        return kept, []
    problems = []
    for entry in entries:
        repeated = [recording for recording in entry if recording.serial in twice]
        for first in dict.fromkeys(_file(twice[recording.serial]) for recording in repeated):
            same = [recording for recording in repeated if _file(twice[recording.serial]) == first]
            problems.append(_problem(same, first))
    return kept, problems


def reason(first: Recording) -> str:
    """Say why a recording isn't used that is `first` once more."""
    return f"it is the same recording as {first.label or first.name} of {_file(first)}"


def _problem(same: Sequence[Recording], first: str) -> Problem:
    names = ", ".join(str(recording.label or recording.name) for recording in same[:4])
    more = ", …" if len(same) > 4 else ""
    what = "this sweep was" if len(same) == 1 else f"these {len(same)} sweeps were"
    return Problem(
        f"{what} read before, from {first}: the samples are the same ({names}{more}). Counted once; take one of the "
        "two entries out of the list of files.",
        "warning",
        "file",
        protocol=same[0].protocol_name,
        file=_file(same[0]),
    )


def _file(recording: Recording) -> str:
    return recording.file or "the same file"
