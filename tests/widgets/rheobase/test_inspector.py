"""What the rheobase inspector shows, against the engine and the sample goldens, and what a person does with it."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
from ipywidgets.widgets import widget as widget_module

from efewidgets import ExtractionState, datasets
from efewidgets.engine.problems import EfeError
from efewidgets.engine.targets.rheobase import STRATEGIES, deciding_sweeps
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import RheobaseInspector
from efewidgets.widgets.rheobase.overview import PER_PAGE
from efewidgets.widgets.rheobase.rule import MEANINGS, SETTINGS, usual_settings
from tests.state import lab

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "goldens_samples"


@pytest.fixture(scope="module")
def config():
    """Arguments of `extract_efeatures` for the sample cells, of which only the steps are read."""
    found = datasets.sample_config()
    files = {
        cell: {name: files for name, files in protocols.items() if name in ("IDthresh", "IDrest", "IV")}
        for cell, protocols in found["files_metadata"].items()
    }
    return found | {"files_metadata": files, "targets": lab.targets()}


@pytest.fixture(scope="module")
def samples(config):
    """A state with the sample cells; each test begins with its own rule."""
    found = ExtractionState.from_arguments(config)
    yield found
    found.close()


@pytest.fixture
def state(samples):
    """The sample cells as they are in the sample config."""
    before = samples.inputs
    yield samples
    names = ("rheobase_strategy", "rheobase_settings", "rheobase_values", "protocols_rheobase", "cells")
    samples.commit("as before", **{name: getattr(before, name) for name in names})
    samples.use_absolute_amplitude(False)
    samples.view.cell, samples.view.recordings, samples.view.current_unit = None, (), "auto"


@pytest.fixture
def inspector(state):
    found = RheobaseInspector(state)
    yield found
    found.close()


@pytest.fixture
def drawn(tmp_path):
    """A state with two small cells, that fire from 0.1 and 0.2 nA on."""
    found = ExtractionState.from_arguments(lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2})))
    yield found
    found.close()


def values(inspector):
    return {row["id"]: row["value"] for row in inspector.view_data()["rows"]}


def golden(name):
    found = json.loads((GOLDENS / name / "holding_threshold_currents.json").read_text(encoding="utf-8"))
    return found["all_threshold_current"]


# --- what is shown


def test_the_table_has_the_rheobases_of_bluepyefe(inspector, state):
    config = json.loads((GOLDENS / "flush" / "config.json").read_text(encoding="utf-8"))["arguments"]
    state.set_rheobase_rule(
        config["rheobase_strategy"],
        protocols=config["protocols_rheobase"],
        settings=config["rheobase_settings"],
    )
    shown = values(inspector)
    wanted = golden("flush")
    assert {cell: shown[cell] for cell in wanted} == pytest.approx(
        {cell: 1000 * value for cell, value in wanted.items()}, rel=1e-9
    )
    assert [row["value"] for row in inspector.table.rows] == list(shown.values())
    assert sorted(cell for cell in shown if shown[cell] is None) == sorted(set(shown) - set(wanted))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_rule_shows_its_values_and_the_sweep_that_decided(inspector, state, strategy):
    state.set_rheobase_rule(strategy)
    for cell, found in state.results.rheobases.items():
        state.view.cell = cell
        (view,) = inspector.view_data()["views"]
        assert view.value == found.value
        assert view.deciding == found.recording
        assert view.reason == found.reason
        if found.value is not None:
            assert inspector.plot.line.x == pytest.approx([1000 * found.value] * 2)
        if found.recording is None:
            assert not len(inspector.plot.ring.x)
        else:
            recording = state.results.recording(found.recording)
            assert inspector.plot.ring.x == pytest.approx([1000 * recording.amp])
            assert inspector.plot.ring.y == pytest.approx([recording.spikecount])


def test_the_other_rules_are_those_of_the_results(inspector, state):
    for cell in state.inputs.by_name:
        state.view.cell = cell
        (view,) = inspector.view_data()["views"]
        others = {name: value for names, value in view.others for name in names.split(" = ")}
        wanted = {
            strategy: state.results.rheobases_by(strategy)[cell].value
            for strategy in STRATEGIES
            if strategy != state.inputs.rheobase_strategy
        }
        assert others == {name: value for name, value in wanted.items() if value is not None}


def test_points_are_the_sweeps_of_the_protocols_that_decide(inspector, state):
    cell = state.inputs.cells[0].name
    state.view.cell = cell
    sweeps, _ = deciding_sweeps(state.results.cells[cell], ["IDthresh"])
    state.set_rheobase_rule(protocols=["IDthresh"])
    points = sorted(zip(inspector.plot.used.x, inspector.plot.used.y, strict=True))
    wanted = sorted(zip((1000 * np.array(sweeps.amps)).tolist(), sweeps.counts, strict=True))
    assert np.array(points) == pytest.approx(np.array(wanted))


def test_excluded_recordings_are_hollow_and_decide_nothing(inspector, state):
    cell = state.inputs.cells[0].name
    state.view.cell = cell
    first = state.results.rheobases[cell].recording
    used = len(inspector.plot.used.x)
    state.exclude([first], "seal lost")
    assert len(inspector.plot.used.x) == used - 1
    assert len(inspector.plot.excluded.x) == 1
    assert not inspector.plot.excluded.fill
    (view,) = inspector.view_data()["views"]
    assert view.deciding != first
    assert view.hints[view.ids.index(first)].endswith("excluded: seal lost")


def test_the_line_of_the_interpolation_meets_one_spike_at_the_rheobase(inspector, state):
    state.set_rheobase_rule("interpolation")
    found = {cell: one.value for cell, one in state.results.rheobases.items() if one.value is not None}
    assert found
    for cell, value in found.items():
        state.view.cell = cell
        (view,) = inspector.view_data()["views"]
        amps, counts = view.curve
        assert np.interp(1.0, counts, amps) == pytest.approx(value)
    state.set_rheobase_rule("absolute")
    assert not len(inspector.plot.curve.x)


def test_a_cell_without_a_rheobase_says_why(inspector, state):
    state.set_rheobase_rule(protocols=["IV"], strategy="flush")
    row = inspector.view_data()["rows"][0]
    assert row["value"] is None
    assert row["reason"] == state.results.rheobases[row["id"]].reason
    assert row["_class"]["reason"] == "efe-bad"
    assert "no rheobase" in inspector.heading.value
    assert not len(inspector.plot.handle.x)


def test_without_cells_it_says_what_to_do():
    state = ExtractionState()
    inspector = RheobaseInspector(state)
    assert inspector.body.layout.display == "none"
    assert inspector.empty.layout.display is None
    assert "Add files" in inspector.empty.value
    inspector.close()


def test_the_unit_holds_for_all_that_is_shown(inspector):
    in_pA = [row["value"] for row in inspector.table.rows]
    x = inspector.plot.used.x
    inspector.unit.value = "nA"
    assert [row["value"] for row in inspector.table.rows] == pytest.approx([v / 1000 for v in in_pA])
    assert inspector.plot.used.x == pytest.approx(np.array(x) / 1000)
    assert inspector.plot.x_axis.label == "current (nA)"
    assert inspector.by_hand.description == "Rheobase by hand (nA)"
    assert inspector.table.columns[1].unit == "nA"


def test_another_unit_is_refused(drawn):
    with pytest.raises(EfeError, match="not in 'mA'"):
        RheobaseInspector(drawn, unit="mA")


def test_no_line_crosses_the_label_of_another(inspector, state):
    for cell in state.inputs.by_name:
        state.view.cell = cell
        for by_hand in (None, 0.07, 0.3, 1.0):
            if by_hand:
                state.set_rheobase(cell, by_hand)
            plot = inspector.plot
            lines = [(mark.x[0], mark.y[1]) for mark in (*plot.others, plot.line) if len(mark.x)]
            written = [
                (x, y, align)
                for labels in (plot.labels, plot.names)
                for mark, align in zip(labels, (1, -1), strict=True)
                for x, y in zip(mark.x, mark.y, strict=True)
            ]
            assert sorted((x, y) for x, y, _ in written) == sorted(lines)
            for x, y, align in written:
                beside = [top for at, top in lines if 0 < align * (at - x) < 0.3 * (plot.x.max - plot.x.min)]
                assert all(top < y for top in beside)
        state.clear_rheobase(cell)


# --- the rule


def test_every_setting_of_every_rule_has_a_control_and_words():
    assert set(MEANINGS) == set(STRATEGIES)
    assert set(SETTINGS) == {name for strategy in STRATEGIES for name in usual_settings(strategy)}


def test_choosing_a_strategy_and_its_settings(inspector, state):
    inspector.rule.strategy.value = "majority"
    assert state.inputs.rheobase_strategy == "majority"
    shown = {name for name, control in inspector.rule.settings.items() if control.layout.display is None}
    assert shown == {"min_step", "majority"}
    assert inspector.rule.settings["min_step"].value == "10"  # pA
    inspector.rule.settings["min_step"].value = "20"
    assert state.inputs.rheobase_settings == {"min_step": 0.02}
    inspector.rule.settings["majority"].value = "0.8"
    assert state.inputs.rheobase_settings == {"min_step": 0.02, "majority": 0.8}
    inspector.rule.settings["min_step"].value = ""
    assert state.inputs.rheobase_settings == {"majority": 0.8}
    assert inspector.rule.settings["min_step"].value == "10"


@pytest.mark.parametrize("text", ["many", "0", "1.5"])
def test_a_setting_that_can_not_be_is_said_and_changes_nothing(inspector, state, text):
    inspector.rule.strategy.value = "flush"
    before = state.inputs
    inspector.rule.settings["flush_length"].value = text
    assert state.inputs == before
    assert "must be a" in inspector.message.text


def test_the_bound_of_the_flush_rule_can_be_taken_away(inspector, state):
    state.set_rheobase_rule("flush", settings={"upper_bound_spikecount": 4})
    assert inspector.rule.settings["upper_bound_spikecount"].value == "4"
    inspector.rule.settings["upper_bound_spikecount"].value = ""
    assert state.inputs.rheobase_settings == {"upper_bound_spikecount": None}
    assert inspector.rule.settings["upper_bound_spikecount"].value == ""


def test_choosing_protocols(inspector, state):
    assert list(inspector.protocols.boxes) == ["IDthresh", "IDrest", "IV"]
    state.set_rheobase_rule(protocols=["IDthresh"])
    inspector.protocols.boxes["IDrest"].value = True
    assert state.inputs.protocols_rheobase == ("IDthresh", "IDrest")
    inspector.protocols.boxes["IDthresh"].value = False
    assert state.inputs.protocols_rheobase == ("IDrest",)
    inspector.protocols.boxes["IDrest"].value = False
    assert state.inputs.protocols_rheobase == ("IDrest",)
    assert inspector.protocols.boxes["IDrest"].value
    assert "at least one protocol" in inspector.message.text
    inspector.usual.click()
    assert state.inputs.protocols_rheobase is None
    assert inspector.usual.disabled


# --- the selection


def test_the_selected_cell_goes_both_ways(inspector, state):
    names = list(state.inputs.by_name)
    assert inspector.table.selected == (names[0],)
    state.view.cell = names[2]
    assert inspector.table.selected == (names[2],)
    assert inspector.view_data()["views"][0].name == names[2]
    inspector.table.set_state({"selected": (names[1],)})
    assert state.view.cell == names[1]
    inspector.table.set_state({"selected": tuple(names[1:])})
    assert state.view.cell == names[1]
    assert inspector.table.selected == tuple(names[1:])


def test_a_click_on_a_point_selects_its_recording(inspector, state):
    (view,) = inspector.view_data()["views"]
    inspector.plot.used._handle_custom_msgs(None, {"event": "element_click", "data": {"index": 3}})
    assert state.view.recordings == (view.ids[3],)
    assert state.view.cell == view.name
    assert inspector.plot.chosen.x == pytest.approx([1000 * view.amps[3]])
    inspector.plot.used._handle_custom_msgs(None, {"event": "hover", "data": {"index": 3}})
    assert view.ids[3].partition("/")[2] in inspector.plot.tooltip.value


# --- by hand


def test_typing_a_rheobase_and_going_back(inspector, state):
    cell = state.inputs.cells[1].name
    state.view.cell = cell
    by_rule = state.results.rheobases[cell].value
    inspector.by_hand.value = "77.5"
    assert state.inputs.rheobase_values == {cell: 0.0775}
    row = next(row for row in inspector.table.rows if row["id"] == cell)
    assert (row["value"], row["reason"]) == (77.5, "set by hand")
    others = dict(inspector.view_data()["views"][0].others)
    assert by_rule in others.values()
    assert not inspector.back.disabled
    inspector.back.click()
    assert not state.inputs.rheobase_values
    assert inspector.by_hand.value == ""
    assert state.results.rheobases[cell].value == by_rule


@pytest.mark.parametrize(
    ("text", "said"), [("-5", "above zero"), ("soon", "must be a number"), ("nan", "finite")]
)
def test_a_rheobase_that_can_not_be(inspector, state, text, said):
    inspector.by_hand.value = text
    assert not state.inputs.rheobase_values
    assert said in inspector.message.text or "number" in inspector.message.text


def test_editing_many_rows_of_the_table_is_one_edit(inspector, state):
    names = list(state.inputs.by_name)
    inspector.table.set_state({"selected": tuple(names[:3])})
    assert inspector.table.edit(names[1], "value", "120")
    assert state.inputs.rheobase_values == dict.fromkeys(names[:3], 0.12)
    state.undo()
    assert not state.inputs.rheobase_values
    assert inspector.table.edit(names[1], "value", "120")
    assert inspector.table.edit(names[1], "value", "")
    assert not state.inputs.rheobase_values
    assert not inspector.table.edit(names[4], "value", "-3")
    assert "above zero" in inspector.table.refused["reason"]


def drag(inspector, *places):
    """Do what a drag does: the handle's places arrive one by one, the last of them after its end."""
    handle = inspector.plot.handle
    handle._handle_custom_msgs(None, {"event": "drag_start"})
    for place in places[:-1]:
        handle.x = np.array([place])
        inspector._take.flush()
    handle._handle_custom_msgs(None, {"event": "drag_end"})
    handle.x = np.array([places[-1]])
    inspector._take.flush()


