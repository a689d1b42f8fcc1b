"""Stretches of a sweep that were never recorded: filled with zeros, with the last value or with any other constant.

An electrode is never still, so that exactly equal samples are counted: long runs of them, in a voltage that is
noisy on their border, are no recording. What is still by nature stays: a computed cell at rest comes to rest
smoothly and hasn't any noise, coarse digits of a quiet membrane have many long runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

_FEWEST, _SHORTEST_MS = 20, 2.0  # samples, ms: what is shorter does no harm, or is the top of a clipped spike
_SATURATED_MS = 20.0  # so long an amplifier may stick at its limit, or a computed cell be held after a spike
_BLANKED_MS = 5.0  # so long it may be switched off while a stimulus is given
_NEAR = 200  # samples next to a run in which noise is looked for
_CLOSE = 20  # samples at the border itself
_TURNS = 0.06  # of the samples; spikes and stimuli turn less often than noise
_LONGER = 10  # times the run that is the fifth longest: four may be gaps, or clipped
_LONGER_COARSE = 40  # times any other run
_FINE = 0.7  # digits a sample: noise that no digit swallows
_DIGITS = 20  # what changes by as many digits at once doesn't come to rest
_JUMP = 0.3  # of the range
_HALF = 0.5  # of the current's range
_BEYOND = 3  # times all else
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

    - if the voltage beside it is noisy (in 200 samples three values at least, and 12 turns) and jumps into it and out
      of it by 30 % of the range; or, without such a jump, if it is ten times longer than the fifth longest run, or 40
      times longer than any other where the noise is smaller than the digits, at the end, or within from 5 ms on,
      unless it is a limit at which the amplifier sticks (whatever the jumps for less than 20 ms, but for zero);
    - at the end, if the current was noisy and stands still at the same time, or makes a step of half its range which
      leaves the voltage as it is;
    - if the voltage is without noise, but jumps into it and out of it, or changes by more than 20 digits at once into
      20 ms at the end, while the current does nothing of the kind, and the voltage stands nowhere else at that value
      as long. Zero in both after a jump, or a value beyond all measure, are missing whatever the current does.

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
    if not _may_stand_still(
        voltage, _least(step)
    ):  # nearly all sweeps: the rest costs as much as reading them
        return []
    sweep = _Sweep.of(voltage, current, step)
    gaps = [gap for gap in sweep.long_runs() if sweep.is_missing(gap)]
    if not (gaps and gaps[-1].stop == len(voltage)):
        stop = sweep.stop_of_both()
        gaps += [Gap(stop, len(voltage), float(voltage[-1]))] if stop is not None else []
    if gaps and gaps[-1].stop == len(voltage):
        gaps[-1] = replace(gaps[-1], start=min(gaps[-1].start, sweep.channels_end(gaps[-1].start)))
    known = np.ones(len(voltage), dtype=bool)
    for gap in gaps:
        known[gap.start : gap.stop] = False
    return gaps if gaps and len(np.unique(voltage[known])) >= 3 else []


def never_recorded(voltage: np.ndarray) -> bool:
    """Whether a voltage is zero throughout, or one value from some sample among the first on."""
    start = int(np.argmax(voltage == voltage[-1]))
    return (
        start < _FEWEST < len(voltage)
        and bool((voltage[start:] == voltage[-1]).all())
        and (start > 0 or voltage[-1] == 0)
    )


def _least(step: float) -> int:
    """Return how many samples the shortest run has that is looked at."""
    return max(_FEWEST, round(_SHORTEST_MS / step))


def _may_stand_still(voltage: np.ndarray, least: int) -> bool:
    """Whether there may be a run of that many equal samples, or one at the end that a stop of both channels shortens.

    Such a run holds two neighbours of a grid of half its length, and all that lies between them.
    """
    if bool((voltage[-(least - _TOGETHER) :] == voltage[-1]).all()):
        return True
    half = least // 2
    grid = np.arange(0, len(voltage) - half, half)
    for ahead in range(half, 0, -1):
        grid = grid[voltage[grid + ahead] == voltage[grid]]
        if not len(grid):
            return False
    return True


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
    """

    voltage: np.ndarray
    current: np.ndarray
    step: float
    starts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, voltage: np.ndarray, current: np.ndarray, step: float) -> _Sweep:
        starts = np.r_[0, np.flatnonzero(voltage[1:] != voltage[:-1]) + 1]
        return cls(voltage, current, step, starts, np.diff(np.r_[starts, len(voltage)]))

    @cached_property
    def second(self) -> int:
        """Length of the longest run but one, samples."""
        return _largest(self.lengths, 2)

    @cached_property
    def fifth(self) -> int:
        """Length of the longest run but four, samples."""
        return _largest(self.lengths, 5)

    @property
    def least(self) -> int:
        """Length of the shortest run that is looked at, samples."""
        return _least(self.step)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest voltage."""
        return float(np.min(self.voltage)), float(np.max(self.voltage))

    @property
    def reach(self) -> float:
        """Range of the voltage."""
        return self.ends[1] - self.ends[0]

    @cached_property
    def changes(self) -> np.ndarray:
        """By how much the voltage changes from sample to sample, array (n - 1,)."""
        return np.abs(np.diff(self.voltage.astype(float)))

    @cached_property
    def digit(self) -> float:
        """Smallest change of the voltage."""
        return float(np.min(self.changes, where=self.changes > 0, initial=np.inf))

    @property
    def change(self) -> float:
        """More than any change of a voltage that comes to rest."""
        return max(_DIGITS * self.digit, _NO_NOISE * max(map(abs, self.ends)))

    @cached_property
    def jump(self) -> float:
        """A change that is far beyond those of noise, and no small part of the range."""
        return max(_JUMP * self.reach, _LONGER * float(np.median(self.changes[self.changes > 0])))

    def long_runs(self) -> Iterator[Gap]:
        """Yield the runs that are looked at, but for a sweep that is one run."""
        for k in np.flatnonzero(self.lengths >= self.least) if len(self.starts) > 1 else ():
            start = int(self.starts[k])
            yield Gap(start, start + int(self.lengths[k]), float(self.voltage[start]))

    def is_missing(self, run: Gap) -> bool:
        """Whether a run can't have been recorded."""
        n, length = len(self.voltage), run.stop - run.start
        borders = [at for at in (run.start, run.stop) if 0 < at < n]
        # outwards, so that the border is first
        sides = [self.voltage[run.stop : run.stop + _NEAR]] if run.stop < n else []
        sides += [self.voltage[max(run.start - _NEAR, 0) : run.start][::-1]] if run.start > 0 else []
        within, jumps = len(borders) == 2, self._jumps(borders)
        if run.start == 0 and abs(float(np.median(sides[0])) - run.value) < _JUMP * self.reach:
            return False
        ms = length * self.step
        if within and ms < _SATURATED_MS and self._is_saturated(run):
            return False
        if all(map(is_noisy, sides)):
            odd = length >= max(map(self._due, sides))
            if jumps or (odd and not within) or (odd and ms >= _BLANKED_MS and not self._is_limit(run)):
                return True
        if run.stop == n and length >= _LONGER * self.fifth and self._sleeps(run):
            return True
        abrupt = jumps if within or run.start == 0 else self.changes[run.start - 1] >= self.change
        alone = not self._held_elsewhere(run) and not self._is_answer(run, borders)
        return bool(abrupt) and (ms >= _SATURATED_MS or run.stop < n) and alone

    def _due(self, beside: np.ndarray) -> int:
        """Longest run that may be due by chance: of coarse digits a quiet voltage may be still for long."""
        close = beside[:_CLOSE].astype(float)
        fine = float(np.median(np.abs(np.diff(close)))) >= _FINE * self.digit and len(np.unique(close)) >= 3
        return _LONGER * self.fifth if fine else _LONGER_COARSE * self.second

    def _is_limit(self, run: Gap) -> bool:
        return run.value in self.ends

    def _is_saturated(self, run: Gap) -> bool:
        """Whether the amplifier may have stuck at its limit, as after an artefact."""
        return self._is_limit(run) and run.value != 0 and not self._is_beyond(run)

    def _jumps(self, borders: list[int]) -> bool:
        """Whether the voltage jumps at all borders."""
        return all(self.changes[at - 1] >= self.jump for at in borders)

    def _held_elsewhere(self, run: Gap) -> bool:
        """Whether the voltage stands as long at this value in a place that it doesn't jump to and from."""
        n, least = len(self.voltage), (run.stop - run.start) / _LONGER
        others = [
            o for o in self.long_runs() if o != run and o.value == run.value and o.stop - o.start >= least
        ]
        return any(o.start == 0 or o.stop == n or not self._jumps([o.start, o.stop]) for o in others)

    def _is_answer(self, run: Gap, borders: list[int]) -> bool:
        """Whether the current turns at a border as well, and it isn't zero in both or a voltage beyond all measure."""
        if self._jumps(borders) and (self._is_zero_in_both(run) or self._is_beyond(run)):
            return False
        bends = np.abs(np.diff(self.current.astype(float), 2))
        odd = max(_LONGER * float(np.mean(bends)), _NO_NOISE * float(np.ptp(self.current)))
        near = (bends[max(at - 2 - _TOGETHER, 0) : at + _TOGETHER] for at in borders)
        return any(bool(np.any(around > odd)) for around in near)

    def _is_zero_in_both(self, run: Gap) -> bool:
        return run.value == 0 and not self.current[run.start : run.stop].any()

    def _is_beyond(self, run: Gap) -> bool:
        """Whether a value is farther from all others than those are from each other and from zero, by far."""
        others = self.voltage[self.voltage != run.value]
        low, high = float(np.min(others)), float(np.max(others))
        usual = max(high - low, abs(low), abs(high))
        return max(low - run.value, run.value - high) > _BEYOND * usual

    def _sleeps(self, run: Gap) -> bool:
        """Whether a large step of the current falls into the run and leaves the voltage as it is."""
        width = self.least
        current = self.current[run.start : run.stop].astype(float)
        if len(current) < 4 * width or self.reach < self.change:
            return False
        at = width + int(np.argmax(np.abs(np.diff(current[width:-width]))))
        before, after = current[at + 1 - width : at + 1], current[at + 1 : at + 1 + width]
        noise = max(float(np.ptp(before)), float(np.ptp(after)))
        change = abs(float(np.median(before)) - float(np.median(after)))
        return change >= _HALF * float(np.ptp(self.current)) and change > 2 * noise

    def channels_end(self, at: int) -> int:
        """Return where the current stands still, if that is just before `at`: channels don't stop as one."""
        near = np.flatnonzero(self.current[1:] != self.current[:-1])
        last = int(near[-1]) + 1 if len(near) else 0
        return last if at - _FEWEST // 2 <= last < at else at

    def stop_of_both(self) -> int | None:
        """Return the sample from which on a noisy current and the voltage stand still; None if they don't."""
        moves = np.flatnonzero(self.current[1:] != self.current[:-1])
        at = int(moves[-1]) + 1 if len(moves) else 0
        still = len(self.voltage) - at
        if still < self.least or self.starts[-1] > at + _TOGETHER:
            return None
        return at if is_noisy(self.current[max(at - _NEAR, 0) : at][::-1]) else None


def _largest(lengths: np.ndarray, rank: int) -> int:
    """Return the length at this rank, the largest having rank 1; the smallest if there are fewer."""
    at = -min(rank, len(lengths))
    return int(np.partition(lengths, at)[at])


def is_noisy(samples: np.ndarray) -> bool:
    """Whether samples go up and down among at least three values, from the first on and more often than spikes do."""
    if len(samples) < _FEWEST or len(np.unique(samples)) < 3:
        return False
    return _turns(samples[:_CLOSE]) >= 1 and _turns(samples) >= _TURNS * len(samples)


def _turns(samples: np.ndarray) -> int:
    """How often samples go up after they went down, or down after up."""
    steps = np.diff(samples.astype(float))
    steps = steps[np.abs(steps) > _NO_NOISE * float(np.max(np.abs(samples)))]
    return int(np.count_nonzero(steps[1:] * steps[:-1] < 0))
