"""The notebook that is meant to be an app, as the page that Voila makes of it."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

pytestmark = pytest.mark.browser

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"


def test_the_dashboard_is_a_page(voila, visit):
    """Its steps and figures, and no code."""
    (cell,) = json.loads((FOLDER / "00_dashboard.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "".join(cell["source"])
    found = visit(voila, code)
    page = found.page
    page.get_by_role("heading", name="efewidgets").wait_for()
    found.until("state.status", "ready", 60)
    page.locator(".bqplot path.line").first.wait_for(state="attached")
    assert found.ask("len(state.results.members)") > 200
    assert page.get_by_text("from efewidgets import").count() == 0
    page.get_by_role("button", name=re.compile("^Next")).click()
    found.until("state.view.tab", "rheobase")
    found.screenshot("notebook-00")
