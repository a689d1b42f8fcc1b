"""Picture every widget for the documentation, on the sample cells: ``python -m tests.tools.picture_widgets``.

Names choose some of them: ``python -m tests.tools.picture_widgets TraceViewer TimeCourse``.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

from playwright.sync_api import sync_playwright

import efewidgets.widgets as room
from tests.browser.conftest import CHROMIUM, FLAGS, PATIENCE, start_server
from tests.browser.served import ROOT

IMAGES = ROOT / "docs" / "images" / "widgets"
WIDTH, HEIGHT, TALL = 1100, 1000, 1300  # px

SETUP = """
from efewidgets import ExtractionState, datasets, widgets
state = ExtractionState.from_arguments(datasets.sample_config())
state.run()
state.view.cell = "RS1"
state.view.protocol = "IDrest"
"""
#: Code that makes a widget, where it isn't just made of the state
MADE = {
    "ProblemsPanel": 'state.add_files("RS1", "IDrest", "lost.nwb"); state.run()\nshown = widgets.ProblemsPanel(state)',
    "Question": 'shown = widgets.Question("How many spikes at 200 pA?", answer=3, hints=["Look above 0 mV."])',
    "RunBar": 'state.exclude(next(iter(state.results.members)), "seal lost"); shown = widgets.RunBar(state)',
}
#: Other pictures of widgets, by their files' names
MORE = {"TimeCourse": 'shown = widgets.FeaturePlots(state); shown.view.value = "time course"'}
FRAME = """
import ipywidgets
frame = ipywidgets.VBox([shown])
frame.add_class("picture")
display(frame)
"""


def main() -> None:
    """Write one PNG a widget, and those of `MORE`."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server("voila", pathlib.Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            for name in sys.argv[1:] or (*room.__all__, *MORE):
                page = browser.new_page(viewport={"width": WIDTH, "height": TALL if name in MORE else HEIGHT})
                page.set_default_timeout(1000 * PATIENCE)
                made = (MADE | MORE).get(name, f"shown = widgets.{name}(state)")
                page.goto(server.address(SETUP + made + FRAME))
                page.locator(".probe-ask input").wait_for()
                page.wait_for_timeout(2500)
                page.locator(".picture").screenshot(path=str(IMAGES / f"{name}.png"))
                page.close()
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
