"""Sweeps in words: their rows in the list, the facts about one, and what is to be doubted about it."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

from ...engine.figures.style import counted, number
from ...engine.figures.sweeps import amplitude
from ...state import ExtractionState, Results
from ...state.results.currents import CurrentUnit, current_unit
from ...state.results.members import Member
from ..actions.listing import by_amplitude, by_hand, file_name, left_out, relative, spikes, standing, tags
from ..files.words import for_people
from ..parts.html import plain
from .colours import UNUSED, bar
from .drawn import threshold_of
from .samples import Samples
from .timing import FROM

#: Rows of the list, at most
MOST_ROWS = 1000


@dataclass(frozen=True)
class Row:
    """A sweep in the list beside the traces, and on the contact sheet.

    Parameters
    ----------
    id : str
    label, detail : str
        What it is called on the sheet, and its name without what all names begin with.
    colour : str
        That of its trace.
    faint : bool
        Whether it isn't used.
    hint, mark : str
        Cell, protocol and name; the sign of what was decided of it.
    number : int
        In the order of acquisition.
    amplitude : float, str or None
        In the unit of the list, or with its own.
    relative : float or None
        Amplitude in % of rheobase.
    spikes : int or None
    state, tags, file : str
    """

    id: str
    label: str
    detail: str
    colour: str
    faint: bool
    hint: str
    mark: str = ""
    number: int = 0
    amplitude: float | str | None = None
    relative: float | None = None
    spikes: int | None = None
    state: str = ""
    tags: str = ""
    file: str = ""


def names_of(members: Sequence[Member]) -> list[str]:
    """Return the sweeps' names, with their files' where that alone tells them apart; without what all begin with."""
    names = [plain(member.recording.label) for member in members]
    if len(set(names)) < len(names):
        names = [f"{_file(member)} {name}" for member, name in zip(members, names, strict=True)]
    first, last = min(names), max(names)
    n = next((k for k, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    n = len(first[:n].rstrip("0123456789"))
    return [f"…{name[n:]}" if n > 3 else name for name in names]


def page_of(rows: Sequence[str], active: str) -> Sequence[str]:
    """Return the sweeps that the list shows: of many the thousand in which the active one is."""
    first = _first(rows, active)
    return rows[first : first + MOST_ROWS]


def not_listed(rows: Sequence[str], active: str) -> list[str]:
    """Say which sweeps the list shows, if it can't show all."""
    if len(rows) <= MOST_ROWS:
        return []
    first = _first(rows, active)
    return [
        f"the list shows sweeps {first + 1:,} to {min(first + MOST_ROWS, len(rows)):,} of {len(rows):,}: next and "
        "previous lead to the others, and so does a filter (right click on a column's head)."
    ]


def _first(rows: Sequence[str], active: str) -> int:
    at = rows.index(active)
    return at - at % MOST_ROWS


def _file(member: Member) -> str:
    return plain(pathlib.Path(member.recording.file).stem)


def row_of(
    state: ExtractionState, member: Member, number: int, detail: str, colour: str, unit: CurrentUnit
) -> Row:
    """Return what is told of a sweep in the list.

    Parameters
    ----------
    number : int
        In the order of acquisition.
    detail : str
        Its name there.
    colour : str
        That of its trace.
    """
    recording, why = member.recording, left_out(state, member)
    words, amplitude = _amplitude_of(member, unit)
    hint = plain(f"{member.cell}, {member.protocol}, {recording.label}")
    if member.lost:
        hint = f"{hint}: {_why_lost(member)}"
    elif why is not None:
        hint = f"{hint}, excluded: {plain(why)}"
    elif recording.spikecount:
        words += f" · {counted(recording.spikecount, 'spike')}"
    said = standing(state.inputs, member)
    unused = member.lost or why is not None
    return Row(
        *(member.id, words, detail, UNUSED if unused else colour, unused, hint),
        mark="" if why is not None else said[:1],
        number=number,
        amplitude=amplitude,
        relative=relative(state.results, member),
        spikes=spikes(state.results, member),
        state=plain(said),
        tags=plain(tags(state.inputs, member)),
        file=plain(file_name(member)),
    )


