"""What a reader must be told is told by clicks: a table with odd columns, two channels with wrong units."""

from __future__ import annotations

import pytest

from tests.engine.recordings.test_peek import write_swapped, write_table

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector
state = ExtractionState()
files = FileSelector(state, root={root!r}, scratch={scratch!r})
def edges():
    return [[round(m.recording.ton), round(m.recording.toff)] for m in state.results.members.values()]
display(files)
"""


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "data"
    found.mkdir()
    write_table(found / "odd.csv")
    write_swapped(found / "cell.abf")
    return found


def code(folder):
    return CODE.format(root=str(folder), scratch=str(folder.parent / "scratch"))


def choose(found, name):
    """Choose a file in the browser of folders, and select its row in the preview."""
    page = found.page
    page.get_by_role("grid", name="Files and folders").get_by_text(name).click()
    page.get_by_role("button", name="Add selected …").click()
    row = page.get_by_role("grid", name="Files to be added").get_by_text(name).first
    row.wait_for()
    found.until("files.looker.waiting", 0)
    row.click()
    return page


def name_it(page, cell, protocol):
    for at, text in ((2, cell), (3, protocol)):
        page.get_by_role("grid", name="Files to be added").get_by_role("gridcell").nth(at).dblclick()
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), pytest.param("dark", 800, marks=pytest.mark.slow)]
)
def test_a_table_with_odd_columns(voila, visit, folder, theme, width):
    found = visit(voila, code(folder), theme=theme, width=width)
    page = choose(found, "odd.csv")
    name_it(page, "A", "IDrest")
    page.get_by_role("button", name="Add 1 file to 1 cell").click()
    found.until("len(state.files())", 1)
    page.get_by_role("grid", name="Chosen files").get_by_text("odd.csv").first.click()
    page.get_by_role("button", name="Details").last.click()
    form = page.get_by_role("form", name="Details of the selected files")
    form.get_by_text("no column that is plainly the voltage").wait_for()
    found.screenshot(f"details_csv_wrong_{theme}_{width}")
    form.locator("select[name='columns.time']").select_option("A")  # once the file has been looked into
    for label, text in (("Column of voltage", "B"), ("Column of current", "C")):
        form.get_by_label(label).fill(text)
        form.get_by_label(label).press("Enter")
    for label, unit in (("Unit of time", "s"), ("Unit of voltage", "mV"), ("Unit of current", "pA")):
        form.get_by_label(label).select_option(unit)
    found.until("edges()", [[100, 400]], 30)
    assert form.locator("[aria-invalid=true]").count() == 0
    assert form.get_by_label("Stimulus on").get_attribute("placeholder") == "found: 100"
    drawn = page.locator(".efe-live-trace path.line").evaluate_all(
        "all => all.map((one) => (one.getAttribute('d') ?? '').length)"
    )
    assert sum(length > 1000 for length in drawn) == 2, drawn
    found.screenshot(f"details_csv_right_{theme}_{width}")

    # what can't be stays beside its field, and is not taken
    form.get_by_label("Stimulus on").fill("late")
    form.get_by_label("Stimulus on").press("Enter")
    form.get_by_text("Stimulus on must be a number in ms, but is 'late'.").wait_for()
    assert form.get_by_label("Stimulus on").input_value() == "late"
    form.get_by_label("Stimulus on").fill("900")
    form.get_by_label("Stimulus on").press("Enter")
    form.get_by_text("lies outside the recording, which lasts from 0 to 500 ms").wait_for()
    form.get_by_label("Stimulus on").fill("")
    form.get_by_label("Stimulus on").press("Enter")
    found.until("edges()", [[100, 400]], 30)
    assert found.ask("[state.undo() for _ in range(2)] and edges()") == [[100, 400]]


def drop(page, path):
    """Drop a file in the middle of the page, as the mouse does."""
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 640, "y": 500, "data": data})


def test_a_file_is_dropped_anywhere_and_folders_open_by_double_click(voila, visit, folder):
    (folder / "deeper").mkdir()
    write_table(folder / "deeper" / "below.csv")
    found = visit(voila, code(folder))
    page = found.page
    there = page.url
    drop(page, folder / "cell.abf")
    found.until("[row['file'] for row in files.preview.table.rows]", ["cell.abf"], 30)
    assert page.url == there
    assert page.locator(".efe-drop-here").count() == 0
    page.get_by_role("button", name="Cancel", exact=True).click()

    server = page.get_by_role("grid", name="Files and folders")
    server.get_by_text("deeper/").dblclick()
    server.get_by_text("below.csv").wait_for()
    way = page.get_by_role("navigation", name="Folder that is open")
    assert way.get_by_role("button").all_inner_texts() == [str(folder), "deeper"]
    way.get_by_role("button").first.click()
    server.get_by_text("odd.csv").wait_for()
    server.get_by_text("deeper/").click()
    page.keyboard.press("Enter")
    server.get_by_text("below.csv").wait_for()
    server.get_by_text("below.csv").dblclick()
    found.until("[row['file'] for row in files.preview.table.rows]", ["below.csv"], 30)
    name_it(page, "A", "IDrest")
    page.get_by_role("button", name="Add 1 file to 1 cell").click()
    page.get_by_role("grid", name="Chosen files").get_by_text("below.csv").first.click()
    page.keyboard.press("Delete")
    found.until("len(state.files())", 0)


def test_two_channels_with_wrong_units_before_they_are_added(voila, visit, folder):
    found = visit(voila, code(folder))
    page = choose(found, "cell.abf")
    page.get_by_role("button", name="Details").first.click()
    form = page.get_by_role("form", name="Details of the selected files")
    form.locator("select[name=v_channel]").select_option("IN 1")
    form.get_by_label("Current channel").select_option("IN 0")
    form.get_by_label("Unit of current").select_option("nA")
    page.get_by_label("Sweep", exact=True).select_option(index=1)
    found.until("round(float(files.drawer.details.trace.currents.y.max()))", 200)
    found.screenshot("details_abf_light_1280")
    name_it(page, "A", "IDrest")
    page.get_by_role("button", name="Add 1 file to 1 cell").click()
    found.until("edges()", [[100, 400]] * 2, 30)
