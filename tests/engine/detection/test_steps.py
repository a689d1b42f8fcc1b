"""Families of constant levels: where the edges are, and when the detector must not be sure."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from efewidgets.engine.detection import detect, reconcile
from efewidgets.engine.detection.levels import choose
from efewidgets.engine.detection.segments import partition
from efewidgets.engine.detection.window import Doubt
from tests.engine.detection.stimuli import TIMINGS, make

LEVELS = ("Step", "SAHP", "HyperDePol", "DeHyperPol")


def step(n: int, ton: int, toff: int, amp: float, noise: float, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(-0.05, noise, n) if noise else np.full(n, -0.05)
    x[ton:toff] += amp
    return x


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2000, 20000),
    start=st.floats(0.05, 0.5),
    long=st.floats(0.15, 0.45),
    amp=st.floats(0.02, 1.0),
    sign=st.sampled_from([-1.0, 1.0]),
    noise=st.sampled_from([0.0, 0.01, 0.05]),
    dt=st.sampled_from([0.05, 0.1, 0.25]),
)
def test_step_well_above_the_noise_is_found_to_the_sample(n, start, long, amp, sign, noise, dt):
    ton, toff = int(start * n), int((start + long) * n)
    window = detect("Step", step(n, ton, toff, sign * amp, noise * amp), dt)
    assert (toff - ton) * dt <= 25 or window.sure, window.reason
    assert window.edges == {"ton": ton, "toff": toff}


@pytest.mark.parametrize("family", LEVELS)
@pytest.mark.parametrize("seed", range(6))
def test_every_timing_of_the_family_is_found_to_the_sample(family, seed):
    stimulus = make(family, np.random.default_rng(seed))
    noise = np.random.default_rng(seed + 100).normal(0, 0.01 * stimulus.amplitude, len(stimulus.current))
    window = detect(family, stimulus.current + noise, stimulus.dt)
    assert window.edges == stimulus.edges
    assert window.sure


def test_edges_are_the_first_changed_samples_of_a_slow_step():
    x = step(20000, 5000, 15000, 0.2, 0.001)
    tau = 4.0  # samples
    kernel = np.exp(-np.arange(40) / tau)
    slow = np.convolve(x + 0.05, kernel / kernel.sum())[:20000] - 0.05
    window = detect("Step", slow, 0.1)
    assert window.edges["ton"] == pytest.approx(5000, abs=1)
    assert window.edges["toff"] == pytest.approx(15000, abs=1)


def through(x: np.ndarray, tau: float, overshoot: float = 0.0) -> np.ndarray:
    """A current (n,) through a low pass of so many samples; with an overshoot, and a transient at its edges instead."""
    pole = np.exp(-1.0 / tau)
    if overshoot:
        return x + overshoot * lfilter([1.0, -1.0], [1.0, -pole], x - x[0])
    return lfilter([1.0 - pole], [1.0, -pole], x - x[0]) + x[0]


@pytest.mark.parametrize("clean", [1, 6])
def test_a_step_that_rises_by_and_by_is_not_sure_however_many_sweeps_agree(clean):
    """With 8 ms it is half as high 5.5 ms after its onset; sweeps that are sharp are believed if they are most."""
    slow = [through(step(12000, 3000, 9000, 0.2 + 0.1 * k, 0.0), 80.0) for k in range(3)]
    noise = np.random.default_rng(1)
    windows = [detect("Step", x + noise.normal(0, 0.0005, len(x)), 0.1) for x in slow]
    assert all(w.doubt is Doubt.GRADUAL and not w.sure for w in windows)
    assert not any(w.sure for w in reconcile("Step", windows))
    sharp = [detect("Step", step(12000, 3000, 9000, 0.1, 0.001, k), 0.1) for k in range(clean)]
    settled = reconcile("Step", [*windows, *sharp])
    assert [w.sure for w in settled[3:]] == [clean == 6] * clean


@pytest.mark.parametrize("ms", [0.0, 15.0])
def test_a_step_that_rises_along_a_line_in_noise_is_not_sure(ms):
    """100 pA, half of which is there 7.5 ms after the onset; what is sharp in the same noise is found."""
    for seed in range(6):
        x = np.convolve(
            step(12000, 3000, 9000, 0.1, 0.0) + 0.05, np.ones(1 + round(10 * ms)) / (1 + round(10 * ms))
        )
        window = detect("Step", x[:12000] + np.random.default_rng(seed).normal(0, 0.015, 12000), 0.1)
        assert window.sure == (ms == 0.0)
        assert ms or window.edges == {"ton": pytest.approx(3000, abs=10), "toff": pytest.approx(9000, abs=10)}


def test_a_slow_transient_that_goes_the_other_way_hides_where_a_step_begins():
    """Four times the jump, the wrong way, for 1 ms: half the step is passed 2.1 ms (ln 8) after the onset."""
    windows = []
    for k in range(4):
        x = through(step(12000, 3000, 9000, 0.1 * (k + 1), 0.0005, k), 10.0, -4.0)
        windows.append(detect("Step", x, 0.1))
    assert all(not w.sure and w.doubt is Doubt.GRADUAL for w in windows)
    assert not any(w.sure for w in reconcile("Step", windows))
    brief = through(step(12000, 3000, 9000, 0.1, 0.0005), 2.0, -4.0)  # 0.4 ms
    assert abs(detect("Step", brief, 0.1).edges["ton"] - 3000) <= 10


def test_an_artefact_that_dips_before_an_onset_is_not_its_slope():
    """An action potential's crosstalk, up and down by half of the step, 0.8 ms before it."""
    x, t = step(12000, 4000, 9000, 0.5, 0.001), np.arange(12000) * 0.05
    x -= 0.28 * np.exp(0.5) * (t - 199.2) / 0.4 * np.exp(-0.5 * ((t - 199.2) / 0.4) ** 2)
    assert detect("Step", x, 0.05).edges == {"ton": 4000, "toff": 9000}


