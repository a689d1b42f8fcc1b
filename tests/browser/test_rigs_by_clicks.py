"""Recordings of other rigs, by clicks: two cells in one file, a file that is elsewhere, a name that says nothing."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil

import numpy as np
import pytest

from efewidgets.engine.outputs.standard_files import FILE_NAMES
from efewidgets.engine.remote import store
from tests.browser.served import button, until
from tests.browser.test_dashboard_walk import extract
from tests.engine.readers.binary_files import write_abf2
from tests.engine.remote.server import serving

pytestmark = pytest.mark.browser

N = 10_000  # samples of a sweep, 1 s
#: Currents (pA) of three sweeps; spikes of the two cells, whose peaks (mV) are their own
CURRENTS, PEAKS = (100, 200, 300), {"Vm_1": 31, "Vm_3": 17}
WIDTHS = (1280, 700)


def spiking(peak: float, spikes: int) -> np.ndarray:
    """Return a voltage at −70 mV with spikes of 2 ms in the middle of the sweep, array (N,), mV."""
    voltage = np.full(N, -70.0)
    shape = np.interp(np.arange(20), [0, 5, 19], [0, 1, 0])
    for at in np.linspace(3000, 6500, spikes).astype(int):
        voltage[at : at + 20] += (peak + 70.0) * shape
    return voltage


def two_cells(path: pathlib.Path) -> pathlib.Path:
    """Write an ABF file: Vm_1 and Vm_3 with currents of their own, Vm_2 was only listened to."""
    channels = [("Vm_1", "mV"), ("Vm_2", "mV"), ("Vm_3", "mV"), ("Im_1", "pA"), ("Im_3", "pA")]
    sweeps = []
    for k, amp in enumerate(CURRENTS):
        sweep = np.zeros((N, 5))
        sweep[:, 0], sweep[:, 1] = spiking(PEAKS["Vm_1"], 2 * k), -65.0
        sweep[:, 2] = spiking(PEAKS["Vm_3"], 3 * k)
        sweep[2000:7000, 3], sweep[2000:7000, 4] = amp, amp / 2
        sweeps.append(np.rint(sweep * 32).astype(np.int16))
    return write_abf2(path, channels, sweeps, gains=[1 / 32] * 5)


def look(page, name: str) -> None:
    """Keep pictures, wide and narrow, light and dark, if the environment's `SCREENSHOTS` names a folder for them."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(600)
            page.screenshot(path=f"{folder}/{name}_{scheme}_{width}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def grid(page, name: str):
    return page.get_by_role("grid", name=name, exact=True).locator("visible=true")


def cells_of(page, name: str) -> list[list[str]]:
    """Return the texts of a table's rows, without its head."""
    rows = grid(page, name).get_by_role("row").all()[1:]
    return [[cell.inner_text().strip() for cell in row.get_by_role("gridcell").all()] for row in rows]


def press(page, name: str) -> None:
    page.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}$")).locator("visible=true").click()


def rest(page) -> None:
    page.locator(".efe-run-status .efe-is-ready").wait_for()


def propose(page, name: str) -> None:
    grid(page, "Files and folders").get_by_text(name, exact=True).click()
    press(page, "Add selected …")
    grid(page, "Files to be added").get_by_text(name, exact=True).first.wait_for()


def with_two_cells_proposed(serve, opened, lab: pathlib.Path):
    """Open a page on a folder with one file of two cells, which is proposed."""
    lab.mkdir()
    two_cells(lab / "pair.abf")
    page = opened(serve(str(lab)).url)
    page.set_default_timeout(30_000)
    propose(page, "pair.abf")
    page.get_by_text("Vm_3 ← Im_3").wait_for()
    return page


def name_protocols(page, name: str) -> None:
    """Type the protocol of all rows that are proposed, at once."""
    proposed = grid(page, "Files to be added")
    proposed.get_by_role("row").nth(1).get_by_role("gridcell").first.click()
    page.keyboard.press("Control+a")
    proposed.get_by_role("row").nth(1).get_by_role("gridcell").nth(3).dblclick()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    until(lambda: {row[3] for row in cells_of(page, "Files to be added")} == {name})


