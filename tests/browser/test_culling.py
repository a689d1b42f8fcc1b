"""Keys in a browser: a hundred sweeps gone through by keys alone, the palette, the sheet, and whose keys are whose."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

#: The page, and how long each key takes in the kernel
CODE = """
import time
from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.state import BackgroundRunner
state = ExtractionState.from_arguments(datasets.sample_config(), runner=BackgroundRunner())
state.run(); state.wait()
dashboard = Dashboard(state)
dashboard.step = "stimuli"
took, usual = [], dashboard.keyboard.do
def do(identity):
    begin = time.perf_counter()
    usual(identity)
    took.append(time.perf_counter() - begin)
dashboard.keyboard.do = do
def order():
    members = state.results.members
    cells = list(state.inputs.by_name)
    def place(one):
        member = members[one]
        protocols = list(state.inputs.by_name[member.cell].groups)
        return cells.index(member.cell), protocols.index(member.protocol), member.recording.amp
    return sorted(members, key=place)
def decided():
    said = {f"{file.id}/{sweep}": why for _, file in state.inputs.files() for sweep, why in file.excluded.items()}
    return said | {one: True for one in state.inputs.accepted}
display(dashboard)
"""

#: What each key makes of the sweep that it is pressed on; None if it only goes on
KEYS = {
    "x": "noisy",
    "2": "seal lost",
    "Space": True,
    "1": "noisy",
    "ArrowRight": None,
    "5": "artefact",
    "a": True,
}


@pytest.mark.slow
def test_a_hundred_sweeps_are_culled_by_keys_alone(visit, voila):
    """Pressed as fast as the browser can, so that the kernel is behind: each is about the sweep that was meant."""
    found = visit(voila, CODE, width=1440)
    page = found.page
    page.locator(".efe-trace-viewer .efe-trace-body .efe-table-grid").wait_for()
    order = found.ask("order()")
    assert len(order) > 110
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("1")  # the reason that X gives from here on
    pressed = [name for name, _ in zip(list(KEYS) * 15, range(99), strict=False)]
    for key in pressed:
        page.keyboard.press(key)
    expected, last = {order[0]: "noisy"}, "noisy"
    for sweep, key in zip(order[1:], pressed, strict=False):
        said = last if key == "x" else KEYS[key]
        last = said if isinstance(said, str) else last
        if said is not None:
            expected[sweep] = said
    found.until("len(took)", 100, 60)
    assert found.ask("decided()") == expected
    assert found.ask("list(state.view.recordings)") == [order[100]]  # and the next stands there
    found.screenshot("culled")
    times = sorted(found.ask("took"))
    print(f"kernel, s a key: median {times[50]:.4f}, 95 % {times[95]:.4f}, most {times[-1]:.4f}")
    page.locator("body").click(position={"x": 2, "y": 2})  # out of the text field in which was asked
    for _ in range(3):
        page.keyboard.press("Control+z")
    found.until("len(took)", 103, 30)
    assert found.ask("len(decided())") == len(expected) - 3


def free(page):
    """Take the focus out of what was asked in."""
    page.locator("body").click(position={"x": 2, "y": 2})


@pytest.fixture
def stimuli(visit, voila):
    """The page at its second step, a sweep being shown."""
    found = visit(voila, CODE)
    found.page.locator(".efe-trace-viewer .efe-trace-body .efe-table-grid").wait_for()
    free(found.page)
    return found


def test_a_command_is_found_by_typing(stimuli):
    page = stimuli.page
    page.locator(".efe-step-button", has_text="Targets").focus()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    palette.wait_for()
    box = palette.get_by_role("combobox")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    assert palette.get_by_role("option").count() > 20
    stimuli.screenshot("palette")
    page.keyboard.type("undo")  # letters are for the field, not keys of the page
    assert palette.get_by_role("option").first.get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")  # nothing is to be undone: it stays
    assert palette.is_visible()
    page.keyboard.press("Escape")
    assert palette.count() == 0
    assert "Targets" in page.evaluate("document.activeElement.textContent"), "the focus goes back"
    page.keyboard.press("Control+k")
    page.keyboard.type("step rheo")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    active = box.get_attribute("aria-activedescendant")
    assert "Rheobase" in page.locator(f"#{active}").inner_text()
    page.keyboard.press("Enter")
    page.locator(".efe-rheobase-inspector:visible").wait_for()
    assert palette.count() == 0
    page.keyboard.press("Control+k")
    page.keyboard.type("<b>no such</b>")
    palette.get_by_text("nothing is called that").wait_for()
    page.keyboard.press("Control+k")  # pressed again it closes
    assert palette.count() == 0
    assert stimuli.ask("decided()") == {}


@pytest.mark.slow
def test_a_download_by_its_name(stimuli):
    page = stimuli.page
    with page.expect_download() as download:
        page.keyboard.press("Control+k")
        page.keyboard.type("download all")
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "efewidgets-results.zip"


@pytest.mark.slow
def test_the_keys_are_shown(stimuli):
    page = stimuli.page
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    sheet.wait_for()
    for words in ("It is right", "Exclude: seal lost", "Next sweep", "Ctrl+Shift+Z"):
        sheet.get_by_text(words, exact=True).first.wait_for()
    stimuli.screenshot("keys")
    page.keyboard.press("x")  # nothing is done meanwhile
    page.keyboard.press("?")
    assert sheet.count() == 0
    page.get_by_role("button", name="Keys", exact=True).click()
    sheet.wait_for()
    page.keyboard.press("Escape")
    assert sheet.count() == 0
    assert stimuli.ask("decided()") == {}


@pytest.mark.slow
def test_text_fields_lists_and_buttons_have_their_own_keys(stimuli):
    page = stimuli.page
    reason = page.get_by_role("textbox", name="reason")
    reason.click()
    page.keyboard.type("x1 u?")
    page.keyboard.press("Control+k")
    page.keyboard.press("Control+z")
    reason.fill("pipette moved")
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("Enter")
    first = stimuli.ask("order()")[0]
    stimuli.until("decided()", {first: "pipette moved"})
    page.get_by_role("button", name="pipette moved", exact=True).wait_for()  # remembered, with a number
    page.get_by_role("combobox", name="cell", exact=True).focus()
    for key in ("x", "1", "Space", "Escape", "ArrowRight"):
        page.keyboard.press(key)
    button = page.locator(".efe-step-button", has_text="Features")
    button.focus()
    page.keyboard.press("Space")  # presses it
    page.locator(".efe-feature-plots:visible").wait_for()
    assert stimuli.ask("decided()") == {first: "pipette moved"}


def test_what_was_clicked_has_no_keys_of_its_own(stimuli):
    """Space after a click on a button pressed it again: after "Next" it left the step instead of accepting a sweep."""
    page, order = stimuli.page, stimuli.ask("order()")
    page.get_by_role("button", name="next ▶").click()
    stimuli.until("list(state.view.recordings)", order[1:2])
    page.get_by_role("button", name="next ▶").click()  # the probe had the focus
    page.keyboard.press("Space")
    stimuli.until("decided()", {order[2]: True})
    assert stimuli.ask("dashboard.step") == "stimuli"
    protocol = page.get_by_role("combobox", name="protocol", exact=True)
    before = protocol.input_value()
    protocol.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("([one, was]) => one.value !== was", arg=[protocol.element_handle(), before])
    page.keyboard.press(
        "ArrowRight"
    )  # the first sweep of the protocol that was chosen, and not another protocol
    stimuli.until("len(state.view.recordings)", 1)
    chosen = protocol.input_value()
    assert stimuli.ask("state.results.members[state.view.recordings[0]].protocol") == chosen != before
    # Tab gives a button its keys
    page.get_by_role("button", name="next ▶").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    accepted = stimuli.ask("len(state.inputs.accepted)")
    page.get_by_role("button", name="◀ previous").focus()
    page.keyboard.press("Space")
    assert stimuli.ask("len(state.inputs.accepted)") == accepted


def test_a_key_is_about_what_was_chosen_just_before_however_busy_the_kernel_is(stimuli):
    page = stimuli.page
    order = stimuli.ask("order()")
    options = page.get_by_role("grid", name="sweeps").locator("[role=row][aria-selected]")
    options.nth(0).click()
    for n in (1, 3):
        page.evaluate("document.querySelector('.probe-ask input').value = ''")
        box = page.locator(".probe-ask input")
        box.fill(f"{900 + n} time.sleep(1.5)")
        box.press("Enter")
        options.nth(0).click()
        options.nth(n).click()
        page.keyboard.press("2" if n == 1 else "Space")
    ids = stimuli.ask("[row.id for row in dashboard.parts['TraceViewer'].view_data().rows]")
    stimuli.until("decided()", {ids[1]: "seal lost", ids[3]: True})
    assert order[:2] == ids[:2]


@pytest.mark.slow
def test_dark(visit, voila):
    found = visit(voila, CODE, width=1000, theme="dark")
    page = found.page
    page.locator(".efe-trace-viewer .efe-trace-body .efe-table-grid").wait_for()
    found.ask("[state.accept(order()[:1]), state.exclude(order()[1:2], 'drift')]")
    free(page)
    page.keyboard.press("Space")
    page.get_by_role("status").get_by_text("Accepted").wait_for()
    found.screenshot("dark-stimuli")
    page.keyboard.press("Control+k")
    found.screenshot("dark-palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    found.screenshot("dark-keys")


VIEWER = """
from efewidgets import ExtractionState, datasets
from efewidgets.widgets import TraceViewer
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
state.run()
viewer = TraceViewer(state)
def decided():
    said = {f"{file.id}/{sweep}": why for _, file in state.inputs.files() for sweep, why in file.excluded.items()}
    return said | {one: True for one in state.inputs.accepted}