def test_one_drag_is_one_edit(inspector, state):
    cell = state.inputs.cells[0].name
    before = state.inputs
    drag(inspector, 70.0, 80.0, 90.0)
    assert state.inputs.rheobase_values == {cell: 0.09}
    assert inspector.plot.line.x == pytest.approx([90.0, 90.0])
    drag(inspector, 100.0, 110.0)
    assert state.inputs.rheobase_values == {cell: 0.11}
    state.undo()
    assert state.inputs.rheobase_values == {cell: 0.09}
    state.undo()
    assert state.inputs == before


def test_the_handle_is_left_alone_while_it_is_dragged(inspector):
    handle = inspector.plot.handle
    handle._handle_custom_msgs(None, {"event": "drag_start"})
    handle.x = np.array([81.234567])
    inspector._take.flush()
    assert handle.x == pytest.approx([81.234567])
    assert inspector.plot.line.x == pytest.approx([81.2, 81.2])
    handle._handle_custom_msgs(None, {"event": "drag_end"})
    inspector._take.flush()
    assert handle.x == pytest.approx([81.2])


def test_a_drag_to_below_zero_goes_back(inspector, state):
    before = inspector.plot.line.x.copy()
    drag(inspector, -10.0, -20.0)
    assert not state.inputs.rheobase_values
    assert inspector.plot.handle.x == pytest.approx(before[:1])
    assert "above zero" in inspector.message.text


