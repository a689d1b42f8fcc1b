"""Whole protocols on bad rigs: what is wrong is said, and what is right isn't doubted for nothing."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from efewidgets.engine.detection import Doubt, detect, reconcile
from efewidgets.extract import read_recordings

from .acquisition_rigs import protocol as acquisition_protocol
from .amplifier_rigs import NOWHERE
from .amplifier_rigs import protocol as amplifier_protocol
from .other_rigs import protocol as other_protocol
from .rig_protocols import outcomes, protocol

DT = 0.05


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.slow)])
def test_no_sweep_of_a_bad_rig_is_wrong_without_a_word(seed):
    seen: Counter[str] = Counter()
    for number in range(25):
        drawn = protocol(seed, number)
        for answer, wrong, _ in outcomes(drawn):
            assert answer != "silent", f"protocol {number}, {drawn.family}: {wrong}"
            seen[answer] += 1
    assert seen["right"] > 0.75 * seen.total()


def test_the_judge_sees_a_wrong_answer():
    """A rig whose sweeps are said to be elsewhere: the judge, too, must be able to fail."""
    drawn = next(p for p in (protocol(3, k) for k in range(50)) if p.family == "Step")
    for sweep in drawn.sweeps:
        sweep.truth["ton"] += 30.0
    assert not {answer for answer, _, _ in outcomes(drawn)} & {"right", "right, doubted"}


def noisy(ms: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.001, round(ms / DT))


def put(x: np.ndarray, start: float, end: float, nA: float) -> np.ndarray:
    x[round(start / DT) : round(end / DT)] += nA
    return x


@pytest.mark.parametrize("onset", [2.0, 4.6, 6.0])
@pytest.mark.parametrize("nA", [0.2, -0.1])
def test_step_that_begins_within_the_first_milliseconds_of_a_long_sweep_is_found(onset, nA):
    window = detect("Step", put(noisy(2800), onset, 2000, nA), DT)
    assert window.sure
    assert window.edges == {"ton": round(onset / DT), "toff": 40000}


def test_step_that_begins_at_five_milliseconds_is_not_lost_beside_a_second_step():
    window = detect("Step", put(put(noisy(2800), 4.6, 2004.6, 0.2), 2104.6, 2204.6, -0.04), DT)
    assert window.edges == {"ton": 92, "toff": 40092}


@pytest.mark.parametrize("seed", range(4))
def test_test_pulse_larger_than_the_stimulus_is_overruled_by_what_varies(seed):
    """50 ms of 100 pA in each sweep, and 10 ms that grow from 60 pA on: the test pulse is never believed."""
    sweeps = [put(put(noisy(300, 10 * seed + k), 20, 30, 0.06 + 0.04 * k), 100, 150, 0.1) for k in range(6)]
    for window in reconcile("Step", [detect("Step", x, DT) for x in sweeps]):
        assert not (window.sure and abs(window.edges["ton"] - 2000) < 20)


def test_brief_pulse_beside_a_longer_lower_one_is_doubted():
    """5 ms of 0.3 nA, which the coarse search sees as well, beside 50 ms of 0.1 nA: either may be the stimulus."""
    window = detect("Step", put(put(noisy(125), 18, 23, 0.3), 55, 105, 0.1), DT)
    assert not window.sure


@pytest.mark.parametrize("end", [0.05, 0.1])
def test_stretch_between_test_pulse_and_step_of_one_level_is_not_taken_for_the_stimulus(end):
    x = put(put(noisy(1000), 0, 100, 0.1), 440, 940, 0.1)
    window = detect("Step", x, DT)
    assert not (window.sure and window.edges["ton"] == 2000)
    assert window.doubt in (Doubt.SHAPE, Doubt.NONE)


def test_heights_that_differ_by_noise_alone_do_not_make_a_test_pulse_the_stimulus():
    """25 ms of 20 pA, measured to 5 pA by the converter, and 0.5 ms of 0.3 nA, always the same."""
    rng = np.random.default_rng(1)
    sweeps = []
    for _ in range(8):
        x = put(put(rng.normal(0, 0.002, 20000), 300, 300.5, 0.3), 700, 725, 0.02)
        sweeps.append(np.round(x / 0.005) * 0.005)
    for window in reconcile("Step", [detect("Step", x, DT) for x in sweeps]):
        assert not (window.sure and abs(window.edges["ton"] - 14000) < 20)


def sahp(ms: float, dt: float, digit: float = 0.0, test: float = 0.0) -> list[dict]:
    """An sAHP of 50 and 250 pA whose short step lasts `ms`."""
    x = np.random.default_rng(0).normal(0, 0.0005, round(700 / dt))
    x[: round(10 / dt)] += test
    for start, end, nA in ((200, 500, 0.05), (300, 300 + ms, 0.2)):
        x[round(start / dt) : round(end / dt)] += nA
    x = np.round(x / digit) * digit if digit else x
    v = np.full(len(x), -70.0)
    return [{"voltage": v, "current": x, "dt": dt, "v_unit": "mV", "i_unit": "nA", "t_unit": "ms", "id": "a"}]


def amplitudes(rows: list[dict]) -> tuple[float, float, float]:
    cells = read_recordings({"c": {"sAHP": [{"filepath": "f"}]}}, recording_reader=lambda _: rows)
    (recording,) = cells[0].recordings
    return recording.hypamp, recording.amp, recording.amp2


@pytest.mark.parametrize("ms", [7, 9, 20])
def test_short_step_of_fewer_samples_than_the_running_median_has_its_own_level(ms):
    """At 5 kHz 7 ms are 35 samples; a running median over 85 sees the long step there (50 instead of 250 pA)."""
    assert amplitudes(sahp(ms, 0.2)) == pytest.approx((0.0, 0.05, 0.25), abs=0.001)


def test_holding_of_a_coarse_converter_does_not_rest_on_a_test_pulse():
    """10 of the first 15 ms are a test pulse of -20 pA; steps of 5 pA hide how little noise there is."""
    hypamp, amp, amp2 = amplitudes(sahp(80, 0.05, digit=0.005, test=-0.02))
    assert (hypamp, amp, amp2) == pytest.approx((0.0, 0.05, 0.25), abs=0.004)


def test_test_pulse_that_only_the_longer_sweeps_show_to_be_one_is_not_believed():
    """Cut before the stimulus is half over, a sweep shows 100 ms of -100 pA; the others a step that varies, too."""
    whole = [put(put(noisy(900, k), 80, 180, -0.1), 200, 700, -0.02 - 0.012 * k) for k in range(4)]
    windows = reconcile("Step", [detect("Step", x, DT) for x in [whole[0][: round(330 / DT)], *whole[1:]]])
    assert not (windows[0].sure and abs(windows[0].edges["ton"] * DT - 80) < 2)


def test_rest_between_a_test_pulse_and_a_step_that_was_cut_is_not_believed():
    """10 ms of 100 pA from the first sample on, a step of 100 pA from 94 ms; the second sweep ends inside it."""
    first, second = (put(put(noisy(440, k), 0, 10, 0.1), 94, 344, a) for k, a in ((0, -0.1), (1, 0.1)))
    windows = reconcile("Step", [detect("Step", x, DT) for x in (first, second[: round(300 / DT)])])
    assert windows[0].edges == {"ton": 1880, "toff": 6880}
    assert not (windows[1].sure and windows[1].edges["ton"] < 1000)


def test_sweeps_of_other_lengths_that_hold_their_own_steps_stay_sure():
    windows = [detect("Step", put(noisy(ms, ms), 100, 0.7 * ms, 0.2), DT) for ms in (800, 1600)]
    assert all(w.sure for w in reconcile("Step", windows))


def both(test_nA: float, nA: list[float]) -> list:
    """Sweeps with 24 ms of a test pulse at 9 ms, and 3 ms of these currents at 120 ms."""
    return [
        detect("Step", put(put(noisy(500, k), 9, 33, test_nA), 120, 123, a), DT) for k, a in enumerate(nA)
    ]


def test_of_two_pulses_in_all_sweeps_the_longer_but_lower_one_may_be_the_test_pulse():
    """0.6 nA for 24 ms have four times the charge of 1.2 nA for 3 ms: no one sweep tells, nor do all of them."""
    for window in reconcile("Step", both(0.6, [1.2] * 8)):
        assert not window.sure


def test_of_two_pulses_in_all_sweeps_the_one_that_differs_is_the_stimulus():
    for window in reconcile("Step", both(0.6, [0.7 + 0.1 * k for k in range(8)])):
        assert window.sure
        assert window.edges == {"ton": 2400, "toff": 2460}


def test_edge_that_an_artefact_before_it_may_hide_is_doubted():
    """A fall at 600 ms, at once followed by 1 ms of an action potential's crosstalk, far above the level before."""
    x = put(put(noisy(1000), 200, 600, 0.2), 600.1, 601.2, 0.7)
    window = detect("Step", x, DT)
    assert not (window.sure and abs(window.edges["toff"] - 12000) * DT > 1.0)


