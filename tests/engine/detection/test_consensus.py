"""What the sweeps of a protocol say together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from efewidgets.engine.detection import Window, detect, reconcile
from efewidgets.engine.detection.window import Doubt


def sweep(amp: float, noise: float = 0.002, pulse: float = 0.0, seed: int = 0, ton: int = 4000) -> Window:
    x = np.random.default_rng(seed).normal(0, noise, 20000)
    x[ton:14000] += amp
    x[1000:1300] += pulse
    return detect("Step", x, 0.1)


TRUE = {"ton": 4000, "toff": 14000}


def test_sweep_without_current_takes_the_edges_of_the_others():
    windows = [sweep(amp, seed=k) for k, amp in enumerate((-0.1, -0.05, 0.0, 0.05))]
    assert not windows[2].edges
    settled = reconcile("Step", windows)
    assert settled[2].edges == TRUE
    assert settled[2].sure
    assert "3 sweeps" in settled[2].reason
    assert [settled[k] for k in (0, 1, 3)] == [windows[k] for k in (0, 1, 3)]


def test_sweep_blurred_by_noise_takes_the_edges_of_the_others():
    windows = [sweep(0.1, seed=k) for k in range(3)] + [sweep(0.03, noise=0.06, seed=9)]
    assert not windows[3].sure
    assert reconcile("Step", windows)[3].edges == TRUE


def test_outlier_is_marked_unsure_and_keeps_what_it_saw():
    windows = [sweep(0.1, seed=k) for k in range(4)] + [sweep(0.1, seed=7, ton=6000)]
    assert windows[4].sure
    settled = reconcile("Step", windows)[4]
    assert not settled.sure
    assert settled.edges == {"ton": 6000, "toff": 14000}
    assert settled.doubt is Doubt.OTHERS


def test_test_pulse_of_every_sweep_is_told_from_the_stimulus():
    """30 ms of test pulse in each sweep; in the sweep of 0 pA it is all there is."""
    windows = [sweep(amp, pulse=-0.05, seed=k) for k, amp in enumerate((0.05, 0.1, 0.15, 0.0))]
    alone = windows[3]
    assert alone.edges == {"ton": 1000, "toff": 1300}
    settled = reconcile("Step", windows)
    assert settled[3].edges == TRUE
    assert settled[3].sure


def test_short_pulses_on_which_all_agree_are_the_stimulus():
    windows = []
    for k in range(4):
        x = np.random.default_rng(k).normal(0, 0.002, 20000)
        x[5000:5050] += 0.1 * (k + 1)
        windows.append(detect("Step", x, 0.1))
    assert not any(w.sure for w in windows)
    settled = reconcile("Step", windows)
    assert all(w.sure and w.edges == {"ton": 5000, "toff": 5050} for w in settled)


def moving(shape: np.ndarray, pulse: float, seed: int) -> Window:
    """A pulse of 50 ms, and then a current that never rests."""
    x = np.random.default_rng(seed).normal(0, 1e-3, 30000)
    x[200:700] += pulse
    x[2000:22000] += shape
    return detect("Step", x, 0.1)


@pytest.mark.parametrize("kind", ["zap", "noise"])
def test_a_pulse_that_all_share_beside_a_current_that_never_rests_is_not_surely_the_stimulus(kind):
    """100 pA to and fro is more than a pulse of 70 pA; a tenth of it is not, so that the pulse is taken."""
    t = np.arange(20000) / 20000
    shape = np.sin(2 * np.pi * (1 + 3 * t) * 2.0 * t)
    if kind == "noise":
        shape = lfilter([1], [1, -np.exp(-1 / 200)], np.random.default_rng(7).normal(size=20000))
        shape /= np.abs(shape).max()
    windows = [moving(0.1 * shape, -0.07, k) for k in range(5)]
    assert all(w.doubt is Doubt.BRIEF for w in windows)
    assert not any(w.sure for w in reconcile("Step", windows))
    quiet = [moving(0.01 * shape, -0.07, k) for k in range(5)]
    assert all(w.sure and w.edges == {"ton": 200, "toff": 700} for w in reconcile("Step", quiet))


def test_sweeps_that_all_disagree_are_all_unsure():
    windows = [sweep(0.1, seed=k, ton=3000 + 700 * k) for k in range(4)]
    assert all(w.sure for w in windows)
    assert not any(w.sure for w in reconcile("Step", windows))


def test_blurred_starts_of_ramps_are_averaged():
    windows = []
    for seed in range(12):
        x = np.random.default_rng(seed).normal(0, 0.008, 21000)
        x[2000:19000] += np.linspace(0, 0.3, 17000)
        windows.append(detect("Ramp", x, 0.1))
    assert not any(w.sure for w in windows)
    settled = reconcile("Ramp", windows)
    assert all(w.sure for w in settled)
    assert abs(settled[0].edges["ton"] - 2000) <= 10


def cut(n: int, amp: float = 0.1, seed: int = 5) -> Window:
    x = np.random.default_rng(seed).normal(0, 0.002, 20000)
    x[4000:14000] += amp
    return detect("Step", x[:n], 0.1)


def test_sweep_cut_inside_its_step_asks_the_longer_ones():
    """It starts with the others, and ends with itself."""
    settled = reconcile("Step", [sweep(0.1), sweep(0.2, seed=2), cut(9000)])
    assert settled[2].sure
    assert settled[2].edges == {"ton": 4000, "toff": 9000}
    assert "ends before its stimulus does" in settled[2].reason


def test_longer_or_finer_sweeps_lend_their_timing_to_one_that_shows_nothing():
    fine = np.random.default_rng(3).normal(0, 0.002, 60000)
    empty = detect("Step", fine, 0.05)
    settled = reconcile("Step", [*(sweep(0.1 * (k + 1), seed=k) for k in range(3)), empty])[3]
    assert settled.edges == {"ton": 8000, "toff": 28000}


def test_protocols_of_two_lengths_that_disagree_lend_nothing():
    x = np.random.default_rng(1).normal(0, 0.002, 30000)
    x[9000:25000] += 0.1
    odd = detect("Step", np.random.default_rng(3).normal(0, 0.002, 10000), 0.1)
    windows = [sweep(0.1), sweep(0.2), detect("Step", x, 0.1), odd]
    assert reconcile("Step", windows)[3] == odd


def test_cut_sweep_that_starts_elsewhere_is_not_lent_to():
    x = np.random.default_rng(4).normal(0, 0.002, 9000)
    x[6000:] += 0.1
    settled = reconcile("Step", [sweep(0.1), sweep(0.2), sweep(0.3), detect("Step", x, 0.1)])
    assert not settled[3].sure


def sahp(amp: float, seed: int) -> Window:
    x = np.random.default_rng(seed).normal(0, 0.002, 35000)
    for a, b, v in ((210, 5210, 0.4), (5210, 7215, amp), (7215, 27215, 0.4)):
        x[a:b] += v
    return detect("SAHP", x, 0.1)


def test_sweep_of_another_stimulus_keeps_its_own_mind():
    """One step that never ends among sAHP: nothing changes at three of the four timings."""
    x = np.random.default_rng(9).normal(0, 0.002, 35000)
    x[2500:] += 1.07
    settled = reconcile("SAHP", [*(sahp(0.6 + 0.2 * k, k) for k in range(5)), detect("SAHP", x, 0.1)])
    assert all(w.sure for w in settled[:5])
    assert not settled[5].sure
    assert settled[5].doubt is Doubt.OTHERS


def test_step_among_ramps_is_not_lent_a_ramp():
    windows = []
    for seed in range(4):
        x = np.random.default_rng(seed).normal(0, 0.0005, 21000)
        x[2000:19000] += np.linspace(0, 0.3 + 0.1 * seed, 17000)
        windows.append(detect("Ramp", x, 0.1))
    x = np.random.default_rng(7).normal(0, 0.0005, 21000)
    x[8000:12000] += 0.2
    settled = reconcile("Ramp", [*windows, detect("Ramp", x, 0.1)])
    assert not settled[4].sure


def test_drifting_sweep_without_current_is_still_lent_to():
    x = np.random.default_rng(7).normal(0, 0.002, 20000) + np.linspace(0, 0.01, 20000)
    settled = reconcile("Step", [*(sweep(0.05 * (k + 1), seed=k) for k in range(4)), detect("Step", x, 0.1)])
    assert settled[4].edges == TRUE
    assert settled[4].sure


def test_given_timings_stay():
    x = np.random.default_rng(0).normal(0, 0.002, 20000)
    known = detect("Step", x, 0.1, {"ton": 3950})
    settled = reconcile("Step", [sweep(0.1, seed=k) for k in range(3)] + [known])[3]
    assert settled.edges == {"ton": 3950, "toff": 14000}


def test_trains_are_not_compared():
    """They differ from sweep to sweep by design."""
    windows = []
    for gap in (100, 200, 400):
        x = np.random.default_rng(0).normal(0, 0.01, 5000)
        for k in range(3):
            x[500 + k * gap : 530 + k * gap] += 2.0
        windows.append(detect("SpikeRec", x, 0.1))
    assert all(w.sure for w in windows)
    assert reconcile("SpikeRec", windows) == windows


def test_nothing_to_compare():
    assert reconcile("Step", []) == []
    one = sweep(0.1)
    assert reconcile("Step", [one]) == [one]


def twins(height: float, seed: int) -> Window:
    """Two steps of 2 s with a rest of 75 ms between them, through an amplifier that is coupled with 4 s."""
    t = np.arange(0, 5200, 0.1)
    x = height * (((t >= 240) & (t < 2240)) | ((t >= 2315) & (t < 4315)))
    keep = np.exp(-0.1 / 4000)
    coupled = lfilter([keep, -keep], [1.0, -keep], x)
    digit = 0.01
    noise = np.random.default_rng(seed).normal(0, 0.003, len(t))
    return detect("Step", np.round((coupled + noise) / digit) * digit, 0.1)


def test_a_rest_between_two_stimuli_is_no_pulse_though_all_sweeps_share_it():
    windows = [twins(0.06 + 0.02 * k, k) for k in range(6)]
    assert not any(w.sure for w in reconcile("Step", windows))
