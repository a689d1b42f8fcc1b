"""A target's own minimum of values: the same in the engine, in a config, in a session and in the state."""

from __future__ import annotations

import json

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.problems import EfeError
from efewidgets.engine.targets.targets import EFeatureTarget, check_targets
from efewidgets.extract import extract_efeatures

from .conftest import from_scratch, stages_run

TARGET = {"efeature": "Spikecount", "protocol": "IDrest", "amplitude": 150, "tolerance": 10}


@pytest.mark.parametrize(("own", "of_all", "wanted"), [(None, 3, 3), (None, 0, 1), (2, 3, 2), (5, 1, 5)])
def test_own_minimum_beats_that_of_all(own, of_all, wanted):
    target = EFeatureTarget(None, "Spikecount", "IDrest", 150, 10, min_values=own)
    assert target.values_wanted(of_all) == wanted


@pytest.mark.parametrize("wrong", [0, -1, 1.0, 2.5, True, "3"])
def test_what_is_no_minimum_is_refused(wrong, state):
    good, problems = check_targets([TARGET | {"min_values": wrong}])
    assert not good
    assert "whole number from 1 on" in problems[0].message
    before = state.inputs
    with pytest.raises(EfeError, match="whole number from 1 on"):
        state.edit_targets(state.inputs.targets[0].id, min_values=wrong)
    assert state.inputs is before


@pytest.mark.parametrize("good", [1, 7, np.int64(3), None])
def test_what_is_a_minimum(good):
    assert not check_targets([TARGET | {"min_values": good}])[1]


def test_without_one_a_target_is_as_before(state):
    assert all("min_values" not in target.as_dict() for target in state.inputs.targets)


def test_state_and_extract_efeatures_agree(state):
    statistics = state.results.target_statistics
    row = statistics[statistics.n >= 2].iloc[0]
    before = from_scratch(state.inputs)
    state.edit_targets(row.target, min_values=int(row.n) + 1)
    after = from_scratch(state.inputs)
    assert state.results.texts == after != before
    found = state.results.target_statistics.set_index("target")
    assert not found.in_output[row.target]
    assert any(f"fewer than the {row.n + 1} asked for" in p.message for p in state.problems)
    state.edit_targets(row.target, min_values=int(row.n))
    assert state.results.texts == before


def test_it_lets_fewer_values_through_than_all_others_need(state):
    target = state.inputs.targets[0]
    state.set_averaging(threshold_nvalue_save=100)
    assert state.results.features == {}
    state.edit_targets(target.id, min_values=1)
    assert [len(entry["soma"]) for entry in state.results.features.values()] == [1]
    assert state.results.texts == from_scratch(state.inputs)


def test_no_feature_is_computed_again(state, counted):
    ran = stages_run(state, lambda: state.edit_targets(state.inputs.targets[0].id, min_values=3))
    assert not counted
    assert "match" not in ran


def test_through_a_file_and_back(state, tmp_path):
    state.edit_targets(state.inputs.targets[0].id, min_values=4)
    state.set_reader(None)
    state.save(tmp_path / "session.json")
    saved = json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))["targets"]
    assert [target.get("min_values") for target in saved] == [4] + [None] * (len(saved) - 1)
    assert "min_values" not in saved[1]
    assert ExtractionState.load(tmp_path / "session.json").inputs.targets == state.inputs.targets


def test_in_the_outputs_of_single_cells(arguments, tmp_path):
    targets = [target | {"min_values": 1000} for target in arguments["targets"]]
    extract_efeatures(
        str(tmp_path / "all"),
        **arguments | {"targets": targets, "extract_per_cell": True, "write_files": True},
    )
    assert (tmp_path / "all" / "features.json").read_text(encoding="utf-8") == to_json({})
    assert (tmp_path / "all" / "A" / "features.json").read_text(encoding="utf-8") == to_json({})
