"""Running medians of a current, by counting where that is enough.

A converter knows few levels, so that the samples around the median are all alike: a value is the median, exactly, if
less than half of the samples lie below it and more than half do not exceed it. That is told by one look at the samples
and needs no sorting; the same goes for the median of a running median.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...long.array import LongArray, windowed
from ...traces.robust import median

WIDTH = 85
_FEW = 512  # samples that are enough to guess a median


class Smoothed:
    """The running median of a current, mirrored at the ends; its own median is had without building it.

    Parameters
    ----------
    current : array (n,)
        nA.
    width : int
        Samples in a window; odd.
    """

    def __init__(self, current: np.ndarray, width: int = WIDTH):
        self.current, self.width = current, width

    @cached_property
    def values(self) -> np.ndarray:
        """Array (n,), float64."""
        if isinstance(self.current, LongArray):
            return windowed(self.current, self.width // 2, partial(_filtered, width=self.width)).astype(
                np.float64
            )
        return running_median(self.current, self.width).astype(np.float64)

    def median(self, *stretches: slice) -> Any:
        """Median over one or several stretches; over all without any."""
        parts = [range(*part.indices(len(self.current))) for part in stretches or (slice(None),)]
        parts = [part for part in parts if len(part)]
        n = sum(map(len, parts))
        if not n or "values" in self.__dict__:
            return np.median(np.concatenate([self.values[part] for part in stretches or (slice(None),)]))
        windows = [self._under(part) for part in parts]
        guess = _guess(np.concatenate(windows))
        below = sum(self._majorities(samples < guess) for samples in windows)
        if _in_the_middle(below, self._up_to(guess, windows), n):
            return np.float64(guess)
        levels = np.unique(np.concatenate(windows))
        return 0.5 * (self._in_order((n - 1) // 2, windows, levels) + self._in_order(n // 2, windows, levels))

    def largest(self) -> np.float64:
        """Return the largest value."""
        return self._top(1)

    def smallest(self) -> np.float64:
        """Return the smallest value."""
        return -self._top(-1)

    def _top(self, sign: int) -> np.float64:
        """Return the largest value of the current times `sign`.

        A window's median reaches a level if most of its samples do. The level sought is one of the samples that are not
        below the medians around the highest of the windows side by side, and is found among these by halving.
        """
        n, width = len(self.current), self.width
        if n < 2 * width or "values" in self.__dict__:
            return np.float64(np.max(sign * self.values))
        seen = sign * self._under(range(n))
        if np.isnan(seen.max()):
            return np.float64(np.max(sign * self.values))
        half, beside = width // 2, seen[: len(seen) // width * width].reshape(-1, width)
        at = width * int(np.partition(beside, half, axis=1)[:, half].argmax())
        near = sliding_window_view(seen[max(0, at - width) : at + 2 * width], width)
        least = np.partition(near, half, axis=1)[:, half].max()
        levels = np.concatenate(([least], np.unique(seen[seen > least])))
        first, last = 0, 1  # the level sought is most often the least, or not far above
        while last < len(levels) and majority(seen >= levels[last], width).any():
            first, last = last, 2 * last
        last = min(last, len(levels)) - 1
        while first < last:
            middle = (first + last + 1) // 2
            if majority(seen >= levels[middle], width).any():
                first = middle
            else:
                last = middle - 1
        return np.float64(levels[first])

    def level(self, stretch: slice) -> Any:
        """Median over one stretch; of the samples themselves where the windows see more of what is beside it."""
        samples = self.current[stretch]
        usual = self.median(stretch)
        if not 0 < len(samples) < 2 * self.width:
            return usual
        own = np.float64(median(samples))
        spread = 1.4826 * float(median(np.abs(samples - own)))
        return usual if abs(usual - own) <= max(spread, 1e-5) else own

    def _in_order(self, k: int, windows: Sequence[np.ndarray], levels: np.ndarray) -> np.float64:
        """Return the running median that has `k` others below it, looked for among the sorted levels."""
        first, last = 0, len(levels) - 1
        while first < last:
            middle = (first + last) // 2
            if self._up_to(levels[middle], windows) > k:
                last = middle
            else:
                first = middle + 1
        return np.float64(levels[first])

    def _up_to(self, level: Any, windows: Sequence[np.ndarray]) -> int:
        """Count the running medians that do not exceed a level."""
        return sum(self._majorities(samples <= level) for samples in windows)

    def _under(self, part: Sequence[int]) -> np.ndarray:
        """Samples that the windows around a stretch see."""
        x, half = self.current, self.width // 2
        first, last = part[0] - half, part[-1] + half + 1
        if first >= 0 and last <= len(x):
            return x[first:last]
        if half > len(x):
            return np.pad(x, half, mode="symmetric")[first + half : last + half]
        before, after = x[: max(-first, 0)][::-1], x[::-1][: max(last - len(x), 0)]
        return np.concatenate((before, x[max(first, 0) : last], after))

    def _majorities(self, flags: np.ndarray) -> int:
        """Count the windows most of whose samples are flagged."""
        return _count(majority(flags, self.width))


def majority(flags: np.ndarray, width: int) -> np.ndarray:
    """Whether most of each window of `width` (odd) flags (m,) are set; bool array (m - width + 1,)."""
    if isinstance(flags, LongArray):
        half = width // 2
        return windowed(flags, half, partial(majority, width=width))[half : len(flags) - half]
    if np.count_nonzero(flags) <= width // 2:
        return np.zeros(max(0, len(flags) - width + 1), dtype=bool)
    counts = np.empty(len(flags) + 1, dtype=np.int32)
    counts[0] = 0
    np.cumsum(flags, dtype=np.int32, out=counts[1:])
    return counts[width:] - counts[:-width] > width // 2


def running_median(x: np.ndarray, width: int) -> np.ndarray:
    """Return the median of `width` samples around each of x (n,), mirrored at the ends; array (n,) of its type."""
    if 0 < len(x) < width:  # SciPy, up to 1.17, gives what was in the memory before for some short ones
        mirrored = np.pad(x, (width // 2, (width - 1) // 2), mode="symmetric")
        return np.partition(sliding_window_view(mirrored, width), width // 2, axis=1)[:, width // 2]
    from scipy.ndimage import median_filter

    found: np.ndarray = median_filter(x, size=width)
    return found


def _filtered(stretch: np.ndarray, width: int) -> np.ndarray:
    half = width // 2
    return running_median(stretch, width)[half : len(stretch) - half]


def _guess(x: np.ndarray) -> Any:
    if not len(x):
        return None
    some = x[:: max(1, len(x) // _FEW)]
    return np.partition(some, len(some) // 2)[len(some) // 2]


def _in_the_middle(below: int, up_to: int, n: int) -> bool:
    """Whether a value is the median of `n` others, of which so many lie below it or do not exceed it."""
    return below <= (n - 1) // 2 and up_to >= n // 2 + 1


def _count(flags: np.ndarray) -> int:
    return int(np.count_nonzero(flags))
