"""Currents that an experimenter injects, as arrays in nA.

Times in ms, amplitudes in nA; amplitudes are on top of the holding current. A sample at time t is in
the stimulus if start <= t < end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chirp", "constant", "ramp", "sahp", "step"]

Floats = NDArray[np.float64]


def _index(t: float, dt: float) -> int:
    return round(t / dt)


def constant(duration: float, dt: float, holding: float = 0.0) -> Floats:
    """Give the holding current alone (nA), shape (duration / dt,)."""
    return np.full(_index(duration, dt), float(holding))


def step(amp: float, ton: float, toff: float, duration: float, dt: float, holding: float = 0.0) -> Floats:
    """Draw a step of ``amp`` from ``ton`` to ``toff`` (IDthresh, IDrest, IV, APWaveform, …)."""
    current = constant(duration, dt, holding)
    current[_index(ton, dt) : _index(toff, dt)] += amp
    return current


def sahp(
    amp: float,
    amp2: float,
    ton: float,
    tmid: float,
    tmid2: float,
    toff: float,
    duration: float,
    dt: float,
    holding: float = 0.0,
) -> Floats:
    """Draw a long step (``amp``, ton to toff) and in it a short one (``amp2``, tmid to tmid2)."""
    current = step(amp, ton, toff, duration, dt, holding)
    current[_index(tmid, dt) : _index(tmid2, dt)] += amp2 - amp
    return current


def ramp(amp: float, ton: float, toff: float, duration: float, dt: float, holding: float = 0.0) -> Floats:
    """Draw a line from 0 at ``ton`` to ``amp`` at the last sample before ``toff``."""
    current = constant(duration, dt, holding)
    on, off = _index(ton, dt), _index(toff, dt)
    current[on:off] += np.linspace(0.0, amp, off - on)
    return current


def chirp(
    amp: float,
    ton: float,
    toff: float,
    duration: float,
    dt: float,
    holding: float = 0.0,
    *,
    frequency_base: float = 1.0,
    frequency_scale: float = 1.0,
    frequency_denominator: float = 5.15,
    time_offset: float = 0.1,
) -> Floats:
    """Draw a sine whose frequency rises ever faster (SineSpec of the Blue Brain Project's rigs).

    With u the time in s since ``time_offset``, it is amp · sin(2π (base + scale / (denominator − u)) u):
    with the default numbers, from 1.2 Hz at 150 ms to 230 Hz at 5100 ms.
    """
    current = constant(duration, dt, holding)
    on, off = _index(ton, dt), _index(toff, dt)
    u = np.arange(on, off) * dt * 1e-3 - time_offset
    frequency = frequency_base + frequency_scale / (frequency_denominator - u)
    current[on:off] += amp * np.sin(2.0 * np.pi * frequency * u)
    return current
