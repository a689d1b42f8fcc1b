"""The summary as a person uses it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import SummaryPanel
config = datasets.sample_config()
config["files_metadata"] = {
    cell: {name: files for name, files in protocols.items() if name in ("IDthresh", "IDrest", "IV")}
    for cell, protocols in config["files_metadata"].items()
}
state = ExtractionState.from_arguments(config)
first = next(iter(state.results.members))
state.exclude([first], "seal lost")
panel = SummaryPanel(state)
panel
"""


@pytest.mark.parametrize(
    ("width", "theme"), [(1280, "light"), pytest.param(700, "dark", marks=pytest.mark.slow)]
)
def test_a_number_selects_its_cell_and_protocol(visit, voila, width, theme):
    found = visit(voila, CODE, width=width, theme=theme)
    page = found.page
    page.set_default_timeout(20000)
    page.get_by_role("grid").wait_for()
    page.get_by_text("Nothing is missing").wait_for()
    cell, protocol = (
        found.ask("state.results.members[first].cell"),
        found.ask("state.results.members[first].protocol"),
    )
    said = found.ask(f"panel.view_data()['rows'][0]['p:' + {protocol!r}]")
    found.screenshot(f"{width}-{theme}")
    page.get_by_role("button", name=said, exact=True).first.click()
    found.until("[state.view.cell, state.view.protocol]", [cell, protocol])
    found.ask("state.set_targets([])")
    page.get_by_text("There are no targets").wait_for()
    found.screenshot(f"{width}-{theme}-missing")