def test_with_targets_in_nA_no_rheobase_is_needed(inspector, state):
    state.use_absolute_amplitude()
    assert all(value is None for value in values(inspector).values())
    assert inspector.by_hand.disabled
    assert not inspector.table.edit(state.inputs.cells[0].name, "value", "100")
    assert "no rheobase is needed" in inspector.table.refused["reason"]


# --- many cells


def test_only_the_page_that_is_shown_is_drawn(tmp_path):
    files = lab.write_cells(tmp_path, {"A": 0.1})["A"]
    many = {f"c{k:03}": {"IDthresh": files["IDthresh"]} for k in range(30)}
    with ExtractionState.from_arguments(lab.arguments(many)) as state:
        inspector = RheobaseInspector(state, overview=True)
        overview = inspector.overview
        assert len(inspector.view_data()["views"]) == PER_PAGE == len(overview.plots)
        assert overview.titles[0].description == "c000 · 100 pA"
        overview.later.click()
        overview.later.click()
        assert overview.later.disabled
        assert "cells 25 to 30 of 30" in overview.pages.value
        assert [view.name for view in inspector.view_data()["views"]] == [f"c{k:03}" for k in range(24, 30)]
        assert [box.layout.display for box in overview.grid.children].count("none") == PER_PAGE - 6
        state.view.cell = "c013"
        assert overview.titles[1].description.startswith("c013")
        assert overview.titles[1].button_style == "primary"
        overview.titles[2].click()
        assert state.view.cell == "c014"
        assert not inspector.show.value
        assert inspector._drawn == "c014"
        assert overview.box.layout.display == "none"
        inspector.close()


