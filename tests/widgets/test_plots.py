"""What figures have in common."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.widgets.plots import padded, ticks


def test_an_axis_has_room_at_both_ends():
    assert padded([1.0, 3.0], 0.1) == pytest.approx((0.8, 3.2))
    assert padded([]) == (0.0, 1.0)
    assert padded([float("nan"), 2.0], 0.1) == pytest.approx((1.8, 2.2))


def test_an_axis_has_the_least_room_that_is_asked_for():
    assert padded([91.359, 91.361], 0.08, least=0.004) == pytest.approx(
        (91.359 - 0.365444, 91.361 + 0.365444)
    )
    assert padded([1.0, 3.0], 0.1, least=0.004) == pytest.approx((0.8, 3.2))


def test_values_that_differ_in_the_last_bits_are_one_value():
    value = -76.58
    low, high = padded([value, np.nextafter(value, 0.0)])
    assert high - low > 1.0
    assert len(ticks(low, high)) >= 3
