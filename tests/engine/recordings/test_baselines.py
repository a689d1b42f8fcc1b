"""Levels where the baseline isn't one level, and pulses that a filter blurs: right, or said to be uncertain."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.signal import lfilter

from efewidgets.engine.detection import Doubt, Window, detect
from efewidgets.engine.recordings.ecodes import ecode_of
from efewidgets.engine.recordings.edges import doubts, settle
from efewidgets.engine.recordings.families.brief_level import brief_level
from efewidgets.engine.recordings.families.sinespec import CHIRP_DEFAULTS, chirp_wave

DT = 0.05


def read(protocol, current, dt=DT, **metadata):
    voltage = -70.0 + np.random.default_rng(5).normal(0, 0.05, len(current))
    sweep = {"voltage": voltage, "current": current, "dt": dt, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return ecode_of(protocol)({"filepath": "made", **metadata}, sweep, protocol, {})


def times(ms, dt=DT):
    return np.arange(round(ms / dt)) * dt


def between(t, start, end):
    return ((t >= start - 1e-9) & (t < end - 1e-9)).astype(float)


def noise(n, size=0.001):
    return np.random.default_rng(3).normal(0.0, size, n)


def warnings(recording, word=""):
    return [p.message for p in recording.problems if p.severity == "warning" and word in p.message]


# --- a baseline that drifts


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("tau", [20.0, 60.0, 100.0])
def test_holding_is_where_a_baseline_that_relaxes_has_come_to_by_the_onset(tau, sign):
    """60 pA above -50 pA at the first sample; at 400 ms about 1 pA is left of it."""
    t = times(1000)
    i = sign * (0.3 * between(t, 400, 800) - 0.05 + 0.06 * np.exp(-t / tau)) + noise(len(t))
    found = read("Step", i)
    assert found.hypamp == pytest.approx(-0.05 * sign, abs=0.006)  # 2 % of the step
    assert found.amp == pytest.approx(0.3 * sign, abs=0.006)
    assert any("the onset (" in p.message and p.severity == "note" for p in found.problems)
    assert warnings(found) == []


@pytest.mark.parametrize("protocol", ["sAHP", "HyperDePol", "SpikeRec"])
def test_other_families_bear_with_drift_too(protocol):
    t = times(1200)
    shapes = {
        "sAHP": (0.1 * between(t, 400, 800) + 0.2 * between(t, 500, 650), {"amp": 0.1, "amp2": 0.3}),
        "HyperDePol": (-0.2 * between(t, 400, 600) + 0.3 * between(t, 600, 800), {"amp": -0.2, "amp2": 0.3}),
        "SpikeRec": (0.3 * sum(between(t, k, k + 3) for k in (400, 430, 460)), {"amp": 0.3}),
    }
    stimulus, right = shapes[protocol]
    found = read(protocol, stimulus + 0.04 * np.exp(-t / 60) + noise(len(t)))
    assert found.hypamp == pytest.approx(0.0, abs=0.005)
    for name, value in right.items():
        assert getattr(found, name) == pytest.approx(value, abs=0.005)


def test_drift_that_hardly_matters_changes_nothing():
    """3 pA of 300: BluePyEfe's number stays."""
    from efewidgets.engine.recordings.families.signal import base_current

    t = times(1000)
    i = 0.3 * between(t, 400, 800) + 0.003 * np.exp(-t / 60) + noise(len(t), 0.0003)
    found = read("Step", i)
    assert found.hypamp == base_current(i)
    assert found.problems == []


@pytest.mark.parametrize("protocol", ["Ramp", "SineSpec"])
def test_what_begins_gradually_before_its_onset_is_no_drift(protocol):
    """The onset that a person gave is 60 ms late: by then the ramp has risen by 30 of 300 pA."""
    t = times(1400)
    wave = np.clip((t - 340) / 600, 0, 1) if protocol == "Ramp" else np.sin((t - 340) / 100) * (t > 340)
    found = read(protocol, 0.3 * wave * between(t, 340, 1000) - 0.05 + noise(len(t)), ton=400.0, toff=1000.0)
    assert found.hypamp == pytest.approx(-0.05, abs=0.001)


# --- a stimulus before the stimulus


