"""Recordings written as NWB: read again by our reader, by pynwb and by BluePyEfe, the numbers are the same."""

from __future__ import annotations

import datetime
import importlib.util
import json
import pathlib

import h5py
import numpy as np
import pytest

import efewidgets
from efewidgets.cli import main
from efewidgets.engine.export.nwb.session import started
from efewidgets.engine.export.nwb.sweeps import rate_of
from efewidgets.engine.problems import EfeError
from efewidgets.engine.readers import read
from tests.engine.readers import nwb_files
from tests.engine.readers.binary_files import write_abf2, write_ibw

pytest.importorskip("pynwb", reason="pynwb (efewidgets[nwb]) isn't installed")
pynwb = pytest.importorskip("pynwb")

N, STEP_MS = 12_000, 0.1
V_DIGIT, I_DIGIT = 0.030517578125, 0.31  # mV, pA


def digits(k: int = 0) -> np.ndarray:
    """Return voltage and current of a sweep with a step of (k + 1) · 62 pA from 200 to 700 ms, in digits, int16."""
    random = np.random.RandomState(k)
    voltage = -2300 + random.randint(-3, 4, N)
    voltage[2000:7000] += 120 * (k + 1)
    for spike in range(k):
        at = 2500 + 1100 * spike
        voltage[at : at + 20] += (3200 * np.hanning(20)).astype(int)
    current = random.randint(-2, 3, N)
    current[2000:7000] += 200 * (k + 1)
    return np.stack([voltage, current], axis=1).astype(np.int16)


@pytest.fixture
def abf(tmp_path) -> pathlib.Path:
    return write_abf2(
        tmp_path / "IDrest_1.abf",
        [("Vm", "mV"), ("Im", "pA")],
        [digits(k) for k in range(3)],
        gains=[V_DIGIT, I_DIGIT],
    )


def series(path: pathlib.Path, number: int) -> tuple[h5py.Dataset, h5py.Dataset]:
    file = h5py.File(path)
    return (
        file[f"acquisition/CurrentClampSeries_{number:04d}/data"],
        file[f"stimulus/presentation/CurrentClampStimulusSeries_{number:04d}/data"],
    )


def lists(path: pathlib.Path, column: str) -> list[list[int]]:
    """Return a column of lists, as HDF5 stores it: all values, and where each list ends."""
    with h5py.File(path) as file:
        place = file["general/intracellular_ephys"]
        return [part.tolist() for part in np.split(place[column][()], place[f"{column}_index"][()])][:-1]


def features_of(metadata, protocol="IDrest", cell="c"):
    """Return the features of each target, from files of one protocol."""
    targets = [
        {"efeature": name, "protocol": protocol, "amplitude": amp, "tolerance": 0.02}
        for name in (
            "Spikecount",
            "voltage_base",
            "mean_frequency",
            "AP_amplitude",
            "decay_time_constant_after_stim",
        )
        for amp in (0.062, 0.124, 0.186)
    ]
    found = efewidgets.extract_efeatures(
        output_directory=None,
        files_metadata={cell: {protocol: metadata}},
        targets=targets,
        absolute_amplitude=True,
        pickle_cells=False,
        plot=False,
    )
    return {
        (key, feature["feature"]): (feature["val"], feature["n"])
        for key, of_place in found[0].items()
        for features in of_place.values()
        for feature in features
    }


# --- the numbers


def test_integers_stay_the_same_integers(abf, tmp_path):
    out = tmp_path / "out.nwb"
    efewidgets.convert([abf], out, cell="c1", protocol="IDrest")
    for k in range(3):
        voltage, current = series(out, k)
        assert voltage.dtype == current.dtype == np.int16
        assert np.array_equal(voltage[()], digits(k)[:, 0])
        assert np.array_equal(current[()], digits(k)[:, 1])
        assert voltage.attrs["conversion"] == pytest.approx(
            V_DIGIT * 1e-3, rel=1e-6
        )  # gains are float32 in ABF
        assert current.attrs["conversion"] == pytest.approx(I_DIGIT * 1e-12, rel=1e-6)
        assert (voltage.attrs["unit"], current.attrs["unit"]) == ("volts", "amperes")
        assert voltage.parent["starting_time"].attrs["rate"] == 10_000.0


