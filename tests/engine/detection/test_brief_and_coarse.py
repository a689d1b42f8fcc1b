"""Pulses of a millisecond, coarse converters, and crosstalk: what is a stimulus and what isn't."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from efewidgets.engine.detection import detect, reconcile
from efewidgets.engine.detection.brief import brief_pulses
from efewidgets.engine.detection.trace import Trace, converter_step
from efewidgets.engine.detection.window import Doubt


def noise(n: int, size: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, n)


@pytest.mark.parametrize("ms", [0.3, 0.5, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("dt", [0.01, 0.04, 0.1])
@pytest.mark.parametrize("amp", [2.0, -0.7])
def test_brief_pulse_alone_is_found_to_the_sample(ms, dt, amp):
    n, ton, long = round(800 / dt), round(250 / dt), round(ms / dt)
    x = noise(n, 0.002)
    x[ton : ton + long] += amp
    window = detect("Step", x, dt)
    assert window.edges == {"ton": ton, "toff": ton + long}
    assert window.doubt is Doubt.BRIEF
    assert not window.sure


@pytest.mark.parametrize("shift", [-0.0006, 0.003, -0.01])
def test_brief_strong_pulse_is_not_lost_to_a_small_shift(shift):
    """2 nA for 2 ms, and up to 10 pA for 200 ms: a stimulus isn't 200 times smaller than its artefact."""
    x = noise(20000, 0.0003)
    x[4000:4040] += 2.0
    x[8000:12000] += shift
    assert detect("Step", x, 0.05).edges == {"ton": 4000, "toff": 4040}


@pytest.mark.parametrize("amp", [1.5, -1.5])
def test_pulse_that_many_sweeps_hold_at_one_place_is_the_stimulus(amp):
    windows = []
    for k in range(32):
        x = noise(20000, 0.0003, k)
        x[4000:4040] += amp
        x[6000 + 100 * k : 9000 + 100 * k] -= 0.0006
        windows.append(detect("Step", x, 0.05))
    settled = reconcile("Step", windows)
    assert all(w.sure and w.edges == {"ton": 4000, "toff": 4040} for w in settled)


@pytest.mark.parametrize("lengths", [(16000,), (16000, 30000)])
def test_the_slope_of_a_pulse_is_a_part_of_it_wherever_the_blocks_of_the_search_cut_it(lengths):
    """6.3 ms from 166.6 ms on, which rise with 0.2 ms: the first block of 2 ms holds 0.6 ms of rest and the slope."""
    windows = []
    for k in range(8):
        x = np.zeros(lengths[k % len(lengths)])
        x[8330:8645] = 1.0 + 0.2 * k
        x = lfilter([1.0 - np.exp(-0.1)], [1.0, -np.exp(-0.1)], x) + noise(len(x), 0.002, k)
        windows.append(detect("Step", x, 0.02))
    for k, window in enumerate(reconcile("Step", windows)):
        assert window.sure
        assert abs(window.edges["ton"] - 8330) <= 5
        assert abs(window.edges["toff"] - 8645) <= 5
        (pulse,) = (b for b in window.boxes if b.start < 8400 and b.end > 8600)
        assert pulse.amplitude == pytest.approx(1.0 + 0.2 * k, abs=0.01)


def test_shift_in_a_few_sweeps_without_the_pulse_does_not_win():
    windows = []
    for k in range(12):
        x = noise(20000, 0.0003, k)
        if k < 9:
            x[4000:4040] += 2.0
        else:
            x[8000:12000] -= 0.0009
        windows.append(detect("Step", x, 0.05))
    assert [w.sure for w in windows] == [False] * 9 + [True] * 3
    settled = reconcile("Step", windows)
    assert all(w.sure and w.edges == {"ton": 4000, "toff": 4040} for w in settled[:9])
    assert not any(w.sure for w in settled[9:])


def test_brief_test_pulse_of_every_sweep_stays_a_test_pulse():
    windows = []
    for k, amp in enumerate((0.0, 0.02, 0.04, -0.04, 0.06)):
        x = noise(20000, 0.001, k)
        x[1000:1040] += 0.4
        x[6000:16000] += amp
        windows.append(detect("Step", x, 0.05))
    assert windows[0].doubt is Doubt.BRIEF
    settled = reconcile("Step", windows)
    assert all(w.sure and w.edges == {"ton": 6000, "toff": 16000} for w in settled)


