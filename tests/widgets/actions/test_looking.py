"""Looking closer by keys: what each sets of the view, and that its line of Python does the same."""

from __future__ import annotations

import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.widgets.actions.looking import looking
from efewidgets.widgets.actions.record import by_id
from efewidgets.widgets.traces.viewer import TraceViewer
from tests.state import lab


@pytest.fixture
def state(two_cells):
    return two_cells


@pytest.fixture
def actions():
    return by_id(looking())


@pytest.fixture
def viewer(state):
    state.view.cell, state.view.protocol = "A", "IDthresh"
    found = TraceViewer(state)
    yield found
    found.close()


SEEN = (
    *("time_range", "voltage_range", "current_range", "cursors", "drag", "recordings", "plot", "align"),
    *("mean", "baseline", "low_pass", "current_unit"),
)


def seen(state):
    return {name: getattr(state.view, name) for name in SEEN}


def test_the_line_of_python_does_the_same(state, viewer, actions):
    actions["cursors"].do(state)
    for name, action in actions.items():
        state.view.time_range = (100.0, 200.0)
        if name != "cursors":
            state.view.cursors = (120.0, 140.0)
        before, line = seen(state), action.line(state)
        action.do(state)
        done = seen(state)
        for trait, value in before.items():
            setattr(state.view, trait, value)
        exec(line, {"state": state})
        assert seen(state) == done, name
        assert done != before, name


def test_the_time_is_zoomed_and_moved_within_the_sweep(state, viewer, actions):
    end = pytest.approx(lab.DURATION)
    actions["zoom-in"].do(state)
    low, high = state.view.time_range
    assert (high - low, (low + high) / 2) == (
        pytest.approx(lab.DURATION / 2),
        pytest.approx(lab.DURATION / 2),
    )
    for _ in range(5):
        actions["move-right"].do(state)
    assert state.view.time_range == (pytest.approx(lab.DURATION / 2), end)
    assert viewer.panels.time.max == end
    actions["zoom-out"].do(state)
    assert state.view.time_range is None
    actions["whole-sweep"].do(state)
    assert state.view.time_range is None


def test_the_voltage_is_zoomed_around_its_middle(state, viewer, actions):
    low, high = viewer.panels.heights[0].min, viewer.panels.heights[0].max
    actions["taller"].do(state)
    now = viewer.panels.heights[0].min, viewer.panels.heights[0].max
    assert now[1] - now[0] == pytest.approx((high - low) / 2, abs=1e-3)
    assert sum(now) == pytest.approx(low + high, abs=1e-3)
    actions["flatter"].do(state)
    actions["whole-sweep"].do(state)
    assert (viewer.panels.heights[0].min, viewer.panels.heights[0].max) == (low, high)


def test_cursors_come_move_and_stay_in_the_sweep(state, viewer, actions):
    assert not actions["cursor-a-left"].enabled(state)
    with pytest.raises(EfeError, match="no cursors"):
        actions["cursor-a-left"].do(state)
    actions["cursors"].do(state)
    a, b = state.view.cursors
    assert 0 < a < b < lab.DURATION
    actions["cursor-b-right"].do(state)
    assert state.view.cursors == (a, pytest.approx(b + lab.DURATION / 200, abs=1e-3))
    for _ in range(300):
        actions["cursor-a-left"].do(state)
    assert state.view.cursors[0] == 0.0
    actions["cursors"].do(state)
    assert state.view.cursors == ()


def test_one_key_lays_all_over_each_other_and_the_next_goes_back(state, viewer, actions):
    group = [row.id for row in viewer.view_data().rows]
    viewer.show([group[1]])
    actions["overlay"].do(state)
    assert set(viewer.panels.glass.ids) == set(group)
    assert state.view.recordings == ()  # none is selected, so that no key leaves all of them out
    actions["overlay"].do(state)
    assert state.view.recordings == (group[1],)


def test_dragging_can_do_either(state, viewer, actions):
    assert viewer.panels.glass.drag == "box"
    actions["drag"].do(state)
    assert (viewer.panels.glass.drag, viewer.controls.drag.value) == ("move", "move")
    viewer.controls.drag.value = "box"
    assert state.view.drag == "box"