def test_all_three_readers_find_the_same_numbers(abf, tmp_path):
    out = tmp_path / "out.nwb"
    efewidgets.convert([abf], out, cell="c1", protocol="IDrest")
    ours, problems = read({"filepath": str(out), "protocol_name": "IDrest"})
    assert not problems
    bluepyefe = pytest.importorskip("bluepyefe.reader", reason="BluePyEfe isn't installed")
    theirs = bluepyefe.nwb_reader({"filepath": str(out), "protocol_name": "IDrest"})
    assert len(ours) == len(theirs) == 3
    with pynwb.NWBHDF5IO(out, "r") as io:
        file = io.read()
        for k, (mine, their) in enumerate(zip(ours, theirs, strict=True)):
            voltage = file.acquisition[f"CurrentClampSeries_{k:04d}"]
            current = file.stimulus[f"CurrentClampStimulusSeries_{k:04d}"]
            for name, one in (("voltage", voltage), ("current", current)):
                expected = np.float32(one.data[:] * one.conversion)
                assert np.array_equal(mine[name], expected)
                assert np.array_equal(their[name], expected)
            assert mine["dt"] == their["dt"] == 1e-4
            assert mine["v_unit"] == their["v_unit"] == "volts"
            assert voltage.stimulus_description == "IDrest"


def test_an_offset_that_bluepyefe_would_pass_over_is_worked_in(tmp_path):
    path = write_abf2(
        tmp_path / "a.abf",
        [("Vm", "mV"), ("Im", "pA")],
        [digits()],
        gains=[V_DIGIT, I_DIGIT],
        offsets=[-14.3, 0.0],
    )
    efewidgets.convert([path], tmp_path / "out.nwb", protocol="IDrest")
    voltage, current = series(tmp_path / "out.nwb", 0)
    assert voltage.dtype == np.float32
    assert voltage.attrs["offset"] == 0.0
    assert np.allclose(voltage[()], digits()[:, 0] * V_DIGIT - 14.3, rtol=0, atol=1e-4)
    assert voltage.attrs["conversion"] == 1e-3
    assert current.dtype == np.int16


def test_floats_stay_the_same_floats(tmp_path):
    time = np.arange(N) * STEP_MS
    voltage, current = digits(1)[:, 0] * 0.0305, digits(1)[:, 1] * 0.31
    path = tmp_path / "trace.csv"
    lines = ["time (ms),voltage (mV),current (pA)"]
    lines += [
        f"{t:.1f},{v!r},{i!r}"
        for t, v, i in zip(time.tolist(), voltage.tolist(), current.tolist(), strict=True)
    ]
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    efewidgets.convert([path], tmp_path / "out.nwb", protocol="IDrest")
    (sweep,), _ = read({"filepath": str(path)})
    v, i = series(tmp_path / "out.nwb", 0)
    assert np.array_equal(v[()], sweep["voltage"])
    assert np.array_equal(i[()], sweep["current"])
    assert np.allclose(v[()], voltage, rtol=1e-6)
    assert (v.attrs["conversion"], i.attrs["conversion"]) == (1e-3, 1e-12)


def test_a_pair_of_igor_waves_is_one_sweep(tmp_path):
    volts, amperes = digits(1)[:, 0].astype(np.float32) * 3e-5, digits(1)[:, 1].astype(np.float32) * 3e-13
    write_ibw(tmp_path / "cell_IDrest_ch1_9.ibw", volts, dt=1e-4, unit="V")
    write_ibw(tmp_path / "cell_IDrest_ch0_9.ibw", amperes, dt=1e-4, unit="A")
    waves = sorted(tmp_path.glob("*.ibw"))
    efewidgets.convert(waves, tmp_path / "out.nwb", cell="c", protocol="IDrest")
    assert len(h5py.File(tmp_path / "out.nwb")["acquisition"]) == 1
    v, i = series(tmp_path / "out.nwb", 0)
    assert np.array_equal(v[()], volts)
    assert np.array_equal(i[()], amperes)
    (ours,), _ = read({"filepath": str(tmp_path / "out.nwb")})
    assert np.array_equal(ours["voltage"], volts)  # in volts already: not even rounded


def test_matlab_matrices_are_written(tmp_path):
    from scipy.io import savemat

    time = np.arange(N) * STEP_MS * 1e-3
    voltage, current = digits(2)[:, 0] * 3e-5, digits(2)[:, 1] * 3e-13
    name = "Trace_1_1_1_{}"
    traces = {name.format(1): np.stack([time, current], 1), name.format(2): np.stack([time, voltage], 1)}
    savemat(tmp_path / "t.mat", traces)
    units = {"v_unit": "V", "i_unit": "A", "t_unit": "s"}
    efewidgets.convert([tmp_path / "t.mat"], tmp_path / "out.nwb", protocol="IDrest", metadata=units)
    (source,), _ = read({"filepath": str(tmp_path / "t.mat"), **units})
    v, _i = series(tmp_path / "out.nwb", 0)
    assert np.array_equal(v[()], source["voltage"])


