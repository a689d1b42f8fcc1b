"""A trace on the time grid to which eFEL interpolates it, to the last bit.

The grid is built by repeated addition and the potentials in the order of operations of eFEL's
LinearInterpolation (efel/cppcore/Utils.cpp, eFEL 5.7).
"""

from __future__ import annotations

import functools

import numpy as np

#: Grids of more points than this aren't kept for the next trace
KEPT = 1_000_000


def time_grid(start: float, stop: float, step: float) -> np.ndarray:
    """Return the times (ms) to which eFEL interpolates a trace from `start` to `stop`; read-only."""
    return (_kept_grid if (stop - start) / step < KEPT else _grid)(start, stop, step)


def _grid(start: float, stop: float, step: float) -> np.ndarray:
    # one more than the rounded-up quotient: eFEL adds a point if the last one falls short of the end
    steps = np.full(int(np.ceil((stop - start) / step)) + 1, step)
    steps[0] = start
    grid = np.add.accumulate(steps)
    if grid[-2] >= stop:
        grid = grid[:-1]
    grid.flags.writeable = False
    return grid


_kept_grid = functools.lru_cache(maxsize=8)(_grid)  # most recordings of a cell have the same


@functools.lru_cache(maxsize=4)
def _places(sweeps: _SharedTimes, step: float) -> tuple[np.ndarray, np.ndarray]:
    """For each point of the grid the last sample before it, and the time since that sample (ms)."""
    t = sweeps.t
    left, since = _before(t, time_grid(float(t[0]), float(t[-1]), step))
    return left, since


def _before(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place, and time since, the last sample but one before each time `x`; also for times after the last."""
    left = np.clip(np.searchsorted(t, x, side="left") - 1, 0, len(t) - 2)
    return left, x - t[left]


class _SharedTimes:
    """An array of times that nobody can change, as a key: the same array is the same key."""

    def __init__(self, t: np.ndarray) -> None:
        self.t = t

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SharedTimes) and self.t is other.t

    def __hash__(self) -> int:
        return id(self.t)


class Interpolated:
    """A trace on eFEL's grid, computed where it is asked for.

    Parameters
    ----------
    t, v : np.ndarray, shape (n,)
        Time (ms, increasing) and potential (mV) as recorded. If `t` is read-only, what depends on it alone is
        remembered for the next trace.
    step : float
        eFEL's ``interp_step`` (ms).

    Attributes
    ----------
    grid : np.ndarray, shape (m,)
        Times of the grid (ms).
    """

    def __init__(self, t: np.ndarray, v: np.ndarray, step: float) -> None:
        self.t, self.v, self.step = np.asarray(t, dtype=float), np.asarray(v), step
        # with fewer than three samples eFEL takes them as they are
        self.grid = time_grid(float(t[0]), float(t[-1]), step) if len(t) > 2 else self.t

    def potential(self, points: np.ndarray | None = None) -> np.ndarray:
        """Potential (mV) at the given points of the grid, or at all of it."""
        if self.grid is self.t:
            return self.v.astype(float) if points is None else self.v[points].astype(float)
        if points is None:
            return self._everywhere()
        x = self.grid[points]
        left, since = _before(self.t, x)
        t0, v0 = self.t[left], self.v[left].astype(float)
        left += 1
        t1, v1 = self.t[left], self.v[left].astype(float)
        potential = v0 + (v1 - v0) / (t1 - t0) * since
        return np.where(x > self.t[-1], v1, potential)  # after the last sample: its potential

    def _everywhere(self) -> np.ndarray:
        """Potential on the whole grid: each slope is computed once, not for each point between two samples."""
        if self.t.flags.writeable or len(self.grid) > KEPT // 4:
            left, since = _before(self.t, self.grid)
        else:
            left, since = _places(_SharedTimes(self.t), self.step)
        v = self.v.astype(float)
        potential = (np.diff(v) / np.diff(self.t))[left]
        potential *= since
        potential += v[left]
        potential[np.searchsorted(self.grid, self.t[-1], side="right") :] = v[-1]
        return potential
