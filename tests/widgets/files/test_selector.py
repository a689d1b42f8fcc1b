"""FileSelector without a browser: what it shows and what it does."""

from __future__ import annotations

import os
import shutil
import sys
import time

import numpy as np
import pytest
import scipy.io
from ipywidgets.widgets import widget

from efewidgets import ExtractionState, datasets
from efewidgets.app.steps import STEPS
from efewidgets.engine.files.guessing import Proposal, Source
from efewidgets.engine.problems import EfeError
from efewidgets.engine.readers import inspect
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import FileSelector
from efewidgets.widgets.files.looker import Looker
from efewidgets.widgets.files.rows import number_from, summary_words, units_from
from tests.engine.readers.binary_files import write_abf1

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def root(tmp_path):
    found = tmp_path / "root"
    (found / "lab" / NASTY).mkdir(parents=True)
    for name in ("RS1", "FS1"):
        shutil.copy(datasets.sample_folder() / f"{name}.nwb", found / "lab")
    shutil.copy(datasets.sample_folder() / "RS2.nwb", found / "lab" / NASTY / 'a\n"静息".nwb')
    (found / "lab" / "notes.md").write_text("x", encoding="utf-8", newline="\n")
    return found


def settle(files):
    assert files.wait()
    files.refresh()


def test_close_leaves_nothing(root):
    with ExtractionState() as state:
        before = len(widget._instances)
        for _ in range(3):
            found = FileSelector(state, root=root)
            found.browser.search(["lab"])
            settle(found)
            scratch = found.upload.folder
            found.close()
            found.close()
            assert len(widget._instances) == before
            assert not scratch.exists()


def test_folders_are_browsed_and_can_not_be_left(files):
    browser = files.browser
    assert [row["name"] for row in browser.table.rows] == ["lab/"]
    assert browser.table.press("lab", "open")
    assert [row["name"] for row in browser.table.rows] == [f"{NASTY}/", "FS1.nwb", "RS1.nwb"]
    for path in ("..", "../..", "/etc", "lab/../.."):
        browser.folder.value = path
        assert "is refused" in browser.message.text
        assert (browser.place, browser.folder.value) == ("lab", "lab")
    browser.up.click()
    assert (browser.place, browser.message.text) == ("", "")
    for bad in ("/etc/passwd", "../secret"):
        with pytest.raises(EfeError, match="is refused"):
            files.choose([bad])
    assert files.preview.paths == []


def test_names_and_formats_are_filtered(files):
    browser = files.browser
    browser.go("lab")
    browser.name.value = "rs 1"
    browser.show()
    assert [row["id"] for row in browser.table.rows] == ["lab/RS1.nwb"]
    browser.name.value, browser.format.value = "", "ABF"
    browser.show()
    assert [row["id"] for row in browser.table.rows] == [f"lab/{NASTY}"]


def test_a_tree_is_seen_before_it_is_added(files):
    files.browser.add_tree.click()
    settle(files)
    preview, state = files.preview, files.state
    assert preview.box.layout.display == ""
    assert preview.pattern.value == "{cell}"
    names = list(inspect(str(datasets.sample_folder() / "RS1.nwb")).protocols)
    assert len(preview.table.rows) == 3 * len(names)
    assert {row["cell"] for row in preview.table.rows} == {"RS1", "FS1", 'a␊"静息"'}
    assert preview.accept.description == "Add 3 files to 3 cells"
    assert "Adds 3 files to 3 cells" in preview.summary.value
    assert state.files() == []

    preview.pattern.value = "{cell}/*"
    preview.show()
    assert preview.accept.description == "Add 3 files to 2 cells"
    assert "&lt;img" in preview.summary.value
    assert "<img" not in preview.summary.value
    preview.pattern.value = "{cell"
    preview.show()
    assert "not closed" in preview.message.text
    assert preview.accept.disabled
    preview.pattern.value = "{cell}"
    preview.show()
    revision = state.revision
    preview.accept.click()
    assert state.revision == revision + 1
    assert sorted(c.name for c in state.inputs.cells) == ["FS1", "RS1", 'a\n"静息"']
    assert preview.box.layout.display == "none"

    # the same files are not added twice
    files.browser.add_tree.click()
    settle(files)
    assert {row["problems"] for row in preview.table.rows} == {"is there already: not added again"}
    preview.accept.click()
    assert len(state.files()) == 3 * len(names)
    preview.cancel.click()
    assert preview.paths == []


