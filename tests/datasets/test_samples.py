"""The files that are shipped: what is in them, who can read them, and that they can be made again."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from efewidgets import datasets
from efewidgets.datasets.nwbfile import write_nwb
from efewidgets.datasets.samples import PROTOCOLS, SAMPLES, record
from efewidgets.engine.problems import EfeError

NAMES = datasets.sample_cells()
SWEEPS = {protocol.name: len(protocol.percents) * protocol.repetitions for protocol in PROTOCOLS}


def path_of(name: str) -> Path:
    return datasets.sample_folder() / f"{name}.nwb"


def stored(name: str, protocol: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return voltage (V) and current (A) of the sweeps of a protocol, by plain h5py."""
    with h5py.File(path_of(name)) as file:
        out = []
        for k in range(1, SWEEPS[protocol] + 1):
            v = file[f"acquisition/ic__{protocol}__{k:03d}/data"]
            i = file[f"stimulus/presentation/ics__{protocol}__{k:03d}/data"]
            out.append((v[()] * v.attrs["conversion"], i[()] * i.attrs["conversion"]))
        return out


def spikes(v: np.ndarray) -> int:
    return int(np.count_nonzero((v[:-1] < -0.02) & (v[1:] >= -0.02)))


# ---------------------------------------------------------------------------------------- the files
def test_there_are_enough_cells_of_different_types() -> None:
    assert len(NAMES) >= 4
    types = {sample.firing_type for sample in SAMPLES.values()}
    assert len(types) >= 2
    assert [name for kind in ("RS", "IB", "FS") for name in datasets.sample_cells(kind)] == NAMES


def test_all_files_together_stay_small() -> None:
    files = list(datasets.sample_folder().iterdir())
    assert {file.name for file in files} == {f"{name}.nwb" for name in NAMES} | {"samples.json"}
    assert sum(file.stat().st_size for file in files) < 5_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_file_holds_the_whole_experiment(name: str) -> None:
    assert {"IDthresh", "IDrest", "IV", "APWaveform", "sAHP", "APThreshold", "SineSpec"} == set(SWEEPS)
    with h5py.File(path_of(name)) as file:
        tree = file[f"data_organization/{name}"]
        assert set(tree) == set(SWEEPS)
        for protocol in PROTOCOLS:
            repetitions = [f"repetition {k}" for k in range(1, protocol.repetitions + 1)]
            assert list(tree[protocol.name]) == repetitions
            series = [
                s for r in repetitions for sweep in tree[protocol.name][r].values() for s in sweep.values()
            ]
            assert len(series) == 2 * SWEEPS[protocol.name]
            for one in series:
                assert one["data"].dtype == np.int16
                assert one["data"].shape == (round(protocol.duration / protocol.dt),)
                assert one["starting_time"].attrs["rate"] == pytest.approx(1e3 / protocol.dt)
                assert one.attrs["stimulus_description"] == protocol.name


@pytest.mark.parametrize("name", NAMES)
def test_rest_and_spikes_are_those_of_a_cell(name: str) -> None:
    sample = SAMPLES[name]
    for v, i in stored(name, "IDrest"):
        assert -0.085 < np.mean(v[:1900]) - sample.ljp * 1e-3 < -0.065
        assert np.median(i[:1900]) == pytest.approx(sample.holding * 1e-9, abs=7e-13)
        assert 0.05e-3 < np.std(v[:1900]) < 0.6e-3  # noise of a good rig
        assert np.max(v) - sample.ljp * 1e-3 < 0.055
    counts = [spikes(v) for v, _ in stored(name, "IDrest")]
    assert counts[5] > counts[3] > counts[2] >= 5  # 300, 200, 150 %
    assert all(spikes(v) == 0 for protocol in ("IV", "SineSpec") for v, _ in stored(name, protocol))
    assert all(
        spikes(v) >= 1
        for protocol in ("APWaveform", "sAHP", "APThreshold")
        for v, _ in stored(name, protocol)
    )


