"""Picture every step of the dashboard in windows of several sizes: ``python -m tests.tools.picture_steps pictures/``.

Shown are the sample cells, or all recordings of a folder that is named behind it. What the page complains of, and how
much of it a window doesn't show, is printed.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import tempfile
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.complaints import listen
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.served import STEPS, Served, button

SIZES = ((800, 600), (1280, 800), (1920, 1080), (2560, 1440))  # px
PATIENCE = 120_000  # ms
BELOW = "Math.round(document.querySelector('.efe-dashboard').getBoundingClientRect().bottom - innerHeight)"
REST = 1500  # ms, until a page that was resized or opened has drawn its figures


def bring(page: Any) -> None:
    """Add all recordings of the folder that is shown, and wait for their results."""
    page.get_by_role("button", name="Add all below …").click()
    page.get_by_role("button", name=re.compile(r"^Add \d")).first.click()
    page.locator(".efe-step-done", has_text="Export").wait_for()


def picture(page: Any, folder: pathlib.Path, sizes: Sequence[tuple[int, int]], theme: str) -> None:
    """Write a picture of each step in each size."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        for number, step in enumerate(STEPS, 1):
            button(page, step).click()
            page.locator(".efe-step-button.mod-active", has_text=step).wait_for()
            page.locator(".efe-run-status .efe-is-ready").wait_for()
            page.mouse.move(2, 2)
            page.wait_for_timeout(REST)
            page.screenshot(path=folder / f"{width}-{theme}-{number}.png")
            below = page.evaluate(BELOW)
            print(f"{width}x{height} {theme} {step}: {max(below, 0):,} px to scroll")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one PNG for each step, size and theme."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("out", type=pathlib.Path)
    wanted.add_argument("recordings", nargs="?", type=pathlib.Path)
    wanted.add_argument("--themes", nargs="+", choices=["light", "dark"], default=["light", "dark"])
    wanted.add_argument("--widths", nargs="+", type=int, default=[width for width, _ in SIZES])
    chosen = wanted.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    shown = [str(chosen.recordings.resolve())] if chosen.recordings else []
    complaints: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Served(pathlib.Path(folder), *shown)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(PATIENCE)
            listen(page, complaints)
            page.goto(server.url)
            if shown:
                bring(page)
            page.locator(".efe-step-done", has_text="Export").wait_for()
            for theme in chosen.themes:
                page.emulate_media(color_scheme=theme)
                page.reload()
                page.locator(".efe-step-done", has_text="Export").wait_for()
                picture(page, chosen.out, [size for size in SIZES if size[0] in chosen.widths], theme)
        finally:
            browser.close()
            server.stop()
    print("\n".join(complaints) or "no complaints")


if __name__ == "__main__":
    main()
