"""Traces in a real browser: zoom with the wheel, drag a timing, exclude, step through sweeps."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import TraceViewer
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
state.run()
state.view.cell, state.view.protocol = "RS1", "IDrest"
viewer = TraceViewer(state)
def own():
    file, _, label = viewer.active.partition("/")
    return dict(state.inputs.cells[0].by_id[file].recipe.sweeps.get(label, {}))
def points():
    return viewer.panels.voltages.x.shape[-1]
display(viewer)
"""


def test_a_person_looks_and_bends(visit, voila):
    found = visit(voila, CODE)
    page = found.page
    page.locator(".efe-plots .object_grp").first.wait_for()
    found.screenshot("overlaid")

    # through the sweeps by keyboard
    sweeps = page.get_by_role("listbox", name="sweeps")
    assert sweeps.get_by_role("option").count() == 12
    assert sweeps.locator("[aria-selected=true]").count() == 12
    sweeps.focus()
    for key in ("End", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    found.until("viewer.view_data().chosen == (viewer.view_data().rows[10].id,)")
    assert sweeps.locator("[aria-selected=true]").count() == 1
    page.get_by_text("sweep 11 of 12").wait_for()
    sweeps.focus()
    page.keyboard.press("Shift+ArrowUp")
    found.until("len(state.view.recordings)", 2)
    page.get_by_role("button", name="next ▶").press("Enter")
    found.until("len(state.view.recordings)", 1)
    found.screenshot("one")

    # the wheel zooms where the mouse is, and brings the samples
    assert found.ask("points()") > 2000
    area = page.locator(".efe-plots .bqplot").first.locator(".plotarea_events").bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    for _ in range(12):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(20)
    found.until("state.view.time_range is not None and points() < 1500")
    low, high = found.ask("state.view.time_range")
    assert low < 700 < high
    assert high - low < 100
    assert abs(found.ask("points()") - (high - low) / 0.1) < 6
    found.screenshot("zoomed")
    page.get_by_role("button", name="whole sweep").click()
    found.until("points() > 2000")

    # toff is dragged
    handles = page.locator(".efe-plots .object_grp")
    assert handles.count() >= 2
    box = page.locator(".efe-plots .object_grp", has_text="toff").locator("path").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, 11):
        page.mouse.move(x - 10 * k, y)
    page.mouse.up()
    wanted = 1199.9 - 100 / area["width"] * 1400
    found.until(f"abs(own().get('toff', 0) - {wanted}) < 3")
    found.until("bool(abs(state.results.recording(viewer.active).toff - own()['toff']) < 0.1)")
    page.get_by_text("toff set by hand").wait_for()
    found.screenshot("dragged")

    # and typed
    ton = page.get_by_role("spinbutton", name="ton (ms)")
    ton.fill("210")
    ton.press("Enter")
    found.until("own().get('ton')", 210)
    ton.fill("5000")
    ton.press("Enter")
    page.get_by_role("alert").get_by_text("lies outside").wait_for()
    found.screenshot("refused")
    page.get_by_role("button", name="back to detected").click()
    found.until("own()", {})

    # left out, with a reason
    page.get_by_role("button", name="exclude").click()
    found.until("state.results.members[viewer.active].excluded", "by eye")
    reason = page.get_by_role("textbox", name="reason")
    reason.fill("seal <b>lost</b>")
    reason.press("Tab")
    page.get_by_role("button", name="exclude").click()
    found.until("state.results.members[viewer.active].excluded == 'seal <b>lost</b>'")
    page.get_by_text("seal <b>lost</b>").first.wait_for()
    found.screenshot("excluded")
    page.get_by_role("button", name="take back").click()
    found.until("state.results.members[viewer.active].excluded", None)

    # a range is marked
    page.get_by_role("button", name="mark a range").click()
    page.wait_for_timeout(300)
    page.mouse.move(area["x"] + 100, area["y"] + 100)
    page.mouse.down()
    for k in range(1, 11):
        page.mouse.move(area["x"] + 100 + 20 * k, area["y"] + 100)
    page.mouse.up()
    found.until("state.view.time_range is not None")
    low, high = found.ask("state.view.time_range")
    assert high - low == pytest.approx(200 / area["width"] * 1400, abs=10)


def test_narrow_and_dark(visit, voila):
    found = visit(voila, CODE, width=700, theme="dark")
    found.page.locator(".efe-plots .object_grp").first.wait_for()
    found.screenshot("dark-700")
    found.page.get_by_role("combobox", name="protocol").select_option("sAHP")
    found.until("state.view.protocol", "sAHP")
    found.page.get_by_role("button", name="next ▶").click()
    found.page.get_by_role("spinbutton", name="tmid (ms)").wait_for()
    found.screenshot("dark-700-sahp")
    assert found.page.evaluate("document.documentElement.scrollWidth") <= 700
