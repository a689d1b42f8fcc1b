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


class Interpolated:
    """A trace on eFEL's grid, computed where it is asked for.

    Parameters
    ----------
    t, v : np.ndarray, shape (n,)
        Time (ms, increasing) and potential (mV) as recorded.
    step : float
        eFEL's ``interp_step`` (ms).

    Attributes
    ----------
    grid : np.ndarray, shape (m,)
        Times of the grid (ms).
    """

    def __init__(self, t: np.ndarray, v: np.ndarray, step: float) -> None:
        self.t, self.v = np.asarray(t, dtype=float), np.asarray(v)
        # with fewer than three samples eFEL takes them as they are
        self.grid = time_grid(float(t[0]), float(t[-1]), step) if len(t) > 2 else self.t

    def potential(self, points: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Potential (mV) at the given points of the grid."""
        if self.grid is self.t:
            return self.v[points].astype(float)
        x = self.grid[points]
        left = np.maximum(np.searchsorted(self.t, x, side="left") - 1, 0)
        beyond = np.flatnonzero(left == len(self.t) - 1)  # after the last sample: its potential
        left[beyond] -= 1
        t0, v0 = self.t[left], self.v[left].astype(float)
        left += 1
        t1, v1 = self.t[left], self.v[left].astype(float)
        potential = v0 + (v1 - v0) / (t1 - t0) * (x - t0)
        potential[beyond] = v1[beyond]
        return potential