def test_what_a_person_says_beats_the_pattern(files):
    files.choose(["lab/RS1.nwb", "lab/FS1.nwb"])
    settle(files)
    table = files.preview.table
    table.selected = tuple(row["id"] for row in table.rows)
    assert table.edit("0", "cell", " mine ")
    assert {row["cell"] for row in table.rows} == {"mine"}
    table.selected = tuple(row["id"] for row in table.rows[1:])
    files.preview.leave_out.click()
    assert [row["found"] for row in table.rows] == ["name, file, you"]
    files.preview.accept.click()
    assert [(c.name, len(c.files)) for c in files.state.inputs.cells] == [("mine", 1)]


def test_chosen_files_are_described_and_edited_many_at_once(files):
    files.samples.click()
    settle(files)
    table, state = files.table, files.state
    row = next(row for row in table.rows if row["cell"] == "RS1" and row["protocol"] == "IDrest")
    summary = inspect(str(datasets.sample_folder() / "RS1.nwb"))
    sweeps = [sweep for sweep in summary.sweeps if sweep.protocol == "IDrest"]
    assert (row["sweeps"], row["rate"]) == (len(sweeps), f"{sweeps[0].rate_hz / 1e3:g}")
    assert (row["units"], row["ljp"], row["file"]) == ("V, A", 14.0, "RS1.nwb")

    ids = tuple(row["id"] for row in table.rows if row["cell"] == "RS1")
    table.selected = ids
    revision = state.revision
    assert table.edit(ids[0], "ljp", "−9,5")
    assert state.revision == revision + 1
    changed = {i for _, file in state.inputs.files() if file.metadata.get("ljp") == -9.5 for i in [file.id]}
    assert changed == set(ids)
    assert not table.edit(ids[0], "ljp", "much")
    assert "must be a number" in table.refused["reason"]
    assert table.edit(ids[0], "ljp", "")
    assert all(f.metadata.get("ljp") is None for c, f in state.inputs.files() if c.name == "RS1")
    assert table.edit(ids[0], "protocol", NASTY)
    assert state.files("RS1", NASTY) == list(ids)
    assert table.edit(ids[0], "units", "mV, pA")
    assert not table.edit(ids[0], "cell", "  ")
    table.selected = ids[:1]
    assert table.edit(ids[0], "cell", "other")
    assert state.files("other") == [ids[0]]
    state.undo()

    table.selected = ids
    files.remove.click()
    assert "RS1" not in state.inputs.by_name
    files.samples.click()
    files.samples.click()
    assert "there already" in files.message.text


def test_tags_of_cells_stand_beside_their_files_and_are_found(files):
    files.state.add_files_metadata(datasets.sample_files_metadata(["RS1", "FS1"]))
    settle(files)
    assert "tags" not in [column.name for column in files.table.columns]
    files.state.describe_cells("FS1", genotype="PV <b>", checked=True)
    assert "tags" in [column.name for column in files.table.columns]
    assert {row["cell"]: row["tags"] for row in files.table.rows} == {
        "RS1": "",
        "FS1": "genotype: PV <b>, checked",
    }
    files.chosen.search.value = "genotype pv"
    files.refresh()
    assert {row["cell"] for row in files.table.rows} == {"FS1"}
    files.state.undo()
    files.chosen.search.value = ""
    files.refresh()
    assert "tags" not in [column.name for column in files.table.columns]


def test_a_selected_row_is_what_all_views_show(files):
    files.samples.click()
    row = next(row for row in files.table.rows if row["cell"] == "IB1" and row["protocol"] == "IV")
    files.table.set_state({"selected": [row["id"]]})
    assert (files.state.view.cell, files.state.view.protocol) == ("IB1", "IV")
    assert files.new_name.value == "IB1"
    files.new_name.value = NASTY
    assert NASTY in files.state.inputs.by_name
    assert files.state.view.cell == NASTY


def test_uploads_are_proposed(files):
    inbox = files.upload.inbox
    for key, name in enumerate(("C1/IDrest_1.abf", "C1/read me.md")):
        inbox.begin(str(key), name, 1)
        inbox.take(str(key), 0, b"x")
        files.sources.received((str(inbox.finish(str(key))),))
    settle(files)
    assert [(row["file"], row["cell"], row["protocol"]) for row in files.preview.table.rows] == [
        ("IDrest_1.abf", "C1", "IDrest")
    ]
    files.preview.accept.click()
    settle(files)
    assert files.state.files("C1", "IDrest")
    assert "IDrest_1.abf" in files.table.rows[0]["problems"]


