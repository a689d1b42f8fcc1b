"""Targets out of the l5pc form, HHNB's, and our own fit.json: what is taken over, what is lost, and the way round."""

from __future__ import annotations

import json

import pytest

from efewidgets import datasets
from efewidgets.engine.config.legacy.l5pc import from_fit, from_l5pc
from efewidgets.engine.export import Choices, format_named
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.problems import EfeError
from efewidgets.engine.stages.options import Options
from efewidgets.widgets.targets.importing import targets_of_text

FEATURES = {
    "Step_150": {"soma": {"AHP_depth_abs": [-60.3, 2.3], "mean_frequency": [6.0, 1.2]}},
    "bAP_1000": {"dend1": {"AP_amplitude_from_voltagebase": [45, 10]}},
}
PROTOCOLS = {
    "Step_150": {"stimuli": [{"delay": 700, "amp": 0.458, "duration": 2000, "totduration": 3000}]},
    "bAP_1000": {
        "stimuli": [{"delay": 295, "amp": 1.9, "duration": 5, "totduration": 500}],
        "extra_recordings": [
            {
                "var": "v",
                "somadistance": 660,
                "type": "somadistance",
                "name": "dend1",
                "seclist_name": "apical",
            }
        ],
    },
}


def test_each_feature_becomes_a_target_at_the_amplitude_of_the_name():
    found = from_l5pc(FEATURES, PROTOCOLS)
    assert [(t["protocol"], t["amplitude"], t["efeature"], t["location"]) for t in found.targets] == [
        ("Step", 150, "AHP_depth_abs", "soma"),
        ("Step", 150, "mean_frequency", "soma"),
        ("bAP", 1000, "AP_amplitude_from_voltagebase", "dend1"),
    ]
    assert not found.absolute_amplitude
    assert found.locations == {
        "dend1": {"somadistance": 660, "type": "somadistance", "seclist_name": "apical"}
    }
    assert any("eFEL settings" in what for what in found.lost)


def test_names_without_an_amplitude_are_taken_at_that_of_the_step_in_nA():
    features = {"Step1": FEATURES["Step_150"], "Step2": FEATURES["Step_150"]}
    protocols = {"Step1": PROTOCOLS["Step_150"]}
    found = from_l5pc(features, protocols)
    assert found.absolute_amplitude
    assert {(t["protocol"], t["amplitude"], t["tolerance"]) for t in found.targets} == {
        ("Step1", 0.458, 0.01)
    }
    assert any("Step2 is left out" in what for what in found.lost)


def test_hhnb_s_nesting_is_undone():
    nested = from_l5pc({"cADpyr": FEATURES}, {"cADpyr": PROTOCOLS})
    assert nested == from_l5pc(FEATURES, PROTOCOLS)


def test_another_form_is_refused():
    with pytest.raises(EfeError, match="l5pc"):
        from_l5pc({"Step_150": {"soma": [{"feature": "mean_frequency"}]}})
    with pytest.raises(EfeError, match="what it was made of"):
        from_fit({"form": "efewidgets fit 1"})


def test_they_can_be_pasted_where_targets_are_edited():
    targets, notes = targets_of_text(json.dumps({"etype": FEATURES}))
    assert [target["protocol"] for target in targets] == ["Step", "Step", "bAP"]
    assert notes


def exported(**changes):
    config = datasets.sample_config(["RS1"]) | changes
    del config["write_files"]
    found = run_extraction(Options(**config), run)
    return format_named("bluepyopt").build(found, Choices("RS1")).files


def test_export_import_export_of_a_fit_is_byte_identical():
    first = exported()
    imported = from_fit(json.loads(first["fit.json"]))
    assert not imported.lost
    assert exported(targets=imported.targets) == first


def test_export_import_export_of_the_l5pc_form_is_the_same_where_nothing_was_lost():
    """The tolerance isn't in the file: with that given the same recordings fall in, under the common settings."""
    wanted = [
        {"efeature": efeature, "protocol": "IDrest", "amplitude": amplitude, "tolerance": 15}
        for amplitude in (150, 200)
        for efeature in ("mean_frequency", "AP_amplitude")
    ]
    first = exported(targets=wanted)
    read = [json.loads(first[f"l5pc/{name}.json"]) for name in ("features", "protocols")]
    imported = from_l5pc(*read, tolerance=15)
    again = exported(targets=imported.targets)
    assert {name: again[name] for name in again if "l5pc/" in name} == {
        name: first[name] for name in first if "l5pc/" in name
    }


def test_the_targets_of_an_nfe_config_are_taken_though_its_recordings_cannot_be_read():
    config = {
        "format": "ibf_json",
        "cells": {"970509hp2": {"experiments": {"step": {"files": ["97509008"], "location": "soma"}}}},
        "features": {"step": ["time_to_first_spike", "mean_frequency"]},
        "options": {"relative": False, "target": [0.2, 0.4], "tolerance": [0.01, 0.01], "nanmean": False},
    }
    targets, notes = targets_of_text(json.dumps(config))
    assert [(t["protocol"], t["efeature"], t["amplitude"], t["tolerance"]) for t in targets] == [
        ("step", "time_to_first_spike", 0.2, 0.01),
        ("step", "time_to_first_spike", 0.4, 0.01),
        ("step", "mean_frequency", 0.2, 0.01),
        ("step", "mean_frequency", 0.4, 0.01),
    ]
    assert notes
