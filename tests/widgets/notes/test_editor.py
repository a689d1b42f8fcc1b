"""Tags and notes where one looks at cells and sweeps: typed, shown as chips, taken away, remembered."""

from __future__ import annotations

import json

import pytest

from efewidgets import datasets
from efewidgets.state import ExtractionState
from efewidgets.widgets.notes import columns
from efewidgets.widgets.notes.choices import MOST, TagChoices, place
from efewidgets.widgets.notes.editor import NotesEditor, noted
from efewidgets.widgets.overview.summary import SummaryPanel


@pytest.fixture(scope="module")
def computed():
    config = datasets.sample_config(["RS1", "FS1"])
    config["files_metadata"] = {name: {"IV": files["IV"]} for name, files in config["files_metadata"].items()}
    config["targets"] = [{"efeature": "voltage_base", "protocol": "IV", "amplitude": -50, "tolerance": 10}]
    config["rheobase_values"] = {"RS1": 0.2, "FS1": 0.2}
    with ExtractionState.from_arguments(config) as state:
        yield state


@pytest.fixture
def state(computed):
    yield computed
    while computed.undo():
        pass
    computed.view.recordings, computed.view.cell = (), None


@pytest.fixture
def editor(state):
    found = NotesEditor(state, choices=TagChoices())
    yield found
    found.close()


def of_cell(state, name, number):
    return tuple(one for one, m in state.results.members.items() if m.cell == name)[:number]


def test_a_tag_is_typed_and_taken_away(state, editor):
    state.view.recordings = of_cell(state, "RS1", 1)
    assert "cell RS1" in editor.cell.what.value
    editor.cell.add.value = "genotype: WT"
    assert state.inputs.cell_notes == {"RS1": {"genotype": "WT"}}
    assert editor.cell.chips.names == ("genotype: WT",)
    assert editor.cell.add.value == ""
    editor.sweeps.add.value = "checked"
    editor.sweeps.note.value = "<b>noisy</b>"
    assert state.inputs.recording_notes == {
        state.view.recordings[0]: {"checked": "yes", "note": "<b>noisy</b>"}
    }
    editor.cell.chips.remove("genotype: WT")
    assert not state.inputs.cell_notes
    editor.sweeps.note.value = ""
    assert state.inputs.recording_notes == {state.view.recordings[0]: {"checked": "yes"}}


def test_several_sweeps_have_what_all_of_them_have(state, editor):
    one, other = state.view.recordings = of_cell(state, "RS1", 2)
    state.describe(one, drug="TTX", note="first")
    assert editor.sweeps.chips.names == ()
    assert (editor.sweeps.note.value, editor.sweeps.note.placeholder) == ("", "several notes")
    editor.sweeps.add.value = "drug: TTX"
    assert state.inputs.recording_notes[other] == {"drug": "TTX"}
    assert editor.sweeps.chips.names == ("drug: TTX",)
    assert "2 sweeps" in editor.sweeps.what.value
    assert state.undo() == "tag drug of 2 recordings"


def test_what_is_no_tag_stays_where_it_was_typed(state, editor):
    state.view.cell = "RS1"
    editor.cell.add.value = "genotype:"
    assert "genotype" in editor.message.text
    assert editor.cell.add.value == "genotype:"
    assert not state.inputs.cell_notes
    editor.cell.add.value = "genotype: WT"
    assert editor.message.text == ""


def test_it_is_about_what_the_viewer_shows(state, editor):
    """At first that is the first sweep; of a whole protocol no sweep is chosen."""
    assert "cell RS1" in editor.cell.what.value
    editor.sweeps.add.value = "drug: TTX"
    assert state.inputs.recording_notes == {next(iter(state.results.members)): {"drug": "TTX"}}
    state.view.cell = "FS1"
    assert "cell FS1" in editor.cell.what.value
    assert (editor.cell.layout.display, editor.sweeps.layout.display) == (None, "none")


def test_without_recordings_there_is_nothing():
    with ExtractionState() as empty:
        editor = NotesEditor(empty, choices=TagChoices())
        assert editor.cell.layout.display == editor.sweeps.layout.display == "none"
        editor.close()


def test_names_are_text(state):
    found = noted("cell <i>", ["x"], {"x": {"<b>": "=1", "note": "a"}})
    assert (found.tags, found.note) == ({"<b>": "=1"}, "a")
    state.rename_cell("RS1", "<i>RS1")
    state.view.cell = "<i>RS1"
    editor = NotesEditor(state, choices=TagChoices())
    assert "&lt;i&gt;RS1" in editor.cell.what.value
    editor.close()


def test_tags_are_remembered_for_the_next_session(state, data_folder):
    assert place() == data_folder / "tags.json"
    editor = NotesEditor(state)
    state.view.cell = "RS1"
    for text in ("genotype: WT", "genotype: KO", "checked"):
        editor.cell.add.value = text
    assert TagChoices(place()).tags == {"genotype": ("WT", "KO"), "checked": ("yes",)}
    while state.undo():
        pass
    other = NotesEditor(state)
    assert other.cell.add.options == ("checked", "genotype: KO", "genotype: WT")
    editor.close()
    other.close()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"tags": 3}', '{"tags": {"a": 3, "": ["x"], "b": [1, ""], "c": ["d"]}}']
)
def test_a_file_that_can_not_be_used_is_passed_over(tmp_path, text):
    path = tmp_path / "tags.json"
    path.write_text(text, encoding="utf-8", newline="\n")
    found = TagChoices(path)
    assert found.tags == ({"c": ("d",)} if "c" in text else {})
    found.used("a", "b")
    assert json.loads(path.read_text(encoding="utf-8"))["tags"]["a"] == ["b"]


def test_only_the_last_ones_are_remembered():
    found = TagChoices()
    for k in range(MOST + 1):
        found.used("key", str(k))
        found.used(f"k{k}", "x")
    assert len(found.tags) == MOST
    assert found.tags["key"] == tuple(str(k) for k in range(1, MOST + 1))


def test_cells_are_tagged_in_the_summary(state):
    panel = SummaryPanel(state, choices=TagChoices())
    assert panel.tag.disabled
    panel.table.set_state({"selected": ["RS1", "FS1"]})
    assert not panel.tag.disabled
    panel.tag.value = "genotype: WT"
    assert {name: dict(told) for name, told in state.inputs.cell_notes.items()} == {
        "RS1": {"genotype": "WT"},
        "FS1": {"genotype": "WT"},
    }
    names = [column.name for column in panel.table.columns]
    assert names[:4] == ["cell", "rheobase", "tag:genotype", "tag:note"]
    panel.table.edit("FS1", "tag:genotype", "KO")  # both are selected
    assert {told["genotype"] for told in state.inputs.cell_notes.values()} == {"KO"}
    panel.table.set_state({"selected": ["FS1"]})
    panel.table.edit("FS1", "tag:note", "poor access")
    panel.table.edit("FS1", "tag:genotype", "")
    assert state.inputs.cell_notes == {"RS1": {"genotype": "KO"}, "FS1": {"note": "poor access"}}
    assert columns.cell_keys(state.inputs) == ("genotype",)
    rows = {row["id"]: row for row in panel.table.rows}
    assert (rows["FS1"]["tag:note"], rows["FS1"]["tag:genotype"]) == ("poor access", "")
    panel.close()
