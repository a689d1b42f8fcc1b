"""Sine sweeps and noise: what goes to and fro.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .activity import quiet, stretch
from .sights import MOST, Sight
from .trace import FLOOR, Trace, mad, median

BIN = 0.5  # ms
PIECE = 100.0  # ms
SIDE = 15.0  # ms that tell the noise at rest
ROUGH = 4.0  # times the noise at rest: the stimulus itself is restless,
COARSE = 0.03  # of its height
HIGH = 4.0  # times the noise: a sine
UPON = 0.4  # of all that the current goes up and down: a sine, and no hum upon something else

ACROSS = 0.2  # of the amplitude: how far a wave must go beyond the middle to count
FEW = 6  # half waves; in fewer no sine is seen
ROUND = 0.97  # correlation with half a sine; that of a rectangle is 0.90, of a triangle 0.99
EVEN = 0.3  # by which neighbouring half waves differ in height or length (natural logarithm)

WINDOW = 7  # samples, more than twice as many as a spike lasts

HalfWave = np.ndarray


def by_waves(trace: Trace) -> Iterator[Sight]:
    """Explain a current by what goes to and fro: a sine sweep, or noise."""
    base, sigma, width = quiet(trace)
    found = stretch(trace, base, sigma, width)
    if found is None:
        return
    start, end, _ = found
    y = fine(trace, start, end)
    # a sine about a baseline that drifts; hum upon a ramp is small beside the ramp
    level = y - np.polyval(np.polyfit(np.arange(len(y)), y, 1), np.arange(len(y)))
    height, swing = _half_span(y), _half_span(level)
    words = f"of {1e3 * height:.3g} pA for {trace.dt * (end - start):.0f} ms"
    swings, waves = max(_swings(level), _swings(without_spikes(level)))
    swings *= float(swing > max(HIGH * sigma, UPON * height))
    if swings > 0.0:
        yield Sight("sine sweep", MOST * swings, f"{waves} half waves {words}")
    restless = restlessness(y)
    most = max(height, abs(float(np.median(y)) - base))
    sides = [y for y in (fine(trace, 0, start), fine(trace, end, trace.n)) if len(y) * BIN >= SIDE]
    rest = max([max(mad(y), 0.8 * float(np.std(y))) for y in sides], default=sigma)
    worth = min(1.0, restless / (ROUGH * max(rest, FLOOR)), restless / (COARSE * most))
    if worth * (1.0 - swings) > 0.1:
        yield Sight("noise", MOST * worth**2 * (1.0 - swings) ** 2, f"irregular changes {words}")


def _half_span(y: np.ndarray) -> float:
    """Half of what a stretch goes up and down (nA), but for its extremes."""
    return 0.5 * float(np.quantile(y, 0.95) - np.quantile(y, 0.05))


def _swings(y: np.ndarray) -> tuple[float, int]:
    """Say how much a stretch is like a sine, and how many half waves it has."""
    waves = half_waves(y)
    return sine_like(waves), len(waves)


def fine(trace: Trace, start: int, end: int) -> np.ndarray:
    """Means of `BIN` ms of a stretch (nA)."""
    bins = trace.samples(BIN)
    part = trace.x[start:end]
    return part[: len(part) // bins * bins].reshape(-1, bins).mean(axis=1)


def restlessness(y: np.ndarray) -> float:
    """Spread of a stretch about straight lines through pieces of it (nA); blind to what is as rare as a spike."""
    long = min(int(PIECE / BIN), len(y) // 8)
    if long < 8:
        return 0.0
    pieces = y[: len(y) // long * long].reshape(-1, long)
    half = long // 2
    rise = np.median(pieces[:, half:], axis=1) - np.median(pieces[:, :half], axis=1)
    off = pieces - np.outer(rise / half, np.arange(long))
    return float(np.median([mad(piece) for piece in off]))


def without_spikes(y: np.ndarray) -> np.ndarray:
    """Running median over `WINDOW` samples."""
    padded = np.pad(y, WINDOW // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)
    return np.partition(windows, WINDOW // 2, axis=1)[:, WINDOW // 2].copy()


def half_waves(y: np.ndarray) -> list[HalfWave]:
    """Cut a current (about its middle) where it crosses the middle; the ends, which may be cut off, are left out."""
    top = float(np.quantile(np.abs(y), 0.95)) if len(y) else 0.0
    if top == 0.0:
        return []
    far = np.flatnonzero(np.abs(y) > ACROSS * top)
    sign = np.sign(y[far])
    turn = np.flatnonzero(sign[1:] != sign[:-1])
    # halfway between the last sample on one side and the first on the other
    cuts = (far[turn] + far[turn + 1] + 1) // 2
    return np.split(y, cuts)[1:-1]


def sine_like(waves: list[HalfWave]) -> float:
    """Say how much half waves (0 to 1) are those of a sine whose frequency and amplitude change slowly."""
    waves = [wave for wave in waves if len(wave) >= 3]
    if len(waves) < FEW:
        return 0.0
    lengths = np.log([len(wave) for wave in waves])
    heights = np.log([float(np.abs(wave).max()) + 1e-12 for wave in waves])
    likeness = [_round(wave) for wave in waves if len(wave) >= 6]
    if len(likeness) < 3:
        return 0.0
    tempo, size = (median(np.abs(np.diff(values))) for values in (lengths, heights))
    shape = float(np.clip((median(np.array(likeness)) - 0.94) / (ROUND - 0.94), 0.0, 1.0))
    return shape * float(np.clip(1.5 - max(tempo, size) / EVEN, 0.0, 1.0))


def _round(wave: HalfWave) -> float:
    """Correlate a half wave with half a sine."""
    ideal = np.sin(np.pi * (np.arange(len(wave)) + 0.5) / len(wave))
    return float(np.abs(wave @ ideal) / (np.linalg.norm(wave) * np.linalg.norm(ideal) + 1e-30))
