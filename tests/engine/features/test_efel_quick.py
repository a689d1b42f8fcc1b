"""Features that are written anew, against eFEL's own code on the same values."""

from __future__ import annotations

import efel.pyfeatures.pyfeatures as stock
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efewidgets.engine.features.efel_quick import depol_block

STEP = 0.5  # ms


def answer(function):
    """What a feature answers: its value, None, or that it raises."""
    try:
        value = function()
    except Exception:
        return "raises"
    return None if value is None else (value.tolist(), value.dtype)


def both(values, settings):
    """Answers of eFEL's `depol_block` and of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "get_cpp_feature", values.get)
        patch.setattr(stock, "_get_cpp_data", settings.get)
        return answer(stock.depol_block), answer(depol_block(values.get, settings.get))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from([-90.0, -75.0, -60.0, -30.0, 20.0]), st.integers(1, 120)), min_size=1),
    st.sampled_from([None, [], [-50.0], [-42.0, -30.0]]),
    st.floats(0, 150),
    st.floats(0, 200),
    st.sampled_from([0.0, 10.0, 50.0]),
)
def test_as_efels_own(levels, begins, start, lasts, least):
    voltage = np.concatenate([np.full(n, level) for level, n in levels])
    begins = None if begins is None else np.array(begins)
    values = {"voltage": voltage, "time": STEP * np.arange(len(voltage)), "AP_begin_voltage": begins}
    own, ours = both(
        values, {"stim_start": start, "stim_end": start + lasts, "depol_block_min_duration": least}
    )
    assert ours == own


@pytest.mark.parametrize(
    ("levels", "blocked"),
    [
        ([(-70, 100), (20, 4), (-60, 200), (20, 4), (-70, 192)], False),
        ([(-70, 100), (20, 4), (-30, 200), (-70, 196)], True),  # 102 ms above the begin of a spike
        ([(-70, 100), (20, 4), (-80, 200), (-70, 196)], True),  # 100 ms hyperpolarised
        ([(-70, 100), (20, 4), (-80, 90), (-70, 306)], False),  # 45 ms
    ],
)
def test_by_hand(levels, blocked):
    voltage = np.concatenate([np.full(n, float(level)) for level, n in levels])
    values = {"voltage": voltage, "time": STEP * np.arange(500), "AP_begin_voltage": np.array([-50.0])}
    own, ours = both(values, {"stim_start": 25.0, "stim_end": 225.0, "depol_block_min_duration": 50.0})
    assert ours == own
    assert (ours is None) == blocked


def test_without_its_values_it_raises_as_efels_own():
    chosen = {"stim_start": 25.0, "stim_end": 225.0, "depol_block_min_duration": 50.0}
    assert both({}, chosen) == ("raises", "raises")
