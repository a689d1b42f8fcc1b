"""A dashboard left alone, and one clicked through, for as long as `EFEWIDGETS_ENDURE` says: silent and no fatter.

Ten minutes each are ``EFEWIDGETS_ENDURE=600 pytest tests/browser/test_dashboard_endurance.py -n 2 -s``.
"""

from __future__ import annotations

import os
import pathlib
import random
import re
import time
from typing import Any

import pytest

from tests.browser.served import Served, button, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = float(os.environ.get("EFEWIDGETS_ENDURE", "60"))
EVERY = min(30.0, SECONDS / 4)  # s between two looks at the memory
WARM = 0.35  # of the time; until then caches fill
SWEEPS = ".efe-trace-body [role=row][aria-selected]:visible"
FLAT = 30  # MB that a kernel may take more after that, in which results of edits are kept


def megabytes(process: int) -> float:
    """Return what a process takes."""
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Visitor:
    """A person who does whatever comes to mind, and takes back what they have changed."""

    def __init__(self, page: Any):
        self.page, self.chance, self.did = page, random.Random(11), 0
        page.set_default_timeout(20_000)

    def act(self) -> None:
        """Do one of the things that can be done."""
        self.chance.choice(
            [self.flip, self.flip, self.step, self.zoom, self.leave_out, self.edit, self.rule]
        )()
        self.did += 1

    def go(self, step: str) -> None:
        button(self.page, step).click()
        self.page.locator(".efe-step-button.mod-active", has_text=step).wait_for()

    def step(self) -> None:
        self.go(self.chance.choice(["Recordings", "Rheobase", "Targets", "Features", "Export"]))
        self.page.wait_for_timeout(300)

    def sweeps(self) -> Any:
        self.go("Stimuli & spikes")
        rows = self.page.locator(SWEEPS)
        rows.first.wait_for()
        return rows

    def flip(self) -> None:
        """Go through some sweeps by keys."""
        rows = self.sweeps()
        rows.nth(self.chance.randrange(rows.count())).click()
        for _ in range(10):
            self.page.keyboard.press(self.chance.choice(["ArrowDown", "ArrowDown", "ArrowUp"]))
            self.page.wait_for_timeout(120)

    def zoom(self) -> None:
        """Zoom by the wheel, and out again."""
        self.sweeps()
        area = self.page.locator(".efe-trace-viewer:visible .bqplot").first.bounding_box()
        self.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
        for way in (-300, 300):
            for _ in range(4):
                self.page.mouse.wheel(0, way)
                self.page.wait_for_timeout(100)

    def leave_out(self) -> None:
        rows = self.sweeps()
        rows.nth(self.chance.randrange(rows.count())).click()
        viewer = self.page.locator(".efe-trace-viewer:visible")
        viewer.get_by_label("reason").fill(f"for reason {self.did}")
        viewer.locator("button", has_text="exclude").first.click()
        self.take_back()

    def edit(self) -> None:
        """Type another amplitude for the first target."""
        self.go("Targets")
        grid = self.page.get_by_role("grid", name="targets", exact=True).locator("visible=true")
        grid.locator('[role="row"][aria-rowindex="2"] [aria-colindex="2"]').dblclick()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(str(self.chance.randrange(101, 900)))
        self.page.keyboard.press("Enter")
        self.take_back()

    def rule(self) -> None:
        """Choose another rule for the rheobase."""
        self.go("Rheobase")
        rules = [
            self.page.get_by_role("radio", name=f"({rule})").locator("visible=true")
            for rule in ("flush", "absolute", "majority")
        ]
        self.chance.choice([rule for rule in rules if not rule.is_checked()]).check()
        self.take_back()

    def take_back(self) -> None:
        """Undo the edit, which must be there to be undone."""
        for name in ("Undo", "Redo"):
            found = self.page.get_by_role("button", name=re.compile(rf"^\W*{name}: ")).locator("visible=true")
            found.first.click(trial=name == "Redo")


@pytest.mark.parametrize("clicked", [False, True], ids=["left alone", "clicked"])
def test_nothing_is_said_and_nothing_grows(serve, opened, tmp_path, clicked):
    server: Served = serve(f"--scratch={tmp_path / 'scratch'}", "--warm=0")
    page = opened(server.url)
    button(page, "Stimuli & spikes").click()
    page.locator(SWEEPS).first.wait_for()  # the first results take their time on a busy machine
    until(lambda: len(server.kernels()) == 1)
    (kernel,) = server.kernels()
    visitor, begun, figures = Visitor(page), time.monotonic(), []
    while (passed := time.monotonic() - begun) < SECONDS:
        if passed >= len(figures) * EVERY:
            figures.append((passed, megabytes(server.process.pid), megabytes(kernel)))
            print(
                "{:4.0f} s: server {:.0f} MB, kernel {:.0f} MB".format(*figures[-1]), visitor.did, flush=True
            )
        if clicked:
            visitor.act()
        else:
            page.wait_for_timeout(500)
    figures.append((SECONDS, megabytes(server.process.pid), megabytes(kernel)))
    print("{:4.0f} s: server {:.0f} MB, kernel {:.0f} MB".format(*figures[-1]), visitor.did, "actions")
    assert server.kernels() == {kernel}
    assert server.log.read_text(encoding="utf-8").splitlines()[1:] == []
    warm = next(figure for figure in figures if figure[0] >= WARM * SECONDS)
    assert figures[-1][1] < warm[1] + 15
    assert figures[-1][2] < warm[2] + FLAT
    assert not clicked or visitor.did > SECONDS / 10
