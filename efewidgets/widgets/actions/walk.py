"""The way through all sweeps: their order across cells and protocols, which are shown, and which are left to check."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass

from ...engine.figures.sweeps import amplitude
from ...engine.problems import EfeError
from ...state import ExtractionState, Inputs, Results
from ...state.results.members import Member


@dataclass(frozen=True)
class Way:
    """All sweeps of some results.

    Parameters
    ----------
    ids : tuple of str
        In the order in which they are walked through.
    place : dict of int
        Where each stands in it.
    """

    ids: tuple[str, ...]
    place: dict[str, int]


_WAYS: weakref.WeakKeyDictionary[Results, dict[str, Way]] = weakref.WeakKeyDictionary()


def way(results: Results, order: str = "amplitude") -> Way:
    """Return the way through all sweeps: cell by cell, protocol by protocol, from the smallest amplitude on.

    With the order "acquired" as they were recorded, as far as files and their sweeps are in that order.
    """
    kept = _WAYS.setdefault(results, {})
    found = kept.get(order)
    if found is None:
        members = results.members
        groups = {
            (cell.name, protocol): n
            for n, (cell, protocol) in enumerate((c, p) for c in results.inputs.cells for p in c.groups)
        }
        by = by_amplitude if order == "amplitude" else _as_recorded
        places = {one: (groups[m.cell, m.protocol], by(m)) for one, m in members.items()}
        ids = sorted(members, key=places.__getitem__)
        found = kept[order] = Way(tuple(ids), {one: n for n, one in enumerate(ids)})
    return found


def _as_recorded(member: Member) -> float:
    """Return the same for all: sorting keeps the order in which files hold their sweeps."""
    return 0.0


def by_amplitude(member: Member) -> float:
    """Return by what the sweeps of a protocol are sorted: the amplitude, where one is known."""
    known = None if member.lost else amplitude(member.recording)
    return math.inf if known is None else known


def excluded(state: ExtractionState, identity: str) -> str | None:
    """Return why a recording is left out, as it was decided just now."""
    file, _, label = identity.partition("/")
    cell = state.inputs.cell_of_file.get(file)
    return None if cell is None else cell.by_id[file].excluded.get(label)


def left_out(state: ExtractionState, member: Member) -> str | None:
    """Return why a recording is not used: as a person decided it just now, or since it is there twice."""
    by_hand = member.file.excluded.get(str(member.recording.label))  # when the results were computed
    return excluded(state, member.id) or (member.excluded if member.excluded != by_hand else None)


def to_check(state: ExtractionState) -> list[str]:
    """Return the sweeps, in their order, of which something is told and about which nobody has decided."""
    asked = [member.id for member in _undecided(state)]
    return sorted(asked, key=way(state.results, state.view.order).place.__getitem__) if asked else []


def left_to_check(state: ExtractionState) -> int:
    """Return how many sweeps are left to check."""
    return len(_undecided(state))


def left_in_words(number: int) -> str:
    """Return how many sweeps are left to check, in words."""
    return f"{number:,} left to check" if number else "none left to check"


def _undecided(state: ExtractionState) -> list[Member]:
    """Return the sweeps of which something is told and about which nobody has decided."""
    accepted = set(state.inputs.accepted)
    doubtful = state.results.doubtful
    return [one for one in doubtful if one.id not in accepted and left_out(state, one) is None]


@dataclass(frozen=True)
class Tally:
    """How many sweeps there are, and what was decided of them.

    Parameters
    ----------
    all, excluded, accepted : int
    lost, unsure : int
        Those of which nothing was decided, without a stimulus, and all of which something is told.
    """

    all: int
    excluded: int
    accepted: int
    lost: int
    unsure: int


def tally(state: ExtractionState) -> Tally:
    """Count the sweeps by what was decided of them; most of them aren't even looked at."""
    results, members = state.results, state.results.members
    accepted = sum(one in members and left_out(state, members[one]) is None for one in state.inputs.accepted)
    undecided = _undecided(state)
    return Tally(len(members), results.excluded, accepted, sum(one.lost for one in undecided), len(undecided))


def shown(state: ExtractionState) -> tuple[str, ...]:
    """Return the selected recordings, else one protocol of one cell, as far as those are selected, else the first."""
    view, members = state.view, state.results.members
    found = tuple(dict.fromkeys(identity for identity in view.recordings if identity in members))
    if found or (view.cell is None and view.protocol is None):
        return found or tuple(members)[:1]
    fitting = {
        identity: (member.cell, member.protocol)
        for identity, member in members.items()
        if view.cell in (None, member.cell) and view.protocol in (None, member.protocol)
    }
    first = next(iter(fitting.values()), None)
    return tuple(identity for identity, place in fitting.items() if place == first) or tuple(members)[:1]


def chosen(state: ExtractionState) -> tuple[str, ...]:
    """Return the recordings that a decision is about: those that were selected, or the only one that is shown."""
    found = shown(state)
    return found if len(found) == 1 or set(found) <= set(state.view.recordings) else ()


def step(state: ExtractionState, by: int) -> str | None:
    """Return the sweep after those that are shown (1), or before them (-1); None at the end of the way.

    With ``view.to_check`` it is the next that is left to check, from the end on again at the beginning.
    """
    found_way = way(state.results, state.view.order)
    ids, place = found_way.ids, found_way.place
    at = sorted(place[one] for one in shown(state))
    if not at:
        return None
    here = at[-1] if by > 0 else at[0]
    if not chosen(state):
        here = at[0] - 1 if by > 0 else at[0]  # a whole protocol is shown: begin with its first sweep
    if not state.view.to_check:
        return ids[here + by] if 0 <= here + by < len(ids) else None
    left = sorted(place[one] for one in set(to_check(state)) - set(chosen(state)))
    further = [n for n in left if (n - here) * by > 0] or left
    return ids[further[0] if by > 0 else further[-1]] if further else None


def look(state: ExtractionState, *identities: str) -> None:
    """Show one sweep, or some, by themselves, and the cell and protocol of the first."""
    member = state.results.members.get(identities[0])
    if member is None:
        raise EfeError("this sweep is not there any more.")
    with state.view.hold_trait_notifications():
        state.view.cell, state.view.protocol = member.cell, member.protocol
        state.view.recordings = identities


def judged_otherwise(one: Inputs, other: Inputs) -> list[str]:
    """Return the sweeps that are excluded or accepted in one and not, or for another reason, in the other."""
    found = dict.fromkeys(sorted(set(one.accepted) ^ set(other.accepted)))
    cells = {id(cell) for cell in one.cells} ^ {id(cell) for cell in other.cells}
    files = [
        [file for cell in side.cells if id(cell) in cells for file in cell.files] for side in (one, other)
    ]
    before, after = ({file.id: file.excluded for file in side} for side in files)
    for file in before.keys() & after.keys():
        names = {**before[file], **after[file]}
        found |= {f"{file}/{n}": None for n in names if before[file].get(n) != after[file].get(n)}
    return list(found)
