"""What is said of an array by looking at one block of it after the other: extremes, medians, runs, places.

What is exact for whole arrays is exact here: extremes, order statistics, places, counts. Sums are added block by block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

#: Samples of a block: what is computed of it stays in the processor's cache
BLOCK = 1 << 18
#: Samples from which the place of an order statistic is guessed, and how far from it is looked, in standard errors
_GUESS, _NEAR = 16_384, 6.0


class Long(Protocol):
    """What is looked at: samples (n,) of which a part can be had, or some, or the lowest and the highest."""

    @property
    def dtype(self) -> np.dtype: ...
    def __len__(self) -> int: ...
    def part(self, first: int, last: int) -> np.ndarray: ...
    def pick(self, at: np.ndarray) -> np.ndarray: ...
    def ends(self) -> tuple[Any, Any]: ...


def blocks(x: Long) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first index of each block, and its values."""
    for first in range(0, len(x), BLOCK):
        yield first, x.part(first, min(first + BLOCK, len(x)))


def lowest(x: Long, initial: Any = None) -> Any:
    """``np.min``."""
    found = x.ends()[0] if len(x) else initial
    if found is None:
        raise ValueError("an array without values has no lowest one")
    return found if initial is None else min(found, x.dtype.type(initial))


def highest(x: Long, initial: Any = None) -> Any:
    """``np.max``."""
    found = x.ends()[1] if len(x) else initial
    if found is None:
        raise ValueError("an array without values has no highest one")
    return found if initial is None else max(found, x.dtype.type(initial))


def look_for_ends(x: Long) -> tuple[Any, Any]:
    """Return the lowest and the highest value; NaN where there are such."""
    ends = [(np.min(part), np.max(part)) for _, part in blocks(x)]
    low, high = zip(*ends, strict=True)
    return np.min(np.array(low, x.dtype)), np.max(np.array(high, x.dtype))


def span(x: Long) -> Any:
    """``np.ptp``."""
    low, high = x.ends()
    return high - low


def has_any(x: Long) -> bool:
    """``np.any``."""
    return any(bool(part.any()) for _, part in blocks(x))


def has_all(x: Long) -> bool:
    """``np.all``."""
    return all(bool(part.all()) for _, part in blocks(x))


def total(x: Long) -> Any:
    """``np.sum``."""
    return sum((part.sum() for _, part in blocks(x)), start=np.zeros(0, x.dtype).sum())


def mean(x: Long) -> Any:
    """``np.mean``, its sum in float64."""
    kind = x.dtype.type if x.dtype.kind == "f" else np.float64
    return kind(sum(float(part.sum(dtype=np.float64)) for _, part in blocks(x)) / len(x))


def variance(x: Long) -> Any:
    """``np.var``, its sums in float64."""
    kind = x.dtype.type if x.dtype.kind == "f" else np.float64
    middle = sum(float(part.sum(dtype=np.float64)) for _, part in blocks(x)) / len(x)
    return kind(
        sum(float(np.square(part.astype(np.float64) - middle).sum()) for _, part in blocks(x)) / len(x)
    )


def count(x: Long) -> int:
    """``np.count_nonzero``."""
    return sum(int(np.count_nonzero(part)) for _, part in blocks(x))


def places(x: Long) -> np.ndarray:
    """``np.flatnonzero``."""
    found = [first + np.flatnonzero(part) for first, part in blocks(x)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)


def last_place(x: np.ndarray | Long) -> int | None:
    """Return the last index at which something is true, None if nothing is; of an array of numpy's as well."""
    if isinstance(x, np.ndarray):
        found = np.flatnonzero(x)
        return int(found[-1]) if len(found) else None
    for last in range(len(x), 0, -BLOCK):
        first = max(last - BLOCK, 0)
        found = np.flatnonzero(x.part(first, last))
        if len(found):
            return first + int(found[-1])
    return None


