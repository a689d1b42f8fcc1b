"""The questions of a class, as they stand in a file."""

from __future__ import annotations

import json
import math
import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.problems import EfeError

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "answer": (int, float, str),
    "unit": (str,),
    "tolerance": (int, float),
    "hints": (list,),
    "choices": (list,),
    "explanation": (str,),
}
_FORM = (
    'a list such as [{"text": "What is the rheobase of RS1?", "answer": 60, "unit": "pA", "tolerance": 5}]'
)


@dataclass(frozen=True)
class Asked:
    """A question; see `efewidgets.widgets.Question`.

    Parameters
    ----------
    text : str
    answer : float or str
        A number, or one of the choices.
    unit : str
    tolerance : float
        How far off an answer may be, in the unit.
    hints, choices : tuple of str
    explanation : str
    """

    text: str
    answer: float | str
    unit: str = ""
    tolerance: float = 0.0
    hints: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    explanation: str = ""


def questions_in(path: str | os.PathLike[str]) -> tuple[Asked, ...]:
    """Return the questions of a file.

    Raises
    ------
    EfeError
        If they can't be read.
    """
    try:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise EfeError(f"the questions {os.fspath(path)} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise EfeError(f"the questions {os.fspath(path)} aren't JSON: {error}. Expected {_FORM}.") from error
    if not isinstance(found, list) or not found:
        raise EfeError(f"the questions {os.fspath(path)} must be {_FORM}.")
    asked = tuple(
        _question(one, f"question {number} in {os.fspath(path)}") for number, one in enumerate(found, 1)
    )
    texts = [one.text for one in asked]
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise EfeError(f"{os.fspath(path)} asks {twice!r} twice: answers are kept by what was asked.")
    return asked


def _question(found: Any, which: str) -> Asked:
    if not isinstance(found, dict):
        raise EfeError(f"{which} must be an object with text and answer, but is {found!r}.")
    unknown = sorted(set(found) - set(_KINDS))
    if unknown:
        raise EfeError(f"{which} has {unknown[0]!r}: there are {', '.join(_KINDS)}.")
    for name, kinds in _KINDS.items():
        if name in found and (not isinstance(found[name], kinds) or isinstance(found[name], bool)):
            raise EfeError(f"{which}: {name} must be {_in_words(kinds)}, but is {found[name]!r}.")
    missing = next((name for name in ("text", "answer") if not str(found.get(name, "")).strip()), None)
    if missing:
        raise EfeError(f"{which} has no {missing}.")
    for name in ("hints", "choices"):
        if not all(isinstance(one, str) for one in found.get(name, ())):
            raise EfeError(f"{which}: {name} must be a list of texts.")
    _check_answer(found["answer"], found.get("choices", ()), found.get("tolerance", 0.0), which)
    lists = {name: tuple(found[name]) for name in ("hints", "choices") if name in found}
    return Asked(**found | lists)


def _check_answer(answer: Any, choices: Sequence[str], tolerance: float, which: str) -> None:
    if choices and answer not in choices:
        raise EfeError(f"{which}: the answer {answer!r} must be one of the choices: {', '.join(choices)}.")
    if not choices and not (isinstance(answer, (int, float)) and math.isfinite(answer)):
        raise EfeError(f"{which}: an answer without choices is a number, not {answer!r}.")
    if not tolerance >= 0:
        raise EfeError(f"{which}: a tolerance is 0 or more, not {tolerance!r}.")


def _in_words(kinds: tuple[type, ...]) -> str:
    words = {str: "a text", int: "a number", float: "", list: "a list of texts"}
    return " or ".join(filter(None, (words[kind] for kind in kinds)))
