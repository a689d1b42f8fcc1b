"""Explanations of a current: what of it constant levels, slopes, waves and short pulses account for.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .levels import stretches
from .trace import FLOOR, Trace, mad, median

SAME = 0.04  # of the highest level: levels that are the same
LEAST = 1e-3  # nA; what is smaller is no stimulus
THIN = 0.04  # of a run: an artefact at an edge, and no level
BREAK = 0.04  # of the runs beside it: an artefact in a level, and no rest


@dataclass(frozen=True)
class Level:
    """A stretch of constant current: first sample, first sample after it, height above the baseline (nA)."""

    start: int
    end: int
    height: float

    @property
    def long(self) -> int:
        return self.end - self.start

    @property
    def charge(self) -> float:
        return abs(self.height) * self.long


Run = tuple[Level, ...]


@dataclass(frozen=True)
class Outline:
    """A current as constant levels.

    Attributes
    ----------
    trace : Trace
        The current, without the drift that all levels share.
    base : float
        Baseline (nA).
    sigma : float
        Noise of a block median (nA).
    runs : tuple of Run
        Levels off the baseline, in the order of time; those of one run follow each other without rest.
    unexplained : float
        Share (0 to 1) of the charge off the baseline that the levels leave unexplained.
    top : float
        The highest level off the baseline (nA), without its sign; 0 if there is none.
    drift : float
        How far the drift takes the current (nA).
    """

    trace: Trace
    base: float
    sigma: float
    runs: tuple[Run, ...]
    unexplained: float
    top: float
    drift: float

    def ms(self, samples: float) -> float:
        """So many samples in ms."""
        return samples * self.trace.dt


def outline(trace: Trace) -> Outline:
    """Describe a current by constant levels."""
    whole = trace
    trace, edges, levels = stretches(trace)
    long = np.diff(edges)
    base = min(levels[[0, -1]], key=lambda b: float(np.sum(np.abs(levels - b) * long)))
    y = trace.coarse - base
    sigma = max(
        mad(np.diff(y)) / 2**0.5, 1.25 * trace.noise / max(1.0, trace.width) ** 0.5, FLOOR, trace.step
    )
    off = levels - base
    if len(levels) > 1 and not trace.resolved(float(np.ptp(levels))):
        off = np.zeros_like(off)
    runs = tuple(_runs(edges, off, max(SAME * float(np.abs(off).max()), 3.0 * sigma, LEAST)))
    drawn = np.zeros(len(y))
    for one in (one for run in runs for one in run):
        drawn[one.start // trace.width : -(-one.end // trace.width)] = one.height
    clear = np.ones(len(y), dtype=bool)
    for edge in edges[1:-1]:  # the median of a block with an edge is either level
        clear[max(0, edge // trace.width - 1) : edge // trace.width + 1] = False
    left = unexplained(y[clear], drawn[clear], sigma)
    top = max((abs(one.height) for run in runs for one in run), default=0.0)
    drift = abs(float(whole.x[0] - trace.x[0])) * 2.0
    return Outline(trace, float(base), sigma, runs, left, top, drift)


def unexplained(y: np.ndarray, drawn: np.ndarray, sigma: float) -> float:
    """Share of the charge off the baseline, but for the noise, that a drawing of it leaves unexplained."""
    charge = float(np.clip(np.abs(y) - 2.0 * sigma, 0.0, None).sum())
    rest = float(np.clip(np.abs(y - drawn) - 2.0 * sigma, 0.0, None).sum())
    return min(1.0, rest / charge) if charge > 0.0 else 0.0


def _runs(edges: np.ndarray, off: np.ndarray, least: float) -> list[Run]:
    """Put the levels off the baseline together that follow each other without rest."""
    found: list[list[Level]] = []
    rested = True
    for a, b, height in zip(edges[:-1].tolist(), edges[1:].tolist(), off.tolist(), strict=True):
        if abs(height) <= least:
            rested = True
            continue
        if rested:
            found.append([])
        found[-1].append(Level(a, b, height))
        rested = False
    return [_merged(run, least) for run in _without_breaks(found, least)]


def _without_breaks(runs: Sequence[list[Level]], least: float) -> list[list[Level]]:
    """Join runs between which the current comes back for as short a time as an artefact lasts."""
    found: list[list[Level]] = []
    for run in runs:
        if found:
            last, gap = found[-1], run[0].start - found[-1][-1].end
            same = abs(last[-1].height - run[0].height) <= 2.0 * least
            if same and gap <= BREAK * (last[-1].end - last[0].start + run[-1].end - run[0].start):
                found[-1] = [*last, *run]
                continue
        found.append(run)
    return found


def _merged(run: Sequence[Level], least: float) -> Run:
    """Leave out what is too thin to be a level of its run, and join what is alike."""
    whole = run[-1].end - run[0].start
    kept = [one for one in run if one.long >= THIN * whole] or list(run)
    found = [Level(run[0].start, kept[0].end, kept[0].height)]
    for one in kept[1:]:
        last = found[-1]
        if abs(one.height - last.height) <= least:
            mean = (last.height * last.long + one.height * one.long) / (last.long + one.long)
            found[-1] = Level(last.start, one.end, mean)
        else:
            found.append(Level(last.end, one.end, one.height))
    found[-1] = Level(found[-1].start, run[-1].end, found[-1].height)
    return tuple(found)


def main_run(seen: Outline) -> tuple[Run, float] | None:
    """Choose the run that is the stimulus; with the charge of the largest other one, relative to its own."""
    if not seen.runs:
        return None
    charges = [sum(one.charge for one in run) for run in seen.runs]
    first = int(np.argmax(charges))
    others = [charge for k, charge in enumerate(charges) if k != first]
    return seen.runs[first], max(others, default=0.0) / charges[first]


def in_words(run: Run, trace: Trace) -> str:
    """Say what levels a run has: "+200 pA for 1000 ms, +400 pA for 200 ms"."""
    return ", ".join(f"{1e3 * one.height:+.3g} pA for {one.long * trace.dt:.3g} ms" for one in run)


def spread_of(values: Sequence[float] | np.ndarray) -> float:
    """Largest deviation from the median, relative to it."""
    array = np.abs(np.asarray(values, dtype=float))
    middle = median(array)
    return float(np.abs(array - middle).max() / middle) if middle > 0.0 else np.inf
