"""Levels of the stimulus: signed, from all samples that there are, above what is known to be baseline."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from efewidgets.engine.recordings.ecodes import FAMILIES, ecode_of
from efewidgets.engine.recordings.families.spikerec import in_the_sweep
from efewidgets.engine.traces.robust import line, scale, spread

UNITS = {"t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}


def read(protocol, current, dt, **timings):
    """One recording of a drawn current (nA); dt and timings in ms."""
    voltage = -70.0 + np.random.default_rng(5).normal(0, 0.05, len(current))
    sweep = {"voltage": voltage, "current": current, "dt": dt, **UNITS}
    return ecode_of(protocol)({"filepath": "made", **timings}, sweep, protocol, {})


def times(ms, dt):
    return np.arange(round(ms / dt)) * dt


def between(t, start, end):
    return (t >= start - 1e-9) & (t < end - 1e-9)


def noise(n, size, seed=0):
    return np.random.default_rng(seed).normal(0.0, size, n)


def triangles(t, edges, height):
    return sum(
        np.interp(t, [a, 0.5 * (a + b), b], [0, height, 0])
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )


def chirp(t, ton, toff):
    u = t * 1e-3 - 0.1
    return np.where(
        between(t, ton, toff), np.sin(2 * np.pi * (1.0 + 1.0 / np.maximum(5.15 - u, 1e-9)) * u), 0.0
    )


CHEOPS = {"ton": 100.0, "t1": 900.0, "t2": 1000.0, "t3": 1500.0, "t4": 1600.0, "toff": 1900.0}
TWO = {"ton": 200.0, "tmid": 400.0, "toff": 600.0}
SAHP = {"ton": 200.0, "tmid": 400.0, "tmid2": 500.0, "toff": 800.0}
ONE = {"ton": 200.0, "toff": 600.0}


def drawn(family, t, up=1.0):
    """A stimulus of each family, by its name, of 0.3 nA: current above holding, timings, amplitudes by name."""
    if family in ("PosCheops", "NegCheops"):
        height = 0.3 * up
        return triangles(t, list(CHEOPS.values()), height), CHEOPS, {"amp": height}
    if family == "Ramp":
        return np.where(between(t, 200, 600), 0.3 * up * (t - 200) / 400, 0.0), ONE, {"amp": 0.3 * up}
    if family in ("HyperDePol", "DeHyperPol"):
        i = -0.2 * up * between(t, 200, 400) + 0.3 * up * between(t, 400, 600)
        return i, TWO, {"amp": -0.2 * up, "amp2": 0.3 * up}
    if family == "SAHP":
        i = 0.1 * up * between(t, 200, 800) + 0.2 * up * between(t, 400, 500)
        return i, SAHP, {"amp": 0.1 * up, "amp2": 0.3 * up}
    if family == "SineSpec":
        return 0.3 * up * chirp(t, 200, 2200), {"ton": 200.0, "toff": 2200.0}, {"amp": 0.3 * up}
    if family == "SpikeRec":
        return 0.3 * up * sum(between(t, a, a + 4) for a in (200, 250, 300)), {}, {"amp": 0.3 * up}
    if family in ("PinkNoise", "CapCheck"):
        i = 0.3 * up * sum(between(t, a, a + 20) for a in (200, 260, 320, 380)).astype(float)
        return i, {"ton": 200.0, "toff": 400.0}, {"amp": 0.3}
    return 0.3 * up * between(t, 200, 600), ONE, {"amp": 0.3 * up}


def duration(family):
    return 2500.0 if family in ("SineSpec", "PosCheops", "NegCheops") else 1000.0


# --- signs


@pytest.mark.parametrize("dt", [0.025, 0.1])
@pytest.mark.parametrize("holding", [0.0, -0.13, 0.05])
@pytest.mark.parametrize("up", [1.0, -1.0])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_amplitudes_have_the_sign_of_the_current(family, up, holding, dt):
    t = times(duration(family), dt)
    current, timings, amplitudes = drawn(family, t, up)
    found = read(family, current + holding + noise(len(t), 0.001), dt, **timings)
    assert found.hypamp == pytest.approx(holding, abs=0.001)
    for name, right in amplitudes.items():
        assert getattr(found, name) == pytest.approx(right, rel=0.06, abs=0.005), name


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("PinkNoise", "CapCheck")])
def test_the_negated_current_has_negated_levels(family):
    """The two cheops families change places: each prefers its own sign where a current has both."""
    mirrored = {"PosCheops": "NegCheops", "NegCheops": "PosCheops"}.get(family, family)
    t = times(duration(family), 0.1)
    current, timings, amplitudes = drawn(family, t)
    current = current - 0.08 + noise(len(t), 0.003)
    up, down = read(family, current, 0.1, **timings), read(mirrored, -current, 0.1, **timings)
    for name in (*amplitudes, "hypamp"):
        assert getattr(down, name) == pytest.approx(-getattr(up, name), rel=1e-12), name


@pytest.mark.parametrize("lost", [1, 32])
def test_the_height_of_noise_that_rests_on_lost_samples_is_doubted(lost):
    """Noise of up to 0.17 nA on -0.25 nA; some of its samples were written as 0."""
    t = times(2500, 0.1)
    wave = lfilter([1.0], [1.0, -np.exp(-0.1 / 5.0)], np.random.default_rng(5).normal(size=len(t)))
    wave *= between(t, 300, 2200)
    wave *= 0.17 / np.abs(wave).max()
    current = np.round((wave - 0.25 + noise(len(t), 0.0005)) / 0.002) * 0.002
    assert read("PinkNoise", current, 0.1).amp == pytest.approx(0.17, abs=0.005)
    assert not any("stand apart" in p.message for p in read("PinkNoise", current, 0.1).problems)
    current[12000 : 12000 + lost] = 0.0
    found = read("PinkNoise", current, 0.1)
    assert found.amp == pytest.approx(0.25, abs=0.005)
    assert any(f"{lost} sample(s) at 1200 ms" in p.message for p in found.problems)


@pytest.mark.parametrize("stays", [0.0, 60.0, 200.0])
def test_a_ramp_that_stays_at_its_height_is_not_as_high_as_its_line_would_be(stays):
    """0.3 nA after 800 ms: a line through it all would be at 0.3225 and 0.375 nA when the current comes back."""
    t = times(1500, 0.1)
    ramp = 0.3 * np.clip((t - 200) / 800, 0, 1) * between(t, 200, 1000 + stays)
    found = read("Ramp", ramp + noise(len(t), 0.001), 0.1)
    assert found.amp == pytest.approx(0.3, abs=0.003)
    assert found.toff == pytest.approx(1000 + stays, abs=0.2)
    assert any("leaves its straight line" in p.message for p in found.problems) == (stays > 0)


def test_pulses_down_with_an_overshoot():
    """Pulses of -1.84 nA, each followed by 0.3 nA of ringing for half a millisecond."""
    t = times(500, 0.05)
    i = -1.84 * (between(t, 100, 104) | between(t, 150, 154)) + 0.3 * (
        between(t, 104, 104.5) | between(t, 154, 154.5)
    )
    found = read("SpikeRec", i - 0.13 + noise(len(t), 0.002), 0.05)
    assert found.amp == pytest.approx(-1.84, abs=0.01)
    assert found.tspike == pytest.approx([100.0, 150.0], abs=0.5)
    np.testing.assert_allclose(np.min(found.generate()[1]), -1.97, atol=0.01)


@pytest.mark.parametrize(
    ("run", "pulse"),
    [((3, 5), [(2, 3)]), ((1, 5), [(0, 5)]), ((0, 5), [(0, 5)]), ((1, 1), [(0, 1)]), ((0, 0), [])],
)
def test_no_pulse_begins_before_the_sweep(run, pulse):
    assert in_the_sweep([run]) == pulse


def test_a_current_that_swings_from_the_first_sample_has_no_pulse_before_it():
    """A sine of 0.5 nA that never goes below 0.2 nA: neither a time below zero nor an amplitude that is no number."""
    t = times(2000, 0.1)
    found = read("SpikeRec", np.maximum(0.5 * np.sin(2 * np.pi * t / 100), 0.2), 0.1)
    assert found.tspike[0] == 0.0
    assert np.isfinite(found.amp)


def test_the_height_of_pulses_is_not_that_of_a_spike_s_crosstalk():
    """Three pulses of 1 nA, of which one carries 0.8 nA of crosstalk for a millisecond."""
    t = times(500, 0.05)
    i = 1.0 * sum(between(t, a, a + 5) for a in (100, 150, 200)) + 0.8 * between(t, 103, 104)
    assert read("SpikeRec", i + noise(len(t), 0.002), 0.05).amp == pytest.approx(1.0, abs=0.02)


def test_the_height_of_a_sine_is_not_that_of_crosstalk_or_of_a_test_pulse():
    t = times(2500, 0.1)
    i = 0.2 * chirp(t, 200, 2200) + 0.5 * between(t, 20, 60)
    for at in range(300, 2200, 100):
        i = i + 0.3 * between(t, at, at + 6)
    assert read("SineSpec", i + noise(len(t), 0.002), 0.1, ton=200.0, toff=2200.0).amp == pytest.approx(
        0.2, rel=0.08
    )


def test_the_height_of_triangles_is_not_that_of_crosstalk():
    t = times(2500, 0.1)
    i = triangles(t, list(CHEOPS.values()), 0.4) + 0.3 * between(t, 490, 500) + 0.3 * between(t, 2200, 2300)
    assert read("PosCheops", i + noise(len(t), 0.002), 0.1, **CHEOPS).amp == pytest.approx(0.4, abs=0.01)


def test_a_long_step_is_all_of_it():
    """Crosstalk at both ends of the long step, where BluePyEfe measures it on a hundred samples."""
    t = times(1000, 0.1)
    current, _, _ = drawn("SAHP", t)
    current = current + 0.15 * between(t, 201, 208) + 0.15 * between(t, 793, 799)
    found = read("sAHP", current + noise(len(t), 0.002), 0.1)
    assert (found.amp, found.amp2) == pytest.approx((0.1, 0.3), abs=0.005)


# --- ramps


def ramp(t, start, end, first, last):
    return np.where(between(t, start, end), first + (last - first) * (t - start) / (end - start), 0.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("height", [1.1, -0.7, 0.05])
@pytest.mark.parametrize("dt", [0.02, 0.1, 0.25])
def test_a_ramp_ends_where_its_line_does(dt, height, seed):
    """The crosstalk of a spike lies over the last samples."""
    t = times(2500, dt)
    i = ramp(t, 200, 2000, 0, height) + noise(len(t), 0.01 * abs(height), seed)
    i[between(t, 1997.5, 1999.9)] -= 0.25 * height
    assert read("Ramp", i, dt, ton=200.0, toff=2000.0).amp == pytest.approx(height, rel=0.02)


@pytest.mark.parametrize("size", [-0.3, 0.3])
@pytest.mark.parametrize("first", [0.0, 0.1, -0.2])
def test_a_ramp_with_crosstalk_all_along(first, size):
    """A spike every 10 ms, 2 ms of crosstalk each; the ramp may begin off the baseline."""
    t = times(2500, 0.05)
    i = ramp(t, 200, 2000, first, 0.8) + noise(len(t), 0.004)
    for at in np.arange(300.0, 1999.0, 10.0):
        i[between(t, at + 7.9, at + 9.9)] += size
    assert read("Ramp", i - 0.05, 0.05, ton=200.0, toff=2000.0).amp == pytest.approx(0.8, rel=0.02)


def test_a_clean_ramp_keeps_bluepyefe_s_value():
    t = times(1000, 0.1)
    i = ramp(t, 200, 600, 0, 0.3) + noise(len(t), 0.003)
    assert (
        read("Ramp", i, 0.1, ton=200.0, toff=600.0).amp
        == np.median(i[5990:6000]) - read("Ramp", i, 0.1, ton=200.0, toff=600.0).hypamp
    )


@pytest.mark.parametrize("shape", ["triangle", "parabola"])
def test_what_is_no_line_is_told(shape):
    t = times(1000, 0.1)
    u = np.clip((t - 200) / 400, 0, 1)
    i = np.where(
        between(t, 200, 600), 0.3 * (1 - np.abs(2 * u - 1)) if shape == "triangle" else 0.5 * u**3, 0.0
    )
    found = read("Ramp", i + noise(len(t), 0.001), 0.1, ton=200.0, toff=600.0)
    assert any("no straight line" in problem.message for problem in found.problems)


def test_the_end_of_a_falling_ramp():
    """With only the onset given; BluePyEfe takes the highest sample, which is before it or after."""
    t = times(1000, 0.1)
    found = read("Ramp", ramp(t, 200, 600, 0, -0.4) + noise(len(t), 0.002), 0.1, ton=200.0)
    assert (found.toff, found.amp) == pytest.approx((600.0, -0.4), abs=5.0)
    assert found.amp == pytest.approx(-0.4, abs=0.01)


def test_a_robust_line_and_scale_by_hand():
    y = 3.0 + 0.5 * np.arange(1000)
    y[np.arange(1000) % 100 < 40] += 40.0
    assert line(y) == pytest.approx((3.0, 0.5), abs=1e-9)
    shape = np.linspace(0, 1, 500)
    off = 2.5 * shape
    off[::4] = 9.0
    assert scale(shape, off) == pytest.approx(2.5)
    assert scale(np.zeros(5), np.ones(5)) == 0.0
    assert line(np.array([4.0])) == (4.0, 0.0)
    assert spread(np.empty(0)) == 0.0


# --- holding


@pytest.mark.parametrize("size", [0.0, 0.003])
@pytest.mark.parametrize("pulse", [-0.05, 0.1])
@pytest.mark.parametrize("lasts", [8.0, 20.0, 80.0])
@pytest.mark.parametrize("dt", [0.05, 0.1])
@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("PinkNoise", "CapCheck")])
def test_a_test_pulse_from_the_first_sample_is_no_holding_current(family, dt, lasts, pulse, size):
    t = times(duration(family), dt)
    current, timings, amplitudes = drawn(family, t)
    if family in ("PosCheops", "NegCheops"):
        lasts = min(lasts, 60.0)
    i = current + pulse * between(t, 0, lasts) - 0.02 + noise(len(t), size)
    found = read(family, i, dt, **timings)
    assert found.hypamp == pytest.approx(-0.02, abs=0.002)
    for name, right in amplitudes.items():
        assert getattr(found, name) == pytest.approx(right, rel=0.06, abs=0.005), name


@pytest.mark.parametrize("dt", [0.02, 0.05, 0.1])
def test_a_test_pulse_from_the_first_sample_where_the_step_is_found(dt):
    t = times(600, dt)
    i = 0.1 * between(t, 200, 500) - 0.05 * between(t, 0, 10) + noise(len(t), 0.001)
    found = read("Step", i, dt)
    assert (found.hypamp, found.amp) == pytest.approx((0.0, 0.1), abs=0.001)
    if found.timing_from == "usual" and dt < 0.05:  # else all before the onset was looked at
        assert "between a test pulse and the onset" in found.holding_from
        assert any(problem.severity == "note" and "-50" in problem.message for problem in found.problems)


@pytest.mark.parametrize("family", ["Step", "Ramp", "HyperDePol", "SAHP"])
def test_a_stimulus_from_the_first_sample_has_its_baseline_after_it(family):
    t = times(1000, 0.1)
    current, timings, amplitudes = drawn(family, times(1200, 0.1))
    current = np.concatenate([current[2000:], np.zeros(1000)])[: len(t)]
    timings = {name: ms - 200 for name, ms in timings.items()}
    found = read(family, current - 0.03, 0.1, **timings)
    assert found.hypamp == pytest.approx(-0.03, abs=1e-6)
    for name, right in amplitudes.items():
        assert getattr(found, name) == pytest.approx(right, abs=0.002), name
    if family in ("Step", "Ramp"):
        assert found.holding_from.startswith("after the end of the stimulus")


@pytest.mark.parametrize("before", [2.0, 5.0, 10.0, 15.0])
@pytest.mark.parametrize("size", [0.0, 0.005])
def test_a_ramp_soon_after_the_start(before, size):
    t = times(600, 0.1)
    i = ramp(t, before, before + 500, 0, 0.5) - 0.1 + noise(len(t), size)
    found = read("Ramp", i, 0.1, ton=before, toff=before + 500)
    assert found.hypamp == pytest.approx(-0.1, abs=1e-4 + size / (10 * before) ** 0.5 * 4)
    assert found.amp == pytest.approx(0.5, abs=0.002 + 2 * size)


@pytest.mark.parametrize("protocol", ["Step", "Ramp"])
def test_a_sweep_without_any_baseline_is_told(protocol):
    t = times(500, 0.1)
    i = np.full(len(t), 0.3) if protocol == "Step" else ramp(t, 0, 500, 0.05, 0.3)
    found = read(protocol, i, 0.1, ton=0.0, toff=500.0)
    (problem,) = [p for p in found.problems if p.severity == "warning"]
    assert "no baseline" in problem.message
    assert "hypamp" in problem.message


def test_a_holding_current_that_a_person_gave_stays():
    t = times(500, 0.1)
    found = read("Step", 0.3 * between(t, 0, 300), 0.1, ton=0.0, toff=300.0, hypamp=0.1)
    assert (found.hypamp, found.amp) == pytest.approx((0.1, 0.2))
    assert found.problems == []


@pytest.mark.parametrize(
    "baseline",
    [
        lambda t: 0.02 * np.sin(2 * np.pi * 0.05 * t),  # mains hum of 20 pA
        lambda t: 0.02 * t / t[-1],  # drift
        lambda t: np.round(noise(len(t), 0.001) / 0.003) * 0.003,  # a coarse converter
        lambda t: (
            0.04 * between(t, 30, 31.5) + 0.04 * between(t, 120, 121.5) + noise(len(t), 0.001)
        ),  # crosstalk
    ],
    ids=["hum", "drift", "coarse", "crosstalk"],
)
def test_where_the_window_is_baseline_bluepyefe_s_value_stays(baseline):
    from efewidgets.engine.recordings.families.signal import base_current

    t = times(1000, 0.1)
    i = baseline(t) + 0.3 * between(t, 200, 600)
    found = read("Step", i, 0.1)
    assert found.hypamp == base_current(i)
    assert found.holding_from == ""
    assert not any("holding" in problem.message for problem in found.problems)


def test_other_timings_tell_of_the_holding_current_anew():
    """A note is neither doubled nor kept when the timings change."""
    t = times(600, 0.05)
    i = 0.1 * between(t, 200, 500) - 0.05 * between(t, 0, 10)
    found = read("Step", i, 0.05, ton=200.0, toff=500.0)
    found.apply_edges({"ton": 4000, "toff": 10000}, found.samples(), {})
    assert sum("holding" in problem.message for problem in found.problems) == 1
    found.config_data["hypamp"] = 0.0
    found.apply_edges({"ton": 4000, "toff": 10000}, found.samples(), {})
    assert found.problems == []


@pytest.mark.parametrize("height", [-402.0, 402.0, 30.0, 15.0, -15.0])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_current_that_no_cell_needs_is_told_at_the_recording(family, height):
    current, timings, _ = drawn(family, times(duration(family), 0.1))
    found = read(family, height / 0.3 * current, 0.1, **timings)
    told = [problem.severity for problem in found.problems if "beyond 20 nA" in problem.message]
    assert told == (["warning"] if abs(height) > 20 else [])
