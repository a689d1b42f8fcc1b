"""The recorded current made ready for detection: finite, float64, and coarse versions of itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FLOOR = 1e-6  # nA; commands read from a file header have no noise at all


def finite(current: np.ndarray) -> np.ndarray:
    """Float64 copy of a current (nA) whose gaps hold the last value before them.

    Parameters
    ----------
    current : numpy.ndarray, shape (n,)
        Current (nA); NaN where a file was padded.

    Returns
    -------
    numpy.ndarray, shape (m,)
        The samples up to the last finite one.
    """
    x = np.array(current, dtype=np.float64).ravel()
    ok = np.isfinite(x)
    if ok.all():
        return x
    if not ok.any():
        return x[:0]
    last = int(np.flatnonzero(ok)[-1]) + 1
    x, ok = x[:last], ok[:last]
    source = np.maximum.accumulate(np.where(ok, np.arange(last), 0))
    source[: int(np.argmax(ok))] = int(np.argmax(ok))
    return x[source]


def mad(x: np.ndarray) -> float:
    """Estimate the standard deviation of a normal sample from its median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(x - np.median(x)))) if len(x) else 0.0


@dataclass(frozen=True)
class Trace:
    """A current and its block medians.

    Attributes
    ----------
    x : numpy.ndarray, shape (n,)
        Current (nA), finite.
    dt : float
        Sampling step (ms).
    blocks : int
        How many blocks the coarse search uses, about.
    """

    x: np.ndarray
    dt: float
    blocks: int = 160

    @property
    def n(self) -> int:
        return len(self.x)

    @cached_property
    def width(self) -> int:
        """Samples in a block."""
        return max(1, self.n // self.blocks)

    @cached_property
    def coarse(self) -> np.ndarray:
        """Block medians (nA): blind to spikes' artefacts, which last less than half a block."""
        m = self.n // self.width
        y = self.x[: m * self.width].reshape(m, self.width)
        return np.median(y, axis=1) if self.width > 1 else y[:, 0]

    @cached_property
    def noise(self) -> float:
        """Spread of the samples about their block medians (nA), hum and oscillations included."""
        m = len(self.coarse)
        if self.width == 1:
            return max(FLOOR, mad(np.diff(self.x)) / 2**0.5)
        step = max(1, m * self.width // 8000)  # a few thousand samples are plenty
        rest = (self.x[: m * self.width].reshape(m, self.width) - self.coarse[:, None]).ravel()[::step]
        return max(FLOOR, 1.4826 * float(np.median(np.abs(rest))))

    def samples(self, ms: float) -> int:
        """Count the samples in so many ms, at least one."""
        return max(1, round(ms / self.dt))
