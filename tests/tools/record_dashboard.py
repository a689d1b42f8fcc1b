"""Record the README's animation and picture of the real dashboard: ``python -m tests.tools.record_dashboard``.

A browser is driven through the steps as a person would, on the sample cells. The page is photographed when it changes;
the mouse, which the browser doesn't photograph, is drawn in.
"""

from __future__ import annotations

import pathlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.served import ROOT, Served, button

IMAGES = ROOT / "docs" / "images"
SEEN = (1280, 850)  # px of the page
SHOWN = (1000, 664)  # px of the animation
SCALE = SHOWN[0] / SEEN[0]
COLOURS = 128
GREYS = (*range(0, 246, 5), 255)  # of these; none so near to white that white becomes it
STEP = 50  # ms between two places of a moving mouse
#: The tip is at the origin; px of the page
ARROW = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]
LIMIT = 2_000_000  # bytes of the animation


@dataclass
class Recorder:
    """A person with a mouse, and a camera.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """

    page: Any
    at: tuple[float, float] = (860.0, 420.0)
    sight: Image.Image | None = None
    frames: list[tuple[Image.Image, int]] = field(default_factory=list)

    def look(self) -> None:
        """Photograph the page."""
        picture = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        self.sight = picture.resize(SHOWN, Image.Resampling.LANCZOS)

    def keep(self, ms: int, pressed: bool = False) -> None:
        """Add what is seen, with the mouse, for some ms."""
        assert self.sight is not None
        frame = self.sight.copy()
        x, y = (SCALE * place for place in self.at)
        draw = ImageDraw.Draw(frame)
        if pressed:
            draw.ellipse((x - 11, y - 11, x + 11, y + 11), outline="#d55e00", width=3)
        arrow = [(x + 1.15 * right, y + 1.15 * down) for right, down in ARROW]
        draw.polygon(arrow, fill="black", outline="white")
        self.frames.append((frame, ms))

    def rest(self, ms: int, settle: int = 500) -> None:
        """Wait until the page has settled, photograph it, and hold the picture."""
        self.page.wait_for_timeout(settle)
        self.page.locator(".efe-run-status .efe-is-ready").wait_for()
        self.look()
        self.keep(ms)

    def glide(self, to: tuple[float, float]) -> None:
        """Move the mouse there, quicker in the middle of its way."""
        (x, y), steps = self.at, 5
        for k in range(1, steps + 1):
            part = (k / steps) ** 2 * (3 - 2 * k / steps)
            self.at = (x + part * (to[0] - x), y + part * (to[1] - y))
            self.keep(STEP)
        self.page.mouse.move(*to)

    def over(self, found: Any) -> tuple[float, float]:
        """Move the mouse over something on the page; return where that is."""
        found.wait_for()
        found.scroll_into_view_if_needed()
        box = found.bounding_box()
        place = (box["x"] + min(box["width"] / 2, 60), box["y"] + box["height"] / 2)
        self.glide(place)
        return place

    def click(self, found: Any, hold: int = 650, times: int = 1) -> None:
        """Click on something, and look at what that does."""
        place = self.over(found)
        self.look()
        self.keep(90, pressed=True)
        self.page.mouse.click(*place, click_count=times)
        self.rest(hold)

    def drag(self, found: Any, by: float, hold: int = 800) -> None:
        """Drag something to the right."""
        x, y = self.over(found)
        self.page.mouse.down()
        for k in range(1, 9):
            self.at = (x + by * k / 8, y)
            self.page.mouse.move(*self.at)
            self.page.wait_for_timeout(60)
            self.look()
            self.keep(STEP, pressed=True)
        self.page.mouse.up()
        self.rest(hold, settle=2000)

    def type(self, text: str, hold: int = 700) -> None:
        """Type what is then seen letter by letter."""
        for letter in text:
            self.page.keyboard.type(letter)
            self.look()
            self.keep(70)
        self.keep(hold)


def the(page: Any, name: str) -> Any:
    """Return the button of this name that is seen; an icon may stand before it."""
    named = page.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}\W*$"))
    return named.locator("visible=true").first


