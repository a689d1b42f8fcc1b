"""All widgets on one page: they come up, their controls have names, and other people's text does no harm."""

from __future__ import annotations

import pytest

import efewidgets.widgets as room
from efewidgets.widgets.parts.base import StateWidget

pytestmark = pytest.mark.browser

NASTY = ("<img src=x onerror=window.hurt=1>", '"quoted"\nand on', "第一个细胞", "it's & that")

SETUP = f"""
import json, pathlib, shutil, tempfile
import efewidgets.widgets as room
from efewidgets.widgets.parts.base import StateWidget
from efewidgets import ExtractionState, datasets
given = datasets.sample_config()
folder = pathlib.Path(tempfile.mkdtemp())
for names in given["files_metadata"]["RS1"].values():
    for file in names:
        path = folder / 'it said "no"\\nand left.nwb'
        if not path.exists():
            shutil.copy(file["filepath"], path)
        file["filepath"] = str(path)
state = ExtractionState.from_arguments(given)
for old, new in zip(list(state.inputs.by_name), {NASTY!r}):
    state.rename_cell(old, new)
state.regroup_files(state.files(protocol="IV"), protocol="电流<b>")
state.run()
state.view.cell = {NASTY[0]!r}
"""


def page_of(*names: str) -> str:
    """Return code that shows some widgets, one below the other."""
    shown = "\n".join(f"widget_{name} = room.{name}(state); display(widget_{name})" for name in names)
    return SETUP + shown


#: Controls that a screen reader could say nothing about
NAMELESS = """
() => [...document.querySelectorAll('.efe button, .efe input, .efe select, .efe textarea, .efe [role=grid]')]
  .filter(e => e.offsetParent !== null)
  .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.title || e.textContent.trim()
    || e.placeholder || (e.labels && [...e.labels].some(l => l.textContent.trim() || l.title))
    || (e.closest('[title]'))))
  .map(e => e.outerHTML.slice(0, 160))
"""


@pytest.mark.slow
def test_all_on_one_page(voila, visit):
    names = sorted(name for name in room.__all__ if issubclass(getattr(room, name), StateWidget))
    found = visit(voila, page_of(*names), height=1400)
    for name in names:
        assert found.ask(f"widget_{name}.message.text") == "", name
    assert found.page.evaluate("window.hurt") is None
    assert found.page.locator(".efe img").count() == 0
    assert found.page.get_by_text("第一个细胞").count() > 0
    assert found.page.get_by_text("<img src=x onerror=window.hurt=1>").count() > 0
    assert found.page.locator(".jp-mod-error, .jupyter-widgets-error-widget").count() == 0
    assert found.page.evaluate(NAMELESS) == []
    found.screenshot("all")


USABLE = """
() => [...document.querySelectorAll('.efe button, .efe input, .efe select, .efe textarea')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0 && !e.dataset.met)
  .map(e => e.outerHTML.slice(0, 160))
"""


@pytest.mark.slow
def test_keyboard_reaches_the_controls(voila, visit):
    """Every button, box and list that can be used is met by pressing Tab."""
    found = visit(voila, page_of("RunBar", "SettingsEditor", "RheobaseInspector"))
    for _ in range(200):
        found.page.keyboard.press("Tab")
        found.page.evaluate("document.activeElement.dataset.met = 1")
    assert found.page.evaluate(USABLE) == []