@pytest.mark.parametrize("amplitude", [0.3, -0.3])
@pytest.mark.parametrize("lasts", [60.0, 150.0, 350.0])
def test_what_comes_right_before_the_stimulus_is_no_holding_current(lasts, amplitude):
    """100 pA the other way until the onset at 400 ms, most of the time from 50 ms on: said, and not measured from."""
    t = times(1200)
    before = -np.sign(amplitude) * 0.1 * between(t, 400 - lasts, 400)
    found = read(
        "Step", amplitude * between(t, 400, 800) + before + 0.02 + noise(len(t)), ton=400.0, toff=800.0
    )
    assert (found.hypamp, found.amp) == pytest.approx((0.02, amplitude), abs=0.001)
    (said,) = warnings(found)
    assert "another stimulus comes first" in said
    before, elsewhere = (float(number) for number in re.findall(r"(-?[\d.]+) pA", said)[:2])
    assert (before, elsewhere) == pytest.approx((20 - 100 * np.sign(amplitude), 20), abs=1)


def test_a_baseline_that_a_test_pulse_precedes_is_none_of_another_stimulus():
    t = times(1200)
    i = 0.3 * between(t, 400, 800) - 0.1 * between(t, 0, 60) + 0.02 + noise(len(t))
    found = read("Step", i, ton=400.0, toff=800.0)
    assert (found.hypamp, found.amp) == pytest.approx((0.02, 0.3), abs=0.001)
    assert warnings(found) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_converter_that_seldom_flickers_hides_no_baseline(seed):
    """Slow noise of half a step of 10 pA: 2 % of the samples move. 100 pA come first, for most of the time."""
    t = times(1000)
    slow = lfilter([1, 0], [1, -0.98], np.random.default_rng(seed).normal(size=len(t)))
    i = 0.2 * between(t, 260, 460) - 0.08 * between(t, 44, 260) + 0.02 + 0.004 * slow / slow.std()
    found = read("Step", np.round(i / 0.01) * 0.01, ton=260.0, toff=460.0)
    assert (found.hypamp, found.amp) == pytest.approx((0.02, 0.2), abs=0.011)
    assert len(warnings(found, "another stimulus comes first")) == 1


def test_a_test_pulse_of_a_command_without_noise_is_no_step_of_a_converter():
    t = times(600)
    i = 0.2 * between(t, 300, 400) - 0.05 * between(t, 0, 20) + 0.02
    found = read("Step", i, ton=300.0, toff=400.0)
    assert (found.hypamp, found.amp) == pytest.approx((0.02, 0.2), abs=1e-9)


@pytest.mark.parametrize("size", [0.004, 0.012])
def test_a_baseline_that_jumps_to_and_fro_is_told_where_that_matters(size):
    """A channel in the seal opens 40 ms before a step of 60 pA and has closed when that ends; so has another one."""
    t = times(1000)
    i = 0.06 * between(t, 400, 800) + size * (between(t, 360, 600) - between(t, 600, 1000)) + noise(len(t))
    found = read("Step", i, ton=400.0, toff=800.0)
    (said,) = warnings(found)
    assert "the baseline jumps" in said
    assert float(re.search(r"([\d.]+) pA away", said)[1]) == pytest.approx(2e3 * size, abs=0.3)


def test_jumps_of_the_baseline_that_are_little_beside_the_stimulus_are_not_told():
    t = times(1000)
    i = 0.3 * between(t, 400, 800) + 0.004 * between(t, 360, 600) + noise(len(t))
    assert warnings(read("Step", i, ton=400.0, toff=800.0)) == []


def test_a_test_pulse_before_the_stimulus_and_some_drift_are_no_jumps_of_the_baseline():
    t = times(1000)
    i = 0.1 * between(t, 400, 800) + 0.05 * between(t, 0, 50) + 0.01 * t / 1000 + noise(len(t))
    assert warnings(read("Step", i, ton=400.0, toff=800.0)) == []


# --- brief pulses


def blurred(long, tau, dt, nA=1.0):
    """A pulse at 50 ms through a filter of one pole, drawn at 2 us; truth: nA for so many ms."""
    fine = 0.002
    t = times(120, fine)
    x = nA * between(t, 50, 50 + long)
    k = np.exp(-fine / tau)
    return lfilter([1 - k], [1, -k], x)[:: round(dt / fine)]


