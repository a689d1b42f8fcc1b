"""A long trace on eFEL's time grid, the same numbers to the last bit; no more is computed than is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Points between two that are kept
_KEPT_EVERY = 1 << 16


class LongGrid:
    """The times (ms) to which eFEL interpolates a trace, as `interpolation.time_grid` has them, read piece by piece.

    They are sums of many steps, each rounded; every so manieth is kept, and those after it are added up again.
    """

    def __init__(self, start: float, stop: float, step: float):
        self.step, n = step, int(np.ceil((stop - start) / step)) + 1
        kept, last_but_one = [start], start
        for first in range(0, n, _KEPT_EVERY):
            piece = self._sums(kept[-1], min(_KEPT_EVERY, n - 1 - first))
            last_but_one = float(piece[-2]) if len(piece) > 1 else last_but_one
            if first + _KEPT_EVERY < n:
                kept.append(float(piece[-1]))
        self.kept = np.array(kept)
        self._n = n - 1 if n > 1 and last_but_one >= stop else n

    def _sums(self, start: float, many: int) -> np.ndarray:
        steps = np.full(many + 1, self.step)
        steps[0] = start
        return np.add.accumulate(steps)

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, points: np.ndarray) -> np.ndarray:
        """Return the times of points (m,), ms."""
        found, piece = np.empty(len(points)), points // _KEPT_EVERY
        for k in np.unique(piece):
            here = piece == k
            within = points[here] - k * _KEPT_EVERY
            found[here] = self._sums(self.kept[k], int(within.max()))[within]
        return found

    def searchsorted(self, times: np.ndarray, side: Any) -> np.ndarray:
        """``np.searchsorted`` in the whole grid."""
        piece = np.maximum(np.searchsorted(self.kept, times, side=side) - 1, 0)
        found = np.empty(len(times), dtype=np.intp)
        for k in np.unique(piece):
            here, first = piece == k, int(k) * _KEPT_EVERY
            sums = self._sums(self.kept[k], min(_KEPT_EVERY, self._n - first) - 1)
            found[here] = first + np.searchsorted(sums, times[here], side=side)
        return found


class LongInterpolated:
    """A long trace on eFEL's grid, as `interpolation.Interpolated`.

    Parameters
    ----------
    t, v : LongArray, shape (n,)
        Time (ms, in even steps from 0) and potential (mV) as recorded.
    step : float
        eFEL's ``interp_step`` (ms).
    """

    def __init__(self, t: Any, v: Any, step: float):
        self.t, self.v = t, v
        self.grid = LongGrid(float(t[0]), float(t[-1]), step)

    def potential(self, points: np.ndarray) -> np.ndarray:
        """Potential (mV) at the given points of the grid."""
        x = self.grid[points]
        left = self._before(x)
        t0, v0 = self.t.pick(left), self.v.pick(left).astype(float)
        t1, v1 = self.t.pick(left + 1), self.v.pick(left + 1).astype(float)
        potential = v0 + (v1 - v0) / (t1 - t0) * (x - t0)
        return np.where(x > self.t[-1], v1, potential)  # after the last sample: its potential

    def _before(self, x: np.ndarray) -> np.ndarray:
        """Place of the last sample but one before each time."""
        last = len(self.t) - 2
        left = np.clip(np.ceil(x / float(self.t[1] - self.t[0])).astype(np.intp) - 1, 0, last)
        while (late := (left > 0) & (self.t.pick(left) >= x)).any():
            left[late] -= 1
        while (early := (left < last) & (self.t.pick(np.minimum(left + 1, last)) < x)).any():
            left[early] += 1
        return left
