"""The current that a PatchMaster stimulus commands in a sweep, rebuilt from the segments of its protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..problems import ReadError
from .heka_bundle import Channel, Segment, Stimulus

_CONSTANT, _RAMP = 0, 1
_KINDS = {2: "a continuous part", 3: "a sine wave", 4: "a square wave", 5: "a chirp"}
_STORED, _ONLY_FIRST, _ONLY_LAST = 1, 2, 3
_HOLDING, _PARAMETER = 1, 2
_SCALED, _RELATIVE, _FROM_FILE = 1, 2, 4  # bits of a channel's flags
_INCREASE, _DECREASE, _ALTERNATE, _FIRST_LOGARITHMIC = 0, 1, 4, 5
_PA = 1e3  # levels stand in nA
_MOST_SAMPLES = 200_000_000


def why_not(channel: Channel) -> str | None:
    """Return why the current of an output can't be rebuilt, None if it can."""
    if channel.unit != "A":
        return (
            f"its output is in {channel.unit or 'no unit'}: what current that made depends on the amplifier"
        )
    if channel.flags & _FROM_FILE:
        return "it plays a file of its own (a template), which a bundle doesn't hold"
    levels = any(part.level or part.level_step or part.v_source for part in channel.segments)
    if not channel.flags & _SCALED and levels:
        return "its levels aren't scaled by the amplifier"
    return None


def command(
    stimulus: Stimulus, channel: Channel, number: int, step: float, n: int, held: float = 0.0
) -> np.ndarray:
    """Return what was commanded in the stored part of a sweep, array (n,), pA.

    Parameters
    ----------
    stimulus, channel : Stimulus, Channel
    number : int
        Of the sweep in its protocol, from 0 on.
    step : float
        Between samples, s.
    n : int
        Number of samples of the sweep; it may have been stopped early.
    held : float
        nA that are added to what is relative to the holding level, or is that level.

    Raises
    ------
    ReadError
        If it can't be known.
    """
    reason = why_not(channel)
    if reason is not None:
        raise ReadError(f"what was commanded can't be rebuilt: {reason}.")
    if not step > 0:
        raise ReadError(f"its sampling step is {step:g} s.")
    parts: list[np.ndarray] = []
    before = channel.holding + held
    for segment in channel.segments:
        level = _level(segment, channel, number, stimulus.n_sweeps) + _added(segment, channel, held)
        length = _samples(segment, number, stimulus.n_sweeps, step)
        if length and segment.storage == _STORED:
            parts.append(_part(segment, before, level, length))
        if length:
            before = level
    planned = sum(map(len, parts))
    if planned < n:
        raise ReadError(
            f"it has {n} samples, its protocol {planned}: what was commanded in the rest isn't known."
        )
    return np.concatenate(parts)[:n] * _PA if parts else np.zeros(0)


def _added(segment: Segment, channel: Channel, held: float) -> float:
    return held if channel.flags & _RELATIVE or segment.v_source == _HOLDING else 0.0


def _part(segment: Segment, before: float, level: float, length: int) -> np.ndarray:
    if segment.kind == _CONSTANT:
        return np.full(length, level)
    if segment.kind == _RAMP:  # goes on from the level before, and has arrived where the next part begins
        return before + (level - before) * np.arange(length) / length
    what = _KINDS.get(segment.kind, f"a part of a kind that isn't known ({segment.kind})")
    raise ReadError(f"what was commanded can't be rebuilt: its stimulus holds {what}.")


def _level(segment: Segment, channel: Channel, number: int, n_sweeps: int) -> float:
    if segment.v_source == _HOLDING:
        return channel.holding
    if segment.v_source >= _PARAMETER:
        raise ReadError("what was commanded can't be rebuilt: a level of its stimulus is a parameter.")
    level = _stepped(
        segment.v_mode, segment.level, segment.level_step, segment.v_factor, number, n_sweeps, "level"
    )
    return level + (channel.holding if channel.flags & _RELATIVE else 0.0)


def _samples(segment: Segment, number: int, n_sweeps: int, step: float) -> int:
    if segment.t_source:
        raise ReadError("what was commanded can't be rebuilt: a duration of its stimulus is a parameter.")
    if (segment.storage == _ONLY_FIRST and number > 0) or (
        segment.storage == _ONLY_LAST and number < n_sweeps - 1
    ):
        return 0
    duration = _stepped(
        segment.t_mode,
        segment.duration,
        segment.duration_step,
        segment.t_factor,
        number,
        n_sweeps,
        "duration",
    )
    if not 0 <= duration / step <= _MOST_SAMPLES:
        raise ReadError(f"what was commanded can't be rebuilt: a part of its stimulus takes {duration:g} s.")
    return round(duration / step)


def _stepped(
    mode: int, base: float, change: float, factor: float, number: int, n_sweeps: int, what: str
) -> float:
    """Return a level or duration as it is in a sweep, counted from 0."""
    if not np.isfinite([base, change, factor]).all():
        raise ReadError(f"its stimulus is damaged: a {what} isn't a number.")
    if mode >= _FIRST_LOGARITHMIC:
        if factor == 1:
            return base
        raise ReadError(f"what was commanded can't be rebuilt: a {what} of its stimulus grows by a factor.")
    if change == 0:
        return base
    order = _order(mode, n_sweeps)
    if order is None:
        raise ReadError(
            f"what was commanded can't be rebuilt: a {what} of its stimulus changes in an order that isn't known "
            f"({mode})."
        )
    if not 0 <= number < n_sweeps:
        raise ReadError(
            f"it is none of the {n_sweeps} sweeps of its protocol: what was commanded isn't known."
        )
    return base + change * order[number]


def _order(mode: int, n: int) -> Sequence[int] | None:
    """Return which of `n` steps each sweep has, None if that isn't known."""
    if mode == _INCREASE:
        return range(n)
    if mode == _DECREASE:
        return range(n - 1, -1, -1)
    if mode == _ALTERNATE:  # from both ends: 0, 4, 1, 3, 2
        return [k // 2 if k % 2 == 0 else n - 1 - k // 2 for k in range(n)]
    return None