def test_rheobases_are_found_in_idthresh_and_differ() -> None:
    rheobases = {}
    for name in NAMES:
        sweeps = [
            (np.median(i[3000:6000]) - np.median(i[:1900]), spikes(v)) for v, i in stored(name, "IDthresh")
        ]
        rheobases[name] = 1e9 * min(amp for amp, count in sweeps if count)
        assert min(amp for amp, _ in sweeps) * 1e9 < 0.8 * rheobases[name]
        assert rheobases[name] == pytest.approx(SAMPLES[name].guess, rel=0.1)
    ordered = sorted(rheobases.values())
    assert np.all(np.diff(ordered) > 0.01)


def test_repetitions_differ_by_noise_alone() -> None:
    sweeps = stored("RS1", "IDthresh")
    first, second = sweeps[0], sweeps[9]
    assert not np.array_equal(first[0], second[0])
    assert np.abs(first[0] - second[0]).max() < 3e-3
    assert np.abs(first[1] - second[1]).max() < 1e-11


# --------------------------------------------------------------------------------------- the readers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_pynwb_finds_the_files_valid_and_reads_the_same_numbers(name: str) -> None:
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(path_of(name)), "r") as io:
        assert pynwb.validate(io=io) == []
        file = io.read()
        for k, (v, i) in enumerate(stored(name, "IV"), start=1):
            response, stimulus = file.acquisition[f"ic__IV__{k:03d}"], file.stimulus[f"ics__IV__{k:03d}"]
            assert isinstance(response, pynwb.icephys.CurrentClampSeries)
            assert isinstance(stimulus, pynwb.icephys.CurrentClampStimulusSeries)
            np.testing.assert_array_equal(response.data[()] * response.conversion, v)
            np.testing.assert_array_equal(stimulus.data[()] * stimulus.conversion, i)
            assert response.unit == "volts"
            assert stimulus.unit == "amperes"
            assert response.rate == stimulus.rate == 10000.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("protocol", SWEEPS)
def test_the_peer_and_our_reader_read_the_same_numbers(protocol: str) -> None:
    from efewidgets.engine.readers import read

    peer = pytest.importorskip("bluepyefe.reader")
    metadata = {"filepath": str(path_of("IB1")), "protocol_name": protocol}
    expected = stored("IB1", protocol)
    ours, problems = read(metadata)
    theirs = peer.nwb_reader(metadata)
    assert not problems
    assert len(ours) == len(theirs) == len(expected)
    for our, their, (v, i) in zip(ours, theirs, expected, strict=True):
        for key, values in (("voltage", v), ("current", i)):
            np.testing.assert_array_equal(np.asarray(our[key]), their[key])
            np.testing.assert_array_equal(their[key], values.astype(np.float32))
        assert (our["dt"], our["v_unit"], our["i_unit"]) == (their["dt"], their["v_unit"], their["i_unit"])


# ------------------------------------------------------------------------------------------ remaking
def test_the_shipped_sweeps_can_be_made_again() -> None:
    protocols = tuple(p for p in PROTOCOLS if p.name in ("IV", "APWaveform"))
    for name in NAMES:
        assert_same_sweeps(name, protocols)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_shipped_sweeps_can_be_made_again(name: str) -> None:
    assert_same_sweeps(name, PROTOCOLS)


def assert_same_sweeps(name: str, protocols: tuple) -> None:
    sample = SAMPLES[name]
    expected = [pair for protocol in protocols for pair in stored(name, protocol.name)]
    sweeps = record(sample, protocols)
    assert len(sweeps) == len(expected)
    for sweep, (v, i) in zip(sweeps, expected, strict=True):
        # another processor may round an exponential otherwise and so move a value to the next step
        off = np.abs(sweep.voltage - np.rint(v / (sample.rig.voltage_bit * 1e-3)))
        assert off.max() <= 1
        assert np.count_nonzero(off) < 1e-3 * len(off)
        np.testing.assert_array_equal(sweep.current, np.rint(i / (sample.rig.current_bit * 1e-9)))


def test_written_twice_the_bytes_are_the_same(tmp_path: Path) -> None:
    sample = SAMPLES["FS1"]
    sweeps = record(sample, PROTOCOLS[3:4])
    for name in ("a.nwb", "b.nwb"):
        write_nwb(tmp_path / name, sample, sweeps)
    assert (tmp_path / "a.nwb").read_bytes() == (tmp_path / "b.nwb").read_bytes()


