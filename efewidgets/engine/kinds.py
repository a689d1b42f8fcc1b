"""Kinds of values that a person may give: what each accepts, and the same in words: for configs, sessions, scripts."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .problems import nearest

#: No time, voltage, current or count in a recording is larger; whole numbers up to here are exact as floats, too.
LARGEST = 1e15

#: How deeply brackets may be nested; a config needs eight.
DEEPEST = 64


@dataclass(frozen=True)
class Kind:
    """What a value may be: a test, and the same in words."""

    accepts: Callable[[Any], bool]
    words: str

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


TRUTH = Kind(lambda value: isinstance(value, (bool, np.bool_)), "true or false, without quotes")
TEXT = Kind(is_text, "a text in quotes")
NAME = Kind(lambda value: is_text(value) and bool(value.strip()), "a name in quotes")
PATH = Kind(is_path, "the path of a file, in quotes")
SETTINGS = Kind(is_dict, "settings in braces, {name: value}")
NUMBER = Kind(is_number, "a number, without quotes")
WHOLE = Kind(is_whole, "a whole number")
COUNT = Kind(lambda value: is_whole(value) and value >= 1, "a whole number from 1 on")
MS = Kind(is_number, "a number in ms")
MV = Kind(is_number, "a number in mV")
NAMES = Kind(is_list_of(is_text), "a list of names")
NUMBERS = Kind(is_list_of(is_number), "a list of numbers")
NAME_OR_NAMES = Kind(either(is_text, is_list_of(is_text)), "a name in quotes, or a list of names")
NAME_OR_INDEX = Kind(either(is_text, is_whole), "a name in quotes, or a whole number from 0 on")
REPETITION = Kind(
    either(is_whole, is_text, is_list_of(either(is_whole, is_text))), "a whole number, or a list of them"
)
ANYTHING = Kind(lambda value: True, "anything")


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
