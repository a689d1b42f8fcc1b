"""Steps clicked while the kernel is busy: marked at once, said to wait, never two; the last click counts."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CODE = """
import time, ipywidgets
from efewidgets import Dashboard, ExtractionState, datasets
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
dashboard = Dashboard(state)
opened = []
state.view.observe(lambda change: opened.append(change.new), "tab")
busy = ipywidgets.Button(description="be busy")
busy.on_click(lambda _: time.sleep(3))
display(busy, dashboard)
"""

#: Clicks on steps, and says after each which are marked, and how many ms later; and what stands on the last
CLICKS = """async (titles) => {
  const buttons = [...document.querySelectorAll('.efe-step-button')];
  const marked = () => buttons.filter((one) => one.classList.contains('mod-active'));
  const found = [];
  for (const title of titles) {
    const begun = performance.now();
    buttons.find((one) => one.textContent.includes(title)).click();
    const step = marked().map((one) => one.textContent.split('\\n')[0].slice(2));
    found.push([step, performance.now() - begun]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return found;
}"""


def marked(page):
    return [one.inner_text().split("\n")[0][2:] for one in page.locator(".efe-step-button.mod-active").all()]


@pytest.fixture
def page(visit, voila):
    found = visit(voila, CODE)
    found.page.locator(".efe-step-button.mod-active", has_text="Recordings").wait_for()
    found.page.set_default_timeout(15_000)
    return found


def test_steps_clicked_while_the_kernel_is_busy(page):
    """There and back, as a person does who sees nothing happen: both clicks count, and the last one last."""
    page.page.get_by_role("button", name="be busy").click()
    found = page.page.evaluate(CLICKS, ["Targets", "Recordings", "Export", "Rheobase"])
    assert [step for step, _ in found] == [["Targets"], ["Recordings"], ["Export"], ["Rheobase"]]
    assert max(ms for _, ms in found) < 1000  # long before the kernel comes
    waits = page.page.locator('.efe-step-button[aria-busy="true"]')
    waits.get_by_text("opening").wait_for(timeout=1500)
    assert waits.count() == 1
    page.page.locator(".efe-rheobase-inspector:visible").wait_for()
    page.until("opened[-1]", "rheobase")
    assert marked(page.page) == ["Rheobase"]
    assert page.page.locator('[aria-busy="true"]').count() == 0
    assert page.page.get_by_text("opening").count() == 0


@pytest.mark.slow
def test_the_step_that_is_open_clicked_after_another(page):
    page.page.get_by_role("button", name="be busy").click()
    page.page.evaluate(CLICKS, ["Targets", "Recordings"])
    page.until("opened[-1:] + [dashboard.step]", ["recordings", "recordings"])
    assert marked(page.page) == ["Recordings"]
    assert page.page.locator('[aria-busy="true"]').count() == 0


@pytest.mark.slow
def test_a_step_opened_in_python_is_marked(page):
    page.ask("setattr(dashboard, 'step', 'features')")
    page.page.locator(".efe-step-button.mod-active", has_text="Features").wait_for()
    page.page.evaluate(CLICKS, ["Features", "Targets"])
    page.ask("setattr(dashboard, 'step', 'export')")
    page.page.locator(".efe-step-button.mod-active", has_text="Export").wait_for()
    assert marked(page.page) == ["Export"]


def test_steps_by_keys(page):
    page.page.locator(".efe-step-button", has_text="Targets").focus()
    page.page.keyboard.press("Enter")
    page.page.locator(".efe-target-editor:visible").wait_for()
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Space")
    page.until("dashboard.step", "features")
    assert marked(page.page) == ["Features"]
