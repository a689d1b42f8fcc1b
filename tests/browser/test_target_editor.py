"""The target editor on a page, used as a person uses it."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

EDITOR = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import TargetEditor
state = ExtractionState.from_arguments(datasets.sample_config())
editor = TargetEditor(state)
display(editor)
"""


def cell(page, row, column, grid="targets"):
    """Return a cell of a table, by the numbers of its row and column from 1."""
    found = page.get_by_role("grid", name=grid, exact=True)
    return found.locator(f'[role="row"][aria-rowindex="{row + 1}"] [aria-colindex="{column}"]')


def button(page, name):
    """Return a button by its label; an icon may stand before it."""
    return page.get_by_role("button", name=re.compile(rf"^\W*{name}$"))


def test_targets_are_edited_chosen_and_explained(visit, voila):
    found = visit(voila, EDITOR)
    page = found.page
    amplitude = cell(page, 1, 2)
    amplitude.wait_for()
    found.screenshot("wide")
    amplitude.dblclick()
    page.keyboard.type("high")
    page.keyboard.press("Enter")
    page.get_by_text("Amplitude must be a number, but is 'high'.").first.wait_for()
    assert found.ask("state.inputs.targets[0].amplitude") == 100
    found.screenshot("refused")
    amplitude.dblclick()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    found.until("state.inputs.targets[0].amplitude", 200)

    cell(page, 2, 1).click()
    found.until("state.view.target == state.inputs.targets[1].id")
    page.get_by_role("grid", name="recordings of the chosen target").wait_for()
    page.get_by_text("9 of 60 recordings").wait_for()
    found.screenshot("detail")
    count = found.ask("len(state.inputs.targets)")
    button(page, "Duplicate").click()
    found.until("len(state.inputs.targets)", count + 1)
    button(page, "Remove").click()
    found.until("len(state.inputs.targets)", count)
    with page.expect_download() as saved:
        button(page, "CSV").click()
    text = saved.value.path().read_text(encoding="utf-8")
    assert saved.value.suggested_filename == "targets.csv"
    assert text.startswith("protocol,amplitude (% of rheobase),tolerance")
    assert len(text.splitlines()) == count + 1


@pytest.mark.slow
def test_targets_are_added_by_form_paste_and_choice(visit, voila):
    found = visit(voila, EDITOR + "_ = state.set_targets([])", width=700)
    page = found.page
    page.get_by_text("There are no targets").wait_for()
    found.screenshot("empty_narrow")
    button(page, "Add targets").click()
    page.get_by_role("checkbox", name="IDrest").check()
    page.get_by_role("textbox", name="Amplitudes").fill("150, 200")
    page.get_by_role("textbox", name="Search").fill("width")
    features = page.get_by_role("grid", name="features of eFEL")
    features.get_by_role("checkbox").first.wait_for()
    found.until("len(editor.form.picker.table.rows) < 30")
    features.get_by_role("checkbox").nth(0).click()
    features.get_by_role("checkbox").nth(1).click()
    add = button(page, "Add 4 targets")
    add.wait_for()
    found.screenshot("form_narrow")
    add.click()
    found.until("len(state.inputs.targets)", 4)
    button(page, "Add targets").click()

    button(page, "Paste or import").click()
    box = page.get_by_role("textbox", name="Targets", exact=True)
    box.fill("IDrest\t150\t10\tSpikecount\nIDrest\tmuch\t10\tSpikecount")
    button(page, "Add these targets").click()
    page.get_by_text("Line 2: Amplitude must be a number").wait_for()
    found.screenshot("import_narrow")
    box.fill(
        '{"targets": [{"efeature": "Spikecount", "protocol": "IDrest", "amplitude": 150, "tolerance": 10}]}'
    )
    button(page, "Add these targets").click()
    found.until("len(state.inputs.targets)", 5)

    button(page, "Choose automatically").click()
    found.until("state.inputs.targets", None)
    page.get_by_text("Chosen automatically: press").wait_for()
    button(page, "Keep as my own").click()
    found.until("state.inputs.targets is not None and len(state.inputs.targets) > 10")


@pytest.mark.slow
def test_in_the_dark_with_nasty_names(visit, voila):
    code = EDITOR.replace(
        "editor =",
        "cells = datasets.sample_files_metadata()\n"
        "state.add_files_metadata({'<img src=x onerror=alert(1)>': {'刺激\\n\"<b>': cells['RS1']['IDrest'],"
        " 'IDthresh': cells['RS1']['IDthresh']}})\n"
        "state.add_target('Spikecount', '刺激\\n\"<b>', 150, efeature_name='<script>', min_values=5)\n"
        "state.view.target = state.inputs.targets[-1].id\n"
        "editor =",
    )
    found = visit(voila, code, theme="dark")
    page = found.page
    page.get_by_text("<img src=x onerror=alert(1)>").first.wait_for()
    button(page, "Add targets").click()
    assert page.locator("img[src=x]").count() == 0
    found.screenshot("dark")
