"""Feature plots: what they show against the tables, and what they do to the state."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.widgets import FeaturePlots
from efewidgets.widgets.features.curves import iv_target
from efewidgets.widgets.features.data import MOST_POINTS, feature_panels
from efewidgets.widgets.features.plots import EMPTY, FIRST

NASTY = "<img src=x onerror=alert(1)>\n"


@pytest.fixture(scope="module")
def arguments():
    config = datasets.sample_config(["RS1", "FS1"])
    config["files_metadata"][NASTY] = config["files_metadata"].pop("FS1")
    return config


@pytest.fixture
def state(arguments):
    found = ExtractionState.from_arguments(arguments)
    yield found
    found.close()


def test_points_and_bands_are_those_of_the_tables(state):
    plots = FeaturePlots(state)
    data = plots.view_data()
    assert data["protocol"] == "IDrest"
    assert len(data["panels"]) == FIRST
    table, statistics = state.results.feature_table, state.results.target_statistics
    for panel in data["panels"]:
        rows = table[(table.protocol == "IDrest") & (table.feature == panel.title)].dropna(subset="value")
        assert panel.ids.tolist() == rows.recording.tolist()
        np.testing.assert_array_equal(panel.y, rows.value)
        np.testing.assert_array_equal(panel.x, rows.amp_percent)
        wanted = statistics[(statistics.protocol == "IDrest") & (statistics.feature == panel.title)]
        assert [band.target for band in panel.bands] == wanted.target.tolist()
        np.testing.assert_array_equal([band.mean for band in panel.bands], wanted["mean"])
        assert [band.high - band.low for band in panel.bands] == pytest.approx(2 * wanted.tolerance)
    drawn = [mark for mark in plots.plots[0].points.values() if len(mark.x)]
    assert sum(len(mark.x) for mark in drawn) == len(data["panels"][0])
    assert len({mark.marker for mark in drawn}) == 2


def test_in_nA_there_are_no_bands_of_percents(state):
    plots = FeaturePlots(state)
    plots.unit.value = "nA"
    panel = plots.view_data()["panels"][0]
    table = state.results.feature_table.set_index("recording")
    wanted = [1e3 * np.atleast_1d(table.amp_nA[i])[0] for i in panel.ids]
    assert panel.x.tolist() == pytest.approx(wanted)
    assert panel.x_label == "amplitude (pA)"
    assert not panel.bands


def test_values_that_are_too_few_are_faint(state):
    plots = FeaturePlots(state)
    assert not plots.view_data()["panels"][0].faint.any()
    state.set_averaging(threshold_nvalue_save=1000)
    assert plots.view_data()["panels"][0].faint.all()
    mark = next(mark for mark in plots.plots[0].points.values() if len(mark.x))
    assert set(mark.opacities) == {0.3}


def test_a_tolerance_changes_points_and_bands_in_place(state):
    plots = FeaturePlots(state)
    marks = [mark.model_id for mark in plots.plots[0].figure.marks]
    before = len(plots.view_data()["panels"][0])
    for target in state.inputs.targets:
        state.edit_target(target.id, tolerance=0.5)
    assert len(plots.view_data()["panels"][0]) <= before
    assert plots.view_data()["panels"][0].bands[0].high == pytest.approx(100.5)
    assert [mark.model_id for mark in plots.plots[0].figure.marks] == marks


def test_a_click_selects_and_a_lasso_chooses_what_is_excluded(state):
    plots = FeaturePlots(state)
    plot = plots.plots[0]
    marker, mark = next((name, m) for name, m in plot.points.items() if len(m.x) > 2)
    mark._handle_custom_msgs(None, {"event": "element_click", "data": {"index": 1}}, [])
    recording = str(plot._ids[marker][1])
    member = state.results.members[recording]
    assert state.view.recordings == (recording,)
    assert (state.view.cell, state.view.protocol) == (member.cell, member.protocol)
    assert len(plot.chosen.x) == 1

    plots.lasso.value = True
    mark.selected = np.array([0, 2])
    assert state.view.recordings == (plot._ids[marker][0], plot._ids[marker][2])
    chosen = plots.chosen()
    assert plots.exclude.description == "exclude 2 recordings"
    plots.reason.value = "drift"
    plots.exclude.click()
    assert all(state.results.members[i].excluded == "drift" for i in chosen)
    assert not set(chosen) & {i for panel in plots.view_data()["panels"] for i in panel.ids}
    assert state.view.recordings == chosen  # their traces stay in sight, and they can be taken back
    assert not plots.lasso.value
    assert plots.exclude.disabled


def test_what_is_not_in_the_plots_is_not_excluded_there(state):
    plots = FeaturePlots(state)
    seen = {str(i) for panel in plots.view_data()["panels"] for i in panel.ids}
    elsewhere = next(i for i in state.results.members if i not in seen)
    state.view.recordings = (elsewhere,)
    assert plots.chosen() == ()
    assert plots.exclude.disabled
    assert plots.exclude.description == "exclude 0 recordings"
    here = next(iter(seen))
    state.view.recordings = (elsewhere, here)
    assert plots.exclude.description == "exclude 1 recording"
    plots.reason.value = "drift"
    plots.exclude.click()
    assert state.results.members[here].excluded == "drift"
    assert state.results.members[elsewhere].excluded is None
    state.undo()
    state.view.reason = ""
    for reason in ("by eye", "noisy"):  # none was given before; then the one that was given last
        state.view.recordings = (here,)
        plots.exclude.click()
        assert state.results.members[here].excluded == reason
        state.undo()
        state.view.reason = "noisy"


def test_a_distribution_shows_the_values_of_a_target(state):
    plots = FeaturePlots(state)
    plots.view.value = "distribution"
    target = state.inputs.targets[1]
    plots.target.value = target.id
    assert state.view.target == target.id
    (panel,) = plots.view_data()["panels"]
    row = state.results.target_statistics.set_index("target").loc[target.id]
    assert len(panel) == row.n
    assert np.mean(panel.y) == pytest.approx(row["mean"])
    assert list(panel.places.values()) == list(dict.fromkeys(panel.cells))
    assert np.abs(panel.x - np.round(panel.x)).max() < 0.3


def test_firing_rate_against_current_is_counted_in_the_step(state):
    plots = FeaturePlots(state)
    plots.view.value = "f–I"
    assert plots.unit.value == "nA"
    panel = next(panel for panel in plots.view_data()["panels"] if panel.title == "IDrest")
    results = state.results
    for recording, rate, amp in zip(panel.ids, panel.y, panel.x, strict=True):
        window, spikes = results.windows[recording], results.spikes[recording]
        inside = (spikes >= window["ton"]) & (spikes <= window["toff"])
        assert rate == pytest.approx(1e3 * inside.sum() / (window["toff"] - window["ton"]))
        assert amp == pytest.approx(1e3 * results.members[recording].recording.amp)
    assert {curve.cell for curve in panel.curves} == set(panel.cells)


def test_voltage_against_current_can_be_added(state):
    plots = FeaturePlots(state)
    plots.view.value = "I–V"
    assert plots.view_data()["panels"]
    state.set_targets([t.as_dict() for t in state.inputs.targets if t.protocol != "IV"])
    voltages = [t.id for t in state.inputs.targets if "voltage" in t.efeature]
    state.remove_targets(voltages)
    assert plots.view_data()["empty"] == EMPTY["I–V"]
    assert plots.add_iv.layout.display is None
    wanted = iv_target(state)
    assert wanted["protocol"] == "IV"
    assert wanted["amplitude"] < 0
    plots.add_iv.click()
    assert plots.view_data()["panels"][0].title == "steady_state_voltage_stimend · IV"
    assert len(plots.view_data()["panels"][0]) > 0


def test_all_recordings_when_asked(state):
    plots = FeaturePlots(state)
    few = len(plots.view_data()["panels"][0])
    plots.all_recordings.value = True
    panel = plots.view_data()["panels"][0]
    assert len(panel) > few
    assert panel.faint.sum() == len(panel) - few


def titles(plots):
    return [panel.title for panel in plots.view_data()["panels"]]


def test_features_are_taken_away_and_added_by_what_is_typed(state):
    plots = FeaturePlots(state)
    choice, first = plots.choice, titles(plots)
    assert choice.chosen == tuple(first)
    assert choice.usual.disabled
    choice.chips.remove(first[0])
    assert titles(plots) == first[1:]
    assert first[0] in choice.add.options
    choice.add.value = first[0].upper()[:-1]  # its beginning will do where no other has it
    assert choice.add.value == ""
    assert titles(plots) == first
    assert choice.message.text == ""


def test_what_is_no_feature_of_the_protocol_is_told_and_nothing_changes(state):
    plots = FeaturePlots(state)
    before = titles(plots)
    for typed in ("ISI_VC", "e", " "):
        plots.choice.add.value = typed
        assert titles(plots) == before
    plots.choice.add.value = "ISI_VC"
    assert "'ISI_VC'. Did you mean 'ISI_CV'?" in plots.choice.message.text
    plots.choice.chips.remove(before[-1])
    assert plots.choice.message.text == ""


def test_all_features_are_paged_and_the_usual_ones_come_back(state):
    plots = FeaturePlots(state)
    before = titles(plots)
    plots.choice.all.click()
    total = len(titles(plots))
    assert total > len(before)
    assert plots.choice.all.disabled
    if total > 12:
        assert plots.where.value == "page 1 of 2"
        plots.forth.click()
        assert sum(plot.layout.display is None for plot in plots.plots) == total - 12
    plots.choice.usual.click()
    assert titles(plots) == before
    for name in before:
        plots.choice.chips.remove(name)
    assert plots.view_data()["empty"] == EMPTY["choose"]


def test_cells_are_hidden(state):
    plots = FeaturePlots(state)
    button = plots.legend.buttons[NASTY]
    assert "\n" not in button.description
    button.value = False
    assert all(set(panel.cells) <= {"RS1"} for panel in plots.view_data()["panels"])


def test_nothing_yet_says_what_to_do():
    plots = FeaturePlots(ExtractionState())
    for view in ("features", "distribution", "I–V", "f–I"):
        plots.view.value = view
        assert plots.view_data()["empty"] == EMPTY[view]
        assert not plots.message.text
    plots.close()


def test_too_many_points_are_thinned_and_said(state):
    import pandas as pd

    table = pd.concat([state.results.feature_table] * 400, ignore_index=True)
    (panel,) = feature_panels(state.results, table, "IDrest", ["spike_count"], "%")
    assert len(panel) == MOST_POINTS
    assert "points are drawn" in panel.note


def test_nothing_is_left_after_closing(state):
    live = ipywidgets.widgets.widget._instances
    before = len(live)
    for _ in range(3):
        plots = FeaturePlots(state)
        for view in ("distribution", "I–V", "f–I", "features"):
            plots.view.value = view
        plots.lasso.value = True
        plots.close()
        assert len(live) == before
