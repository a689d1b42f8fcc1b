"""Kinds of values that a person may give: what each accepts, and the same in words: for configs, sessions, scripts."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .problems import EfeError, nearest

#: No time, voltage, current or count in a recording is larger; whole numbers up to here are exact as floats, too.
LARGEST = 1e15

#: How deeply brackets may be nested; a config needs eight.
DEEPEST = 64


@dataclass(frozen=True)
class Kind:
    """What a value may be: a test, and the same in words; of an entry that people fill in, what it means as well.

    Parameters
    ----------
    accepts : callable
    words : str
        What it must be, for who writes JSON or Python.
    typed : str
        The same for who types it into a field; by default `words`.
    title : str
        What the entry is called for people, e.g. "Voltage channel".
    meaning : str
        What it says, in a sentence.
    unit : str
    choices : tuple
        Its usual values.
    parts : dict of Kind
        Of settings in braces: the entries.
    instead_of : tuple of str
        Entries that can't stand beside it.
    """

    accepts: Callable[[Any], bool]
    words: str
    typed: str = ""
    title: str = ""
    meaning: str = ""
    unit: str = ""
    choices: tuple[Any, ...] = ()
    parts: Mapping[str, Kind] = field(default_factory=dict, hash=False)
    instead_of: tuple[str, ...] = ()

    def about(self, title: str, meaning: str, unit: str = "", **more: Any) -> Kind:
        """Return the same kind for an entry that has this title, this meaning (a sentence) and this unit."""
        return replace(self, title=title, meaning=meaning, unit=unit, **more)

    def from_text(self, text: str, names: Iterable[str] = ()) -> Any:
        """Return the value that a person typed; None for nothing.

        Parameters
        ----------
        text : str
        names : iterable of str
            Names that there are: what is typed as one of them is this name, not a number.

        Raises
        ------
        EfeError
            If it is of another kind.
        """
        text = text.strip()
        if not text:
            return None
        for value in _meant(text, {str(name) for name in names}):
            if self.accepts(value):
                return value
        raise EfeError(f"{self.title or 'it'} must be {self.typed or self.words}, but is {text!r}.")

    def fault(self, name: str, value: Any) -> str | None:
        """Return a sentence if a value of this name is of another kind."""
        if self.accepts(value):
            return None
        return f"{name} must be {self.words}, but is {shown(value)}{why_not(value)}."


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be measured: neither a truth value, nor infinite, nor beyond `LARGEST`."""
    return (
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and bool(-LARGEST <= value <= LARGEST)  # false for nan
    )


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, written as one."""
    return is_number(value) and isinstance(value, (int, np.integer))


def is_text(value: Any) -> bool:
    """Whether a value is a text; none that a person writes holds the character NUL, which ends a path."""
    return isinstance(value, str) and "\0" not in value


def is_path(value: Any) -> bool:
    """Whether a value can be the path of a file."""
    return isinstance(value, (str, os.PathLike)) and bool(os.fspath(value)) and is_text(os.fspath(value))


def is_list(value: Any) -> bool:
    """Whether a value is a list, as JSON or a script has it."""
    return isinstance(value, (list, tuple, np.ndarray))


def is_list_of(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the test for a list of values that each pass `test`."""
    return lambda value: is_list(value) and all(map(test, value))


def is_dict(value: Any) -> bool:
    """Whether a value is a dictionary."""
    return isinstance(value, Mapping)


