"""Why sweeps are left out: the usual reasons and one's own, which keep their numbers from session to session."""

from __future__ import annotations

import json

import pytest

from efewidgets.widgets.actions.reasons import MOST, USUAL, Reasons, place


def test_ones_own_are_remembered(data_folder):
    assert place() == data_folder / "reasons.json"
    Reasons(place()).used("pipette moved")
    assert Reasons(place()).listed == (*USUAL, "pipette moved")


def test_others_pages_see_them_at_once(tmp_path):
    one, other = Reasons(tmp_path / "r.json"), Reasons(tmp_path / "r.json")
    one.used("a")
    other.used("b")
    assert one.listed == other.listed == (*USUAL, "a", "b")


def test_the_usual_ones_and_none_need_not_be_remembered(tmp_path):
    found = Reasons(tmp_path / "r.json")
    for reason in (*USUAL, ""):
        found.used(reason)
    assert not (tmp_path / "r.json").exists()


def test_a_fifth_takes_the_number_of_the_one_that_was_not_used_for_longest(tmp_path):
    found = Reasons(tmp_path / "r.json")
    for reason in ("a", "b", "c", "d", "a"):
        found.used(reason)
    assert found.listed == (*USUAL, "a", "b", "c", "d")
    assert len(found.listed) == MOST
    found.used("e")
    assert found.listed == (*USUAL, "a", "e", "c", "d")
    Reasons(tmp_path / "r.json").used("f")
    assert found.listed == (*USUAL, "a", "e", "f", "d")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"own": 3}', '{"own": [1, null, ""], "recent": "x"}', '{"own": ["noisy"]}']
)
def test_a_file_that_can_not_be_used_is_passed_over(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8", newline="\n")
    found = Reasons(path)
    assert found.listed == USUAL
    found.used("a")
    assert json.loads(path.read_text(encoding="utf-8"))["own"] == ["a"]


def test_more_than_there_are_keys_for_are_left_out(tmp_path):
    (tmp_path / "r.json").write_text(
        json.dumps({"own": list("abcdefgh"), "recent": ["h"]}), encoding="utf-8", newline="\n"
    )
    found = Reasons(tmp_path / "r.json")
    assert found.listed == (*USUAL, "a", "b", "c", "d")
    found.used("z")
    assert found.listed == (*USUAL, "z", "b", "c", "d")


def test_a_folder_that_can_not_be_written_to(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    found = Reasons(tmp_path / "file" / "r.json")
    found.used("a")
    assert found.listed == (*USUAL, "a")


def test_without_a_file_they_last_as_long_as_the_page():
    found = Reasons()
    found.used("a")
    assert found.listed == (*USUAL, "a")
    assert Reasons().listed == USUAL
