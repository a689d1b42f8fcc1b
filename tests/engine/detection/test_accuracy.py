"""The standard error of a level, by hand, and the amplitudes that noise may have moved: told, and only then."""

from __future__ import annotations

import re

import numpy as np
import pytest

from efewidgets.engine.detection.accuracy import Estimate, Stretches
from efewidgets.engine.recordings.accuracy import plateau, unsure_pulses
from efewidgets.extract import read_recordings
from tests.engine.detection.rig_protocols import coloured

DT = 0.1  # ms
TON, TOFF, N = 2000, 12000, 14000
SURELY = "the amplitude is not certain"


def test_white_noise_has_the_error_of_its_mean():
    """400 independent blocks of standard deviation 2: the mean of 100 of them errs by 2 / √100 = 0.2."""
    found = [
        Stretches(np.random.default_rng(seed).normal(0.0, 2.0, 400), 10, [1000, 3000]).error(100)
        for seed in range(40)
    ]
    # the largest error of all lengths counts, so that it is somewhat above
    assert 0.19 < np.median(found) < 0.29


def test_telegraph_noise_has_the_error_of_its_dwell_times():
    """Levels ±a that are left at a rate 1/τ: covariance a² exp(-2t/τ), so that the mean of T errs by a √(τ/T)."""
    a, tau, length = 3.0, 8.0, 320
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        flips = np.cumsum(random.random(1600) < 1.0 - np.exp(-1.0 / tau))
        found.append(Stretches(a * (-1.0) ** flips, 1, [400, 1200]).error(length))
    due = a * (tau / length) ** 0.5
    white = a / length**0.5
    assert 0.8 * due < np.median(found) < 1.4 * due
    assert np.median(found) > 2.0 * white


def test_a_level_is_the_mean_of_all_that_has_it():
    """Baseline 1 1 | step 4 4 4 | 3 3: the baseline is (1 + 1 + 3 + 3) / 4 = 2, the step 2 above it."""
    seen = Stretches(np.array([1.0, 1.0, 4.0, 4.0, 4.0, 3.0, 3.0]), 10, [20, 50])
    base, step = seen.level(seen.baseline), seen.level([1])
    assert (base, step) == (Estimate(2.0, 0.0), Estimate(4.0, 0.0))
    assert step.above(base) == Estimate(2.0, 0.0)
    assert Estimate(5.0, 3.0).above(Estimate(1.0, 4.0)) == Estimate(4.0, 5.0)


def test_a_test_pulse_is_no_noise():
    y = np.random.default_rng(1).normal(0.0, 0.01, 400)
    alone = Stretches(y, 1, [200, 300], noise=0.1).error(100)
    y[50:70] += 5.0
    assert Stretches(y, 1, [200, 300], noise=0.1).error(100) == pytest.approx(alone, rel=0.3)


def test_blocks_that_reach_beyond_a_timing_are_in_no_stretch():
    """Edges at 25 and 41 in blocks of 10: before are the blocks 0 and 1, within is 3, after 5 ... (one settles)."""
    seen = Stretches(np.arange(8.0), 10, [25, 41], settled=5)
    assert [part.tolist() for part in seen.parts] == [[0.0, 1.0], [3.0], [5.0, 6.0, 7.0]]


def read(current, name="IDrest", sweeps=1, **metadata):
    row = {"voltage": np.full(len(current), -70.0), "current": current.astype(np.float32), "dt": DT}
    row |= {"v_unit": "mV", "i_unit": "nA", "t_unit": "ms", "repetition": 1}
    rows = [row | {"id": f"sweep {k}"} for k in range(sweeps)]
    files = {"cell": {name: [{"filepath": "rig", **metadata}]}}
    return read_recordings(files, recording_reader=lambda _: rows)[0].recordings[0]


def told(recording):
    return [p for p in recording.problems if p.message.startswith(SURELY)]


def noisy(slow, seed):
    """A step of 100 pA in white noise of 1 pA and brown noise of so much (nA)."""
    random = np.random.default_rng(seed)
    x = random.normal(0.0, 1e-3, N) + slow * coloured(random, N, 2.0)
    x[TON:TOFF] += 0.1
    return x


def test_a_step_in_strong_slow_noise_is_doubted_and_in_weak_noise_not():
    """Of 8 steps in 12 pA of slow noise most are doubted, and all that are 10 % off; of those in 0.5 pA none is."""
    strong = [read(noisy(12e-3, seed)) for seed in range(8)]
    doubted = [any(p.severity == "warning" and p.kind == "stimulus" for p in r.problems) for r in strong]
    assert sum(doubted) >= 5
    assert all(
        r.amp == pytest.approx(0.1, rel=0.1)
        for r, is_told in zip(strong, doubted, strict=True)
        if not is_told
    )
    weak = [read(noisy(0.5e-3, seed)) for seed in range(8)]
    assert not any(told(r) for r in weak)
    assert [r.amp for r in weak] == pytest.approx([0.1] * 8, rel=0.02)


def shifted():
    """A step of 100 pA that begins from a baseline 8 pA above the one after it, where the holding current is."""
    random = np.random.default_rng(3)
    x = random.normal(0.0, 1e-3, 40_000)
    x[:1000] += 8e-3 * np.linspace(1.0, 0.7, 1000)
    x[1000:12000] += 0.1
    return x