def first_of(x: Long, best: Any) -> int:
    """``np.argmin`` or ``np.argmax``, whichever `best` is."""
    found: tuple[Any, int] | None = None
    for first, part in blocks(x):
        k = int(best(part))
        if found is None or best([found[0], part[k]]) == 1:
            found = part[k], first + k
        if x.dtype.kind == "b" and best is np.argmax and part[k]:
            break
    if found is None:
        raise ValueError("an array without values has no largest one")
    return found[1]


def runs(x: Long) -> np.ndarray:
    """Return the first index of each run of what is true, and the first after it; shape (k, 2)."""
    starts, ends, before = [], [], False
    for first, part in blocks(x):
        change = np.flatnonzero(np.diff(part, prepend=before))
        rises = part[change]
        starts.append(first + change[rises])
        ends.append(first + change[~rises])
        before = bool(part[-1])
    if before:
        ends.append(np.array([len(x)]))
    none = np.empty(0, dtype=np.intp)
    return np.stack([np.concatenate([none, *starts]), np.concatenate([none, *ends])], axis=1)


def of_stretches(x: Long, starts: np.ndarray, ufunc: np.ufunc) -> np.ndarray:
    """``ufunc.reduceat``, of starts that ascend."""
    borders = [*np.asarray(starts).tolist(), len(x)]
    found = np.empty(len(borders) - 1, x.dtype)
    for k, (first, last) in enumerate(pairwise(borders)):
        pieces = range(first, last, BLOCK)
        found[k] = ufunc.reduce([ufunc.reduce(x.part(low, min(low + BLOCK, last))) for low in pieces])
    return found


def levels(x: Long) -> np.ndarray:
    """``np.unique``."""
    found = np.empty(0, x.dtype)
    for _, part in blocks(x):
        found = np.unique(np.concatenate((found, np.unique(part))))
    return found


def ordered(x: Long, ranks: Sequence[int]) -> np.ndarray:
    """Return the values that so many others lie below: order statistics, exact, of finite values.

    Strided samples tell about where they are; one look at all of them counts what is lower, and keeps what is near.
    """
    some = np.sort(x.pick(np.arange(0, len(x), max(1, len(x) // _GUESS))))
    found: dict[int, Any] = {}
    for rank in dict.fromkeys(ranks):
        share, error = rank / max(len(x) - 1, 1), _NEAR * len(some) ** -0.5
        low, high = (min(max(int((share + by) * len(some)), 0), len(some) - 1) for by in (-error, error))
        found[rank] = _between(x, rank, some[low], some[high])
    return np.array([found[rank] for rank in ranks], dtype=x.dtype)


def _between(x: Long, rank: int, low: Any, high: Any) -> Any:
    below = at_low = at_high = 0
    near = []
    for _, part in blocks(x):
        below += int(np.count_nonzero(part < low))
        at_low += int(np.count_nonzero(part == low))
        at_high += int(np.count_nonzero(part == high)) if high > low else 0
        near.append(part[(part > low) & (part < high)])
    if rank < below:  # the guess was wrong
        return _between(x, rank, x.ends()[0], low)
    rank -= below
    if rank < at_low:
        return low
    rank -= at_low
    inside = np.concatenate(near)
    if rank < len(inside):
        return np.partition(inside, rank)[rank]
    return high if rank < len(inside) + at_high else _between(x, rank + below + at_low, high, x.ends()[1])


def median(x: Long) -> Any:
    """``np.median``."""
    n = len(x)
    return np.mean(ordered(x, [(n - 1) // 2, n // 2][n % 2 :]))


def quantile(x: Long, q: Any) -> Any:
    """``np.quantile``, linear between two values."""
    at = np.asarray(q, dtype=np.float64) * (len(x) - 1)
    before = np.floor(at).astype(int)
    after = np.minimum(before + 1, len(x) - 1)
    values = ordered(x, [*np.ravel(before).tolist(), *np.ravel(after).tolist()]).reshape(2, -1)
    low, high = (one.reshape(at.shape) for one in values)
    part, step = at - before, high - low
    found = np.where(part >= 0.5, high - step * (1 - part), low + step * part)
    return found[()]
