"""Where BluePyEfe's NWB reader is wrong: what it gives, and what is right, worked out by hand."""

from __future__ import annotations

import logging

import h5py
import numpy as np
import pytest

from efewidgets.engine.readers import read
from tests.engine.readers.nwb_files import add_bbp, add_current, add_scala, add_series, groups, step, volts
from tests.engine.readers.test_nwb_names import scala_with_tables

peer = pytest.importorskip("bluepyefe.reader", reason="needs BluePyEfe to compare with (efewidgets[test])")


@pytest.fixture(autouse=True)
def without_its_log(caplog):
    caplog.set_level(logging.CRITICAL)


def theirs(path, name):
    return peer.nwb_reader({"filepath": str(path), "protocol_name": name})


def ours(path, name, **metadata):
    sweeps, problems = read({"filepath": str(path), "protocol_name": name} | metadata)
    return [sweep for sweep in sweeps if sweep is not None], [p.message for p in problems]


def onset(sweep):
    """Return when the current rises, ms."""
    return float(np.argmax(sweep["current"] > -19e-12) * sweep["dt"] * 1e3)


def test_clocks_of_their_own(tmp_path):
    """The current rises at 100 ms of what was stored of it, which begins 50 ms after the voltage: 150 ms."""
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        add_scala(file, "1", 0, "NA")
        file["stimulus/presentation/CurrentClampStimulusSeries_1/starting_time"][()] = 0.05
    assert onset(theirs(tmp_path / "a.nwb", "Step")[0]) == pytest.approx(100.0)
    (sweep,), (told,) = ours(tmp_path / "a.nwb", "Step")
    assert onset(sweep) == pytest.approx(150.0)
    assert "50 ms later" in told


def test_two_cells_in_one_file(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(4):
            add_bbp(file, "IV", k, f"repetition {k}", "AB"[k % 2])
    assert len(theirs(tmp_path / "a.nwb", "IV")) == 4
    assert "2 cells" in ours(tmp_path / "a.nwb", "IV")[1][0]
    assert [s["id"] for s in ours(tmp_path / "a.nwb", "IV", cell_name="B")[0]] == ["ic__IV__1", "ic__IV__3"]


def test_series_called_index(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(3):
            acquisition, presentation = groups(file)
            add_series(acquisition, f"index_{k}", volts(k), stimulus_description="IV")
            add_current(presentation, f"index_{k}", step(k), stimulus_description="IV")
    with pytest.raises(KeyError):
        theirs(tmp_path / "a.nwb", "Step")
    assert theirs(tmp_path / "a.nwb", "IV") == []
    assert len(ours(tmp_path / "a.nwb", "IV")[0]) == 3


def test_a_response_without_its_stimulus(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(3):
            add_scala(file, f"{k}", k, "NA")
        del file["stimulus/presentation/CurrentClampStimulusSeries_1"]
    assert len(theirs(tmp_path / "a.nwb", "Step")) == 2
    sweeps, told = ours(tmp_path / "a.nwb", "Step")
    assert len(sweeps) == 2
    assert "CurrentClampStimulusSeries_1 isn't in the file" in told[0]


def test_tables_name_the_stimulus(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        scala_with_tables(file)
    assert theirs(tmp_path / "a.nwb", "Ramp") == []
    assert [s["id"] for s in ours(tmp_path / "a.nwb", "Ramp")[0]] == ["CurrentClampSeries_2"]
    assert len(ours(tmp_path / "a.nwb", "Step")[0]) == len(theirs(tmp_path / "a.nwb", "Step")) == 3
