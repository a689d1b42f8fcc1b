"""Ramps, cheops, trains of pulses, sine sweeps and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from efewidgets.engine.detection import Doubt, detect
from efewidgets.engine.detection.trace import Trace
from tests.engine.detection.stimuli import coloured, make


def ramp(n: int, ton: int, toff: int, amp: float, noise: float, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(-0.05, noise, n)
    x[ton:toff] += np.linspace(0.0, amp, toff - ton)
    return x


@pytest.mark.parametrize("amp", [0.5, -0.5])
def test_ramp_starts_where_its_line_leaves_the_baseline(amp):
    window = detect("Ramp", ramp(21000, 2000, 19000, amp, 0.002), 0.1)
    assert window.sure
    assert window.edges["ton"] == pytest.approx(2000, abs=10)
    assert window.edges["toff"] == 19000


def test_stated_errors_of_ramps_are_true():
    """Errors divided by their stated standard errors scatter by about 1."""
    ratios = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        ton, long = int(rng.uniform(500, 2500)), int(rng.uniform(5000, 20000))
        x = ramp(ton + long + 1500, ton, ton + long, 0.3, 0.006, seed)
        window = detect("Ramp", x, 0.1)
        ratios.append((window.edges["ton"] - ton) * 0.1 / window.errors["ton"])
    assert 0.7 < np.std(ratios) < 1.3
    assert np.max(np.abs(ratios)) < 4.5


def test_action_potentials_on_a_ramp_do_not_move_it():
    x = ramp(21000, 2000, 19000, 0.5, 0.001)
    for at in range(9000, 19000, 1100):
        x[at : at + 20] += 0.8 * np.sin(np.linspace(0, 2 * np.pi, 20))
    window = detect("Ramp", x, 0.1)
    assert window.sure
    assert window.edges["ton"] == pytest.approx(2000, abs=10)
    assert window.edges["toff"] == 19000


def test_ramp_without_baseline_before_it_is_not_sure():
    assert not detect("Ramp", ramp(20400, 20, 20020, 0.6, 0.005), 0.1).sure


@pytest.mark.parametrize("early", [5, 15, 30])
def test_an_end_that_is_given_beside_the_jump_does_not_move_the_start(early):
    """An amplifier that overshoots for some ms after the ramp, and an end that a person sets a little before it."""
    x = ramp(21000, 2000, 19000, 0.5, 0.05)
    x[19000:19150] += 0.5 * np.exp(-np.arange(150) / 30)
    window = detect("Ramp", x, 0.1, {"toff": 19000 - early})
    assert window.edges["toff"] == 19000 - early
    assert window.edges["ton"] == detect("Ramp", x, 0.1).edges["ton"] == pytest.approx(2000, abs=100)


def test_given_start_of_a_ramp_is_kept():
    window = detect("Ramp", ramp(21000, 2000, 19000, 0.5, 0.01), 0.1, {"ton": 1950})
    assert window.edges == {"ton": 1950, "toff": 19000}
    assert window.sure


@pytest.mark.parametrize("family", ["PosCheops", "NegCheops"])
def test_cheops(family):
    stimulus = make(family, np.random.default_rng(1))
    x = stimulus.current + np.random.default_rng(2).normal(
        0, 0.004 * stimulus.amplitude, len(stimulus.current)
    )
    window = detect(family, x, stimulus.dt)
    assert window.sure
    for name, at in stimulus.edges.items():
        assert window.edges[name] * stimulus.dt == pytest.approx(at * stimulus.dt, abs=1.0)


def test_two_triangles_are_not_cheops():
    x = np.full(40000, 0.0)
    for a, b in ((4000, 12000), (20000, 30000)):
        m = (a + b) // 2
        x[a:m] += np.linspace(0, 0.3, m - a)
        x[m:b] += np.linspace(0.3, 0, b - m)
    assert not detect("PosCheops", x, 0.1).sure


def pulses(starts: list[int], width: int, amp: float, n: int, noise: float = 0.01) -> np.ndarray:
    x = np.random.default_rng(0).normal(-0.05, noise, n)
    for a in starts:
        x[a : a + width] += amp
    return x


def test_pulses_too_short_for_a_median_filter_are_found():
    """2 ms at 10 kHz are 20 samples; BluePyEfe's median of 85 erases them."""
    window = detect("SpikeRec", pulses([200, 300, 400, 500], 20, 2.5, 3000), 0.1)
    assert window.pulses == ((200, 220), (300, 320), (400, 420), (500, 520))
    assert window.sure


