"""Recordings that a person found right: decided, taken back, undone, and kept in the session."""

from __future__ import annotations

import json

import pytest

from efewidgets import ExtractionState
from efewidgets.engine.problems import EfeError


def places(state):
    """Return where the accepted recordings are, without ids, which are others after loading."""
    members = state.results.members
    found = [members[one] for one in state.inputs.accepted]
    return [(m.cell, m.protocol, m.recording.label) for m in found]


def test_a_recording_is_accepted_or_excluded_but_not_both(state):
    state.accept(["f1/s0", "f2/s1"])
    assert state.inputs.accepted == ("f1/s0", "f2/s1")
    state.exclude("f1/s0", "noisy")
    assert state.inputs.accepted == ("f2/s1",)
    assert state.results.members["f1/s0"].excluded == "noisy"
    state.accept("f1/s0")
    assert state.inputs.accepted == ("f2/s1", "f1/s0")
    assert state.results.members["f1/s0"].excluded is None


def test_what_was_decided_is_taken_back_in_one_step(state):
    state.accept("f1/s0")
    state.exclude("f1/s1", "noisy")
    state.take_back(["f1/s0", "f1/s1", "f1/s2"])
    assert state.inputs.accepted == ()
    assert not any(file.excluded for _, file in state.inputs.files())
    assert state.undo_label == "take back 3 recordings"
    state.undo()
    assert state.inputs.accepted == ("f1/s0",)
    assert state.results.members["f1/s1"].excluded == "noisy"


def test_using_a_sweep_again_leaves_those_that_were_accepted(state):
    state.accept("f1/s0")
    state.include(["f1/s0", "f1/s1"])
    assert state.inputs.accepted == ("f1/s0",)


def test_accepting_changes_no_result_and_computes_nothing(state, counted):
    before = state.results.texts
    counted.clear()
    state.accept(list(state.results.members))
    assert state.results.texts == before
    assert not counted


def test_a_reason_may_be_left_out(state):
    state.exclude("f1/s0")
    assert state.results.members["f1/s0"].excluded == "by eye"
    for wrong in (5, None, "  "):
        with pytest.raises(EfeError, match="say why"):
            state.exclude("f1/s1", wrong)


@pytest.mark.parametrize("act", ["accept", "take_back"])
@pytest.mark.parametrize("wrong", [[], "f1", "f99/s0"])
def test_what_is_no_recording_is_refused(state, act, wrong):
    with pytest.raises(EfeError):
        getattr(state, act)(wrong)
    assert not state.can_undo


def test_a_session_keeps_them(sample, tmp_path):
    chosen = list(sample.results.members)[3:6]
    sample.accept(chosen)
    sample.save(tmp_path / "session.json")
    with ExtractionState.load(tmp_path / "session.json") as again:
        assert places(again) == places(sample)
        assert len(again.inputs.accepted) == 3
        assert all(problem.severity == "note" for problem in again.problems)
        again.save(tmp_path / "again.json")
    first, second = (
        json.loads((tmp_path / name).read_text(encoding="utf-8"))["state"]
        for name in ("session.json", "again.json")
    )
    assert first["accepted"] == second["accepted"]


@pytest.mark.parametrize(
    "written",
    [None, 5, "RS1", {}, [1, ["RS1"], ["RS1", "IV", 99, "x"], ["no", "IV", 0, "x"], ["RS1", "IV", "0", "x"]]],
)
def test_what_is_of_no_known_form_is_passed_over(sample, loaded_with, written):
    """As a session of another version may have it; one without the entry is one of before."""
    again = loaded_with("accepted", written)
    assert again.inputs.accepted == ()
    assert len(again.results.members) == len(sample.results.members)


def test_those_of_files_that_are_gone_are_not_written(sample, tmp_path):
    one, other = (sample.files(protocol=name)[0] for name in ("IV", "IDrest"))
    members = sample.results.members
    sample.accept([next(i for i in members if i.startswith(f"{file}/")) for file in (one, other)])
    sample.remove_files(one)
    sample.save(tmp_path / "session.json")
    (told,) = json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))["state"]["accepted"]
    assert told[:2] == ["RS1", "IDrest"]
