"""SettingsEditor: each setting with its meaning; what is typed is checked, and what is usual is never far."""

from __future__ import annotations

import ipywidgets
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.features.catalogue import feature_info, settings_catalogue
from efewidgets.engine.features.efel_settings import DEFAULT_EFEL_SETTINGS
from efewidgets.engine.problems import EfeError
from efewidgets.state.convert import settings_in_force
from efewidgets.widgets import SettingsEditor
from efewidgets.widgets.settings.data import shown, typed
from efewidgets.widgets.settings.output import OutputEditor

LIVE = ipywidgets.widgets.widget._instances
INFO = {info.name: info for info in settings_catalogue()}


@pytest.fixture
def state():
    arguments = datasets.sample_config(["RS1"])
    arguments["efel_settings"] = None
    with ExtractionState.from_arguments(arguments) as found:
        yield found


@pytest.fixture
def editor(state):
    found = SettingsEditor(state)
    yield found
    found.close()


def row_is_set(state, name):
    """Whether a setting isn't as it usually is."""
    return settings_in_force(state.inputs).get(name) != DEFAULT_EFEL_SETTINGS.get(name)


def row(editor, name):
    return next(row for row in editor.table.rows if row["id"] == name)


def test_every_setting_with_what_holds(editor, state):
    assert {row["id"] for row in editor.table.rows} == {
        name for name, info in INFO.items() if info.features and name != "dependencyfile_path"
    } | {name for name in INFO if row_is_set(state, name)}
    threshold = row(editor, "Threshold")
    assert (threshold["value"], threshold["default"], threshold["unit"], threshold["reset"]) == (
        "-20",
        "-20",
        "mV",
        None,
    )
    assert threshold["meaning"] == INFO["Threshold"].meaning
    assert row(editor, "interp_step")["value"] == "0.025"
    assert "eFEL's own is 0.1" in row(editor, "interp_step")["_hint"]["default"]
    assert row(editor, "strict_stiminterval")["value"] == "yes"
    assert row(editor, "stimulus_current")["value"] == "the recording's"
    assert row(editor, "DerivativeThreshold")["value"] == f"{INFO['DerivativeThreshold'].default:g}"
    assert row(editor, "DerivativeThreshold")["_class"]["value"] == "efe-faint"
    assert editor.reset.disabled


def test_edits_are_typed_and_checked(editor, state):
    assert editor.table.edit("Threshold", "value", "−12.5")
    assert state.inputs.efel_settings["Threshold"] == -12.5
    assert state.inputs.efel_settings["interp_step"] == 0.025
    assert row(editor, "Threshold")["value"] == "-12.5"
    assert row(editor, "Threshold")["reset"] == "reset"
    assert editor.table.edit("strict_stiminterval", "value", "No")
    assert state.inputs.efel_settings["strict_stiminterval"] is False
    assert editor.table.edit("AP_phaseslope_range", "value", "3")
    assert state.inputs.efel_settings["AP_phaseslope_range"] == 3
    assert editor.table.edit("voltage_base_mode", "value", "median")
    assert not editor.reset.disabled
    before = state.inputs
    for name, text, words in (
        ("Threshold", "high", "must be a number (mV)"),
        ("interp_step", "0", "between 0.001 and 100"),
        ("DerivativeWindow", "2.5", "whole number"),
        ("strict_stiminterval", "perhaps", "must be yes or no"),
        ("voltage_base_mode", "mode", "mean, median"),
        ("voltage_base_start_perc", "1", "must be smaller than"),
        ("Threshold", "nan", "finite"),
    ):
        assert not editor.table.edit(name, "value", text)
        assert words in editor.table.refused["reason"]
    assert state.inputs is before


def test_nothing_takes_a_setting_away_and_reset_brings_back_what_is_usual(editor, state):
    editor.table.edit("Threshold", "value", "")
    assert "Threshold" not in state.inputs.efel_settings
    assert row(editor, "Threshold")["value"] == "automatic"
    editor.table.edit("DerivativeThreshold", "value", "7")
    editor.table.press("DerivativeThreshold", "reset")
    assert "DerivativeThreshold" not in state.inputs.efel_settings
    editor.table.press("Threshold", "reset")
    assert state.inputs.efel_settings["Threshold"] == -20.0
    editor.table.edit("interp_step", "value", "0.1")
    editor.reset.click()
    assert state.inputs.efel_settings is None
    assert row(editor, "interp_step")["value"] == "0.025"
    state.undo()
    assert row(editor, "interp_step")["value"] == "0.1"


