"""Who is where in a class, the table of answers, and that another's words stay words."""

from __future__ import annotations

import csv
import io
import os
import pathlib

import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.app.begin import new_name
from efewidgets.app.classroom.answers import Answer, Answers
from efewidgets.app.classroom.students import Student, answers_as_csv, students
from efewidgets.app.classroom.teacher import Classroom, ago, page

EVIL = '<script>alert("x")</script>'


def studied(
    scratch: pathlib.Path, title: str, step: str, answers=None, leave: bool = True
) -> tuple[str, Dashboard]:
    """Be a student; return the visit and the page."""
    name = new_name()
    path = scratch / name / "session.json"
    state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
    dashboard = Dashboard(state, autosave=path)
    state.view.title = title
    dashboard.step = step
    dashboard.keep()
    Answers(lambda: path).write(answers or {})
    if leave:
        dashboard.close()
        state.close()
    return name, dashboard


def test_who_is_where(tmp_path):
    ada, _ = studied(tmp_path, "Ada", "targets", {"Q": Answer("60", "right", 2)})
    nobody, here = studied(tmp_path, "", "stimuli", leave=False)
    (tmp_path / "cache").mkdir()
    (tmp_path / new_name()).mkdir()  # has opened a page that keeps nothing
    found = students(tmp_path)
    assert [(one.name, one.step, one.here) for one in found] == [("Ada", 4, False), ("", 2, True)]
    assert found[0].answers == {"Q": Answer("60", "right", 2)}
    assert found[0].far.endswith("of 6 steps done, at Targets")
    assert not any(one.code in name for one in found for name in (ada, nobody))
    assert len({one.code for one in found}) == 2
    here.close()
    here.state.close()
    assert not students(tmp_path)[1].here


def test_a_page_is_kept_before_anything_is_decided(tmp_path):
    state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
    dashboard = Dashboard(state, autosave=tmp_path / new_name() / "session.json")
    assert students(tmp_path) == []
    dashboard.keep()
    (found,) = students(tmp_path)
    assert found.here
    assert found.step == 1
    dashboard.close()
    state.close()


def test_a_student_is_seen_when_anything_of_theirs_changes(tmp_path):
    name, _ = studied(tmp_path, "Ada", "targets", {"Q": Answer("60", "right")})
    for path in (tmp_path / name).iterdir():
        os.utime(path, (1000, 1000))
    assert students(tmp_path)[0].seen == 1000
    os.utime(tmp_path / name / "session-answers.json", (2000, 2000))
    assert students(tmp_path)[0].seen == 2000


def test_who_went_on_in_a_second_session_is_there(tmp_path):
    name, _ = studied(tmp_path, "Ada", "targets")
    second = tmp_path / name / "session-2.json"
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        dashboard = Dashboard(state, autosave=second)
        state.view.title, dashboard.step = "Ada L.", "export"
        dashboard.keep()
        dashboard.close()
    (found,) = students(tmp_path)
    assert (found.name, found.step) == ("Ada L.", 6)


def test_damaged_files_are_nobody_s_fault(tmp_path):
    name, _ = studied(tmp_path, "Ada", "targets", {"Q": Answer("60", "right")})
    for path in (tmp_path / name).iterdir():
        path.write_text("{", encoding="utf-8", newline="\n")
    (found,) = students(tmp_path)
    assert (found.name, found.step, found.far, found.answers) == ("", 0, "", {})
    assert students(tmp_path / "nowhere") == []


@pytest.fixture
def found():
    answers = {"Q1": Answer("-55", "right", 1), "Old": Answer("=HYPERLINK(1)", "wrong", 3)}
    return [
        Student("abc12", "=1+1", 2, "far", 0.0, True, answers),
        Student("def34", EVIL, 0, EVIL, 0.0, False, {"Q1": Answer(EVIL, EVIL)}),
    ]


def test_all_answers_as_a_table_in_which_nothing_is_a_formula(found):
    rows = list(csv.reader(io.StringIO(answers_as_csv(found, ["Q1", "Q2"]))))
    assert rows[0][:3] == ["student", "name", "step"]
    assert rows[1:4] == [
        ["abc12", "'=1+1", "2", "1970-01-01 00:00:00", "Q1", "-55", "right", "1"],
        ["abc12", "'=1+1", "2", "1970-01-01 00:00:00", "Q2", "", "", ""],
        ["abc12", "'=1+1", "2", "1970-01-01 00:00:00", "Old", "'=HYPERLINK(1)", "wrong", "3"],
    ]
    assert [row[4] for row in rows[4:]] == ["Q1", "Q2"]


def test_on_the_page_another_s_words_are_text(found, tmp_path):
    text = page(Classroom(tmp_path, f"http://x/?token={EVIL}", ("Q1", EVIL)), found, 120.0)
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert "2 students, 1 here now" in text
    assert "2 minutes ago" in text
    hidden = Student("abc12", "Ada\u202ekoob", 1, "", 0.0, True)
    assert "\u202e" not in page(Classroom(tmp_path, "x"), [hidden], 0.0)


def test_an_empty_class(tmp_path):
    assert "Nobody has come so far" in page(Classroom(tmp_path, "x"), [], 0.0)


def test_two_classes_have_two_keys(tmp_path):
    assert Classroom(tmp_path, "x").key != Classroom(tmp_path, "x").key


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "just now"), (59, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90000, "1 day ago")],
)
def test_how_long_ago(seconds, words):
    assert ago(seconds) == words
