"""The tour and the help: each step has words, and nobody is led to a place that isn't there."""

from __future__ import annotations

import pathlib
import re

import pytest

from efewidgets.app.steps import NAMES
from efewidgets.app.tour import HELP, STOPS, Tour, help_on

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "efewidgets"


def test_each_step_has_help_and_each_stop_a_step():
    assert tuple(HELP) == NAMES
    assert {stop.step for stop in STOPS} <= set(NAMES)
    assert [NAMES.index(stop.step) for stop in STOPS] == sorted(NAMES.index(stop.step) for stop in STOPS)


def test_help_is_closed_at_first_and_its_text_is_escaped(monkeypatch):
    monkeypatch.setitem(HELP, "export", ("<b>n</b>",))
    assert help_on("export") == (
        '<details class="efe-dashboard-help"><summary>Help</summary><p>&lt;b&gt;n&lt;/b&gt;</p></details>'
    )


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.title)
def test_what_a_stop_points_at_is_a_class_of_the_page(stop):
    """By its name in the sources, or that of a widget, from which its class is made."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.[pj][ys]"))
    widgets = {
        re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        for name in re.findall(r"class (\w+)\(StateWidget", text)
    }
    for selector in stop.at:
        name = selector.removeprefix(".")
        assert f'"{name}"' in text or name.removeprefix("efe-") in widgets, selector


def test_the_browser_opens_steps_of_the_tour_and_no_others():
    opened = []
    tour = Tour(opened.append)
    for told in (
        {"step": "features"},
        {"step": "../secret"},
        {"step": None},
        {},
        "features",
        None,
        {"step": ["a"]},
    ):
        tour._handle_custom_msg(told, [])
    assert opened == ["features"]
    before = tour.wanted
    tour.begin()
    assert tour.wanted == before + 1
    tour.close()
