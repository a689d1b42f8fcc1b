"""Timings of a stimulus as a person may set them: what is in force, by whom, and whether a change can be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ...engine.problems import EfeError
from ...state import Inputs
from ...state.results.members import Member
from ..parts.html import plain

#: All timings that stimulus families have, in their order
TIMINGS = ("ton", "tmid", "tmid2", "t1", "t2", "t3", "t4", "toff")

FROM = {
    "given": "given in the metadata",
    "usual": "found in the current, two methods agree",
    "seen": "found in the current",
    "others": "taken from the other sweeps of the protocol",
    "unsure": "found in the current, but not sure",
    "lost": "no stimulus found",
}


@dataclass(frozen=True)
class Timing:
    """One timing of a recording.

    Parameters
    ----------
    ms : float
    by_hand : bool
        Whether a person set it for this recording.
    known : bool
        Whether it is in force; if not (no stimulus was found), it is a place from which to drag it.
    """

    ms: float
    by_hand: bool
    known: bool


def by_hand(inputs: Inputs, identity: str) -> dict[str, float]:
    """Return the timings (ms) that a person set for a recording."""
    file, _, label = identity.partition("/")
    cell = inputs.cell_of_file.get(file)
    if cell is None:
        return {}
    own = cell.by_id[file].recipe.sweeps.get(label) or {}
    return {name: float(own[name]) for name in TIMINGS if own.get(name) is not None}


def timings(member: Member, inputs: Inputs) -> dict[str, Timing]:
    """Return the timings of a recording by their names; those set by hand as they were decided just now."""
    recording, own = member.recording, by_hand(inputs, member.id)
    names = recording.timings
    found = {}
    for k, name in enumerate(names):
        if name in own:
            found[name] = Timing(own[name], True, True)
        elif member.lost:
            found[name] = Timing(float(recording.tend) * (k + 1) / (len(names) + 1), False, False)
        else:
            found[name] = Timing(float(getattr(recording, name)), False, True)
    return found


def on_sample(ms: float, dt: float) -> float:
    """Return a time (ms) on a sample, `dt` ms from the next, without the digits that mean nothing."""
    return round(round(float(ms) / dt) * dt, 6) if dt and math.isfinite(ms) else float(ms)


def checked(members: Iterable[Member], inputs: Inputs, values: Mapping[str, float]) -> None:
    """Check timings (ms) before they are set: one that can't be would keep the file from being read.

    Raises
    ------
    EfeError
        If a timing isn't a number, lies outside a recording or isn't in its order among the others.
    """
    for name, ms in values.items():
        if not math.isfinite(ms):
            raise EfeError(f"{name} must be a number in ms.")
    for member in members:
        recording = member.recording
        end = float(recording.tend)
        known = {name: timing.ms for name, timing in timings(member, inputs).items() if timing.known}
        known |= {name: ms for name, ms in values.items() if name in recording.timings}
        for name, ms in values.items():
            if name not in recording.timings:
                raise EfeError(f"{_name(member)} has no {name}.")
            if not 0 <= ms <= end:
                raise EfeError(
                    f"{name} = {ms:g} ms lies outside {_name(member)}, which lasts from 0 to {end:g} ms."
                )
        _in_order(member, known)


def _in_order(member: Member, known: Mapping[str, float]) -> None:
    order = [(name, known[name]) for name in member.recording.timings if name in known]
    for (first, at), (second, then) in pairwise(order):
        if not round(at / member.recording.dt) < round(then / member.recording.dt):
            raise EfeError(
                f"{second} = {then:g} ms must come after {first} = {at:g} ms in {_name(member)}: "
                f"move the other one first."
            )


def _name(member: Member) -> str:
    return f"the recording {plain(member.recording.label)}"