def _amplitude_of(member: Member, unit: CurrentUnit) -> tuple[str, float | str | None]:
    """Return the amplitude in words, and as it stands in the list: of a train of pulses it is a time."""
    recording = member.recording
    if member.lost:
        return "no stimulus", "no stimulus"
    known = amplitude(recording)
    if recording.target_amplitude == "delta":
        words = "? ms" if known is None else f"{number(known)} ms"
        return words, words
    return (f"? {unit.name}", None) if known is None else (in_unit(known, unit), rounded(known, unit))


def ends_of(members: Sequence[Member], unit: CurrentUnit) -> tuple[str, str] | None:
    """Return what stands at both ends of the ramp of colours: amplitudes, or of trains of pulses times."""
    ends = bar({member.id: by_amplitude(member) for member in members})
    kinds = {member.recording.target_amplitude == "delta" for member in members}
    if ends is None or len(kinds) > 1:  # a current and a time have no ramp in common
        return None
    in_ms = kinds == {True}
    low, high = (f"{number(end)} ms" if in_ms else in_unit(end, unit) for end in ends)
    return low, high


def facts_of(
    state: ExtractionState, results: Results, member: Member, samples: Samples | None
) -> list[tuple[str, str]]:
    recording, unit = member.recording, current_unit(state)
    found = [
        ("cell", member.cell),
        ("protocol", member.protocol),
        ("sweep", str(recording.label)),
        ("file", ", ".join(pathlib.Path(path).name for path in recording.files)),
    ]
    if not member.lost:
        found.append(("amplitude", _amplitudes(results, member, unit)))
        if recording.hypamp is not None:
            found.append(("holding", in_unit(recording.hypamp, unit)))
        found.append(("spikes", str(recording.spikecount)))
        threshold = None if samples is None else threshold_of(recording)  # it may have to be read, too
        if threshold is not None:
            automatic = (recording.efel_settings or {}).get("Threshold") is None
            found.append(("threshold", f"{number(threshold)} mV{' (automatic)' if automatic else ' (set)'}"))
    found.append(("sampling", f"{number(1.0 / recording.dt)} kHz"))
    if samples is not None:
        found.append(("samples", f"{samples.trace.n:,}"))
    own = by_hand(state.inputs, member.id)
    words = f"{', '.join(own)} set by hand" if own else FROM.get(recording.timing_from, recording.timing_from)
    found.append(("timing", words))
    if recording.current_from == "command":
        found.append(("current", "command, not measured"))
    return found + [_fact(name, value) for name, value in recording.facts.items()]


def _fact(name: str, value: float) -> tuple[str, str]:
    """Return a fact of electrode or cell in words: its unit is the last part of its name."""
    what, _, unit = name.rpartition("_")
    return what.replace("_", " "), f"{number(value)} {unit.replace('Ohm', 'Ω')}"


def _amplitudes(results: Results, member: Member, unit: CurrentUnit) -> str:
    """Return the amplitudes, e.g. "0.215 nA, 120 % of rheobase"."""
    recording = member.recording
    names = [name for name in recording.amplitudes if getattr(recording, name, None) is not None]
    absolute = " / ".join(_level(getattr(recording, name), unit) for name in names) + f" {unit.name}"
    rheobase = results.get("threshold", member.cell)
    if rheobase is None or not names:
        return f"{absolute} (no rheobase)" if names else "unknown"
    relative = recording.relative_amps(rheobase)
    return f"{absolute}, {' / '.join(number(relative[f'{name}_rel']) for name in names)} % of rheobase"


def in_unit(value: float, unit: CurrentUnit) -> str:
    """Return a current (nA) in words, e.g. "65.0 pA"; less than 0.1 pA is noise of rounding."""
    return f"{_level(value, unit)} {unit.name}"


def rounded(value: float, unit: CurrentUnit) -> float:
    """Return a current (nA) in a unit; less than 0.1 pA is noise of rounding."""
    return 0.0 if abs(value) < 1e-4 else value * unit.factor


def _level(value: float, unit: CurrentUnit) -> str:
    return number(rounded(value, unit))


def _why_lost(member: Member) -> str:
    window, names = member.recording.window, ", ".join(member.recording.timings)
    reason = f": {window.reason}" if window is not None and window.reason else ""
    return f"not used, for no stimulus was found{reason}. Drag {names} to where they are, or type them."


def doubts_of(member: Member) -> list[str]:
    if member.lost:
        return [_why_lost(member)]
    recording = member.recording
    return [plain(for_people(told.message, recording.file, member.protocol)) for told in recording.problems]