def tell(recorder: Recorder) -> None:
    """Go through the steps."""
    page, click = recorder.page, recorder.click
    recorder.rest(900)
    click(the(page, "overlay all"))
    click(page.locator(".efe-trace-body [role=row][aria-selected]:visible").last)
    timing = (
        page.locator(".efe-plots .object_grp").filter(has_text="toff").locator("path").locator("visible=true")
    )
    recorder.drag(timing.first, -150)
    click(page.locator(".efe-run-bar button", has_text="Undo"), 300)
    click(button(page, "Rheobase"))
    click(page.get_by_role("gridcell", name="FS1", exact=True).locator("visible=true").first)
    click(button(page, "Targets"), 600)
    tolerance = page.get_by_role("grid").locator("visible=true").first.get_by_role("row").nth(2)
    click(tolerance.get_by_role("gridcell", name="15", exact=True), 200, times=2)
    page.keyboard.press("ControlOrMeta+A")
    recorder.type("60", 200)
    page.keyboard.press("Enter")
    recorder.rest(1000)
    click(button(page, "Features"))
    click(page.locator(".efe-feature-panel path.dot:visible").last, 900)
    click(page.get_by_label("reason").locator("visible=true").first, 100)
    recorder.type("drift", 150)
    page.keyboard.press("Tab")
    click(the(page, "exclude 1 recording"), 1000)
    click(button(page, "Export"), 500)
    click(the(page, "Download all (zip)"), 1800)


def palette(frames: list[Image.Image]) -> Image.Image:
    """Return an image whose colours are greys, for the page, and those that occur in its figures."""
    seen = np.concatenate([np.asarray(frame).reshape(-1, 3) for frame in frames])
    lively = np.unique(
        seen[np.ptp(seen, axis=1) > 24], axis=0
    )  # each once: a point counts as much as a button
    lively = np.resize(lively, (1000 * (len(lively) // 1000 + 1), 3))
    colours = Image.fromarray(lively.reshape(-1, 1000, 3)).quantize(
        COLOURS - len(GREYS), Image.Quantize.MEDIANCUT
    )
    greys = np.repeat(np.array(GREYS, np.uint8), 3)
    found = Image.new("P", (1, 1))
    found.putpalette([*greys.tolist(), *(colours.getpalette() or [])[: 3 * (COLOURS - len(GREYS))]])
    return found


def save(frames: list[tuple[Image.Image, int]], path: pathlib.Path) -> None:
    """Write an animation in few colours, the same for all frames."""
    kept: list[tuple[Image.Image, int]] = []
    for frame, ms in frames:  # what looks as before is shown longer
        if kept and ImageChops.difference(kept[-1][0], frame).getbbox() is None:
            kept[-1] = (kept[-1][0], kept[-1][1] + ms)
        else:
            kept.append((frame, ms))
    colours = palette([frame for frame, _ in kept[:: max(len(kept) // 16, 1)]])
    first, *others = (frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame, _ in kept)
    durations = [ms for _, ms in kept]
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {len(kept)} frames, {sum(durations) / 1000:.1f} s, {size / 1e6:.2f} MB")
    assert size <= LIMIT, "too large: take fewer frames or colours"


def with_page(deed: Callable[[Any], None]) -> None:
    """Do something with a page of a dashboard on the sample cells."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        server = Served(pathlib.Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                page = browser.new_page(viewport={"width": SEEN[0], "height": SEEN[1]})
                page.set_default_timeout(120_000)
                page.goto(server.url)
                page.locator(".efe-step-done", has_text="Export").wait_for()
                deed(page)
                browser.close()
        finally:
            server.stop()


def main() -> None:
    """Write docs/images/dashboard.gif and dashboard.png."""

    def animation(page: Any) -> None:
        recorder = Recorder(page)
        tell(recorder)
        save(recorder.frames, IMAGES / "dashboard.gif")

    def picture(page: Any) -> None:
        button(page, "Features").click()
        page.locator(".efe-feature-panel path.dot:visible").last.click()
        page.locator(".efe-trace-viewer:visible .bqplot").first.wait_for()
        page.mouse.move(2, 2)
        page.set_viewport_size({"width": 1440, "height": 1180})
        page.get_by_role("heading", name="efewidgets").scroll_into_view_if_needed()
        page.wait_for_timeout(2000)
        page.screenshot(path=IMAGES / "dashboard.png")

    with_page(animation)
    with_page(picture)


if __name__ == "__main__":
    main()
