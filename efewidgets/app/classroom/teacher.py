"""The page of the teacher, behind a key of its own: who is where, and all answers."""

from __future__ import annotations

import hmac
import pathlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
import tornado.web

from ...widgets.parts.html import plain
from .students import Student, answers_as_csv, students

#: Below the address of the students' page
PLACE, TABLE = "teacher", "answers.csv"
#: Begins the name of the cookie that lets a teacher in
_COOKIE = "efewidgets-teacher"
_ALLOWED = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
_SERVED = pathlib.Path(__file__).parents[1] / "served" / "classroom"


@dataclass(frozen=True)
class Classroom:
    """A class.

    Parameters
    ----------
    scratch : pathlib.Path
        The folder with the students' sessions.
    link : str
        What students open.
    questions : tuple of str
        Texts of the questions.
    key : str
        Lets the teacher in, and nobody else.
    """

    scratch: pathlib.Path
    link: str
    questions: tuple[str, ...] = ()
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def handlers(self, base_url: str, port: int) -> list[tuple[Any, ...]]:
        """Return the addresses of the teacher's page, and what answers there."""
        place, options = f"{base_url}{PLACE}/", {"room": self, "cookie": f"{_COOKIE}-{port}"}
        return [
            (place.rstrip("/"), tornado.web.RedirectHandler, {"url": place, "permanent": False}),
            (place, Teacher, options),
            (place + TABLE.replace(".", r"\."), Table, options),
        ]


class _ForTeachers(tornado.web.RequestHandler):
    """Lets in who has the key, once by the address, and then by a cookie that this page alone gets."""

    def initialize(self, room: Classroom, cookie: str) -> None:
        """Know the class."""
        self.room, self._cookie = room, cookie

    def prepare(self) -> None:
        """Refuse whoever hasn't got the key."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", _ALLOWED)
        key = self.get_query_argument("key", "")
        if not self._is_key(key or self.get_cookie(self._cookie, "") or ""):
            raise tornado.web.HTTPError(403)
        if key:
            place = self.request.path
            self.set_cookie(self._cookie, key, path=place, httponly=True, samesite="Strict")
            self.redirect(place)

    def _is_key(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.room.key.encode())

    def write_error(self, status_code: int, **options: Any) -> None:
        """Say no more than that."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(
            "This page is for the teacher: open the link that was printed when the dashboard was started."
        )


class Teacher(_ForTeachers):
    """Lists who is where."""

    def get(self) -> None:
        """Send the list."""
        self.finish(page(self.room, students(self.room.scratch), time.time()))


class Table(_ForTeachers):
    """All answers as a table."""

    def get(self) -> None:
        """Send the table; a mark at its beginning has spreadsheets read it as UTF-8."""
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="answers.csv"')
        self.finish("\ufeff" + answers_as_csv(students(self.room.scratch), self.room.questions))


def page(room: Classroom, found: Sequence[Student], now: float) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    room : Classroom
    found : sequence of Student
    now : float
        s since 1970.
    """
    environment = jinja2.Environment(autoescape=True, loader=jinja2.FileSystemLoader(_SERVED))
    rows = [
        {
            "name": plain(one.name),
            "code": one.code,
            "step": one.step,
            "far": plain(one.far),
            "answers": [_mark(one, question) for question in room.questions],
            "seen": ago(now - one.seen),
            "here": one.here,
        }
        for one in found
    ]
    here = sum(one.here for one in found)
    return environment.get_template("teacher.html").render(
        rows=rows, here=here, questions=room.questions, link=room.link, table=TABLE
    )


def _mark(student: Student, question: str) -> dict[str, str]:
    answer = student.answers.get(question)
    if answer is None:
        return {"mark": "–", "words": "not answered", "kind": ""}
    tries = f", {answer.attempts} wrong before" if answer.attempts and answer.verdict == "right" else ""
    mark = "✓" if answer.verdict == "right" else "✗"
    return {
        "mark": mark,
        "words": f"{plain(answer.reply)}: {plain(answer.verdict)}{tries}",
        "kind": "right" if answer.verdict == "right" else "wrong",
    }


def ago(seconds: float) -> str:
    """Say how long ago something was."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        number = int(seconds // size)
        if number >= 1:
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "just now"
