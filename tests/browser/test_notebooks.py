"""The notebook of the dashboard, as the page that Voila makes of it, and in JupyterLab and Notebook."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

pytestmark = pytest.mark.browser

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.parametrize(
    "front_end",
    ["voila", pytest.param("lab", marks=pytest.mark.slow), pytest.param("notebook", marks=pytest.mark.slow)],
)
def test_the_dashboard(front_end, request, visit):
    """Its steps and figures are there and answer; as a page it shows no code."""
    (cell,) = json.loads((FOLDER / "00_dashboard.ipynb").read_text(encoding="utf-8"))["cells"]
    found = visit(request.getfixturevalue(front_end), "".join(cell["source"]), height=1300)
    page = found.page
    page.get_by_role("heading", name="efewidgets").wait_for()
    found.until("state.status", "ready", 60)
    page.locator(".bqplot path.line").first.wait_for(state="attached")
    assert found.ask("len(state.results.members)") > 200
    assert page.get_by_text("import tempfile").count() == (0 if front_end == "voila" else 1)
    page.get_by_role("button", name=re.compile("^Next")).click()
    found.until("state.view.tab", "rheobase")
    found.screenshot(f"notebook-00-{front_end}")
