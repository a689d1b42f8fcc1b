"""What a person noted of cells and recordings: some words, and tags such as "genotype: WT"; no result depends on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..problems import EfeError
from .values import Frozen

if TYPE_CHECKING:
    from .inputs import Inputs

#: The entry that is the note itself; all others are tags
NOTE = "note"

#: The value of a tag that is there or not, such as "checked"
PLAIN = "yes"

#: Characters of a tag's name or value, and of a note
LONGEST, LONGEST_NOTE = 80, 2_000


def tags_of(inputs: Inputs, cell: str, recording: str | None = None) -> dict[str, str]:
    """Return the tags of a cell, or of one of its recordings: its own, and those of the cell that it doesn't replace.

    Parameters
    ----------
    inputs : Inputs
    cell : str
        The cell's name.
    recording : str, optional
        Id of the recording, ``file/sweep``.
    """
    found = dict(inputs.cell_notes.get(cell, {}))
    if recording is not None:
        found |= inputs.recording_notes.get(recording, {})
    return {key: value for key, value in found.items() if key != NOTE}


def tag_keys(inputs: Inputs) -> tuple[str, ...]:
    """Return the names of all tags, those of cells first, each in the order in which they were given first."""
    files = inputs.cell_of_file
    of_cells = (told for name, told in inputs.cell_notes.items() if name in inputs.by_name)
    of_recordings = (told for name, told in inputs.recording_notes.items() if name.partition("/")[0] in files)
    keys = (key for told in (*of_cells, *of_recordings) for key in told if key != NOTE)
    return tuple(dict.fromkeys(keys))


def changed(notes: Frozen, names: Iterable[str], told: Mapping[str, Any]) -> Frozen:
    """Return notes with something else told of some; the same object if that was told before.

    Parameters
    ----------
    notes : Frozen
        What is told of each, by name.
    names : list of str
    told : dict
        ``note``, and tags by their names; None takes one away, True stands for a tag without a value.

    Raises
    ------
    EfeError
        If something can't be a tag.
    """
    checked = {_key(key): _value(key, value) for key, value in told.items()}
    new: dict[str, Any] = dict(notes)
    for name in names:
        new[name] = Frozen(new.get(name)).changed(checked)
    found = Frozen({name: entry for name, entry in new.items() if entry})
    return notes if found == notes else found


def moved(notes: Frozen, names: Mapping[str, str | None]) -> Frozen:
    """Return notes of cells that have other names, or, with None, are gone; what the new one has of its own stays."""
    if not any(name in notes for name in names):
        return notes
    found: dict[str, Any] = {name: told for name, told in notes.items() if name not in names}
    for old, new in names.items():
        if old in notes and new is not None:
            found[new] = notes[old].changed(found.get(new, {}))
    return Frozen(found)


def parse_tag(text: str) -> tuple[str, str]:
    """Return name and value of a tag as a person types it: "genotype: WT", or "checked".

    Raises
    ------
    EfeError
        If it is none.
    """
    key, colon, value = text.partition(":")
    if colon and not value.strip():
        raise EfeError(
            f'say which {key.strip() or "tag"} it is, as in "genotype: WT", or leave out the colon.'
        )
    key = _key(key)
    if key == NOTE:
        raise EfeError('a tag can\'t be called "note": that is what the note itself is called.')
    return key, str(_value(key, value if colon else PLAIN))


def tag_in_words(key: str, value: str) -> str:
    """Return a tag as a person types it."""
    return key if value == PLAIN else f"{key}: {value}"


def in_order(values: Iterable[str]) -> list[str]:
    """Return the values of a tag, each once, as people sort them: P9 before P14."""
    return sorted(dict.fromkeys(values), key=_natural)


def _natural(text: str) -> list[tuple[bool, int, str]]:
    parts = re.split(r"([0-9]+)", text.casefold())
    return [
        (True, int(part), part) if part.isascii() and part.isdigit() else (False, 0, part) for part in parts
    ]


def _key(key: Any) -> str:
    """Return the name of a tag, or ``note``."""
    text = " ".join(str(key).split())
    if not text or ":" in text or len(text) > LONGEST:
        raise EfeError(
            f'a tag is a word or two such as "genotype: WT", with a name of up to {LONGEST} characters and no '
            f"colon in it; it can't be {text[:LONGEST]!r}."
        )
    if text.casefold() == NOTE and text != NOTE:
        raise EfeError('a tag can\'t be called "note": that is what the note itself is called.')
    return text


def _value(key: str, value: Any) -> str | None:
    """Return the value of a tag, or a note; None if it is taken away."""
    if value is None or value is False:
        return None
    if value is True:
        return PLAIN
    if not isinstance(value, (str, int, float)):
        raise EfeError(f"{key}: a tag's value is a word or a number, but this is {value!r}.")
    longest = LONGEST_NOTE if key == NOTE else LONGEST
    text = str(value).strip() if key == NOTE else " ".join(str(value).split())
    if len(text) > longest:
        raise EfeError(f"{key}: it has {len(text):,} characters; up to {longest:,} can be kept.")
    return text or None


Data = dict[str, Any]


def notes_as_data(inputs: Inputs, written: Callable[[str], Sequence[Any] | None]) -> Data:
    """Return all notes as plain data for a session's file.

    Parameters
    ----------
    inputs : Inputs
    written : callable
        Returns by what a recording is found again, which has no id in a file; None for one that is gone.
    """
    cells = {name: dict(told) for name, told in inputs.cell_notes.items() if name in inputs.by_name}
    placed = ((written(one), told) for one, told in inputs.recording_notes.items())
    recordings = [[*place, dict(told)] for place, told in placed if place is not None]
    both = {"cells": cells, "recordings": recordings}
    return {name: found for name, found in both.items() if found}


def notes_of(told: Any) -> Frozen | None:
    """Return what a file tells of a cell or a recording; None if nothing of it can be used."""
    entries = told.items() if isinstance(told, Mapping) else ()
    found = {}
    for key, value in entries:
        try:
            if _key(key) == key and isinstance(value, str) and (text := _value(key, value)) is not None:
                found[key] = text
        except EfeError:  # of another version, or by hand
            continue
    return Frozen(found) if found else None
