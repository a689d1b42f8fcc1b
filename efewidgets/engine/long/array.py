"""Arrays too long for the memory: each knows what it is made of, and computes a part of itself where one is looked at.

A `LongArray` stands where an array (n,) of samples stands, and is asked by numpy's own functions: what they do sample
by sample gives another one, what they say of all samples is found block by block (`looks`). What isn't known here is
done to the whole as numpy does it. A part of no more than `LONG` samples is an array of numpy's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from . import looks, made
from .made import Made
from .rows import LongRows

#: Samples: what is longer is looked at block by block (80 s at 50 kHz)
LONG = 4_000_000


class LongArray(NDArrayOperatorsMixin):
    """Samples (n,) that are computed where they are asked for.

    Parameters
    ----------
    made : Made
        How they are computed.
    """

    ndim = 1

    def __init__(self, made: Made):
        self.made = made

    def part(self, first: int, last: int) -> np.ndarray:
        """Return the samples from one index to before another, as an array of numpy's that nobody may change."""
        return self.made.part(first, last)

    def pick(self, at: np.ndarray) -> np.ndarray:
        """Return the samples at indexes (m,) from 0 to n - 1."""
        return self.made.pick(at)

    def ends(self) -> tuple[Any, Any]:
        """Return the lowest and the highest sample."""
        return self.made.ends()

    @property
    def dtype(self) -> np.dtype:
        """Of what kind they are."""
        return self.made.dtype

    @property
    def nbytes(self) -> int:
        """How many bytes are held for them."""
        return self.made.nbytes

    def __len__(self) -> int:
        return self.made.n

    @property
    def size(self) -> int:
        return self.made.n

    @property
    def shape(self) -> tuple[int]:
        return (self.size,)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        whole = np.empty(self.size, self.dtype if dtype is None else dtype)
        for first, part in looks.blocks(self):
            whole[first : first + len(part)] = part
        return whole

    # --- parts

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            places = range(*key.indices(self.size))
            if len(places) > LONG:
                return self if places == range(self.size) else LongArray(made.View(self.made, places))
            if places.step == 1:
                return self.part(places.start, places.stop) if len(places) else np.empty(0, self.dtype)
            return self.pick(np.arange(places.start, places.stop, places.step))
        if isinstance(key, (int, np.integer)):
            at = int(key) + (self.size if key < 0 else 0)
            if not 0 <= at < self.size:
                raise IndexError(f"index {key} is out of bounds for {self.size} samples")
            return self.part(at, at + 1)[0]
        if isinstance(key, tuple):
            return np.asarray(self)[key]
        if not isinstance(key, LongArray):
            key = np.asarray(key)
            if key.dtype.kind != "b":
                at = np.where(key < 0, key + self.size, key).astype(np.intp)
                return self.pick(at.ravel()).reshape(at.shape)
        kept = LongArray(made.Kept(self.made, as_long(key).made))
        return kept if len(kept) > LONG else np.asarray(kept)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set a stretch to one value; what was computed of these samples before stays as it was."""
        first, last, step = key.indices(self.size)
        if step != 1 or np.ndim(value):
            raise TypeError("of a long array a stretch can be set to one value, and nothing else")
        self.made = self.made.patched(first, last, value)

    def copy(self) -> LongArray:
        return LongArray(self.made)

    def ravel(self) -> LongArray:
        return self

    def reshape(self, *shape: Any) -> Any:
        rows, width = shape if len(shape) == 2 else (*shape[0],)
        rows = self.size // width if rows == -1 else rows
        if rows * width != self.size:
            raise ValueError(f"{self.size} samples can't be {rows} rows of {width}")
        return LongRows(self, width)

    def held(self, values: np.ndarray, width: int) -> LongArray:
        """Return an array as long as this, of which each value is that of `width` samples."""
        return LongArray(made.Held(np.asarray(values), width, self.size))

    def astype(self, dtype: Any, copy: bool = True) -> LongArray:
        """Return the samples in another type."""
        return self if np.dtype(dtype) == self.dtype else computed(made.as_type, self, np.dtype(dtype))

    # --- what numpy asks

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **more: Any) -> Any:
        out = more.pop("out", None)
        alike = all(np.ndim(one) == 0 or len(one) == self.size for one in inputs)
        if method == "__call__" and alike and ufunc.nout == 1 and (out is None or out[0] is self):
            return computed(ufunc, *inputs, **more)  # of ``x += 1`` too, which names the sum x
        if method == "reduce" and ufunc in _REDUCED and out is None and not set(more) - {"initial", "axis"}:
            return _REDUCED[ufunc](self, **{k: v for k, v in more.items() if k == "initial"})
        if method == "reduceat" and ufunc in (np.minimum, np.maximum) and not more:
            return looks.of_stretches(self, inputs[1], ufunc)
        if out is not None:
            more["out"] = out
        return getattr(ufunc, method)(*whole(inputs), **more)

    def __array_function__(
        self, function: Any, types: Iterable[type], args: tuple[Any, ...], more: Mapping[str, Any]
    ) -> Any:
        known = _FUNCTIONS.get(function)
        if known is not None:
            found = known(*args, **more)
            if found is not NotImplemented:
                return found
        return function(*whole(args), **whole(more))

    def max(self, axis: Any = None, initial: Any = None) -> Any:
        return looks.highest(self, initial)

    def min(self, axis: Any = None, initial: Any = None) -> Any:
        return looks.lowest(self, initial)

    def any(self) -> bool:
        return looks.has_any(self)

    def all(self) -> bool:
        return self.made.all()

    def sum(self) -> Any:
        return looks.total(self)

    def mean(self) -> Any:
        return looks.mean(self)

    def tolist(self) -> list[Any]:
        return np.asarray(self).tolist()


def as_long(values: Any) -> LongArray:
    """Return an array (n,) as one that is looked at block by block."""
    return values if isinstance(values, LongArray) else LongArray(made.Stored(values))


def counted(n: int) -> LongArray:
    """Return 0, 1, 2, … up to before `n`."""
    return LongArray(made.Counted(n))


def places(x: Any) -> Any:
    """Return the index of each sample of an array (n,)."""
    return counted(len(x)) if isinstance(x, LongArray) else np.arange(len(x))


def held(values: np.ndarray, repeats: np.ndarray, x: Any) -> Any:
    """Return ``np.repeat(values, repeats)``, for an array `x` of as many samples; all but the last repeat are equal."""
    return x.held(values, int(repeats[0])) if isinstance(x, LongArray) else np.repeat(values, repeats)


def computed(function: Callable[..., Any], *inputs: Any, **more: Any) -> LongArray:
    """Return what a function makes of arrays (n,), and perhaps of numbers, sample by sample."""
    return LongArray(
        made.Computed(function, tuple(as_long(one).made if np.ndim(one) else one for one in inputs), more)
    )


def windowed(x: LongArray, half: int, function: Callable[[np.ndarray], np.ndarray]) -> LongArray:
    """Return what a function makes of the `2 * half + 1` samples around each; beyond its ends the array is mirrored.

    Parameters
    ----------
    x : LongArray
    half : int
    function : callable
        A stretch of samples (m,) to as many less `half` at both ends.
    """
    return LongArray(made.Windowed(x.made, (half, half), function, mirrored=True))


def lean(values: Any) -> Any:
    """Return an array (n,), if it is long, as one that is looked at block by block."""
    return as_long(values) if len(values) > LONG else values


def whole(values: Any) -> Any:
    """Return arguments in which there are arrays of numpy's in place of long ones."""
    if isinstance(values, LongArray):
        return np.asarray(values)
    if isinstance(values, (tuple, list)):
        return type(values)(whole(one) for one in values)
    if isinstance(values, Mapping):
        return {key: whole(one) for key, one in values.items()}
    return values


