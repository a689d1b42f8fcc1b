"""The panel of models: responses are added from a folder or uploaded, scored beside the cells, and removed."""

from __future__ import annotations

import pathlib
import threading

import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.export import Choices
from efewidgets.engine.export.fit import fit_data
from efewidgets.engine.export.responses import play
from efewidgets.engine.problems import EfeError
from efewidgets.state.results.extraction import as_extraction
from efewidgets.widgets import ResultsPanel
from tests.state.test_models import TARGETS, spiking


@pytest.fixture
def state(tmp_path):
    config = datasets.sample_config(["RS1"]) | {"targets": TARGETS}
    files = config["files_metadata"]["RS1"]
    config["files_metadata"] = {"RS1": {name: files[name] for name in ("IDthresh", "IV")}}
    with ExtractionState.from_arguments(config) as found:
        found.set_output(output_directory=str(tmp_path / "out"))
        yield found


@pytest.fixture
def responses(state, tmp_path):
    """A folder as BluePyEModel leaves it."""
    fit, _, _ = fit_data(as_extraction(state.results), Choices())
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name, found in play(spiking, fit).items():
        columns = [found] if isinstance(found, float) else np.transpose([found["time"], found["voltage"]])
        np.savetxt(folder / f"{name}.dat", columns)
    return folder


def test_a_model_is_added_scored_and_removed(state, responses, tmp_path):
    panel = ResultsPanel(state).models
    assert panel.table.layout.display == "none"
    panel.name.value, panel.folder.value = "fitted", str(responses)
    panel.add.click()
    panel.job.wait()
    assert panel.said.text == ""
    assert (tmp_path / "out" / "models" / "fitted" / "IV_-50.csv").is_file()
    assert panel.table.layout.display == ""
    shown = {row["feature"]: row for row in panel.table.rows}
    scores = state.results.model_scores.set_index("feature")
    assert {name: row["z"] for name, row in shown.items()} == pytest.approx(scores.z.to_dict())
    far = {name for name, row in shown.items() if "z" in row["_class"]}
    assert far == set(scores.index[scores.z.abs() >= 2.0])
    near = int((scores.z.abs() < 2.0).sum())
    assert f"fitted: {near} of 4 targets within 2 standard deviations" in panel.summary.value
    panel.remove.click()
    assert "fitted" not in state.inputs.by_name
    assert panel.table.layout.display == "none"
    state.undo()
    assert panel.model.options == ("fitted",)


def test_responses_are_uploaded_and_what_was_uploaded_is_not_kept(state, responses):
    panel = ResultsPanel(state).models
    for name in ("one", "two"):  # the second time files have the same names
        panel.name.value = name
        paths = []
        for path in sorted(responses.iterdir()):
            inbox = panel.upload.inbox
            inbox.begin(path.name, path.name, path.stat().st_size)
            inbox.take(path.name, 0, path.read_bytes())
            paths.append(str(inbox.finish(path.name)))
        panel._received(tuple(paths))
        panel.job.wait()
        assert panel.said.text == ""
        assert not any(pathlib.Path(path).exists() for path in paths)
    scores = state.results.model_scores.pivot(index="feature", columns="model", values="z")
    assert scores["one"].to_numpy() == pytest.approx(scores["two"].to_numpy())


def test_what_is_no_model_is_said_and_changes_nothing(state, tmp_path):
    panel = ResultsPanel(state).models
    panel.folder.value = str(tmp_path / "nowhere")
    panel.add.click()
    assert "there is no folder" in panel.said.text
    (tmp_path / "empty").mkdir()
    panel.folder.value = str(tmp_path / "empty")
    panel.add.click()
    panel.job.wait()
    assert "no response of a model" in panel.said.text
    panel.name.value = "RS1"
    panel.add.click()
    panel.job.wait()
    assert "there is a cell 'RS1'" in panel.said.text
    assert [cell.name for cell in state.inputs.cells] == ["RS1"]
    assert not (tmp_path / "out").exists()


def test_responses_are_read_apart_from_the_page_and_reading_is_stopped(state, responses, monkeypatch):
    panel = ResultsPanel(state).models
    going, goon = threading.Event(), threading.Event()

    def slow(path):
        going.set()
        assert goon.wait(60)
        return 0.0

    monkeypatch.setattr("efewidgets.engine.export.responses._read_file", slow)
    future = panel.begin_model(responses)
    assert going.wait(60)
    assert not future.done()  # the page goes on meanwhile
    with pytest.raises(EfeError, match="under way"):
        panel.begin_model(responses)
    panel.job.stop.click()
    goon.set()
    with pytest.raises(EfeError, match="stopped"):
        future.result(60)
    assert [cell.name for cell in state.inputs.cells] == ["RS1"]


def test_a_cell_is_taken_for_a_model(state):
    panel = ResultsPanel(state).models
    state.add_files_metadata({"<b>": datasets.sample_files_metadata(["RS2"])["RS2"]})
    panel.cell.value = "<b>"
    panel.take.click()
    assert state.inputs.by_name["<b>"].model
    assert "&lt;b&gt;: " in panel.summary.value
    assert panel.cell.options == ("RS1",)


def test_readers_only_can_look_and_nothing_is_read_beyond_the_folder(state, responses, tmp_path):
    panel = ResultsPanel(state, read_only=True).models
    assert panel.upload is None
    fenced = ResultsPanel(state, root=tmp_path / "out").models
    fenced.folder.value = str(responses)
    fenced.add.click()
    assert "out of reach" in fenced.said.text
