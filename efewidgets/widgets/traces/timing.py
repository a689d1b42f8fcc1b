"""Timings of a stimulus as a person may set them: what is in force, by whom, and whether a change can be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ...engine.problems import EfeError
from ...engine.recordings.metadata import timing_keys
from ...state import Inputs
from ...state.results.members import Member
from ..actions.listing import by_hand
from ..parts.html import plain

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
    """One of the entries that say when the stimulus of a recording is.

    Parameters
    ----------
    ms : float
        Its value: of a timing the time itself, of other entries a duration, or how many there are of something.
    at : float or None
        Where on the time axis (ms) it is taken hold of, if it is.
    by_hand : bool
        Whether a person set it for this recording.
    known : bool
        Whether it is in force; if not (no stimulus was found), it is a place from which to drag it.
    """

    ms: float
    at: float | None
    by_hand: bool
    known: bool


def timings(member: Member, inputs: Inputs) -> dict[str, Timing]:
    """Return the timings of a recording by their names; those set by hand as they were decided just now."""
    recording, own = member.recording, by_hand(inputs, member.id)
    family = recording.stimulus_family
    if member.lost:
        names = family.says_when
        places = (float(recording.tend) * (k + 1) / (len(names) + 1) for k in range(len(names)))
        known: dict[str, tuple[float, float | None]] = {
            name: (ms, ms) for name, ms in zip(names, places, strict=True)
        }
    else:
        known = family.when(recording)
    found = {}
    for name, (value, at) in known.items():
        if name not in own:
            found[name] = Timing(value, at, False, not member.lost)
        else:  # a time is where it was set, be it that the sweep hasn't been read again
            found[name] = Timing(own[name], own[name] if at == value else at, True, True)
    return found


def as_set(name: str, value: float, dt: float) -> float:
    """Return a value as it is set: a time on a sample, how many there are of something as a whole number."""
    if timing_keys()[name].unit == "ms" or not math.isfinite(value):
        return on_sample(value, dt)
    return int(value) if float(value).is_integer() else value


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
            raise EfeError(f"{name} must be {timing_keys()[name].words}.")
    for member in members:
        recording = member.recording
        family, end = recording.stimulus_family, float(recording.tend)
        known = {name: timing.ms for name, timing in timings(member, inputs).items() if timing.known}
        known |= {name: ms for name, ms in values.items() if name in family.says_when}
        for name, ms in values.items():
            if name not in family.says_when:
                raise EfeError(f"{_name(member)} has no {name}.")
            if name in family.timings and not 0 <= ms <= end:
                raise EfeError(
                    f"{name} = {ms:g} ms lies outside {_name(member)}, which lasts from 0 to {end:g} ms."
                )
        _in_order(member, known)
        if known.keys() >= values.keys() and not member.lost:
            family.check_when(known, end)


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
