"""FileSelector and files of other rigs: HEKA's cells and protocols, and what to install where a library is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.engine.readers import inspect
from efewidgets.engine.readers.extras import has_module
from efewidgets.engine.readers.registry import suffixes_that_name_protocols
from efewidgets.widgets import FileSelector
from efewidgets.widgets.files.browser import ANY_FORMAT, suffixes_of
from tests.engine.readers.heka_files import channel, segment, series, trace, write_heka
from tests.engine.readers.test_rigs import write_wcp

needs_myokit = pytest.mark.skipif(
    not has_module("myokit"),
    reason="myokit, which goes through HEKA's trees, isn't installed (efewidgets[heka])",
)


def voltage(number: int) -> dict:
    samples = np.random.default_rng(number).normal(-2240.0, 3.0, 5000).astype("i2")
    return trace(samples, f"Vmon-{number}", channel=number, amplifier=number, scale=3.125e-5)


@pytest.fixture
def files(tmp_path):
    """A folder with a bundle of two groups (one of which has two cells that got current, and one that got none)."""
    step = [segment(0.0, 0.1), segment(-0.1, 0.3, step=0.05), segment(0.0, 0.1)]
    three = [channel(step), channel(step), channel(dac=0)]
    groups = {
        "slice 1": [series([[voltage(1), voltage(2), voltage(3)]] * 2, "Sti 7S", three)],
        "slice 2": [series([[voltage(1)]] * 3, "IV", [channel(step)])],
    }
    write_heka(tmp_path / "day.dat", groups)
    write_wcp(tmp_path / "one.wcp", n_records=5)
    with ExtractionState() as state:
        found = FileSelector(state, root=tmp_path, uploads=False)
        yield found
        found.close()


def propose(files, name):
    files.choose([name])
    assert files.wait()
    files.refresh()
    return files.preview.table


@needs_myokit
def test_cells_that_got_current_are_proposed_with_their_protocols(files):
    table = propose(files, "day.dat")
    assert [(row["cell"], row["protocol"]) for row in table.rows] == [
        ("day_slice 1 Vmon-1", "Sti 7S"),
        ("day_slice 1 Vmon-2", "Sti 7S"),
        ("day_slice 2", "IV"),
    ]
    table.selected = tuple(row["id"] for row in table.rows[:2])
    assert table.edit(table.rows[0]["id"], "protocol", "Step")  # no stimulus is called as the file calls it
    files.preview.accept.click()
    assert files.wait()
    members = files.state.results.members.values()
    assert sorted((m.cell, m.protocol, m.recording.label) for m in members) == [
        ("day_slice 1 Vmon-1", "Step", "1_1_1 Vmon-1"),
        ("day_slice 1 Vmon-1", "Step", "1_1_2 Vmon-1"),
        ("day_slice 1 Vmon-2", "Step", "1_1_1 Vmon-2"),
        ("day_slice 1 Vmon-2", "Step", "1_1_2 Vmon-2"),
        ("day_slice 2", "IV", "2_1_1"),
        ("day_slice 2", "IV", "2_1_2"),
        ("day_slice 2", "IV", "2_1_3"),
    ]
    amps = {m.recording.label: m.recording.amp for m in members}
    assert [amps[f"2_1_{k}"] for k in (1, 2, 3)] == pytest.approx([-0.1, -0.05, 0.0], abs=1e-9)
    assert set(files.state.results.recordings["current_from"]) == {"command"}


def test_what_to_install_stands_beside_the_file(files, monkeypatch):
    # what looks into files is another process, where the library can't be blocked: look here instead
    monkeypatch.setitem(sys.modules, "myokit", None)
    monkeypatch.setattr(files.looker, "_look", inspect)
    (row,) = propose(files, "day.dat").rows
    assert 'looks like HEKA PatchMaster: pip install "efewidgets[heka]"' in row["problems"]


def test_a_file_of_many_records_is_a_cell_of_its_own(files):
    (row,) = propose(files, "one.wcp").rows
    assert row["cell"] == "one"


def test_the_filters_know_the_endings():
    assert {".dat", ".wcp", ".axgx", ".axgd", ".smr", ".smrx", ".pxp", ".atf"} <= set(suffixes_of(ANY_FORMAT))
    assert suffixes_of("HEKA") == (".dat",)
    assert set(suffixes_that_name_protocols()) == {".nwb", ".zarr", ".dat"}
