"""The way through all sweeps: their order across cells and protocols, which are shown, and which are left to check."""

from __future__ import annotations

import heapq
import itertools
import re
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...engine.problems import EfeError
from ...state import ExtractionState, Inputs, Results
from ...state.results.currents import current_unit
from ...state.results.members import Member
from .listing import ACQUIRED, by_numbers, fits, in_order, left_out

#: A cell and one of its protocols
Group = tuple[str, str]


@dataclass(frozen=True)
class Way:
    """All sweeps of some results.

    Parameters
    ----------
    ids : tuple of str
        In the order in which they are walked through.
    place : dict of int
        Where each stands in it.
    groups : dict of tuple of str
        Those of each cell and protocol, in the same order.
    numbers : dict of int
        Of each its number in the order of acquisition, in its protocol.
    """

    ids: tuple[str, ...]
    place: dict[str, int]
    groups: dict[Group, tuple[str, ...]]
    numbers: dict[str, int]


_WAYS: weakref.WeakKeyDictionary[Results, dict[Any, Any]] = weakref.WeakKeyDictionary()


def way(results: Results, order: str = "amplitude") -> Way:
    """Return the way through all sweeps: cell by cell, protocol by protocol, from the smallest amplitude on.

    With another order (see `view.View.order`) the sweeps of a protocol stand in that one; "acquired" is that in which
    files and their sweeps are.
    """
    kept = _WAYS.setdefault(results, {})
    found: Way | None = kept.get(order)
    if found is None:
        groups: dict[Group, list[Member]] = {
            (cell.name, protocol): [] for cell in results.inputs.cells for protocol in cell.groups
        }
        for member in results.members.values():
            groups[member.cell, member.protocol].append(member)
        ordered = {place: [m.id for m in in_order(results, group, order)] for place, group in groups.items()}
        ids = tuple(one for group in ordered.values() for one in group)
        numbers = {one.id: n + 1 for group in groups.values() for n, one in enumerate(group)}
        place = {one: n for n, one in enumerate(ids)}
        found = kept[order] = Way(ids, place, {key: tuple(group) for key, group in ordered.items()}, numbers)
    return found


def in_session(results: Results) -> dict[str, int]:
    """Return the number of each sweep in the order in which those of its cell were acquired, over all protocols.

    Files state no times: they stand in the order of their names, numbers in them by size; so do the sweeps of several
    protocols in one file, but those of one protocol stand as they do in the file. Models have no session.
    """
    kept = _WAYS.setdefault(results, {})
    found: dict[str, int] | None = kept.get("session")
    if found is None:
        files: dict[str, dict[str, dict[str, list[Member]]]] = {
            cell.name: {} for cell in results.inputs.cells if not cell.model
        }
        for member in results.members.values():
            if member.cell in files:
                of_file = files[member.cell].setdefault(_place(member), {})
                of_file.setdefault(member.protocol, []).append(member)
        found = {}
        for of_cell in files.values():
            merged = (_merged(of_cell[file]) for file in sorted(of_cell, key=by_numbers))
            found |= {member.id: n + 1 for n, member in enumerate(itertools.chain.from_iterable(merged))}
        kept["session"] = found
    return found


def _merged(protocols: Mapping[str, list[Member]]) -> Iterable[Member]:
    """Return the sweeps of a file in order: by the last numbers of their names, if no two are the same."""
    labels = [str(member.recording.label) for members in protocols.values() for member in members]
    last = {label: re.findall(r"\d+", label)[-1:] for label in labels}
    numbered = all(last.values()) and len({int(number) for (number,) in last.values()}) == len(labels)

    def key(member: Member) -> tuple[Any, ...]:
        label = str(member.recording.label)
        return (int(last[label][0]),) if numbered else by_numbers(label)

    return heapq.merge(*protocols.values(), key=key)


def _place(member: Member) -> str:
    return str(member.recording.file)


def listed(state: ExtractionState) -> set[str] | None:
    """Return the sweeps that fit the filters of the list; None if all do."""
    filters = state.view.filters
    if not filters:
        return None
    results, factor = state.results, current_unit(state).factor
    kept, key = _WAYS.setdefault(results, {}), (tuple(sorted(filters.items())), factor)
    found: set[str] | None = kept.get(key)
    if found is None:
        numbers = way(results, ACQUIRED).numbers
        members = results.members.items()
        found = {one for one, member in members if fits(results, member, numbers[one], filters, factor)}
        kept[key] = found
    return found


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

    Those that don't fit the filters of the list are passed over. With ``view.to_check`` it is the next that is left to
    check, from the end on again at the beginning.
    """
    found_way = way(state.results, state.view.order)
    ids, place = found_way.ids, found_way.place
    at = sorted(place[one] for one in shown(state))
    if not at:
        return None
    here = at[-1] if by > 0 else at[0]
    if not chosen(state):
        here = at[0] - 1 if by > 0 else at[0]  # a whole protocol is shown: begin with its first sweep
    fitting = listed(state)
    if not state.view.to_check:
        further_on = ids[here + 1 :] if by > 0 else reversed(ids[:here])
        return next((one for one in further_on if fitting is None or one in fitting), None)
    left = sorted(
        place[one] for one in set(to_check(state)) - set(chosen(state)) if fitting is None or one in fitting
    )
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
