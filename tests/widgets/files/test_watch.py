"""A folder that is recorded into: what is new there is added by itself, or offered."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from efewidgets import ExtractionState
from efewidgets.engine.files import watching
from efewidgets.widgets import FileSelector
from efewidgets.widgets.files import watch
from tests.engine.recordings.test_peek import write_swapped, write_table


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(watching.Watched.__init__, "__defaults__", (0.3, time.monotonic))
    monkeypatch.setattr(watch, "PACE", 0.05)
    folder = tmp_path / "data" / "cell7"
    folder.mkdir(parents=True)
    write_table(folder / "rec_IDrest_1.csv", ("t (ms)", "V (mV)", "I (pA)"))
    return tmp_path / "data"


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def paths(files):
    return sorted(file.path.rpartition("/")[2] for _, file in files.state.inputs.files())


def watching_threads():
    return [one for one in threading.enumerate() if one.name == "efewidgets-watch"]


def test_it_is_off_until_it_is_switched_on_and_ends_with_the_widget(files):
    assert files.state.view.watched is None
    assert watching_threads() == []
    files.browser.go("cell7")
    files.watch.toggle.value = True
    assert files.state.view.watched == "cell7"
    assert "Watching cell7" in files.watch.told.value
    assert not any(one.daemon for one in watching_threads())
    files.watch.toggle.value = False
    assert files.state.view.watched is None
    assert files.watch.wait(5)
    files.watch.toggle.value = True
    files.close()
    assert files.watch.wait(5)
    assert watching_threads() == []


def test_new_recordings_are_added_to_the_cell_of_those_beside_them(files, root):
    files.browser.go("cell7")
    files.choose(["cell7/rec_IDrest_1.csv"])
    assert files.wait()
    files.preview.add()
    files.state.rename_cell("cell7", "L5 PC, 30 November")
    files.state.view.watched = "cell7"
    until(lambda: files.watch._thread.is_alive())
    time.sleep(0.2)  # its first look
    write_table(root / "cell7" / "rec_IDrest_2.csv", ("t (ms)", "V (mV)", "I (pA)"))
    until(lambda: len(files.state.files()) == 2)
    assert [cell.name for cell in files.state.inputs.cells] == ["L5 PC, 30 November"]
    assert files.preview.paths == []
    until(lambda: "1 file added" in files.watch.told.value)
    files.state.undo()
    time.sleep(0.5)
    assert len(files.state.files()) == 1  # what was taken back isn't added again


def test_what_needs_a_person_is_offered(files, root):
    files.browser.go("cell7")
    files.watch.toggle.value = True
    time.sleep(0.2)
    write_swapped(root / "cell7" / "x.abf")
    until(lambda: [row["file"] for row in files.preview.table.rows] == ["x.abf"])
    assert files.wait()
    until(lambda: "to be looked at below" in files.watch.told.value)
    assert files.state.files() == []
    assert files.waiting


def test_a_name_of_another_kind_tells_no_cell_where_a_person_named_those_beside_it(files, root):
    files.choose(["cell7/rec_IDrest_1.csv"])
    assert files.wait()
    files.preview.add()
    files.state.rename_cell("cell7", "L5 PC, 30 November")
    files.state.view.watched = "cell7"
    time.sleep(0.3)
    write_table(root / "cell7" / "other_IDrest_1.csv", ("t (ms)", "V (mV)", "I (pA)"))
    until(lambda: [row["cell"] for row in files.preview.table.rows] == [""])
    assert files.wait()
    assert len(files.state.files()) == 1


def test_a_folder_that_is_gone_is_said_and_looked_for_again(files, root):
    files.state.view.watched = "gone"
    until(lambda: "there is no" in files.watch.told.value)
    (root / "gone").mkdir()
    until(lambda: "there is no" not in files.watch.told.value)


def test_the_session_remembers_it(root, tmp_path):
    with ExtractionState() as state:
        state.view.watched = ""
        state.save(tmp_path / "s.json")
    with ExtractionState.load(tmp_path / "s.json") as state:
        assert state.view.watched == ""
        files = FileSelector(state, root=root, uploads=False)
        assert files.watch.toggle.value
        files.close()
        assert files.watch.wait(5)


ENDS = """
from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector
files = FileSelector(ExtractionState(), root={root!r}, uploads=False)
files.state.view.watched = ""
"""


@pytest.mark.slow
def test_python_ends_while_a_folder_is_watched(root):
    code = ENDS.format(root=str(root))
    done = subprocess.run(
        [sys.executable, "-c", code], timeout=60, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stderr == ""
