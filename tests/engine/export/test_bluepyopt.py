"""What is written for BluePyOpt and HHNB: windows, pieces, what a form can't say; numbers worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from efewidgets import datasets
from efewidgets.engine.export import FORMATS, Choices, format_named, write_export
from efewidgets.engine.export.fit import by_type, fit_data
from efewidgets.engine.export.l5pc import l5pc_form
from efewidgets.engine.export.search import crossing, find_holding, lowest
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.problems import EfeError
from efewidgets.engine.stages.options import Options


def extraction(cells=("RS1", "RS2"), **changes):
    config = datasets.sample_config(cells)
    del config["write_files"]
    return run_extraction(Options(**(config | changes)), run)


@pytest.fixture(scope="module")
def found():
    return extraction()


@pytest.fixture(scope="module")
def data(found):
    return fit_data(found, Choices())[0]


def feature(data, name):
    (one,) = (f for f in data["features"] if f["name"] == name)
    return one


def target(protocol, amplitude, efeature, **more):
    return {"protocol": protocol, "amplitude": amplitude, "tolerance": 15, "efeature": efeature, **more}


def test_a_feature_of_an_sahp_has_the_window_it_was_computed_on(data):
    # the long step of the samples lasts from 100 to 1300 ms, the short one from 400 to 600
    one = feature(data, "sAHP_200.soma.spike_count")
    assert (one["stim_start"], one["stim_end"]) == (100.0, 1300.0)
    short, before, after = data["protocols"]["sAHP_200"]["pieces"]
    assert [(p["delay"], p["delay"] + p["duration"]) for p in (short, before, after)] == [
        (400.0, 600.0),
        (100.0, 400.0),
        (600.0, 1300.0),
    ]
    assert short["amp_rel"] == pytest.approx(200, abs=15)
    assert before["amp_rel"] == pytest.approx(40, abs=2)  # of the guessed rheobase


def test_own_settings_of_a_target_beat_the_window_and_are_told_by_type():
    settings = {
        "stim_start": 250.0,
        "stim_end": 500.0,
        "Threshold": -10.0,
        "max_spike_skip": 3,
        "spike_skipf": 0.2,
    }
    data = fit_data(
        extraction(
            ["RS1"], targets=[target("IDrest", 150, "AP_amplitude", efel_settings=settings, weight=2.5)]
        ),
        Choices(),
    )[0]
    (one,) = data["features"]
    assert (one["stim_start"], one["stim_end"], one["threshold"], one["weight"]) == (250.0, 500.0, -10.0, 2.5)
    assert one["double_settings"] == {"spike_skipf": 0.2}
    assert one["int_settings"] == {"strict_stiminterval": 1, "max_spike_skip": 3}
    assert one["interp_step"] == 0.025


def test_settings_by_type():
    given = {"a": True, "b": 2, "c": 0.5, "d": "mean", "e": [1.0]}
    assert by_type(given) == {
        "double_settings": {"c": 0.5},
        "int_settings": {"a": 1, "b": 2},
        "string_settings": {"d": "mean"},
        "list_settings": {"e": [1.0]},
    }


def test_the_current_of_a_resistance_is_with_the_feature(data):
    one = feature(data, "IV_-50.soma.ohmic_input_resistance_vb_ssse")
    assert one["stimulus_current"] == data["protocols"]["IV_-50"]["pieces"][0]["amp"] < 0
    assert one["stimulus_current_rel"] == data["protocols"]["IV_-50"]["pieces"][0]["amp_rel"] < 0


def test_the_rheobase_of_a_model_is_searched_with_the_step_that_decided_on_the_cells(data):
    assert data["rheobase"]["step"] == pytest.approx(
        {"delay": 200.0, "duration": 500.0, "totduration": 800.0}, abs=0.2
    )
    assert data["rheobase"]["threshold"] == -20.0
    assert data["cells"]["RS1"]["rheobase"] == pytest.approx(0.065, abs=1e-6)
    assert data["cells"]["RS1"]["holding"] == pytest.approx(-0.010, abs=1e-6)


def test_cells_that_differ_twofold_are_told(found):
    told = fit_data(found, Choices())[2]
    # 0.145 / 0.065 = 2.23; the holding currents, 20 and 10 pA, are just twofold
    assert [t for t in told if "is this one kind of cell" in t] == [
        "the rheobase of RS2 (0.145 nA) is 2.2 times that of RS1 (0.065 nA; the mean is 0.105 nA): is this one kind of "
        "cell?"
    ]


def test_floor_and_cap_of_standard_deviations(found, data):
    wide = fit_data(found, Choices(std_floor=0.5, std_cap=True))[0]
    for one, other in zip(data["features"], wide["features"], strict=True):
        capped = min(one["std"], abs(one["mean"])) if one["std"] != 1e-3 else 1e-3
        assert other["std"] == pytest.approx(max(capped, 0.5 * abs(one["mean"])))


def test_the_l5pc_form_leaves_out_what_it_would_play_or_score_wrongly(data):
    features, protocols, lost = l5pc_form(data)
    assert (
        set(protocols)
        == set(features)
        == {n for n in data["protocols"] if n.split("_")[0] in ("IDrest", "APWaveform", "IV")}
    )
    step, holding = protocols["IDrest_150"]["stimuli"]
    assert (step["delay"], step["totduration"]) == (200.0, 1400.0)
    assert step["duration"] == pytest.approx(1000, abs=0.2)
    assert holding == {
        "delay": 0.0,
        "amp": pytest.approx(-0.015, abs=1e-6),
        "duration": 1400.0,
        "totduration": 1400.0,
    }
    mean, std = features["IDrest_150"]["soma"]["mean_frequency"]
    one = feature(data, "IDrest_150.soma.mean_frequency")
    assert (mean, std) == (one["mean"], one["std"])
    assert "ohmic_input_resistance_vb_ssse" not in features["IV_-50"]["soma"]
    told = "\n".join(lost)
    for name in ("APThreshold_200", "sAHP_200", "SineSpec_50", "interp_step", "ohmic_input_resistance"):
        assert name in told


def test_the_l5pc_form_holds_one_value_a_feature():
    own = target("IDrest", 150, "AP_amplitude", efeature_name="early", efel_settings={"stim_end": 500.0})
    twice = target("IDrest", 150, "AP_amplitude", efeature_name="same")
    data = fit_data(
        extraction(["RS1"], targets=[target("IDrest", 150, "AP_amplitude"), own, twice]), Choices()
    )[0]
    features, _, lost = l5pc_form(data)
    assert list(features["IDrest_150"]["soma"]) == ["AP_amplitude"]
    assert any("early" in what and "window" in what for what in lost)
    assert any("same" in what and "one value" in what for what in lost)


def test_hhnb_nests_the_l5pc_form_under_the_e_type(found, data):
    export = format_named("hhnb").build(found, Choices("cADpyr"))
    features, protocols, _ = l5pc_form(data)
    assert json.loads(export.files["features.json"]) == {"cADpyr": features}
    assert json.loads(export.files["protocols.json"]) == {"cADpyr": protocols}


def test_what_cannot_be_fitted_is_refused_before_anything_is_written(found, tmp_path):
    no_std = extraction(["RS1"], targets=[target("IV", -50, "voltage_base")], default_std_value=0.0)
    export = FORMATS["bluepyopt"].build(no_std, Choices())
    assert any("default_std_value" in refusal for refusal in export.refusals)
    with pytest.raises(EfeError, match="nothing is written"):
        write_export(export, tmp_path)
    assert not list(tmp_path.iterdir())
    twins = [
        target("IV", -50, "voltage_base", efeature_name="v"),
        target("IV", -50, "voltage_deflection", efeature_name="v"),
    ]
    assert any("2 times" in refusal for refusal in fit_data(extraction(["RS1"], targets=twins), Choices())[1])
    elsewhere = [target("IV", -50, "voltage_base", location="dend1")]
    dendrite = extraction(["RS1"], targets=elsewhere)
    assert any("dend1" in refusal for refusal in fit_data(dendrite, Choices())[1])
    place = {"dend1": {"type": "somadistance", "somadistance": 100, "seclist_name": "apical"}}
    assert fit_data(dendrite, Choices(locations=place))[1] == []


def test_absolute_amplitudes_are_played_in_nA():
    wanted = [target("IV", -0.05, "voltage_base") | {"tolerance": 0.02}]
    data, refusals, _ = fit_data(extraction(["RS1"], targets=wanted, absolute_amplitude=True), Choices())
    assert refusals == []
    assert (data["threshold_based"], data["rheobase"]) == (False, None)
    assert data["protocols"]["IV_-0.05"]["pieces"][0]["amp_rel"] is None


def test_where_a_function_crosses_zero():
    assert crossing(lambda x: x**3 - 8.0, 0.0, 10.0, 1e-6) == pytest.approx(2.0, abs=1e-6)
    assert crossing(lambda x: x + 1.0, 0.0, 10.0, 1e-6) is None
    assert crossing(lambda x: np.nan, 0.0, 10.0, 1e-6) is None


def test_the_holding_current_is_found_whatever_the_steps_in_time():
    """A resistance of 200 MOhm at rest at -70 mV is held at -80 mV by -50 pA."""

    def play(step, amp, holding):
        return np.array([0.0, 10.0, 350.0]), np.full(3, -70.0 + 200.0 * holding)

    assert find_holding(play, {"voltage": -80.0, "mean": 0.0}) == pytest.approx(-0.05, abs=1e-4)
    assert find_holding(play, {"voltage": None, "mean": -0.02}) == -0.02
    assert find_holding(lambda *_: None, {"voltage": -80.0, "mean": 0.0}) is None


def test_the_lowest_number_for_which_something_holds():
    assert lowest(lambda x: x >= 0.3, 1.0, 1e-6) == pytest.approx(0.3, abs=1e-6)
    assert lowest(lambda x: x >= 3.1, 1.0, 1e-6) == pytest.approx(3.1, abs=1e-6)
    assert lowest(lambda x: True, 1.0, 1e-6) is None
    assert lowest(lambda x: False, 1.0, 1e-6) is None