@pytest.mark.parametrize("dt", [0.02, 0.04, 0.1])
@pytest.mark.parametrize(("long", "tau"), [(0.6, 0.1), (0.8, 0.2), (1.5, 0.25)])
@pytest.mark.parametrize("nA", [2.0, -0.4])
def test_the_charge_of_a_blurred_pulse_tells_its_height(long, tau, dt, nA):
    """A filter takes nothing of the charge; the samples between the borders have a median up to a fifth too low."""
    x = blurred(long, tau, dt, nA) - 0.05
    first, last = round(50 / dt), round((50 + long) / dt)
    usual = float(np.median(x[first:last]))
    assert abs(usual + 0.05) < 0.95 * abs(nA)
    assert brief_level(x, first, last, dt, -0.05, usual) + 0.05 == pytest.approx(nA, rel=0.06)


@pytest.mark.parametrize("transient", [0.3, 1.0])
def test_transients_of_a_flat_pulse_leave_bluepyefe_s_level(transient):
    t = times(200, 0.02)
    x = between(t, 50, 53)
    x = x + transient * lfilter([1, -1], [1, -np.exp(-0.02 / 0.2)], x)
    usual = float(np.median(x[2500:2650]))
    assert brief_level(x, 2500, 2650, 0.02, 0.0, usual) == usual


def test_a_flat_pulse_and_a_long_step_keep_bluepyefe_s_level():
    t = times(300)
    for lasts in (1.0, 3.0, 100.0):
        i = 0.5 * between(t, 100, 100 + lasts) + noise(len(t), 0.005)
        found = read("APWaveform", i, ton=100.0, toff=100.0 + lasts)
        first = round(100 / DT)
        assert found.amp == np.median(i[first : first + round(lasts / DT)]) - found.hypamp


def test_edges_that_differ_by_a_good_part_of_a_pulse_are_those_that_were_seen():
    """A pulse of 1.3 ms: BluePyEfe's edges 0.3 ms outside of it confirm it, but are not its edges."""
    window = Window({"ton": 1000, "toff": 1065}, 0.9, n=10000, dt=0.02)
    edges, origin = settle({"ton": 985, "toff": 1080}, window, tolerance=50)
    assert (edges, origin) == ({"ton": 1000, "toff": 1065}, "usual")
    # one of them that is where the pulse ends is no better than none
    assert settle({"ton": 1065, "toff": 3000}, window, tolerance=80)[0] == {"ton": 1000, "toff": 1065}
    long = Window({"ton": 1000, "toff": 2000}, 0.9, n=10000, dt=0.02)
    assert settle({"ton": 985, "toff": 2015}, long, tolerance=50)[0] == {"ton": 985, "toff": 2015}


@pytest.mark.parametrize("glitch", [-0.4, 0.5, -0.9])
@pytest.mark.parametrize("nA", [2.0, -0.4])
def test_a_sample_that_is_off_changes_no_height_of_a_blurred_pulse(nA, glitch):
    x = blurred(0.8, 0.2, 0.04, nA)
    first, last = round(50 / 0.04), round(50.8 / 0.04)
    x[first + 13] += glitch * nA
    usual = float(np.median(x[first:last]))
    assert abs(usual) < 0.95 * abs(nA)
    assert brief_level(x, first, last, 0.04, 0.0, usual) == pytest.approx(nA, rel=0.06)


# --- two opinions on a level


@pytest.mark.parametrize(("crosstalk", "said"), [(0.0, 0), (0.01, 0), (0.05, 1)])
def test_pulses_whose_summits_and_medians_differ_are_told(crosstalk, said):
    """Pulses of 0.3 nA, each with so many nA of an action potential's crosstalk for a third of its time."""
    t = times(200)
    i = sum(0.3 * between(t, k, k + 5) + crosstalk * between(t, k + 2, k + 3.7) for k in (50, 80, 110))
    found = read("SpikeRec", i + noise(len(t), 0.0005))
    assert found.amp == pytest.approx(0.3, rel=0.05 if not crosstalk else 0.2)
    assert len(warnings(found, "crosstalk")) == said


def test_a_sine_sweep_of_another_formula_is_told():
    t = times(6000, 0.1)
    inside = between(t, 150, 5100)
    usual = 0.1 * chirp_wave(t, CHIRP_DEFAULTS) * inside + noise(len(t))
    zap = 0.1 * np.sin(2 * np.pi * (0.5 + 1.5e-3 * (t - 150)) * 1e-3 * (t - 150)) * inside + noise(len(t))
    timing = {"ton": 150.0, "toff": 5100.0}
    assert warnings(read("SineSpec", usual, 0.1, **timing)) == []
    assert warnings(read("SineSpec", -usual, 0.1, **timing)) == []
    (said,) = warnings(read("SineSpec", zap, 0.1, **timing))
    assert "another stimulus" in said
    assert warnings(read("SineSpec", zap, 0.1, **timing, chirp_frequency_base=3.0)) == []


