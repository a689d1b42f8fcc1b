"""The holding current, from what is known to be baseline.

BluePyEfe measures it in a fixed window, whatever is in it. That value stands where the baseline confirms it: the
stretch before the stimulus, back to where the current last jumped (the end of a test pulse), or where there is none
the stretch after it. Elsewhere the baseline's own level is taken, and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..traces.robust import median, spread

WIDEST = 75  # samples of a block: a test pulse that moves the median of 300 samples lasts twice as long
BLOCKS = 8  # in a baseline, at least, where it has the samples
FEWEST, SHORTEST = 10, 1.0  # samples and ms of a baseline
SETTLED = 5.0  # ms after the end of a stimulus
JUMP = 8.0  # times the noise of a block
SMALL = 5e-4  # nA; a smaller shift is no test pulse


@dataclass(frozen=True)
class Holding:
    """A holding current (nA), where it was measured, and whether that is baseline.

    Parameters
    ----------
    level : float
        nA.
    place : str
        Where it was measured, in words; "" for BluePyEfe's window.
    known : bool
        Whether there is any baseline at all.
    """

    level: Any
    place: str = ""
    known: bool = True


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
    """

    samples: np.ndarray
    medians: np.ndarray
    width: int
    first: int
    last: int

    def confirms(self, level: Any) -> bool:
        """Whether a level lies among those of the blocks, or as near as so few samples can tell."""
        grain = _grain(self.samples)
        slack = max(0.75 * spread(self.samples), 0.5 * grain, 1e-6)
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
    if before is not None and len(before.samples) >= few:
        if before.confirms(usual):
            return Holding(usual)
        start, end = first - before.last, first - before.first
        where = "before the onset of the stimulus" if start == 0 else "between a test pulse and the onset"
    else:
        settled = last + min(round(float(SETTLED / dt)), (len(current) - last) // 2)
        after = quiet(current[settled:])
        if after is None or len(after.samples) < few:
            return Holding(usual, known=False)
        if after.confirms(usual):
            return Holding(usual)
        if last and after.confirms(np.median(current[max(first, last - FEWEST) : last])):
            return Holding(usual, known=False)  # the stimulus stays where it ends
        before, start, end = after, settled + after.first, settled + after.last
        where = "after the end of the stimulus"
    return Holding(median(before.samples), f"{where} ({start * dt:.4g} to {end * dt:.4g} ms)")


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
    level = float(np.median(medians[: BLOCKS // 2]))
    for k, value in enumerate(medians.tolist()):
        if abs(value - level) <= limit:
            kept[k] = True
            level += 0.3 * (value - level)  # it may drift
    if not kept.any():
        return None
    places = np.flatnonzero(kept)
    end = len(current) if places[-1] == len(medians) - 1 else int(places[-1] + 1) * width
    return Stretch(blocks[kept].ravel(), medians[kept], width, int(places[0]) * width, end)


def _medians(blocks: np.ndarray, means: np.ndarray) -> np.ndarray:
    """``np.median`` of each block, by one selection where that is it: of an odd number of samples without a NaN."""
    half, odd = divmod(blocks.shape[1], 2)
    if not odd or np.isnan(means).any():
        return np.median(blocks, axis=1)
    return np.partition(blocks, half, axis=1)[:, half]


def _grain(x: np.ndarray) -> float:
    """Error of a converter that flickers between a few levels: its smallest step."""
    change = np.abs(np.diff(x))
    change = change[change > 0]
    return float(change.min()) if len(change) > 0.02 * len(x) else 0.0
