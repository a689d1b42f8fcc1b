"""What long arrays are made of: each is computed from others, or from what is stored, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import looks

_MONOTONE = (np.add, np.subtract, np.multiply, np.positive, np.negative)


class Made:
    """How samples (n,) are computed.

    Parameters
    ----------
    n : int
        How many there are.
    dtype : dtype
        Of what kind.
    sources : sequence of Made
        The samples from which they are computed.
    """

    own_bytes = 0
    _ends: tuple[Any, Any] | None = None

    def __init__(self, n: int, dtype: Any, sources: Sequence[Made] = ()):
        self.n, self.dtype, self.sources = n, np.dtype(dtype), sources

    def __len__(self) -> int:
        return self.n

    @property
    def nbytes(self) -> int:
        """How many bytes are held for them."""
        return self.own_bytes + sum(source.nbytes for source in self.sources)

    def part(self, first: int, last: int) -> np.ndarray:
        """Return the samples from one index to before another."""
        raise NotImplementedError

    def pick(self, at: np.ndarray) -> np.ndarray:
        """Return the samples at indexes (m,) from 0 to n - 1."""
        found = np.empty(len(at), self.dtype)
        block = at // looks.BLOCK
        for k in np.unique(block):
            here = block == k
            low, high = int(at[here].min()), int(at[here].max())
            found[here] = self.part(low, high + 1)[at[here] - low]
        return found

    def ends(self) -> tuple[Any, Any]:
        """Return the lowest and the highest sample."""
        if self._ends is None:
            self._ends = self._find_ends()
        return self._ends

    def _find_ends(self) -> tuple[Any, Any]:
        return looks.look_for_ends(self)

    def all(self) -> bool:
        """Whether all are true."""
        return looks.has_all(self)

    def in_order(self) -> Made:
        """Return samples that are in the same order, and had sooner: what is stored, rather than what it stands for."""
        return self

    def patched(self, first: int, last: int, value: Any) -> Made:
        """Return the same, but for a stretch of one value."""
        return Patched(self, ((first, last, value),))


class Stored(Made):
    """An array of numpy's."""

    def __init__(self, values: Any):
        self.values = np.asarray(values)
        super().__init__(len(self.values), self.values.dtype)
        self.own_bytes = self.values.nbytes

    def part(self, first: int, last: int) -> np.ndarray:
        return self.values[first:last]

    def pick(self, at: np.ndarray) -> np.ndarray:
        return self.values[at]


class Counted(Made):
    """The indexes of an array."""

    def __init__(self, n: int):
        super().__init__(n, np.intp)

    def part(self, first: int, last: int) -> np.ndarray:
        return np.arange(first, last)

    def pick(self, at: np.ndarray) -> np.ndarray:
        return at

    def _find_ends(self) -> tuple[Any, Any]:
        return np.intp(0), np.intp(self.n - 1)


