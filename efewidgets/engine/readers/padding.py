"""Stretches of a sweep that were never recorded: filled with zeros, with the last value or with any other constant.

An electrode is never still, so that exactly equal samples are counted: long runs of them, in a voltage that is
noisy on their border, are no recording. What is still by nature stays: a computed cell at rest comes to rest
smoothly and hasn't any noise, coarse digits of a quiet membrane have many long runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_FEWEST, _SHORTEST_MS = 20, 2.0  # samples, ms: what is shorter does no harm, or is the top of a clipped spike
_SATURATED_MS = 20.0  # so long an amplifier may stick at its limit, or a computed cell be held after a spike
_NEAR = 100  # samples next to a run in which noise is looked for
_TURNS = 0.1  # of the samples; spikes and stimuli turn less often than noise
_LONGER = 10  # times the run that is the fifth longest: four may be gaps, or clipped
_RANK = 4
_DIGITS = 20  # what changes by as many digits at once doesn't come to rest
_JUMP = 0.3  # of the range
_NO_NOISE = 1e-6  # of the largest value: rounding
_TOGETHER = 3  # samples


@dataclass(frozen=True)
class Gap:
    """Samples `start` to `stop` of a sweep, which are missing: the voltage is `value` throughout."""

    start: int
    stop: int
    value: float


def find_gaps(voltage: np.ndarray, current: np.ndarray, step: float) -> list[Gap]:
    """Find the stretches in which a voltage stands still though it can't.

    A stretch of at least 20 equal samples and 2 ms counts as missing

    - if the voltage beside it is noisy (three values at least, turning in every tenth sample or more) and it is ten
      times longer than the fifth longest run of equal samples; within a sweep from 20 ms on, and unless it is a
      limit at which the amplifier sticks (no jump leads to the lowest or highest value);
    - at the end, if the current was noisy and stands still at the same time;
    - if a jump by 30 % of the range leads into it and out of it again (or out of 20 ms at the start), or a change by
      more than 20 digits into 20 ms at the end, while the current does nothing of the kind, and the voltage stands
      nowhere else at that value as long. Zero in both at the end, after a jump, is a stop, too.

    At the start its value must be far from what follows: a reader may have held the first value itself, in place
    of a test pulse.

    Parameters
    ----------
    voltage, current : array (n,), in any unit, finite
    step : float
        Sampling step, ms.

    Returns
    -------
    gaps : list of Gap
        In their order; none where all samples are equal, or what else there is has fewer than three values.
    """
    sweep = _Sweep.of(voltage, current, step)
    gaps = [gap for gap in sweep.long_runs() if sweep.is_missing(gap)]
    if not (gaps and gaps[-1].stop == len(voltage)):
        stop = sweep.stop_of_both()
        gaps += [Gap(stop, len(voltage), float(voltage[-1]))] if stop is not None else []
    known = np.ones(len(voltage), dtype=bool)
    for gap in gaps:
        known[gap.start : gap.stop] = False
    return gaps if gaps and len(np.unique(voltage[known])) >= 3 else []


@dataclass(frozen=True, eq=False)
class _Sweep:
    """A sweep as runs of equal voltages.

    Parameters
    ----------
    voltage, current : array (n,)
    step : float
        Sampling step, ms.
    starts, lengths : array (m,)
        Of the runs, in samples.
    usual : int
        Length of the fifth longest run.
    """

    voltage: np.ndarray
    current: np.ndarray
    step: float
    starts: np.ndarray
    lengths: np.ndarray
    usual: int

    @classmethod
    def of(cls, voltage: np.ndarray, current: np.ndarray, step: float) -> _Sweep:
        starts = np.r_[0, np.flatnonzero(voltage[1:] != voltage[:-1]) + 1]
        lengths = np.diff(np.r_[starts, len(voltage)])
        rank = min(_RANK, len(lengths) - 1)
        usual = int(np.partition(lengths, -1 - rank)[-1 - rank])
        return cls(voltage, current, step, starts, lengths, usual)

    @property
    def least(self) -> int:
        """Length of the shortest run that is looked at, samples."""
        return max(_FEWEST, round(_SHORTEST_MS / self.step))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest voltage."""
        return float(np.min(self.voltage)), float(np.max(self.voltage))

    @cached_property
    def change(self) -> float:
        """More than any change of a voltage that comes to rest."""
        steps = np.abs(np.diff(self.voltage.astype(float)))
        digit = float(np.min(steps[steps > 0], initial=np.inf))
        return max(_DIGITS * digit, _NO_NOISE * max(map(abs, self.ends)))

    def long_runs(self) -> Iterator[Gap]:
        """Yield the runs that are looked at, but for a sweep that is one run."""
        for k in np.flatnonzero(self.lengths >= self.least) if len(self.starts) > 1 else ():
            start = int(self.starts[k])
            yield Gap(start, start + int(self.lengths[k]), float(self.voltage[start]))

    def is_missing(self, run: Gap) -> bool:
        """Whether a run can't have been recorded."""
        borders = [at for at in (run.start, run.stop) if 0 < at < len(self.voltage)]
        sides = [self.voltage[run.stop : run.stop + _NEAR]] if run.stop < len(self.voltage) else []
        sides += [self.voltage[max(run.start - _NEAR, 0) : run.start]] if run.start > 0 else []
        within = len(borders) == 2
        if run.start == 0 and not _is_elsewhere(run.value, sides[0]):
            return False
        length = run.stop - run.start
        long = length * self.step >= _SATURATED_MS
        if (long or not within) and length >= _LONGER * self.usual and all(map(is_noisy, sides)):
            return not (within and self._is_limit(run)) or self._jumps(borders)
        abrupt = self._jumps(borders) if within or run.start == 0 else self._breaks_off(run.start)
        return (
            abrupt
            and (long or within)
            and not self._held_elsewhere(run)
            and not self._is_answer(run, borders)
        )

    def _is_limit(self, run: Gap) -> bool:
        return run.value in self.ends

    def _jumps(self, borders: list[int]) -> bool:
        """Whether the voltage jumps at all borders."""
        reach = self.ends[1] - self.ends[0]
        return all(
            abs(float(self.voltage[at]) - float(self.voltage[at - 1])) >= _JUMP * reach for at in borders
        )

    def _breaks_off(self, at: int) -> bool:
        """Whether the voltage changes much within some samples of a border."""
        near = self.voltage[max(at - _TOGETHER, 0) : at + _TOGETHER].astype(float)
        return bool(np.max(np.abs(np.diff(near))) >= self.change)

    def _held_elsewhere(self, run: Gap) -> bool:
        """Whether the voltage stands as long at this value in a place that it doesn't jump to and from."""
        n, least = len(self.voltage), (run.stop - run.start) / _LONGER
        others = [
            o for o in self.long_runs() if o != run and o.value == run.value and o.stop - o.start >= least
        ]
        return any(o.start == 0 or o.stop == n or not self._jumps([o.start, o.stop]) for o in others)

    def _is_answer(self, run: Gap, borders: list[int]) -> bool:
        """Whether the current turns at a border as well; zero in both after a jump is no answer."""
        if run.stop == len(self.voltage) and run.value == 0 and not self.current[run.start :].any():
            return not self._jumps(borders)
        bends = np.abs(np.diff(self.current.astype(float), 2))
        odd = max(_LONGER * float(np.mean(bends)), _NO_NOISE * float(np.ptp(self.current)))
        near = (bends[max(at - 2 - _TOGETHER, 0) : at + _TOGETHER] for at in borders)
        return any(bool(np.any(around > odd)) for around in near)

    def stop_of_both(self) -> int | None:
        """Return the sample from which on a noisy current and the voltage stand still; None if they don't."""
        moves = np.flatnonzero(self.current[1:] != self.current[:-1])
        at = int(moves[-1]) + 1 if len(moves) else 0
        still = len(self.voltage) - at
        if still < self.least or self.starts[-1] > at + _TOGETHER:
            return None
        return at if is_noisy(self.current[max(at - _NEAR, 0) : at]) else None


def _is_elsewhere(value: float, beside: np.ndarray) -> bool:
    """Whether a value is far from the samples on its border, and from the first of them."""
    beside = beside.astype(float)
    usual = float(np.mean(np.abs(np.diff(beside)))) if len(beside) > 1 else 0.0
    return min(abs(beside[0] - value), abs(float(np.median(beside)) - value)) > _LONGER * usual


def is_noisy(samples: np.ndarray) -> bool:
    """Whether samples go up and down among at least three values, more often than spikes do."""
    samples = samples.astype(float)
    if len(samples) < _FEWEST:
        return False
    steps = np.diff(samples)
    steps = steps[np.abs(steps) > _NO_NOISE * np.max(np.abs(samples))]
    turns = int(np.count_nonzero(steps[1:] * steps[:-1] < 0))
    return turns >= _TURNS * len(samples) and len(np.unique(samples)) >= 3
