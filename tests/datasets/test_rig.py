"""Noise and digitisation have the size and colour that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.datasets.rig import Rig, coloured_noise

QUIET = Rig(voltage_noise=0.0, current_noise=0.0, hum=0.0, drift=0.0)


def random(seed: int = 0) -> np.random.RandomState:
    return np.random.RandomState(seed)


@pytest.mark.parametrize("flicker", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [20000, 20001])
def test_coloured_noise_has_unit_variance_and_mean_zero(n: int, flicker: float) -> None:
    noise = np.array([coloured_noise(n, 0.1, 3.0, flicker, random(seed)) for seed in range(20)])
    assert noise.shape == (20, n)
    assert noise.var() == pytest.approx(1.0, rel=0.1)
    assert np.abs(noise.mean()) < 1e-9


def power(noise: np.ndarray, dt: float, low: float, high: float) -> float:
    """Mean power density between two frequencies (kHz)."""
    frequency = np.fft.rfftfreq(noise.shape[-1], dt)
    band = (frequency >= low) & (frequency < high)
    return float(np.mean(np.abs(np.fft.rfft(noise)[..., band]) ** 2))


def test_the_filter_takes_the_fast_part_away() -> None:
    dt = 0.02  # 25 kHz at most
    noise = np.array([coloured_noise(20000, dt, 3.0, 0.0, random(seed)) for seed in range(5)])
    assert power(noise, dt, 0.1, 0.2) == pytest.approx(power(noise, dt, 1.0, 1.1), rel=0.2)
    assert power(noise, dt, 6.0, 7.0) < 0.01 * power(noise, dt, 1.0, 1.1)


def test_flicker_falls_like_one_over_f() -> None:
    noise = np.array([coloured_noise(100000, 0.1, 3.0, 1.0, random(seed)) for seed in range(20)])
    ratio = power(noise, 0.1, 0.001, 0.0012) / power(noise, 0.1, 0.1, 0.12)
    assert ratio == pytest.approx(100.0, rel=0.3)


def test_synaptic_current_has_its_size_and_correlation_time() -> None:
    rig = Rig(synaptic_current=0.01, synaptic_time_constant=5.0)
    current = rig.synaptic(400000, 0.1, random())
    assert current.std() == pytest.approx(0.01, rel=0.05)
    lag = 50  # 5 ms
    assert np.mean(current[lag:] * current[:-lag]) / current.var() == pytest.approx(np.exp(-1.0), abs=0.05)


def test_without_noise_only_the_converter_rounds() -> None:
    v, i = np.linspace(-90.0, 50.0, 1000), np.linspace(-0.5, 0.5, 1000)
    raw_v, raw_i = QUIET.digitise(v, i, 0.1, random())
    assert raw_v.dtype == raw_i.dtype == np.int16
    assert np.abs(raw_v * QUIET.voltage_bit - v).max() <= QUIET.voltage_bit / 2 + 1e-12
    assert np.abs(raw_i * QUIET.current_bit - i).max() <= QUIET.current_bit / 2 + 1e-12


def test_the_converter_saturates_and_does_not_wrap() -> None:
    raw_v, raw_i = QUIET.digitise(np.array([-1e6, 1e6]), np.array([1e3, -1e3]), 0.1, random())
    assert raw_v.tolist() == [-32768, 32767]
    assert raw_i.tolist() == [32767, -32768]


def test_a_rig_adds_what_it_says() -> None:
    rig = Rig(voltage_noise=0.1, hum=0.2, drift=0.0, current_noise=0.002, flicker=0.0)
    raw_v, raw_i = rig.digitise(np.full(50000, -70.0), np.full(50000, 0.1), 0.1, random())
    v, i = raw_v * rig.voltage_bit, raw_i * rig.current_bit
    assert v.mean() == pytest.approx(-70.0, abs=0.01)
    assert v.std() == pytest.approx(np.sqrt(0.1**2 + 0.2**2 / 2), rel=0.05)
    assert i.std() == pytest.approx(0.002, rel=0.05)
    spectrum = np.abs(np.fft.rfft(v - v.mean()))
    assert np.fft.rfftfreq(50000, 0.1e-3)[np.argmax(spectrum)] == pytest.approx(50.0)


def test_drift_moves_whole_sweeps() -> None:
    rig = Rig(voltage_noise=0.0, hum=0.0, drift=0.5)
    source = random()
    offsets = [
        rig.digitise(np.zeros(10), np.zeros(10), 0.1, source)[0].mean() * rig.voltage_bit for _ in range(300)
    ]
    assert np.std(offsets) == pytest.approx(0.5, rel=0.15)