def test_an_amplitude_that_rests_on_a_baseline_unlike_the_rest_is_told():
    """The baseline is 30,000 samples, of which 1000 are 6.8 pA too high: all of it says 99.8 pA, the usual way 94."""
    recording = read(shifted())
    (problem,) = told(recording)
    assert (problem.severity, problem.kind) == ("warning", "stimulus")
    assert "99." in problem.message or "100" in problem.message
    assert recording.amp < 0.0955


@pytest.mark.parametrize("said", [{"amp": 0.1}, {"hypamp": 0.0}, {"ton": 100.0, "toff": 1200.0}])
def test_what_is_said_is_not_doubted(said):
    """Nor is what rests on it: with a holding current of 0 the step is 100 pA; given timings aren't looked for."""
    assert not told(read(shifted(), **said))


def ramp(hum):
    """A ramp to -25 pA in white noise of 0.1 pA, and hum of so much (nA) whose crest is at its end."""
    t = np.arange(6000) * DT
    x = np.random.default_rng(4).normal(0.0, 1e-4, 6000) + hum * np.cos(2e-3 * np.pi * 50.0 * (t - 299.5))
    x[2000:3000] -= 0.025 * np.arange(1000) / 1000
    return x


def test_a_ramp_whose_last_samples_hum_moves_is_told():
    """The last millisecond is 1 pA off, as others are: 2 pA in all are 8 % of 25 pA. With a tenth of it: none."""
    (problem,) = told(read(ramp(1e-3), "APThreshold", ton=200.0))
    assert "end of the ramp" in problem.message
    assert (problem.severity, problem.kind) == ("warning", "stimulus")
    assert not told(read(ramp(0.1e-3), "APThreshold", ton=200.0))


def test_the_plateau_of_a_pulse_is_what_its_slopes_leave():
    """Of 12 samples the 5th to the 10th, of 5 the 2nd to the 4th; of 3 all."""
    assert plateau(np.arange(12)).tolist() == [4, 5, 6, 7, 8, 9]
    assert plateau(np.arange(5)).tolist() == [1, 2, 3]
    assert plateau(np.arange(3)).tolist() == [0, 1, 2]


def test_slopes_or_few_samples_leave_the_amplitude_of_a_pulse_unsure():
    """A plateau of 10 above 1: 9.5 is 5 % off, 9.7 is 3 %. A median of m samples errs by 1.25 σ / √m."""
    pulse = np.array([3.0, 10.0, 11.0, 11.0, 11.0, 6.0])
    assert unsure_pulses([pulse, pulse], 1.0, 9.5, 0.0) == Estimate(10.0, 0.0)
    assert unsure_pulses([pulse], 1.0, 9.7, 0.0) is None
    one, four = (
        np.array([10.1]),
        np.full(7, 10.1),
    )  # 0.1 + 2 · 0.25 is more than 2.5 · 0.2; 0.1 + 2 · 0.125 isn't
    assert unsure_pulses([one], 0.0, 10.0, 0.2) == Estimate(10.1, 0.25)
    assert unsure_pulses([four], 0.0, 10.0, 0.2) is None
    assert unsure_pulses([np.empty(0)], 0.0, 10.0, 0.2) is None


def pulses(shoulder, wide, starts):
    """Pulses of 1 nA in noise of 1 pA that are lower by a shoulder (nA) in so many samples at either end."""
    x = np.random.default_rng(5).normal(0.0, 1e-3, 4000)
    for at in starts:
        x[at : at + 2 * wide + 5] += 1.0
        x[at : at + wide] -= shoulder
        x[at + wide + 5 : at + 2 * wide + 5] -= shoulder
    return x


@pytest.mark.parametrize(
    ("name", "wide", "shoulder", "starts"),
    [("APWaveform", 3, 0.1, [2000]), ("SpikeRec", 4, 0.07, [1000, 1300, 1600, 1900])],
)
def test_a_brief_pulse_whose_slopes_move_its_amplitude_is_told(name, wide, shoulder, starts):
    """Its middle is at 1 nA, and most of its samples are lower; a pulse without slopes is told nothing of."""
    recording = read(pulses(shoulder, wide, starts), name, sweeps=3)
    (problem,) = told(recording)
    assert (problem.severity, problem.kind) == ("warning", "stimulus")
    (said,) = re.findall(r"between its slopes the pulse is at (\S+) pA", problem.message)
    assert float(said) == pytest.approx(1000.0, abs=2.0)
    assert recording.amp < 0.96
    assert not told(read(pulses(shoulder, wide, starts), name, sweeps=3, amp=1.0))
    square = read(pulses(0.0, wide, starts), name, sweeps=3)
    assert not square.problems
    assert square.amp == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("name", ["IDrest", "APThreshold", "sAHP"])
def test_numbers_are_those_without_a_doubt(name, monkeypatch):
    current = {"IDrest": shifted(), "APThreshold": ramp(1e-3), "sAHP": shifted()}[name]
    if name == "sAHP":
        current[5000:7000] += 0.2
    before = read(current, name)
    monkeypatch.setattr("efewidgets.engine.recordings.accuracy.LEAST", 1e9)
    after = read(current, name)
    assert told(before)
    assert not told(after)
    assert before.get_params() == after.get_params()
