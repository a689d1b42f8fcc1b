"""The results panel exports for a consumer: refusals are said, the zip holds the files, choices are the state's."""

from __future__ import annotations

import io
import json
import threading
import zipfile

import pytest

from efewidgets import datasets
from efewidgets.engine.config.document import parse_config
from efewidgets.engine.problems import EfeError
from efewidgets.engine.targets.automatic import AutoTarget
from efewidgets.state import ExtractionState
from efewidgets.state.convert import inputs_of
from efewidgets.state.exporting import export, save_export
from efewidgets.widgets import ResultsPanel


@pytest.fixture
def state():
    with ExtractionState() as found:
        inputs, _ = inputs_of(*parse_config(datasets.sample_config(["RS1"])))
        found.commit("open", cells=inputs.cells, protocols_rheobase=inputs.protocols_rheobase)
        found.set_targets(datasets.sample_targets())
        yield found


def test_from_roles_to_a_zip(state):
    panel = ResultsPanel(state).export
    panel.name.value = "L5PC"
    panel.floor.value = "5 %"
    assert state.inputs.export == {"name": "L5PC", "std_floor": 0.05}
    with zipfile.ZipFile(io.BytesIO(panel.make_zip())) as archive:
        found = json.loads(archive.read("config/features/L5PC.json"))
    assert {f["threshold_efeature_std"] for f in found["efeatures"]} == {0.05}
    assert panel.zip.filename == "L5PC-bluepyemodel.zip"
    state.undo()
    assert panel.floor.value == ""


def test_what_is_refused_is_said_and_not_made(state):
    panel = ResultsPanel(state).export
    rin = next(t.id for t in state.inputs.targets if t.role == "Rin")
    state.edit_targets(rin, role=None)
    with pytest.raises(EfeError, match="BluePyEModel can't take this"):
        panel.make_zip()
    assert "has the role Rin" in panel.told.value
    assert any("has the role Rin" in problem.message for problem in state.problems)
    state.propose_roles()
    panel.check.click()
    panel.job.wait()
    assert "can take this" in panel.told.value


def test_figures_are_drawn_apart_from_the_page_and_can_be_stopped(state):
    state.set_export(figures=True)
    panel = ResultsPanel(state).export
    begun = threading.Event()
    panel.job.bar.observe(lambda change: begun.set(), "value")
    future = panel.begin_zip()
    assert begun.wait(60)
    assert not future.done()  # the page goes on meanwhile
    assert "drawing figures: " in panel.job.bar.value
    with pytest.raises(EfeError, match="under way"):
        panel.begin_zip()
    panel.job.stop.click()
    with pytest.raises(EfeError, match="stopped"):
        future.result(60)
    assert panel.job.bar.value == ""
    panel.check.click()  # doesn't draw, so that it is over at once
    panel.job.wait()
    assert "can take this: 4 files, and figures." in panel.told.value


def test_what_goes_wrong_is_said(state, monkeypatch):
    panel = ResultsPanel(state).export
    monkeypatch.setattr("efewidgets.widgets.results.export.export", lambda *_, **__: 1 / 0)
    panel.check.click()
    panel.job.wait()
    assert "ZeroDivisionError" in panel.told.value
    sent = []
    panel.zip.send = lambda content, buffers=(): sent.append(content)
    panel.zip._asked(panel.zip, {"kind": "ask", "number": 7}, [])
    panel.job.wait()
    assert [(said["kind"], said["number"]) for said in sent] == [("failed", 7)]


def test_a_file_that_takes_long_is_sent_when_it_is_there(state):
    panel = ResultsPanel(state).export
    sent = []
    panel.zip.send = lambda content, buffers=(): sent.append((content, buffers))
    panel.zip._asked(panel.zip, {"kind": "ask", "number": 8}, [])
    panel.job.wait()
    (content, (data,)) = sent[0]
    assert content["kind"] == "file"
    assert content["filename"] == "cell-bluepyemodel.zip"
    assert data == panel.make_zip()


def test_the_model_s_name_is_a_choice_like_the_others(state, tmp_path):
    found = export(state.results, "hhnb", name="cADpyr")
    assert set(json.loads(found.files["features.json"])) == {"cADpyr"}
    paths = save_export(state.results, "bluepyemodel", tmp_path, name="L5PC")
    assert tmp_path / "config" / "features" / "L5PC.json" in paths
    assert state.inputs.export is None  # nothing is kept


def test_kept_targets_have_the_roles_that_the_automatic_choice_had(state):
    """Three of a threshold-based fit, or none where one is lacking, so that nothing new is to be complained of."""
    wanted = {
        ("IDrest", 150): ["AP1_amp"],
        ("IV", 0): ["voltage_base"],
        ("IV", -40): ["voltage_base", "ohmic_input_resistance_vb_ssse"],
    }
    goals = [
        AutoTarget([protocol], [a], names, 1, 1, tolerance=30) for (protocol, a), names in wanted.items()
    ]
    state.use_auto_targets(goals)
    before = export(state.results, "bluepyemodel")
    assert before.refusals == ()
    state.keep_auto_targets()
    roles = {(t.amplitude, t.efeature): t.role for t in state.inputs.targets}
    assert roles == {
        (150, "AP1_amp"): None,
        (0, "voltage_base"): "RMP",
        (-40, "voltage_base"): "holding",
        (-40, "ohmic_input_resistance_vb_ssse"): "Rin",
    }
    name = "config/features/cell.json"
    assert export(state.results, "bluepyemodel").files[name] == before.files[name]
    state.use_auto_targets([goals[0], goals[2]])
    state.keep_auto_targets()
    assert {t.role for t in state.inputs.targets} == {None}