def test_features_of_an_nwb_file_are_the_same_bit_by_bit(tmp_path):
    path = tmp_path / "source.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = nwb_files.groups(file)
        for k in range(3):
            raw = digits(k)
            words = {"stimulus_description": "IDrest"}
            name = f"CurrentClampSeries_{k}"
            nwb_files.add_series(
                acquisition, name, raw[:, 0], conversion=V_DIGIT * 1e-3, kind="CurrentClampSeries", **words
            )
            nwb_files.add_current(
                presentation,
                name.replace("Series", "StimulusSeries"),
                raw[:, 1],
                conversion=I_DIGIT * 1e-12,
                kind="CurrentClampStimulusSeries",
                **words,
            )
    efewidgets.convert([path], tmp_path / "out.nwb", cell="c")
    before = features_of([{"filepath": str(path)}])
    after = features_of([{"filepath": str(tmp_path / "out.nwb")}])
    assert len(before) > 8
    assert before == after


def test_features_of_an_abf_file_are_the_same_to_a_float32(abf, tmp_path):
    """NWB has volts, the file mV: a sample may differ in the last bit of a float32, by 4e-6 mV."""
    efewidgets.convert([abf], tmp_path / "out.nwb", cell="c", protocol="IDrest")
    before = features_of([{"filepath": str(abf)}])
    after = features_of([{"filepath": str(tmp_path / "out.nwb")}])
    assert before.keys() == after.keys()
    assert len(before) > 8
    for key, (value, n) in before.items():
        assert after[key][0] == pytest.approx(value, rel=2e-5)
        assert after[key][1] == n


@pytest.mark.parametrize("step", [1e-4, 5e-5, 1 / 16_667, 2.5e-5, 1e-3 / 7.3, 4e-5])
def test_the_rate_gives_the_step_again(step):
    assert 1.0 / rate_of(step) == pytest.approx(step, rel=1e-16)


def test_whole_rates_are_whole():
    assert rate_of(1e-4) == 10_000.0
    assert rate_of(0.1 / 1e3) == 10_000.0


# --- what it says


def two_cells(abf: pathlib.Path) -> dict:
    other = write_abf2(
        abf.parent / "other.abf", [("Vm", "mV"), ("Im", "pA")], [digits(1)], gains=[V_DIGIT, I_DIGIT]
    )
    own = {"filepath": str(abf), "ljp": 14.0, "sweeps": {"sweep 2": {"exclude": "seal lost"}}}
    return {
        "cell A/1": {"IDrest": [own, {"filepath": str(other), "ton": 210.0, "toff": 690.0}]},
        "B": {"APWaveform": [{"filepath": str(other)}]},
    }


def test_two_cells_are_told_apart_again(abf, tmp_path):
    out = tmp_path / "out.nwb"
    efewidgets.convert(two_cells(abf), out)
    summary = efewidgets.inspect(out)
    assert summary.cells == ["cell A/1", "B"]
    assert summary.protocols == ["IDrest", "APWaveform"]
    assert [sweep.cell for sweep in summary.sweeps] == ["cell A/1"] * 4 + ["B"]
    assert [sweep.repetition for sweep in summary.sweeps] == [1, 1, 1, 2, 1]
    sweeps, _ = read({"filepath": str(out), "cell_name": "B", "protocol_name": "APWaveform"})
    assert len(sweeps) == 1


def test_the_tables_say_what_belongs_together(abf, tmp_path):
    out = tmp_path / "out.nwb"
    efewidgets.convert(two_cells(abf), out)
    with pynwb.NWBHDF5IO(out, "r") as io:
        file = io.read()
        recordings = file.intracellular_recordings
        assert len(recordings) == 5
        sequential = file.icephys_sequential_recordings
        assert list(sequential["stimulus_type"][:]) == ["IDrest", "IDrest", "APWaveform"]
        assert lists(out, "sequential_recordings/simultaneous_recordings") == [[0, 1, 2], [3], [4]]
        assert len(file.icephys_repetitions) == 2
        conditions = file.icephys_experimental_conditions
        assert list(conditions["cell"][:]) == ["cell A/1", "B"]
        assert {one.cell_id for one in file.icephys_electrodes.values()} == {"cell A/1", "B"}