def features_of(page, folder: pathlib.Path) -> pathlib.Path:
    """Go on from the recordings to the peaks at 150 % of rheobase; return the folder of what was downloaded."""
    button(page, "Rheobase").click()
    page.get_by_label("IDrest", exact=True).check()
    rest(page)
    button(page, "Targets").click()
    press(page, "Add targets")
    press(page, "replace them")
    page.get_by_role("checkbox", name="IDrest", exact=True).locator("visible=true").check()
    page.get_by_role("textbox", name="Amplitudes").fill("150")
    page.get_by_role("textbox", name="Search").fill("peak_voltage")
    row = grid(page, "features of eFEL").get_by_role("row").nth(1)
    row.get_by_text("peak_voltage", exact=True).wait_for()
    row.get_by_role("checkbox").click()
    press(page, "Add 1 target")
    press(page, "Add targets")
    rest(page)
    button(page, "Features").click()
    page.locator(".efe-feature-panel path.dot:visible").nth(1).wait_for()  # a dot a cell
    button(page, "Export").click()
    rest(page)
    with page.expect_download() as saved:
        press(page, "Download all (zip)")
    saved.value.save_as(folder / "results.zip")
    shutil.unpack_archive(folder / "results.zip", folder / "results")
    return folder / "results"


def peaks_in(folder: pathlib.Path) -> tuple[float, float]:
    """Return mean and spread of the peaks (mV) in the file of features."""
    found = json.loads((folder / FILE_NAMES["features"]).read_text(encoding="utf-8"))
    (one,) = [one for places in found["IDrest_150"].values() for one in places if "peak" in one["feature"]]
    return tuple(one["val"])


#: Each cell gives the mean of its spikes' peaks: (31 + 17) / 2 and half their difference
EXPECTED = pytest.approx((24.0, 7.0), abs=0.05)


@pytest.mark.slow
def test_two_cells_in_one_file(serve, opened, tmp_path):
    """Channels say which current is whose, who was listened to isn't added; the peaks are those that were written."""
    page = with_two_cells_proposed(serve, opened, tmp_path / "lab")
    rows = cells_of(page, "Files to be added")
    assert [row[1] for row in rows] == ["Vm_1 ← Im_1", "Vm_3 ← Im_3"]
    assert all("only listened to, and not added: Vm_2" in row[-1] for row in rows)
    name_protocols(page, "IDrest")
    look(page, "two_cells_proposed")
    press(page, "Add 1 file to 2 cells")
    grid(page, "Chosen files").get_by_role("row").nth(2).wait_for()
    rest(page)
    assert [(row[1], row[4]) for row in cells_of(page, "Chosen files")] == [
        ("pair_Vm_1", "3"),
        ("pair_Vm_3", "3"),
    ]
    assert [row[-1] for row in cells_of(page, "Chosen files")] == ["", ""]  # nothing is wrong with these two
    look(page, "two_cells_chosen")
    assert peaks_in(features_of(page, tmp_path)) == EXPECTED


def type_address(page, address: str) -> None:
    page.get_by_role("tab", name="Elsewhere").click()
    page.get_by_label("Address", exact=True).fill(address)
    press(page, "Add …")


def files_in(folder: pathlib.Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names]


