"""The course of a session: sweeps of all protocols in the order in which they were acquired, and what each tells."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.widgets import FeaturePlots
from efewidgets.widgets.actions.reasons import Reasons
from efewidgets.widgets.actions.walk import in_session
from tests.state import lab

#: Files of a session as they were recorded, and the potential (mV) that the cell rests at in each
SESSION = {"0002_IV": -71.0, "0009_IDthresh": -69.0, "0010_IV": -66.0}


@pytest.fixture
def state(tmp_path):
    files = {
        name: {
            "filepath": str(lab.write_file(tmp_path / f"{name}.json", [-0.05, 0.1], 0.1, rest)),
            "ton": lab.TON,
            "toff": lab.TOFF,
        }
        for name, rest in SESSION.items()
    }
    metadata = {"IDthresh": [files["0009_IDthresh"]], "IV": [files["0010_IV"], files["0002_IV"]]}
    found = ExtractionState.from_arguments(lab.arguments({"A": metadata}))
    found.run()
    yield found
    found.close()


@pytest.fixture
def plots(state):
    found = FeaturePlots(state, reasons=Reasons())
    found.view.value = "time course"
    yield found
    found.close()


def panel_of(plots, title):
    return next(panel for panel in plots.view_data()["panels"] if panel.title.startswith(title))


def test_baseline_resistance_and_holding_current_in_the_order_of_acquisition(plots):
    baseline = panel_of(plots, "baseline")
    order = np.argsort(baseline.x)
    assert baseline.x[order].tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(baseline.y[order], np.repeat(list(SESSION.values()), 2), atol=0.01)
    resistance = panel_of(plots, "input resistance")  # the reader draws 40 mV a nA; what fires isn't passive
    assert sorted(resistance.x) == [1, 3, 5]
    np.testing.assert_allclose(resistance.y, 40.0, rtol=0.01)
    assert "3 sweeps" in resistance.note
    holding = panel_of(plots, "holding")
    assert holding.y_label == "pA"
    np.testing.assert_allclose(holding.y, -10.0, atol=1e-6)
    (line,) = baseline.curves
    assert line.x.tolist() == [1, 2, 3, 4, 5, 6]


def test_features_stand_at_the_sweep_that_gave_them(plots):
    state = plots.state
    state.view.protocol = "IV"
    table, numbers = state.results.feature_table, in_session(state.results)
    data = plots.view_data()
    rows = table[(table.protocol == data["protocol"]) & (table.feature == data["chosen"][0])].dropna(
        subset="value"
    )
    panel = panel_of(plots, data["chosen"][0])
    assert len(rows)
    assert panel.ids.tolist() == rows.recording.tolist()
    assert panel.x.tolist() == [numbers[one] for one in rows.recording]
    np.testing.assert_array_equal(panel.y, rows.value)
    assert not panel.bands


def test_what_is_left_out_is_a_cross_in_its_place(plots):
    state = plots.state
    before = panel_of(plots, "baseline")
    third = str(before.ids[before.x.tolist().index(3.0)])
    state.view.recordings = (third,)
    assert plots.chosen() == (third,)
    plots.reason.value = "drift"
    plots.exclude.click()
    after = panel_of(plots, "baseline")
    assert third not in after.ids
    assert after.ghosts.ids.tolist() == [third]
    assert after.ghosts.x.tolist() == [3.0]
    assert after.ghosts.y[0] == pytest.approx(-69.0, abs=0.01)
    assert sorted(after.x) == [1, 2, 4, 5, 6]
    drawn = [float(value) for value in plots.plots[0].x_axis.tick_values]
    assert drawn
    assert drawn == [round(value) for value in drawn]


class Made:
    """Results of one cell whose only file holds sweeps of two protocols."""

    def __init__(self, labels):
        self.inputs = SimpleNamespace(cells=[SimpleNamespace(name="A", model=False)])
        self.members = {}
        for protocol, of_protocol in labels.items():
            for label in of_protocol:
                recording = SimpleNamespace(file="A.nwb", label=label)
                self.members[label] = SimpleNamespace(
                    id=label, cell="A", protocol=protocol, recording=recording
                )


def test_protocols_of_one_file_are_interleaved_by_number():
    made = Made({"IV": ["sweep 1", "sweep 11"], "IDrest": ["sweep 2", "sweep 10"]})
    assert in_session(made) == {"sweep 1": 1, "sweep 2": 2, "sweep 10": 3, "sweep 11": 4}


def test_names_that_begin_with_the_protocol_stand_by_their_numbers_if_those_are_of_the_file():
    made = Made({"IV": ["IV 2", "IV 3"], "IDrest": ["IDrest 1", "IDrest 4"]})
    assert list(in_session(made)) == ["IDrest 1", "IV 2", "IV 3", "IDrest 4"]
    made = Made({"IV": ["IV 1", "IV 2"], "IDrest": ["IDrest 1", "IDrest 2"]})
    assert list(in_session(made)) == ["IDrest 1", "IDrest 2", "IV 1", "IV 2"]
