"""Edits can be undone after a session was closed and opened again: the same edits, to the same decisions."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.app.autosave import Autosave
from efewidgets.engine.problems import EfeError
from efewidgets.state.sessions import undoing


def edits(state):
    """Make one edit of each kind; return nothing."""
    file, other = state.files(protocol="IDrest")[0], state.files(protocol="IV")[0]
    state.exclude([f"{file}/0001"], "seal lost")
    state.accept([f"{other}/0002"])
    state.set_metadata([other], ljp=11.5)
    state.set_sweep([f"{file}/0002"], ton=701.25)
    state.rename_cell("RS1", "PYR")
    state.regroup_files([other], cell="another", protocol="IV2")
    state.set_targets([{"efeature": "sag_amplitude", "protocol": "IV", "amplitude": -100, "tolerance": 10}])
    state.add_target("Spikecount", "IDrest", 150, efel_settings={"Threshold": -10.0}, efeature_name="mine")
    state.edit_target(state.inputs.targets[0].id, tolerance=20)
    state.use_auto_targets("BluePyEModel")
    state.use_auto_targets()
    state.set_rheobase_rule("flush", settings={"flush_length": 2}, protocols=["IDthresh"])
    state.set_rheobase("PYR", 0.123)
    state.set_efel_settings(Threshold=-15.0)
    state.use_absolute_amplitude()
    state.use_absolute_amplitude(False)
    state.set_averaging(protocol_mode="median")
    state.set_output(plot=True, output_directory=os.path.abspath("out"))
    state.remove_files([file])
    state.add_files_metadata(datasets.sample_files_metadata(["FS1"]))


@pytest.fixture
def state():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as found:
        edits(found)
        yield found


def again(state, tmp_path):
    state.save(tmp_path / "session.json")
    return ExtractionState.load(tmp_path / "session.json")


def known(inputs):
    """Return inputs without ids, which are others after loading."""
    places = undoing.places_of(inputs)
    parted = [one.partition("/") for one in inputs.accepted]
    return dataclasses.replace(inputs, accepted=()), [(places.get(file), label) for file, _, label in parted]


def test_all_edits_are_undone_one_by_one_after_loading(state, tmp_path):
    data = json.loads(json.dumps(state.undo_as_data()))
    with again(state, tmp_path) as loaded:
        before = loaded.inputs
        assert loaded.undo_from_data(data) == len(state._decisions.history)
        assert loaded.inputs is before
        assert loaded.can_undo
        number = 0
        while state.can_undo:
            assert loaded.undo_label == state.undo_label
            state.undo()
            loaded.undo()
            assert known(loaded.inputs) == known(state.inputs), loaded.redo_label
            number += 1
        assert number == 20
        assert not loaded.can_undo
        kept = {file.id for _, file in before.files()} & {file.id for _, file in loaded.inputs.files()}
        assert len(kept) == 6  # files that were there all the time are the same to every view
        while loaded.can_redo:
            loaded.redo()
        assert loaded.inputs is before


def test_edits_of_other_decisions_are_not_taken(state, tmp_path):
    data = state.undo_as_data()
    with again(state, tmp_path) as loaded:
        loaded.set_rheobase("PYR", 0.5)
        assert loaded.undo_from_data(data) == 0
        assert loaded.undo_label == "set rheobase of PYR"


@pytest.mark.parametrize("broken", [None, [], {}, {"format": 1}, "steps", "files", "targets"])
def test_what_is_not_of_its_form_is_passed_over(state, tmp_path, broken):
    data = state.undo_as_data()
    if isinstance(broken, str):
        broken = data | {broken: [{"label": 3}, 7]}
    with again(state, tmp_path) as loaded:
        assert loaded.undo_from_data(broken) == 0
        assert not loaded.can_undo


def test_what_must_not_be_used_ends_it(state, tmp_path):
    seen = []

    def check(found):
        seen.append(found)
        if found.get("output_directory", "") is None:
            raise EfeError("not here")

    with again(state, tmp_path) as loaded:
        assert loaded.undo_from_data(state.undo_as_data(), check=check) == 2
        assert any(metadata["filepath"].endswith("RS1.nwb") for metadata in seen[1]["files_metadata"][""][""])


def test_it_stays_small(state, monkeypatch):
    file = state.files(protocol="IDthresh")[0]
    for number in range(130):
        state.exclude([f"{file}/{number}"], "noisy")
    data = state.undo_as_data()
    assert len(data["steps"]) == undoing.MOST
    assert len(json.dumps(data)) < undoing.LARGEST
    monkeypatch.setattr(undoing, "LARGEST", 20_000)
    fewer = state.undo_as_data()
    assert 0 < len(fewer["steps"]) < undoing.MOST
    assert sum(len(json.dumps(step["changes"])) for step in fewer["steps"]) <= 20_000


def test_a_reload_keeps_what_can_be_undone(tmp_path):
    path = tmp_path / "visit" / "session.json"
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        autosave = Autosave(state, path)
        state.set_output(output_directory="out")
        before = known(state.inputs)[0]
        state.set_rheobase("RS1", 0.5)
        autosave.close()
    with ExtractionState.load(path) as loaded:
        autosave = Autosave(loaded, path)
        assert loaded.undo_label == "set rheobase of RS1"
        loaded.undo()
        assert dataclasses.replace(loaded.inputs, output_directory="out") == before
        autosave.close()


def test_what_was_written_down_is_not_looked_at_again(state, monkeypatch):
    first = state.undo_as_data()
    looked, real = [], undoing._difference
    monkeypatch.setattr(undoing, "_difference", lambda *given: looked.append(given) or real(*given))
    assert state.undo_as_data() == first
    assert not looked
    state.set_rheobase("PYR", 0.2)
    now = state.undo_as_data()
    assert len(looked) == 1
    assert now["steps"][1:] == first["steps"]
    state.undo()
    state.undo()
    assert state.undo_as_data()["steps"] == first["steps"][1:]
