"""How accurate a level is that noise of any colour moves.

Method. Batch means: the means of blocks of a stretch tell how accurate the mean of all is, if the blocks are longer
than the noise remembers. How long that is nobody knows, so that blocks are joined two by two, as long as they are
enough, and the largest error counts (Flyvbjerg & Petersen 1989, J. Chem. Phys. 91:461). White noise gives the same at
each length, telegraph noise its own once the blocks outlast the dwell times, a drift the most at the last. What the
stretches of a sweep do about their own means is pooled; the current is looked at in medians of blocks
(`Trace.coarse`), which crosstalk can't move, and what jumps out of its stretch (a test pulse) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..traces.robust import median
from .trace import blocks

OUT = 4.0  # times the noise of a sample, from the median of its stretch: a test pulse, a transient
FREE = 12  # degrees of freedom of a variance that counts
SETTLED = 5.0  # ms after the stimulus


@dataclass(frozen=True)
class Estimate:
    """A level, or what one is above another (nA), and its standard error."""

    value: float
    error: float

    def above(self, other: Estimate) -> Estimate:
        """Return how far this is above another that errs independently."""
        return Estimate(self.value - other.value, float(np.hypot(self.error, other.error)))


class Stretches:
    """What a sweep does between its timings, in block medians.

    Parameters
    ----------
    outline : numpy.ndarray, shape (m,)
        Median of each block (nA).
    block : int
        Samples in a block.
    edges : sequence of int
        Timings (samples), in their order.
    settled : int
        Samples after the last of them that aren't baseline yet.
    noise : float
        Standard deviation of a sample (nA).
    """

    def __init__(
        self, outline: np.ndarray, block: int, edges: Sequence[int], settled: int = 0, noise: float = np.inf
    ) -> None:
        starts = [0, *edges[:-1], edges[-1] + settled]
        ends = [*edges, len(outline) * block]
        found = [outline[-(-a // block) : b // block] for a, b in zip(starts, ends, strict=True)]
        self.parts = [y[np.abs(y - median(y)) <= OUT * noise] if len(y) else y for y in found]

    @property
    def baseline(self) -> tuple[int, ...]:
        """Where `parts` are baseline: before and after the stimulus."""
        return 0, len(self.parts) - 1

    def level(self, which: Sequence[int]) -> Estimate | None:
        """Mean of some of the stretches together, which have the same level; None if no block lies in them."""
        y = np.concatenate([self.parts[k] for k in which])
        return Estimate(float(y.mean()), self.error(len(y))) if len(y) else None

    def error(self, count: int) -> float:
        """Return the standard error (nA) of the mean of so many blocks; 0 if there are too few to tell."""
        found = [width * v for width, v in self._variances.items() if width <= count]
        return float(np.sqrt(max(found, default=0.0) / count))

    @cached_property
    def _variances(self) -> dict[int, float]:
        """Variance (nA²) of the mean of so many blocks beside each other, for each number that is told well enough."""
        found: dict[int, float] = {}
        width = 1
        while True:
            cut = [blocks(y, width) for y in self.parts if len(y) >= 2 * width]
            free = sum(len(rows) - 1 for rows in cut)
            if free < FREE:
                return found
            found[width] = sum(_square_error(np.add.reduce(rows, axis=1) / width) for rows in cut) / free
            width *= 2


def _square_error(y: np.ndarray) -> float:
    """Sum of squares about the mean; numpy's own sum and mean look twice at what they are given."""
    off = y - np.add.reduce(y) / len(y)
    return float(np.add.reduce(off * off))