def test_cells_that_were_recorded_at_once_stand_in_one_row(tmp_path):
    one, two = digits(0), digits(1)
    path = write_abf2(
        tmp_path / "two.abf",
        [("V1", "mV"), ("I1", "pA"), ("V2", "mV"), ("I2", "pA")],
        [np.hstack([one, two]), np.hstack([two, one])],
        gains=[V_DIGIT, I_DIGIT] * 2,
    )
    cells = {
        f"c{k}": {"IDrest": [{"filepath": str(path), "v_channel": f"V{k}", "i_channel": f"I{k}"}]}
        for k in (1, 2)
    }
    efewidgets.convert(cells, tmp_path / "out.nwb")
    with pynwb.NWBHDF5IO(tmp_path / "out.nwb", "r") as io:
        file = io.read()
        assert lists(tmp_path / "out.nwb", "simultaneous_recordings/recordings") == [[0, 2], [1, 3]]
        assert len(file.icephys_sequential_recordings) == 1
        assert list(file.icephys_experimental_conditions["cell"][:]) == ["c1, c2"]
    summary = efewidgets.inspect(tmp_path / "out.nwb")
    assert [sweep.cell for sweep in summary.sweeps] == ["c1", "c1", "c2", "c2"]
    assert np.array_equal(series(tmp_path / "out.nwb", 2)[0][()], two[:, 0])


def test_exclusions_and_timings_are_kept(abf, tmp_path):
    out = tmp_path / "out.nwb"
    efewidgets.convert(two_cells(abf), out)
    with pynwb.NWBHDF5IO(out, "r") as io:
        file = io.read()
        table = file.analysis["efewidgets"].to_dataframe()
        assert all(column.description for column in file.analysis["efewidgets"].columns)
        assert file.acquisition["CurrentClampSeries_0001"].comments == "left out: seal lost"
    assert list(table["excluded"]) == [False, True, False, False, False]
    assert table["exclusion_reason"][1] == "seal lost"
    assert list(table["ljp_mV"])[:3] == [14.0] * 3
    assert np.isnan(table["ljp_mV"][3])
    assert list(table["ton_ms"])[3] == pytest.approx(210.0)
    assert list(table["toff_ms"])[3] == pytest.approx(690.0)
    assert table["ton_ms"][0] == pytest.approx(200.0, abs=0.2)
    assert table["amp_nA"][2] == pytest.approx(600 * I_DIGIT * 1e-3, rel=0.01)
    assert table["timing_from"][3] == "given"
    # what is written is what was recorded: nothing is subtracted
    assert np.array_equal(series(out, 0)[0][()], digits(0)[:, 0])


def test_a_sweep_in_which_no_stimulus_is_found_is_written_all_the_same(abf, tmp_path):
    problems = efewidgets.convert([abf], tmp_path / "out.nwb")
    assert len(h5py.File(tmp_path / "out.nwb")["acquisition"]) == 3
    assert any("--protocol" in str(problem) for problem in problems)


def test_the_session_is_as_given_or_as_the_file_has_it(abf, tmp_path):
    about = {"species": "Rattus norvegicus", "age": "P14D", "sex": "M", "subject_id": "r1"}
    efewidgets.convert(
        [abf],
        tmp_path / "a.nwb",
        protocol="IDrest",
        start="2024-05-17T10:30:00+02:00",
        experimenter="Ram; Y",
        **about,
    )
    with pynwb.NWBHDF5IO(tmp_path / "a.nwb", "r") as io:
        file = io.read()
        assert file.session_start_time.isoformat() == "2024-05-17T10:30:00+02:00"
        assert list(file.experimenter) == ["Ram", "Y"]
        assert (file.subject.species, file.subject.age, file.subject.sex) == (
            "Rattus norvegicus",
            "P14D",
            "M",
        )
    assert started(str(tmp_path / "a.nwb")).isoformat() == "2024-05-17T10:30:00+02:00"
    assert started(str(abf)) == datetime.datetime(2020, 1, 1)
    problems = efewidgets.convert([abf], tmp_path / "b.nwb", protocol="IDrest")
    told = " ".join(map(str, problems))
    assert "time zone" in told
    assert "species" in told


def test_a_guessed_start_is_told(tmp_path):
    volts, amperes = digits(1)[:, 0].astype(np.float32) * 3e-5, digits(1)[:, 1].astype(np.float32) * 3e-13
    write_ibw(tmp_path / "a_v.ibw", volts, dt=1e-4, unit="V")
    write_ibw(tmp_path / "a_i.ibw", amperes, dt=1e-4, unit="A")
    problems = efewidgets.convert(sorted(tmp_path.glob("*.ibw")), tmp_path / "out.nwb", protocol="IDrest")
    assert any("last changed" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"spezies": "x"}, "species"),
        ({"start": "yesterday"}, "2024-05-17"),
        ({"sex": "male"}, "M, F"),
        ({"age": "two weeks"}, "P21D"),
    ],
)
def test_facts_that_cannot_be_are_refused(abf, tmp_path, about, words):
    with pytest.raises(EfeError, match=words):
        efewidgets.convert([abf], tmp_path / "out.nwb", protocol="IDrest", **about)
    assert not (tmp_path / "out.nwb").exists()


