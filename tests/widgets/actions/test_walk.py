"""The way through all sweeps, across protocols and cells, and which of them are left to check."""

from __future__ import annotations

import pytest

from efewidgets import ExtractionState
from efewidgets.engine.problems import EfeError
from efewidgets.widgets.actions import walk


@pytest.fixture
def state(two_cells):
    """Two cells, each with IDthresh (60, 80, 100, 120 %), IDrest (100, 150; 148, 200) and IV (−100, −50, 50)."""
    return two_cells


def sweep(state, cell, protocol, percent):
    """Return the id of the sweep with an amplitude."""
    wanted = {"A": 0.1, "B": 0.2}[cell] * percent / 100
    (found,) = [
        i
        for i, m in state.results.members.items()
        if (m.cell, m.protocol) == (cell, protocol) and abs(m.recording.amp - wanted) < 1e-6
    ]
    return found


def test_it_goes_by_cell_protocol_and_amplitude(state):
    amps = [("IDthresh", (60, 80, 100, 120)), ("IDrest", (100, 148, 150, 200)), ("IV", (-100, -50, 50))]
    expected = [sweep(state, cell, name, p) for cell in "AB" for name, percents in amps for p in percents]
    assert list(walk.way(state.results).ids) == expected
    walk.look(state, expected[0])
    seen = [expected[0]]
    while (to := walk.step(state, 1)) is not None:
        walk.look(state, to)
        seen.append(to)
    assert seen == expected
    assert (state.view.cell, state.view.protocol) == ("B", "IV")
    while (to := walk.step(state, -1)) is not None:
        walk.look(state, to)
    assert state.view.recordings == (expected[0],)


def test_of_several_it_goes_on_from_the_last_and_back_from_the_first(state):
    ids = walk.way(state.results).ids
    state.view.recordings = (ids[6], ids[2], ids[4])
    assert (walk.step(state, -1), walk.step(state, 1)) == (ids[1], ids[7])


def test_a_protocol_that_is_shown_as_a_whole_begins_with_its_first_sweep(state):
    state.view.cell, state.view.protocol = "B", "IDrest"
    assert walk.chosen(state) == ()
    assert walk.step(state, 1) == sweep(state, "B", "IDrest", 100)
    assert walk.step(state, -1) == sweep(state, "B", "IDthresh", 120)
    state.view.recordings = walk.shown(state)
    assert len(walk.chosen(state)) == 4


def doubt(state, monkeypatch, *ids):
    for one in ids:
        monkeypatch.setattr(state.results.members[one].recording, "timing_from", "unsure")


def test_only_those_to_check_are_walked_through(state, monkeypatch):
    ids = walk.way(state.results).ids
    doubt(state, monkeypatch, ids[3], ids[9], ids[20])
    assert walk.to_check(state) == [ids[3], ids[9], ids[20]]
    state.view.to_check = True
    state.view.recordings = (ids[5],)
    assert (walk.step(state, 1), walk.step(state, -1)) == (ids[9], ids[3])
    state.view.recordings = (ids[20],)
    assert walk.step(state, 1) == ids[3], "from the end on again at the beginning"
    state.view.recordings = (ids[3],)
    assert walk.step(state, -1) == ids[20]


def test_what_was_decided_is_not_left_to_check(state, monkeypatch):
    ids = walk.way(state.results).ids
    doubt(state, monkeypatch, ids[3], ids[9])
    recordings = {one: state.results.members[one].recording for one in ids}
    state.accept(ids[3])
    assert walk.to_check(state) == [ids[9]]
    state.exclude(ids[9], "noisy")
    assert walk.to_check(state) == []
    state.take_back([ids[3], ids[9]])
    assert all(state.results.members[one].recording is recordings[one] for one in (ids[3], ids[9]))
    assert walk.to_check(state) == [ids[3], ids[9]]


def test_one_that_is_not_there_any_more_is_told(state):
    with pytest.raises(EfeError, match="not there any more"):
        walk.look(state, "f99/s0")


def test_without_recordings_there_is_no_way():
    with ExtractionState() as state:
        assert (walk.shown(state), walk.chosen(state), walk.step(state, 1)) == ((), (), None)
        assert walk.to_check(state) == []
