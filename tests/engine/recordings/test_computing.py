"""Nothing is read or computed that nobody asks for, nothing twice, and the order of the work changes nothing."""

from __future__ import annotations

import pathlib
import pickle

import numpy as np
import pytest

from efewidgets.datasets import sample_config
from efewidgets.engine.extraction import cells as pipeline
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run
from efewidgets.engine.recordings import samples, source
from efewidgets.engine.recordings.cell import Cell
from efewidgets.engine.recordings.computing import TOGETHER, FeatureJob, compute_features, request_features
from efewidgets.engine.recordings.reading import Room, read_file
from efewidgets.engine.stages.options import Options

CONFIG = sample_config()
FILES = {name: CONFIG["files_metadata"][name] for name in ("RS1", "FS1")}
EFEL = {"Threshold": -20.0}


@pytest.fixture
def opened(monkeypatch):
    """What is read again, as lists of sweeps."""
    found: list = []

    def each_sweep(metadata, problems, reader=None, only=None):
        found.append(sorted(only))
        yield from one_by_one(metadata, problems, reader, only)

    def read(metadata, reader=None, only=None):
        found.append(sorted(only))
        return at_once(metadata, reader, only)

    one_by_one, at_once = samples.each_sweep, source.read
    monkeypatch.setattr(samples, "each_sweep", each_sweep)
    monkeypatch.setattr(source, "read", read)
    return found


def options(**more) -> Options:
    names = ("targets", "protocols_rheobase", "rheobase_strategy", "rheobase_settings", "efel_settings")
    return Options(**{"files_metadata": FILES, **{name: CONFIG[name] for name in names}, **more})


def cell(protocol: str = "IDrest", **more) -> Cell:
    found = Cell("RS1")
    found.recordings, problems = read_file(FILES["RS1"][protocol][0], protocol, efel_settings=EFEL, **more)
    assert not problems
    return found


def request(found: Cell, *names: str, **settings) -> None:
    targets = [{"efeature": name, "protocol": "IDrest", "efel_settings": settings} for name in names]
    request_features([found], targets, {})


def test_a_file_is_opened_once_for_all_of_its_recordings(opened):
    found = cell(keep_samples=False)
    request(found, "AP_amplitude", "voltage_base")
    chosen = found.recordings[1:9:2]
    assert compute_features(chosen, run) == []
    assert opened == [[1, 3, 5, 7]]
    assert not any(recording.has_samples for recording in found.recordings)
    kept = cell()
    request(kept, "AP_amplitude", "voltage_base")
    for again, recording in zip(chosen, kept.recordings[1:9:2], strict=True):
        np.testing.assert_equal(again.efeatures, recording.efeatures)


def test_few_recordings_in_a_job(opened):
    found = cell(keep_samples=False)
    request(found, "voltage_base")
    assert len(found.recordings) > TOGETHER
    compute_features(found.recordings, run)
    assert list(map(len, opened)) == [TOGETHER, len(found.recordings) - TOGETHER]


def test_samples_in_memory_are_used(opened):
    found = cell()
    request(found, "voltage_base")
    compute_features(found.recordings, run)
    assert opened == []


def test_automatic_thresholds_come_with_the_features(opened):
    found = cell(keep_samples=False, count_spikes=False)
    request(found, "Spikecount", interp_step=0.1)
    compute_features(found.recordings, run)
    del opened[:]
    thresholds = [recording.auto_threshold for recording in found.recordings]
    assert opened == []
    assert thresholds == [recording.auto_threshold for recording in cell().recordings]


def test_a_file_that_is_gone_is_told(tmp_path):
    path = tmp_path / "gone.nwb"
    path.write_bytes(pathlib.Path(FILES["RS1"]["IDrest"][0]["filepath"]).read_bytes())
    found = Cell("RS1")
    found.recordings, _ = read_file({"filepath": str(path)}, "IDrest", keep_samples=False, efel_settings=EFEL)
    request(found, "voltage_base")
    path.unlink()
    problems = compute_features(found.recordings[:3], run)
    assert ["there is no file" in problem.message for problem in problems] == [True] * 3
    assert all(np.isnan(recording.efeatures["voltage_base"]) for recording in found.recordings[:3])


def test_the_last_settings_under_a_name_are_shown_however_targets_are_gathered():
    low, high = {"Threshold": -30.0}, {"Threshold": 10.0}
    targets = [
        {"efeature": "Spikecount", "protocol": "IDrest", "efel_settings": settings, "efeature_name": name}
        for settings, name in [(low, None), (high, "high"), (high, None), (low, "again"), (low, None)]
    ]
    gathered, one_by_one = cell(), cell()
    request_features([gathered], targets, {})
    for recording in one_by_one.recordings:
        for target in targets:
            recording.request_efeatures(["Spikecount"], [target["efeature_name"]], target["efel_settings"])
    for ours, theirs in zip(gathered.recordings, one_by_one.recordings, strict=True):
        assert ours.efeatures == theirs.efeatures
        assert ours.efeatures["Spikecount"] == ours.efeatures["again"]


def test_what_targets_have_in_common_is_asked_for_once():
    found = cell()
    targets = [
        {"efeature": name, "protocol": "IDrest", "amplitude": amplitude}
        for amplitude in range(100)
        for name in ("voltage_base", "AP_amplitude")
    ]
    request_features([found], targets, EFEL)
    assert found.recordings[0].pending() == [(["voltage_base", "AP_amplitude"], EFEL)]


def test_spikes_are_counted_where_the_rheobase_asks_for_them():
    found = run_extraction(options(), run)
    counted = {r.protocol_name for c in found.cells for r in c.recordings if r.spikes.peak_time is not None}
    assert counted == {"IDthresh"}
    eager = pipeline.read_cells(FILES, None, CONFIG["efel_settings"], run)
    for ours, theirs in zip(found.cells, eager, strict=True):
        assert [r.spikecount for r in ours.recordings] == [r.spikecount for r in theirs.recordings]
        told = [p for p in ours.all_problems() if p.kind == "spikes"]
        assert told == [p for p in theirs.all_problems() if p.kind == "spikes"]


@pytest.mark.parametrize("more", [{}, {"targets": None}, {"absolute_amplitude": True}])
def test_cell_by_cell_changes_nothing(more, opened):
    one, other = run_extraction(options(**more), run), run_extraction(options(**more), run, workers=1)
    for name in ("features", "protocols_dict", "currents"):
        assert to_json(getattr(one, name)) == to_json(getattr(other, name))
    assert one.problems == other.problems
    assert one.targets == other.targets
    assert not any(recording.has_samples for found in other.cells for recording in found.recordings)


def test_cell_by_cell_reads_once(opened):
    run_extraction(options(), run, workers=1)
    assert opened == []


def test_a_cell_without_files():
    files = {"none": {"IDrest": []}, "RS1": FILES["RS1"]}
    found = [run_extraction(options(files_metadata=files), run, workers=how) for how in (0, 1)]
    assert [cell.name for cell in found[1].cells] == ["none", "RS1"]
    assert to_json(found[0].features) == to_json(found[1].features)
    assert found[0].problems == found[1].problems


def test_samples_are_kept_while_there_is_room():
    sizes = [2 * recording.voltage.nbytes for recording in cell().recordings]
    found = cell(keep_samples=Room(sum(sizes[:3]) + 1)).recordings
    assert [recording.has_samples for recording in found] == [True] * 3 + [False] * (len(found) - 3)


def test_jobs_are_small_to_send():
    found = cell(keep_samples=False)
    request(found, "voltage_base")
    assert len(pickle.dumps(FeatureJob(found.recordings))) < 3000 * len(found.recordings)
