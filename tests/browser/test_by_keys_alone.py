"""All six steps without a mouse: what a person does by clicks is done by Tab, arrows, Space and Enter."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import pytest

from efewidgets.engine.outputs.standard_files import FILE_NAMES
from tests.browser.served import button, sample_lab, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: The name that a screen reader says of what has the focus, as far as this page needs it
NAME = """
() => {
  const at = document.activeElement;
  const by = (at.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id));
  const labels = [...by, ...(at.labels || [])].map(e => e?.innerText);
  const words = [at.getAttribute("aria-label"), ...labels];
  if (at.matches("button, a, [role=button], [role=tab]")) words.push(at.innerText);
  return words.filter(Boolean).join(" ").replace(/\\s+/g, " ").trim();
}
"""

#: More presses of Tab than any step has controls
MOST = 250


class Keys:
    """A person who has no mouse."""

    def __init__(self, page: Any):
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, name: str, key: str = "Tab") -> None:
        """Press Tab until the control of this name (a pattern) has the focus."""
        met: list[str] = []
        for _ in range(MOST):
            self.press(key)
            met.append(self.page.evaluate(NAME))
            if re.search(name, met[-1]):
                return
        raise AssertionError(f"Tab meets no {name!r}, but {sorted(set(met))}")

    def type(self, text: str) -> None:
        self.press("Control+a")
        self.page.keyboard.type(text)

    def go(self, step: str) -> None:
        """Open a step."""
        self.to(rf"^\W*\d {re.escape(step)}")
        self.press("Enter")
        self.page.locator(".efe-step-button.mod-active", has_text=step).wait_for()

    def says(self, step: str) -> str:
        return str(button(self.page, step).inner_text()).split("\n", 1)[1]

    def rest(self) -> None:
        self.page.locator(".efe-run-status .efe-is-ready").wait_for()


@pytest.fixture
def keys(serve, opened, tmp_path):
    page = opened(serve(sample_lab(tmp_path)).url)
    page.set_default_timeout(30_000)
    page.get_by_role("grid", name="Files and folders").get_by_text("RS1.nwb").wait_for()
    return Keys(page)


def test_from_a_folder_to_the_files(keys, tmp_path):
    page = keys.page
    keys.to("^Files and folders")
    keys.press("Control+a")
    keys.to("^Add selected")
    keys.press("Enter")
    page.get_by_role("button", name="Add 2 files to 2 cells").first.wait_for()
    keys.to("^Add 2 files to 2 cells")
    keys.press("Enter")
    keys.rest()
    until(lambda: "2 cells" in keys.says("Recordings"))

    keys.go("Stimuli & spikes")
    page.locator(".efe-trace-body [role=row][aria-selected=true]:visible").first.wait_for()
    keys.press("2")  # seal lost
    until(lambda: "1 excluded" in keys.says("Stimuli & spikes"))
    keys.to("^toff")
    keys.type("650")
    keys.press("Enter")
    keys.rest()
    until(lambda: "by hand" in page.locator(".efe-facts:visible").inner_text())

    keys.go("Rheobase")
    keys.to("^IDthresh$")
    if not page.evaluate("document.activeElement.checked"):
        keys.press("Space")
    keys.to(r"\(flush\)|\(absolute\)|\(majority\)|\(interpolation\)")
    keys.press("ArrowDown")
    keys.rest()
    until(lambda: re.search(r"✓ \d cell", keys.says("Rheobase")) is not None)

    keys.go("Targets")
    keys.to("^Add targets$")
    keys.press("Enter")
    keys.to("^replace them$")
    keys.press("Enter")
    keys.to("^IDrest$")
    keys.press("Space")
    keys.to("^Amplitudes")
    keys.type("150, 200")
    keys.to("^Search")
    keys.type("mean_frequency")
    page.get_by_role("grid", name="features of eFEL").get_by_text("mean_frequency", exact=True).wait_for()
    keys.to("^features of eFEL")
    keys.press("Space")
    keys.to("^Add 2 targets$")
    keys.press("Enter")
    keys.rest()
    until(lambda: "2 targets" in keys.says("Targets"))

    keys.go("Features")
    page.locator(".efe-feature-panel path.dot:visible").first.wait_for()

    keys.go("Export")
    keys.rest()
    keys.to(r"^\W*Download all \(zip\)")
    with page.expect_download() as saved:
        keys.press("Enter")
    found = tmp_path / "results.zip"
    saved.value.save_as(found)
    with zipfile.ZipFile(found) as files:
        assert set(FILE_NAMES.values()) <= set(files.namelist())