def test_igor_pairs_are_put_together_by_their_units(shared_data):
    with ExtractionState() as state:
        files = FileSelector(state, root=shared_data / "recordings")
        files.browser.search(["ibw_sscx"])
        settle(files)
        files.preview.accept.click()
        settle(files)
        assert files.preview.message.text == ""
        rows = files.table.rows
        assert len(rows) == 214
        assert {row["units"] for row in rows} == {"V, A"}
        assert {row["problems"] for row in rows} == {""}
        files.close()


def test_ten_thousand_files_stay_usable(tmp_path):
    looked = []

    def look(path):
        looked.append(path)
        raise EfeError("none")

    with ExtractionState() as state:
        found = {
            f"c{k}": {"IDrest": [str(tmp_path / f"{k}_{n}.abf") for n in range(100)]} for k in range(100)
        }
        state.add_files_metadata(found)
        files = FileSelector(state, root=tmp_path)
        files.looker._look = look
        settle(files)
        begin = time.perf_counter()
        files.refresh()
        assert time.perf_counter() - begin < 3
        assert len(files.table.rows) == 10_000
        files.close()


def test_a_file_is_looked_into_once_until_it_changes(tmp_path):
    path, looked, told = tmp_path / "x.abf", [], []
    path.write_bytes(b"1")

    def look(name):
        looked.append(name)
        raise EfeError("no")

    looker = Looker(lambda: told.append(1), look)
    for _ in range(3):
        looker.ask([str(path)])
        assert looker.wait(5)
    assert len(looked) == 1
    path.write_bytes(b"12")
    looker.ask([str(path)])
    assert looker.wait(5)
    assert len(looked) == 2
    assert looker.get(str(path)).problem == "no"
    looker.close()
    looker.ask(["y"])
    assert len(looked) == 2


def test_what_is_typed():
    assert units_from("pA / volts") == {"i_unit": "pA", "v_unit": "V"}
    assert units_from(" ") == {"v_unit": None, "i_unit": None}
    for bad in ("mV mV", "furlong"):
        with pytest.raises(EfeError):
            units_from(bad)
    for bad in ("nan", "inf", "1e9", "x"):
        with pytest.raises(EfeError):
            number_from(bad, "it")
    words = summary_words([Proposal(Source(f"{k}"), f"c{k % 3}", "IV") for k in range(12)], 2)
    assert words.startswith("Adds 12 files to 3 cells (c0: IV × 4")
    assert words.endswith("2 will not be added.")


def test_the_protocol_in_an_axon_header_is_proposed(tmp_path):
    folder = tmp_path / "axon"
    folder.mkdir()
    digits = np.zeros((500, 2), np.int16)
    for name, protocol in (
        ("PYR1", b"D:\\x\\IDrest 25 pA.pro"),
        ("PYR2", b"D:\\x\\IDrest 50 pA.pro"),
        ("PYR3", b""),
    ):
        path = write_abf1(folder / f"{name}.abf", [("Vm", "mV"), ("Im", "pA")], [digits, digits], 100.0)
        raw = bytearray(path.read_bytes())
        raw[4898 : 4898 + 256] = protocol.ljust(256)
        path.write_bytes(bytes(raw))
    with ExtractionState() as state:
        files = FileSelector(state, root=folder)
        files.choose([f"{name}.abf" for name in ("PYR1", "PYR2", "PYR3")])
        settle(files)
        assert files.preview.table.rows[0]["cell"] == "PYR3"  # what needs a person comes first
        rows = sorted(files.preview.table.rows, key=lambda row: row["cell"])
        assert [row["protocol"] for row in rows] == ["IDrest 25 pA", "IDrest 50 pA", ""]
        assert [row["cell"] for row in rows] == ["PYR1", "PYR2", "PYR3"]
        assert "say its protocol" in rows[2]["problems"]
        # what a person says beats the header
        files.preview.table.selected = ("1",)
        assert files.preview.table.edit("1", "protocol", "IV")
        files.preview.accept.click()
        added = [(cell.name, file.protocol) for cell, file in state.inputs.files()]
        assert added == [("PYR1", "IDrest 25 pA"), ("PYR2", "IV")]
        settle(files)
        row, _ = files.table.rows
        assert row["sweeps"] == 2
        files.close()


