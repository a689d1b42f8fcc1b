"""The level of a pulse so brief that its slopes are a good part of it.

BluePyEfe takes the median from its first sample to its last, slopes included. A filter that blurs the ends of a pulse
leaves its charge as it was, and its width at half its height: where charge over width says more than the median, and as
much as the summit shows, the pulse is as high as that. The transients of a capacitance have a summit of their own, and
change nothing. A pulse whose slopes meet has no level any more: its width is no longer that of the command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

BRIEF = 5.0  # ms
SHARE = 0.03  # by which the two must differ
SUMMIT = 0.9  # of the summit: so much must be explained
FEWEST = 5  # samples of a pulse: between so many no filter lets one stand apart,
GLITCH = 0.25  # of the height, from both beside it
FOOT = 0.05  # of the height: what is lower isn't counted
SLOPES = 0.5  # of the width: slopes from a quarter to three quarters of the height that last longer meet


@dataclass(frozen=True)
class Pulse:
    """A pulse, upward.

    Parameters
    ----------
    x : array (n,)
        Current above the holding current (nA), the pulse and as much before and after it.
    top : int
        Its highest sample.
    height : float
        The median of the pulse (nA).
    """

    x: np.ndarray
    top: int
    height: float

    @property
    def summit(self) -> float:
        return float(self.x[self.top])

    def run(self, share: float) -> tuple[int, int]:
        """Return the first sample and the first after the run of samples above a share of the summit."""
        below = np.flatnonzero(self.x <= share * self.summit)
        k = int(np.searchsorted(below, self.top))
        return int(below[k - 1]) + 1 if k else 0, int(below[k]) if k < len(below) else len(self.x)

    def width(self, share: float) -> float | None:
        """Return for how many samples it is above a share of its summit; None if that isn't seen."""
        (a, b), x, level = self.run(share), self.x, share * self.summit
        if a == 0 or b == len(x):
            return None
        rises, falls = (
            float((x[a] - level) / (x[a] - x[a - 1])),
            float((x[b - 1] - level) / (x[b - 1] - x[b])),
        )
        return b - a - 1 + rises + falls


def brief_pulse(current: np.ndarray, first: int, last: int, dt: float, base: Any, usual: Any) -> Pulse | None:
    """Return the pulse between two samples; None if it isn't brief. Parameters are those of `brief_level`."""
    if not 0 < (last - first) * dt <= BRIEF or usual == base:
        return None
    sign, around = float(np.sign(usual - base)), last - first
    start = max(0, first - around)
    x = sign * (current[start : last + around].astype(np.float64) - float(base))
    height = abs(float(usual - base))
    if around >= FEWEST:
        x = without_glitches(x, height)
    return Pulse(x, first - start + int(np.argmax(x[first - start : last - start])), height)


def brief_level(current: np.ndarray, first: int, last: int, dt: float, base: Any, usual: Any) -> Any:
    """Return the level (nA) of a pulse.

    Parameters
    ----------
    current : array (n,)
        nA.
    first, last : int
        First sample of the pulse, and the first after it.
    dt : float
        ms.
    base : float
        Holding current (nA).
    usual : float
        The median of the pulse (nA).
    """
    pulse = brief_pulse(current, first, last, dt, base, usual)
    return usual if pulse is None else level_of(pulse, base, usual)


def level_of(pulse: Pulse, base: Any, usual: Any) -> Any:
    """Return the level (nA) of a pulse, of which base and median are known (nA)."""
    width = pulse.width(0.5)
    if width is None:
        return usual
    foot, end = pulse.run(FOOT)
    height = float(pulse.x[foot:end].sum()) / width
    explains = (1.0 + SHARE) * pulse.height < height and SUMMIT * pulse.summit <= height
    return np.float64(base + np.sign(usual - base) * height) if explains else usual


def slopes_meet(pulse: Pulse) -> bool:
    """Whether a pulse is so blurred that it has no level."""
    low, half, high = (pulse.width(share) for share in (0.25, 0.5, 0.75))
    return low is not None and half is not None and high is not None and low - high > SLOPES * half


def without_glitches(x: np.ndarray, height: float) -> np.ndarray:
    """Return a pulse (n,) whose single samples that are far above or below both their neighbours are as these."""
    beside = np.stack((x[:-2], x[2:]))
    low, high = beside.min(axis=0), beside.max(axis=0)
    apart = np.maximum(low - x[1:-1], x[1:-1] - high)
    found = np.flatnonzero((apart > GLITCH * height) & (low > 0.5 * height)) + 1
    if len(found):
        x = x.copy()
        x[found] = beside.mean(axis=0)[found - 1]
    return x
