"""A model beside the cells: its responses are recordings that go into nothing, its scores are of the same features."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from efewidgets import ExtractionState, datasets
from efewidgets.engine.config.document import load_config
from efewidgets.engine.export import Choices
from efewidgets.engine.export.fit import fit_data
from efewidgets.engine.export.responses import model_files, play, read_responses
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.problems import EfeError
from efewidgets.state.results.extraction import as_extraction
from efewidgets.widgets import FeaturePlots, RheobaseInspector, RunBar, SummaryPanel, TraceViewer

REST, RESISTANCE, TAU = -75.0, 400.0, 20.0  # mV, MOhm, ms

TARGETS = [
    {"efeature": efeature, "protocol": "IV", "amplitude": -50, "tolerance": 10}
    for efeature in (
        "voltage_base",
        "steady_state_voltage_stimend",
        "ohmic_input_resistance_vb_ssse",
        "voltage_deflection",
    )
]


def membrane(time, current):
    """A passive membrane: V' = (REST - V + R I) / tau, by exponential steps."""
    decay = np.exp(-(time[1] - time[0]) / TAU)
    above = np.concatenate((current[:1], current[:-1])) - current[0]
    return REST + RESISTANCE * (current[0] + lfilter([1.0 - decay], [1.0, -decay], above))


def spiking(time, current):
    """The membrane, with a spike (a triangle to 30 mV) wherever it has risen above -50 mV, every 50 ms."""
    voltage = membrane(time, current)
    dt = time[1] - time[0]
    above, n = np.flatnonzero(voltage > -50.0), round(50.0 / dt)
    rise = np.linspace(-50.0, 30.0, round(1.0 / dt))
    last = -n
    for k in above:
        if k - last >= n:
            last = k
            part = voltage[k : k + 2 * len(rise)]
            part[:] = np.concatenate((rise, rise[::-1]))[: len(part)]
    return voltage


@pytest.fixture
def state():
    config = datasets.sample_config(["RS1"]) | {"targets": TARGETS}
    files = config["files_metadata"]["RS1"]
    config["files_metadata"] = {"RS1": {name: files[name] for name in ("IDthresh", "IV")}}
    found = ExtractionState.from_arguments(config)
    yield found
    found.close()


def test_a_model_changes_no_output_and_has_its_own_scores(state, tmp_path):
    before = state.results.texts
    assert state.add_model("model", spiking, tmp_path / "model") == []
    assert state.results.texts == before
    assert set(state.results.currents["all_threshold_current"]) == {"RS1"}
    # -50 mV is 25 mV above rest: with the holding current of -10 pA (-4 mV) a step of 29 mV / 400 MOhm, reached at
    # the end of 500 ms, 25 time constants
    assert state.results.rheobases["model"].value == pytest.approx(29.0 / RESISTANCE, rel=5e-3)
    scores = state.results.model_scores.set_index("feature")
    held = state.results.currents["holding_current"][0]
    assert scores.value["voltage_base"] == pytest.approx(REST + RESISTANCE * held, abs=0.05)
    percent = state.results.protocols["IV_-50"]["step"]["thresh_perc"]
    step = percent / 100.0 * state.results.rheobases["model"].value
    assert scores.value["voltage_deflection"] == pytest.approx(RESISTANCE * step, rel=1e-3)
    assert scores.value["ohmic_input_resistance_vb_ssse"] == pytest.approx(RESISTANCE, rel=1e-3)
    entry = state.results.features["IV_-50"]["soma"][0]
    mean, std = entry["val"]
    assert scores.z["voltage_base"] == pytest.approx((REST + RESISTANCE * held - mean) / std, rel=1e-3)
    assert scores.recordings.tolist() == [1] * 4


def test_it_is_undone_replaced_and_removed(state, tmp_path):
    state.add_model("model", spiking, tmp_path / "model")
    state.add_model("model", spiking, tmp_path / "model")
    assert [cell.name for cell in state.inputs.cells if cell.model] == ["model"]
    state.undo()
    state.undo()
    assert "model" not in state.inputs.by_name
    state.redo()
    state.remove_model("model")
    assert state.results.model_scores.empty
    assert "model" not in state.inputs.rheobase_values
    with pytest.raises(EfeError, match="no model"):
        state.remove_model("model")


def test_a_cell_is_not_taken_for_a_model(state, tmp_path):
    with pytest.raises(EfeError, match="there is a cell"):
        state.add_model("RS1", spiking, tmp_path)


def test_a_saved_session_knows_its_models_and_the_command_line_leaves_them_out(state, tmp_path):
    state.add_model("model", spiking, tmp_path / "model")
    path = tmp_path / "session.json"
    state.save(path)
    assert json.loads(path.read_text(encoding="utf-8"))["models"] == ["model"]
    with ExtractionState.load(path) as again:
        assert again.inputs.by_name["model"].model
        pd.testing.assert_frame_equal(
            again.results.model_scores.drop(columns="target"),
            state.results.model_scores.drop(columns="target"),
        )
    options, _ = load_config(path)
    found = run_extraction(options, run)
    assert [cell.name for cell in found.cells] == ["RS1"]
    assert found.features == state.results.features


