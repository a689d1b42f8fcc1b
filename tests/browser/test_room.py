"""Room on the page: every step has the whole width, whatever was open before, and no words lie over others."""

from __future__ import annotations

import pytest

from tests.browser.served import STEPS, button

pytestmark = pytest.mark.browser

CODE = """
from efewidgets import Dashboard, ExtractionState, datasets
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
state.run()
dashboard = Dashboard(state)
display(dashboard)
"""

#: The share of the page's width that what stands in a step takes, from its left edge to its right one
TAKEN = """() => {
  const room = document.querySelector(".efe-dashboard-step").getBoundingClientRect();
  const boxes = [...document.querySelectorAll(".efe-dashboard-box:not(.efe-dashboard-hidden)")]
    .map((box) => box.getBoundingClientRect()).filter((box) => box.width && box.height);
  const [left, right] = [Math.min(...boxes.map((b) => b.left)), Math.max(...boxes.map((b) => b.right))];
  const rows = new Set(boxes.map((b) => Math.round(b.top)));
  const sum = boxes.reduce((all, b) => all + b.width, 0);
  return [(right - left) / room.width, rows.size > 1 ? 1 : sum / room.width];
}"""

#: Pairs of words of which one covers the other; what is cut off doesn't count
COVERED = """() => {
  const found = [], words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const [text, of] = [words.currentNode.textContent.trim(), words.currentNode.parentElement];
    if (!text || !of?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (["STYLE", "SCRIPT", "OPTION"].includes(of.tagName) || of.closest(".efe-dashboard-footer")) continue;
    const range = document.createRange();
    range.selectNodeContents(words.currentNode);
    for (const { left, top, right, bottom } of range.getClientRects()) {
      const seen = { text, of, left, top, right, bottom };
      for (let at = of; at && at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflow === "visible") continue;
        const room = at.getBoundingClientRect();
        seen.left = Math.max(seen.left, room.left);
        seen.right = Math.min(seen.right, room.right);
        seen.top = Math.max(seen.top, room.top);
        seen.bottom = Math.min(seen.bottom, room.bottom);
      }
      if (seen.right - seen.left > 2 && seen.bottom - seen.top > 2) found.push(seen);
    }
  }
  const pairs = [];
  found.forEach((a, k) => found.slice(k + 1).forEach((b) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const up = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (a.of !== b.of && across > 2 && up > 4) pairs.push(`${a.text} / ${b.text}`);
  }));
  return pairs;
}"""

#: Of each name of a timing how far it is from the nearest handle, px
NAMES = """() => {
  const handles = [...document.querySelectorAll(".efe-plots .object_grp")].map((one) => one.getBoundingClientRect());
  return [...document.querySelectorAll(".efe-timing-name")].filter((name) => name.style.display !== "none")
    .map((name) => name.getBoundingClientRect())
    .map((name) => Math.min(...handles.map((h) => Math.max(h.left - name.right, name.left - h.right))));
}"""


def walk(page, steps=STEPS):
    """Open steps one after the other; each is at rest when it is handed on."""
    for step in steps:
        button(page, step).click()
        page.locator(".efe-step-button.mod-active", has_text=step).wait_for()
        page.wait_for_function("!document.querySelector('.efe-step-waits')")
        page.wait_for_timeout(900)
        yield step


def test_a_step_has_the_whole_page_after_export_was_open(visit, voila):
    """What was hidden took its room: beside an export that was looked at once there was an empty half."""
    page = visit(voila, CODE, width=1920, height=1080).page
    for step in walk(page, ["Export", *STEPS[:5], "Export"]):
        across, taken = page.evaluate(TAKEN)
        assert min(across, taken) > 0.95, step


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(800, 600), (1280, 800), (1920, 1080), (2560, 1440)])
def test_no_words_lie_over_others(visit, voila, width, height):
    page = visit(voila, CODE, width=width, height=height).page
    for step in walk(page):
        covered = [pair for pair in page.evaluate(COVERED) if not pair.startswith("×")]
        assert covered == [], step
        assert page.evaluate("document.documentElement.scrollWidth") <= width, step


@pytest.mark.slow
def test_a_step_begins_at_its_top(visit, voila):
    """Wherever the one before it was left: its bar, and what can be chosen, are in sight."""
    page = visit(voila, CODE, width=800, height=600).page
    assert list(walk(page, ["Export"]))
    page.get_by_text("What is written").scroll_into_view_if_needed()
    assert page.locator(".efe-step-row").bounding_box()["y"] < 0
    page.get_by_role("button", name="← Features").click()
    page.locator(".efe-step-button.mod-active", has_text="Features").wait_for()
    page.wait_for_function("document.querySelector('.efe-step-row').getBoundingClientRect().top >= 0")


@pytest.mark.slow
def test_the_names_of_timings_follow_when_the_window_is_resized(visit, voila):
    page = visit(voila, CODE, width=1280, height=800).page
    assert list(walk(page, ["Stimuli & spikes"]))
    page.locator(".efe-plots .object_grp").first.wait_for()
    page.locator(".efe-timing-name").first.wait_for()
    for width in (1920, 900, 1500):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(1500)
        assert max(page.evaluate(NAMES)) < 6, width
