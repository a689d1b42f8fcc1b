"""Thinning out: no spike, end or gap is lost, and little is kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from efewidgets.engine.traces.decimate import min_max_indices

TRACES = arrays(
    float,
    st.integers(0, 300),
    elements=st.one_of(st.floats(-1e3, 1e3), st.sampled_from([np.nan, np.inf, -np.inf])),
)
BINS = st.integers(1, 40)


@given(TRACES, BINS)
def test_keeps_real_samples_in_order_with_both_ends(y, n_bins):
    kept = min_max_indices(y, n_bins)
    assert np.all(np.diff(kept) > 0)
    assert len(kept) <= 4 * n_bins + 3
    if len(y):
        assert kept[0] == 0
        assert kept[-1] == len(y) - 1
    else:
        assert len(kept) == 0


@given(TRACES, BINS)
def test_lowest_and_highest_are_kept_wherever_one_looks(y, n_bins):
    """In every pixel the drawn samples span what the finite samples there span."""
    kept = min_max_indices(y, n_bins)
    width = max(1, -(-len(y) // n_bins))
    for start in range(0, len(y), width):
        here = y[start : start + width]
        drawn = y[kept[(kept >= start) & (kept < start + width)]]
        here, drawn = here[np.isfinite(here)], drawn[np.isfinite(drawn)]
        if len(here):
            assert drawn.min() == here.min()
            assert drawn.max() == here.max()


@given(TRACES, BINS)
def test_the_line_is_broken_where_the_trace_is(y, n_bins):
    """Two finite samples are neighbours among the kept ones only if no gap lies between them."""
    kept = min_max_indices(y, n_bins)
    for a, b in pairwise(kept):
        if np.isfinite(y[a]) and np.isfinite(y[b]):
            assert np.isfinite(y[a : b + 1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_one_sample_among_a_million(dtype):
    y = np.zeros(1_000_000, dtype)
    y[654_321] = 40
    y[123_456] = -40
    kept = min_max_indices(y, 500)
    assert {654_321, 123_456} <= set(kept)
    assert len(kept) <= 1002


def test_short_traces_are_kept_whole():
    assert min_max_indices(np.zeros(20), 10).tolist() == list(range(20))


@pytest.mark.parametrize(("y", "n_bins"), [(np.zeros((3, 2)), 4), (np.zeros(9), 0)])
def test_refuses_what_is_no_trace_or_no_bin(y, n_bins):
    with pytest.raises(ValueError, match=r"dimension|at least 1"):
        min_max_indices(y, n_bins)
