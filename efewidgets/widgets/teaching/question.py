"""A question that checks its answer, and keeps it to itself until it is asked for."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from ...engine.figures.style import minus
from ...engine.problems import EfeError
from ..parts.cell_text import read_number
from ..parts.owned import close_all
from ..parts.style import static

logger = logging.getLogger(__name__)

NOT_YET = "This can't be checked yet: collect sweeps first."
RIGHT = "Right!"
VERDICTS = ("", "right", "too high", "too low", "wrong", "not yet", "no answer")


class Question(anywidget.AnyWidget):
    """A question to be answered by a number, or by one of several choices.

    By mouse and keyboard: type and press Enter, or choose and press "Check". By hand: ``question.check(0.055)``,
    ``question.show_answer()``.

    Parameters
    ----------
    text : str
        The question; it and all other texts may hold anything.
    answer : float, str or callable
        The answer. A function is called when an answer is checked, so that it may depend on what was recorded by
        then; while it can't be known it returns None, or raises EfeError with what to do first.
    unit : str
        Of the number.
    tolerance : float
        How far off an answer may be, in the unit.
    hints : sequence of str
        Said after the first wrong answer, after the second, …
    choices : sequence of str
        The answers to choose from; `answer` is one of them.
    explanation : str
        Said with the right answer.

    Attributes
    ----------
    reply : str
        The answer that was checked last.
    verdict : str
        "right", "too high", "too low", "wrong", "not yet" (the answer isn't known), "no answer" (the reply isn't
        one) or "".
    says : str
        The verdict in words, with a hint.
    attempts : int
        Wrong answers so far.

    Raises
    ------
    EfeError
        If an answer that is given as it is can't be.
    """

    _esm = static(__file__, "question.js")
    _css = static(__file__, "question.css")

    text = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    reply = traitlets.Unicode().tag(sync=True)
    verdict = traitlets.Enum(VERDICTS, "").tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        text: str,
        *,
        answer: float | str | Callable[[], Any],
        unit: str = "",
        tolerance: float = 0.0,
        hints: Sequence[str] = (),
        choices: Sequence[str] = (),
        explanation: str = "",
    ):
        if choices and not callable(answer) and answer not in choices:
            raise EfeError(f"the answer {answer!r} must be one of the choices: {', '.join(choices)}.")
        if not choices and not callable(answer):
            _as_number(answer)
        if not tolerance >= 0:
            raise EfeError(f"a tolerance is 0 or more, not {tolerance!r}.")
        self._answer, self._tolerance = answer, float(tolerance)
        self._hints, self._explanation = tuple(hints), explanation
        self.attempts = 0
        super().__init__(text=text, unit=unit, choices=list(choices))
        self.on_msg(self._told)

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") == "answer":
            self.show_answer()
        elif content.get("do") == "check":
            self.check(str(content.get("reply", "")))

    def close(self) -> None:
        """Leave the page."""
        if self.comm is not None:
            close_all(self)
        super().close()

    # --- what a student does

    def check(self, reply: float | str | None = None) -> bool:
        """Check an answer, by default the last one; return whether it is right."""
        if reply is not None:
            self.reply = str(reply)
        try:
            verdict, more = self._judge(self.reply)
        except EfeError as error:
            verdict, more = "no answer", str(error)
        again = verdict in ("too high", "too low", "wrong")
        self.attempts += again
        hint = self._hints[min(self.attempts, len(self._hints)) - 1] if again and self._hints else ""
        words = {"right": RIGHT, "too high": "Too high.", "too low": "Too low.", "wrong": "Not this one."}
        self._say(verdict, " ".join(filter(None, (words.get(verdict, ""), more, hint))))
        return verdict == "right"

    def show_answer(self) -> str:
        """Show the answer, and return it in words."""
        answer, trouble = self._known()
        if trouble:
            self._say("not yet", trouble)
            return ""
        words = answer if self.choices else " ".join(filter(None, (_in_words(_as_number(answer)), self.unit)))
        self._say(self.verdict, " ".join(filter(None, (f"The answer: {words}.", self._explanation))))
        return str(words)

    # --- how it is judged

    def _judge(self, reply: str) -> tuple[str, str]:
        """Return the verdict, and what is to be said beside it."""
        if not reply.strip():
            raise EfeError("Choose an answer first." if self.choices else "Type a number first.")
        given: Any = reply if self.choices else read_number(_without(reply, self.unit), "The answer")
        answer, trouble = self._known()
        if trouble:
            return "not yet", trouble
        if self.choices:
            return ("right", self._explanation) if given == answer else ("wrong", "")
        wanted = _as_number(answer)
        if abs(given - wanted) <= self._tolerance + 1e-9 * abs(wanted):
            return "right", self._explanation
        return ("too high" if given > wanted else "too low"), ""

    def _known(self) -> tuple[Any, str]:
        """Return the answer, or why it isn't known yet."""
        if not callable(self._answer):
            return self._answer, ""
        try:
            found = self._answer()
            if found is None or (not self.choices and not math.isfinite(_as_number(found))):
                return None, NOT_YET
        except EfeError as error:
            return None, str(error)
        except Exception as error:
            logger.exception("the answer to %r can't be computed", self.text)
            return None, f"The answer can't be computed: {type(error).__name__}: {error}"
        return found, ""

    def _say(self, verdict: str, words: str) -> None:
        with self.hold_sync():
            self.verdict, self.says = verdict, ""
            self.says = words


def _as_number(answer: Any) -> float:
    try:
        return float(answer)
    except (TypeError, ValueError):
        raise EfeError(f"the answer to a question without choices is a number, not {answer!r}.") from None


def _in_words(value: float) -> str:
    return minus(f"{value:.4g}")


def _without(reply: str, unit: str) -> str:
    """Return what was typed without the unit."""
    reply = reply.strip()
    return reply.removesuffix(unit).strip() if unit else reply
