"""FileSelector and NWB files: two cells in one file, names that no stimulus has, the family of each."""

from __future__ import annotations

import h5py
import pytest

from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector
from tests.engine.readers.nwb_files import add_bbp, add_scala

OWN_NAME = "C:\\Axon\\cc25pA1s protocol"


@pytest.fixture
def root(tmp_path):
    with h5py.File(tmp_path / "pair.nwb", "w") as file:
        sweeps = [("IV", "Cell 1"), ("IV", "Cell <b>2"), ("Step", "Cell <b>2"), ("IV", "Cell 1")]
        for k, (protocol, cell) in enumerate(sweeps):
            add_bbp(file, protocol, k, f"repetition {k + 1}", cell)
    with h5py.File(tmp_path / "axon.nwb", "w") as file:
        for k in range(3):
            add_scala(file, f"{k}", k, OWN_NAME)
    with h5py.File(tmp_path / "empty.nwb", "w") as file:
        file.create_group("acquisition")
    return tmp_path


@pytest.fixture
def files(root):
    with ExtractionState() as state:
        found = FileSelector(state, root=root, uploads=False)
        yield found
        found.close()


def settle(files):
    assert files.wait()
    files.refresh()


def propose(files, name):
    files.choose([name])
    settle(files)
    return files.preview.table


def test_a_file_of_two_cells_becomes_two_cells(files):
    table = propose(files, "pair.nwb")
    assert [(row["cell"], row["protocol"]) for row in table.rows] == [
        ("pair_Cell 1", "IV"),
        ("pair_Cell <b>2", "IV"),
        ("pair_Cell <b>2", "Step"),
    ]
    files.preview.accept.click()
    settle(files)
    state = files.state
    assert sorted(state.inputs.by_name) == ["pair_Cell 1", "pair_Cell <b>2"]
    assert {file.metadata["cell_name"] for _, file in state.inputs.files()} == {"Cell 1", "Cell <b>2"}
    rows = {(row["cell"], row["protocol"]): row for row in files.table.rows}
    assert {key: row["sweeps"] for key, row in rows.items()} == {
        ("pair_Cell 1", "IV"): 2,
        ("pair_Cell <b>2", "IV"): 1,
        ("pair_Cell <b>2", "Step"): 1,
    }
    assert {row["problems"] for row in rows.values()} == {""}
    labels = {m.cell: m.recording.label for m in state.results.members.values() if m.protocol == "Step"}
    assert labels == {"pair_Cell <b>2": "ic__Step__2"}
    # and isn't proposed again
    table = propose(files, "pair.nwb")
    assert {row["problems"] for row in table.rows} == {"is there already: not added again"}


def test_cells_of_a_file_can_be_renamed_before_and_after(files):
    table = propose(files, "pair.nwb")
    table.selected = tuple(row["id"] for row in table.rows[1:])
    assert table.edit(table.rows[1]["id"], "cell", "mine")
    files.preview.accept.click()
    state = files.state
    assert sorted(state.inputs.by_name) == ["mine", "pair_Cell 1"]
    state.rename_cell("mine", "yours")
    own = {file.metadata["cell_name"] for cell, file in state.inputs.files() if cell.name == "yours"}
    assert own == {"Cell <b>2"}


def test_a_file_added_whole_is_told_that_it_holds_two_cells(files, root):
    files.state.add_files("c", "IV", str(root / "pair.nwb"))
    settle(files)
    assert "sweeps of 2 cells" in files.table.rows[0]["problems"]
    assert any("sweeps of 2 cells" in p.message for p in files.state.results.problems)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_unknown_protocol_is_renamed_and_found(files, when):
    table = propose(files, "axon.nwb")
    (row,) = table.rows
    assert (row["protocol"], row["ecode"]) == (OWN_NAME, "?")
    assert "no stimulus is known" in row["problems"]
    if when == "before":
        assert table.edit(row["id"], "protocol", "Step")
        assert table.rows[0]["ecode"] == "Step"
    files.preview.accept.click()
    settle(files)
    if when == "after":
        assert files.table.rows[0]["ecode"] == "?"
        assert "no stimulus is known" in files.table.rows[0]["problems"]
        assert files.table.edit(files.table.rows[0]["id"], "protocol", "Step")
        settle(files)
    (row,) = files.table.rows
    assert (row["protocol"], row["ecode"], row["sweeps"], row["problems"]) == ("Step", "Step", 3, "")
    assert row["_hint"]["protocol"] == f"in the file: {OWN_NAME}"
    assert len(files.state.results.members) == 3
    # proposed again, under its own name, it is known as there
    assert propose(files, "axon.nwb").rows[0]["problems"] == "is there already: not added again"


def test_a_stimulus_can_be_chosen_in_place_of_a_name(files):
    propose(files, "axon.nwb")
    files.preview.accept.click()
    settle(files)
    (row,) = files.table.rows
    assert not files.table.edit(row["id"], "ecode", "Zigzag")
    assert "no known stimulus" in files.table.refused["reason"]
    assert files.table.edit(row["id"], "ecode", "Step")
    settle(files)
    (row,) = files.table.rows
    assert (row["protocol"], row["ecode"]) == (OWN_NAME, "Step")
    assert {m.protocol for m in files.state.results.members.values()} == {OWN_NAME}
    assert files.table.edit(row["id"], "ecode", "")
    assert files.table.rows[0]["ecode"] == "?"


def test_the_preview_says_why_a_file_can_not_be_used(files):
    (row,) = propose(files, "empty.nwb").rows
    assert "no current-clamp sweep" in row["problems"]
