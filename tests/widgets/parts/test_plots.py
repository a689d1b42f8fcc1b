"""What figures have in common."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.widgets.parts.plots import padded, scale, tick_key, ticked, ticks, x_axis, y_axis


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


@pytest.mark.parametrize(
    ("low", "high", "most", "said"),
    [
        (-0.44, 0.44, 6, "−0.4 −0.2 0 0.2 0.4"),
        (-0.044, 0.044, 6, "−0.04 −0.02 0 0.02 0.04"),
        (-105.0, 30.0, 7, "−100 −50 0"),
        (199.96, 200.14, 5, "200.00 200.05 200.10"),
        (0.0, 3e-7, 4, "0 1×10⁻⁷ 2×10⁻⁷ 3×10⁻⁷"),
        (2_000_001.0, 2_000_004.0, 4, "2.000001×10⁶ 2.000002×10⁶ 2.000003×10⁶ 2.000004×10⁶"),
    ],
)
def test_ticks_have_the_decimals_of_the_step_between_them(low, high, most, said):
    found = ticked(ticks(low, high, most))
    labels = [found["tick_labels"][tick_key(value)] for value in found["tick_values"]]
    assert labels == said.split()
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("value", "in_javascript"),
    [(0.0, "0"), (-0.0, "0"), (0.1 + 0.2, "0.30000000000000004"), (-100.0, "-100"), (1e-6, "0.000001"), (1e-7, "1e-7"),
     (-2.5e-8, "-2.5e-8"), (1e16, "10000000000000000"), (1e21, "1e+21"), (3.0, "3")],
)  # fmt: skip
def test_a_tick_is_named_as_javascript_names_it(value, in_javascript):
    assert tick_key(value) == in_javascript


class TicksFirst(set):
    """What has changed of an axis, in the order in which a browser would write new ticks with old labels."""

    def __iter__(self):
        return iter(sorted(super().__iter__(), reverse=True))


@pytest.mark.parametrize("make", [x_axis, y_axis])
def test_an_axis_tells_its_labels_before_its_ticks(make, monkeypatch):
    told = []
    axis = make(scale(0.0, 1.0))
    monkeypatch.setattr(
        type(axis), "_send", lambda self, message, buffers=None: told.append(message["state"])
    )
    for name, value in reversed(ticked([0.0, 0.06], 1000.0).items()):
        setattr(axis, name, value)
    told.clear()
    axis.send_state(TicksFirst({"tick_labels", "tick_values"}))
    (state,) = told
    assert list(state) == ["tick_labels", "tick_values"]
    assert state["tick_labels"] == {"0": "0", "0.06": "60"}
