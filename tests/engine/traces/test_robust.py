"""Medians are numpy's, to the last bit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from efewidgets.engine.detection.trace import middles
from efewidgets.engine.traces.robust import FEW, median, ranked


@settings(deadline=None)
@given(
    st.sampled_from(["f4", "f8"]).flatmap(
        lambda kind: arrays.arrays(kind, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32))
    ),
    st.booleans(),
)
def test_as_numpy(x, gap):
    if gap:
        x[len(x) // 2] = np.nan
    expected, found = np.median(x), median(x)
    assert type(found) is type(expected)
    assert found.tobytes() == expected.tobytes() or (np.isnan(found) and np.isnan(expected))


@pytest.mark.parametrize("zeros", [[-0.0], [-0.0, -0.0], [-0.0, 0.0, -0.0], [0.0, -0.0]])
def test_no_zero_is_negative(zeros):
    assert not np.signbit(median(np.array(zeros)))


@pytest.mark.parametrize("x", [np.arange(4), np.float16([1, 2]), np.ones((2, 3)), np.array([True, False])])
def test_of_other_kinds_numpy_itself(x):
    assert median(x) == np.median(x)


def test_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(median(np.empty(0)))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(FEW - 2, 4 * FEW),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 1e-9, 0.3, 3.0, 1e3]),
    st.sampled_from(["noise", "steps", "hum", "one gap"]),
    st.sampled_from(["f4", "f8"]),
)
def test_of_many_samples(n, seed, digit, kind, dtype):
    """Whatever the converter's digit, where the samples lie, and however ill the few tell where the middle is."""
    random = np.random.default_rng(seed)
    x = random.standard_normal(n)
    if kind == "steps":
        x += 20.0 * (np.arange(n) > n // 2)
    if kind == "hum":  # of the period at which samples are taken to guess from
        x = 0.1 * x + 50.0 * np.sin(np.arange(n) * 2 * np.pi / (n // 512))
    x = (np.round(x / digit) * digit if digit else x).astype(dtype)
    if kind == "one gap":
        x[random.integers(n)] = np.nan
    expected, found = np.median(x), median(x)
    assert found.tobytes() == expected.tobytes() or (np.isnan(found) and np.isnan(expected))
    first = int(random.integers(n - 1))
    ordered = np.sort(x)
    np.testing.assert_array_equal(ranked(x, first, first + 1), ordered[first : first + 2])
    np.testing.assert_array_equal(ranked(x, first, first), ordered[[first, first]])


@pytest.mark.parametrize("width", [1, 4, 5])
@pytest.mark.parametrize("single", [True, False])
def test_the_middle_of_rows(width, single):
    x = np.random.default_rng(width).standard_normal((20, width))
    x = x.astype("f4").astype("f8") if single else x
    assert middles(x).tolist() == [sorted(row)[width // 2] for row in x.tolist()]
