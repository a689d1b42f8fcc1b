"""Every action is one edit with a label, which can be undone."""

from __future__ import annotations

import pathlib

import pytest

from efewidgets import AutoTarget, ExtractionState

from . import lab

ACTIONS = {
    "add 1 file": lambda s: s.add_files("A", "IV", "more.abf"),
    "add 2 recordings": lambda s: s.add_files(
        "Z", "IV", [pathlib.Path("a.abf"), {"v_file": "v.ibw", "i_file": "i.ibw"}]
    ),
    "remove 1 file": lambda s: s.remove_files("f1"),
    "remove 4 files": lambda s: s.remove_files(s.files(cell="A")),
    "move 1 file to B": lambda s: s.regroup_files("f1", cell="B"),
    "move 2 files to IDthresh": lambda s: s.regroup_files(
        s.files(cell="A", protocol="IDrest"), protocol="IDthresh"
    ),
    "rename A to Z": lambda s: s.rename_cell("A", "Z"),
    "rename A to B": lambda s: s.rename_cell("A", "B"),
    "set ljp of 8 files": lambda s: s.set_metadata(s.files(), ljp=14.0),
    "set ecode of 1 file": lambda s: s.set_metadata("f1", ecode="Step"),
    "set ton, toff of 1 recording": lambda s: s.set_sweep("f1/s0", ton=51.0, toff=249.0),
    "exclude 2 recordings: seal lost": lambda s: s.exclude(["f1/s0", "f2/s1"], "seal lost"),
    "add 1 target": lambda s: s.add_target("Spikecount", "IDrest", 150, 20, efeature_name="spikes"),
    "set 2 targets": lambda s: s.set_targets(lab.targets()[:2]),
    "set tolerance of 10 targets": lambda s: s.edit_targets([t.id for t in s.inputs.targets], tolerance=15),
    "remove 1 target": lambda s: s.remove_targets("t1"),
    "duplicate 1 target": lambda s: s.duplicate_targets("t1", amplitude=200),
    "apply preset spike waveform to IDrest": lambda s: s.apply_preset("spike waveform", "IDrest", [150, 200]),
    "add 4 targets": lambda s: s.import_legacy_targets(
        {"IV": {"amplitudes": [-100, -50], "tolerances": [10], "efeatures": ["sag_amplitude", "Spikecount"]}}
    ),
    "choose targets automatically": lambda s: s.use_auto_targets(
        [AutoTarget(["IDrest"], [150], ["Spikecount"], 1)]
    ),
    "set rheobase strategy": lambda s: s.set_rheobase_rule("flush"),
    "set rheobase of A": lambda s: s.set_rheobase("A", 0.15),
    "set Threshold": lambda s: s.set_efel_settings(Threshold=-30.0),
    "use the usual eFEL settings": lambda s: s.reset_efel_settings(),
    "amplitudes in nA": lambda s: s.use_absolute_amplitude(),
    "set protocol_mode, default_std_value": lambda s: s.set_averaging(
        protocol_mode="max", default_std_value=0.1
    ),
    "set output_directory": lambda s: s.set_output(output_directory="out"),
    "read with the usual readers": lambda s: s.set_reader(None),
}


@pytest.mark.parametrize("label", ACTIONS)
def test_each_action_is_one_edit_that_can_be_undone(state, label):
    before, texts, revision = state.inputs, state.results.texts, state.revision
    ACTIONS[label](state)
    assert state.inputs != before
    assert state.revision == revision + 1
    assert state.undo_label.startswith(label)
    after = state.inputs
    assert state.undo() == state.redo_label
    assert state.inputs is before
    assert state.results.texts == texts
    assert not state.can_undo
    state.redo()
    assert state.inputs is after


def test_every_argument_of_extract_can_be_decided(state):
    """Whatever can be said to extract_efeatures can be said to the state, and is said in a saved config."""
    import inspect

    from efewidgets.engine.stages.inputs import Inputs
    from efewidgets.extract import extract_efeatures

    how = {
        "map_function",
        "executor",
    }  # how the work is done is the runner's; cells and models are in `cells`
    arguments = set(inspect.signature(extract_efeatures).parameters) - how
    assert arguments - {"files_metadata", "models"} <= set(Inputs.__dataclass_fields__)
    assert {"cells", "export", "accepted", "cell_notes", "recording_notes"} == set(
        Inputs.__dataclass_fields__
    ) - arguments


