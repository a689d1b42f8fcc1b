"""The whole way as a person goes it, from a folder of recordings to a zip that equals what the command writes."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.outputs.standard_files import FILE_NAMES
from tests.browser.served import ROOT, button, sample_lab, until

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Way:
    """What a person does on their way.

    Parameters
    ----------
    name : str
    choose : dict of str: tuple of str
        Rows that are chosen in each folder; "" is the first one.
    added : str
        What the button says that adds the files.
    rheobase : str
        The protocol that decides the rheobases.
    target : tuple of str
        Protocol and amplitudes (% of rheobase) of the targets that are typed.
    pattern, protocol : str, optional
        Typed, the protocol for all files, where names and files don't say them.
    """

    name: str
    choose: dict[str, tuple[str, ...]]
    added: str
    rheobase: str
    target: tuple[str, str]
    pattern: str | None = None
    protocol: str | None = None


SAMPLES = Way(
    "samples", {"": ("RS1.nwb", "FS1.nwb")}, "Add 2 files to 2 cells", "IDthresh", ("IDrest", "150, 200")
)
IGOR = Way(
    "igor",
    {"ibw_sscx": ("C060109A1-SR-C1/", "C061128A4-SR-C1/")},
    "Add 163 recordings to 2 cells",
    "IDthresh",
    ("IDrest", "150, 200"),
)
NWB = Way(
    "nwb",
    {"nwb_bbp_reencoded": ("C060110A3-SR-C1.nwb",)},
    "Add 1 file to 1 cell",
    "IDthresh",
    ("IDrest", "150, 200"),
)
ABF = Way(
    "abf",
    {"abf2_hippocampus": ("97509008.abf",), "abf2_pclamp": ("2021_07_20_0010.abf",)},
    "Add 2 files to 2 cells",
    "Step",
    ("Step", "100, 150"),
    pattern="*/{cell}",
    protocol="Step",
)


class Walker:
    """A person before the page."""

    def __init__(self, page: Any, way: Way):
        self.page, self.way, self.number = page, way, 0

    def go(self, step: str) -> None:
        """Open a step by its button."""
        button(self.page, step).click()
        self.page.locator(".efe-step-button.mod-active", has_text=step).wait_for()

    def press(self, name: str) -> None:
        """Press the button that is seen of this name; an icon may stand before it."""
        self.named(name).click()

    def named(self, name: str) -> Any:
        return self.page.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}$")).locator(
            "visible=true"
        )

    def says(self, step: str) -> str:
        """Return what the button of a step says, of how far it is."""
        return button(self.page, step).inner_text().split("\n", 1)[1]

    def until_says(self, step: str, words: str) -> None:
        until(lambda: re.search(words, self.says(step)) is not None)

    def rest(self) -> None:
        """Wait until everything is computed."""
        self.page.locator(".efe-run-status .efe-is-ready").wait_for()

    def grid(self, name: str) -> Any:
        return self.page.get_by_role("grid", name=name, exact=True).locator("visible=true")

    def look(self, what: str) -> None:
        """Keep a picture if the environment's `SCREENSHOTS` names a folder for them."""
        self.number += 1
        if folder := os.environ.get("SCREENSHOTS"):
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.wait_for_timeout(700)
            self.page.screenshot(path=f"{folder}/{self.way.name}-{self.number:02}-{what}.png", full_page=True)

    # --- the steps

    def recordings(self) -> None:
        page, way = self.page, self.way
        assert self.says("Recordings") == "○ add recordings"
        self.look("empty")
        server = self.grid("Files and folders")
        for folder, rows in way.choose.items():
            if folder:
                row = server.get_by_role("row").filter(has_text=f"{folder}/")
                row.get_by_role("button", name="Open").click()
            for k, name in enumerate(rows):
                server.get_by_text(name, exact=True).click(modifiers=["Control"] if k else [])
            self.press("Add selected …")
            self.grid("Files to be added").get_by_text(rows[0].rstrip("/")).first.wait_for()
            if folder and folder != list(way.choose)[-1]:
                self.press("Up")
        if way.pattern is not None:
            page.get_by_label("Pattern").fill(way.pattern)
            cells = [name.partition(".")[0] for rows in way.choose.values() for name in rows]
            self.grid("Files to be added").get_by_text(cells[0], exact=True).wait_for()
        if way.protocol is not None:
            proposed = self.grid("Files to be added")
            proposed.get_by_role("row").nth(1).get_by_role("gridcell").first.click()
            page.keyboard.press("Control+a")
            column = proposed.get_by_role("columnheader").all_inner_texts().index("Protocol")
            proposed.get_by_role("row").nth(1).get_by_role("gridcell").nth(column).dblclick()
            page.keyboard.type(way.protocol)
            page.keyboard.press("Enter")
        self.named(way.added).wait_for()
        self.look("proposed")
        self.press(way.added)
        self.grid("Chosen files").get_by_role("row").nth(1).wait_for()
        self.rest()
        self.look("chosen")

    def stimuli(self) -> None:
        page = self.page
        self.go("Stimuli & spikes")
        protocol, facts = (
            page.get_by_label("protocol", exact=True).locator("visible=true"),
            page.locator(".efe-facts:visible"),
        )
        if protocol.input_value() != self.way.rheobase:
            other = facts.inner_text()
            protocol.select_option(self.way.rheobase)
            until(lambda: facts.inner_text() != other)
        page.locator(".efe-trace-body [role=row][aria-selected]:visible").last.click()
        self.look("sweep")
        before = self.says("Stimuli & spikes")
        page.get_by_label("reason").locator("visible=true").fill("seal lost")
        self.press("exclude")
        self.until_says("Stimuli & spikes", "1 excluded")
        assert "excluded" not in before
        self.look("excluded")

    def rheobase(self) -> None:
        page = self.page
        self.go("Rheobase")
        self.look("before")
        page.get_by_label(self.way.rheobase, exact=True).check()
        page.get_by_role("radio", name="(flush)").check()
        self.rest()
        self.until_says("Rheobase", r"✓ \d cell")
        page.locator(".efe-rheobase-inspector .bqplot .dot:visible").first.wait_for()
        self.look("found")

    def targets(self) -> None:
        page = self.page
        self.go("Targets")
        self.look("automatic")
        protocol, amplitudes = self.way.target
        self.press("Add targets")
        self.press("replace them")
        page.get_by_role("checkbox", name=protocol, exact=True).locator("visible=true").check()
        page.get_by_role("textbox", name="Amplitudes").fill(amplitudes)
        page.get_by_role("textbox", name="Tolerance").first.fill("20")
        for feature in ("mean_frequency", "AP_amplitude"):
            page.get_by_role("textbox", name="Search").fill(feature)
            row = self.grid("features of eFEL").get_by_role("row").nth(1)
            row.get_by_text(feature, exact=True).wait_for()
            row.get_by_role("checkbox").click()
        self.look("form")
        self.press("Add 4 targets")
        self.press("Add targets")
        self.rest()
        self.look("added")

    def features(self) -> None:
        page = self.page
        self.go("Features")
        dots = page.locator(".efe-feature-panel path.dot:visible")
        dots.first.wait_for()
        self.look("values")
        dots.last.click()
        page.locator(".efe-trace-viewer:visible .bqplot").first.wait_for()
        self.look("chosen")

    def export(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        """Return the zip and the session that were downloaded."""
        page = self.page
        self.go("Export")
        self.rest()
        self.until_says("Export", "✓")
        self.look("export")
        found = []
        for press in ("Download all (zip)", "Download session"):
            if press == "Download session":
                page.locator(".efe-dashboard-toggles button", has_text="Session").click()
            with page.expect_download() as saved:
                self.press(press)
            found.append(folder / saved.value.suggested_filename)
            saved.value.save_as(found[-1])
        self.look("session")
        return found[0], found[1]


def extract(config: pathlib.Path, folder: pathlib.Path) -> None:
    """Run the command on a config; 1 says that there are warnings."""
    command = [sys.executable, "-m", "efewidgets", "extract", str(config), "--output", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=config.parent, encoding="utf-8"
    )
    assert done.returncode in (0, 1), done.stderr


def walk(page: Any, way: Way, folder: pathlib.Path) -> None:
    """Go all six steps, and compare what was downloaded with what the command makes of it."""
    page.set_default_timeout(30_000)
    walker = Walker(page, way)
    walker.recordings()
    walker.stimuli()
    walker.rheobase()
    walker.targets()
    walker.features()
    results, session = walker.export(folder)
    extract(session, folder / "by the command")
    with zipfile.ZipFile(results) as found:
        for name in FILE_NAMES.values():
            mine, theirs = found.read(name), (folder / "by the command" / name).read_bytes()
            assert len(json.loads(mine)) > 0
            assert json.loads(mine) == json.loads(theirs)
            assert mine == theirs
        again = folder / "config.json"
        again.write_bytes(found.read("config.json"))
    assert (
        json.loads(again.read_text(encoding="utf-8"))["targets"]
        == json.loads(session.read_text(encoding="utf-8"))["targets"]
    )


def brightness(page: Any) -> float:
    """Return how bright the paper of the page is, 0 to 255."""
    paper = page.evaluate("getComputedStyle(document.querySelector('.efe-dashboard-footer')).backgroundColor")
    return sum(map(int, re.findall(r"\d+", paper)[:3])) / 3


@pytest.mark.slow
def test_from_the_sample_cells(serve, opened, tmp_path):
    page = opened(serve(sample_lab(tmp_path)).url)
    assert brightness(page) > 240
    walk(page, SAMPLES, tmp_path)
    page.emulate_media(color_scheme="dark")
    assert brightness(page) < 60


def seen(page: Any) -> dict[str, Any]:
    """Return what a person sees of their decisions and of what they have selected, on the step of features."""
    bar = page.locator(".efe-step-button")
    chosen = page.locator(".efe-trace-body [role=row][aria-selected=true]:visible")
    chosen.first.wait_for()
    page.locator(".efe-run-status .efe-is-ready").wait_for()
    return {
        "step": page.locator(".efe-step-button.mod-active").inner_text(),
        "steps": bar.all_inner_texts(),
        "sweep": chosen.all_inner_texts(),
        "facts": page.locator(".efe-facts:visible").inner_text(),
        "points": page.locator(".efe-feature-panel path.dot:visible").count(),
    }


@pytest.mark.slow
def test_a_saved_session_goes_on_where_a_person_was(serve, opened, tmp_path):
    """From the drawer on another page, and by the command: the same step, selection, targets and exclusions."""
    session = tmp_path / "my session.json"
    with ExtractionState.from_arguments(datasets.sample_config(["RS1", "FS1"])) as state:
        sweeps = [i for i, m in state.results.members.items() if (m.cell, m.protocol) == ("FS1", "IDrest")]
        state.exclude(sweeps[:2], "seal lost")
        state.set_targets(list(datasets.sample_config()["targets"])[:9])
        state.save(session)
    page = opened(serve(str(session)).url)
    page.locator(".efe-step-button.mod-active", has_text="Stimuli").wait_for()
    button(page, "Features").click()
    dots = page.locator(".efe-feature-panel path.dot:visible")
    dots.first.wait_for()
    dots.last.click()
    page.locator(".efe-facts:visible", has_text="FS1").wait_for()
    expected = seen(page)
    assert "2 excluded" in "".join(expected["steps"])
    assert "9 targets" in "".join(expected["steps"])

    page.locator(".efe-dashboard-toggles button", has_text="Session").click()
    page.get_by_label("Session file").fill(str(session))
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()
    page.locator(".efe-says", has_text="Saved as").wait_for()
    button(page, "Recordings").click()
    page.locator(".efe-file-selector:visible").wait_for()
    page.get_by_role("button", name="Open", exact=True).locator("visible=true").last.click()
    page.locator(".efe-feature-plots:visible").wait_for()
    assert seen(page) == expected

    again = opened(serve(str(session)).url)
    again.locator(".efe-feature-plots:visible").wait_for()
    again.locator(".efe-feature-panel path.dot:visible").first.wait_for()
    assert seen(again) == expected


@pytest.mark.slow
@pytest.mark.parametrize("way", [IGOR, NWB, ABF], ids=lambda way: way.name)
def test_from_real_recordings(serve, opened, shared_data, tmp_path, way):
    walk(opened(serve(str(shared_data / "recordings")).url), way, tmp_path)
