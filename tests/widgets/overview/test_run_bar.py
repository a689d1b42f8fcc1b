"""RunBar: status in words, progress at a pace, undo and redo."""

from __future__ import annotations

import threading

import ipywidgets
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import RunBar
from efewidgets.widgets.overview import run_bar

LIVE = ipywidgets.widgets.widget._instances


@pytest.fixture
def state():
    found = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
    yield found
    found.close()


def test_says_what_there_is(state):
    bar = RunBar(state)
    data = bar.view_data()
    assert (data.status, data.words, data.can_run) == ("ready", "Ready", True)
    targets = len(state.inputs.targets)
    assert data.detail == f"1 cell, 1 file, {targets} targets"
    assert not bar.run.disabled
    assert bar.cancel.disabled
    assert bar.undo.disabled
    assert bar.undo.tooltip == "nothing to undo"
    assert "Ready" in bar.status.value
    assert bar.bar.value == ""


def test_without_files_there_is_nothing_to_run():
    bar = RunBar(ExtractionState())
    assert bar.run.disabled
    assert bar.view_data().detail == "choose files first"


def test_undo_and_redo_say_what_they_do(state):
    bar = RunBar(state)
    file = state.files(protocol="IV")[0]
    state.exclude([f"{file}/a", f"{file}/b"], "artefact")
    assert bar.undo.description == bar.undo.tooltip == "Undo: exclude 2 recordings: artefact"
    bar.undo.click()
    assert not any(f.excluded for _, f in state.inputs.files())
    assert bar.undo.disabled
    assert bar.redo.description == "Redo: exclude 2 recordings: artefact"
    bar.redo.click()
    assert sum(len(f.excluded) for _, f in state.inputs.files()) == 2
    assert bar.redo.disabled


def test_run_computes_and_progress_is_shown(state, monkeypatch):
    monkeypatch.setattr(run_bar, "PACE", 0.0)
    bar = RunBar(state)
    seen = []
    bar.bar.observe(lambda change: seen.append(change.new), "value")
    bar.run.click()
    assert state.status == "ready"
    assert any("<progress" in html and "%" in html for html in seen)
    assert bar.bar.value == ""
    assert not bar.run.disabled


def test_progress_is_drawn_at_a_pace(state):
    bar = RunBar(state)
    drawn = []
    bar.bar.observe(lambda change: drawn.append(change.new), "value")
    state._telling.put(status="running")
    for k in range(500):
        state._runs.report("read files", k, 500)
    assert len(drawn) < 10
    bar._later.flush()
    assert "read files: 499 of 500" in bar.status.value
    state._telling.put(status="ready", activity="")


def test_cancel_stops_a_run_in_the_background():
    runner = BackgroundRunner()
    with ExtractionState.from_arguments(datasets.sample_config(), runner=runner) as state:
        bar = RunBar(state)
        assert not bar.cancel.disabled
        assert bar.run.disabled
        bar.cancel.click()
        assert state.wait(60)
        assert state.status == "stale"
        data = bar.view_data()
        assert data.words == "Out of date"
        assert "press Run" in data.detail
        assert bar.cancel.disabled
        assert not bar.run.disabled
        bar.close()


def test_run_is_offered_only_where_there_is_something_to_run():
    with ExtractionState(runner=BackgroundRunner()) as state:
        bar = RunBar(state)
        assert bar.run.disabled  # there is nothing yet
        assert "efe-is-idle" in bar.status.value
        files = datasets.sample_files_metadata(["RS1"])["RS1"]
        state.add_files_metadata({"RS1": {"IV": files["IV"]}})
        assert state.wait(60)
        assert (state.status, bar.run.disabled, bar.run.button_style) == (
            "ready",
            True,
            "",
        )  # it ran by itself
        assert "efe-is-ready" in bar.status.value
        state._telling.put(status="stale")
        assert (bar.run.disabled, bar.run.button_style) == (False, "primary")
        state._telling.put(status="failed")
        assert not bar.run.disabled
        bar.close()


def test_a_failure_says_why(state, monkeypatch):
    bar = RunBar(state)
    results = type(state.results)

    def broken(*args, **more):
        raise MemoryError("<no room>")

    monkeypatch.setattr(results, "compute", broken)
    bar.run.click()
    assert bar.view_data().words == "Failed"
    assert "&lt;no room&gt;" in bar.status.value
    assert "<no room>" not in bar.status.value


def test_names_of_others_do_no_harm(state):
    bar = RunBar(state)
    nasty = "<img src=x onerror=alert(1)>\n细胞"
    state.rename_cell("RS1", nasty)
    assert bar.undo.description == "Undo: rename RS1 to <img src=x onerror=alert(1)>␊细胞"
    state._telling.put(status="running", activity=nasty)
    assert "<img" not in bar.status.value.replace("&lt;img", "")


def test_hidden_it_waits(state):
    bar = RunBar(state)
    bar.shown = False
    state.set_output(plot=True)
    state._runs.report("draw", 1, 2)
    assert bar.undo.disabled
    bar.shown = True
    assert bar.undo.description == "Undo: set plot"


def test_close_leaves_nothing(state):
    before, threads = len(LIVE), set(threading.enumerate())
    bars = [RunBar(state) for _ in range(5)]
    state._runs.report("x", 1, 2)
    state._runs.report("x", 2, 2)
    for bar in bars:
        bar.close()
    assert len(LIVE) == before
    assert [thread.name for thread in set(threading.enumerate()) - threads if "efe" in thread.name] == []
    state.set_output(plot=True)
    state._runs.report("x", 1, 2)