def test_oscillation_three_times_the_step_does_not_hide_it():
    """As in cell C060109A1-SR-C1, where the amplifier rings at 2 kHz."""
    t = np.arange(12000) * 0.25
    x = step(12000, 2800, 10800, 0.05, 0.002) + 0.15 * np.sin(2 * np.pi * 1.953 * t)
    assert np.abs(x[2700:2900] - x[2700]).max() > 0.2  # no threshold would do
    window = detect("Step", x, 0.25)
    assert window.sure
    assert window.edges["ton"] == pytest.approx(2800, abs=4)
    assert window.edges["toff"] == pytest.approx(10800, abs=4)


def test_ringing_is_no_slow_rise():
    """Sampled every 0.5 ms, it looks like slopes beside the edges: sweeps that agree settle them."""
    t = np.arange(6000) * 0.5
    windows = []
    for k in range(5):
        x = step(6000, 1042, 5443, 0.1 + 0.02 * k, 0.004, k) + 0.06 * np.sin(2 * np.pi * 1.953 * t + k)
        windows.append(detect("Step", x, 0.5))
    assert not any(w.doubt is Doubt.GRADUAL for w in windows)
    for window in reconcile("Step", windows):
        assert window.sure
        assert window.edges == {"ton": pytest.approx(1042, abs=2), "toff": pytest.approx(5443, abs=2)}


def test_mains_hum_as_high_as_the_step_does_not_hide_it():
    t = np.arange(30000) * 0.1
    x = step(30000, 8000, 24000, 0.1, 0.003) + 0.1 * np.sin(2 * np.pi * 0.05 * t + 1.0)
    window = detect("Step", x, 0.1)
    assert window.sure
    assert window.edges["ton"] == pytest.approx(8000, abs=10)
    assert window.edges["toff"] == pytest.approx(24000, abs=10)


@pytest.mark.parametrize("amp", [0.04, 0.16, -0.1])
def test_later_pulse_does_not_move_the_end(amp):
    """As in LantyerEtAl2018: 10 ms of 61 pA at 1100 ms, the same in every sweep."""
    x = step(23200, 2000, 12000, amp, 0.0004)
    x[22000:22200] += 0.061
    window = detect("Step", x, 0.05)
    assert window.sure
    assert window.edges == {"ton": 2000, "toff": 12000}


@pytest.mark.parametrize("there", [1.2, 1.6, 2.0])
def test_an_onset_after_which_samples_are_missing_is_not_sure_to_be_after_them(there):
    """The step is there for so many ms, then 3.2 ms are zeros, as where an acquisition lost samples."""
    x, ton = step(12000, 4000, 9000, 0.6, 0.001), 4000
    x[ton + round(there / 0.1) :][:32] = 0.0
    window = detect("Step", x, 0.1)
    assert not window.sure or abs(window.edges["ton"] - ton) * 0.1 <= 1.0


@pytest.mark.parametrize("before", [5.0, 8.0])
def test_an_artefact_well_before_an_edge_leaves_it_sure(before):
    x = step(12000, 4000, 9000, 0.2, 0.001)
    x[9000 - round(before / 0.1) :][:10] -= 0.3  # 1 ms of an action potential's crosstalk
    window = detect("Step", x, 0.1)
    assert window.sure
    assert window.edges == {"ton": 4000, "toff": 9000}


@pytest.mark.parametrize("pulse", [-0.1, 0.3])
def test_test_pulse_taller_than_the_step_is_not_the_stimulus(pulse):
    x = step(20000, 6000, 16000, 0.05, 0.002)
    x[1000:1100] += pulse
    window = detect("Step", x, 0.1)
    assert window.sure
    assert window.edges == {"ton": 6000, "toff": 16000}


