"""The questions of a class: what a file of them may hold, and that answers are kept."""

from __future__ import annotations

import json

import pytest

from efewidgets import Dashboard, ExtractionState
from efewidgets.app.classroom.answers import Answer, Answers, answers_of
from efewidgets.app.classroom.questions import Asked, questions_in
from efewidgets.app.classroom.questions_panel import QuestionsPanel
from efewidgets.engine.problems import EfeError

RHEOBASE = {
    "text": "What is the rheobase?",
    "answer": 60,
    "unit": "pA",
    "tolerance": 5,
    "hints": ["look again"],
}
KIND = {"text": "Which cell adapts?", "answer": "RS1", "choices": ["RS1", "FS1"]}


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "questions.json"
    path.write_text(json.dumps([RHEOBASE, KIND]), encoding="utf-8", newline="\n")
    return questions_in(path)


def test_a_file_is_read(asked):
    assert asked == (
        Asked("What is the rheobase?", 60, "pA", 5, hints=("look again",)),
        Asked("Which cell adapts?", "RS1", choices=("RS1", "FS1")),
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "aren't JSON"),
        ("[]", "must be a list such as"),
        ("[1]", "question 1 .* must be an object"),
        (json.dumps([KIND, {"text": "x"}]), "question 2 .* has no answer"),
        (json.dumps([RHEOBASE | {"text": " "}]), "has no text"),
        (json.dumps([RHEOBASE | {"anwser": 3}]), "has 'anwser': there are text, answer"),
        (json.dumps([RHEOBASE | {"answer": "60"}]), "without choices is a number, not '60'"),
        (json.dumps([RHEOBASE | {"answer": True}]), "answer must be a number or a text"),
        (json.dumps([RHEOBASE | {"tolerance": -1}]), "a tolerance is 0 or more"),
        (json.dumps([KIND | {"answer": "XX"}]), "must be one of the choices: RS1, FS1"),
        (json.dumps([KIND | {"choices": [1]}]), "choices must be a list of texts"),
        (json.dumps([KIND, KIND]), "asks 'Which cell adapts\\?' twice"),
    ],
)
def test_what_is_wrong_is_said_with_the_question(tmp_path, content, words):
    path = tmp_path / "questions.json"
    path.write_text(content, encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match=words):
        questions_in(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(EfeError, match="can't be read: No such file"):
        questions_in(tmp_path / "nowhere.json")


def test_answers_are_kept_and_stand_there_again(asked, tmp_path):
    session = tmp_path / "visit" / "session.json"
    answers = Answers(lambda: session)
    first = QuestionsPanel(asked, answers)
    first.questions[0].check("ten")  # no answer
    assert answers.read() == {}
    first.questions[0].check("10 pA")
    first.questions[0].check("58")
    assert answers.read() == {RHEOBASE["text"]: Answer("58", "right", 1)}
    again = QuestionsPanel(asked, answers)
    assert [(one.reply, one.verdict, one.attempts) for one in again.questions] == [
        ("58", "right", 1),
        ("", "", 0),
    ]
    again.questions[1].check("FS1")
    assert answers.read() == {
        RHEOBASE["text"]: Answer("58", "right", 1),
        KIND["text"]: Answer("FS1", "wrong", 1),
    }


def test_a_right_answer_stays_in_the_kernel_until_it_is_asked_for():
    (question,) = QuestionsPanel([Asked("How many?", 61734, explanation="counted")]).questions
    assert not any(words in repr(question.get_state()) for words in ("61734", "6.173e", "counted"))
    question.show_answer()
    assert "counted" in repr(question.get_state())


def test_damaged_answers_are_none(tmp_path):
    session = tmp_path / "session.json"
    for content in ("", "[]", '{"a": 1}', '{"a": {"reply": 1, "verdict": "right", "attempts": 0}}'):
        answers_of(session).write_text(content, encoding="utf-8", newline="\n")
        assert Answers(lambda: session).read() == {}


def test_questions_stand_beside_the_steps_and_only_where_there_are_some(asked, tmp_path):
    with ExtractionState() as state:
        dashboard = Dashboard(
            state, autosave=tmp_path / "session.json", questions=asked, name_asked="Your name"
        )
        assert dashboard.toggles["Questions"].value
        panel = dashboard.parts["QuestionsPanel"]
        panel.questions[1].check("RS1")
        assert Answers(lambda: tmp_path / "session.json").read() == {KIND["text"]: Answer("RS1", "right")}
        assert dashboard.name.field.placeholder == "Your name"
        dashboard.close()
        plain = Dashboard(state)
        assert "Questions" not in plain.toggles
        plain.close()
