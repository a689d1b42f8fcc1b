"""ResultsPanel: tables that say what the files say, who stands behind a number, and files that are saved."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile

import ipywidgets
import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.problems import EfeError
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import ResultsPanel
from efewidgets.widgets.results import files as results_files
from efewidgets.widgets.results.data import (
    CURRENT_COLUMNS,
    PROTOCOL_COLUMNS,
    contributor_columns,
    feature_columns,
    feature_rows,
)

LIVE = ipywidgets.widgets.widget._instances
NASTY = "<img src=x onerror=alert(1)>\n细胞"
FILES = ("features.json", "protocols.json", "holding_threshold_currents.json")


@pytest.fixture(scope="module")
def base():
    """One state, computed once; tests that edit it take the edit back."""
    found = ExtractionState.from_arguments(datasets.sample_config(["RS1", "RS2"]))
    found.run()
    yield found
    found.close()


@pytest.fixture
def state(base, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base.view.target, base.view.recordings = None, ()
    yield base
    while base.undo():
        pass


def select(table, *ids):
    table.set_state({"selected": list(ids)})


def test_features_are_those_of_the_file(state):
    panel = ResultsPanel(state)
    rows = panel.view_data()["rows"]
    written = {
        (protocol, entry["efeature_name"]): entry
        for protocol, locations in state.results.features.items()
        for entry in locations["soma"]
    }
    inside = [row for row in rows if row["output"] == "yes"]
    assert len(rows) == len(state.inputs.targets)
    assert len(inside) == len(written) > 30
    for row in inside:
        entry = written[f"{row['protocol']}_{row['amplitude']:g}", row["feature"]]
        assert [row["mean"], row["std"]] == entry["val"]
        assert row["n"] == entry["n"]
    assert panel.table.rows == tuple(rows)
    assert [c.unit for c in panel.table.columns if c.name == "amplitude"] == ["% of rheobase"]


def test_measured_numbers_are_shown_with_four_digits_and_kept_with_all(state):
    target = state.results.target_statistics.iloc[0]
    tables = (
        (feature_columns(state.results), {"mean", "std"}),
        (contributor_columns(state.results, target.target), {"amplitude", "value"}),
        (PROTOCOL_COLUMNS, {"amp", "thresh_perc"}),
        (CURRENT_COLUMNS, {"holding", "threshold"}),
    )
    for columns, measured in tables:
        assert {column.name for column in columns if column.digits == 4} == measured
    assert feature_rows(state.results)[0]["mean"] == target["mean"]


def test_who_stands_behind_a_number(state):
    panel = ResultsPanel(state)
    assert panel.contributors.rows == ()
    target = next(t for t in state.inputs.targets if t.efeature == "AP_amplitude" and t.amplitude == 200)
    select(panel.table, target.id)
    assert state.view.target == target.id
    rows = panel.contributors.rows
    explained = state.explain(target.id)
    assert len(rows) == len(explained)
    taken = [row["value"] for row in rows if row["taken"] == "yes"]
    assert [row["taken"] for row in rows] == ["yes"] * len(taken) + ["no"] * (len(rows) - len(taken))
    shown = next(row for row in panel.table.rows if row["id"] == target.id)
    assert len(taken) == shown["n"] > 1
    assert np.mean(taken) == pytest.approx(shown["mean"], rel=1e-12)
    assert all(row["reason"] for row in rows if row["taken"] == "no")
    assert f"from {shown['n']} of the {shown['recordings']} recordings" in panel.title.value
    assert "mV" in panel.title.value

    select(panel.contributors, rows[0]["id"], rows[1]["id"])
    assert state.view.recordings == (rows[0]["id"], rows[1]["id"])


def test_the_selection_of_other_views_is_shown(state):
    panel = ResultsPanel(state)
    target = state.inputs.targets[0]
    state.view.target = target.id
    assert panel.table.selected == (target.id,)
    first = panel.contributors.rows[0]["id"]
    state.view.recordings = (first, "f99/elsewhere")
    assert panel.contributors.selected == (first,)
    state.view.target = "t-unknown"
    assert panel.table.selected == ()
    assert panel.contributors.rows == ()


def test_protocols_and_currents(state):
    panel = ResultsPanel(state)
    panel.view.value = "protocols"
    written = state.results.protocols
    rows = panel.table.rows
    assert [row["name"] for row in rows if row["part"] == "step"] == list(written)
    step = next(row for row in rows if row["part"] == "step" and row["name"].startswith("IDrest"))
    assert step["amp"] == written[step["name"]]["step"]["amp"]
    assert step["duration"] == written[step["name"]]["step"]["duration"] == pytest.approx(1000, abs=0.2)
    assert any("tmid 400" in row["more"] for row in rows)
    panel.view.value = "currents"
    currents = state.results.currents
    rows = {row["cell"]: row for row in panel.table.rows}
    assert list(rows) == ["RS1", "RS2", "mean over cells", "standard deviation over cells"]
    assert (
        rows["RS2"]["threshold"]
        == currents["all_threshold_current"]["RS2"]
        == state.results.rheobases["RS2"].value
    )
    assert rows["mean over cells"]["holding"] == currents["holding_current"][0]
    assert panel.contributors.layout.display == "none"


def test_json_as_it_is_written(state):
    panel = ResultsPanel(state)
    assert panel.text.value == ""  # not heavy as long as it isn't seen
    panel.view.value = "json"
    panel.which.value = "currents"
    text = panel.text.value
    assert "&quot;threshold_current&quot;" in text
    assert panel.view_data()["text"] == state.results.texts["currents"]
    assert panel.table.layout.display == "none"
    panel.view.value = "features"
    assert panel.text.value == ""


def test_zip_holds_what_the_files_hold(state):
    panel = ResultsPanel(state)
    with zipfile.ZipFile(io.BytesIO(panel.zip.make())) as found:
        assert sorted(found.namelist()) == sorted((*FILES, "config.json"))
        for name, file in zip(("features", "protocols", "currents"), FILES, strict=True):
            assert found.read(file).decode() == state.results.texts[name]
        found.extract("config.json")
    again = ExtractionState.load("config.json")
    assert again.results.texts == state.results.texts


def test_nothing_is_downloaded_where_there_are_no_results(state):
    panel = ResultsPanel(state)
    assert (panel.zip.disabled, panel.csv.disabled) == (False, False)
    state.set_targets([])
    assert (panel.zip.disabled, panel.csv.disabled) == (False, True)
    nothing = ResultsPanel(ExtractionState())
    assert (nothing.zip.disabled, nothing.csv.disabled) == (True, True)
    assert nothing.zip.hint == "There are no results yet."


def test_a_reviewer_gets_what_was_left_out_and_why(state):
    panel = ResultsPanel(state)
    assert panel.exclusions.make().decode() == "cell,protocol,file,sweep,amp_nA,spikes,reason,by\n"
    members = list(state.results.members.values())
    state.exclude(members[0].id, 'seal, "lost"')
    state.exclude([members[3].id], "noisy")
    rows = list(csv.DictReader(io.StringIO(panel.exclusions.make().decode())))
    assert [(row["cell"], row["sweep"], row["reason"], row["by"]) for row in rows] == [
        (members[0].cell, members[0].recording.label, 'seal, "lost"', "a person"),
        (members[3].cell, members[3].recording.label, "noisy", "a person"),
    ]
    assert float(rows[0]["amp_nA"]) == pytest.approx(members[0].recording.amp)
    with zipfile.ZipFile(io.BytesIO(panel.zip.make())) as found:
        assert found.read("exclusions.csv") == panel.exclusions.make()


def test_a_reviewer_sees_what_no_person_left_out(state):
    cell, file = next(state.inputs.files())
    state.add_files_metadata({cell.name: {file.protocol: [file.as_metadata()]}})  # there twice
    left_out = state.results.exclusions
    assert len(left_out) > 0
    assert set(left_out["by"]) == {"efewidgets"}
    assert left_out["reason"].str.len().min() > 0


def test_a_config_that_cannot_be_written_does_not_keep_the_results_back(state):
    state.set_reader(lambda metadata: [])
    with zipfile.ZipFile(io.BytesIO(ResultsPanel(state).zip.make())) as found:
        assert set(FILES) < set(found.namelist())
        assert "reader" in found.read("no config.txt").decode()


def test_csv_holds_the_feature_table(state):
    rows = list(csv.DictReader(io.StringIO(ResultsPanel(state).csv.make().decode())))
    frame = state.results.feature_table
    assert len(rows) == len(frame) > 100
    for row, value, targets in zip(rows, frame["value"], frame["targets"], strict=True):
        assert float(row["value"] or "nan") == pytest.approx(value, nan_ok=True, rel=1e-15)
        assert row["targets"] == ";".join(targets)


def test_parquet_only_with_pyarrow(state, monkeypatch):
    monkeypatch.setattr(results_files, "has_parquet", lambda: False)
    panel = ResultsPanel(state)
    assert panel.parquet.disabled
    assert "needs the package pyarrow" in panel.parquet.hint
    with pytest.raises(EfeError, match="pyarrow"):
        panel.make_parquet()


def test_parquet_holds_the_feature_table(state, tmp_path):
    pytest.importorskip("pyarrow", reason="needs pyarrow")
    import pandas as pd

    found = pd.read_parquet(io.BytesIO(ResultsPanel(state).parquet.make()))
    assert found["value"].equals(state.results.feature_table["value"])


def test_saving_asks_before_it_replaces(state, tmp_path):
    panel = ResultsPanel(state)
    panel.folder.value = "out/deep"
    panel.save.click()
    folder = tmp_path / "out" / "deep"
    assert sorted(os.listdir(folder)) == sorted(FILES)
    assert (folder / "features.json").read_text(encoding="utf-8") == state.results.texts["features"]
    assert f"Saved in {folder}: 3 files." in panel.done.text

    (folder / "features.json").write_text("mine", encoding="utf-8", newline="\n")
    panel.save.click()
    assert "Replace features.json, protocols.json, holding_threshold_currents.json?" in panel.question.value
    assert panel.asking.layout.display is None
    assert panel.done.text == ""
    panel.keep.click()
    assert panel.asking.layout.display == "none"
    assert (folder / "features.json").read_text(encoding="utf-8") == "mine"
    panel.save.click()
    panel.replace.click()
    assert json.loads((folder / "features.json").read_text(encoding="utf-8")) == json.loads(
        state.results.texts["features"]
    )
    assert panel.asking.layout.display == "none"
    assert "Saved" in panel.done.text


@pytest.mark.parametrize("name", ["../else", "/etc", "link/x", "~"])
def test_root_cannot_be_left(state, tmp_path, name):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "else").mkdir()
    (root / "link").symlink_to(tmp_path / "else")
    panel = ResultsPanel(state, root=root)
    panel.folder.value = name
    panel.save.click()
    assert "out of reach" in panel.said.text
    panel.replace.click()  # not to be got round by the second button
    assert "out of reach" in panel.said.text
    assert not os.listdir(tmp_path / "else")
    panel.folder.value = "mine"
    panel.save.click()
    assert sorted(os.listdir(root / "mine")) == sorted(FILES)


def test_errors_are_said_in_words(state, tmp_path):
    panel = ResultsPanel(state)
    for name, words in (("", "name a folder"), ("x\0y", "zero character"), ("taken", "is a file")):
        (tmp_path / "taken").write_text("", encoding="utf-8", newline="\n")
        panel.folder.value = name
        panel.save.click()
        assert words in panel.said.text
    panel.folder.value = "taken/deeper"
    panel.save.click()
    assert "can't be written to" in panel.said.text
    state.set_output(write_files=False)
    panel.folder.value = "out"
    panel.save.click()
    assert "nothing is asked for" in panel.said.text


def test_read_only(state):
    panel = ResultsPanel(state, read_only=True)
    assert not hasattr(panel, "save")
    assert panel.zip.make()


def test_without_results_it_says_what_to_do():
    panel = ResultsPanel(ExtractionState())
    assert "add files" in panel.table.empty
    assert panel.contributors.layout.display == "none"
    for view in ("protocols", "currents", "json"):
        panel.view.value = view
        assert panel.message.text == ""


def test_in_the_background_it_says_how_old_it_is(state):
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"]), runner=BackgroundRunner()) as other:
        assert other.wait(60)
        panel = ResultsPanel(other)
        assert panel.note.text == ""
        new = other.add_target("voltage_base", "IV", -75.0)
        other.cancel()
        assert other.wait(60)
        other.view.target = new
        if other.status == "stale":
            assert "older than the last edit" in panel.note.text
            assert panel.contributors.rows == ()
        other.run()
        assert other.wait(60)
        assert panel.note.text == ""
        assert panel.contributors.rows
        panel.close()


def test_names_of_others_are_text(state):
    state.rename_cell("RS1", NASTY)
    panel = ResultsPanel(state)
    state.view.target = state.inputs.targets[0].id
    assert NASTY.replace("\n", "␊") in {row["cell"] for row in panel.contributors.rows}
    panel.view.value = "json"
    panel.which.value = "currents"
    assert "<img" not in panel.text.value
    assert "&lt;img" in panel.text.value


def test_close_leaves_nothing(state):
    before = len(LIVE)
    for read_only in (True, False):
        panel = ResultsPanel(state, read_only=read_only)
        panel.view.value = "json"
        panel.close()
    assert len(LIVE) == before
