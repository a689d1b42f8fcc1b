"""Medians are numpy's, to the last bit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from efewidgets.engine.traces.robust import median


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
