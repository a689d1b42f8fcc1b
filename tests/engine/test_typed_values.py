"""What a person types into a field becomes the value that it means."""

from __future__ import annotations

import pytest

from efewidgets.engine import kinds
from efewidgets.engine.problems import EfeError


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("NUMBER", "14", 14),
        ("NUMBER", " −14.5 ", -14.5),
        ("NUMBER", "0,25", 0.25),
        ("NUMBER", "", None),
        ("NUMBERS", "0.1, 0.2", [0.1, 0.2]),
        ("NUMBERS", "1,2", [1, 2]),
        ("NUMBERS", "0,1; 0,2", [0.1, 0.2]),
        ("NUMBERS", "50 100 150", [50, 100, 150]),
        ("NUMBERS", "50", [50]),
        ("TRUTH", "yes", True),
        ("TRUTH", "No", False),
        ("TEXT", "14", "14"),
        ("NAME_OR_INDEX", "1", 1),
        ("NAME_OR_INDEX", "IN 1", "IN 1"),
        ("NAME_OR_NAMES", "one, two", "one, two"),
        ("REPETITION", "3", 3),
        ("REPETITION", "1, 2", [1, 2]),
        ("ANYTHING", "looked fine", "looked fine"),
    ],
)
def test_typed_values(kind, text, value):
    found = getattr(kinds, kind).from_text(text)
    assert found == value
    assert type(found) is type(value)


def test_a_name_that_is_there_is_this_name():
    assert kinds.NAME_OR_INDEX.from_text("1", ["1", "2"]) == "1"
    assert kinds.NAME_OR_NAMES.from_text("one, two", ["one", "two", "three"]) == ["one", "two"]


def test_what_can_not_be_is_told_by_the_title():
    ljp = kinds.MV.about("Liquid junction potential", "Is subtracted.", "mV")
    with pytest.raises(
        EfeError, match=r"^Liquid junction potential must be a number in mV, but is 'much'\.$"
    ):
        ljp.from_text("much")
    for bad in ("nan", "inf", "1e99"):
        with pytest.raises(EfeError):
            kinds.NUMBER.from_text(bad)


@pytest.mark.parametrize("value", [True, 3, 0.1, -14.5, "IN 0", [1, 2], [0.25, 1e-3], ["a", "b"]])
def test_values_come_back_from_their_text(value):
    names = value if isinstance(value, list) and isinstance(value[0], str) else []
    assert kinds.ANYTHING.from_text(kinds.as_text(value), names) == value
    assert kinds.as_text(None) == ""
