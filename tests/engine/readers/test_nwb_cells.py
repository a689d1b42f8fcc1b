"""Files that hold the sweeps of several cells: named, chosen by a key, and never pooled without a word."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

from .nwb_files import add_bbp, add_mies
from .test_nwb_plain import Writer


def ids(path, **metadata):
    sweeps, problems = read({"filepath": str(path)} | metadata)
    return [sweep["id"] for sweep in sweeps if sweep is not None], [
        p for p in problems if "cell_name" in p.message
    ]


def two_bbp_cells(path):
    with h5py.File(path, "w") as file:
        for k, (protocol, cell) in enumerate(
            [("IV", "Cell 1"), ("IV", "Cell 2"), ("Ramp", "Cell 2"), ("IV", "Cell 1")]
        ):
            add_bbp(file, protocol, k, f"repetition {k + 1}", cell)
    return path


def multi_patch(path, names="v{k}_{e}|i{k}_{e}", electrodes=2, sweeps=3, number=lambda k, e: k, **options):
    """Write sweeps that were recorded through several electrodes at once."""
    writer = Writer()
    v_name, i_name = names.split("|")
    while len(writer.electrodes) < electrodes:
        name = f"electrode {len(writer.electrodes)}"
        device = writer.file.devices["amplifier"]
        writer.electrodes.append(
            writer.file.create_icephys_electrode(name=name, description="-", device=device)
        )
    for k in range(sweeps):
        for e in range(electrodes):
            about = {"sweep_number": np.uint32(number(k, e)), "starting_time": float(k)} | options
            writer.voltage(v_name.format(k=k, e=e), 10 * k + e, e, **about)
            writer.current(i_name.format(k=k, e=e), 10 * k + e, e, **about)
    return writer.write(path)


def test_bbp_cells(tmp_path):
    path = two_bbp_cells(tmp_path / "a.nwb")
    summary = inspect(path)
    assert summary.cells == ["Cell 1", "Cell 2"]
    assert summary.cells_of("Ramp") == ["Cell 2"]
    assert summary.as_dict()["cells"] == ["Cell 1", "Cell 2"]
    assert {sweep.id: sweep.cell for sweep in summary.sweeps} == {
        "ic__IV__0": "Cell 1", "ic__IV__1": "Cell 2", "ic__Ramp__2": "Cell 2", "ic__IV__3": "Cell 1",
    }  # fmt: skip
    found, (warning,) = ids(path, protocol_name="IV")
    assert found == ["ic__IV__0", "ic__IV__3", "ic__IV__1"]
    assert warning.severity == "warning"
    assert "'Cell 1' (2 sweeps), 'Cell 2' (1 sweeps)" in warning.message
    assert ids(path, protocol_name="IV", cell_name="cell 1") == (["ic__IV__0", "ic__IV__3"], [])
    assert ids(path, protocol_name="IV", cell_name="Cell 2") == (["ic__IV__1"], [])
    assert ids(path, protocol_name="Ramp") == (["ic__Ramp__2"], [])
    with pytest.raises(
        ReadError, match=r"no cell 'Cell 3' \(cell_name\). It has 'Cell 1', 'Cell 2'. Did you mean"
    ):
        ids(path, cell_name="Cell 3")
    with pytest.raises(ReadError, match="cell_name must be a name or a list of names"):
        ids(path, cell_name=1)
    with pytest.raises(
        ReadError, match="no complete current-clamp sweep of this protocol of the cell 'Cell 1'"
    ):
        ids(path, protocol_name="Ramp", cell_name="Cell 1")


@pytest.mark.parametrize(
    "names", ["v{k}_{e}|i{k}_{e}", "data_{k:05d}_AD{e}|data_{k:05d}_DA{e}", "Zelle {k} ä {e}|Zelle {k} ä {e}",
              "CurrentClampSeries_{k}{e}|CurrentClampStimulusSeries_{k}{e}"],
)  # fmt: skip
@pytest.mark.parametrize("described", [True, False])
def test_sweeps_of_one_number_through_two_electrodes_are_two_cells(tmp_path, names, described):
    options = {"stimulus_description": "IDrest"} if described else {}
    path = multi_patch(tmp_path / "a.nwb", names, **options)
    summary = inspect(path)
    assert len(summary.sweeps) == 6
    assert summary.cells == ["electrode 0", "electrode 1"]
    asked = {"protocol_name": "IDrest" if described else "Step"}
    found, (warning,) = ids(path, **asked)
    assert len(found) == 6
    assert "2 cells or electrodes" in warning.message
    for e in range(2):
        chosen, told = ids(path, cell_name=f"electrode {e}", **asked)
        assert told == []
        assert chosen == [s.id for s in summary.sweeps if s.cell == f"electrode {e}"]
        assert len(chosen) == 3


def test_mies_channels_are_cells_where_no_electrode_is_named(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(3):
            for e in range(2):
                add_mies(file, k, 10 * k + e, "LongPulse_DA_0", channels=(e, e))
    assert inspect(tmp_path / "a.nwb").cells == ["DA0", "DA1"]
    assert ids(tmp_path / "a.nwb", protocol_name="LongPulse", cell_name="DA1")[0] == [
        f"data_0000{k}_DA1" for k in range(3)
    ]


def test_a_cell_that_the_electrode_names(tmp_path):
    path = multi_patch(tmp_path / "a.nwb")
    with h5py.File(path, "a") as file:
        for e, name in enumerate(["L5 α", "L5 β"]):
            file[f"general/intracellular_ephys/electrode {e}/cell_id"] = name
    assert inspect(path).cells == ["L5 α", "L5 β"]
    assert len(ids(path, cell_name="L5 β")[0]) == 3
    with h5py.File(path, "a") as file:
        # One cell, patched twice: its two places are still told apart.
        file["general/intracellular_ephys/electrode 1/cell_id"][()] = "L5 α"
    assert inspect(path).cells == ["electrode 0", "electrode 1"]


def test_one_cell_after_the_other(tmp_path):
    # Not at once, but each electrode has its sweeps: two cells.
    path = multi_patch(tmp_path / "a.nwb", number=lambda k, e: 2 * k + e)
    assert inspect(path).cells == ["electrode 0", "electrode 1"]


def test_an_electrode_for_each_sweep_is_one_cell(tmp_path):
    # Some converters count the sweeps by electrodes.
    path = multi_patch(tmp_path / "a.nwb", electrodes=4, sweeps=1, number=lambda k, e: e)
    assert inspect(path).cells == []
    assert ids(path, protocol_name="Step")[1] == []


def test_one_electrode_is_one_cell(tmp_path):
    path = multi_patch(tmp_path / "a.nwb", electrodes=1)
    assert len(inspect(path).cells) == 1
    assert ids(path, protocol_name="Step")[1] == []
    assert len(ids(path, cell_name="electrode 0")[0]) == 3


def test_rheobases_of_two_cells_in_one_file(tmp_path):
    """The second cell needs a third of the current of the first; pooled, the first would have the second's rheobase."""
    from efewidgets.extract import compute_rheobase, read_recordings

    t = np.arange(6000) * 1e-4
    writer = Writer()
    for k, amp in enumerate((100, 200, 300, 400)):
        for e, need in enumerate((290, 90)):
            current = np.where((t >= 0.1) & (t < 0.5), float(amp), 0.0)
            voltage = np.full(t.size, -70.0)
            if amp > need:
                for at in (0.2, 0.3, 0.4):
                    voltage += 100 * np.exp(-0.5 * ((t - at) / 4e-4) ** 2)
            about = {
                "sweep_number": np.uint32(k),
                "starting_time": float(k),
                "stimulus_description": "IDrest",
            }
            writer.voltage(f"v{k}_{e}", k, e, samples=voltage, **about)
            writer.current(f"i{k}_{e}", k, e, samples=current, **about)
    file = {"filepath": str(writer.write(tmp_path / "a.nwb"))}
    metadata = {f"c{e}": {"IDrest": [file | {"cell_name": f"electrode {e}"}]} for e in range(2)}
    cells = read_recordings(metadata, efel_settings={"Threshold": -20.0})
    compute_rheobase(cells, ["IDrest"])
    assert [round(cell.rheobase, 4) for cell in cells] == [0.3, 0.1]
    assert [len(cell.recordings) for cell in cells] == [4, 4]