def test_what_is_not_touched_stays_the_same_object(state):
    before = state.inputs
    state.set_metadata("f1", ljp=1.0)
    assert state.inputs.by_name["B"] is before.by_name["B"]
    assert state.inputs.targets is before.targets
    assert state.inputs.by_name["A"].by_id["f2"] is before.by_name["A"].by_id["f2"]


def test_decisions_stay_with_a_file_that_moves(state):
    state.exclude("f1/s0", "leak")
    state.set_sweep("f1/s1", toff=240.0)
    state.regroup_files("f1", cell="B")
    moved = state.results.members["f1/s0"]
    assert (moved.cell, moved.excluded) == ("B", "leak")
    assert state.results.windows["f1/s1"]["toff"] == pytest.approx(240.0)


def test_a_rheobase_by_hand_goes_with_its_cell(state):
    state.set_rheobase("A", 0.15)
    state.rename_cell("A", "Z")
    assert state.results.rheobases["Z"].value == 0.15
    state.remove_files(state.files(cell="Z"))
    assert state.inputs.rheobase_values == {}
    assert list(state.inputs.by_name) == ["B"]


def test_a_slider_is_one_step(state):
    for ton in (51.0, 52.0, 53.0):
        state.set_sweep("f1/s0", ton=ton, merge="ton of f1/s0")
    for value in (0.11, 0.12):
        state.set_rheobase("A", value, merge="rheobase of A")
    assert state.undo().startswith("set rheobase")
    assert state.results.windows["f1/s0"]["ton"] == pytest.approx(53.0, abs=lab.DT)
    state.undo()
    assert not state.can_undo


def test_none_takes_an_override_back(state):
    before = state.inputs
    state.set_metadata("f1", ljp=5.0)
    state.set_metadata("f1", ljp=None)
    state.set_sweep("f1/s0", ton=55.0)
    state.set_sweep("f1/s0", ton=None)
    state.exclude("f1/s0", "leak")
    state.include("f1/s0")
    assert state.inputs == before


def test_duplicates_are_used_once_until_they_are_edited(state):
    texts = state.results.texts
    (copy,) = state.duplicate_targets("t1")
    assert state.results.texts == texts
    assert any("more than once" in problem.message for problem in state.problems)
    state.edit_target(copy, amplitude=200)
    assert state.results.texts == texts  # there is that target, too
    state.edit_target(copy, efeature_name="again")
    assert state.results.texts != texts


def test_the_first_target_ends_the_automatic_choice(arguments):
    arguments["targets"] = None
    with ExtractionState.from_arguments(arguments) as state:
        assert len(state.results.targets) > 1
        state.add_target("voltage_base", "IV", -100, 10)
        assert [t.efeature for t in state.results.targets] == ["voltage_base"]


def test_files_can_be_found(state, tmp_path):
    assert state.files() == [f"f{k}" for k in range(1, 9)]
    assert state.files(cell="B", protocol="IDrest") == ["f6", "f7"]
    assert state.files(path=tmp_path / "A_IV_0.json") == ["f4"]
    assert state.files(cell="nobody") == []


def test_paths_do_not_depend_on_the_working_directory(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (added,) = state.add_files("A", "IV", "A_IV_0.json")
    monkeypatch.chdir("/")
    assert state.inputs.cell_of_file[added].by_id[added].path == str(tmp_path / "A_IV_0.json")
    assert f"{added}/s0" in state.results.members


def test_the_view_is_no_decision(state):
    results, told = state.results, []
    state.observe(lambda change: told.append(change), "revision")
    seen = []
    state.view.observe(lambda change: seen.append(change.new), "recordings")
    state.view.recordings = ("f1/s0", "f1/s1")
    state.view.cell, state.view.time_range = "A", (100.0, 200.0)
    assert seen == [("f1/s0", "f1/s1")]
    assert not told
    assert state.results is results
    assert not state.can_undo
