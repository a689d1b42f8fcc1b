"""TargetEditor: what it shows is what the state has, and what is done in it is done to the state."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.features.catalogue import GROUPS
from efewidgets.engine.problems import EfeError
from efewidgets.state import BackgroundRunner
from efewidgets.state.actions.targets import preset_features
from efewidgets.widgets import TargetEditor
from efewidgets.widgets.targets.importing import targets_of_text
from efewidgets.widgets.targets.picker import FeaturePicker, found_features

LIVE = ipywidgets.widgets.widget._instances
TARGETS = [
    {"efeature": "Spikecount", "protocol": "IDrest", "amplitude": 150, "tolerance": 10},
    {"efeature": "mean_frequency", "protocol": "IDrest", "amplitude": 200, "tolerance": 10},
    {"efeature": "voltage_base", "protocol": "IV", "amplitude": -1000, "tolerance": 10},
]


@pytest.fixture(scope="module")
def warm():
    """Two cells, read once."""
    return ExtractionState.from_arguments(datasets.sample_config(["RS1", "FS1"]) | {"targets": TARGETS})


@pytest.fixture
def state(warm):
    start = warm.inputs
    yield warm
    warm.commit("as before", **{name: getattr(start, name) for name in start.__dataclass_fields__})
    warm.view.target = None


@pytest.fixture
def editor(state):
    found = TargetEditor(state)
    yield found
    assert not found.message.text or "left out" in found.message.text
    found.close()


def ids(state):
    return [target.id for target in state.inputs.targets]


def test_rows_are_the_state_s(editor, state):
    data = editor.view_data()
    table = state.results.target_statistics.set_index("target")
    assert [row["id"] for row in data.rows] == ids(state)
    for row in data.rows[:2]:
        own = table.loc[row["id"]]
        assert (row["recordings"], row["cells"], row["n"]) == (own.recordings, own.cells, own.n)
        assert (row["mean"], row["std"], row["unit"]) == (own["mean"], own["std"], own.unit)
    assert data.rows[0]["matches"] == "4 in 2 cells"
    assert data.rows[2]["matches"] == "none"
    assert data.rows[2]["_class"]["matches"] == "efe-bad"
    assert list(editor.table.rows) == data.rows


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("amplitude", "200 %", "amplitude", 200),
        ("tolerance", "12,5", "tolerance", 12.5),
        ("protocol", "IV", "protocol", "IV"),
        ("efeature", "mean_frequency", "efeature", "mean_frequency"),
        ("efeature_name", "mine", "efeature_name", "mine"),
        ("efeature_name", "", "efeature_name", None),
        ("efel_settings", "Threshold=-10", "efel_settings", {"Threshold": -10}),
        ("min_values", "3", "min_values", 3),
        ("min_values", "", "min_values", None),
    ],
)
def test_a_cell_is_edited(editor, state, column, text, field, value):
    first = ids(state)[0]
    assert editor.table.edit(first, column, text), editor.table.refused
    assert getattr(state.inputs.targets[0], field) == value
    assert state.inputs.targets[1].as_dict() == TARGETS[1] | {"location": "soma", "efel_settings": {}}


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("amplitude", "much", "must be a number"),
        ("tolerance", "0", "above zero"),
        ("efeature", "Spikecont", "Did you mean 'Spikecount'"),
        ("efel_settings", "Treshold=1", "Did you mean 'Threshold'"),
        ("min_values", "0", "whole number"),
        ("protocol", "", "needed"),
    ],
)
def test_a_cell_refuses_and_the_state_stays(editor, state, column, text, words):
    before = state.inputs
    assert not editor.table.edit(ids(state)[0], column, text)
    assert words in editor.table.refused["reason"]
    assert state.inputs is before


def test_many_rows_at_once(editor, state):
    editor.table.selected = tuple(ids(state))
    editor.table.edit(ids(state)[1], "tolerance", "25")
    assert [target.tolerance for target in state.inputs.targets] == [25, 25, 25]
    assert state.undo_label.startswith("set tolerance of 3 targets")


def test_too_few_values_are_marked(editor, state):
    state.edit_targets(ids(state)[0], min_values=100)
    row = editor.view_data().rows[0]
    assert row["_class"]["n"] == "efe-warn"
    assert row["_hint"]["n"].endswith("fewer than 100: left out of the output")


def test_selection_is_shared(editor, state):
    first, second = ids(state)[:2]
    editor.table.set_state({"selected": [first]})
    assert state.view.target == first
    state.view.target = second
    assert editor.table.selected == (second,)
    assert not editor.remove.disabled
    state.view.target = None
    assert editor.table.selected == ()
    assert editor.remove.disabled


def test_detail_is_what_the_state_explains(editor, state):
    state.view.target = ids(state)[0]
    table = state.explain(ids(state)[0])
    detail = editor.view_data().detail
    assert len(detail.rows) == len(table)
    assert detail.counts == {
        cell: (int(own.taken.sum()), len(own)) for cell, own in table.groupby("cell", sort=False)
    }
    reasons = dict(zip(table.recording, table.reason, strict=True))
    assert all(row["reason"] == reasons[row["id"]] for row in detail.rows)
    taken = [row for row in detail.rows if row["taken"] == "yes"]
    assert [row["value"] for row in taken] == list(table.value[table.taken])
    editor.detail.set_state({"selected": [taken[0]["id"]]})
    assert state.view.recordings == (taken[0]["id"],)


def test_form_adds_protocols_times_amplitudes_times_features(editor, state):
    form = editor.form
    assert list(form.protocols.boxes) == list(state.inputs.protocols)
    form.protocols.value = ("IDrest", "IV")
    form.amplitudes.value = "100, 150, 200"
    form.picker.choose(["Spikecount", "voltage_base"])
    assert form.add.description == "Add 12 targets"
    form.add.click()
    assert len(state.inputs.targets) == 15
    assert len(editor.table.selected) == 12
    assert state.inputs.targets[-1].as_dict() == {
        "efeature": "voltage_base",
        "protocol": "IV",
        "amplitude": 200,
        "tolerance": 10,
        "location": "soma",
        "efel_settings": {},
    }
    state.undo()
    assert len(state.inputs.targets) == 3


@pytest.mark.parametrize(
    ("protocols", "amplitudes", "features", "words"),
    [
        ((), "100", ["Spikecount"], "Choose a protocol"),
        (("IDrest",), "", ["Spikecount"], "amplitude is needed"),
        (("IDrest",), "a", ["Spikecount"], "must be a number"),
        (("IDrest",), "100", [], "Choose features"),
    ],
)
def test_form_says_what_lacks(editor, state, protocols, amplitudes, features, words):
    form = editor.form
    form.protocols.value, form.amplitudes.value = protocols, amplitudes
    form.picker.choose(features)
    form.add.click()
    assert words in form.message.text
    assert len(state.inputs.targets) == 3


def test_preset(editor, state):
    editor.form.protocols.value, editor.form.amplitudes.value = ("IDrest",), "150, 200"
    editor.form.add_preset.click()
    new = {
        (target.efeature, target.amplitude) for target in state.inputs.targets[1:]
    }  # the second is one of them
    assert new == {("voltage_base", -1000)} | {
        (name, amplitude) for name in preset_features("firing pattern") for amplitude in (150, 200)
    }


def test_automatic_and_back(editor, state):
    editor.automatic.click()
    data = editor.view_data()
    assert state.inputs.targets is None
    assert data.automatic
    assert [row["id"] for row in data.rows] == [target.id for target in state.results.targets]
    assert not editor.table.edit(data.rows[0]["id"], "amplitude", "3")
    assert "Keep as my own" in editor.table.refused["reason"]
    assert not any(column.editable for column in editor.table.columns)
    chosen = state.results.targets
    editor.keep.click()
    assert tuple(replace(target, role=None) for target in state.inputs.targets) == tuple(chosen)
    assert editor.keep.disabled


def test_duplicate_and_remove(editor, state):
    first = ids(state)[0]
    editor.table.set_state({"selected": [first]})
    editor.duplicate.click()
    assert len(state.inputs.targets) == 4
    assert state.view.target == ids(state)[1]
    editor.remove.click()
    assert ids(state)[0] == first
    assert len(state.inputs.targets) == 3


def test_absolute_amplitudes(editor, state):
    editor.absolute.value = True
    assert state.inputs.absolute_amplitude
    units = {column.name: column.unit for column in editor.table.columns}
    assert units["amplitude"] == units["tolerance"] == "nA"
    assert editor.form.amplitudes.value == "0.1, 0.2, 0.3"
    state.undo()
    assert not editor.absolute.value


def test_paste(editor, state):
    table = editor.table
    assert table.paste(ids(state)[0], "protocol", [["IV", "-50", "10", "voltage_base"]] * 2), table.refused
    assert len(state.inputs.targets) == 5
    header = [["feature", "protocol", "tolerance", "amplitude"], ["Spikecount", "IDrest", "5", "300"]]
    assert table.paste(None, "protocol", header)
    assert state.inputs.targets[-1].amplitude == 300
    assert table.paste(ids(state)[0], "amplitude", [["250", "20"]])
    assert (state.inputs.targets[0].amplitude, state.inputs.targets[0].tolerance) == (250, 20)
    before = state.inputs
    assert not table.paste(ids(state)[0], "amplitude", [["250"], ["300"]])
    assert not table.paste(ids(state)[0], "matches", [["3"]])
    assert not table.paste(None, "protocol", [["IDrest", "a", "1", "Spikecount"]])
    assert "Line 1" in table.refused["reason"]
    assert state.inputs is before


def test_import_of_json_tells_what_was_left_out(editor, state):
    editor.text.value = (
        '{"efeatures": [{"efel_feature_name": "Spikecount", "protocol_name": "IDrest_150", "weight": 2},'
        ' {"efel_feature_name": "voltage_base", "protocol_name": "RMPProtocol"}]}'
    )
    editor.read.click()
    assert editor.text_message.text == ""
    assert state.inputs.targets[-1].weight == 2
    assert "RMPProtocol is left out" in editor.message.text
    assert "weight" in [column.name for column in editor.table.columns]
    editor.text.value = "[}"
    editor.read.click()
    assert "not: line 1, column 2" in editor.text_message.text
    assert editor.text.value == "[}"


def test_csv_comes_back_as_the_same_targets(editor, state):
    state.edit_targets(
        ids(state)[0],
        efel_settings={"Threshold": -10, "interp_step": 0.1},
        efeature_name='a "b", c\n刺激',
        min_values=2,
        weight=0.5,
    )
    before = state.inputs.targets
    targets, _ = targets_of_text(editor.csv())
    state.set_targets(targets)
    assert state.inputs.targets == before


def test_nasty_names(editor, state):
    nasty = '<img src=x onerror="alert(1)">'
    name = state.inputs.cells[0].name
    state.rename_cell(name, nasty)
    state.edit_targets(ids(state)[0], efeature_name=nasty)
    state.view.target = ids(state)[0]
    assert editor.table.rows[0]["efeature_name"] == nasty
    assert nasty not in editor.about.value
    assert "&lt;img" in editor.about.value


def test_what_is_not_computed_yet_says_so():
    arguments = datasets.sample_config(["RS1"]) | {"targets": TARGETS[:1]}
    state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
    editor = TargetEditor(state)
    state.cancel()
    state.wait(60)
    before = editor.view_data().rows
    state.edit_targets(ids(state), tolerance=11)
    assert len(before) == 1
    assert editor.view_data().rows[0]["tolerance"] == 11
    assert state.wait(60)
    assert editor.view_data().rows[0]["n"] == 2
    editor.close()
    state.close()


def test_features_are_found_by_words_and_groups():
    assert "AP_amplitude" in [row["name"] for row in found_features("ap AMPLITUDE")]
    assert {row["group"] for row in found_features(group="subthreshold")} == {"subthreshold"}
    by_words = found_features("onset stimulus peak first")
    assert "time_to_first_spike" in [row["name"] for row in by_words]  # only its description has these words
    assert found_features("no such thing") == []
    assert set(FeaturePicker.groups()) <= set(GROUPS)


def test_picker_keeps_what_is_chosen_while_searching():
    picker = FeaturePicker()
    picker.table.edit("AP_amplitude", "chosen", True)
    picker.search.value = "mean frequency"
    picker.table.edit("mean_frequency", "chosen", True)
    assert picker.chosen == ("AP_amplitude", "mean_frequency")
    picker.search.value = ""
    assert sum(row["chosen"] for row in picker.view_data()) == 2
    picker.table.edit("AP_amplitude", "chosen", False)
    assert picker.chosen == ("mean_frequency",)
    with pytest.raises(EfeError, match="no feature"):
        picker.choose(["nothing"])
    picker.clear.click()
    assert picker.chosen == ()


def test_nothing_at_all():
    state = ExtractionState()
    editor = TargetEditor(state)
    assert editor.table.rows == ()
    assert "once there are recordings" in editor.table.empty
    state.set_targets([])
    assert "There are no targets" in editor.table.empty
    editor.close()


def test_closing_leaves_no_model(state):
    before = len(LIVE)
    for _ in range(3):
        found = TargetEditor(state)
        state.view.target = ids(state)[0]
        found.close()
        state.view.target = None
    assert len(LIVE) == before


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("way", ["form", "preset", "text", "paste"])
def test_what_becomes_of_automatic_targets_is_asked(editor, state, way, keep):
    assert editor.beside_box.layout.display == "none"
    state.use_auto_targets()
    before = [replace(target, id="", role=None) for target in dict.fromkeys(state.results.targets)]
    assert editor.beside_box.layout.display == "none"  # nothing is about to be added
    editor.add.value = True
    assert editor.beside_box.layout.display is None
    assert f"the {len(editor.table.rows)} that" in editor.beside_said.value
    assert editor.beside.value  # else something would be lost
    editor.beside.value = keep
    form = editor.form
    form.protocols.value, form.amplitudes.value = ("IDrest",), "123"
    form.picker.choose(["Spikecount"])
    if way == "form":
        form.add.click()
    elif way == "preset":
        form.preset.value = "passive properties"
        form.add_preset.click()
    elif way == "text":
        editor.text.value = "IDrest\t123\t10\tSpikecount"
        editor.read.click()
    else:
        assert editor.table.paste(None, "protocol", [["IDrest", "123", "10", "Spikecount"]])
    new = [target for target in state.inputs.targets if target.amplitude == 123]
    assert len(new) == (len(preset_features("passive properties")) if way == "preset" else 1)
    others = [replace(target, id="", role=None) for target in state.inputs.targets if target not in new]
    assert others == (before if keep else [])
    assert editor.beside_box.layout.display == "none"
    state.undo()  # it was one edit
    assert state.inputs.targets is None


def test_chosen_features_are_named_and_taken_away():
    picker = FeaturePicker(["AP_amplitude", "Spikecount"])
    assert picker.chips.names == ("AP_amplitude", "Spikecount")
    picker.search.value = "width"  # they are seen though the list shows others
    assert picker.chips.names == ("AP_amplitude", "Spikecount")
    picker.chips._told(picker.chips, {"remove": "AP_amplitude"}, [])
    assert picker.chosen == picker.chips.names == ("Spikecount",)
    for told in ({"remove": "no_feature"}, {"remove": 7}, None, {}):
        picker.chips._told(picker.chips, told, [])
    assert picker.chosen == ("Spikecount",)


@pytest.mark.parametrize(
    ("words", "first"), [("AP_", "AP_"), ("ap amp", "AP_amp"), ("spikecount", "Spikecount"), ("ISI", "ISI")]
)
def test_what_begins_with_the_words_comes_first(words, first):
    names = [found["name"] for found in found_features(words)]
    begins = [name.lower().startswith(first.lower()) for name in names]
    assert any(begins)
    assert begins == sorted(begins, reverse=True)


def test_an_exact_name_is_the_first():
    assert found_features("AP_amplitude")[0]["name"] == "AP_amplitude"


def test_columns_in_which_nothing_stands_are_left_out(editor, state):
    names = [column.name for column in editor.table.columns]
    assert not {"efeature_name", "efel_settings", "min_values", "role", "weight"} & set(names)
    assert [column.name for column in editor.table.columns if column.frozen] == ["protocol", "efeature"]
    editor.every.value = True
    assert {"efeature_name", "efel_settings", "min_values"} <= {
        column.name for column in editor.table.columns
    }
    assert editor.table.edit(ids(state)[0], "efeature_name", "mine"), editor.table.refused
    editor.every.value = False
    assert set(names) | {"efeature_name"} == {column.name for column in editor.table.columns}
