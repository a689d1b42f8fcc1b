"""Who is where in a class: read from the sessions that the pages keep, so that it outlives the server."""

from __future__ import annotations

import csv
import hashlib
import io
import pathlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...engine.outputs.spreadsheet import is_formula
from .. import keeper
from ..begin import SESSION_FILE, is_name
from ..recent import LONGEST
from .answers import Answer, answers_in, answers_of

#: Characters of what a student without a name is called by
_SHORT = 5


@dataclass(frozen=True)
class Student:
    """A student, as far as their session tells.

    Parameters
    ----------
    code : str
        What they are called by who typed no name; their session can't be found by it.
    name : str
        As they typed it; "" if they didn't.
    step : int
        Number of the open step; 0 if it isn't known.
    far : str
        How far they are, in words.
    answers : dict of (str, Answer)
        By the questions' texts.
    seen : float
        When they did something last, s since 1970.
    here : bool
        Whether their page is open.
    """

    code: str
    name: str
    step: int
    far: str
    seen: float
    here: bool
    answers: Mapping[str, Answer] = field(default_factory=dict)


def students(scratch: pathlib.Path) -> list[Student]:
    """Return all who have a session in a folder: by name, those without one last.

    Parameters
    ----------
    scratch : pathlib.Path
        With a folder for each visit.
    """
    return sorted(_students(scratch), key=lambda one: (not one.name, one.name.casefold(), one.code))


def _students(scratch: pathlib.Path) -> Iterator[Student]:
    try:
        visits = [path for path in scratch.iterdir() if is_name(path.name)]
    except OSError:
        return
    for visit in visits:
        last = max(keeper.sessions_of(visit / SESSION_FILE), key=_seen)
        if _seen(last):
            yield _student(visit.name, last)


def _student(visit: str, session: pathlib.Path) -> Student:
    kept = keeper.kept_in(keeper.view_of(session))
    about = kept.get("about")
    about = about if isinstance(about, Mapping) else {}
    step, far, name = about.get("step"), about.get("far"), kept.get("title")
    return Student(
        hashlib.sha256(visit.encode()).hexdigest()[:_SHORT],
        name[:LONGEST] if isinstance(name, str) else "",
        step if type(step) is int else 0,
        far[:LONGEST] if isinstance(far, str) else "",
        _seen(session),
        keeper.is_kept(session),
        answers_in(answers_of(session)),
    )


def _seen(session: pathlib.Path) -> float:
    """Return when a session was changed last, or what stands beside it; 0 if there is none."""
    return max(map(_when, (session, keeper.view_of(session), answers_of(session))))


def _when(path: pathlib.Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def answers_as_csv(found: Iterable[Student], questions: Sequence[str]) -> str:
    """Return all answers as a table: a row a student and question, also where there is no answer.

    Parameters
    ----------
    found : iterable of Student
    questions : sequence of str
        Texts of the questions; others that were answered come after them.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ["student", "name", "step", "last seen (UTC)", "question", "answer", "verdict", "wrong answers"]
    )
    for one in found:
        seen = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one.seen))
        about = [one.code, one.name, one.step or "", seen]
        for question in dict.fromkeys([*questions, *one.answers]):
            answer = one.answers.get(question)
            given = ["", "", ""] if answer is None else [answer.reply, answer.verdict, answer.attempts]
            table.writerow(map(_harmless, [*about, question, *given]))
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """Return what a spreadsheet doesn't take for a formula; a number may have a sign."""
    if not is_formula(value):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
