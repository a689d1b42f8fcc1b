"""Run bar, problems, results and settings on a page, used as a person uses them."""

from __future__ import annotations

import re
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

    _button(page, "Undo: add 140 files").click()
    found.until("len(state.inputs.cells)", 0)
    _button(page, "Redo: add 140 files").wait_for()
    found.until("state.status", "ready")

    # by keyboard alone
    _button(page, "Redo: add 140 files").focus()
    page.keyboard.press("Enter")
    found.until("len(state.inputs.cells)", 20)
    page.get_by_text("Running").wait_for()
    cancel.focus()
    page.keyboard.press("Space")
    page.get_by_text("Out of date").wait_for()
    found.until("state.status", "stale")
