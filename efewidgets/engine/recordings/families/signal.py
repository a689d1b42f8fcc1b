"""Running medians of a current, and what BluePyEfe reads off them.

BluePyEfe finds every edge and level on a running median over 85 samples. The rules are kept, so that the numbers
stay the same wherever they are right; the edges are found without building the median: the median of a window is
beyond a limit exactly when more than half of its samples are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from ...long.array import LongArray, windowed
from .medians import WIDTH, Smoothed, majority

BASE_SAMPLES = 300
BUFFER_MS = 2.0  # artefacts at the very start and end of a sweep are left out


def smooth(current: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """Running median over `width` samples, mirrored at the ends; array (n,), float64."""
    return Smoothed(current, width).values


def base_current(current: np.ndarray, samples: int = BASE_SAMPLES) -> float:
    """Holding current: the median of the smoothed first `samples` samples (all before a known onset)."""
    samples = samples if samples > 0 else BASE_SAMPLES
    return Smoothed(current[:samples]).median()


def edge_noise(current: np.ndarray) -> float:
    """Noise: the standard deviation over the first and last 50 samples."""
    return np.std(np.concatenate((current[:50], current[-50:])))


def buffer_samples(dt: float) -> int:
    """Number of samples in the buffer at both ends; `dt` in ms."""
    return max(1, int(BUFFER_MS / dt))


def median_beyond(current: np.ndarray, levels: Sequence[float], threshold: float) -> np.ndarray:
    """Where the running median, `levels` subtracted, is more than `threshold` away from zero; bool array (n,)."""
    if len(current) == 0:
        return np.zeros(0, dtype=bool)
    if isinstance(current, LongArray):
        deviation = current.astype(np.float64)
        for level in levels:
            deviation = deviation - level
        return windowed(deviation, WIDTH // 2, partial(_mostly_beyond, threshold=threshold))
    deviation = np.pad(current.astype(np.float64), WIDTH // 2, mode="symmetric")
    for level in levels:
        deviation -= level
    return _mostly_beyond(deviation, threshold)


def _mostly_beyond(deviation: np.ndarray, threshold: float) -> np.ndarray:
    return majority(deviation > threshold, WIDTH) | majority(deviation < -threshold, WIDTH)


def step_edges(
    current: np.ndarray, dt: float, hypamp: float, ton: int | None, toff: int | None
) -> dict[str, int] | None:
    """First and last sample at which the smoothed current leaves `hypamp` by more than 4.5 standard deviations.

    Edges that are given are kept. Without any step the result is the whole sweep but for the buffers; None if the
    sweep is shorter than these.
    """
    threshold = np.max([4.5 * edge_noise(current), 1e-5])
    buffer = buffer_samples(dt)
    if len(current) <= 2 * buffer:
        return None
    beyond = median_beyond(current, [hypamp], threshold)
    if ton is None:
        ton = buffer + int(np.argmax(beyond[buffer:]))
    if toff is None:
        toff = len(current) - int(np.argmax(beyond[:-buffer][::-1])) - 1 - buffer
    return {"ton": ton, "toff": toff}


def sahp_edges(current: np.ndarray, dt: float, hypamp: float, ton: int | None) -> dict[str, int] | None:
    """Edges of a short step on a long one, from the smoothed current; None if there is no such thing."""
    threshold = np.max([2.0 * edge_noise(current), 1e-5])
    buffer, margin = buffer_samples(dt), 50
    if len(current) <= 2 * buffer:
        return None
    beyond = median_beyond(current, [hypamp], threshold)
    if ton is None:
        ton = buffer + int(np.argmax(beyond[buffer:]))
    long_step = beyond[ton:-buffer][::-1]
    if len(long_step) == 0:
        return None
    toff = len(current) - int(np.argmax(long_step)) - 1 - buffer
    amp = sahp_long_level(Smoothed(current), ton, toff) - hypamp
    short_step = median_beyond(current, [amp, hypamp], threshold)[ton + margin : toff - margin]
    if len(short_step) == 0:
        return None
    tmid = ton + margin + int(np.argmax(short_step))
    tmid2 = toff - int(np.argmax(short_step[::-1])) - 1 - margin
    if ton >= toff or tmid == ton or tmid2 == toff or tmid >= tmid2:
        return None
    return {"ton": ton, "tmid": tmid, "tmid2": tmid2, "toff": toff}


def sahp_long_level(smoothed: Smoothed, ton: int, toff: int) -> float:
    """Level of the long step: the median of its first and last 50 smoothed samples."""
    return smoothed.median(slice(ton, ton + 50), slice(toff - 50, toff))