def test_results_that_are_not_there_yet(tmp_path):
    arguments = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1}))
    state = ExtractionState(runner=BackgroundRunner())
    inspector = RheobaseInspector(state)
    state.set_reader(lab.reader)
    for protocol, files in arguments["files_metadata"]["A"].items():
        state.add_files("A", protocol, files)
    state.set_rheobase_rule(protocols=["IDthresh"])
    assert state.wait(30)
    assert values(inspector) == pytest.approx({"A": 100.0})
    inspector.by_hand.value = "90"
    assert values(inspector) == {"A": 90.0}
    inspector.back.click()
    assert state.wait(30)
    assert values(inspector) == pytest.approx({"A": 100.0})
    inspector.close()
    state.close()


NASTY = ("<img src=x onerror=alert(1)>", 'a "b"\nc', "细胞")


def test_nasty_names_are_shown_as_they_are(drawn):
    for old, new in zip(("A", "B"), NASTY, strict=False):
        drawn.rename_cell(old, new)
    inspector = RheobaseInspector(drawn)
    drawn.view.cell = NASTY[0]
    assert "<img" not in inspector.heading.value
    assert "&lt;img" in inspector.heading.value
    assert [row["cell"] for row in inspector.table.rows] == [NASTY[0], 'a "b"␊c']
    inspector.show.value = True
    assert "␊" in inspector.overview.titles[1].description
    inspector.close()


