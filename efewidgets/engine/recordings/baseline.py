"""The holding current, from what is known to be baseline.

BluePyEfe measures it in a fixed window, whatever is in it. That value stands where the baseline confirms it: the
stretch before the stimulus, back to where the current last jumped (the end of a test pulse), or where there is none
the stretch after it. Elsewhere the baseline's own level is taken, and told; so is the level just before the onset,
where the baseline drifts away from that window by more than its noise. A stretch before the onset whose level the
rest of the sweep doesn't have is no baseline, but a stimulus that comes first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..traces.robust import median, spread

WIDEST = 75  # samples of a block: a test pulse that moves the median of 300 samples lasts twice as long
BLOCKS = 8  # in a baseline, at least, where it has the samples
FEWEST, SHORTEST = 10, 1.0  # samples and ms of a baseline
SETTLED = 5.0  # ms after the end of a stimulus
JUMP = 8.0  # times the noise of a block
SMALL = 5e-4  # nA; a smaller shift is no test pulse
NEAR, LATEST = 20.0, 300  # ms and samples before the onset, at least, that tell where it has drifted to
MATTERS = 0.02  # of the stimulus: a drift of less changes nothing,
HARDLY = 0.5  # of the noise: and so does one of less than that
FLICKER = 4  # times that a current comes back to where it was: the converter's steps, not test pulses
MOVED = 0.08  # of the stimulus: half of so much, by which it is wrong on average, matters
LASTING = 0.15  # of the highest current of a stimulus: what it is for half of the time
AWAY, FAR = (
    0.15,
    0.3,
)  # of the stimulus, by which the current may be elsewhere at first and at last, and at last alone
AS_FAR = 3.0  # times by how much the baseline moves: what jumps farther before the onset is a test pulse
FIRST, CLEAR = 0.05, 2.0  # of the stimulus, and times the noise: a level of more is another stimulus

ELSEWHERE = "BluePyEfe's window is not all baseline"
DRIFTS = "the baseline drifts away from what it is in BluePyEfe's window"


@dataclass(frozen=True)
class Holding:
    """A holding current (nA), where it was measured, and whether that is baseline.

    Parameters
    ----------
    level : float
        nA.
    place : str
        Where it was measured, in words; "" for BluePyEfe's window.
    why : str
        Why it was measured there.
    known : bool
        Whether there is any baseline at all.
    before : float, optional
        Level (nA) that the current has before the onset, if that is another one.
    moves : float, optional
        By how much (nA) the baseline jumps before the onset and again until after the stimulus, if that matters.
    """

    level: Any
    place: str = ""
    why: str = ELSEWHERE
    known: bool = True
    before: float | None = None
    moves: float | None = None


@dataclass(frozen=True)
class Stretch:
    """What is baseline on one side of a stimulus.

    Parameters
    ----------
    samples : array (k,)
        Current (nA).
    medians : array (m,)
        Medians of its blocks.
    width : int
        Samples in a block.
    first, last : int
        Its first sample, and the first after it.
    off : float, optional
        Level (nA) of what was left out.
    """

    samples: np.ndarray
    medians: np.ndarray
    width: int
    first: int
    last: int
    off: float | None = None

    @cached_property
    def grain(self) -> float:
        """Error of the converter (nA)."""
        return _grain(self.samples)

    @cached_property
    def noise(self) -> float:
        """What the samples do about their blocks (nA)."""
        return max(spread(self.samples - np.repeat(self.medians, self.width)), self.grain)

    @property
    def swing(self) -> float:
        """What hum does from block to block (nA)."""
        return spread(np.diff(self.medians))

    def confirms(self, level: Any) -> bool:
        """Whether a level lies among those of the blocks, or as near as so few samples can tell."""
        slack = max(0.75 * spread(self.samples), 0.5 * self.grain, 1e-6)
        few = int(np.clip(WIDEST // self.width, 1, len(self.medians)))  # small blocks differ by noise alone
        slow = np.convolve(self.medians, np.full(few, 1.0 / few), mode="valid")
        return bool(slow.min() - slack <= level <= slow.max() + slack)


def holding(current: np.ndarray, dt: float, first: int, last: int, usual: Any) -> Holding:
    """Return the holding current of a sweep.

    Parameters
    ----------
    current : array (n,)
        nA.
    dt : float
        ms.
    first, last : int
        First sample of the stimulus, and the first after it.
    usual : float
        BluePyEfe's value (nA).
    """
    few = max(FEWEST, round(float(SHORTEST / dt)))
    before = quiet(current[:first][::-1])
    if before is None or len(before.samples) < few:
        return _from_after(current, dt, first, last, usual)
    onset = median(before.samples[:few])
    stimulus = float(median(np.abs(current[first:last] - onset))) if last > first else 0.0
    begun = median(current[first : min(last, first + few)]) if last > first else onset
    jumped = before.last < first
    # what begins gradually (a ramp, a sine) may do so before its onset, and looks like drift there
    gradual = bool(abs(begun - onset) < 0.5 * stimulus)
    after = _after(current, dt, last) if jumped or gradual else None
    if jumped and after is not None:
        until = first - before.last
        early = quiet(current[: until - min(round(float(SETTLED / dt)), until // 2)][::-1])
        if early is not None and _comes_first(before, early, after, stimulus):
            level = usual if early.confirms(usual) else median(early.samples)
            return Holding(level, before=float(median(before.samples)))
    if gradual and after is not None and after.confirms(usual):
        return Holding(usual)
    found = Holding(usual)
    if not before.confirms(usual):
        where = "between a test pulse and the onset" if jumped else "before the onset of the stimulus"
        found = Holding(median(before.samples), _place(where, first - before.last, first - before.first, dt))
    if gradual:
        return found
    found = _drifted(found, before, dt, first, stimulus)
    if jumped and after is not None and found.why is not DRIFTS:
        found = replace(found, moves=_moves(before, after, stimulus))
    if found.moves is None and last > first:
        found = replace(found, moves=_away(found, before, current, dt, first, last))
    return found


def _away(
    found: Holding, before: Stretch, current: np.ndarray, dt: float, first: int, last: int
) -> float | None:
    """By how much (nA) the holding current is away from what the current is at first, and again after the stimulus.

    What lies just before the onset may then be a stimulus that comes first, which the noise hides from `quiet`; a drift
    would go on, but may be so large that nobody can tell. None if that is little beside a stimulus that lasts.
    """
    level, near = float(found.level), round(float(NEAR / dt))
    settled = last + min(round(float(SETTLED / dt)), (len(current) - last) // 2)
    near_onset = min(near, first // 2)
    after = current[settled : settled + near]
    if min(near_onset, len(after)) < FEWEST:
        return None
    off = float(median(after)) - level
    if abs(off) <= SMALL:
        return None
    height = np.abs(current[first:last] - level)
    stimulus = float(median(height))
    if abs(off) <= AWAY * stimulus or abs(off) <= CLEAR * before.noise:  # the noise costs most
        return None
    # at first there may be a test pulse
    places = np.median(current[: first // near_onset * near_onset].reshape(-1, near_onset), axis=1)
    comes_back = bool(np.any(np.abs(places - level - off) < 0.5 * abs(off)))
    is_far = abs(off) > FAR * stimulus
    lasts = stimulus > LASTING * float(np.quantile(height, 0.98))  # pulses rest at the baseline in between
    return abs(off) if lasts and (comes_back or is_far) else None


def _moves(before: Stretch, after: Stretch, stimulus: float) -> float | None:
    """By how much (nA) a baseline moves until after the stimulus, if it jumps as far before; None if that is little.

    A test pulse is farther from the baseline than that is from itself.
    """
    level, end = float(median(before.samples)), float(median(after.samples))
    moved = abs(end - level)
    matters = moved > max(MOVED * stimulus, HARDLY * before.noise, SMALL)
    return moved if matters and before.off is not None and abs(before.off - level) < AS_FAR * moved else None


def _after(current: np.ndarray, dt: float, last: int) -> Stretch | None:
    """Return what is baseline after the end of a stimulus, once it has settled; None if that is too short."""
    settled = last + min(round(float(SETTLED / dt)), (len(current) - last) // 2)
    after = quiet(current[settled:])
    if after is None or len(after.samples) < max(FEWEST, round(float(SHORTEST / dt))):
        return None
    return replace(after, first=settled + after.first, last=settled + after.last)


def _from_after(current: np.ndarray, dt: float, first: int, last: int, usual: Any) -> Holding:
    """Return the holding current of a sweep with no baseline before its stimulus."""
    after = _after(current, dt, last)
    if after is None:
        return Holding(usual, known=False)
    if after.confirms(usual):
        return Holding(usual)
    if last and after.confirms(median(current[max(first, last - FEWEST) : last])):
        return Holding(usual, known=False)  # the stimulus stays where it ends
    place = _place("after the end of the stimulus", after.first, after.last, dt)
    return Holding(median(after.samples), place)


def _comes_first(before: Stretch, early: Stretch, after: Stretch, stimulus: float) -> bool:
    """Whether what lies before the onset is another stimulus: the sweep ends at the level from which that jumped."""
    first, level, end = (float(median(stretch.samples)) for stretch in (early, before, after))
    apart = abs(level - first) > max(FIRST * stimulus, CLEAR * before.noise)
    return apart and abs(end - first) < 0.5 * abs(end - level)


def _drifted(found: Holding, before: Stretch, dt: float, first: int, stimulus: float) -> Holding:
    """Return the holding current of a baseline that lies before the onset, where it may have drifted to by then."""
    latest = before.samples[: max(LATEST, round(float(NEAR / dt)))]  # it runs backwards from the onset
    level = median(latest)
    moved = abs(level - found.level)
    if moved <= max(SMALL, MATTERS * stimulus) or moved <= before.swing or moved <= HARDLY * before.noise:
        return found
    start, end = first - before.first - len(latest), first - before.first
    return Holding(level, _place("just before the onset", start, end, dt), DRIFTS)


def _place(where: str, start: int, end: int, dt: float) -> str:
    return f"{where} ({start * dt:.4g} to {end * dt:.4g} ms)"


def quiet(current: np.ndarray) -> Stretch | None:
    """Follow a current (n,) from its first sample on and leave out what jumps off its level; None without samples."""
    if not len(current):
        return None
    width = int(np.clip(len(current) // BLOCKS, 1, WIDEST))
    blocks = current[: len(current) // width * width].reshape(-1, width)
    means = blocks.mean(axis=1)  # of a coarse converter the medians differ by whole steps, the means by noise
    medians = _medians(blocks, means).astype(np.float64)
    noise = min(spread(np.diff(y)) for y in (medians, means)) / 2**0.5 if len(medians) > 2 else 0.0
    limit = max(JUMP * noise, 1.5 * _grain(current), SMALL)
    kept = np.zeros(len(medians), dtype=bool)
    level = float(median(medians[: BLOCKS // 2]))
    for k, value in enumerate(medians.tolist()):
        if abs(value - level) <= limit:
            kept[k] = True
            level += 0.3 * (value - level)  # it may drift
    if not kept.any():
        return None
    places = np.flatnonzero(kept)
    end = len(current) if places[-1] == len(medians) - 1 else int(places[-1] + 1) * width
    off = None if kept.all() else float(np.median(medians[~kept]))
    return Stretch(blocks[kept].ravel(), medians[kept], width, int(places[0]) * width, end, off)


def _medians(blocks: np.ndarray, means: np.ndarray) -> np.ndarray:
    """``np.median`` of each block, by one selection where that is it: of an odd number of samples without a NaN."""
    half, odd = divmod(blocks.shape[1], 2)
    if not odd or np.isnan(means).any():
        return np.median(blocks, axis=1)
    return np.partition(blocks, half, axis=1)[:, half]


def _grain(x: np.ndarray) -> float:
    """Error of a converter that flickers between a few levels: its smallest step.

    Such a current often moves, or if the noise is slow, comes back each time; a command moves, but seldom comes back.
    """
    change = np.diff(x)
    change = change[change != 0]
    size = np.abs(change)
    if len(change) > 0.02 * len(x):
        return float(size.min())
    back = np.count_nonzero(np.abs(change[1:] + change[:-1]) < 0.01 * size[1:])
    return float(size.min()) if back >= FLICKER else 0.0
