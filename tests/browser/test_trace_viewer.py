"""Traces in a real browser: zoom with the wheel, drag a timing, exclude, step through sweeps."""

from __future__ import annotations

import pytest

from tests.browser.served import until

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
    sweeps = page.get_by_role("grid", name="sweeps")
    chosen = sweeps.locator("[role=row][aria-selected=true]")
    until(lambda: chosen.count() == 12)
    sweeps.focus()
    for key in ("End", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    found.until("viewer.view_data().chosen == (viewer.view_data().rows[10].id,)")
    assert chosen.count() == 1
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
    page.mouse.wheel(0, -300)  # without Ctrl it is the page's
    page.wait_for_timeout(200)
    assert found.ask("state.view.time_range") is None
    page.keyboard.down("Control")
    for _ in range(12):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(20)
    page.keyboard.up("Control")
    found.until("state.view.time_range is not None and points() < 1500")
    low, high = found.ask("state.view.time_range")
    pixel = 1400 / area["width"]  # ms; a mouse is at whole ones
    assert low - pixel < 700 < high + pixel
    assert high - low < 100
    assert abs(found.ask("points()") - (high - low) / 0.1) < 6
    found.screenshot("zoomed")
    page.get_by_role("button", name="whole sweep").click()
    found.until("points() > 2000")

    # toff is dragged
    handles = page.locator(".efe-plots .object_grp")
    assert handles.count() >= 2
    handle = page.locator(".efe-plots .object_grp", has_text="toff").locator("path")
    until(lambda: handle.bounding_box()["width"] > 0)  # made anew, it isn't at its place at once
    box = handle.bounding_box()
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


def at_rest(place):
    """Return where something is once it moves no more: on a busy machine the list beside the plots comes late."""
    before = None
    while (now := place.bounding_box()) != before:
        before = now
        place.page.wait_for_timeout(500)
    return now


@pytest.mark.slow
def test_a_person_looks_closer(visit, voila):
    """Values at the mouse, cursors, box, wheel, and a click on one of several traces."""
    found = visit(voila, CODE, width=1280)
    page = found.page
    page.locator(".efe-plots .object_grp").first.wait_for()
    page.locator(".efe-trace-viewer [aria-rowindex]").nth(
        12
    ).wait_for()  # the list leaves the plots their room
    area = at_rest(page.locator(".efe-panel .plotarea_events").first)
    left, top, wide, high = (area[name] for name in ("x", "y", "width", "height"))
    told = page.locator(".efe-readout-mouse")

    def press(key):
        page.locator(".efe-legend").first.click()  # the probe had the focus
        page.keyboard.press(key)

    def ms(x):
        return (x - left) / wide * 1400

    # a click on one of twelve traces chooses it: the one with the largest current, by its current
    current = at_rest(page.locator(".efe-panel .plotarea_events").nth(1))
    found.ask("globals().update(strongest=[row.id for row in viewer.view_data().rows[-2:]])")  # repeats
    level, ends = found.ask(
        "(float(viewer.view_data().curves[-1].seen.current.max()), viewer.view_data().currents)"
    )
    y = current["y"] + current["height"] * (ends[1] - level) / (ends[1] - ends[0])
    page.mouse.click(left + wide / 2, y + 1)
    found.until("state.view.recordings[0] in strongest", True)
    press("o")
    found.until("len(viewer.view_data().curves)", 12)
    press("o")
    found.until("state.view.recordings[0] in strongest", True)

    # values at the mouse are those of the sweep
    page.mouse.move(left + 0.05 * wide, top + high / 2)
    told.get_by_text("mV").wait_for()
    time, voltage, _ = (float(part.split()[0].replace("−", "-")) for part in told.inner_text().split("   "))
    assert time == pytest.approx(ms(left + 0.05 * wide), abs=1)
    assert voltage == pytest.approx(
        found.ask("float(viewer.cache.get(state.results, viewer.active).trace.voltage[700])"), abs=1
    )

    # cursors: by key, dragged, by arrows
    press("k")
    page.get_by_role("slider", name="cursor A").wait_for()
    box = page.get_by_role("slider", name="cursor A").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(left + 0.2 * wide, box["y"] + 100, steps=5)
    page.mouse.up()
    found.until(f"abs(state.view.cursors[0] - {ms(left + 0.2 * wide)}) < 3")
    before = found.ask("state.view.cursors[0]")
    page.get_by_role("slider", name="cursor A").press("ArrowRight")
    found.until(f"state.view.cursors[0] > {before}")
    a, b = found.ask("[[float(x) for x in one] for one in viewer.view_data().read]")
    words = page.locator(".efe-readout-cursors").inner_text().replace("−", "-")
    shown = {part.split()[0]: float(part.split()[1]) for part in words.split("  ·  ")[2:]}
    assert shown["Δt"] == pytest.approx(b[1] - a[1], abs=0.06)
    assert shown["ΔV"] == pytest.approx(b[2] - a[2], abs=0.01)
    assert shown["slope"] == pytest.approx((b[2] - a[2]) / (b[1] - a[1]), abs=1e-3)
    press(".")
    found.until(f"state.view.cursors[0] > {a[0]} + 6")
    found.screenshot("cursors")

    # a box zooms both axes, Alt and the wheel the height, a double click goes back
    page.mouse.move(left + 0.3 * wide, top + 0.1 * high)
    page.mouse.down()
    page.mouse.move(left + 0.4 * wide, top + 0.6 * high, steps=6)
    page.mouse.up()
    found.until("state.view.time_range is not None and state.view.voltage_range is not None")
    low, high_ = found.ask("list(state.view.time_range)")
    assert (low, high_) == pytest.approx((ms(left + 0.3 * wide), ms(left + 0.4 * wide)), abs=3)
    assert found.ask("viewer.view_data().currents == viewer.view_data().most_currents") is True
    found.screenshot("box")
    page.mouse.dblclick(left + wide / 2, top + 0.3 * high)
    found.until("state.view.time_range is None and state.view.voltage_range is None")
    page.mouse.move(left + wide / 2, top + 0.5 * high)
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Alt")
    found.until("state.view.voltage_range is not None and state.view.time_range is None")
    press("0")
    found.until("state.view.voltage_range", None)

    # with Shift dragging moves what is shown
    press("+")
    found.until("list(state.view.time_range)", [350, 1050])
    page.mouse.move(left + 0.6 * wide, top + 0.4 * high)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(left + 0.7 * wide, top + 0.4 * high, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    found.until("abs(state.view.time_range[0] - 280) < 2")

    # a timing's line is dragged anywhere on it
    press("0")
    found.until("state.view.time_range", None)
    x = left + 200 / 1400 * wide
    page.mouse.move(x, top + 0.6 * high)
    page.mouse.down()
    page.mouse.move(x + 30, top + 0.6 * high, steps=5)
    page.mouse.up()
    found.until(f"abs(own().get('ton', 0) - {ms(x + 30)}) < 2")


@pytest.mark.slow
def test_a_person_takes_figures_along(visit, voila, tmp_path):
    """The contact sheet, a feature's marks, and what is drawn as SVG, PNG and CSV."""
    found = visit(voila, CODE)
    page = found.page
    page.locator(".efe-plots .object_grp").first.wait_for()
    page.get_by_role("button", name="all sweeps", exact=True).click()
    small = page.locator(".efe-small")
    small.first.wait_for()
    assert small.count() == 12
    found.screenshot("sheet")
    small.nth(8).click()
    found.until("(state.view.plot, len(state.view.recordings))", ["traces", 1])
    page.get_by_role("combobox", name="marks of").select_option("AP_amplitude")
    page.locator(".efe-marked", has_text="peak (18)").wait_for()
    page.locator(".efe-plots .object_grp").first.wait_for()
    files = {kind: _saved(page, kind, tmp_path) for kind in ("SVG", "PNG", "CSV")}
    drawing = files["SVG"].decode("utf-8")
    assert all(label in drawing for label in ("time (ms)", "voltage (mV)", "current (pA)"))
    assert "var(" not in drawing  # it depends on no style sheet
    assert files["PNG"].startswith(b"\x89PNG")
    rows = files["CSV"].decode("utf-8").splitlines()
    assert rows[0] == "cell,protocol,sweep,time_ms,voltage_mV,current_pA"
    assert len(rows) == 1 + found.ask("viewer.cache.get(state.results, viewer.active).trace.n")


def _saved(page, kind, folder):
    """Return what a button saves; where it doesn't, say what stands beside it."""
    from playwright.sync_api import TimeoutError as TooLate

    beside = page.get_by_role("group", name="save the figures")
    try:
        with page.expect_download() as told:
            beside.get_by_role("button", name=kind).click()
    except TooLate:
        pytest.fail(f"{kind} isn't saved; the page says {beside.get_by_role('alert').text_content()!r}")
    told.value.save_as(folder / told.value.suggested_filename)
    return (folder / told.value.suggested_filename).read_bytes()


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_list_is_sorted_and_filtered_and_next_goes_as_it_is_shown(visit, voila):
    found = visit(voila, CODE)
    page = found.page
    sweeps = page.get_by_role("grid", name="sweeps")
    chosen = sweeps.locator("[role=row][aria-selected=true]")
    until(lambda: chosen.count() == 12)
    numbers = sweeps.locator("[role=row][aria-selected] [aria-colindex='2']")
    sweeps.get_by_role("columnheader", name="#").click()
    found.until("state.view.order", "acquired")
    at = "[role=row][aria-rowindex='{}'] [aria-colindex='2']"  # rows stand anywhere in the document
    until(
        lambda: (
            [sweeps.locator(at.format(n + 2)).inner_text() for n in range(12)] == [*map(str, range(1, 13))]
        )
    )
    sweeps.get_by_role("columnheader", name="Spikes").click()
    sweeps.get_by_role("columnheader", name="Spikes").click()
    found.until("state.view.order", "-spikes")
    found.screenshot("list-by-spikes")

    # arrows choose; other keys are the viewer's, and go on in the order that is shown
    sweeps.locator(at.format(2)).click()
    found.until("viewer.active == viewer.view_data().rows[0].id", True)
    sweeps.focus()  # the probe had it
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    found.until("viewer.active == viewer.view_data().rows[2].id", True)
    sweeps.focus()
    page.keyboard.press("Space")
    found.until("len(state.inputs.accepted)", 1)
    found.until("viewer.active == viewer.view_data().rows[3].id", True)

    # a filter, typed into the menu of a column
    sweeps.get_by_role("columnheader", name="State").click(button="right")
    page.locator(".efe-table-filter").fill("accepted")
    found.until("state.view.filters", {"state": "accepted"})
    until(lambda: numbers.count() == 2)  # the chosen one stays
    page.keyboard.press("Escape")
    page.get_by_text("2 of 12 rows").wait_for()
    found.screenshot("list-filtered")
    page.get_by_role("button", name="All rows").click()
    until(lambda: numbers.count() == 12)
    for width in (800, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_timeout(500)
        found.screenshot(f"list-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
