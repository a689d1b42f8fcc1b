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

SIZES = ((800, 600), (1280, 800), (1920, 1080), (2560, 1440))  # px

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
    const grid = a.of.closest(".efe-table-grid"), head = (one) => one.of.closest(".efe-table-head");
    if (grid && grid === b.of.closest(".efe-table-grid") && (head(a) || head(b))) return; // rows are scrolled below it
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

#: What can be pressed or typed into and is seen, but half of it only: the rest lies under the footer
UNDER = """() => {
  const edge = document.querySelector(".efe-dashboard-footer").getBoundingClientRect().top;
  return [...document.querySelectorAll("button, input, select, textarea, summary, [role=grid]")]
    .filter((one) => !one.closest(".efe-dashboard-footer") && one.checkVisibility({ visibilityProperty: true }))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 4 && box.height > 4 && box.top < edge && box.bottom > edge + 1)
    .map(([one]) => one.getAttribute("aria-label") || one.textContent.trim() || one.name || one.className);
}"""

#: How high what fills a step is, px, as far as it is seen: of each kind the highest
SEEN = """(kinds) => {
  const edge = document.querySelector(".efe-dashboard-footer").getBoundingClientRect().top;
  return kinds.map((kind) => Math.max(0, ...[...document.querySelectorAll(kind)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().height > 4)
    .map((one) => one.getBoundingClientRect())
    .map((box) => Math.min(box.bottom, edge) - Math.max(box.top, 0))));
}"""
#: Words that are cut, in what must say all of them
CUT = """() => [...document.querySelectorAll(".efe-step-button, .efe-steps .efe-step, .efe-session-saved")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""

#: Where what is shown ends, and where the footer begins, px
ENDS = """() => [
  Math.max(...[...document.querySelectorAll(".efe-dashboard-box:not(.efe-dashboard-hidden) *")]
    .filter((one) => !one.children.length && one.checkVisibility({ visibilityProperty: true }))
    .map((one) => one.getBoundingClientRect().bottom)),
  document.querySelector(".efe-dashboard-footer").getBoundingClientRect().top,
]"""

#: What fills each step
FILLS = {
    "Recordings": [".efe-file-selector .efe-fills"],
    "Stimuli & spikes": [".efe-voltage", ".efe-current", ".efe-trace-body [role=grid]"],
    "Rheobase": [".efe-rheobase-body .efe-fills .efe-fills", ".efe-voltage", ".efe-current"],
    "Targets": [".efe-target-editor .efe-fills"],
    "Features": [".efe-feature-panel .efe-fills", ".efe-voltage", ".efe-current"],
    "Export": [".efe-results-panel .efe-fills"],
}

#: Of these the panels of the traces
TRACES = {
    step: [kind for kind in kinds if kind in (".efe-voltage", ".efe-current")]
    for step, kinds in FILLS.items()
}


def walk(page, steps=STEPS):
    """Open steps one after the other; each is at rest when it is handed on."""
    for step in steps:
        button(page, step).click()
        page.locator(".efe-step-button.mod-active", has_text=step).wait_for()
        page.wait_for_function("!document.querySelector('.efe-step-waits')")
        page.wait_for_timeout(900)
        yield step


@pytest.mark.slow
def test_a_step_has_the_whole_page_after_export_was_open(visit, voila):
    """What was hidden took its room: beside an export that was looked at once there was an empty half."""
    page = visit(voila, CODE, width=1920, height=1080).page
    for step in walk(page, ["Export", *STEPS[:5], "Export"]):
        across, taken = page.evaluate(TAKEN)
        assert min(across, taken) > 0.95, step


@pytest.mark.slow
def test_no_words_lie_over_others(serve, opened):
    page = opened(serve().url)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for step in walk(page):
            covered = [pair for pair in page.evaluate(COVERED) if not pair.startswith("×")]
            assert covered == [], (width, step)
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


def seen(page, step):
    """Return how high what fills a step is, px, when its figures are drawn."""
    page.wait_for_function(f"() => ({SEEN})({FILLS[step]!r}).some((high) => high > 60)")
    if TRACES[step]:
        page.locator(".efe-plots .object_grp").first.wait_for()
        page.wait_for_timeout(600)
    return dict(zip(FILLS[step], page.evaluate(SEEN, FILLS[step]), strict=True))


def test_the_plots_have_the_room_that_the_window_leaves(visit, voila):
    """Nothing of the traces lies under the footer, whatever is said of a sweep; larger windows are filled."""
    found = visit(voila, CODE, width=1280, height=800)
    page, top = found.page, "document.querySelector('.efe-voltage').getBoundingClientRect().top"
    below = f"{top} - document.querySelector('.efe-step-row').getBoundingClientRect().bottom"
    assert list(walk(page, ["Stimuli & spikes"]))
    first = seen(page, "Stimuli & spikes")
    assert page.evaluate(UNDER) == []
    assert first[".efe-voltage"] > 180
    assert first[".efe-current"] > 100
    before = page.evaluate(below)
    assert before < 190
    found.ask("state.describe(list(state.results.members)[:1], drug='TTX', note='x' * 200)")
    page.get_by_text("TTX").first.wait_for()
    assert page.evaluate(below) == before  # what is noted pushes nothing away
    page.set_viewport_size({"width": 2560, "height": 1440})
    page.wait_for_timeout(900)
    large = seen(page, "Stimuli & spikes")
    assert large[".efe-voltage"] > 600
    assert large[".efe-current"] > 300
    assert page.evaluate(UNDER) == []


@pytest.mark.slow
def test_each_step_fills_the_window(serve, opened):
    """What a step is for is in sight at once, larger in larger windows, and no words of where one is are cut."""
    page = opened(serve().url)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for step in walk(page):
            found = seen(page, step)
            if width < 1180 and step in ("Rheobase", "Features"):  # the traces stand below
                found = {kind: high for kind, high in found.items() if kind not in TRACES[step]}
            assert min(found.values()) > height * (0.045 if height < 700 else 0.14), (width, step, found)
            if height > 1000 and step != "Export":
                edge, footer = page.evaluate(ENDS)
                assert footer - edge < 40, (width, step, edge, footer)
                assert page.evaluate(UNDER) == [], (width, step)
            assert page.evaluate(CUT) == [], (width, step)


@pytest.mark.parametrize("width", [1280, 1920])
def test_what_undo_takes_back_is_said_whole(visit, voila, width):
    found = visit(voila, CODE, width=width)
    found.ask("state.exclude(list(state.results.members)[:12], 'seal lost')")
    undo = found.page.locator(".efe-steps .efe-step", has_text="Undo: ")
    undo.wait_for()
    assert undo.evaluate("node => node.scrollWidth <= node.clientWidth"), undo.inner_text()