def test_closing_leaves_nothing(drawn):
    RheobaseInspector(drawn).close()
    before = len(widget_module._instances)
    for _ in range(5):
        inspector = RheobaseInspector(drawn)
        inspector.show.value = True
        drawn.set_rheobase_rule(protocols=["IDrest"])
        inspector.close()
        drawn.set_rheobase_rule(protocols=["IDthresh"])
    assert len(widget_module._instances) == before


# --- what helps to see


def test_all_rules_stand_with_their_values(inspector, state):
    cell = state.inputs.cells[0].name
    state.view.cell = cell
    words = {name: text for text, name in inspector.rule.strategy.options}
    assert list(words) == list(STRATEGIES)
    for name, text in words.items():
        value = state.results.rheobases_by(name)[cell].value
        assert MEANINGS[name] in text
        assert (f": {1000 * value:.4g} pA " if value is not None else ": none ") in text
    inspector.rule.strategy.value = "majority"
    assert state.inputs.rheobase_strategy == "majority"


def test_a_chosen_cell_shows_the_sweep_that_decided(inspector, state):
    state.set_rheobase_rule("absolute")
    first, second = (cell.name for cell in state.inputs.cells[:2])
    inspector.table.set_state({"selected": [second]})
    deciding = state.results.rheobases[second].recording
    assert (state.view.cell, state.view.recordings) == (second, (deciding,))
    member = state.results.members[deciding]
    assert f"{member.protocol}, {member.recording.label} decided" in inspector.heading.value
    state.set_rheobase_rule("interpolation")  # no sweep decides: the first that fires at it or above is shown
    inspector.table.set_state({"selected": [first]})
    value = state.results.rheobases[first].value
    shown = state.results.members[state.view.recordings[0]].recording
    above = [
        member.recording.amp
        for member in state.results.members.values()
        if member.cell == first
        and member.protocol in state.inputs.protocols_rheobase
        and member.recording.spikecount
        and member.recording.amp >= value - 1e-3
    ]
    assert shown.amp == min(above)