def either(*tests: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the test for a value that passes any of the `tests`."""
    return lambda value: any(test(value) for test in tests)


TRUTH = Kind(
    lambda value: isinstance(value, (bool, np.bool_)),
    "true or false, without quotes",
    "yes or no",
    choices=(True, False),
)
TEXT = Kind(is_text, "a text in quotes", "a text")
NAME = Kind(lambda value: is_text(value) and bool(value.strip()), "a name in quotes", "a name")
PATH = Kind(is_path, "the path of a file, in quotes", "the path of a file")
SETTINGS = Kind(is_dict, "settings in braces, {name: value}")
NUMBER = Kind(is_number, "a number, without quotes", "a number")
WHOLE = Kind(is_whole, "a whole number")
COUNT = Kind(lambda value: is_whole(value) and value >= 1, "a whole number from 1 on")
MS = Kind(is_number, "a number in ms")
MV = Kind(is_number, "a number in mV")
NAMES = Kind(is_list_of(is_text), "a list of names")
NUMBERS = Kind(is_list_of(is_number), "a list of numbers", "numbers, with commas between them")
NAME_OR_NAMES = Kind(
    either(is_text, is_list_of(is_text)), "a name in quotes, or a list of names", "a name, or several"
)
NAME_OR_INDEX = Kind(
    either(is_text, is_whole),
    "a name in quotes, or a whole number from 0 on",
    "a name, or its number from 0 on",
)
REPETITION = Kind(
    either(is_whole, is_text, is_list_of(either(is_whole, is_text))),
    "a whole number, or a list of them",
    "a whole number, or several with commas between them",
)
ANYTHING = Kind(lambda value: True, "anything")


#: What is typed for true and false
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


def _meant(text: str, names: set[str]) -> Iterator[Any]:
    """Yield what a typed text may mean, the likeliest first: a name, a truth, a number, several of these, a text.

    A comma stands between two values where there may be several, else it is a decimal comma.
    """
    between = ";" if ";" in text else ","
    parts = [part.strip() for part in text.split(between) if part.strip()]
    if text in names:
        yield text
    elif len(parts) > 1 and names.issuperset(parts):
        yield parts
    if text.lower() in _TRUTHS:
        yield _TRUTHS[text.lower()]
    number = _number(text)
    if number is not None:
        yield number
        yield [number]
    numbers = [_number(part, comma=between == ";") for part in (parts if len(parts) > 1 else text.split())]
    if len(numbers) > 1 and None not in numbers:
        yield numbers
    with_comma = _number(text, comma=True)
    if with_comma is not None:
        yield with_comma
    yield text


def _number(text: str, comma: bool = False) -> int | float | None:
    plain = text.replace("−", "-")
    plain = plain.replace(",", ".") if comma and plain.count(",") == 1 else plain
    for read in (int, float):
        try:
            return read(plain)
        except ValueError:
            continue
    return None


def as_text(value: Any) -> str:
    """Return a value as it is typed into a field; `Kind.from_text` reads it back."""
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if is_list(value):
        return ", ".join(map(as_text, value))
    return f"{value:.15g}" if isinstance(value, (float, np.floating)) else str(value)


def wrong_entries(data: Mapping[str, Any], known: Mapping[str, Kind]) -> list[str]:
    """Return a sentence for each known entry whose value is of another kind; null is as if it weren't there."""
    told = (known[key].fault(key, value) for key, value in data.items() if key in known and value is not None)
    return [fault for fault in told if fault]


def unknown_entries(data: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each entry that isn't known, with the nearest one that is."""
    return [f"there is no entry {key!r}.{nearest(key, known)}" for key in data if key not in known]


def nested_too_deeply(data: Any) -> bool:
    """Whether lists and dictionaries stand in each other deeper than anybody writes them."""
    layer = [data]
    for _ in range(DEEPEST):
        layer = [
            part
            for outer in layer
            if isinstance(outer, (Mapping, list, tuple))
            for part in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not layer:
            return False
    return True


def shown(value: Any) -> str:
    """Return a value as it would stand in JSON, cut to a few words."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (RecursionError, ValueError, TypeError):  # nested without end, or a number of thousands of digits
        return f"a {type(value).__name__} that is too large to be shown"
    return text if len(text) <= 60 else text[:57] + "…"


def why_not(value: Any) -> str:
    """Return the reason where a value looks right at first sight."""
    if isinstance(value, str) and "\0" in value:
        return " (a text can't hold the character NUL)"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and not math.isnan(value if isinstance(value, float) else 0) and abs(value) > LARGEST:
        return f" (beyond {LARGEST:g}, the largest that is taken)"
    return ""
