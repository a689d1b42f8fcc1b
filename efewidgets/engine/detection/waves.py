"""Half waves of a current, and whether they are those of a sine."""

from __future__ import annotations

import numpy as np

from .trace import median

ACROSS = 0.2  # of the amplitude: how far a wave must go beyond the middle to count
FEW = 6  # half waves; in fewer no sine is seen
ROUND = 0.97  # correlation with half a sine; that of a rectangle is 0.90, of a triangle 0.99
EVEN = 0.3  # by which neighbouring half waves differ in height or length (natural logarithm)

WINDOW = 7  # samples, more than twice as many as a spike lasts

HalfWave = np.ndarray


def without_spikes(y: np.ndarray) -> np.ndarray:
    """Running median over `WINDOW` samples."""
    padded = np.pad(y, WINDOW // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)
    return np.partition(windows, WINDOW // 2, axis=1)[:, WINDOW // 2]


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
