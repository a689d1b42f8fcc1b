"""What is told of a sweep in a list of sweeps, column by column; by that they are sorted and filtered."""

from __future__ import annotations

import math
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...engine.figures.sweeps import amplitude
from ...engine.recordings.metadata import timing_keys
from ...engine.stages.notes import PLAIN, tags_of
from ...state import ExtractionState, Inputs, Results
from ...state.results.members import Member
from ..parts.table_list import asked

#: What a person decided of a sweep, or should: sign and word
EXCLUDED, ACCEPTED, TO_CHECK, BY_HAND = "✗ excluded", "✓ accepted", "! to check", "✎ by hand"

Told = float | str | None


def by_amplitude(member: Member) -> float:
    """Return by what the sweeps of a protocol are sorted: the amplitude, where one is known."""
    known = None if member.lost else amplitude(member.recording)
    return math.inf if known is None else known


def excluded(state: ExtractionState, identity: str) -> str | None:
    """Return why a recording is left out, as it was decided just now."""
    return _said_against(state.inputs, identity)


def left_out(state: ExtractionState, member: Member) -> str | None:
    """Return why a recording is not used: as a person decided it just now, or since it is there twice."""
    return _left_out(state.inputs, member)


def _said_against(inputs: Inputs, identity: str) -> str | None:
    file, _, label = identity.partition("/")
    cell = inputs.cell_of_file.get(file)
    return None if cell is None else cell.by_id[file].excluded.get(label)


def _left_out(inputs: Inputs, member: Member) -> str | None:
    by_hand = member.file.excluded.get(str(member.recording.label))  # when the results were computed
    return _said_against(inputs, member.id) or (member.excluded if member.excluded != by_hand else None)


def by_hand(inputs: Inputs, identity: str) -> dict[str, float]:
    """Return what a person set of when the stimulus of a recording is: ms, or numbers of something."""
    file, _, label = identity.partition("/")
    cell = inputs.cell_of_file.get(file)
    if cell is None:
        return {}
    own = cell.by_id[file].recipe.sweeps.get(label)
    if not own:
        return {}
    return {name: float(own[name]) for name in timing_keys() if own.get(name) is not None}


# --- what stands in the columns


def relative(results: Results, member: Member) -> float | None:
    """Return the amplitude in % of the cell's rheobase; None where either isn't known."""
    amp, rheobase = by_amplitude(member), results.get("threshold", member.cell)
    if not rheobase or not math.isfinite(amp) or member.recording.target_amplitude != "amp":
        return None
    return 100.0 * amp / float(rheobase)


def spikes(results: Results, member: Member) -> int | None:
    """Return how many spikes a sweep has; None where no stimulus was found."""
    return None if member.lost else member.recording.spikecount


def standing(inputs: Inputs, member: Member) -> str:
    """Return what was decided of a sweep, or should be, in words."""
    why = _left_out(inputs, member)
    if why is not None:
        return f"{EXCLUDED}: {why}"
    said = ACCEPTED if member.id in inputs.accepted else TO_CHECK if member.doubtful else ""
    own = BY_HAND if by_hand(inputs, member.id) else ""
    return ", ".join(filter(None, (said, own)))


def tags(inputs: Inputs, member: Member) -> str:
    """Return the tags of a sweep and of its cell, e.g. "drug: TTX, checked"."""
    return tags_in_words(tags_of(inputs, member.cell, member.id))


def tags_in_words(tags: Mapping[str, str]) -> str:
    """Return tags in one line."""
    return ", ".join(key if value == PLAIN else f"{key}: {value}" for key, value in tags.items())


def file_name(member: Member) -> str:
    """Return the name of the file with the voltage."""
    return pathlib.Path(member.recording.file).name


#: Of each column but the first what stands in it, amplitudes in nA
COLUMNS: dict[str, Callable[[Results, Member], Told]] = {
    "amplitude": lambda results, member: None if math.isinf(by := by_amplitude(member)) else by,
    "relative": relative,
    "spikes": spikes,
    "state": lambda results, member: standing(results.inputs, member),
    "tags": lambda results, member: tags(results.inputs, member),
    "file": lambda results, member: file_name(member),
    "sweep": lambda results, member: str(member.recording.label),
}

#: The first column: the number of a sweep in the order in which files and their sweeps stand
ACQUIRED = "acquired"


def in_order(results: Results, members: Iterable[Member], order: str) -> list[Member]:
    """Return sweeps in an order: a column's name, "-" before it for the largest first; those that tell nothing last."""
    found, column = list(members), order.removeprefix("-")
    down = order.startswith("-")
    if column == ACQUIRED:
        return found[::-1] if down else found
    told = [(COLUMNS[column](results, member), n) for n, member in enumerate(found)]
    known = sorted((_key(value), n if not down else -n) for value, n in told if value not in (None, ""))
    rest = [found[n] for value, n in told if value in (None, "")]
    return [found[abs(n)] for _, n in (reversed(known) if down else known)] + rest


def by_numbers(text: str) -> tuple[Any, ...]:
    """Return by what people sort texts: numbers in them by size."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _key(value: Any) -> tuple[Any, ...]:
    return (1, *by_numbers(value)) if isinstance(value, str) else (0, value)


def fits(results: Results, member: Member, number: int, filters: Mapping[str, str], factor: float) -> bool:
    """Whether a sweep is one of those that a person asks for.

    Parameters
    ----------
    number : int
        Its number in the order of acquisition.
    filters : dict of str
        What is asked for, by the columns' names.
    factor : float
        Of the unit in which amplitudes are told to nA.
    """
    return all(asked(_told(results, member, number, name, factor), text) for name, text in filters.items())


def _told(results: Results, member: Member, number: int, column: str, factor: float) -> Told:
    if column == ACQUIRED:
        return number
    value = COLUMNS[column](results, member) if column in COLUMNS else None
    in_current = column == "amplitude" and member.recording.target_amplitude != "delta"
    return value * factor if in_current and isinstance(value, float) else value
