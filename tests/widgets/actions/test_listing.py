"""The order and the filters of the list of sweeps, in which next and previous go."""

from __future__ import annotations

import pytest

from efewidgets.widgets.actions import walk
from efewidgets.widgets.parts.table_list import asked
from efewidgets.widgets.traces.viewer import TraceViewer


@pytest.fixture
def state(two_cells):
    """Two cells, each with IDthresh (60, 80, 100, 120 %), IDrest (100, 150; 148, 200) and IV (−100, −50, 50)."""
    state = two_cells
    state.view.cell, state.view.protocol = "A", "IDrest"
    return state


def percents(state, ids):
    return [round(state.results.members[one].recording.amp / 0.1 * 100) for one in ids]


def group(state):
    return walk.way(state.results, state.view.order).groups["A", "IDrest"]


def test_next_goes_in_the_order_of_the_list(state):
    for order, expected in (
        ("amplitude", [100, 148, 150, 200]),
        ("-amplitude", [200, 150, 148, 100]),
        ("acquired", [100, 150, 148, 200]),
        ("-acquired", [200, 148, 150, 100]),
        ("-relative", [200, 150, 148, 100]),
    ):
        state.view.order = order
        assert percents(state, group(state)) == expected
        state.view.recordings = group(state)[:1]
        seen = [group(state)[0]]
        for _ in range(3):
            seen.append(walk.step(state, 1))
            state.view.recordings = seen[-1:]
        assert percents(state, seen) == expected


def test_what_is_filtered_out_is_passed_over_and_what_is_chosen_stays(state):
    state.view.filters = {"relative": "> 149"}
    viewer = TraceViewer(state)
    state.view.recordings = group(state)[:1]
    assert percents(state, [row.id for row in viewer.view_data().rows]) == [100, 150, 200]
    assert viewer.controls.sweeps.total == 4
    assert percents(state, [walk.step(state, 1)]) == [150]
    viewer.controls.sweeps.set_state({"filters": {"relative": "= 5"}})
    assert state.view.filters == {"relative": "= 5"}
    assert walk.step(state, 1) is None
    viewer.controls.sweeps.set_state({"sort": {"name": "spikes", "down": True}, "filters": {}})
    assert (state.view.order, state.view.filters) == ("-spikes", {})
    counts = [row["spikes"] for row in viewer.controls.sweeps.rows]
    assert counts == sorted(counts, reverse=True)


def test_what_was_decided_is_told_sorted_and_filtered(state):
    first, second, *_ = group(state)
    state.exclude([first], "noisy")
    state.accept([second])
    state.describe([second], drug="TTX")
    state.view.order, state.view.filters = "-state", {"state": "excluded"}
    assert walk.listed(state) == {first}
    state.view.filters = {"tags": "ttx"}
    assert walk.listed(state) == {second}
    viewer = TraceViewer(state)
    told = {row["id"]: (row["state"], row["tags"]) for row in viewer.controls.sweeps.rows}
    assert told[second] == ("✓ accepted", "drug: TTX")
    assert "tags" in [column.name for column in viewer.controls.sweeps.columns]


@pytest.mark.parametrize(
    ("value", "text", "fits"),
    [
        (5.0, "> 4", True),
        (5.0, "<=4", False),
        (-50.0, "< −40", True),
        ("excluded: Noisy", "noisy", True),
        ("> 5 mV", "> 5", True),
        (None, "> 4", False),
        (43.7, "43", True),
    ],
)
def test_a_limit_or_a_text_is_asked_for(value, text, fits):
    assert asked(value, text) is fits
