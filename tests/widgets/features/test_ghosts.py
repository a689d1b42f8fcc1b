"""What stands in the plots beside the values: what was left out, lines through means, input resistances, one unit."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.widgets.features.curves import resistances
from efewidgets.widgets.features.data import Curve, Panel, curves, texts


def panel(x, y, label="amplitude (nA)"):
    n = len(x)
    names = texts(["A"] * n)
    return Panel("t", label, "mV", np.array(x), np.array(y), names, names, names, np.zeros(n, bool))


def test_what_was_left_out_stays_where_it_stood(state, plots):
    """Its value is that which it had, and a click and "take back" bring it back."""
    before = plots.view_data()["panels"][0]
    identity, x, y = before.ids[-1], before.x[-1], before.y[-1]
    state.view.recordings = (identity,)
    plots.reason.value = "noisy"
    plots.exclude.click()
    after = next(one for one in plots.view_data()["panels"] if one.title == before.title)
    assert identity not in after.ids
    assert after.ghosts.ids.tolist() == [identity]
    assert (after.ghosts.x[0], after.ghosts.y[0]) == (pytest.approx(x), pytest.approx(y))
    assert "excluded: noisy" in after.ghosts.names[0]
    assert state.view.recordings == (identity,)  # its trace stays in sight
    assert plots.plots[0].ghosts.x.tolist() == pytest.approx([x])
    assert plots.exclude.disabled
    plots.take_back.click()
    assert identity in plots.view_data()["panels"][0].ids
    assert plots.take_back.disabled


def test_reasons_are_remembered_for_the_number_keys(state, plots):
    state.view.recordings = (plots.view_data()["panels"][0].ids[0],)
    plots.reason.value = "cat in the lab"
    plots.exclude.click()
    assert "cat in the lab" in plots.reasons.listed


def test_firing_rates_that_were_left_out(state, plots):
    plots.view.value = "f–I"
    shown = plots.view_data()["panels"][0]
    identity = shown.ids[0]
    place = shown.x[0], shown.y[0]
    state.exclude([identity])
    left = plots.view_data()["panels"][0].ghosts
    assert (left.ids.tolist(), (left.x[0], left.y[0])) == ([identity], place)


def test_a_line_goes_through_the_mean_of_repeats():
    """0.1000 and 0.1004 nA are repeats (0.5 pA + 0.25 %), 0.15 isn't; so are 100 and 100.4 % of rheobase."""
    found = curves(panel([0.1004, 0.15, 0.1], [4.0, 9.0, 2.0]))[0]
    np.testing.assert_allclose(found.x, [0.1002, 0.15])
    np.testing.assert_allclose(found.y, [3.0, 9.0])
    found = curves(panel([100.0, 100.4, 110.0], [1.0, 3.0, 5.0], "amplitude (% of rheobase)"))[0]
    np.testing.assert_allclose(found.y, [2.0, 5.0])


def test_the_slope_is_the_input_resistance():
    """-0.1 and -0.05 nA at -85 and -77.5 mV: 150 MΩ; a depolarising step has no part in it."""
    steep = Curve("A", np.array([-0.1, -0.05, 0.1]), np.array([-85.0, -77.5, 20.0]))
    one = Curve("B", np.array([-0.1]), np.array([-85.0]))
    assert resistances([steep, one]) == "slope below 0 (input resistance): A 150 MΩ"
    assert resistances([one]) == ""


def test_currents_are_in_the_unit_of_the_session(state, plots):
    plots.unit.value = "nA"
    in_pA = plots.view_data()["panels"][0]
    state.view.current_unit = "nA"
    in_nA = plots.view_data()["panels"][0]
    assert (in_pA.x_label, in_nA.x_label) == ("amplitude (pA)", "amplitude (nA)")
    np.testing.assert_allclose(in_pA.x, 1e3 * in_nA.x)
    assert [label for label, _ in plots.unit.options] == ["% of rheobase", "nA"]
