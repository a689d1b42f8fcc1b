"""The recorded current made ready for detection: finite, float64, and coarse versions of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..long.array import LongArray
from ..traces.robust import FEW, ranked
from .long_current import step_of_converter, without_hum, without_slow

FLOOR = 1e-6  # nA; commands read from a file header have no noise at all
SLOW = 40.0  # ms; what changes more slowly is stimulus or drift, not hum
MANY = 5000  # samples that are enough to tell a noise
BAND = 150.0  # Hz; wider than a line that wanders
HUM = 0.3  # of the power: lines that are worth to be subtracted
LINE = 30.0  # times the power of its neighbours: a spectral line
FLICKER = 3  # times that a value is left and come back to at once: noise, as a converter shows it
AT_ONCE = 5  # samples
DIGIT = 1e-3  # nA; in a current without flicker, a change as small as this is the converter's last digit, too
RESOLVED = 1.75  # steps of the converter: a change of the current, and not of its last digit
COARSE = 0.05  # share of samples that equal their neighbour: the converter's steps are as large as the noise


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
    if isinstance(current, LongArray) and np.isfinite(current).all():
        return current.astype(np.float64)
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


def median(x: np.ndarray) -> float:
    """Find the middle value of a non-empty sample (the upper one of two)."""
    half = len(x) // 2
    if len(x) >= FEW:
        return float(ranked(x, half, half)[1])
    part = x.copy()
    part.partition(half)
    return float(part[half])


def mad(x: np.ndarray) -> float:
    """Estimate the standard deviation of a normal sample from its median absolute deviation.

    Of a long sample, every so manieth value is looked at.
    """
    x = x[:: max(1, len(x) // MANY)]
    return 1.4826 * median(np.abs(x - median(x))) if len(x) else 0.0


def converter_step(x: np.ndarray) -> float:
    """Find the step (nA) of the converter that recorded a current, where it is as coarse as the noise.

    Such a current flickers: it often stays what it was, and often moves by a step and back at once. A command
    without noise moves, too, but doesn't come back at once.

    Returns
    -------
    float
        0 if the steps are lost in the noise, or there is no noise.
    """
    if isinstance(x, LongArray):
        least = 1e-9 * (float(np.ptp(x)) + FLOOR)
        return step_of_converter(x, least, 1.0 - COARSE, AT_ONCE, FLICKER, DIGIT)
    change = x[1:] - x[:-1]
    size, reach = np.abs(change), float(np.ptp(x))
    moves = size > 1e-9 * (reach + FLOOR)
    number = int(np.count_nonzero(moves))
    if not number or number > (1.0 - COARSE) * len(change):
        return 0.0
    if not _flickers(change, moves) and reach >= DIGIT:
        return 0.0
    size[~moves] = np.inf
    return float(size.min())


def _flickers(change: np.ndarray, moves: np.ndarray) -> bool:
    """Whether a current is left and come back to at once, `FLICKER` times; what flickers does so from the start."""
    for part in (slice(MANY), slice(None)):
        moved = np.flatnonzero(moves[part])
        up = change[moved] > 0
        back = (up[1:] != up[:-1]) & (moved[1:] - moved[:-1] <= AT_ONCE)
        if np.count_nonzero(back) >= FLICKER:
            return True
    return False


def blocks(x: np.ndarray, width: int) -> np.ndarray:
    """Cut a current into blocks of `width` samples, shape (m, width); what is left over is dropped."""
    m = len(x) // width
    return x[: m * width].reshape(m, width)


def middles(rows: np.ndarray) -> np.ndarray:
    """Find the middle value (the upper one of two) of each row of samples, shape (m, width); shape (m,)."""
    half = rows.shape[1] // 2
    if isinstance(rows, np.ndarray):
        with np.errstate(over="ignore"):
            single = rows.astype(np.float32)
        if np.array_equal(single, rows):  # as recorded: they are selected from in a third of the time
            rows = single
    # a view would keep all samples in memory
    return np.partition(rows, half, axis=1)[:, half].astype(np.float64)


@dataclass(frozen=True)
class Trace:
    """A current and its block medians.

    Attributes
    ----------
    x : numpy.ndarray, shape (n,)
        Current (nA), finite.
    dt : float
        Sampling step (ms).
    step : float
        Step of the converter (nA), if it is as coarse as the noise; else 0.
    count : int
        How many blocks the coarse search uses, about.
    """

    x: np.ndarray
    dt: float
    step: float = 0.0
    count: int = 160

    @property
    def n(self) -> int:
        return len(self.x)

    @cached_property
    def width(self) -> int:
        """Samples in a block."""
        return max(1, self.n // self.count)

    @cached_property
    def coarse(self) -> np.ndarray:
        """Block medians (nA): blind to spikes' artefacts, which last less than half a block."""
        return middles(blocks(self.x, self.width))

    @cached_property
    def noise(self) -> float:
        """Spread of the samples about their block medians (nA), hum and oscillations included."""
        if self.width == 1:
            return max(self.floor, mad(np.diff(self.x)) / 2**0.5)
        n = len(self.coarse) * self.width
        at = np.arange(0, n, max(1, n // MANY))
        rest = self.x[at] - self.coarse[at // self.width]
        if self.step:  # the median deviation is a whole number of steps, 0 among them
            return max(self.floor, float(np.std(np.clip(rest, -3.0 * self.step, 3.0 * self.step))), mad(rest))
        return max(self.floor, 1.4826 * median(np.abs(rest)))

    @property
    def floor(self) -> float:
        """Least noise that a sample can have (nA): that of its rounding."""
        return max(FLOOR, self.step / 12**0.5)

    def resolved(self, change: float) -> bool:
        """Whether a change of the level (nA) is more than the converter's last digit."""
        return abs(change) >= RESOLVED * self.step

    def samples(self, ms: float) -> int:
        """Count the samples in so many ms, at least one."""
        return max(1, round(ms / self.dt))

    def slow(self, at: np.ndarray, ms: float = 0.0) -> np.ndarray:
        """Leave out what is faster than a block (or `ms`): block medians joined by lines."""
        width = max(self.width, self.samples(ms)) if ms else self.width
        y = self.coarse if width == self.width else np.median(blocks(self.x, width), axis=1)
        return np.interp(at, (np.arange(len(y)) + 0.5) * width - 0.5, y)

    def without_lines(self) -> Trace | None:
        """Subtract mains hum and ringing, if they make up much of the noise.

        Spectral lines are the frequencies above 1/`SLOW` whose power is `LINE` times that of their
        neighbours (the median of a band of `BAND` Hz; ringing wanders by some of it).

        Returns
        -------
        Trace or None
            None if there are no such lines, or the sweep is too short to tell.
        """
        if self.n * self.dt < 5 * SLOW:
            return None
        if isinstance(self.x, LongArray):
            return self._without_lines_of_stretches(self.x)
        rest = self.x - self.slow(np.arange(self.n), SLOW)
        rest[np.abs(rest) > 5.0 * max(mad(rest), FLOOR)] = 0.0
        spectrum, power, line = self._lines(rest)
        if not line.any() or power[line].sum() < HUM * power.sum():
            return None
        spectrum[~line] = 0.0
        padded = 2 * (len(spectrum) - 1)
        return replace(self, x=self.x - np.fft.irfft(spectrum, padded)[: self.n])

    def _lines(self, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the spectrum of samples, shape (m,), its power, and where that is a line; none if they are too few."""
        grain = 2 ** max(0, len(rest).bit_length() - 5)  # lengths without large prime factors are fast
        padded = -(-len(rest) // grain) * grain
        spectrum = np.fft.rfft(rest, padded)
        power = np.abs(spectrum) ** 2
        width = max(64, int(BAND * 1e-3 * padded * self.dt))
        if len(power) < 2 * width:
            return spectrum, power, np.zeros(len(power), dtype=bool)
        around = np.repeat(np.median(blocks(power, width), axis=1), width)
        around = np.concatenate((around, np.full(len(power) - len(around), around[-1])))
        line = power > LINE * around
        line[: int(padded * self.dt / SLOW)] = False
        line[1:-1] |= line[:-2] | line[2:]
        return spectrum, power, line

    def _without_lines_of_stretches(self, x: LongArray) -> Trace | None:
        width = max(self.width, self.samples(SLOW))
        slow = self.coarse if width == self.width else np.median(blocks(self.x, width), axis=1)
        rest = without_slow(x, slow, width, lambda rest: 5.0 * max(mad(rest), FLOOR))  # type: ignore[arg-type]
        quiet = without_hum(x, rest, self._lines, HUM)
        return None if quiet is None else replace(self, x=quiet)  # type: ignore[arg-type]