def test_responses_as_bluepyopt_returns_and_bluepyemodel_stores_them(state, tmp_path):
    fit, _, _ = fit_data(as_extraction(state.results), Choices())
    responses = play(spiking, fit)
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name, response in responses.items():
        columns = (
            [response]
            if isinstance(response, float)
            else np.transpose([response["time"], response["voltage"]])
        )
        np.savetxt(folder / f"{name}.dat", columns)
    np.savetxt(folder / "bAP_1000.dend1.v.dat", np.zeros((3, 2)))
    frames = {
        name: r if isinstance(r, float) else pd.DataFrame(r)
        for name, r in responses.items()
        if "iclamp" not in name
    }
    state.add_model("stored", folder, tmp_path / "stored")
    state.add_model("returned", frames, tmp_path / "returned")  # without the current: it is rebuilt
    state.add_model("played", spiking, tmp_path / "played")
    scores = state.results.model_scores.pivot(index="feature", columns="model", values="value")
    assert scores["stored"].to_numpy() == pytest.approx(scores["played"].to_numpy(), rel=1e-6)
    assert scores["returned"].to_numpy() == pytest.approx(scores["played"].to_numpy(), rel=1e-6)


def test_responses_under_unknown_stimuli_are_refused(state, tmp_path):
    fit, _, _ = fit_data(as_extraction(state.results), Choices())
    alone = {name: r for name, r in play(spiking, fit).items() if name.endswith("soma.v")}
    with pytest.raises(EfeError, match="bpo_threshold_current"):
        state.add_model("model", alone, tmp_path)
    with pytest.raises(EfeError, match="none of the responses"):
        model_files({"IDrest_999.soma.v": {"time": [0, 1], "voltage": [0, 0]}}, fit)
    with pytest.raises(EfeError, match="no response"):
        read_responses({"nothing": 1})
    assert "model" not in state.inputs.by_name


def test_a_model_without_a_rheobase_is_told(state, tmp_path):
    with pytest.raises(EfeError, match="no rheobase is found"):
        state.add_model("model", lambda time, current: np.minimum(membrane(time, current), -60.0), tmp_path)
    with pytest.raises(EfeError, match="for each of"):
        state.add_model("model", lambda time, current: current[:-1], tmp_path)


def test_plots_of_features_show_it_over_the_cells(state, tmp_path):
    state.add_model("model", spiking, tmp_path / "model")
    panel = FeaturePlots(state).view_data()["panels"][0]
    assert set(panel.cells) == {"RS1", "model"}
    of_cells = FeaturePlots(state).state.results.feature_table
    assert set(of_cells.cell) == {"RS1"}
    value = state.results.model_scores.set_index("feature").value[panel.title]
    assert panel.y[panel.cells == "model"] == pytest.approx([value])
    assert panel.bands[0].mean == pytest.approx(state.results.target_statistics["mean"].iloc[0])


def test_traces_show_its_answer_to_the_nearest_stimulus(state, tmp_path):
    state.add_model("model", spiking, tmp_path / "model")
    table = state.results.recordings
    nearest = table[(table.cell == "RS1") & (table.protocol == "IV")].recording.tolist()
    viewer = TraceViewer(state)
    viewer.show(nearest)
    data = viewer.view_data()
    (own,) = table[(table.cell == "model") & (table.protocol == "IV")].recording
    assert [curve.id for curve in data.curves if curve.id not in nearest] == [own]
    assert any("model" in note for note in data.notes)
    viewer.show([own])  # by itself
    assert [curve.id for curve in viewer.view_data().curves] == [own]


def test_it_is_no_cell_where_cells_are_counted(state, tmp_path):
    before = SummaryPanel(state).view_data()["totals"]["cells"], RheobaseInspector(state).view_data()["rows"]
    state.add_model("model", spiking, tmp_path / "model")
    assert SummaryPanel(state).view_data()["totals"]["cells"] == before[0] == 1
    assert RheobaseInspector(state).view_data()["rows"] == before[1]
    assert "1 cell," in RunBar(state).view_data().detail
    assert state.blockers == []


def test_the_state_s_own_choices_decide_what_a_model_was_played(state, tmp_path):
    """In nA the steps are those of the cells' rheobase, in % those of its own; the z-scores differ."""
    state.set_export(threshold_based=False)
    state.add_model("model", spiking, tmp_path / "model")
    step = state.results.protocols["IV_-50"]["step"]["amp"]
    value = state.results.model_features.set_index("feature").value["voltage_deflection"]
    assert value == pytest.approx(RESISTANCE * step, rel=1e-3)


def test_recordings_of_any_format_are_taken_for_a_model_s(state):
    """An NWB file of another virtual cell, read as any, goes into no target."""
    before = state.results.texts
    files = datasets.sample_files_metadata(["RS2"])["RS2"]
    state.add_files_metadata({"fitted": {name: files[name] for name in ("IDthresh", "IV")}})
    assert state.results.texts != before
    state.use_as_model("fitted")
    assert state.results.texts == before
    scores = state.results.model_scores
    assert set(scores.model) == {"fitted"}
    assert scores.z.notna().all()
    with ExtractionState.from_arguments(datasets.sample_config(["RS2"]) | {"targets": TARGETS}) as alone:
        means = alone.results.target_statistics.set_index("feature")["mean"]
    assert scores.set_index("feature").value.to_dict() == pytest.approx(means.to_dict())
    state.use_as_model("fitted", False)
    assert state.results.texts != before
    with pytest.raises(EfeError, match=r"no cell 'fited'\. Did you mean 'fitted'"):
        state.use_as_model("fited")