def test_artefacts_of_action_potentials_are_no_pulses():
    starts = [200, 700, 1200, 1700]
    x = pulses(starts, 60, 1.3, 4000)
    for a in starts:
        x[a + 70 : a + 85] -= 1.5
        x[a + 85 : a + 100] += 1.0
    window = detect("SpikeRec", x, 0.05)
    assert window.pulses == tuple((a, a + 60) for a in starts)


def test_longer_prepulse_is_not_of_the_train():
    """As in 18425108.abf: a hyperpolarising step comes before the pulses."""
    x = pulses([10000 + 250 * k for k in range(15)], 50, 2.5, 30000)
    x[2000:6000] -= 0.05
    window = detect("SpikeRec", x, 0.04)
    assert len(window.pulses) == 15
    assert window.edges == {"ton": 10000, "toff": 13550}
    assert window.sure


def test_hum_is_no_train():
    t = np.arange(6000) * 0.05
    x = 1.0 * np.sin(2 * np.pi * 0.05 * t) + np.random.default_rng(0).normal(0, 0.02, 6000)
    assert not detect("SpikeRec", x, 0.05).sure
    assert not detect("CapCheck", x, 0.05).sure


def test_capacitance_check_of_both_signs():
    stimulus = make("CapCheck", np.random.default_rng(5))
    x = stimulus.current + np.random.default_rng(6).normal(
        0, 0.05 * stimulus.amplitude, len(stimulus.current)
    )
    window = detect("CapCheck", x, stimulus.dt)
    assert window.sure
    assert window.edges == stimulus.edges
    assert len(window.pulses) == len(stimulus.pulses)


def test_default_chirp_of_the_ecode():
    t = np.arange(1500, 51000) * 1e-4 - 0.1
    x = np.zeros(54000)
    x[1500:51000] = 0.08 * np.sin(2 * np.pi * (1.0 + 1.0 / (5.15 - t)) * t)
    x += np.random.default_rng(0).normal(-0.02, 0.002, 54000)
    window = detect("SineSpec", x, 0.1)
    assert window.sure
    assert window.edges == {"ton": 1500, "toff": 51000}


def test_sine_sweep_without_rest_before_it_is_not_sure():
    t = np.arange(25000) * 2e-4
    x = 0.02 * np.sin(2 * np.pi * (1 + t) * t) + np.random.default_rng(0).normal(0, 1e-4, 25000)
    assert not detect("SineSpec", x, 0.2).sure


def test_constant_step_is_no_sine_sweep():
    x = np.random.default_rng(0).normal(0, 0.002, 30000)
    x[5000:25000] += 0.1
    assert not detect("SineSpec", x, 0.1).sure


@pytest.mark.parametrize("family", ["PinkNoise", "SineSpec"])
@pytest.mark.parametrize(("rest", "sure"), [(60, True), (200, False)])
def test_a_stimulus_that_rests_for_long_may_be_found_in_part(family, rest, sure):
    """From 200 to 2200 ms, with a rest from 350 ms on: after 200 ms of that it may as well be two."""
    t = np.arange(30000) * 0.1
    wave = np.where((t >= 200) & (t < 2200), np.sin(2 * np.pi * t / 40.0 + 1.0), 0.0)
    wave[(t >= 350) & (t < 350 + rest)] = 0.0
    window = detect(family, 0.2 * wave + np.random.default_rng(3).normal(0, 0.001, len(t)), 0.1)
    assert window.sure == sure
    assert "a part of the stimulus" in window.reason or sure
    assert window.edges["ton"] == pytest.approx(2000, abs=5) or not sure