@pytest.mark.parametrize(("sweeps", "cells"), [(6, ["PYR1", "PYR2"]), (1, ["axon", "axon"])])
def test_a_file_of_many_sweeps_is_a_cell(tmp_path, sweeps, cells):
    """Four neurons in one folder were one cell, with one rheobase."""
    folder = tmp_path / "axon"
    folder.mkdir()
    digits = [np.zeros((500, 2), np.int16)] * sweeps
    for name in ("PYR1", "PYR2"):
        write_abf1(folder / f"{name}.abf", [("Vm", "mV"), ("Im", "pA")], digits, 100.0)
    with ExtractionState() as state:
        files = FileSelector(state, root=tmp_path)
        files.choose(["axon/PYR1.abf", "axon/PYR2.abf"])
        settle(files)
        files.refresh()
        assert [row["cell"] for row in files.preview.table.rows] == cells
        assert ("a cell of its own" in files.preview.heading.value) == (sweeps > 1)
        # a pattern that a person wrote is left alone
        files.preview.pattern.value = "{cell}/*"
        settle(files)
        files.refresh()
        assert [row["cell"] for row in files.preview.table.rows] == ["axon", "axon"]
        files.close()


def test_on_a_system_without_case_a_recording_is_not_added_twice(tmp_path, monkeypatch):
    shutil.copy(datasets.sample_folder() / "RS1.nwb", tmp_path / "Cell.nwb")
    with ExtractionState() as state:
        files = FileSelector(state, root=tmp_path)
        try:
            monkeypatch.setattr(sys, "platform", "darwin")
            one, other = str(tmp_path / "Cell.nwb"), str(tmp_path / "CELL.NWB")
            files.preview.start([one])
            files.preview.start([other, one])
            assert files.preview.paths == [one]  # as it was written first
            monkeypatch.setattr(sys, "platform", "linux")
            files.preview.start([other])
            assert files.preview.paths == [one, other]
        finally:
            files.close()


def test_units_that_make_every_sweep_unusable_stand_in_the_row_and_at_the_step(tmp_path):
    """A PatchMaster export has no units of its own: in mV and pA nothing in it can be a recording."""
    times = np.arange(5000) * 1e-4
    on = (times > 0.1) & (times < 0.4)
    traces = {}
    for k in (1, 2):
        traces[f"Trace_1_1_{k}_1"] = np.column_stack([times, 20e-12 * k * on])
        traces[f"Trace_1_1_{k}_2"] = np.column_stack([times, -70e-3 + 2e-3 * k * on])
    scipy.io.savemat(tmp_path / "c3_IDrest_1.mat", traces)
    with ExtractionState(runner=BackgroundRunner()) as state:
        files = FileSelector(state, root=tmp_path, uploads=False)
        (one,) = state.add_files("c3", "IDrest", [tmp_path / "c3_IDrest_1.mat"])

        def shown():
            assert state.wait(30)
            settle(files)
            (row,) = files.table.rows
            progress = STEPS[0].progress(state)
            return row["problems"], progress.kind, progress.words

        words, kind, said = shown()
        assert "Add “Unit of voltage” ('V', 'mV', 'uV') to the details" in words
        assert (kind, said) == ("attention", "1 cell, 1 file with problems")
        files.table.edit(one, "units", "mV, pA")
        words, kind, said = shown()
        assert "The voltage unit is taken as 'mV': the samples are probably in 'V'" in words
        assert (kind, said) == ("attention", "1 cell, 1 file with problems")
        files.table.edit(one, "units", "V, A")
        assert shown() == ("", "done", "1 cell, 1 protocol")
        files.close()


def test_a_row_of_which_nothing_else_is_known_isnt_made_anew(files, tmp_path):
    ids = files.state.add_files("A", "IDrest", [tmp_path / "1.abf", tmp_path / "2.abf"])
    settle(files)
    before = list(files.table.rows)
    files.state.set_metadata(ids[0], ljp=14.0)
    settle(files)
    now = list(files.table.rows)
    assert [row["ljp"] for row in now] == [14.0, None]
    assert now[1] is before[1]
    files.state.rename_cell("A", "B")
    assert [row["cell"] for row in files.table.rows] == ["B", "B"]


def test_enter_adds_all_files_that_are_selected(files):
    files.browser.go("lab")
    rows = [row["id"] for row in files.browser.table.rows]
    names = [name for name in rows if name.endswith(".nwb")][:2]
    files.browser.table.set_state({"selected": names})
    files.browser.table.open_row(names[0])
    settle(files)
    assert sorted(os.path.basename(path) for path in files.preview.paths) == sorted(
        map(os.path.basename, names)
    )
