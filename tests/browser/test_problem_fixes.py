"""Problems on the dashboard: over the step rather than above it, each sentence once, and what helps beside it."""

from __future__ import annotations

import re

import pytest

from tests.engine.recordings.test_peek import write_table

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.engine.problems import Problem
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
for member in list(state.results.members.values())[2:5]:
    place = {"file": member.file.path, "cell": "RS1", "protocol": member.protocol, "recording": member.recording.label}
    state._telling.faults.append(Problem("the spikes are odd, 7 of them.", "warning", "spikes", **place))
dashboard = Dashboard(state)
display(dashboard)
"""

DETAILS = """
from efewidgets import Dashboard, ExtractionState
state = ExtractionState()
state.add_files("A", "IDrest", [{folder!r} + "/odd.csv"])
display(Dashboard(state, root={folder!r}))
"""


def test_the_panel_moves_nothing_and_a_fix_helps(visit, voila):
    found = visit(voila, CODE, width=1280, height=800)
    page = found.page
    page.set_default_timeout(30000)
    files = page.get_by_role("grid", name="Chosen files")
    before = files.bounding_box()
    page.get_by_role("button", name=re.compile("^Problems")).click()
    sentence = page.locator(".efe-problem", has_text="The spikes are odd")
    sentence.first.wait_for()
    found.screenshot("problems")
    assert files.bounding_box() == before
    assert sentence.count() == 1
    assert sentence.locator(".efe-times").inner_text() == "3×"
    page.get_by_role("button", name="It’s right (3)").click()
    found.until("len(state.inputs.accepted)", 3)
    page.get_by_text("Accepted: 3 sweeps").wait_for()
    assert not page.get_by_role("button", name="It’s right (3)").count()


@pytest.mark.slow
def test_details_open_from_a_problem(visit, voila, tmp_path):
    write_table(tmp_path / "odd.csv")
    code = DETAILS.format(folder=str(tmp_path))
    found = visit(voila, code, width=1280, height=800)
    page = found.page
    page.set_default_timeout(30000)
    page.get_by_role("button", name=re.compile("^Problems")).click()
    page.get_by_text("This file has no column that is plainly the voltage").wait_for()
    page.get_by_role("button", name="Open details").click()
    page.get_by_role("form", name="Details of the selected files").wait_for()
    page.get_by_text("Details of odd.csv").wait_for()
    found.until("state.view.details == tuple(state.files())")
    found.screenshot("problem_details")
