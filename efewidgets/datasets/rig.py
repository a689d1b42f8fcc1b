"""What a patch-clamp rig adds to a cell: membrane and amplifier noise, mains hum, drift, an ADC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rig", "coloured_noise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rig:
    """Noise and digitisation of one recording set-up (root-mean-square values unless said otherwise).

    Attributes
    ----------
    synaptic_current : float
        Fluctuating current (nA) that reaches the cell beside the injected one: spike times vary from
        trial to trial. An Ornstein–Uhlenbeck process.
    synaptic_time_constant : float
        Its correlation time (ms).
    voltage_noise, current_noise : float
        Noise of pipette and amplifier on the recorded voltage (mV) and current (nA).
    low_pass : float
        Corner of the amplifier's filter (kHz), 4 poles; it colours the noise.
    flicker : float
        Share of the voltage noise's power that is 1/f.
    hum, hum_frequency : float
        Amplitude (mV) and frequency (kHz) of what the mains leave on the voltage.
    drift : float
        Standard deviation (mV) of the offset from one sweep to the next.
    voltage_bit, current_bit : float
        Steps of the converter (mV, nA).
    """

    synaptic_current: float = 0.003
    synaptic_time_constant: float = 5.0
    voltage_noise: float = 0.08
    current_noise: float = 0.0008
    low_pass: float = 3.0
    flicker: float = 0.3
    hum: float = 0.02
    hum_frequency: float = 0.05
    drift: float = 0.15
    voltage_bit: float = 0.03125  # ±1.024 V over 16 bits, at 10 mV/mV and ±10.24 V
    current_bit: float = 0.000625  # ±20.48 nA over 16 bits, at 0.5 V/nA and ±10.24 V

    def synaptic(self, n: int, dt: float, random: np.random.RandomState) -> Floats:
        """Fluctuating current (nA), n samples."""
        kept = np.exp(-dt / self.synaptic_time_constant)
        kicks = random.standard_normal(n) * self.synaptic_current
        kicks[1:] *= np.sqrt(1.0 - kept**2)
        level, out = 0.0, []
        for kick in kicks.tolist():
            level = kept * level + kick
            out.append(level)
        return np.array(out)

    def digitise(
        self, voltage: Floats, current: Floats, dt: float, random: np.random.RandomState
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return the recorded voltage and current of one sweep, in steps of the converter.

        Parameters
        ----------
        voltage, current : numpy.ndarray, shape (n,)
            The cell's voltage (mV) and the injected current (nA).
        dt : float
            ms.
        random : numpy.random.RandomState
        """
        n = len(voltage)
        t = np.arange(n) * dt
        phase, offset = random.uniform(0.0, 2.0 * np.pi), random.standard_normal() * self.drift
        hum = self.hum * np.sin(2.0 * np.pi * self.hum_frequency * t + phase)
        v_noise = self.voltage_noise * coloured_noise(n, dt, self.low_pass, self.flicker, random)
        i_noise = self.current_noise * coloured_noise(n, dt, self.low_pass, 0.0, random)
        return (
            _to_int16((voltage + v_noise + hum + offset) / self.voltage_bit),
            _to_int16((current + i_noise) / self.current_bit),
        )


def _to_int16(x: Floats) -> NDArray[np.int16]:
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(x), limits.min, limits.max).astype(np.int16)


def coloured_noise(
    n: int, dt: float, low_pass: float, flicker: float, random: np.random.RandomState
) -> Floats:
    """Gaussian noise of variance 1: white below the corner ``low_pass`` (kHz), plus 1/f.

    Parameters
    ----------
    n, dt : int, float
        Samples and their step (ms).
    low_pass : float
        Corner (kHz) of a 4-pole Butterworth filter.
    flicker : float
        Share (0 to 1) of the power that is 1/f, between 1 / (n · dt) and the corner.
    random : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    frequency = np.fft.rfftfreq(n, dt)  # kHz
    power = 1.0 / (1.0 + (frequency / low_pass) ** 8)
    power[0] = 0.0
    pink = np.zeros_like(power)
    pink[1:] = power[1:] / frequency[1:]
    white_share = (1.0 - flicker) * power / power.sum()
    spectrum = np.fft.rfft(random.standard_normal(n)) / np.sqrt(n)
    return np.fft.irfft(spectrum * np.sqrt((white_share + flicker * pink / pink.sum()) * n * n / 2.0), n)
