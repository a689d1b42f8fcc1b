"""FileSelector and NWB files: two cells in one file, names that no stimulus has, the family of each."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.widgets import FileSelector
from efewidgets.widgets.files import rows
from tests.engine.readers.binary_files import write_abf2
from tests.engine.readers.nwb_files import add_bbp, add_scala
from tests.engine.readers.nwb_tables import add_groups, add_long, add_rows, sweeps_of
from tests.engine.readers.zarr_files import as_zarr

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


# --- each voltage channel is a cell: which is shown, and which current it got


def axon(path, channels, n_sweeps=5):
    """Write an Axon file of steps (every channel of current, in pA) and noise (every voltage, in mV)."""
    rng = np.random.default_rng(0)
    sweeps = []
    for k in range(n_sweeps):
        columns = [rng.integers(-72, -68, 4000) for _ in channels]
        for c, (_, unit) in enumerate(channels):
            if unit == "pA":
                columns[c] = np.zeros(4000, int)
                columns[c][1000:3000] = 10 * (c + 1) * (k + 1)
        sweeps.append(np.column_stack(columns).astype(np.int16))
    write_abf2(path, channels, sweeps)


PAIR = [("IN 0", "mV"), ("I_MTest 1", "pA"), ("IN 2", "mV"), ("I_MTest 3", "pA")]


def test_what_is_said_of_one_cell_of_a_file_is_not_said_of_the_other(files, root):
    axon(root / "pair.abf", PAIR)
    table = propose(files, "pair.abf")
    table.set_state({"selected": (table.rows[1]["id"],)})
    files.preview.details.click()
    settle(files)
    fields = files.drawer.details.form.fields
    assert [fields[name].hint for name in ("v_channel", "i_channel")] == [
        "in the file: IN 2",
        "in the file: I_MTest 3",
    ]
    for row, protocol in zip(table.rows, ("mystery", "IDrest"), strict=True):
        assert table.edit(row["id"], "protocol", protocol)
    files.preview.accept.click()
    said = rows.told_of_files(files.state.problems)
    unknown, known = (
        rows.chosen_row(cell, file, lambda path: None, said) for cell, file in files.state.inputs.files()
    )
    assert "no eCode is known" in unknown["problems"]
    assert "no eCode" not in known["problems"]


def test_channels_of_an_axon_file_become_cells_by_clicks(files, root):
    axon(root / "pair.abf", PAIR)
    table = propose(files, "pair.abf")
    assert [(row["channels"], row["cell"]) for row in table.rows] == [
        ("IN 0 ← I_MTest 1", "pair_IN 0"),
        ("IN 2 ← I_MTest 3", "pair_IN 2"),
    ]
    for row in table.rows:
        assert table.edit(row["id"], "protocol", "IDrest")
    files.preview.accept.click()
    settle(files)
    members = list(files.state.results.members.values())
    assert {m.cell: [] for m in members} == {"pair_IN 0": [], "pair_IN 2": []}
    amps = {
        cell: sorted(m.recording.amp for m in members if m.cell == cell)
        for cell in ("pair_IN 0", "pair_IN 2")
    }
    assert amps["pair_IN 0"] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1], abs=1e-6)
    assert amps["pair_IN 2"] == pytest.approx([0.04, 0.08, 0.12, 0.16, 0.2], abs=1e-6)
    state = files.state
    state.use_absolute_amplitude()
    target = {"protocol": "IDrest", "amplitude": 0.08, "tolerance": 0.001, "efeature": "voltage_base"}
    state.set_targets([target])
    ((feature,),) = (found for places in state.results.features.values() for found in places.values())
    assert feature["n"] == 2  # one recording of 80 pA of each cell
    assert feature["val"][0] == pytest.approx(-70.0, abs=1.0)


def test_a_channel_that_was_only_listened_to_is_said_and_not_proposed(files, root):
    axon(root / "listen.abf", [("Vm_1", "mV"), ("Im_1", "pA"), ("Vm_2", "mV")])
    (row,) = propose(files, "listen.abf").rows
    assert (row["channels"], row["cell"]) == ("Vm_1 ← Im_1", "listen_Vm_1")
    assert "only listened to, and not added: Vm_2" in row["problems"]
    files.preview.table.edit("0", "protocol", "IDrest")
    files.preview.accept.click()
    settle(files)
    assert [row["problems"] for row in files.table.rows] == [""]  # that is no fault of Vm_1


def test_electrodes_of_a_continuous_nwb_file(files, root):
    with h5py.File(root / "day.nwb", "w") as file:
        first = add_long(file, [0, 1], "A", "electrode A", gap=2.0)
        second = add_long(file, [10, 11], "B", "electrode B", gap=2.0)
        bare = add_long(file, [3, 4], "C", "electrode C", gap=2.0, stimulus=False)
        rows = sweeps_of(first, 2) + sweeps_of(second, 2) + sweeps_of(bare, 2)
        add_rows(file, rows, stimulus_type=["IDrest"] * 6)
        add_groups(file, [[[0, 2, 4], [1, 3, 5]], [[0, 1]]], ["IDrest"])
    table = propose(files, "day.nwb")
    assert [(row["channels"], row["cell"], row["protocol"]) for row in table.rows] == [
        ("electrode A", "day_electrode A", "IDrest"),
        ("electrode B", "day_electrode B", "IDrest"),
    ]
    assert all("only listened to, and not added: electrode C" in row["problems"] for row in table.rows)
    files.preview.accept.click()
    settle(files)
    assert [row["problems"] for row in files.table.rows] == ["", ""]
    amps = {m.cell: [] for m in files.state.results.members.values()}
    for m in files.state.results.members.values():
        amps[m.cell].append(m.recording.amp)
    # steps of 37.3 pA · (k + 1)
    assert amps["day_electrode A"] == pytest.approx([0.0373, 0.0746], rel=1e-4)
    assert amps["day_electrode B"] == pytest.approx([0.4103, 0.4476], rel=1e-4)


def test_a_zarr_folder_is_a_recording(files, root):
    with h5py.File(root / "day.nwb", "w") as file:
        rows = sweeps_of(add_long(file, [0, 1]), 2)
        add_rows(file, rows, stimulus_type=["IDrest"] * 2)
    as_zarr(root / "day.nwb", root / "night.nwb.zarr")
    listed = [row["name"] for row in files.browser.table.rows]
    assert "night.nwb.zarr/" not in listed
    (row,) = propose(files, "night.nwb.zarr").rows
    assert (row["cell"], row["protocol"]) == ("night.nwb", "IDrest")
    files.preview.accept.click()
    settle(files)
    members = files.state.results.members.values()
    assert [m.recording.amp for m in members] == pytest.approx([0.0373, 0.0746], rel=1e-4)
    files.state.save(root / "session.json")
    with ExtractionState.load(root / "session.json") as again:
        assert len(again.results.members) == 2