@pytest.mark.parametrize("middle", [1.0, 0.6, 1.5])
def test_triangles_of_unlike_heights_are_no_cheops(middle):
    """Triangles of 0.3 nA, the one in the middle of another height."""
    t, edges = np.arange(40000) * 0.1, (200, 1200, 1500, 2200, 2500, 3500)
    x = np.random.default_rng(2).normal(0, 0.001, len(t))
    for k, (a, b) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        x += (
            0.3
            * (middle if k == 1 else 1.0)
            * np.clip(1.0 - np.abs(t - 0.5 * (a + b)) / (0.5 * (b - a)), 0.0, None)
        )
    window = detect("PosCheops", x, 0.1)
    assert window.sure == (middle == 1.0)
    assert "not of one height" in window.reason or middle == 1.0


def test_pink_noise_starts_and_ends_to_the_sample():
    stimulus = make("PinkNoise", np.random.default_rng(4))
    x = stimulus.current + np.random.default_rng(5).normal(
        0, 0.005 * stimulus.amplitude, len(stimulus.current)
    )
    window = detect("PinkNoise", x, stimulus.dt)
    assert window.sure
    assert window.edges == stimulus.edges


@pytest.mark.parametrize("end", ["ton", "toff"])
def test_a_test_pulse_that_a_flickering_baseline_joins_to_noise_is_no_limit_to_be_sure_of(end):
    """60 pA from 8 to 28 ms, noise of 400 pA from 350 to 2350 ms; between them the baseline flickers by 10 pA."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.0015, 24500)
    x[80:280] += 0.06
    x[280:3500] += 0.01 * (np.arange(3220) // 40 % 2)
    x[3500:23500] += np.clip(0.2 * signal.lfilter([0.1], [1.0, -0.99], rng.normal(size=20000)), -0.4, 0.4)
    if end == "toff":
        x = x[::-1]
    window = detect("PinkNoise", x, 0.1)
    assert not window.sure
    assert window.doubt is Doubt.SHAPE
    assert "test pulse" in window.reason
    x = x.copy()
    x[:3500] = x[:3500] if end == "toff" else rng.normal(0, 0.0015, 3500)
    x[-3500:] = x[-3500:] if end == "ton" else rng.normal(0, 0.0015, 3500)
    window = detect("PinkNoise", x, 0.1)
    limits = (3500, 23500) if end == "ton" else (1000, 21000)
    assert window.sure
    assert list(window.edges.values()) == pytest.approx(limits, abs=10)


@pytest.mark.parametrize("pulse", [0.0, 0.06])
@pytest.mark.parametrize("end", [False, True])
def test_a_test_pulse_right_beside_noise_is_no_limit_to_be_sure_of(pulse, end):
    """5 ms of rest and 20 ms of 60 pA before noise of 300 pA from 350 to 2350 ms, or after it."""
    rng = np.random.default_rng(4)
    x = rng.normal(0, 0.0015, 27000)
    x[3250:3450] += pulse
    x[3500:23500] += np.clip(0.2 * signal.lfilter([0.1], [1.0, -0.99], rng.normal(size=20000)), -0.3, 0.3)
    x[3500], x[23499] = 0.1, 0.1  # so that it is sharp
    window = detect("PinkNoise", x[::-1] if end else x, 0.1)
    assert ("constant at its limit" in window.reason) == (pulse > 0)
    assert not (window.sure and pulse)


def test_lines_are_subtracted_and_little_else():
    rng = np.random.default_rng(0)
    t = np.arange(40000) * 0.1
    noise = 0.01 * coloured(40000, 0.1, rng, 0.0)
    x = noise + 0.05 * np.sin(2 * np.pi * 0.05 * t) + 0.02 * np.sin(2 * np.pi * 0.15 * t + 1)
    quiet = Trace(x, 0.1).without_lines()
    assert quiet is not None
    middle = slice(2000, 38000)
    assert np.std(quiet.x[middle] - noise[middle]) < 0.002
    assert Trace(noise, 0.1).without_lines() is None
