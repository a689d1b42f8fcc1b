"""Actions as records: no two of the same name or key, each with a line of Python that does the same."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from efewidgets import ExtractionState
from efewidgets.widgets.actions.culling import culling
from efewidgets.widgets.actions.edits import EDITS, REDO, RUN, UNDO
from efewidgets.widgets.actions.keyboard import Keyboard
from efewidgets.widgets.actions.looked_at import problems_now
from efewidgets.widgets.actions.reasons import Reasons
from efewidgets.widgets.actions.record import Action, by_id, in_words
from efewidgets.widgets.actions.walk import way
from tests.state import lab


@pytest.fixture
def state(two_cells):
    return two_cells


@pytest.fixture
def keyboard(state):
    found = Keyboard(state, (*culling(Reasons()), *EDITS), "none")
    found.said = []
    found.send = lambda content, buffers=None: found.said.append(content)
    yield found
    found.close()


def nothing(state):
    return None


def test_no_two_have_the_same_name_or_key():
    one = Action("a", "A", "does it", nothing, "", ("X",))
    with pytest.raises(ValueError, match="two actions 'a'"):
        by_id([one, one])
    with pytest.raises(ValueError, match="X is a key of 'a' and of 'b'"):
        by_id([one, dataclasses.replace(one, id="b")])
    assert by_id([one, dataclasses.replace(one, id="b", keys=("Ctrl+X",))]).keys() == {"a", "b"}


def test_keys_in_words():
    assert [in_words(key) for key in ("Ctrl+Z", "ArrowRight", "Shift+ArrowLeft", "+", "Space")] == [
        "Ctrl+Z",
        "→",
        "Shift+←",
        "+",
        "Space",
    ]
    assert UNDO.hint == "take the last edit back (Ctrl+Z)"


def test_what_can_be_done_follows_the_state(state):
    assert not UNDO.enabled(state)
    assert not REDO.enabled(state)
    assert RUN.enabled(state)
    assert UNDO.called(state) == "Undo"
    state.exclude(way(state.results).ids[0], "noisy")
    assert UNDO.called(state) == "Undo: exclude 1 recording: noisy"
    assert UNDO.do(state) == "Taken back: exclude 1 recording: noisy"
    assert REDO.enabled(state)
    with ExtractionState() as empty:
        assert not any(action.enabled(empty) for action in (*EDITS, *culling(Reasons())))


@pytest.mark.parametrize(
    "name", ["next-sweep", "exclude", "exclude-2", "accept", "take-back", "only-to-check", "undo"]
)
def test_the_line_of_python_does_the_same(tmp_path, state, name):
    actions = by_id((*culling(Reasons()), *EDITS))
    files = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2}))
    with ExtractionState.from_arguments(files) as other:
        for each in (state, other):
            each.run()
            ids = way(each.results).ids
            each.exclude(ids[2], "drift")
            each.view.recordings = ids[1:3]
            each.view.reason = "noisy"
        line = actions[name].line(state)
        actions[name].do(state)
        exec(line, {"state": other})
        assert other.inputs == state.inputs
        assert other.view.to_check == state.view.to_check
        if name == "next-sweep":
            assert other.view.recordings == state.view.recordings


# --- culling


def test_what_was_taken_back_is_shown(state, keyboard):
    ids = way(state.results).ids
    state.view.recordings = ids[:1]
    for name in ("exclude-1", "accept", "exclude-2"):
        keyboard.do(name)
    state.set_averaging(default_std_value=0.5)
    seen = []
    for name in ("undo", "undo", "undo", "undo", "redo", "redo"):
        keyboard.do(name)
        seen.append(state.view.recordings)
    one, two, three = ((one,) for one in ids[:3])
    assert seen == [(ids[3],), three, two, one, one, two]  # the first was not about a sweep
    state.view.recordings = ids[4:7]
    keyboard.do("exclude-3")
    keyboard.do("undo")
    assert set(state.view.recordings) == set(ids[4:7])
    assert (state.view.cell, state.view.protocol) == ("A", "IDrest")


def test_each_key_decides_and_the_next_sweep_stands_there(state, keyboard):
    ids = way(state.results).ids
    state.view.recordings = ids[:1]
    for name in ("exclude-2", "exclude", "accept", "next-sweep", "exclude-5"):
        assert keyboard.do(name)
    assert [state.results.members[one].excluded for one in ids[:5]] == [
        "seal lost",
        "seal lost",
        None,
        None,
        "artefact",
    ]
    assert state.inputs.accepted == (ids[2],)
    assert state.view.recordings == (ids[5],)
    assert (state.view.cell, state.view.protocol) == ("A", "IDrest")  # in the next protocol by now
    keyboard.do("previous-sweep")
    keyboard.do("take-back")
    assert state.results.members[ids[4]].excluded is None
    assert state.view.recordings == (ids[4],)


def test_without_a_reason_before_it_is_by_eye(state, keyboard):
    ids = way(state.results).ids
    state.view.recordings = ids[:1]
    keyboard.do("exclude")
    assert state.results.members[ids[0]].excluded == "by eye"


def test_of_several_that_are_selected_all_are_meant(state, keyboard):
    ids = way(state.results).ids
    state.view.recordings = ids[2:5]
    keyboard.do("exclude-1")
    assert [state.results.members[one].excluded for one in ids[1:6]] == [None, *["noisy"] * 3, None]
    assert state.view.recordings == (ids[5],)
    assert state.undo() == "exclude 3 recordings: noisy"
    assert keyboard.said[-1]["text"].startswith("Excluded (3 sweeps): noisy; none left to check")


def test_a_whole_protocol_is_never_left_out_by_one_key(state, keyboard):
    state.view.cell, state.view.protocol = "A", "IDrest"
    for name in ("exclude", "exclude-3", "accept"):
        assert not keyboard.do(name)
        assert "choose some of them" in keyboard.said[-1]["text"]
        assert keyboard.said[-1]["refused"]
    assert not state.can_undo


def test_the_last_sweep_stays(state, keyboard):
    ids = way(state.results).ids
    state.view.recordings = ids[-1:]
    keyboard.do("accept")
    assert state.view.recordings == ids[-1:]
    assert "this was the last sweep" in keyboard.said[-1]["text"]
    assert not keyboard.do("next-sweep")
    assert "this is the last of all sweeps" in keyboard.said[-1]["text"].lower()


def test_those_to_check_are_gone_through_until_none_is_left(state, keyboard, monkeypatch):
    ids = way(state.results).ids
    for one in (ids[3], ids[9], ids[20]):
        monkeypatch.setattr(state.results.members[one].recording, "timing_from", "unsure")
    state.view.recordings = (ids[9],)
    keyboard.do("only-to-check")
    said = []
    for name in ("accept", "exclude-4", "accept"):
        keyboard.do(name)
        said.append((keyboard.said[-1]["text"], state.view.recordings))
    assert said == [
        ("Accepted; 2 left to check", (ids[20],)),
        ("Excluded: spontaneous; 1 left to check", (ids[3],)),
        ("Accepted; none left to check; this was the last sweep", (ids[3],)),
    ]


def test_a_number_without_a_reason_says_so(state, keyboard):
    state.view.recordings = way(state.results).ids[:1]
    assert not keyboard.do("exclude-9")
    assert "no reason has the number 9 yet" in keyboard.said[-1]["text"].lower()


# --- the keyboard


def test_what_the_page_tells_is_done_and_nonsense_is_not(state, keyboard):
    state.view.recordings = way(state.results).ids[:1]
    for wrong in (
        None,
        5,
        {},
        {"kind": "do"},
        {"kind": "do", "id": "rm"},
        {"kind": "x"},
        {"kind": "do", "id": []},
    ):
        keyboard._asked(None, wrong, [])
    assert not state.can_undo
    keyboard._asked(None, {"kind": "do", "id": "exclude"}, [])
    assert state.can_undo


def test_keys_are_done_in_the_order_in_which_they_were_pressed(state, keyboard):
    """JupyterLab may send a key to another thread than the one before, which is busy yet."""
    first, second, third = way(state.results).ids[:3]
    state.view.recordings = [first]
    told = [
        {"kind": "do", "id": id, "page": "p", "number": n} for n, id in enumerate(("exclude", "accept"), 1)
    ]
    later = threading.Thread(target=keyboard._asked, args=(None, told[1], []))
    later.start()
    later.join(0.2)
    assert later.is_alive()
    assert not state.can_undo
    keyboard._asked(None, told[0], [])
    later.join(10)
    assert (first in state.inputs.accepted, second in state.inputs.accepted) == (False, True)
    assert list(state.view.recordings) == [third]


def test_a_key_that_was_lost_does_not_stop_those_after_it(state, keyboard, monkeypatch):
    monkeypatch.setattr("efewidgets.widgets.actions.keyboard.PATIENCE", 0.01)
    state.view.recordings = way(state.results).ids[:1]
    keyboard._asked(None, {"kind": "do", "id": "exclude", "page": "p", "number": 3}, [])
    assert state.can_undo


def test_what_can_be_done_is_told_when_it_is_opened(state, keyboard):
    state.view.recordings = way(state.results).ids[:1]
    keyboard._asked(None, {"kind": "open"}, [])
    assert keyboard.now["undo"] == {
        "title": "Undo",
        "enabled": False,
        "line": "state.undo()",
        "there": True,
    }
    assert keyboard.now["exclude-1"] == {
        "title": "Exclude: noisy",
        "enabled": True,
        "line": f"state.exclude(['{state.view.recordings[0]}'], 'noisy')",
        "there": True,
    }
    assert not keyboard.now["exclude-9"]["enabled"]
    assert {told["id"] for told in keyboard.actions} == set(keyboard.now)
    # no reason has that number: neither the sheet nor the palette lists it
    assert not keyboard.now["exclude-6"]["there"]


def test_what_fails_is_said(state, keyboard, monkeypatch):
    def fail():
        raise RuntimeError("disk <full>")

    monkeypatch.setattr(state, "undo", fail)
    assert not keyboard.do("undo")
    assert "disk <full>" in keyboard.said[-1]["text"]
    assert keyboard.said[-1]["refused"]


# --- problems


def test_what_is_told_of_an_accepted_sweep_counts_as_looked_at(state, monkeypatch):
    from efewidgets.engine.problems import Problem

    one, other = way(state.results).ids[:2]
    told = []
    for identity in (one, other):
        recording = state.results.members[identity].recording
        told.append(
            Problem("odd.", "warning", "stimulus", file=recording.files[0], recording=recording.label)
        )
    told.append(Problem("the file is odd.", "warning", "file", file=told[0].file))
    monkeypatch.setattr(ExtractionState, "problems", tuple(told))
    assert problems_now(state) == tuple(told)
    state.accept(one)
    found = problems_now(state)
    assert [problem.severity for problem in found] == ["note", "warning", "warning"]
    assert "found it right" in found[0].message
    state.undo()
    assert problems_now(state) == tuple(told)
