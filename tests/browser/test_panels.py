"""Run bar, problems, results and settings on a page, used as a person uses them."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import pytest

pytestmark = pytest.mark.browser

RUN_BAR = """
import pathlib, shutil, tempfile
from efewidgets import ExtractionState, datasets
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import RunBar
folder = pathlib.Path(tempfile.mkdtemp())
state = ExtractionState(runner=BackgroundRunner())
metadata = {}
for cell in datasets.sample_cells():  # four times as many cells as there are samples, for a run that takes its time
    for copy in range(4):
        shutil.copy(datasets.sample_folder() / f"{cell}.nwb", folder / f"{cell}_{copy}.nwb")
        own = datasets.sample_files_metadata([cell])[cell]
        metadata[f"{cell}_{copy}"] = {
            protocol: [file | {"filepath": str(folder / f"{cell}_{copy}.nwb")} for file in files]
            for protocol, files in own.items()
        }
state.set_targets(datasets.sample_targets())
state.set_rheobase_rule("absolute", protocols=["IDthresh"])
bar = RunBar(state)
display(bar)
"""


def _button(page: Any, name: str) -> Any:
    """Return a button by its label; an icon may stand before it."""
    return page.get_by_role("button", name=re.compile(rf"(^|\W){re.escape(name)}$"))


def test_a_run_is_watched_and_cancelled_and_edits_taken_back(visit, voila):
    found = visit(voila, RUN_BAR)
    page = found.page
    run, cancel = (_button(page, name) for name in ("Run", "Cancel"))
    found.until("state.status", "ready")
    assert run.is_disabled()
    _button(page, "Undo: set rheobase strategy, protocols rheobase").wait_for()

    found.ask("state.add_files_metadata(metadata)")
    progress = page.get_by_role("progressbar", name="progress of the run")
    progress.wait_for()
    page.get_by_text("Running").wait_for()
    page.wait_for_function("document.querySelector('progress')?.value > 0.02")
    found.screenshot("run_bar_running")
    cancel.click()
    page.get_by_text("Out of date").wait_for()
    assert found.ask("state.status") == "stale"
    found.until("state.wait(20)")
    assert found.ask("len(state.results.inputs.cells)") == 0  # those of the last complete run
    progress.wait_for(state="detached")
    found.screenshot("run_bar_cancelled")

    _button(page, "Undo: add 20 files").click()
    found.until("len(state.inputs.cells)", 0)
    _button(page, "Redo: add 20 files").wait_for()
    found.until("state.status", "ready")

    # by keyboard alone
    _button(page, "Redo: add 20 files").focus()
    page.keyboard.press("Enter")
    found.until("len(state.inputs.cells)", 20)
    page.get_by_text("Running").wait_for()
    cancel.focus()
    page.keyboard.press("Space")
    page.get_by_text("Out of date").wait_for()
    found.until("state.status", "stale")


PANELS = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import ProblemsPanel, ResultsPanel, SettingsEditor
import tempfile
NASTY = "<img src=x onerror=alert(1)>\\n细胞"
root = tempfile.mkdtemp()
arguments = datasets.sample_config(["RS1", "RS2", "FS1"])
arguments["files_metadata"]["RS2"]["IV"].append({"filepath": "/nowhere/of <b>mine.nwb"})
arguments["targets"].append(dict(arguments["targets"][0], amplitude=987))
state = ExtractionState.from_arguments(arguments)
state.rename_cell("FS1", NASTY)
problems, results, settings = ProblemsPanel(state), ResultsPanel(state, root=root), SettingsEditor(state)
display(problems, results, settings)
"""


def _cell(table: Any, text: str) -> Any:
    return table.get_by_role("gridcell", name=text, exact=True).first


@pytest.mark.parametrize(
    ("width", "theme"), [(1280, "light"), pytest.param(700, "dark", marks=pytest.mark.slow)]
)
def test_from_a_problem_to_a_number_to_a_file(visit, voila, tmp_path, width, theme):
    found = visit(voila, PANELS, width=width, theme=theme)
    page = found.page

    # problems: filter, click, go
    page.get_by_role("button", name=re.compile("no recording falls into this target", re.I)).wait_for()
    page.wait_for_timeout(500)
    found.screenshot(f"panels_{width}_{theme}")
    page.get_by_label("Filter").fill("987")
    page.get_by_text("1 of", exact=False).first.wait_for()
    page.get_by_role("button", name=re.compile("no recording falls into this target", re.I)).click()
    found.until("state.view.tab", "targets")
    assert found.ask("next(t.amplitude for t in state.inputs.targets if t.id == state.view.target)") == 987
    page.get_by_label("Filter").fill("mine")
    problem = page.get_by_role("button", name="of <b>mine.nwb")
    problem.focus()
    page.keyboard.press("Enter")
    found.until("[state.view.cell, state.view.protocol, state.view.tab]", ["RS2", "IV", "recordings"])

    # results: a number, who stands behind it, his trace
    table = page.get_by_role("grid", name="features")
    _cell(table, "AP_begin_voltage").click()
    found.until(
        "state.view.target in {t.id for t in state.inputs.targets if t.efeature == 'AP_begin_voltage'}"
    )
    behind = page.get_by_role("grid", name="recordings behind the number")
    _cell(behind, "yes").click()
    found.until("len(state.view.recordings)", 1)
    assert found.ask(
        "state.explain(state.view.target).set_index('recording').taken[state.view.recordings[0]]"
    )
    found.screenshot(f"results_{width}_{theme}")
    for view in ("Protocols", "Currents", "JSON"):
        page.get_by_role("button", name=view, exact=True).click()
        if view == "JSON":
            page.get_by_label("contents of the file").get_by_text("mean_frequency").first.wait_for()
        else:
            page.get_by_role("grid", name=view.lower()).get_by_role("gridcell").first.wait_for()
        found.screenshot(f"results_{view}_{width}_{theme}")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download all (zip)").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        text = archive.read("features.json").decode()
    assert found.ask(f"state.results.texts['features'] == {text!r}")

    page.get_by_label("Save to").fill("mine")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved in", exact=False).wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").get_by_text("Replace features.json").or_(
        page.get_by_text("Replace features.json")
    ).first.wait_for()
    page.get_by_role("button", name="Replace them").click()
    page.get_by_text("Saved in", exact=False).wait_for()
    page.get_by_label("Save to").fill("../out")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("out of reach", exact=False).wait_for()

    # settings: search, type, refuse, reset
    page.get_by_label("Find").fill("Threshold mV")
    settings = page.get_by_role("grid", name="eFEL settings")
    page.get_by_text("of 38 settings").or_(page.get_by_text(" settings")).first.wait_for()
    found.until("settings.table.rows[0]['id']", "Threshold")
    page.wait_for_timeout(500)  # until the table shows what the kernel has, which would end an edit
    _cell(settings, "-20").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("high")
    page.keyboard.press("Enter")
    page.get_by_text("must be a number (mV)", exact=False).first.wait_for()
    page.keyboard.press("Escape")
    settings.get_by_role("gridcell").nth(1).dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("-15")
    page.keyboard.press("Enter")
    found.until("state.inputs.efel_settings['Threshold']", -15.0)
    found.screenshot(f"settings_{width}_{theme}")
    settings.get_by_role("button", name="reset").first.click()
    found.until("state.inputs.efel_settings['Threshold']", -20.0)
    page.get_by_label("figures").check()
    found.until("state.inputs.plot")
    page.get_by_label("Least n").fill("0")
    page.keyboard.press("Tab")
    page.get_by_text("from 1 on", exact=False).wait_for()
    assert page.locator("img[src=x]").count() == 0
