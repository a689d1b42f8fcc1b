"""The three output files: what they hold, and that they are there whole or not at all."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import tempfile

import numpy as np
import pytest

from efewidgets.engine.outputs.standard_files import (
    build_currents,
    build_outputs,
    save_outputs,
    to_json,
    write_text,
)
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.cell import Cell
from efewidgets.engine.recordings.ecodes import Step
from efewidgets.engine.targets.matching import Protocol
from efewidgets.engine.targets.targets import EFeatureTarget

NAMES = ["features.json", "holding_threshold_currents.json", "protocols.json"]


def cell_of(name, rheobase, *holding):
    cell = Cell(name)
    cell.rheobase = rheobase
    for hypamp in holding:
        made = Step({}, {}, "IDrest")
        made.hypamp = hypamp
        cell.recordings.append(made)
    return cell


def protocol_of(*values, name="IDrest", feature="Spikecount", location="soma"):
    target = EFeatureTarget(None, feature, name, 150, 10.0, {"Threshold": -20.0}, location)
    protocol = Protocol(name, 150, 10.0, [target])
    for value in values:
        made = Step({"filepath": f"{value}.abf"}, {}, name)
        made.ton, made.toff, made.tend, made.dt, made.amp, made.hypamp = 10.0, 50.0, 60.0, 0.1, 0.2, 0.0
        made.amp_rel, made.hypamp_rel = 150.0, 0.0
        made.efeatures = {feature: value}
        protocol.append(made)
    return protocol


# --- features and protocols


def test_features_and_protocols():
    features, stimuli, problems = build_outputs([protocol_of(2.0, 4.0)])
    assert features == {
        "IDrest_150": {
            "soma": [
                {
                    "feature": "Spikecount",
                    "val": [3.0, 1.0],
                    "n": 2,
                    "efel_settings": {"Threshold": -20.0},
                    "efeature_name": "Spikecount",
                }
            ]
        }
    }
    assert stimuli["IDrest_150"]["holding"] == {
        "delay": 0.0,
        "amp": 0.0,
        "duration": 60.0,
        "totduration": 60.0,
    }
    assert stimuli["IDrest_150"]["step"] == pytest.approx(
        {"delay": 10.0, "amp": 0.2, "thresh_perc": 150.0, "duration": 40.0, "totduration": 60.0}
    )
    assert problems == []


def test_too_few_values_are_left_out_and_told():
    features, stimuli, problems = build_outputs([protocol_of(2.0), protocol_of(1.0, 3.0, name="IV")], 2)
    assert list(features) == list(stimuli) == ["IV_150"]
    assert "1 value(s) from 1 recording(s), fewer than the 2 asked for" in str(problems[0])


def test_a_feature_that_has_no_value_is_left_out():
    features, stimuli, problems = build_outputs([protocol_of(np.nan, np.nan)])
    assert (features, stimuli) == ({}, {})
    assert "0 value(s) from 2 recording(s)" in str(problems[0])


def test_locations():
    protocol = protocol_of(2.0)
    protocol.feature_targets += protocol_of(3.0, feature="voltage_base", location="dend").feature_targets
    features, _, _ = build_outputs([protocol])
    assert [(place, len(found)) for place, found in features["IDrest_150"].items()] == [
        ("soma", 1),
        ("dend", 1),
    ]


def test_files_used():
    features, _, _ = build_outputs([protocol_of(2.0, 4.0, np.nan)], save_files_used=True)
    assert features["IDrest_150"]["soma"][0]["files"] == ["2.0.abf", "4.0.abf"]


# --- currents


def test_currents():
    cells = [cell_of("a", 0.1, -0.02, -0.04), cell_of("b", 0.3, 0.01)]
    found = build_currents(cells)
    assert found == {
        "holding_current": pytest.approx([-0.01, 0.02]),
        "threshold_current": pytest.approx([0.2, 0.1]),
        "all_holding_current": pytest.approx({"a": -0.03, "b": 0.01}),
        "all_threshold_current": {"a": 0.1, "b": 0.3},
    }
    assert list(found) == [
        "holding_current",
        "threshold_current",
        "all_holding_current",
        "all_threshold_current",
    ]


def test_one_cell_has_no_spread():
    assert build_currents([cell_of("a", 0.1, 0.01)], 0.5)["threshold_current"] == [0.1, 0.5]


def test_cells_without_a_rheobase_still_have_their_holding_current():
    found = build_currents([cell_of("a", None, -0.02)])
    assert found["all_holding_current"] == {"a": -0.02}
    assert found["threshold_current"] == [None, None]


def test_cells_without_anything():
    found = build_currents([cell_of("a", None), cell_of("b", None, None, np.nan)])
    assert found == {
        "holding_current": [None, None],
        "threshold_current": [None, None],
        "all_holding_current": {},
        "all_threshold_current": {},
    }


# --- JSON


def test_numbers_of_numpy_are_plain():
    data = {"a": np.float32(0.5), "b": np.int64(3), "c": np.array([1.0, 2.0]), "d": np.bool_(True)}
    assert json.loads(to_json(data)) == {"a": 0.5, "b": 3, "c": [1.0, 2.0], "d": True}


def test_indented_as_people_read_it():
    assert to_json({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'


@pytest.mark.parametrize("value", [np.nan, np.inf, float("nan"), np.float32("nan"), [1.0, -np.inf]])
def test_what_is_not_finite_is_never_written(value):
    with pytest.raises(EfeError, match="not finite"):
        to_json({"a": value})


def test_arrays_that_are_not_finite_are_never_written():
    with pytest.raises(EfeError, match="not finite"):
        to_json({"a": np.array([1.0, np.nan])})


def test_what_is_no_data_is_refused():
    with pytest.raises(TypeError, match="object can't be written as JSON"):
        to_json({"a": object()})


# --- files


def test_three_files(tmp_path):
    paths = save_outputs(tmp_path / "new" / "folder", {"a": 1}, {"b": 2}, {"c": 3})
    assert sorted(path.name for path in paths) == NAMES
    assert [json.loads(path.read_text(encoding="utf-8")) for path in paths] == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_files_of_an_earlier_run_are_replaced(tmp_path):
    save_outputs(tmp_path, {"a": 1}, {"b": 2}, {"c": 3})
    save_outputs(str(tmp_path), {"a": 4}, {}, {})
    assert json.loads((tmp_path / "features.json").read_text(encoding="utf-8")) == {"a": 4}
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_none_is_written_if_one_can_not_be(tmp_path, bad):
    save_outputs(tmp_path, {"a": 1}, {"b": 2}, {"c": 3})
    before = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    data = [{"x": 1}, {"y": 2}, {"z": 3}]
    data[bad] = {"bad": float("nan")}
    with pytest.raises(EfeError, match="not finite"):
        save_outputs(tmp_path, *data)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == before


def failing_after(count, function):
    calls = []

    def wrapped(*args, **kwargs):
        calls.append(args)
        if len(calls) > count:
            raise OSError(28, "No space left on device")
        return function(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize("step", ["mkstemp", "replace"])
@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_full_disk_leaves_whole_files_only(tmp_path, monkeypatch, written, step):
    save_outputs(tmp_path, {"a": 1}, {"b": 2}, {"c": 3})
    home = {"mkstemp": tempfile, "replace": os}[step]
    monkeypatch.setattr(home, step, failing_after(written, getattr(home, step)))
    with pytest.raises(OSError, match="No space left"):
        save_outputs(tmp_path, {"x": 1}, {"y": 2}, {"z": 3})
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES  # nothing half, nothing left over
    found = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in NAMES]
    assert found == [{"a": 1}, {"c": 3}, {"b": 2}]  # the old ones, all of them


def test_a_new_folder_has_no_half_set_of_files(tmp_path, monkeypatch):
    """Three files belong together: if the disk fills up at the last one, none of them appears."""
    folder = tmp_path / "new"
    monkeypatch.setattr(tempfile, "mkstemp", failing_after(2, tempfile.mkstemp))
    with pytest.raises(OSError, match="No space left"):
        save_outputs(folder, {"x": 1}, {"y": 2}, {"z": 3})
    assert list(folder.glob("*.json")) == []


def test_interrupted_writing_leaves_nothing_half(tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.json", "{}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions as on Unix")
def test_others_may_read_as_they_usually_do(tmp_path):
    write_text(tmp_path / "a.json", "{}")
    (tmp_path / "usual").write_text("", encoding="utf-8", newline="\n")
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == usual


def test_a_file_in_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    with pytest.raises(OSError, match="file"):
        save_outputs(tmp_path / "file", {}, {}, {})


def test_folder_may_be_a_path_or_text(tmp_path):
    for folder in (tmp_path / "a", str(tmp_path / "b")):
        assert all(isinstance(path, pathlib.Path) for path in save_outputs(folder, {}, {}, {}))
