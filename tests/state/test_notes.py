"""Notes and tags of cells and recordings: decided, undone, kept in the session, and columns of tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.engine.problems import EfeError
from efewidgets.engine.stages.notes import in_order, parse_tag, tag_in_words, tag_keys, tags_of


def test_a_recordings_own_tags_replace_those_of_its_cell(state):
    state.describe_cells(["A", "B"], genotype="WT", age=21, checked=True)
    state.describe_cells("B", genotype="KO", note="access was poor")
    state.describe("f1/s0", drug="TTX", age=22)
    inputs = state.inputs
    assert tags_of(inputs, "A") == {"genotype": "WT", "age": "21", "checked": "yes"}
    assert tags_of(inputs, "B") == {"genotype": "KO", "age": "21", "checked": "yes"}
    assert tags_of(inputs, "A", "f1/s0") == {"genotype": "WT", "age": "22", "checked": "yes", "drug": "TTX"}
    assert inputs.cell_notes["B"]["note"] == "access was poor"
    assert tag_keys(inputs) == ("genotype", "age", "checked", "drug")


def test_each_is_one_step_that_can_be_undone(state):
    state.describe_cells("A", genotype="WT")
    assert state.undo_label == "tag genotype of A"
    state.describe(["f1/s0", "f1/s1"], note=" noisy at the end ")
    assert state.undo_label == "note of 2 recordings"
    assert state.inputs.recording_notes["f1/s1"] == {"note": "noisy at the end"}
    state.undo()
    assert not state.inputs.recording_notes
    assert state.inputs.cell_notes == {"A": {"genotype": "WT"}}
    state.describe_cells("A", genotype=None)
    assert not state.inputs.cell_notes
    state.undo()
    assert state.inputs.cell_notes == {"A": {"genotype": "WT"}}
    state.describe_cells("A", genotype="WT")  # nothing new
    assert state.redo_label == "tag genotype of A"


def test_noting_changes_no_result_and_computes_nothing(state, counted):
    before = state.results.texts
    counted.clear()
    state.describe_cells("A", genotype="WT")
    state.describe("f1/s0", drug="TTX", note="first minute")
    assert state.results.texts == before
    assert not counted


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"": "x"},
        {"a:b": "x"},
        {"Note": "x"},
        {"x" * 81: "y"},
        {"x": "y" * 81},
        {"x": ["y"]},
        {"note": "y" * 2001},
    ],
)
def test_what_can_be_no_tag_is_refused(state, told):
    for act, name in ((state.describe_cells, "A"), (state.describe, "f1/s0")):
        with pytest.raises(EfeError):
            act(name, **told)
    assert not state.can_undo


@pytest.mark.parametrize("wrong", [[], "C"])
def test_what_is_no_cell_is_refused(state, wrong):
    with pytest.raises(EfeError, match="no cell"):
        state.describe_cells(wrong, genotype="WT")


@pytest.mark.parametrize("wrong", [[], "f1", "f99/s0", "A"])
def test_what_is_no_recording_is_refused(state, wrong):
    with pytest.raises(EfeError, match="no recording"):
        state.describe(wrong, drug="TTX")


def test_a_tag_as_it_is_typed():
    assert parse_tag(" genotype :  5xFAD  mouse ") == ("genotype", "5xFAD mouse")
    assert parse_tag("time: 10:30") == ("time", "10:30")
    assert parse_tag("checked") == ("checked", "yes")
    assert (tag_in_words("checked", "yes"), tag_in_words("layer", "L5")) == ("checked", "layer: L5")
    for wrong in ("", ":", "genotype:", ": WT", "note", "note: x"):
        with pytest.raises(EfeError):
            parse_tag(wrong)


def test_values_are_sorted_as_people_sort_them():
    assert in_order(["P14", "p9", "WT", "P14", "10", "9"]) == ["9", "10", "p9", "P14", "WT"]


def test_notes_follow_a_cell_that_is_renamed_or_put_to_another(state):
    state.describe_cells("A", genotype="WT", layer="L5")
    state.describe_cells("B", genotype="KO")
    state.rename_cell("A", "C")
    assert state.inputs.cell_notes == {"B": {"genotype": "KO"}, "C": {"genotype": "WT", "layer": "L5"}}
    state.rename_cell("C", "B")  # what B has of its own stays
    assert state.inputs.cell_notes == {"B": {"genotype": "KO", "layer": "L5"}}
    state.remove_files(state.files(cell="B"))
    assert not state.inputs.cell_notes
    state.undo()
    assert state.inputs.cell_notes["B"] == {"genotype": "KO", "layer": "L5"}


def test_a_part_of_a_cell_that_moves_leaves_its_notes(state):
    state.describe_cells("A", genotype="WT")
    state.regroup_files(state.files(cell="A", protocol="IV"), cell="D")
    assert state.inputs.cell_notes == {"A": {"genotype": "WT"}}


def test_a_session_keeps_them_and_their_edits(sample, tmp_path):
    one = next(iter(sample.results.members))
    place = sample.results.members[one]
    sample.describe_cells("RS1", genotype="WT")
    sample.describe(one, drug="TTX", note='=1+1 <b>"')
    sample.save(tmp_path / "session.json")
    undo = json.loads(json.dumps(sample.undo_as_data()))
    with ExtractionState.load(tmp_path / "session.json") as again:
        assert again.inputs.cell_notes == {"RS1": {"genotype": "WT"}}
        ((here, told),) = again.inputs.recording_notes.items()
        assert told == {"drug": "TTX", "note": '=1+1 <b>"'}
        member = again.results.members[here]
        assert (member.protocol, member.recording.label) == (place.protocol, place.recording.label)
        assert again.undo_from_data(undo) == 2
        again.describe(here, drug=None)
        again.undo()
        again.undo()
        assert (again.inputs.recording_notes, again.inputs.cell_notes) == ({}, {"RS1": {"genotype": "WT"}})
        again.redo()
        assert again.inputs.recording_notes[here]["drug"] == "TTX"


@pytest.mark.parametrize(
    "written",
    [None, 5, [], {"cells": 3, "recordings": {}}, {"cells": {"no": {"a": "b"}, "RS1": {"a": 3, "": "x", "b": ""}}},
     {"recordings": [5, [], ["RS1", "IV", 0], ["RS1", "no", 0, "x", {"a": "b"}], ["RS1", "IV", 0, "x", {"a": [1]}]]}],
)  # fmt: skip
def test_what_is_of_no_known_form_is_passed_over(loaded_with, written):
    """As a session of another version may have it; one without the entry is one of before."""
    again = loaded_with("notes", written)
    assert not again.inputs.cell_notes
    assert not again.inputs.recording_notes


def test_tables_have_a_column_for_each_tag(state):
    before = list(state.results.recordings.columns)
    state.describe_cells("A", genotype="WT", cell="pyramidal")
    state.describe("f1/s0", drug="TTX", note="first")
    state.exclude("f1/s1", "noisy")
    found = state.results.recordings
    assert list(found.columns) == [*before, "genotype", "cell (tag)", "drug"]
    of_a = found[found.cell == "A"]
    assert set(of_a.genotype) == {"WT"}
    assert set(of_a["cell (tag)"]) == {"pyramidal"}
    assert found[found.cell == "B"].genotype.isna().all()
    assert list(found[found.drug == "TTX"].recording) == ["f1/s0"]
    assert set(state.results.feature_table.groupby("genotype").cell.first()) == {"A"}
    assert list(state.results.exclusions.genotype) == ["WT"]


def test_all_notes_as_a_table(state):
    state.describe_cells("B", genotype="KO", note="poor access")
    state.describe("f1/s0", genotype="WT")
    rows = [
        [None if value != value else value for value in row]
        for row in state.results.notes.to_numpy().tolist()
    ]
    path = state.results.members["f1/s0"].file.path
    assert rows == [["B", None, None, None, "KO", "poor access"], ["A", "IDthresh", path, "s0", "WT", None]]


def test_averages_by_a_tag_are_those_of_its_recordings(state):
    state.describe_cells("A", genotype="WT")
    results = state.results
    table = results.feature_table
    whole = results.target_statistics.set_index("target")
    by = results.statistics_by("genotype")
    assert list(by.target.unique()) == list(whole.index[whole.recordings > 0])
    for row in by.itertuples():
        mine = table[[row.target in ids for ids in table.targets]]
        values = mine[mine.cell == ("A" if row.group == "WT" else "B")].value.to_numpy()
        values = values[np.isfinite(values)]
        assert row.n == len(values)
        if len(values):
            assert row.mean == pytest.approx(values.sum() / len(values))
            assert row.std == pytest.approx(max(np.sqrt(((values - row.mean) ** 2).mean()), 1e-3))
    assert list(by[by.target == by.target.iloc[0]].group) == ["WT", ""]
    total = by.groupby("target").n.sum()
    assert all(total[one] == whole.n[one] for one in total.index)
    assert set(results.statistics_by("cell").group) == {"A", "B"}
    with pytest.raises(EfeError, match="genotype"):
        results.statistics_by("genotyp")