display(viewer)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_in_a_notebook_the_keys_are_those_of_the_widget_that_has_the_focus(visit, request, kind):
    found = visit(request.getfixturevalue(kind), VIEWER, height=1100)
    page = found.page
    viewer = page.locator(".efe-trace-viewer")
    viewer.wait_for()
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.locator(".jp-InputPrompt").first.click()  # the notebook has the focus
    page.keyboard.press("ArrowRight")
    page.keyboard.press("u")
    assert found.ask("list(state.view.recordings)") == []
    plot = viewer.locator(".efe-plots .bqplot").first
    plot.scroll_into_view_if_needed()
    plot.click(position={"x": 200, "y": 100})  # now the widget has
    first = found.ask("viewer.active")
    plot.click(position={"x": 200, "y": 100})
    page.keyboard.press("2")
    page.keyboard.press("x")  # would cut the notebook's cell
    page.keyboard.press("Space")
    found.until("sorted(map(str, decided().values()))", ["True", "seal lost", "seal lost"])
    assert first in found.ask("decided()")
    plot.click(position={"x": 200, "y": 100})
    page.keyboard.press("Control+z")
    found.until("sorted(map(str, decided().values()))", ["seal lost", "seal lost"])
    plot.click(position={"x": 200, "y": 100})
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Commands").wait_for()
    found.screenshot(f"palette-{kind}")
    page.keyboard.type("redo")
    page.keyboard.press("Enter")
    found.until("sorted(map(str, decided().values()))", ["True", "seal lost", "seal lost"])
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
