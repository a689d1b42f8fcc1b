"""Names to be ticked."""

from __future__ import annotations

import pytest

from efewidgets.widgets.parts.ticks import Ticks


@pytest.fixture
def ticks():
    found = Ticks()
    found.offer(["IDthresh", "IDrest", "IV"])
    return found


def test_boxes_and_value_are_one(ticks):
    ticks.boxes["IV"].value = ticks.boxes["IDthresh"].value = True
    assert ticks.value == ("IDthresh", "IV")  # as they stand, not as they were ticked
    ticks.value = ("IDrest", "no such")
    assert ticks.value == ("IDrest",)
    assert [box.value for box in ticks.boxes.values()] == [False, True, False]


def test_what_stays_keeps_its_tick_and_its_box(ticks):
    ticks.value = ("IDrest", "IV")
    box = ticks.boxes["IV"]
    ticks.offer(["IV", "sAHP"])
    assert (ticks.value, ticks.boxes["IV"]) == (("IV",), box)
    assert list(ticks.children) == list(ticks.boxes.values())


def test_it_is_told_once(ticks):
    told = []
    ticks.observe(lambda change: told.append(change.new), "value")
    ticks.show({"IDrest": True, "IV": True, "sAHP": False})
    assert told == [("IDrest", "IV")]
    ticks.show({"IDrest": True, "IV": True, "sAHP": False})
    assert len(told) == 1
