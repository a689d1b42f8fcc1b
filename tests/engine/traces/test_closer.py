"""What a voltage is looked at through, on curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.traces.closer import aligned, begins, low_pass, mean_and_spread, slope

DT = 0.05


@pytest.mark.parametrize(("hertz", "left"), [(1000.0, np.sqrt(0.5)), (100.0, 0.9965), (3000.0, 0.0442)])
def test_a_sine_is_damped_as_a_gaussian_says(hertz, left):
    """2^(-(f/fc)²/2) of the amplitude is left: 0.707 at the corner, 0.9965 at a tenth of it, 0.0442 at thrice."""
    t = np.arange(0, 200, DT)
    sine = np.sin(2 * np.pi * hertz * t / 1e3)
    found = low_pass(sine, DT, 1000.0)[1000:-1000]
    assert np.max(np.abs(found)) == pytest.approx(left, abs=2e-3)


def test_nothing_is_shifted_and_nothing_overshoots():
    step = np.r_[np.zeros(1000), np.ones(1000)]
    found = low_pass(step, DT, 500.0)
    assert (found.min(), found.max()) == (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0, abs=1e-6))
    assert found[999] + found[1000] == pytest.approx(1.0)
    assert np.all(np.diff(found) >= -1e-6)


def test_gaps_stay_gaps_and_pull_nothing_down():
    values = np.full(500, -70.0)
    values[200:210] = np.nan
    found = low_pass(values, DT, 500.0)
    assert np.isnan(found[200:210]).all()
    np.testing.assert_allclose(found[np.isfinite(values)], -70.0)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_short_traces(n):
    assert len(low_pass(np.zeros(n), DT, 500.0)) == n
    assert len(slope(np.zeros(n), DT)) == n


def test_the_slope_of_a_line():
    np.testing.assert_allclose(slope(3.0 * np.arange(100) * DT, DT), 3.0)


def test_a_spike_begins_where_it_rises_faster_than_ten():
    """2 mV/ms up to sample 400, then 50 mV/ms to the peak at 440: the slope of the two neighbours exceeds 10 at 400."""
    t = np.arange(1000)
    voltage = np.interp(t, [0, 400, 440, 460, 1000], [-110.0, -70.0, 30.0, -80.0, -70.0])
    assert begins(voltage, DT, [440]).tolist() == [400]
    assert begins(voltage, DT, []).tolist() == []
    assert begins(np.linspace(-70, -60, 1000), DT, [440]).tolist() == []  # a slow bump is no spike


def test_spikes_lie_over_each_other_with_nothing_beyond_the_ends():
    voltage = np.arange(10.0)
    found = aligned(voltage, [1, 5], 2, 3)
    np.testing.assert_array_equal(found[0], [np.nan, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(found[1], [3, 4, 5, 6, 7, 8])


def test_mean_and_spread_of_repeats():
    mean, spread = mean_and_spread([np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0])])
    np.testing.assert_allclose(mean, [2.0, 2.0])
    np.testing.assert_allclose(spread, [np.sqrt(2.0), 0.0])
    assert mean_and_spread([np.array([1.0])])[1].tolist() == [0.0]
