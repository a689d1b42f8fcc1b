"""What the summary says, against the state, and what a click on it selects."""

from __future__ import annotations

import pytest
from ipywidgets.widgets import widget as widget_module

from efewidgets import ExtractionState
from efewidgets.engine.problems import EfeError
from efewidgets.widgets import SummaryPanel
from tests.state import lab


@pytest.fixture
def state(tmp_path):
    """Two cells that fire from 0.1 and 0.2 nA on: IDthresh, IDrest in two files, IV."""
    found = ExtractionState.from_arguments(lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2})))
    yield found
    found.close()


@pytest.fixture
def panel(state):
    found = SummaryPanel(state)
    yield found
    found.close()


def test_without_files_it_says_what_is_missing():
    state = ExtractionState()
    panel = SummaryPanel(state)
    assert panel.view_data()["missing"] == state.blockers != []
    assert state.blockers[0] in panel.missing.value
    assert panel.table.layout.display == "none"
    panel.close()


def test_what_is_missing_goes_when_it_is_there(panel, state):
    targets = lab.targets()
    assert "Nothing is missing" in panel.missing.value
    state.set_targets([])
    assert panel.view_data()["missing"] == state.blockers != []
    assert "There are no targets" in panel.missing.value
    state.set_targets(targets)
    assert "Nothing is missing" in panel.missing.value


def test_cells_by_protocols_and_rheobases(panel, state):
    table = state.results.recordings
    for row in panel.view_data()["rows"]:
        assert row["rheobase"] == pytest.approx(1000 * state.results.rheobases[row["id"]].value)
        for protocol in state.inputs.protocols:
            there = (table.cell == row["id"]) & (table.protocol == protocol)
            assert row[f"p:{protocol}"] == str(there.sum())


def test_excluded_recordings_are_told_apart(panel, state):
    one = state.results.recordings.query("cell == 'A' and protocol == 'IV'").recording.tolist()
    state.exclude(one[:1], "seal lost")
    row = panel.view_data()["rows"][0]
    assert row["p:IV"] == f"{len(one) - 1} of {len(one)}"
    assert row["_hint"]["p:IV"] == f"{len(one)} recordings, 1 excluded"
    assert "1 excluded" in panel.totals.value
    state.exclude(one, "seal lost")
    assert panel.view_data()["rows"][0]["_class"]["p:IV"] == "efe-bad"


def test_totals_are_those_of_the_state(panel, state):
    features = sum(len(f) for places in state.results.features.values() for f in places.values())
    assert panel.view_data()["totals"] == {
        "cells": 2,
        "files": "8 files",
        "recordings": len(state.results.recordings),
        "excluded": 0,
        "lost": 0,
        "targets": len(state.inputs.targets),
        "rheobases": 2,
        "features": features,
    }
    assert features > 0
    assert f"{features} features in the output" in panel.totals.value


def test_a_file_that_can_not_be_read_has_no_recording(panel, state, tmp_path):
    (tmp_path / "broken.json").write_text("no sweeps", encoding="utf-8", newline="\n")
    state.add_files("C", "IV", [str(tmp_path / "broken.json")])
    row = panel.view_data()["rows"][2]
    assert row["p:IV"] == "0"
    assert row["_hint"]["p:IV"] == "no recording could be read"
    assert row["rheobase"] is None
    assert row["_hint"]["rheobase"] == state.results.rheobases["C"].reason
    assert "p:IDrest" not in row


def test_a_click_selects_the_cell_and_the_protocol(panel, state):
    assert panel.table.press("B", "p:IDrest")
    assert (state.view.cell, state.view.protocol) == ("B", "IDrest")
    assert panel.table.selected == ("B",)
    assert "Selected: B, IDrest." in panel.legend.value
    panel.table.set_state({"selected": ("A",)})
    assert state.view.cell == "A"


def test_nasty_names_are_shown_as_they_are(panel, state):
    name = "<img src=x onerror=alert(1)>"
    state.rename_cell("A", name)
    state.regroup_files(state.files(cell="B", protocol="IV"), protocol='电流 "阶跃"\n')
    assert panel.table.rows[0]["cell"] == name
    assert [column.label for column in panel.table.columns][-1] == '电流 "阶跃"␊'
    assert panel.table.press("B", 'p:电流 "阶跃"\n')
    assert "<img" not in panel.legend.value
    assert state.view.protocol == '电流 "阶跃"\n'


def test_another_unit_is_refused(state):
    with pytest.raises(EfeError, match="not in 'mA'"):
        SummaryPanel(state, unit="mA")


def test_closing_leaves_nothing(state):
    SummaryPanel(state).close()
    before = len(widget_module._instances)
    for _ in range(5):
        panel = SummaryPanel(state)
        state.exclude(["f1/s0"], "seal lost")
        panel.close()
        state.undo()
    assert len(widget_module._instances) == before
