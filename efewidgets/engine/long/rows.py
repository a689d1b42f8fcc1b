"""A long array cut into rows of equally many samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from . import looks


class LongRows(NDArrayOperatorsMixin):
    """A long array as rows, shape (m, width).

    Parameters
    ----------
    source : LongArray
        Its samples, row by row.
    width : int
        Samples in a row.
    """

    ndim = 2

    def __init__(self, source: Any, width: int):
        self.source, self.width = source, width
        self.dtype = source.dtype

    def __len__(self) -> int:
        return len(self.source) // self.width

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self.width

    def ravel(self) -> Any:
        return self.source

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.source, dtype=dtype).reshape(self.shape)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice) and key.step in (None, 1):
            first, last, _ = key.indices(len(self))
            return self.source[first * self.width : max(last, first) * self.width].reshape(-1, self.width)
        if isinstance(key, np.ndarray) and key.dtype.kind == "b":
            kept = self.source[self.source.held(key, self.width)]
            return kept.reshape(-1, self.width)
        return np.asarray(self)[key]

    def by_row(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return what a function of rows, shape (k, width), says of each, shape (m,)."""
        found = [function(part) for part in self._parts()]
        return np.concatenate(found) if found else function(np.empty((0, self.width), self.dtype))

    def _parts(self) -> Iterator[np.ndarray]:
        many = max(1, looks.BLOCK // self.width)
        for first in range(0, len(self), many):
            last = min(first + many, len(self))
            yield self.source.part(first * self.width, last * self.width).reshape(-1, self.width)

    def mean(self, axis: int) -> np.ndarray:
        """Mean of each row; `axis` is 1."""
        return self._by_row(axis, lambda rows: rows.mean(axis=1))

    def std(self, axis: int) -> np.ndarray:
        """Standard deviation of each row; `axis` is 1."""
        return self._by_row(axis, lambda rows: rows.std(axis=1))

    def _by_row(self, axis: int, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        if axis not in (1, -1):
            raise ValueError("rows are looked at one by one, along axis 1")
        return self.by_row(function)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **more: Any) -> Any:
        column = (len(self), 1)
        if (
            method == "__call__"
            and "out" not in more
            and all(np.shape(one) in ((), column) for one in inputs if one is not self)
        ):
            flat = [self._flat(one) for one in inputs]
            return LongRows(ufunc(*flat, **more), self.width)
        return getattr(ufunc, method)(*(np.asarray(one) if one is self else one for one in inputs), **more)

    def _flat(self, one: Any) -> Any:
        if one is self:
            return self.source
        return one if np.ndim(one) == 0 else self.source.held(np.ravel(one), self.width)

    def __array_function__(
        self, function: Any, types: Iterable[type], args: tuple[Any, ...], more: Mapping[str, Any]
    ) -> Any:
        if function in (np.shape, np.ndim):
            return self.shape if function is np.shape else 2
        if function is np.median and more == {"axis": 1}:
            return self.by_row(lambda rows: np.median(rows, axis=1))
        if function is np.partition and more == {"axis": 1}:
            return _SortedRows(self)
        return function(*(np.asarray(one) if one is self else one for one in args), **more)


class _SortedRows:
    """What `np.partition` returns of long rows: the one column that it is asked for."""

    def __init__(self, rows: LongRows):
        self._rows = rows

    def __getitem__(self, key: tuple[slice, int]) -> np.ndarray:
        rank = key[1]
        return self._rows.by_row(lambda rows: np.partition(rows, rank, axis=1)[:, rank].copy())
