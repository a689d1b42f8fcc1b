"""The four widgets of the mission in JupyterLab and Notebook: other front-end code, other threads."""

from __future__ import annotations

import os

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CODE = """
import efewidgets.widgets as room
from efewidgets import ExtractionState, datasets
state = ExtractionState.from_arguments(datasets.sample_config())
state.run()
widget = room.{name}(state)
display(widget)
"""


@pytest.fixture(params=["lab", "notebook"])
def shown(request, visit):
    """``shown(name)`` opens a page with one widget."""

    def open_page(name):
        found = visit(request.getfixturevalue(request.param), CODE.format(name=name), height=1100)
        found.page.set_default_timeout(20000)
        found.page.locator(".efe").first.wait_for()
        found.page.locator(".efe").first.scroll_into_view_if_needed()
        return found

    return open_page


def drag(page, start, *corners):
    page.mouse.move(*start)
    page.mouse.down()
    for corner in corners:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def in_box(box, x, y):
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_a_target_is_edited(shown):
    found = shown("TargetEditor")
    row = found.page.get_by_role("grid", name="targets", exact=True).locator(
        '[role="row"][aria-rowindex="2"]'
    )
    amplitude = row.locator('[aria-colindex="2"]')
    amplitude.dblclick()
    found.page.keyboard.press("ControlOrMeta+A")
    found.page.keyboard.type("high")
    found.page.keyboard.press("Enter")
    found.page.get_by_text("Amplitude must be a number, but is 'high'.").first.wait_for()
    assert found.ask("state.inputs.targets[0].amplitude") == 100
    amplitude.dblclick()
    found.page.keyboard.press("ControlOrMeta+A")
    found.page.keyboard.type("200")
    found.page.keyboard.press("Enter")
    found.until("state.inputs.targets[0].amplitude", 200)


def test_a_rheobase_is_dragged_and_typed(shown):
    found = shown("RheobaseInspector")
    cell, before = found.ask("state.inputs.cells[0].name"), found.ask("state.results.rheobases['RS1'].value")
    handle = found.page.locator(".efe-rheobase-inspector .bqplot .dot").last
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    middle = in_box(box, 0.5, 0.5)
    drag(found.page, middle, (middle[0] + 60, middle[1]))
    found.until(f"state.inputs.rheobase_values.get({cell!r}, 0) > {before}")
    found.page.get_by_label("Rheobase by hand (pA)").fill("77.5")
    found.page.get_by_label("Rheobase by hand (pA)").press("Enter")
    found.until("dict(state.inputs.rheobase_values)", {cell: 0.0775})


def test_points_are_clicked_and_lassoed(shown):
    found = shown("FeaturePlots")
    dot = found.page.locator(".efe-feature-panel path.dot").last
    dot.scroll_into_view_if_needed()
    dot.click()
    found.until("len(state.view.recordings)", 1)
    found.page.get_by_role("button", name="lasso").click()
    found.until("widget.plots[0].lasso is not None")
    area = found.page.locator(".lassoselector rect").first
    area.wait_for(state="attached")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    corners = [in_box(box, x, y) for x, y in [(0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.1)]]
    drag(found.page, in_box(box, 0.02, 0.02), *corners)
    found.until("len(state.view.recordings)", found.ask("len(set(widget.view_data()['panels'][0].ids))"))


def test_files_are_edited_and_uploaded(shown, tmp_path):
    found = shown("FileSelector")
    table = found.page.get_by_role("grid", name="Chosen files")
    table.get_by_text("IDthresh").first.click()
    found.until("state.view.protocol", "IDthresh")
    column = table.get_by_role("columnheader", name="LJP").get_attribute("aria-colindex")
    table.locator(f"[role=gridcell][aria-colindex='{column}']").first.dblclick()
    found.page.keyboard.press("ControlOrMeta+A")
    found.page.keyboard.type("-14.5")
    found.page.keyboard.press("Enter")
    found.until("next(state.inputs.files())[1].metadata.get('ljp')", -14.5)
    source = tmp_path / "big one.abf"
    source.write_bytes(os.urandom(25_000_000))  # more than one message may hold
    found.page.get_by_role("tab", name="Upload").click()
    found.page.get_by_label("Files to upload").set_input_files(source)
    found.until("len(widget.upload.received)", 1, 60)
    assert found.ask("__import__('os').path.getsize(widget.upload.received[0])") == 25_000_000