@pytest.mark.parametrize("name", sorted(INFO))
def test_what_is_shown_can_be_typed(name):
    info = INFO[name]
    if info.default is not None and name != "Threshold":
        assert typed(info, shown(info, info.default)) == info.default
    assert typed(info, shown(info, None)) in (None, info.default)


def test_lists(editor, state):
    assert typed(INFO["multi_stim_start"], "100; 200.5") == [100.0, 200.5]
    assert shown(INFO["multi_stim_start"], (100.0, 200.5)) == "100, 200.5"
    assert not editor.table.edit("multi_stim_start", "value", "100, 200")  # ends are missing
    with pytest.raises(EfeError, match="numbers parted by commas"):
        typed(INFO["multi_stim_start"], "a, b")


def test_features_affected_are_those_chosen(editor, state):
    chosen = {target.efeature for target in state.inputs.targets}
    for one in editor.table.rows:
        depend = {name for name in chosen if one["id"] in feature_info(name).settings_that_matter}
        assert set(filter(None, one["_hint"]["features"].split(", "))) == depend
    editor.only.value = True
    assert all(one["features"] for one in editor.table.rows)
    assert 0 < len(editor.table.rows) < len(INFO) - 1
    state.set_targets([{"efeature": "voltage_base", "protocol": "IV", "amplitude": -100, "tolerance": 10}])
    shown_now = {one["id"] for one in editor.table.rows}
    assert "voltage_base_mode" in shown_now
    assert "rise_start_perc" not in shown_now


def test_a_target_with_settings_of_its_own_is_told(editor, state):
    state.edit_targets(state.inputs.targets[0].id, efel_settings={"rise_start_perc": 0.1})
    assert "1 target has a value of its own" in row(editor, "rise_start_perc")["_hint"]["value"]


def test_search(editor):
    editor.search.value = "slow ahp BURST"
    editor._soon.flush()
    assert {one["id"] for one in editor.table.rows} == {"initburst_sahp_start", "initburst_sahp_end"}
    assert "2 of" in editor.count.value
    editor.search.value = "<nothing>"
    editor._soon.flush()
    assert editor.table.rows == ()


def test_averaging_and_output(editor, state):
    editor.protocol_mode.value = "median"
    editor.threshold_nvalue_save.value = 3
    editor.default_std_value.value = 0.5
    editor.save_files_used.value = True
    inputs = state.inputs
    assert inputs.protocol_mode == "median"
    assert inputs.threshold_nvalue_save == 3
    assert inputs.default_std_value == 0.5
    assert inputs.save_files_used
    for name, box in editor.output.items():
        box.value = not getattr(inputs, name)
        assert getattr(state.inputs, name) != getattr(inputs, name)
    editor.threshold_nvalue_save.value = 0
    assert "from 1 on" in editor.averaging_said.text
    assert state.inputs.threshold_nvalue_save == 3
    state.undo()
    assert editor.threshold_nvalue_save.value == 3
    assert not editor.output["low_memory_mode"].value


def test_with_automatic_targets(state):
    state.use_auto_targets()
    editor = SettingsEditor(state)
    chosen = {target.efeature for target in state.results.targets}
    depend = {name for name in chosen if "Threshold" in feature_info(name).settings_that_matter}
    assert set(row(editor, "Threshold")["_hint"]["features"].split(", ")) == depend
    assert depend


def test_without_anything():
    editor = SettingsEditor(ExtractionState())
    assert len(editor.table.rows) == len(INFO) - 2  # a file of eFEL's, and one that nothing reads
    editor.only.value = True
    assert editor.table.rows == ()
    assert "no targets" in editor.table.empty


def test_close_leaves_nothing(state):
    before = len(LIVE)
    for _ in range(3):
        SettingsEditor(state).close()
    assert len(LIVE) == before


def test_settings_that_nothing_reads_are_listed_only_where_they_are_set(editor, state):
    def names():
        return {row["id"] for row in editor.view_data()["rows"]}

    assert "min_spike_height" not in names()
    state.set_efel_settings(min_spike_height=25.0)
    assert "min_spike_height" in names()
    assert editor.view_data()["of"] == len(names())


def test_without_averaging_and_output(state):
    editor = SettingsEditor(state, output=False)
    assert not hasattr(editor, "protocol_mode")
    below = OutputEditor(state)
    below.protocol_mode.value = "median"
    assert state.inputs.protocol_mode == "median"
    state.undo()
    assert below.protocol_mode.value == "mean"
    for one in (editor, below):
        one.close()
