"""What `trace` says of a whole current, said of a long one block by block: the converter's step, and hum."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..long.array import LongArray, as_long, computed, places
from ..long.looks import blocks

#: Samples whose spectrum is looked at together (20 s at 50 kHz), and how many such stretches tell whether there is hum
STRETCH, ENOUGH = 1 << 20, 24


def step_of_converter(
    x: LongArray, least: float, few: float, at_once: int, flickers: int, digit: float
) -> float:
    """Find the step (nA) of the converter that recorded a current; see `trace.converter_step`.

    Parameters
    ----------
    x : LongArray
        Current (nA).
    least : float
        A change of the current is larger than that.
    few : float
        Share of samples: where more of them change, the steps are lost in the noise.
    at_once, flickers, digit : int, int, float
        As there.
    """
    n, moves, back, smallest = len(x), 0, 0, np.inf
    at_last, up_last = np.empty(0, dtype=np.intp), np.empty(0, dtype=bool)
    for first, part in blocks(x):
        change = np.diff(part, append=x.part(first + len(part), min(first + len(part) + 1, n)))
        size = np.abs(change)
        moved = np.flatnonzero(size > least)
        moves += len(moved)
        if moves > few * (n - 1):
            return 0.0
        if len(moved):
            smallest = min(smallest, float(size[moved].min()))
            at, up = np.concatenate((at_last, first + moved)), np.concatenate((up_last, change[moved] > 0))
            back += int(np.count_nonzero((up[1:] != up[:-1]) & (np.diff(at) <= at_once)))
            at_last, up_last = at[-1:], up[-1:]
    low, high = x.ends()
    return float(smallest) if moves and (back >= flickers or high - low < digit) else 0.0


def without_slow(
    x: LongArray, slow: np.ndarray, width: int, limit: Callable[[LongArray], float]
) -> LongArray:
    """Return a current less its medians over `width` samples joined by lines, and 0 where that is beyond a limit."""
    middle = (np.arange(len(slow)) + 0.5) * width - 0.5
    rest = x - computed(partial(np.interp, xp=middle, fp=slow), places(x))
    most = limit(rest)
    found: LongArray = np.where(np.abs(rest) > most, 0.0, rest)  # type: ignore[assignment]
    return found


def without_hum(
    x: LongArray,
    rest: LongArray,
    lines: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]],
    share: float,
) -> LongArray | None:
    """Subtract hum, stretch by stretch; None if it makes up less than a share of the power.

    Each sample is taken from the middle of a stretch (but for the ends of the sweep), where its lines are best known.

    Parameters
    ----------
    x, rest : LongArray
        The current (nA), and what is fast of it.
    lines : callable
        Samples to their spectrum, its power, and which of it are lines.
    share : float
    """
    n = len(x)
    length = min(STRETCH, n)
    last = n - length
    many = min(ENOUGH, -(-n // length))
    of_lines = of_all = 0.0
    for first in np.linspace(0, last, many).astype(int).tolist():
        _, power, line = lines(rest.part(first, first + length))
        of_lines += float(power[line].sum())
        of_all += float(power.sum())
    if of_lines == 0.0 or of_lines < share * of_all:
        return None
    quiet = np.empty(n, np.float32)
    done, quarter = 0, length // 4
    for first in range(0, n, max(1, length // 2)):
        first = min(first, last)
        until = n if first == last else first + length - quarter
        spectrum, _, line = lines(rest.part(first, first + length))
        spectrum[~line] = 0.0
        padded = 2 * (len(spectrum) - 1)
        hum = np.fft.irfft(spectrum, padded)[done - first : until - first]
        quiet[done:until] = x.part(done, until) - hum
        done = until
        if done >= n:
            break
    return as_long(quiet).astype(np.float64)
