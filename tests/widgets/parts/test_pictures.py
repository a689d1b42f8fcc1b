"""The data behind the figures, as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from efewidgets.engine.outputs.spreadsheet import as_csv
from efewidgets.engine.problems import EfeError
from efewidgets.widgets.features.plots import FeaturePlots
from efewidgets.widgets.parts.pictures import Pictures
from efewidgets.widgets.rheobase.inspector import RheobaseInspector
from efewidgets.widgets.traces.viewer import TraceViewer


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_others_names_are_no_formulas():
    text = as_csv(("name", "value"), [("=1+1", -0.5), ('a "b", c', 1e-12), ("−1", 2)])
    assert [row["name"] for row in read(text)] == ["'=1+1", 'a "b", c', "−1"]
    assert [float(row["value"]) for row in read(text)] == [-0.5, 1e-12, 2.0]


def test_the_kernel_answers_with_the_file_and_with_what_is_wrong(monkeypatch):
    def refuse():
        raise EfeError("too many")

    sent = []
    monkeypatch.setattr(Pictures, "send", lambda self, content, buffers=None: sent.append((content, buffers)))
    for make in (lambda: "a,b\n", refuse):
        found = Pictures("traces", ".efe-plots", make)
        found._handle_custom_msg({"kind": "ask", "number": 7}, [])
        found.close()
    assert (sent[0][0]["filename"], sent[0][1]) == ("traces.csv", [b"a,b\n"])
    assert (sent[1][0]["kind"], sent[1][0]["text"]) == ("failed", "too many")


def test_what_is_wanted_is_told_to_the_page():
    found = Pictures("traces", ".efe-plots", str)
    found.save("svg")
    assert found.wanted == "svg"
    with pytest.raises(ValueError, match="svg, png, csv"):
        found.save("pdf")
    found.close()


def test_the_samples_that_are_shown(two_cells):
    state = two_cells
    identity = [i for i, m in state.results.members.items() if (m.cell, m.protocol) == ("A", "IDrest")][-1]
    viewer = TraceViewer(state)
    viewer.show([identity])
    state.view.time_range = (60.0, 62.0)
    rows, trace = read(viewer.csv()), state.results.trace(identity)
    assert [float(row["time_ms"]) for row in rows] == pytest.approx([60.0 + 0.2 * k for k in range(11)])
    assert [float(row["voltage_mV"]) for row in rows] == pytest.approx(
        trace.voltage[300:311].tolist(), abs=1e-4
    )
    assert [float(row["current_pA"]) for row in rows] == pytest.approx(
        (1e3 * trace.current[300:311]).tolist(), abs=1e-3
    )
    state.view.low_pass = 500.0
    assert "voltage_mV_low_pass_500_Hz" in read(viewer.csv())[0]
    state.view.mean = True
    with pytest.raises(EfeError, match="mean of repeats"):
        viewer.csv()
    viewer.close()


def test_points_of_features_and_rheobases(two_cells):
    plots, inspector = FeaturePlots(two_cells), RheobaseInspector(two_cells)
    rows = read(plots.csv())
    assert len(rows) == sum(len(panel) for panel in plots.view_data()["panels"]) > 0
    assert {row["excluded"] for row in rows} == {"no"}
    rows = read(inspector.csv())
    assert {row["cell"] for row in rows} == {two_cells.view.cell or "A"}
    view = inspector.view_data()["views"][0]
    assert [float(row["current_pA"]) for row in rows] == pytest.approx((1e3 * view.amps).tolist())
    assert float(rows[0]["rheobase_pA"]) == pytest.approx(1e3 * view.value)
    plots.close()
    inspector.close()
