"""What a voltage is looked at through, for the eye alone: a low-pass, its slope, spikes laid over each other.

No feature is computed from any of this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: mV/ms: where the voltage begins to rise faster, a spike begins (eFEL's default DerivativeThreshold)
BEGIN = 10.0

#: Before a peak no begin is looked for further than this, ms
BEFORE_PEAK = 5.0


def low_pass(values: np.ndarray, dt: float, hertz: float) -> np.ndarray:
    """Return values through a Gaussian low-pass: nothing is shifted, nothing overshoots.

    Parameters
    ----------
    values : array (n,)
    dt : float
        Sampling step, ms.
    hertz : float
        Frequency of which 70.7 % of the amplitude (-3 dB) are left.

    Returns
    -------
    array (n,)
        Missing values (NaN) stay where they are, and have no part in their neighbours.
    """
    sigma = np.sqrt(np.log(2.0)) / (2.0 * np.pi * hertz) * 1e3 / dt  # samples
    given = np.asarray(values, dtype=float)
    known = np.isfinite(given)
    if known.all():
        return _smoothed(given, sigma)
    weight = _smoothed(known.astype(float), sigma)
    found = _smoothed(np.where(known, given, 0.0), sigma) / np.maximum(weight, 1e-12)
    return np.where(known, found, np.nan)


def _smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Fold values with a Gaussian of `sigma` samples, mirrored at both ends."""
    room = min(int(5 * sigma) + 1, len(values) - 1)
    if room < 1:
        return values
    padded = np.pad(values, room, mode="reflect")
    frequencies = np.fft.rfftfreq(len(padded))
    spectrum = np.fft.rfft(padded) * np.exp(-2.0 * (np.pi * sigma * frequencies) ** 2)
    return np.fft.irfft(spectrum, len(padded))[room:-room]


def slope(voltage: np.ndarray, dt: float) -> np.ndarray:
    """Return dV/dt (mV/ms) at each sample, array (n,): the difference of its neighbours."""
    values = np.asarray(voltage, dtype=float)
    return np.gradient(values, dt) if len(values) > 1 else np.zeros(len(values))


def begins(voltage: np.ndarray, dt: float, peaks: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the sample at which each spike begins: from where on up to its steepest rise dV/dt is above `BEGIN`.

    Parameters
    ----------
    voltage : array (n,), mV
    dt : float
        ms.
    peaks : list of int
        Samples at which spikes peak; one that doesn't rise that fast is left out.
    """
    found = []
    reach = max(int(BEFORE_PEAK / dt), 1)
    for peak in peaks:
        first = max(int(peak) - reach, 0)
        rises = slope(voltage[first : int(peak) + 1], dt)
        if not len(rises) or np.nanmax(rises, initial=-np.inf) <= BEGIN:
            continue
        steepest = int(np.nanargmax(rises))
        slow = np.flatnonzero(rises[:steepest] <= BEGIN)
        found.append(first + (int(slow[-1]) + 1 if len(slow) else 0))
    return np.array(found, dtype=np.intp)


def aligned(voltage: np.ndarray, at: Sequence[int] | NDArray[np.intp], before: int, after: int) -> np.ndarray:
    """Return what lies around some samples, array (n_at, before + after + 1); NaN beyond the ends."""
    places = np.asarray(at, dtype=np.intp)[:, None] + np.arange(-before, after + 1)
    inside = (places >= 0) & (places < len(voltage))
    found = np.asarray(voltage, dtype=float)[np.clip(places, 0, max(len(voltage) - 1, 0))]
    return np.where(inside, found, np.nan)


def mean_and_spread(voltages: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (n - 1) of sweeps at each sample, arrays as long as the shortest."""
    n = min(map(len, voltages))
    stacked = np.stack([np.asarray(one[:n], dtype=float) for one in voltages])
    spread = stacked.std(axis=0, ddof=1) if len(stacked) > 1 else np.zeros(n)
    return stacked.mean(axis=0), spread