@pytest.mark.parametrize("long", [20, 50, 100, 200])
def test_lone_short_pulse_may_be_a_test_pulse(long):
    x = step(20000, 1000, 1000 + long, 0.05, 0.002)
    window = detect("Step", x, 0.1)
    assert window.edges == {"ton": 1000, "toff": 1000 + long}
    assert window.doubt is Doubt.BRIEF
    assert not window.sure


def test_two_equal_steps_are_not_one():
    x = step(20000, 2000, 7000, 0.1, 0.002) + step(20000, 11000, 16000, 0.1, 0.0) + 0.05
    assert not detect("Step", x, 0.1).sure


def test_step_that_never_ends_is_not_sure():
    assert not detect("Step", step(20000, 5000, 20000, 0.1, 0.002), 0.1).sure


def test_staircase_is_not_a_step():
    x = step(20000, 4000, 14000, 0.1, 0.002) + step(20000, 9000, 14000, 0.1, 0.0) + 0.05
    assert not detect("Step", x, 0.1).sure


def test_ramp_is_not_a_step():
    x = step(20000, 0, 0, 0.0, 0.002)
    x[2000:18000] += np.linspace(0, 0.5, 16000)
    assert not detect("Step", x, 0.1).sure


@pytest.mark.parametrize("family", LEVELS)
def test_noise_holds_no_stimulus(family):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        wandering = np.cumsum(rng.normal(0, 1e-4, 15000)) + rng.normal(0, 0.005, 15000)
        window = detect(family, wandering, 0.1)
        assert not window.sure, window.reason


def test_saturated_amplifier():
    x = np.clip(step(20000, 5000, 15000, 0.5, 0.02), None, 0.4)
    assert detect("Step", x, 0.1).edges == {"ton": 5000, "toff": 15000}


def test_what_a_person_gave_is_kept_and_the_rest_found():
    x = step(20000, 5000, 15000, 0.1, 0.002)
    window = detect("Step", x, 0.1, {"ton": 4990})
    assert window.edges == {"ton": 4990, "toff": 15000}
    assert window.given == ("ton",)
    x[15000:17000] += 0.1
    assert detect("Step", x, 0.1, {"toff": 15000}).edges["toff"] == 15000


def test_given_edge_makes_a_short_pulse_a_stimulus():
    x = step(20000, 1000, 1100, 0.05, 0.002)
    window = detect("Step", x, 0.1, {"ton": 1000})
    assert window.sure
    assert window.edges == {"ton": 1000, "toff": 1100}


@settings(max_examples=60, deadline=None)
@given(
    y=st.lists(st.sampled_from([0.0, 0.1, 1.0, 3.0]), min_size=8, max_size=11),
    penalty=st.floats(0.5, 10.0),
)
def test_partition_is_the_best_of_all(y, penalty):
    """Against an exhaustive search."""
    y = np.array(y)
    found = partition(y, penalty=penalty)
    wander = [1.4826 * np.sort(np.abs(y[k:] - y[:-k]))[len(y[k:]) // 2] / 2**0.5 for k in (1, 5)]
    price = penalty * max(*wander, 1e-4 * np.ptp(y), 1e-6) ** 2 * np.log(len(y))

    def cost(edges):
        bounds = [0, *edges, len(y)]
        return sum(((y[a:b] - y[a:b].mean()) ** 2).sum() + price for a, b in itertools.pairwise(bounds))

    every = [c for k in range(len(y)) for c in itertools.combinations(range(1, len(y)), k)]
    best = min(cost(c) for c in every)
    # the search stops at the second segment in a row that doesn't pay
    assert (
        cost(found) == pytest.approx(best, rel=1e-9, abs=1e-9)
        or cost(found) <= min(cost(c) for c in every if len(c) <= len(found) + 1) + 1e-9
    )


def test_choice_leaves_least_charge_unexplained():
    """Against a sum worked out by hand: a step of 100 x 2, a pulse of 10 x 5 after it."""
    edges = np.array([0, 100, 200, 250, 260, 400])
    levels = np.array([0.0, 2.0, 0.0, 5.0, 0.0])
    fit = choose(edges, levels, (0, 1, 0), {})
    assert fit is not None
    assert [edges[p] for p in fit.places] == [100, 200]
    assert fit.explained == pytest.approx(1 - 50 / 250)
    assert fit.rival == pytest.approx(50 / 200)


def test_answer_is_the_same_for_any_scale_and_holding():
    x = step(12000, 3000, 9000, 0.1, 0.004)
    first = detect("Step", x, 0.1)
    again = detect("Step", 3.0 * x + 0.7, 0.1)
    assert again.edges == first.edges
    assert again.confidence == pytest.approx(first.confidence, rel=1e-6)


def test_timings_are_those_of_the_family():
    for family in LEVELS:
        stimulus = make(family, np.random.default_rng(3))
        assert tuple(detect(family, stimulus.current, stimulus.dt).edges) == TIMINGS[family]