def test_the_inspector_finds_nothing_critical(abf, tmp_path):
    if importlib.util.find_spec("nwbinspector") is None:
        pytest.skip("nwbinspector isn't installed")
    import subprocess
    import sys

    efewidgets.convert(two_cells(abf), tmp_path / "out.nwb")
    code = (
        "import sys, nwbinspector as n\n"
        "for m in n.inspect_nwbfile(nwbfile_path=sys.argv[1]): print(m.importance.name, m.check_function_name)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "out.nwb")],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    found = [line.split() for line in done.stdout.splitlines()]
    assert found
    assert not [check for level, check in found if level in ("CRITICAL", "ERROR", "PYNWB_VALIDATION")]


# --- files


def test_what_is_there_is_not_replaced_unless_asked(abf, tmp_path):
    out = tmp_path / "out.nwb"
    out.write_bytes(b"mine")
    with pytest.raises(EfeError, match="there already"):
        efewidgets.convert([abf], out, protocol="IDrest")
    assert out.read_bytes() == b"mine"
    efewidgets.convert([abf], out, protocol="IDrest", force=True)
    assert efewidgets.inspect(out).sweeps


def test_a_failure_leaves_what_was_there(abf, tmp_path, monkeypatch):
    out = tmp_path / "out.nwb"
    out.write_bytes(b"mine")
    from efewidgets.engine.export.nwb import writing

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "nwb_file", full)
    with pytest.raises(OSError, match="No space"):
        efewidgets.convert([abf], out, protocol="IDrest", force=True)
    assert out.read_bytes() == b"mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["IDrest_1.abf", "out.nwb"]


def test_without_pynwb_it_says_what_to_install(abf, tmp_path, monkeypatch):
    from efewidgets.engine.export import nwb

    monkeypatch.setattr(nwb, "has_module", lambda name: False)
    with pytest.raises(EfeError, match=r"efewidgets\[nwb\]"):
        efewidgets.convert([abf], tmp_path / "out.nwb")


def test_files_that_are_none_are_told_and_the_others_written(abf, tmp_path):
    (tmp_path / "bad.abf").write_bytes(b"no recording")
    problems = efewidgets.convert([tmp_path / "bad.abf", abf], tmp_path / "out.nwb", protocol="IDrest")
    assert [problem.severity for problem in problems if problem.file == str(tmp_path / "bad.abf")] == [
        "error"
    ]
    with pytest.raises(EfeError, match="none of these files"):
        efewidgets.convert([tmp_path / "bad.abf"], tmp_path / "none.nwb")


# --- the command, and the state


def test_the_command_converts_files_and_configs(abf, tmp_path, capsys):
    out = tmp_path / "out.nwb"
    assert main(["convert", str(abf), str(out), "--protocol", "IDrest", "--about", "age=P14D"]) == 0
    assert "Written to" in capsys.readouterr().out
    assert main(["convert", str(abf), str(out), "--protocol", "IDrest"]) == 2
    assert "--force" in capsys.readouterr().err
    config = tmp_path / "cells.json"
    config.write_text(json.dumps({"files_metadata": two_cells(abf)}), encoding="utf-8", newline="\n")
    assert main(["convert", str(config), str(out), "--force", "--json"]) == 0
    assert efewidgets.inspect(out).cells == ["cell A/1", "B"]
    assert main(["convert", str(config), str(out), "--force", "--cell", "x"]) == 2
    assert main(["convert", str(abf), str(out), "--force", "--about", "age"]) == 2


def test_a_state_is_converted_with_what_was_decided(abf, tmp_path):
    from efewidgets.state.exporting import save_export

    state = efewidgets.ExtractionState()
    state.add_files_metadata(two_cells(abf))
    (out,) = save_export(state.results, "nwb", tmp_path / "folder", name="both")
    assert out.name == "both.nwb"
    with pynwb.NWBHDF5IO(out, "r") as io:
        table = io.read().analysis["efewidgets"].to_dataframe()
    assert list(table["exclusion_reason"]) == ["", "seal lost", "", "", ""]
    assert list(table["ton_ms"])[3] == pytest.approx(210.0)
