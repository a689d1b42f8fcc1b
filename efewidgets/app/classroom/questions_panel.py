"""The questions of a class beside the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import ipywidgets

from ...widgets.parts.html import tag
from ...widgets.teaching.question import Question
from .answers import Answer, Answers
from .questions import Asked

#: Verdicts on what is an answer
GIVEN = ("right", "too high", "too low", "wrong")
_SEEN = "Your teacher sees your answers, at which step you are, and the name that you type above, if you do."


class QuestionsPanel(ipywidgets.VBox):
    """Asks the questions, and keeps what was answered.

    Parameters
    ----------
    asked : sequence of Asked
    answers : Answers, optional
        Where they are kept, and stand after a reload.

    Attributes
    ----------
    questions : list of Question
    """

    def __init__(self, asked: Sequence[Asked], answers: Answers | None = None):
        self._answers, self._kept = answers, {} if answers is None else answers.read()
        self.questions = [self._question(one) for one in asked]
        note = ipywidgets.HTML(tag("p", _SEEN, class_="efe-dashboard-advice"))
        super().__init__([note, *self.questions])
        self.add_class("efe-questions")
        for question in self.questions:
            question.observe(self._checked, "says")

    def _question(self, asked: Asked) -> Question:
        found = Question(**asdict(asked))
        kept = self._kept.get(asked.text)
        if kept is not None:
            found.check(kept.reply)
            found.attempts = kept.attempts
        return found

    def _checked(self, change: Any) -> None:
        question = change.owner
        if question.verdict not in GIVEN or not change.new:
            return
        self._kept[question.text] = Answer(question.reply, question.verdict, question.attempts)
        if self._answers is not None:
            self._answers.write(self._kept)
