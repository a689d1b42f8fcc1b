"""Medians by counting are numpy's, and edges by counting those of a median filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efewidgets.compat.bluepyefe.ecode.tools import scipy_signal2d
from efewidgets.engine.recordings.families import signal
from efewidgets.engine.recordings.families.medians import Smoothed, running_median
from efewidgets.engine.traces.robust import median

STEPS = st.sampled_from([0.0, 1e-6, 0.3, 1.0, 3.0])


@st.composite
def currents(draw, shortest=1):
    """Noise in the steps of a converter (or without any), on levels."""
    n, seed = draw(st.integers(shortest, 700)), draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    step = draw(STEPS)
    x = random.standard_normal(n) + 4.0 * random.integers(0, 2) * (np.arange(n) > random.integers(0, n))
    x = np.round(x / step) * step if step else x
    return x.astype(draw(st.sampled_from(["f4", "f8"])))


def filtered(x, width=85):
    """Running median, straight from its definition."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, width // 2, mode="symmetric"), width)
    return np.median(windows, axis=1).astype(np.float64)


@settings(deadline=None)
@given(currents())
def test_median(x):
    found = median(x)
    assert found == np.median(x)
    assert type(found) is type(np.median(x))


@settings(deadline=None)
@given(currents(), st.lists(st.tuples(st.integers(0, 720), st.integers(0, 720)), max_size=3))
def test_smoothed_median(x, ends):
    stretches = [slice(min(pair), max(pair)) for pair in ends]
    expected = np.concatenate([filtered(x)[part] for part in stretches or [slice(None)]])
    smoothed = Smoothed(x)
    np.testing.assert_array_equal(smoothed.values, filtered(x))
    for one in (smoothed, Smoothed(x)):  # with the filter built, and without
        if len(expected):
            assert one.median(*stretches) == np.median(expected)
            assert one.median(*stretches).dtype == np.float64


def soil(random, dtype):
    """Leave numbers in the memory that is let go, for who reads what was never written."""
    kept = [np.full(int(n), random.choice([7e3, -7e3]), dtype) for n in random.integers(1, 300, 30)]
    del kept


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("width", [15, 84, 85])
@pytest.mark.parametrize("n", [1, 2, 7, 14, 15, 83, 84, 85, 86, 300, 4800])
def test_running_medians_are_the_same_whatever_was_in_the_memory(n, width, dtype):
    """SciPy 1.15.0 to 1.15.2 read and wrote beyond their arrays; those since do in arrays shorter than the window."""
    random = np.random.default_rng(n)
    x = random.standard_normal(n).astype(dtype)
    around = np.pad(x, (width // 2, (width - 1) // 2), mode="symmetric")
    expected = [sorted(around[k : k + width].tolist())[width // 2] for k in range(n)]
    for _ in range(20):
        soil(random, dtype)
        assert running_median(x, width).tolist() == expected
        assert scipy_signal2d(x, width) == expected


@settings(deadline=None)
@given(currents())
def test_largest_and_smallest(x):
    for one in (x, x + np.sin(np.arange(len(x)) / 30).astype(x.dtype)):
        assert Smoothed(one).largest() == filtered(one).max()
        assert Smoothed(one).smallest() == filtered(one).min()


@pytest.mark.parametrize("step", [0.0, 1e-3])
def test_the_summit_of_a_chirp_is_far_from_the_highest_block(step):
    """Windows side by side see one of these summits askew: the one found among them isn't the highest."""
    x = np.zeros(5000)
    x[42 + 85 * 10 : 42 + 85 * 11] = 2.0  # half of it in each of two windows
    x[85 * 30 : 85 * 31] = 1.0
    x += step * np.arange(len(x))
    assert Smoothed(x).largest() == filtered(x).max()
    assert Smoothed(-x).smallest() == -filtered(x).max()


def test_the_summit_needs_no_filter():
    smoothed = Smoothed(np.sin(np.arange(5000) / 50))
    smoothed.largest(), smoothed.smallest()
    assert "values" not in smoothed.__dict__


def test_the_median_needs_no_filter():
    smoothed = Smoothed(np.random.default_rng(0).standard_normal(5000))
    smoothed.median(slice(100), slice(4000, None))
    assert "values" not in smoothed.__dict__


def test_median_of_nothing():
    with pytest.warns(RuntimeWarning):
        assert np.isnan(Smoothed(np.ones(9)).median(slice(3, 3)))


@settings(deadline=None)
@given(currents(shortest=120), st.floats(-3, 3), st.floats(-3, 3), st.floats(1e-3, 4))
def test_beyond(x, one, two, threshold):
    deviation = filtered(x)
    for levels in ([one], [one, two]):
        deviation = deviation - levels[-1]
        np.testing.assert_array_equal(
            signal.median_beyond(x, levels, threshold), np.abs(deviation) > threshold
        )
