"""Questions: what is right, what is said, and that the answer stays hidden until it is asked for."""

from __future__ import annotations

import pytest
from ipywidgets.widgets import widget as widget_module

from efewidgets.engine.problems import EfeError
from efewidgets.widgets import Question


@pytest.fixture
def asked():
    """``asked(**options)``: a question that is closed when the test is over."""
    made = []

    def ask(text="How much?", **options):
        made.append(Question(text, **options))
        return made[-1]

    yield ask
    for question in made:
        question.close()


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("55", "right"),
        ("57", "right"),
        ("53 pA", "right"),
        ("55,5", "right"),
        (55.1, "right"),
        ("57.1", "too high"),
        ("52.9", "too low"),
        ("\N{MINUS SIGN}55", "too low"),
        ("", "no answer"),
        ("much", "no answer"),
    ],
)
def test_a_number_is_judged(asked, reply, verdict):
    question = asked(answer=55.0, unit="pA", tolerance=2.0)
    assert question.check(reply) == (verdict == "right")
    assert question.verdict == verdict
    assert question.says


def test_hints_come_one_after_the_other_and_never_the_answer(asked):
    question = asked(answer=12345.0, hints=["Look at the figure.", "Count again."])
    said = []
    for reply in ("1", "x", "99999", "2"):
        question.check(reply)
        said.append(question.says)
    assert "Look at the figure." in said[0]
    assert "must be a number" in said[1]
    assert said[2] == "Too high. Count again."
    assert said[3] == "Too low. Count again."
    assert question.attempts == 3
    assert not any("12345" in words for words in said)
    assert "12345" not in str(question.get_state())


def test_the_answer_is_shown_when_asked_for(asked):
    question = asked(answer=-0.05513, unit="nA", explanation="As Lapicque had it.")
    assert question.show_answer() == "−0.05513 nA"
    assert question.says == "The answer: −0.05513 nA. As Lapicque had it."


def test_an_answer_is_computed_when_it_is_checked(asked):
    known: list[float] = []
    question = asked(answer=lambda: known[-1] if known else None)
    question.check("5")
    assert question.verdict == "not yet"
    assert "collect sweeps first" in question.says
    assert question.show_answer() == ""
    known.append(5.0)
    assert question.check()
    known.append(6.0)
    assert not question.check("5")
    assert question.verdict == "too low"


def test_what_is_missing_is_said_in_the_answers_own_words(asked):
    def answer():
        raise EfeError("Keep a sweep of IV first.")

    question = asked(answer=answer)
    question.check("5")
    assert (question.verdict, question.says) == ("not yet", "Keep a sweep of IV first.")
    assert question.attempts == 0


def test_an_answer_that_fails_is_no_wrong_answer(asked, caplog):
    question = asked(answer=lambda: 1 / 0)
    question.check("5")
    assert question.verdict == "not yet"
    assert "ZeroDivisionError" in question.says
    assert "ZeroDivisionError" in caplog.text


def test_one_of_several(asked):
    question = asked(answer="sodium", choices=["sodium", "potassium"], hints=["Which ion is outside?"])
    assert not question.check()
    assert question.says == "Choose an answer first."
    assert not question.check("potassium")
    assert question.says == "Not this one. Which ion is outside?"
    assert question.check("sodium")
    assert question.says == "Right!"
    assert question.show_answer() == "sodium"


def test_a_choice_can_be_computed(asked):
    question = asked(answer=lambda: "FS1", choices=["RS1", "FS1"])
    assert question.check("FS1")


@pytest.mark.parametrize(
    "options",
    [
        {"answer": "three"},
        {"answer": "c", "choices": ["a", "b"]},
        {"answer": 1.0, "tolerance": -1.0},
        {"answer": 1.0, "tolerance": float("nan")},
    ],
)
def test_refuses_a_question_that_has_no_answer(options):
    with pytest.raises(EfeError):
        Question("?", **options)


def test_a_message_of_the_page_checks_and_shows(asked):
    question = asked(answer=3.0)
    question._told(question, {"do": "check", "reply": "4"}, [])
    assert (question.reply, question.verdict) == ("4", "too high")
    question._told(question, {"do": "answer"}, [])
    assert "The answer: 3" in question.says
    question._told(question, "nonsense", [])
    assert question.verdict == "too high"


def test_closing_leaves_nothing():
    before = len(widget_module._instances)
    question = Question("?", answer=1.0)
    question.check("1")
    question.close()
    assert len(widget_module._instances) == before