def test_who_comes_from_another_step_sees_the_deciding_sweep(inspector, state):
    state.set_rheobase_rule("absolute")
    cell = state.inputs.cells[1].name
    other = next(m for m in state.results.members.values() if m.cell == cell and m.protocol == "IV")
    state.view.cell, state.view.recordings = cell, (other.id,)
    inspector.show_deciding()
    assert state.view.recordings == (state.results.rheobases[cell].recording,)
    chosen = next(
        m
        for m in state.results.members.values()
        if m.cell == cell and m.protocol in state.inputs.protocols_rheobase
    )
    state.view.recordings = (chosen.id,)
    inspector.show_deciding()
    assert state.view.recordings == (chosen.id,)  # of those that decide: it stays


def test_why_there_is_none_stands_in_the_panel_with_what_helps(inspector, state):
    state.set_rheobase_rule(protocols=["IV"], strategy="absolute")
    cell = next(name for name, found in state.results.rheobases.items() if found.value is None)
    state.view.cell = cell
    assert state.results.rheobases[cell].reason in inspector.missing.text
    titles = [control.description for control in inspector.helps.children]
    assert titles
    assert inspector.helps.layout.display is None
    inspector.helps.children[0].click()
    assert state.inputs.protocols_rheobase == ("IV", titles[0].split()[1])
    assert state.results.rheobases[cell].value > 0
    assert inspector.missing.text == ""
    assert inspector.helps.layout.display == "none"


def test_why_there_is_none_stands_under_each_cell(state):
    state.set_rheobase_rule(protocols=["IV"], strategy="absolute")
    inspector = RheobaseInspector(state, overview=True)
    for view, said in zip(inspector.view_data()["views"], inspector.overview.reasons, strict=False):
        assert bool(said.value) == (view.value is None)
    assert any(said.value for said in inspector.overview.reasons)
    inspector.close()


def test_repeats_on_one_point_are_counted(drawn):
    inspector = RheobaseInspector(drawn)
    assert not len(inspector.plot.repeats.x)
    cell = drawn.inputs.cells[0]
    drawn.add_files_metadata(
        {cell.name: {file.protocol: [file.as_metadata() | {"ljp": 1.0}] for file in cell.files[:1]}}
    )
    drawn.view.cell = cell.name
    counts = inspector.plot.repeats.text
    (view,) = inspector.view_data()["views"]
    several = {}
    for amp, count in zip(view.amps, view.counts, strict=True):
        several.setdefault((round(amp, 4), count), []).append(amp)
    assert sorted(counts) == sorted(f"×{len(amps)}" for amps in several.values() if len(amps) > 1)
    assert len(counts)
    plot = inspector.plot
    across, up = plot.x.max - plot.x.min, plot.y.max - plot.y.min
    near = [(0.0, 0.0, 2), (0.01 * across, 0.0, 3), (0.01 * across, 0.5 * up, 2), (0.5 * across, 0.0, 2)]
    assert sorted(plot._apart(near)) == near[1:], (
        "the numbers of two that lie over each other: the larger one"
    )
    inspector.close()