@pytest.mark.parametrize("seed", [11, pytest.param(12, marks=pytest.mark.slow)])
def test_no_sweep_of_other_rigs_is_wrong_without_a_word(seed):
    _none_is_silent(other_protocol, seed, 0.85)


@pytest.mark.parametrize("seed", [11, pytest.param(12, marks=pytest.mark.slow)])
def test_no_sweep_of_an_amplifier_and_its_monitor_is_wrong_without_a_word(seed):
    _none_is_silent(amplifier_protocol, seed, 0.4)


@pytest.mark.parametrize("seed", [11, pytest.param(12, marks=pytest.mark.slow)])
def test_no_sweep_is_wrong_without_a_word_whatever_becomes_of_it_until_it_is_in_a_file(seed):
    _none_is_silent(acquisition_protocol, seed, 0.5)


def _none_is_silent(draw, seed: int, least: float) -> None:
    """Judge 25 protocols; so many of the sweeps must be right and not doubted."""
    seen: Counter[str] = Counter()
    for number in range(25):
        drawn = draw(seed, number)
        for answer, wrong, _ in outcomes(drawn):
            assert answer != "silent", f"protocol {number}, {drawn.family}: {wrong}"
            seen[answer] += 1
    assert seen["right"] > least * seen.total()


def test_stimuli_that_do_not_have_the_shape_of_their_name_are_doubted():
    """Stairs, twin steps, a biphasic pulse, a zap or noise under the name of a step: no onset is right."""
    drawn = [amplifier_protocol(13, k) for k in range(80)]
    odd = [p for p in drawn if p.sweeps[0].truth.get("ton") == NOWHERE]
    assert len({p.family for p in odd}) == 4
    for one in odd:
        assert {answer for answer, _, _ in outcomes(one)} <= {"wrong, doubted", "left out"}
