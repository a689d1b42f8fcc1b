"""The rheobase inspector as a person uses it: dragging the line, clicking on points, typing, choosing the rule."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import RheobaseInspector
config = datasets.sample_config()
config["files_metadata"] = {
    cell: {name: files for name, files in protocols.items() if name in ("IDthresh", "IDrest", "IV")}
    for cell, protocols in config["files_metadata"].items()
}
config["protocols_rheobase"] = ["IDthresh", "IDrest"]
state = ExtractionState.from_arguments(config)
inspector = RheobaseInspector(state)
inspector
"""

VIEW = "inspector.view_data()['views'][0]"


def drag(page, locator, by: float) -> None:
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x + by * step / 10, y)
        page.wait_for_timeout(30)
    page.mouse.up()


def test_dragging_clicking_and_typing(visit, voila):
    found = visit(voila, CODE)
    page = found.page
    page.set_default_timeout(20000)
    points = page.locator(".efe-rheobase-inspector .bqplot .dot")
    points.first.wait_for()
    found.screenshot("cell")
    cell, before = found.ask("state.inputs.cells[0].name"), found.ask(f"{VIEW}.value")

    drag(page, points.last, 60)  # the handle is drawn last
    found.until(f"state.inputs.rheobase_values.get({cell!r}, 0) > {before}")
    page.wait_for_timeout(500)
    found.screenshot("dragged")
    assert found.ask(f"{VIEW}.by_hand")
    assert page.get_by_text("set by hand").count()
    found.ask("state.undo()")
    found.until("dict(state.inputs.rheobase_values)", {})

    page.get_by_label("Rheobase by hand (pA)").fill("77.5")
    page.get_by_label("Rheobase by hand (pA)").press("Enter")
    found.until("dict(state.inputs.rheobase_values)", {cell: 0.0775})
    page.get_by_role("button", name="Back to the rule").click()
    found.until("dict(state.inputs.rheobase_values)", {})

    page.get_by_role("radio", name="(majority)").check()
    found.until("state.inputs.rheobase_strategy", "majority")
    page.get_by_label("width of a bin (pA)").fill("wide")
    page.get_by_label("width of a bin (pA)").press("Enter")
    page.get_by_text("must be a number").wait_for()
    page.get_by_label("width of a bin (pA)").fill("25")
    page.get_by_label("width of a bin (pA)").press("Enter")
    found.until("state.inputs.rheobase_settings.as_dict()", {"min_step": 0.025})
    page.get_by_label("IDrest").uncheck()
    found.until("list(state.inputs.protocols_rheobase)", ["IDthresh"])


@pytest.mark.slow
def test_the_overview_and_the_selection(visit, voila):
    found = visit(voila, CODE, width=700, theme="dark")
    page = found.page
    page.locator(".efe-rheobase-inspector .bqplot .dot").first.wait_for()
    found.screenshot("narrow-dark")
    page.get_by_role("button", name="All cells").click()
    page.locator(".efe-rheobase-grid .bqplot").nth(4).wait_for()
    page.locator(".efe-rheobase-grid .dot").first.wait_for()
    page.wait_for_timeout(500)
    found.screenshot("overview-narrow-dark")
    second = found.ask("state.inputs.cells[1].name")
    page.get_by_role("button", name=f"{second} ·").click()
    found.until("state.view.cell", second)
    page.locator(".efe-rheobase-inspector .bqplot .dot").first.wait_for()
    third = found.ask("state.inputs.cells[2].name")
    page.get_by_role("gridcell", name=third, exact=True).click()
    found.until("state.view.cell", third)
    page.wait_for_timeout(300)
    page.locator(".efe-rheobase-inspector .bqplot .dot:visible").nth(0).click(force=True)
    found.until(f"state.view.recordings[0] in {VIEW}.ids if state.view.recordings else False")


@pytest.mark.slow
def test_a_wide_page(visit, voila):
    found = visit(
        voila,
        CODE.replace("inspector =", "state.set_rheobase_rule('interpolation')\ninspector ="),
        width=1920,
    )
    found.page.locator(".efe-rheobase-inspector .bqplot .dot").first.wait_for()
    found.screenshot("wide")
    found.page.get_by_role("button", name="All cells").click()
    found.page.locator(".efe-rheobase-grid .dot").first.wait_for()
    found.page.wait_for_timeout(500)
    found.screenshot("overview-wide")
