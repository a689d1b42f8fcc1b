"""Next adds what waits on the first step, or says why it can't."""

from __future__ import annotations

import shutil
import threading

import pytest

from efewidgets import Dashboard, datasets
from tests.engine.recordings.test_peek import write_table


@pytest.fixture
def dashboard(tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    shutil.copy(datasets.sample_folder() / "RS1.nwb", root)
    write_table(root / "odd.csv", ("t (s)", "Vm (mV)", "Im (pA)"))
    found = Dashboard(root=root, scratch=tmp_path / "scratch")
    yield found
    found.close()


def choose(dashboard, name):
    files = dashboard.parts["FileSelector"]
    files.choose([name])
    assert files.wait()
    files.refresh()
    return files


def test_next_adds_what_waits(dashboard):
    assert dashboard.next.description == "Next: Stimuli & spikes →"
    files = choose(dashboard, "RS1.nwb")
    assert dashboard.next.description == "Add 1 file to 1 cell →"
    revision = dashboard.state.revision
    dashboard.next.click()
    assert dashboard.step == "stimuli"
    assert [cell.name for cell in dashboard.state.inputs.cells] == ["RS1"]
    assert dashboard.state.revision > revision
    assert files.waiting == ""
    dashboard.back.click()
    assert dashboard.next.description == "Next: Stimuli & spikes →"
    # what is there already holds nobody up
    choose(dashboard, "RS1.nwb")
    assert dashboard.next.description == "Next: Stimuli & spikes →"
    dashboard.next.click()
    assert (dashboard.step, files.preview.paths) == ("stimuli", [])


def test_next_says_what_is_lacking(dashboard):
    files, shown = choose(dashboard, "odd.csv"), []
    assert dashboard.next.description == "Say cells and protocols →"
    files.preview._in_sight.send = shown.append
    dashboard.next.click()
    assert shown == [{"kind": "show"}]  # the details of a file may stand between the button and the table
    assert dashboard.step == "recordings"
    assert dashboard.message.text == (
        "Files wait to be added: nothing can be added: say cells and protocols first. Or press Cancel below them."
    )
    files.preview.table.edit("0", "protocol", "IDrest")
    assert dashboard.message.text == ""  # it lacks nothing any more
    dashboard.next.click()
    assert (dashboard.step, dashboard.message.text) == ("stimuli", "")
    assert len(dashboard.state.files()) == 1
    dashboard.back.click()
    choose(dashboard, "RS1.nwb")
    files.preview.cancel.click()
    assert dashboard.next.description == "Next: Stimuli & spikes →"


def test_next_says_that_files_are_looked_into(dashboard, monkeypatch):
    """It said what could be added of those known so far, and then refused to add them."""
    files, go = dashboard.parts["FileSelector"], threading.Event()
    look = files.looker._look
    monkeypatch.setattr(files.looker, "_look", lambda path: go.wait(60) and look(path))
    files.choose(["RS1.nwb", "odd.csv"])
    assert dashboard.next.description == "Looking into 2 files…"
    dashboard.next.click()
    assert dashboard.step == "recordings"
    assert "still being looked into: wait a moment" in dashboard.message.text
    go.set()
    assert files.wait()
    files.refresh()
    assert dashboard.next.description == "Add 1 file to 1 cell →"


def test_next_waits_for_a_search(dashboard, monkeypatch):
    """Files that are found would otherwise be proposed on a step that was left."""
    files, go = dashboard.parts["FileSelector"], threading.Event()
    tree = files.browser.root.tree
    monkeypatch.setattr(files.browser.root, "tree", lambda *args, **how: go.wait(60) and tree(*args, **how))
    files.browser.search([""])
    assert dashboard.next.description == "Searching folders…"
    dashboard.next.click()
    assert (dashboard.step, dashboard.message.text) == (
        "recordings",
        "Files wait to be added: the folders are still being searched: wait a moment. Or press Cancel below them.",
    )
    go.set()
    assert files.wait()
    files.refresh()
    assert dashboard.next.description == "Add 1 file to 1 cell →"
    files.preview.cancel.click()
    files.browser.name.value = "no such"
    files.browser.search([""])
    assert files.wait()
    assert dashboard.next.description == "Next: Stimuli & spikes →"