@pytest.mark.slow
def test_a_recording_elsewhere(serve, opened, tmp_path, monkeypatch):
    """Typed, stopped while it comes, typed again, added: the features are those of the local file, byte by byte."""
    pytest.importorskip("requests", reason="requests (efewidgets[remote]) isn't installed")
    fetched, lab, far = tmp_path / "fetched", tmp_path / "lab", tmp_path / "far"
    monkeypatch.setenv(store.VARIABLE, str(fetched))
    lab.mkdir()
    far.mkdir()
    path = two_cells(far / "pair.abf")
    with serving(far) as server:
        server.slowly = 1.0  # 50 kB each: it would take 6 s
        page = opened(serve(str(lab)).url)
        page.set_default_timeout(30_000)
        type_address(page, "pair.abf")
        page.get_by_role("alert").get_by_text("must begin with https://").wait_for()

        type_address(page, f"{server.url}/pair.abf")
        page.get_by_text(re.compile("fetching pair.abf: .* of 30. kB")).wait_for()
        if not os.environ.get("SCREENSHOTS"):
            for step in ("Targets", "Recordings"):  # the page goes on
                button(page, step).click()
                page.locator(".efe-step-button.mod-active", has_text=step).wait_for()
        else:
            look(page, "elsewhere_fetching")
        press(page, "Stop")
        page.get_by_text("stopped: nothing of pair.abf is kept.").wait_for()
        until(lambda: files_in(fetched) == [])
        look(page, "elsewhere_stopped")
        server.slowly = 0.0

        press(page, "Add …")
        page.get_by_text("Vm_3 ← Im_3").wait_for()
        name_protocols(page, "IDrest")
        look(page, "elsewhere_proposed")
        press(page, "Add 1 file to 2 cells")
        grid(page, "Chosen files").get_by_role("row").nth(2).wait_for()
        rest(page)
        results = features_of(page, tmp_path)
        address = f"{server.url}/pair.abf"
    assert peaks_in(results) == EXPECTED
    config = (results / "config.json").read_text(encoding="utf-8")
    assert config.count(address) == 2
    (tmp_path / "near.json").write_text(config.replace(address, str(path)), encoding="utf-8", newline="\n")
    extract(tmp_path / "near.json", tmp_path / "near")
    mine, near = results / FILE_NAMES["features"], tmp_path / "near" / FILE_NAMES["features"]
    assert mine.read_bytes() == near.read_bytes()


@pytest.mark.slow
def test_behind_a_fence_the_tab_says_that_no_host_is_allowed(serve, opened, tmp_path):
    lab = tmp_path / "lab"
    lab.mkdir()
    page = opened(serve(f"--root={lab}", "--read-only", "--warm=0").url)
    page.set_default_timeout(30_000)
    button(page, "Recordings").click()  # without a path the sample cells are shown
    page.get_by_role("tab", name="Elsewhere").click()
    page.get_by_text("must allow their hosts (--allow-host)").locator("visible=true").wait_for()
    assert page.get_by_label("Address", exact=True).locator("visible=true").count() == 0
    look(page, "elsewhere_fence")


@pytest.mark.slow
def test_behind_a_fence_another_host_than_the_allowed_is_refused(serve, opened, tmp_path):
    lab = tmp_path / "lab"
    lab.mkdir()
    with serving(lab) as server:
        options = ("--read-only", "--warm=0", "--allow-host=data.example.org")
        page = opened(serve(f"--root={lab}", *options).url)
        page.set_default_timeout(30_000)
        button(page, "Recordings").click()
        type_address(page, f"{server.url}/pair.abf")
        page.get_by_role("alert").get_by_text("can't be read here").wait_for()
        assert page.get_by_text("May be read from: data.example.org.").locator("visible=true").count() == 1
        assert server.requests == []
        look(page, "elsewhere_other_host")


@pytest.mark.slow
def test_a_name_that_says_nothing_is_read_by_the_current(serve, opened, tmp_path):
    """Offered, taken by a click, taken back by Undo; before the click nothing is read so."""
    page = with_two_cells_proposed(serve, opened, tmp_path / "lab")
    name_protocols(page, "protocol_004")
    press(page, "Add 1 file to 2 cells")
    offered = grid(page, "Stimuli by the current")
    offered.get_by_text("protocol_004", exact=True).wait_for()
    look(page, "by_current_offered")

    def families():
        return {row[3] for row in cells_of(page, "Chosen files")}

    assert families() == {"?"}
    press(page, "Read as Step")
    until(lambda: families() == {"Step"})
    until(lambda: offered.count() == 0)
    look(page, "by_current_taken")
    page.locator("button:visible", has_text="Undo").first.click()
    until(lambda: families() == {"?"})
    offered.get_by_text("protocol_004", exact=True).wait_for()
