"""The notebooks for teaching as a student uses them: by mouse and keyboard, on the pages that Voila makes of them."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from tests.browser.conftest import PROBE, Server

pytestmark = pytest.mark.browser

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"


@dataclasses.dataclass
class Page(Server):
    """A server whose page is one of the notebooks, with a probe at its end."""

    name: str = ""

    def address(self, code: str, more: str = "") -> str:
        """Copy the notebook to the server; return where it is opened."""
        import nbformat

        notebook = nbformat.read(NOTEBOOKS / f"{self.name}.ipynb", 4)
        notebook.cells.append(nbformat.v4.new_code_cell(PROBE, id="probe"))
        nbformat.write(notebook, self.folder / f"{self.name}.ipynb")
        return f"{self.url}/voila/render/{self.name}.ipynb{more}"


@pytest.fixture
def study(visit, voila):
    """``study("10_…", width=…, theme=…)`` opens a notebook as a page."""

    def open_page(name: str, **options: Any) -> Any:
        fields = {field.name: getattr(voila, field.name) for field in dataclasses.fields(Server)}
        found = visit(Page(**fields, name=name), "", **options)
        found.page.set_default_timeout(20000)
        return found

    return open_page


def question(page: Any, words: str) -> Any:
    """Return a question by some of its words."""
    return page.locator(".efe-question", has_text=words)


def answer(asked: Any, reply: str) -> None:
    """Type an answer and press Enter."""
    asked.get_by_role("textbox").fill(reply)
    asked.get_by_role("textbox").press("Enter")


@pytest.mark.slow
def test_what_is_rheobase(study):
    found = study("10_what_is_rheobase")
    page = found.page
    assert page.locator(".jp-InputArea-editor, .jp-mod-error").count() == 0  # no code, no error on the page
    cell = page.locator(".efe-virtual-cell").first
    slider = cell.get_by_role("slider", name="Amplitude")
    cell.get_by_text("No spike").wait_for()

    # sweeps that are not there yet can't be asked about
    measured = question(page, "Which rheobase do your sweeps give?")
    answer(measured, "60")
    measured.get_by_text("Keep a series of sweeps first").wait_for()

    # by mouse, by arrow keys and by the exact number
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in (0.5, 0.6, 0.65):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(60)
    page.mouse.up()
    cell.locator(".efe-fires").wait_for()
    found.until("cell.amplitude > 0.08 and len(cell.plots.spikes.x) > 2")
    dragged = found.ask("cell.amplitude")
    assert cell.get_by_role("slider", name="Duration").input_value() == "500"  # each has a name of its own
    slider.press("ArrowLeft")
    found.until("cell.amplitude", round(dragged - 0.001, 4))
    exact = cell.get_by_label("Amplitude, exact (pA)")
    exact.fill("56")
    exact.press("Enter")
    found.until("(cell.amplitude, len(cell.plots.spikes.x))", [0.056, 1])
    exact.fill("fifty")
    exact.press("Enter")
    cell.get_by_text("The amplitude must be a number").wait_for()
    assert exact.input_value() == "56"

    # a series of sweeps, seen in the inspector
    for name, value in (("from", "0"), ("to", "100"), ("in steps of", "10")):
        cell.get_by_label(name, exact=True).fill(value)
        cell.get_by_label(name, exact=True).press("Tab")
    cell.get_by_role("button", name="Keep a series").click()
    cell.get_by_text("Kept: 11 sweeps").wait_for()
    inspector = page.locator(".efe-rheobase-inspector")
    inspector.get_by_text("rheobase 60 pA").wait_for()
    assert found.ask("len(cell.plots.behind.x)") == 11

    # wrong, then right; the answer isn't on the page before
    answer(measured, "50")
    measured.get_by_text("Too low.").wait_for()
    answer(measured, "60 pA")
    measured.get_by_text("Right!").wait_for()
    finer = question(page, "what is the rheobase, to 1 pA?")
    answer(finer, "56")
    finer.get_by_text("look between").wait_for()
    found.ask("len(cell.keep_series(0.051, 0.059, 0.001))")
    inspector.get_by_text("rheobase 56 pA").wait_for()
    answer(finer, "56")
    finer.get_by_text("Right!").wait_for()

    # one of several, by keyboard alone
    height = question(page, "A stronger current")
    height.get_by_label("makes no difference").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    height.get_by_text("Not this one.").wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    height.get_by_text("Right!").wait_for()
    found.screenshot("rheobase")


@pytest.mark.slow
def test_features_and_thresholds(study):
    found = study("11_features_and_thresholds", width=700, theme="dark")
    page = found.page
    asked = question(page, "AP_amplitude, their mean")
    answer(asked, "50")
    asked.get_by_text("Keep a sweep of APWaveform first").wait_for()
    page.get_by_role("button", name="Keep this sweep").first.click()
    page.get_by_text("Kept: 1 sweep (APWaveform").wait_for()
    found.until("len(state.results.feature_table.query('protocol == \"APWaveform\"'))", 4)
    page.locator(".efe-feature-plots").first.get_by_text("AP_duration_half_width").first.wait_for()
    answer(asked, "50")
    asked.get_by_text("Too low.").wait_for()
    amplitude = found.ask("measured('APWaveform', 'AP_amplitude')")
    answer(asked, f"{amplitude:.1f}")
    asked.get_by_text("Right!").wait_for()

    # the detection threshold: the cell has not changed, its number of spikes has
    before = found.ask("len(train.recorded.spike_times)")
    assert before > 5
    page.get_by_role("slider", name="Detection threshold").press("End")
    found.until("(train.threshold, len(train.recorded.spike_times), len(train.plots.spikes.x))", [60, 0, 0])
    exact = page.get_by_role("textbox", name="Detection threshold, exact (mV)")
    exact.fill("-20")
    exact.press("Enter")
    found.until("(train.threshold, len(train.plots.spikes.x))", [-20, before])

    # the answer is shown to who asks for it, and not before
    half = question(page, "And its half width?")
    assert "The answer" not in half.inner_text()
    half.get_by_role("button", name="Show the answer").click()
    half.get_by_text("The answer: 0.7").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found.screenshot("features")


@pytest.mark.slow
def test_other_peoples_text_and_an_answer_that_stays_hidden(visit, voila):
    nasty = "<img src=x onerror=window.hurt=1>"
    code = f"""
from efewidgets import ExtractionState
from efewidgets.widgets import Question, VirtualCell
nasty = {nasty!r}
cell = VirtualCell(ExtractionState(), name=nasty, protocols=["IDthresh"])
chosen = Question(nasty, answer="b", choices=[nasty, "b"], hints=[nasty], explanation=nasty)
number = Question("How much?", answer=98765.0, unit=nasty, hints=["Think."])
display(cell, chosen, number)
"""
    found = visit(voila, code)
    page = found.page
    page.set_default_timeout(20000)
    asked = question(page, "How much?")
    answer(asked, "1")
    asked.get_by_text("Too low. Think.").wait_for()
    assert "98765" not in page.content()
    asked.get_by_role("button", name="Show the answer").click()
    asked.get_by_text("The answer: 9.876e+04").wait_for()
    first = page.locator(".efe-question").first
    first.get_by_label(nasty).check()
    first.get_by_role("button", name="Check").click()
    first.get_by_text("Not this one.").wait_for()
    page.get_by_role("button", name="Keep this sweep").click()
    found.until("list(cell.state.inputs.by_name)", [nasty])
    assert page.locator(".efe img, .efe-question img").count() == 0
    assert page.evaluate("window.hurt") is None
