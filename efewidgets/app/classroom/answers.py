"""What a student has answered, kept beside the session."""

from __future__ import annotations

import json
import logging
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...engine.systems.files import write_whole
from .. import keeper

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """An answer that was checked.

    Parameters
    ----------
    reply : str
        As it was typed or chosen last.
    verdict : str
        As of `efewidgets.widgets.Question`: "right", "too high", "too low", "wrong".
    attempts : int
        Wrong answers so far.
    """

    reply: str
    verdict: str
    attempts: int = 0


class Answers:
    """Keeps the answers of one student.

    Parameters
    ----------
    session : callable
        Returns the path of the session beside which they are kept; None if nothing is.
    """

    def __init__(self, session: Callable[[], pathlib.Path | None]):
        self._session = session

    def read(self) -> dict[str, Answer]:
        """Return what was answered so far, by the questions' texts."""
        session = self._session()
        return {} if session is None else answers_in(answers_of(session))

    def write(self, answers: Mapping[str, Answer]) -> None:
        """Keep all answers."""
        session = self._session()
        if session is None:
            return
        path = answers_of(session)
        try:
            text = json.dumps({text: asdict(one) for text, one in answers.items()}, indent=1)
            write_whole(path, text.encode("utf-8"))  # a teacher may look at any time
        except OSError as error:
            logger.warning("the answers can't be kept in %s: %s", path, error)


def answers_of(session: pathlib.Path) -> pathlib.Path:
    """Return where the answers of a session are kept."""
    return session.with_name(f"{session.stem}-answers.json")


def answers_in(path: pathlib.Path) -> dict[str, Answer]:
    """Return the answers in a file, by the questions' texts; what isn't one is left out."""
    return {text: one for text, given in keeper.kept_in(path).items() if (one := _answer(given)) is not None}


def _answer(given: Any) -> Answer | None:
    if not isinstance(given, dict):
        return None
    reply, verdict, attempts = (given.get(name) for name in ("reply", "verdict", "attempts"))
    if not isinstance(reply, str) or not isinstance(verdict, str) or type(attempts) is not int:
        return None
    return Answer(reply, verdict, attempts)
