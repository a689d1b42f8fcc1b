"""FileSelector as a person uses it: browse, see the pattern applied, add, edit, upload."""

from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from efewidgets import datasets
from tests.peak_memory import peak_memory

pytestmark = pytest.mark.browser

NASTY = "<img src=x onerror=alert(1)>"
CODE = """
import os
from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector
state = ExtractionState()
files = FileSelector(state, root={root!r}, scratch={scratch!r})
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
display(files)
"""


@pytest.fixture
def folders(tmp_path):
    root, scratch = tmp_path / "data", tmp_path / "scratch"
    (root / "lab" / NASTY).mkdir(parents=True)
    for name in datasets.sample_cells():
        shutil.copy(datasets.sample_folder() / f"{name}.nwb", root / "lab")
    shutil.copy(datasets.sample_folder() / "RS1.nwb", root / "lab" / NASTY / 'it\'s\n"静息".nwb')
    return root, scratch


def code(folders):
    return CODE.format(root=str(folders[0]), scratch=str(folders[1]))


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), pytest.param("dark", 700, marks=pytest.mark.slow)]
)
def test_browse_see_the_pattern_and_add(voila, visit, folders, theme, width):
    found = visit(voila, code(folders), theme=theme, width=width)
    page = found.page
    page.get_by_text("No recordings yet").wait_for()
    found.screenshot(f"empty_{theme}_{width}")
    page.get_by_role("button", name="Open", exact=True).click()
    found.until("files.browser.place", "lab")
    server = page.get_by_role("grid", name="Files and folders")
    server.get_by_text("RS2.nwb").wait_for()
    assert server.get_by_text(NASTY).count() == 1

    folder = page.get_by_label("Folder", exact=True)
    folder.fill("../..")
    folder.press("Enter")
    page.get_by_role("alert").get_by_text("is refused").wait_for()
    found.until("files.browser.place", "lab")

    page.get_by_label("Name", exact=True).fill("RS")
    found.until("[row['id'] for row in files.browser.table.rows]", ["lab/RS1.nwb", "lab/RS2.nwb"])
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Add all below …").click()
    found.until("len(files.preview.proposals), files.looker.waiting", [42, 0])
    accept = page.get_by_role("button", name="Add 6 files to 6 cells")
    accept.wait_for()
    pattern = page.get_by_label("Pattern")
    assert pattern.input_value() == "{cell}"
    pattern.fill("{cell}/{any}")
    page.get_by_role("button", name="Add 6 files to 2 cells").wait_for()
    found.screenshot(f"preview_{theme}_{width}")
    pattern.fill("{cel}")
    page.get_by_text("Did you mean 'cell'").wait_for()
    pattern.fill("{cell}")
    assert found.ask("len(state.files())") == 0
    accept.click()
    found.until("len(state.files()), len(state.inputs.cells)", [42, 6])

    table = page.get_by_role("grid", name="Chosen files")
    table.get_by_text("IDthresh").first.click()
    found.until("state.view.protocol", "IDthresh")
    assert found.ask("state.view.cell in state.inputs.by_name")
    found.ask("files.wait()")
    page.wait_for_timeout(500)
    found.screenshot(f"chosen_{theme}_{width}")

    # many rows at once, by the keyboard
    table.get_by_text("IDthresh").first.click()
    page.keyboard.press("Control+a")
    found.until("len(files.table.selected)", 42)
    table.get_by_role("gridcell").nth(7).dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.type("-14.5")
    page.keyboard.press("Enter")
    found.until("{file.metadata.get('ljp') for _, file in state.inputs.files()} == {-14.5}", True)
    page.get_by_role("button", name="Remove selected").click()
    found.until("len(state.files())", 0)


def send(found, path, seconds):
    found.page.get_by_role("tab", name="Upload").click()
    found.page.get_by_label("Files to upload").set_input_files(path)
    found.until("len(files.upload.received)", 1, seconds)


def upload_flat(found, tmp_path, folders, megabytes, seconds):
    source = tmp_path / "big one.abf"
    piece = os.urandom(1_000_000)
    digest = hashlib.sha256()
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(piece)
            digest.update(piece)
    before = found.ask("rss()")
    send(found, source, seconds)
    after = found.ask("rss()")
    received = folders[1] / "big one.abf"
    whole = hashlib.sha256()
    with received.open("rb") as file:
        while some := file.read(10_000_000):
            whole.update(some)
    assert whole.digest() == digest.digest()
    return before, after


@pytest.mark.slow
def test_fifty_megabytes_in_pieces_with_flat_memory(voila, visit, folders, tmp_path):
    found = visit(voila, code(folders))
    before, after = upload_flat(found, tmp_path, folders, 50, 60)
    assert after - before < 25
    page = found.page
    page.get_by_text("50.0 MB received").wait_for()
    # it is no ABF file: this is said, and nothing breaks
    found.until("files.preview.paths == list(files.upload.received)")

    # a second one of that name is numbered; a third one is cancelled half way
    small = tmp_path / "small" / "big one.abf"
    small.parent.mkdir()
    small.write_bytes(b"1234")
    page.get_by_label("Files to upload").set_input_files(small)
    page.get_by_text("received as big one (2).abf").wait_for()
    found.screenshot("upload_light_1280")
    page.get_by_label("Files to upload").set_input_files(tmp_path / "big one.abf")
    # at once: a click waits until nothing moves, and by then a fast machine may have all of it
    page.get_by_role("button", name="Cancel big one.abf").dispatch_event("click")
    page.get_by_text("cancelled").wait_for()
    found.until("len(files.upload.inbox.incoming)", 0)
    assert sorted(path.name for path in folders[1].iterdir()) == ["big one (2).abf", "big one.abf"]


@pytest.mark.slow
def test_a_gigabyte_with_flat_memory(voila, visit, folders, tmp_path):
    found = visit(voila, code(folders))
    before, after = upload_flat(found, tmp_path, folders, 1000, 400)
    print(
        f"1 GB: {before:.0f} MB before, {after:.0f} MB after",
        peak_memory(),
    )
    assert after - before < 30