@pytest.mark.parametrize(("rest", "said"), [(0.0005, 0), (0.012, 1)])
def test_a_slow_beginning_that_drowns_is_told_though_both_methods_agree(rest, said):
    """Noise that swells within 40 ms; at rest the current does half a percent of it, or 12."""
    t = times(2600, 0.1)
    rng = np.random.default_rng(2)
    wave = lfilter([1.0], [1.0, -np.exp(-0.1 / 20)], rng.normal(size=len(t)))
    wave *= 0.1 / np.abs(wave).max() * np.clip((t - 300) / 40, 0, 1) * between(t, 300, 2300)
    window = Window({"ton": 500, "toff": 900}, 0.2, n=1000, dt=0.1, doubt=Doubt.SHAPE)
    assert len(doubts(window, "usual")) == 1
    found = detect("PinkNoise", wave + rng.normal(0, rest, len(t)), 0.1)
    assert not found.sure
    assert (found.doubt is Doubt.SHAPE) == bool(said)


# --- what comes before the onset, seen by what the current comes back to


@pytest.mark.parametrize(("step", "pulse"), [(0.1, 0.0), (0.2, -0.04)])
def test_a_stimulus_before_the_onset_that_hum_hides_is_told(step, pulse):
    """-40 pA for 240 ms before a step, in hum of 8 pA and a walk of the baseline: no jump stands out.

    A test pulse of as much at the beginning of the sweep makes it look as if all were so until the onset.
    """
    t = times(1800)
    hum = 0.008 * np.sin(2 * np.pi * 0.06 * t) + 0.002 * np.sin(2 * np.pi * t / 700)
    slow = np.clip((t - 200) / 30, 0, 1) * between(t, 0, 450)  # and its edge is slow
    i = step * between(t, 450, 1050) - 0.04 * slow + hum + noise(len(t), 0.003) + pulse * between(t, 0, 25)
    assert warnings(read("Step", i, ton=450.0, toff=1050.0), "the baseline jumps")


def test_a_baseline_that_drifts_one_way_is_not_told_but_one_that_ends_far_away():
    t = times(1800)
    for drift, told in ((0.02, 0), (0.15, 1)):  # nA until the end of the sweep, beside a step of 100 pA
        i = 0.1 * between(t, 450, 1050) + drift * t / 1800 + noise(len(t))
        assert len(warnings(read("Step", i, ton=450.0, toff=1050.0), "the baseline jumps")) == told


def test_pulses_that_rest_at_the_baseline_in_between_are_no_stimulus_that_lasts():
    t = times(900)
    i = sum(0.8 * between(t, 200 + 40 * k, 203 + 40 * k) for k in range(8)) + 0.012 * t / 900
    assert warnings(read("SpikeRec", i + noise(len(t)))) == []


def test_the_first_step_of_an_sahp_does_not_begin_gradually_where_the_baseline_drifts():
    """The baseline goes up by as much as the long step until the onset: its level there is the holding current."""
    t = times(1400)
    i = 0.02 * np.minimum(t, 330) / 330 + 0.02 * between(t, 330, 1200) + 0.03 * between(t, 530, 660)
    found = read("sAHP", i + noise(len(t), 0.0005))
    assert (found.hypamp, found.amp, found.amp2) == pytest.approx((0.02, 0.02, 0.05), abs=0.002)


def test_an_sahp_that_takes_its_timings_from_others_does_not_hold_at_the_end_of_the_sweep_before():
    """300 of 390 ms before the onset are still the last stimulus of 40 pA, and so is most of what is outside."""
    t = times(2000)
    i = 0.05 + 0.04 * between(t, 0, 300) + 0.08 * between(t, 390, 1850) + 0.1 * between(t, 730, 960)
    edges = {"ton": 390.0, "tmid": 730.0, "tmid2": 960.0, "toff": 1850.0}
    found = read("sAHP", i + noise(len(t)), **edges)
    found.stimulus.finding.timing_from = "others"
    found.apply_edges({k: round(v / DT) for k, v in edges.items()}, found.samples(), {})
    assert (found.hypamp, found.amp, found.amp2) == pytest.approx((0.05, 0.08, 0.18), abs=0.003)