class Held(Made):
    """Values of which each is that of so many samples; the last one also of what is left over."""

    def __init__(self, values: np.ndarray, width: int, n: int):
        self.values, self.width = values, width
        super().__init__(n, values.dtype)
        self.own_bytes = values.nbytes

    def part(self, first: int, last: int) -> np.ndarray:
        borders = np.arange(first // self.width, -(-last // self.width) + 1)
        values = self.values[np.minimum(borders[:-1], len(self.values) - 1)]
        return np.repeat(values, np.diff(np.clip(borders * self.width, first, last)).astype(np.intp))

    def pick(self, at: np.ndarray) -> np.ndarray:
        return self.values[np.minimum(at // self.width, len(self.values) - 1)]


class View(Made):
    """Every so many samples of another array, in this or the other direction."""

    def __init__(self, source: Made, places: range):
        self.source, self.places = source, places
        super().__init__(len(places), source.dtype, [source])

    def part(self, first: int, last: int) -> np.ndarray:
        if first >= last:
            return np.empty(0, self.dtype)
        places = self.places[first:last]
        low, high = min(places[0], places[-1]), max(places[0], places[-1])
        if abs(places.step) > 16:
            return self.source.pick(np.arange(places.start, places.stop, places.step))
        return self.source.part(low, high + 1)[:: places.step]

    def pick(self, at: np.ndarray) -> np.ndarray:
        return self.source.pick(self.places.start + self.places.step * at)


class Computed(Made):
    """What a function makes of other arrays, sample by sample."""

    def __init__(
        self, function: Callable[..., Any], inputs: tuple[Any, ...], more: Mapping[str, Any] | None = None
    ):
        self.function, self.inputs, self.more = function, inputs, dict(more or {})
        sources = [one for one in inputs if isinstance(one, Made)]
        kind = self._of(lambda source: np.empty(0, source.dtype)).dtype
        super().__init__(len(sources[0]), kind, sources)

    def _of(self, value: Callable[[Made], Any]) -> Any:
        return self.function(
            *(value(one) if isinstance(one, Made) else one for one in self.inputs), **self.more
        )

    def part(self, first: int, last: int) -> np.ndarray:
        found: np.ndarray = self._of(lambda source: source.part(first, last))
        return found

    def pick(self, at: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._of(lambda source: source.pick(at))
        return found

    def _find_ends(self) -> tuple[Any, Any]:
        """Return those of the source, computed, where the order of the samples is that of the source, or its mirror."""
        if len(self.sources) > 1 or self.function not in (*_MONOTONE, as_type) or not self.n:
            return super()._find_ends()
        ends = [self._of(partial(_end, k=k))[0] for k in (0, 1)]
        return np.minimum(*ends), np.maximum(*ends)

    def in_order(self) -> Made:
        if len(self.sources) > 1 or self.function not in (*_MONOTONE, as_type):
            return self
        low, high = self._of(lambda source: np.array([0, 1], source.dtype))
        return self.sources[0].in_order() if high > low else self

    def all(self) -> bool:
        if self.function is np.isfinite and np.isfinite(self.sources[0].ends()).all():
            return True
        return super().all()


class Windowed(Made):
    """What a function makes of each sample and of so many before and after it.

    It takes a stretch, and returns so many samples less at both ends. Beyond its ends the array is mirrored, or zero.
    """

    def __init__(
        self,
        source: Made,
        reach: tuple[int, int],
        function: Callable[[np.ndarray], np.ndarray],
        mirrored: bool,
    ):
        self.source, self.reach, self.function, self.mirrored = source, reach, function, mirrored
        super().__init__(len(source), function(np.zeros(sum(reach) + 1, source.dtype)).dtype, [source])

    def part(self, first: int, last: int) -> np.ndarray:
        start, stop = first - self.reach[0], last + self.reach[1]
        seen = self.source.part(max(start, 0), min(stop, self.n))
        beyond = max(-start, 0), max(stop - self.n, 0)
        if any(beyond):
            seen = np.pad(seen, beyond, mode="symmetric" if self.mirrored else "constant")
        return self.function(seen)


class Patched(Made):
    """Others, but for stretches of one value: first and last index, and the value of each."""

    def __init__(self, source: Made, patches: tuple[tuple[int, int, Any], ...]):
        self.source, self.patches = source, patches
        super().__init__(len(source), source.dtype, [source])

    def patched(self, first: int, last: int, value: Any) -> Made:
        return Patched(self.source, (*self.patches, (first, last, value)))

    def part(self, first: int, last: int) -> np.ndarray:
        found = self.source.part(first, last)
        inside = [patch for patch in self.patches if patch[0] < last and patch[1] > first]
        if not inside:
            return found
        found = found.copy()
        for start, stop, value in inside:
            found[max(start - first, 0) : max(stop - first, 0)] = value
        return found


class Kept(Made):
    """The samples of another array at which something is true."""

    def __init__(self, source: Made, kept: Made):
        self.source, self.kept = source, kept
        counts = [np.count_nonzero(part) for _, part in looks.blocks(kept)]
        self.block, self.until = looks.BLOCK, np.concatenate(([0], np.cumsum(counts, dtype=np.intp)))
        super().__init__(int(self.until[-1]), source.dtype, [source, kept])

    def part(self, first: int, last: int) -> np.ndarray:
        if first >= last:
            return np.empty(0, self.dtype)
        low = int(np.searchsorted(self.until, first, side="right")) - 1
        high = int(np.searchsorted(self.until, last, side="left"))
        found = []
        for k in range(low, high):
            start, stop = k * self.block, min((k + 1) * self.block, len(self.source))
            found.append(self.source.part(start, stop)[self.kept.part(start, stop)])
        return np.concatenate(found)[first - int(self.until[low]) :][: last - first]


class Joined(Made):
    """Arrays one after the other."""

    def __init__(self, sources: Sequence[Made]):
        self.starts = np.cumsum([0, *(len(one) for one in sources)])
        super().__init__(int(self.starts[-1]), np.result_type(*(one.dtype for one in sources)), sources)

    def part(self, first: int, last: int) -> np.ndarray:
        ends = zip(self.sources, self.starts.tolist(), strict=False)
        found = [
            one.part(max(first - start, 0), min(last - start, len(one)))
            for one, start in ends
            if first < start + len(one) and last > start
        ]
        return np.concatenate(found) if found else np.empty(0, self.dtype)


def _end(source: Made, k: int) -> np.ndarray:
    return np.array([source.ends()[k]])


def as_type(values: Any, dtype: np.dtype) -> Any:
    """Return samples in another type."""
    return values.astype(dtype)