def test_make_samples_writes_recordings_and_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efewidgets.datasets.samples.PROTOCOLS", PROTOCOLS[3:4])
    monkeypatch.setattr(record, "__defaults__", (PROTOCOLS[3:4],))
    paths = datasets.make_samples(tmp_path / "new", ["RS2"])
    assert [path.name for path in paths] == ["RS2.nwb"]
    config = json.loads((tmp_path / "new" / "samples.json").read_text(encoding="utf-8"))
    assert config["files_metadata"] == {"RS2": {"APWaveform": [{"filepath": "RS2.nwb", "ljp": 14.0}]}}
    with h5py.File(paths[0]) as file:
        assert len(file["acquisition"]) == 8


# ------------------------------------------------------------------------------------------- the API
def test_the_shipped_config_is_the_sample_config() -> None:
    shipped = json.loads((datasets.sample_folder() / "samples.json").read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(datasets.sample_config(folder="")))


def test_metadata_point_at_the_files_and_give_timings_where_needed() -> None:
    metadata = datasets.sample_files_metadata()
    assert list(metadata) == NAMES
    for name, protocols in metadata.items():
        assert list(protocols) == list(SWEEPS)
        for protocol, [entry] in protocols.items():
            assert Path(entry["filepath"]) == path_of(name)
            assert entry["ljp"] == 14.0
            detected = protocol in ("IDthresh", "IDrest", "IV", "APWaveform")
            assert ("ton" in entry) == (not detected)
    given = datasets.sample_files_metadata(["FS2"], timings=True, folder="elsewhere")
    assert list(given) == ["FS2"]
    assert given["FS2"]["IDrest"] == [
        {"filepath": str(Path("elsewhere/FS2.nwb")), "ljp": 14.0, "ton": 200, "toff": 1200}
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_every_target_is_reached_by_every_cell(name: str) -> None:
    efel = pytest.importorskip("efel")
    assert {target["efeature"] for target in datasets.sample_targets()} <= set(efel.get_feature_names())
    rheobase = SAMPLES[name].guess
    for protocol in PROTOCOLS:
        amps = np.array([round(p / 100 * rheobase, 3) / rheobase * 100 for p in protocol.percents])
        for target in datasets.sample_targets():
            if target["protocol"] == protocol.name:
                assert np.any(np.abs(amps - target["amplitude"]) < target["tolerance"] / 2)


def test_results_are_the_callers_own() -> None:
    config = datasets.sample_config()
    config["targets"].clear()
    config["files_metadata"]["RS1"]["sAHP"][0]["ton"] = -1
    assert len(datasets.sample_config()["targets"]) > 50
    assert datasets.sample_config()["files_metadata"]["RS1"]["sAHP"][0]["ton"] == 100


def test_virtual_cell_is_the_one_behind_the_recordings() -> None:
    assert datasets.virtual_cell("RS2").g_h > 0
    assert datasets.virtual_cell("FS2") == SAMPLES["FS2"].model
    with pytest.raises(EfeError, match=r"RS1, RS2.*Did you mean"):
        datasets.virtual_cell("RS3")


def test_importing_is_light() -> None:
    code = (
        "import sys; from efewidgets import datasets; datasets.sample_config(); "
        "print([m for m in ('h5py', 'scipy', 'matplotlib', 'efel', 'pandas', 'neo') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.strip() == "[]"


def test_the_goldens_were_made_with_what_is_asked_today() -> None:
    """A change of the samples' targets or settings needs tests/tools/make_sample_goldens.py run again."""
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location("goldens", folder / "tools" / "make_sample_goldens.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    cases = tool.cases()
    assert {path.name for path in (folder / "goldens_samples").iterdir()} == set(cases)
    for name, (description, arguments) in cases.items():
        stored_config = json.loads(
            (folder / "goldens_samples" / name / "config.json").read_text(encoding="utf-8")
        )
        assert stored_config == json.loads(json.dumps({"description": description, "arguments": arguments}))