# --- numpy's functions


class _Sorted:
    """What `np.partition` returns of a long array: the one sample that it is asked for."""

    def __init__(self, source: LongArray):
        self._source = source

    def __getitem__(self, rank: int) -> Any:
        return looks.ordered(self._source, [rank])[0]


def _diff(x: LongArray, n: int = 1) -> Any:
    for _ in range(n):
        x = np.subtract(x[1:], x[:-1]) if x.dtype.kind != "b" else np.not_equal(x[1:], x[:-1])
    return x


def _where(condition: Any, *choices: Any) -> Any:
    return computed(np.where, condition, *choices) if choices else (looks.places(condition),)


def _convolve(x: Any, kernel: Any, mode: str = "full") -> Any:
    if mode != "same" or not isinstance(x, LongArray):
        return NotImplemented
    reach = len(kernel) // 2, (len(kernel) - 1) // 2
    return LongArray(made.Windowed(x.made, reach, partial(np.convolve, kernel, mode="valid"), mirrored=False))


def _concatenate(arrays: Any, axis: int = 0) -> Any:
    return arrays[0] if len(arrays) == 1 else LongArray(made.Joined([as_long(one).made for one in arrays]))


def _likewise(value: Any) -> Callable[[LongArray], LongArray]:
    return lambda x: x.held(np.array([value], x.dtype), len(x))


def _of_finite(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that leaves NaN out, of arrays without; others are left to numpy."""
    return lambda x, **more: function(x, **more) if np.isfinite(x.ends()).all() else NotImplemented


def _quantile(x: LongArray, q: Any) -> Any:
    return looks.quantile(x, q) if len(x) else np.quantile(np.empty(0), q)


_REDUCED: dict[Any, Callable[..., Any]] = {
    np.minimum: looks.lowest,
    np.maximum: looks.highest,
    np.fmin: looks.lowest,
    np.fmax: looks.highest,
    np.logical_or: looks.has_any,
    np.logical_and: looks.has_all,
    np.add: looks.total,
}

_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.size: len,
    np.ndim: lambda x: 1,
    np.shape: lambda x: x.shape,
    np.min: looks.lowest,
    np.max: looks.highest,
    np.nanmin: _of_finite(looks.lowest),
    np.nanmax: _of_finite(looks.highest),
    np.ptp: looks.span,
    np.any: lambda x: x.any(),
    np.all: lambda x: x.all(),
    np.sum: looks.total,
    np.mean: looks.mean,
    np.var: looks.variance,
    np.std: lambda x: np.sqrt(looks.variance(x)),
    np.median: looks.median,
    np.nanmedian: _of_finite(looks.median),
    np.quantile: _quantile,
    np.partition: lambda x, rank: _Sorted(x),
    np.unique: looks.levels,
    np.count_nonzero: looks.count,
    np.flatnonzero: looks.places,
    np.argmin: partial(looks.first_of, best=np.argmin),
    np.argmax: partial(looks.first_of, best=np.argmax),
    np.diff: _diff,
    np.where: _where,
    np.convolve: _convolve,
    np.concatenate: _concatenate,
    np.zeros_like: _likewise(0),
    np.ones_like: _likewise(1),
}
