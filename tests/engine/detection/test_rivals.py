"""A step and a short pulse in one sweep: which of them is the stimulus, and where nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.detection import detect, reconcile
from efewidgets.engine.detection.window import Doubt, Window

DT = 0.05
STEP = {"ton": 8000, "toff": 13000}


def sweep(pulse: float, step: float, seed: int = 0) -> np.ndarray:
    """1 s of current (nA) with a pulse of 2 ms at 200 ms and a step of 250 ms at 400 ms."""
    x = np.random.default_rng(seed).normal(0, 0.001, 20000)
    x[4000:4040] += pulse
    x[8000:13000] += step
    return x


def seen(*heights: tuple[float, float]) -> list[Window]:
    return [detect("Step", sweep(a, b, k), DT) for k, (a, b) in enumerate(heights)]


@pytest.mark.parametrize("pulse", [0.5, -1.0, 2.0])
@pytest.mark.parametrize("step", [0.1, -0.1])
def test_single_sweep_with_a_strong_brief_pulse_and_a_small_long_step_is_not_sure(pulse, step):
    window = detect("Step", sweep(pulse, step), DT)
    assert not window.sure
    assert window.doubt in (Doubt.HIGHER, Doubt.BRIEF, Doubt.SHAPE)


@pytest.mark.parametrize("pulse", [0.05, -0.1, 0.2])
def test_pulse_no_higher_than_twice_the_step_is_a_test_pulse(pulse):
    window = detect("Step", sweep(pulse, 0.1), DT)
    assert window.sure
    assert window.edges == STEP


def test_pulse_as_long_as_a_membrane_takes_to_charge_is_a_test_pulse():
    x = sweep(0.0, 0.1)
    x[4000:4300] -= 0.4
    window = detect("Step", x, DT)
    assert window.sure
    assert window.edges == STEP


def test_step_that_varies_beside_a_pulse_that_does_not_is_the_stimulus():
    windows = seen((0.5, 0.05), (0.5, 0.08), (0.5, 0.11))
    assert not any(w.sure for w in windows)
    assert all(w.sure and w.edges == STEP for w in reconcile("Step", windows))


def test_step_that_never_varies_beside_a_pulse_that_does_is_not_sure():
    windows = seen((0.15, 0.1), (0.2, 0.1), (0.3, 0.1), (0.4, 0.1))
    assert any(w.sure for w in windows)
    assert not any(w.sure and w.edges == STEP for w in reconcile("Step", windows))


def test_step_and_pulse_that_never_vary_stay_unsure():
    assert not any(w.sure for w in reconcile("Step", seen(*[(0.5, 0.1)] * 4)))


def test_unsure_step_is_believed_where_another_sweep_is_sure_of_it():
    windows = seen((0.5, 0.1), (0.5, 0.3))
    assert [w.sure for w in windows] == [False, True]
    assert all(w.sure and w.edges == STEP for w in reconcile("Step", windows))


def test_short_baseline_beside_a_second_step_is_no_reason_to_doubt():
    """15 ms before the step; 100 ms after it a second one begins, so that the next 200 ms aren't all baseline."""
    x = np.random.default_rng(0).normal(0, 0.001, 20000)
    x[300:10300] += 0.2
    x[12300:14300] -= 0.04
    window = detect("Step", x, DT)
    assert window.sure
    assert window.edges == {"ton": 300, "toff": 10300}


def test_test_pulse_from_the_first_samples_is_not_the_baseline():
    """A test pulse of −100 pA from 0 to 10 ms, then 300 ms of rest, then a weak stimulus that ends the sweep."""
    x = np.random.default_rng(0).normal(0, 0.0005, 12000)
    x[:200] -= 0.1
    x[6200:11800] -= 0.085
    window = detect("Step", x, DT)
    assert not (window.sure and window.edges["ton"] < 1000)


@pytest.mark.parametrize("long", [4, 10, 40, 100])
def test_stimulus_of_more_height_is_not_outvoted_by_a_test_pulse_of_more_charge(long):
    """Ten sweeps: 50 pA for 25 ms at 50 ms in each, 1 nA for 0.2 to 5 ms at 500 ms in each: either, or said."""
    windows = []
    for k in range(10):
        x = np.random.default_rng(k).normal(0, 0.0005, 20000)
        x[1000:1500] += 0.05
        x[10000 : 10000 + long] += 1.0
        windows.append(detect("Step", x, DT))
    assert not any(w.sure and w.edges["ton"] == 1000 for w in reconcile("Step", windows))


def test_lower_train_beside_a_higher_test_pulse_is_found_or_said():
    """Six pulses of 0.3 nA for 3 ms, every 20 ms, and a test pulse of 0.5 nA for 5 ms at 10 ms."""
    x = np.random.default_rng(0).normal(0, 0.001, 8000)
    x[200:300] += 0.5
    starts = [2000 + 400 * k for k in range(6)]
    for a in starts:
        x[a : a + 60] += 0.3
    window = detect("SpikeRec", x, DT)
    assert not window.sure or window.pulses == tuple((a, a + 60) for a in starts)


def test_ramp_in_a_small_part_of_a_sweep_starts_where_it_does():
    """A ramp of 100 ms to 0.5 nA that starts at 1500 ms of 2000: most of the sweep is baseline."""
    x = np.random.default_rng(0).normal(0, 0.0002, 40000)
    x[30000:32000] += np.linspace(0.0, 0.5, 2000)
    window = detect("Ramp", x, DT)
    assert window.edges["toff"] == pytest.approx(32000, abs=4)
    assert window.edges["ton"] == pytest.approx(30000, abs=20)
