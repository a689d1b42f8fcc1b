"""The results panel exports for a consumer: refusals are said, the zip holds the files, choices are the state's."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from efewidgets import datasets
from efewidgets.engine.config.document import parse_config
from efewidgets.engine.problems import EfeError
from efewidgets.state import ExtractionState
from efewidgets.state.convert import inputs_of
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
    assert "can take this" in panel.told.value
