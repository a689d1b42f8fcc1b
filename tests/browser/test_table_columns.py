"""Columns as a person wants them, in a real browser: filtered, hidden, widened, and ranges of their cells copied."""

from __future__ import annotations

import pytest

from tests.browser.test_table import cell, page_of

pytestmark = pytest.mark.browser


def _menu_of(page, column):
    page.get_by_role("columnheader", name=column).click(button="right")
    return page.get_by_role("dialog", name=column)


def _copied(page):
    page.keyboard.press("Control+c")
    return [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").split("\n")]


def test_rows_are_filtered_and_edits_reach_only_what_is_seen(visit, voila):
    from playwright.sync_api import expect

    found = page_of(visit, voila)
    page = found.page
    page.keyboard.press("Escape")
    cell(page, 0, 0).click()
    page.keyboard.press("Control+a")
    found.until("len(table.selected)", 40)
    menu = _menu_of(page, "Amplitude")
    menu.get_by_role("searchbox").fill("> 400")  # 410, 420, 430, 440
    expect(page.get_by_text("4 of 40 rows, by Amplitude")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.locator(".efe-table-grid")).to_be_focused()
    found.until("list(table.selected)", ["t36", "t37", "t38", "t39"])  # what isn't seen isn't chosen any more

    menu = _menu_of(page, "Protocol")
    menu.get_by_role("searchbox").fill("apw")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 40 rows, by Protocol and Amplitude")).to_be_visible()
    expect(cell(page, 0, 1)).to_have_text("420")
    cell(page, 0, 1).dblclick()
    page.get_by_role("textbox", name="Amplitude").fill(
        "7"
    )  # a chosen row stays, though it doesn't match any more
    page.keyboard.press("Enter")
    found.until("told[-1]", ["edit", ["t37"], "amp", "7"])
    expect(cell(page, 0, 1)).to_have_text("7")
    assert found.ask("sum(row['amp'] == 7 for row in rows)") == 1

    found.ask("setattr(table, 'selected', ('t0',))")  # what is chosen elsewhere is shown
    expect(cell(page, 0, 1)).to_have_text("50")
    expect(page.locator("[role=grid]")).to_have_attribute("aria-rowcount", "2")
    page.get_by_role("button", name="All rows").click()
    expect(page.locator("[role=grid]")).to_have_attribute("aria-rowcount", "41")
    expect(page.get_by_role("button", name="All rows")).to_have_count(0)


def test_columns_are_hidden_and_what_is_pasted_is_seen(visit, voila):
    from playwright.sync_api import expect

    found = page_of(visit, voila)
    page = found.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    menu = _menu_of(page, "Protocol")
    menu.get_by_role("checkbox", name="Amplitude").uncheck()
    menu.get_by_role("checkbox", name="Mean").uncheck()
    found.screenshot("table_menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader")).to_have_count(4)
    cell(page, 1, 0).click()
    assert _copied(page) == [["APWaveform", "mean_frequency", "true", "Show"]]
    page.keyboard.press("ArrowRight")  # over the hidden one
    expect(page.locator(".efe-table-cursor")).to_have_attribute("aria-colindex", "3")
    page.keyboard.press("ArrowLeft")
    page.evaluate("navigator.clipboard.writeText('IDrest\\t150')")
    page.keyboard.press("Control+v")
    found.until("told[-1]", ["paste", "t1", "protocol", [["IDrest", "150"]]])
    expect(page.get_by_role("columnheader")).to_have_count(5)  # Amplitude was pasted into: it is there again

    menu = _menu_of(page, "Protocol")
    for box in menu.get_by_role("checkbox").all():
        if box.is_checked():
            box.click()
    expect(page.get_by_role("columnheader")).to_have_count(1)  # the last one stays


def test_columns_are_widened_by_mouse_and_by_keys(visit, voila):
    from playwright.sync_api import expect

    found = page_of(visit, voila)
    page = found.page
    head = page.get_by_role("columnheader", name="Mean")
    before = head.bounding_box()
    edge, y = before["x"] + before["width"] - 3, before["y"] + before["height"] / 2
    page.mouse.move(edge, y)
    page.mouse.down()
    page.mouse.move(edge + 30, y)
    page.mouse.move(edge + 60, y)
    page.mouse.up()
    assert head.bounding_box()["width"] == pytest.approx(before["width"] + 60, abs=2)
    assert cell(page, 0, 3).bounding_box()["width"] == pytest.approx(before["width"] + 60, abs=2)
    expect(head).to_have_attribute("aria-sort", "none")  # to widen isn't to sort

    cell(page, 0, 3).click()
    for key in ("ArrowUp", "Alt+ArrowRight", "Alt+ArrowRight", "Alt+ArrowLeft"):
        page.keyboard.press(key)
    assert head.bounding_box()["width"] == pytest.approx(before["width"] + 70, abs=2)
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("dialog", name="Mean")).to_be_visible()
    page.keyboard.press("Escape")
    wide = head.bounding_box()
    page.mouse.dblclick(wide["x"] + wide["width"] - 3, y)
    assert head.bounding_box()["width"] == pytest.approx(before["width"], abs=2)


def test_a_range_of_cells_is_copied(visit, voila):
    from playwright.sync_api import expect

    found = page_of(visit, voila)
    page = found.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell(page, 3, 1).hover()  # swept upwards and to the left
    page.mouse.down()
    cell(page, 2, 0).hover()
    cell(page, 1, 0).hover()
    page.mouse.up()
    expect(page.locator(".efe-table-block")).to_have_count(6)
    assert _copied(page) == [["APWaveform", "60"], ["IV", "70"], ["IDrest", "80"]]
    found.until("list(table.selected)", ["t1", "t2", "t3"])

    cell(page, 5, 1).click()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert _copied(page) == [["100", "mean_frequency"], ["110", "time_to_first_spike"]]
    page.keyboard.press("ArrowDown")  # whole rows again
    assert len(_copied(page)[0]) == 6
    cell(page, 0, 0).hover()  # nothing is chosen by a mouse that only passes
    assert page.locator(".efe-table-block").count() == 0