def test_of_two_shared_pulses_the_one_that_varies_is_the_stimulus():
    windows = []
    for k in range(6):
        x = noise(20000, 0.002, k)
        x[1000:1100] -= 0.3
        x[5000:5040] += 0.4 + 0.1 * k
        windows.append(detect("Step", x, 0.05))
    settled = reconcile("Step", windows)
    assert all(w.edges == {"ton": 5000, "toff": 5040} for w in settled if w.sure)


def test_capacitive_transients_are_no_pulses():
    x = noise(20000, 0.002)
    x[5000:15000] += 0.1
    for edge, sign in ((5000, 1), (15000, -1)):
        x[edge : edge + 60] += sign * 0.5 * np.exp(-np.arange(60) / 6.0)
    assert brief_pulses(Trace(x, 0.05)) == []
    window = detect("Step", x, 0.05)
    assert window.sure
    assert window.edges == {"ton": 5000, "toff": 15000}


# --- coarse converters


@pytest.mark.parametrize("size", [0.3, 0.5, 1.0, 2.0])
def test_step_of_the_converter_is_seen_where_it_is_as_coarse_as_the_noise(size):
    x = 0.0006 * np.round(noise(20000, size))
    assert converter_step(x - 0.13) == pytest.approx(0.0006)
    assert Trace(x, 0.05, step=0.0006).noise >= 0.0006 / 12**0.5


@pytest.mark.parametrize(
    "x",
    [
        noise(20000, 0.002),
        np.where(np.arange(20000) // 5000 == 1, 0.2, 0.0),
        np.round(np.linspace(0, 30, 20000)),
        np.round(30 * np.sin(np.arange(20000) / 500)),
    ],
)
def test_no_converter_is_seen_in_fine_noise_or_in_a_command(x):
    assert converter_step(x) == 0.0


@pytest.mark.parametrize("size", [0.02, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("step", [0.0006, 0.0003])
def test_last_digit_of_the_converter_is_no_stimulus(size, step):
    x = noise(20000, size)
    x[8000:12000] -= 1.0
    window = detect("Step", step * np.round(x), 0.05)
    assert not window.sure
    assert not window.edges


@pytest.mark.parametrize("digits", [4, 10, -6])
def test_few_digits_of_the_converter_are_a_stimulus(digits):
    x = noise(20000, 0.4)
    x[5000:15000] += digits
    window = detect("Step", 0.003 * np.round(x), 0.05)
    assert window.sure
    assert window.edges["ton"] == pytest.approx(5000, abs=20)
    assert window.edges["toff"] == pytest.approx(15000, abs=20)


# --- trains


def train(starts: list[float], late: list[float], weak: float, strong: float) -> np.ndarray:
    """Weak pulses of 3 ms, each followed by a millisecond of crosstalk."""
    x = noise(60000, 0.0008)
    for start, delay in zip(starts, late, strict=True):
        a, b = round(start / 0.05), round((start + delay) / 0.05)
        x[a : a + 60] += weak
        x[b : b + 21] += strong
    return x


@pytest.mark.parametrize(("weak", "strong"), [(0.010, 0.054), (0.02, -0.06), (-0.015, 0.05)])
def test_weak_even_pulses_are_the_train_and_not_their_late_crosstalk(weak, strong):
    starts = [60.0 + 450 * k for k in range(6)]
    window = detect("SpikeRec", train(starts, [3.5, 4.2, 3.3, 4.9, 3.8, 4.4], weak, strong), 0.05)
    assert window.sure
    assert window.pulses == tuple((round(t / 0.05), round(t / 0.05) + 60) for t in starts)


def test_narrow_uneven_pulses_without_a_cause_are_not_sure():
    starts = [60.0 + 450 * k for k in range(6)]
    window = detect("SpikeRec", train(starts, [3.5, 4.2, 3.3, 4.9, 3.8, 4.4], 0.0, 0.054), 0.05)
    assert not window.sure


def test_train_of_pulses_shorter_than_a_millisecond():
    x = noise(40000, 0.01)
    for k in range(6):
        x[4000 + 1000 * k : 4025 + 1000 * k] += 2.0
    window = detect("SpikeRec", x, 0.02)
    assert window.sure
    assert window.pulses == tuple((4000 + 1000 * k, 4025 + 1000 * k) for k in range(6))


def test_test_pulse_from_the_first_sample_is_not_the_baseline_of_a_train():
    x = noise(6000, 0.01) - 0.1
    x[:60] += 1.0
    for k in range(5):
        x[1000 + 600 * k : 1050 + 600 * k] += 2.0
    window = detect("SpikeRec", x, 0.1)
    assert window.pulses == tuple((1000 + 600 * k, 1050 + 600 * k) for k in range(5))
