"""Configurations of BluePyEModel, OBI-ONE and NeuroFeatureExtract, back as configs: what they say, and what is lost."""

from __future__ import annotations

import json
import re

import pytest

from efewidgets import datasets
from efewidgets.cli import main
from efewidgets.engine.config.document import load_config, parse_config, read_json
from efewidgets.engine.config.legacy import convert_legacy
from efewidgets.engine.export import Choices, format_named, write_export
from efewidgets.engine.export.choices import choices_of
from efewidgets.engine.export.importing import with_roles_of_recipe
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.problems import EfeError

RIN = "ohmic_input_resistance_vb_ssse"


def exported(folder, choices, **changes):
    """Export two sample cells for BluePyEModel; returns the files."""
    asked = datasets.sample_config(["RS1", "RS2"]) | changes
    export = format_named("bluepyemodel").build(run_extraction(parse_config(asked)[0], run), choices)
    assert export.refusals == ()
    write_export(export, folder)
    return dict(export.files)


CASES = {
    "usual": ({}, Choices("c")),
    "decided": (
        {
            "efel_settings": {"Threshold": -15.0, "interp_step": 0.05},
            "rheobase_strategy": "flush",
            "rheobase_settings": {"upper_bound_spikecount": 6},
            "threshold_nvalue_save": 2,
            "default_std_value": 0.01,
        },
        Choices("L5PC", std_floor=0.05, std_cap=True, interpolate_rmp=True, strict_holding_bounds=False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_of_bluepyemodel_goes_back_and_forth_in_the_same_bytes(case, tmp_path, capsys):
    """By the command, from extract_config with the recipe and the features file that lie above it."""
    changes, choices = CASES[case]
    first = exported(tmp_path / "there", choices, **changes)
    old = tmp_path / "there" / "config" / "extract_config" / f"{choices.name}_config.json"
    assert main(["convert-legacy", str(old), "-o", str(tmp_path / "back.json")]) in (0, 1)
    capsys.readouterr()
    options, settings = load_config(tmp_path / "back.json")
    again = format_named("bluepyemodel").build(run_extraction(options, run), choices_of(settings.export))
    assert {name for name in first if dict(again.files)[name] != first[name]} == set()


def test_without_our_own_notes_the_recipe_says_roles_and_settings(tmp_path):
    """As BluePyEModel leaves its folder: the features file knows nothing of targets."""
    changes, choices = CASES["decided"]
    exported(tmp_path, choices, **changes)
    features = tmp_path / "config" / "features" / "L5PC.json"
    held = json.loads(features.read_text(encoding="utf-8"))
    del held["efewidgets"]
    features.write_text(json.dumps(held), encoding="utf-8", newline="\n")
    old = tmp_path / "config" / "extract_config" / "L5PC_config.json"
    config, problems = convert_legacy(read_json(old), old.parent)
    asked = datasets.sample_targets()
    assert [target.get("role") for target in config["targets"]] == [target.get("role") for target in asked]
    assert config["rheobase_strategy"] == "flush"
    assert config["rheobase_settings"] == {"upper_bound_spikecount": 6}
    assert config["threshold_nvalue_save"] == 2
    assert config["efel_settings"]["Threshold"] == -15.0
    assert config["export"] == choices.as_dict()
    assert any("least numbers of values" in problem.message for problem in problems)


def test_an_extract_config_alone_says_what_it_lacks_and_finds_its_files(tmp_path):
    data = {
        "emodel": "L5PC",
        "files": [{"cell_name": "A", "filepath": "data/A.nwb", "ecodes": {"IDrest": {"ljp": 14.0}}}],
        "targets": [{"efeature": "AP_amplitude", "protocol": "IDrest", "amplitude": 150, "tolerance": 10}],
        "protocols_rheobase": ["IDthresh"],
        "protocols_mapping": {"IDrest_150": "Step_150"},
    }
    place = tmp_path / "config" / "extract_config"
    place.mkdir(parents=True)
    config, problems = convert_legacy(data, place)
    assert config["files_metadata"] == {
        "A": {"IDrest": [{"filepath": str(tmp_path / "data/A.nwb"), "ljp": 14.0}]}
    }
    told = " ".join(problem.message for problem in problems)
    assert "stand in the recipe" in told
    assert "protocols_mapping has no place" in told


def test_what_a_recipe_says_that_a_config_can_t(tmp_path):
    place = tmp_path / "config" / "extract_config"
    place.mkdir(parents=True)
    pipeline = {
        "minimum_protocol_delay": 50.0,
        "extraction_reader": ["r.py", "read"],
        "max_ngen": 100,
        "bound_max_std": True,
        "strict_holding_bounds": True,
    }
    recipes = {"other": {}, "L5PC": {"pipeline_settings": "config/pipeline.json"}}
    (tmp_path / "config" / "recipes.json").write_text(json.dumps(recipes), encoding="utf-8", newline="\n")
    (tmp_path / "config" / "pipeline.json").write_text(json.dumps(pipeline), encoding="utf-8", newline="\n")
    config, problems = convert_legacy({"emodel": "L5PC", "files": [], "targets": []}, place)
    assert config["export"] == {"name": "L5PC", "std_cap": True}
    told = " ".join(problem.message for problem in problems)
    for words in ("minimum_protocol_delay", "extraction_reader", "stay in the recipe: max_ngen"):
        assert words in told


@pytest.mark.parametrize(
    "named",
    [
        {"name_rmp_protocol": "IV_0", "name_Rin_protocol": "IV_-40", "validation_protocols": ["sAHP_200"]},
        {
            "name_rmp_protocol": ["IV", 0],
            "name_Rin_protocol": ["IV", -40.0],
            "validation_protocols": {"sAHP": [200]},
        },
    ],
)
def test_roles_as_a_recipe_names_them(named):
    listed = [
        ("IV", 0, "voltage_base"),
        ("IV", -40, "voltage_base"),
        ("IV", -40.0, RIN),
        ("IV", -40, "sag_ratio1"),
    ]
    listed += [("sAHP", 200, "AP_amplitude"), ("sAHP", 20, "AP_amplitude")]
    targets = [{"protocol": p, "amplitude": a, "efeature": e} for p, a, e in listed]
    found = [target.get("role") for target in with_roles_of_recipe(targets, named)]
    assert found == ["RMP", "holding", "Rin", None, "validation", None]


OBI_ONE = {
    "type": "EModelEFeatureExtractionSingleConfig",
    "initialize": {
        "electrical_cell_recording": [{"type": "ElectricalCellRecordingFromID", "id_str": "ab-12"}]
    },
    "efeatures_by_protocol": {
        "type": "ProtocolAndFeatureSelection",
        "selection": {
            "protocols": [
                {
                    "type": "IDThreshProtocol",
                    "extraction_amplitudes": [],
                    "features": [{"type": "ISICVFeature"}],
                },
                {
                    "type": "IDRestProtocol",
                    "extraction_amplitudes": [[0.15, False], [0.2, True]],
                    "threshold": -20.0,
                    "interp_step": 0.025,
                    "strict_stiminterval": True,
                    "stim_start": 700.0,
                    "features": [
                        {"type": "ISICVFeature", "threshold": -10.0, "stim_end": 900.0},
                        {"type": "SpikecountFeature", "extract": False},
                        {"type": "NothingOfTheKindFeature"},
                    ],
                },
                {
                    "type": "GenericStepProtocol",
                    "extraction_amplitudes": [[-0.05, False]],
                    "features": [{"type": "OhmicInputResistanceVbSsseFeature", "weight": 2.0}],
                },
            ]
        },
    },
    "settings": {
        "default_std_value": [0.01, 0.1],
        "threshold_nvalue_save": 3,
        "bound_max_std": True,
        "interpolate_rmp": False,
        "threshold_efeature_std": 0.0,
        "minimum_protocol_delay": 20.0,
    },
}


def test_obi_one_s_configuration():
    config, problems = convert_legacy(OBI_ONE)
    first = {"Threshold": -10.0, "strict_stiminterval": True, "interp_step": 0.025, "stim_end": 900.0}
    common = {"efeature": "ISI_CV", "protocol": "IDrest", "tolerance": 1e-3, "efel_settings": first}
    assert config["targets"] == [
        common | {"amplitude": 0.15},
        common | {"amplitude": 0.2, "role": "validation"},
        {"efeature": RIN, "protocol": "Step", "amplitude": -0.05, "tolerance": 1e-3, "weight": 2.0},
    ]
    assert config["absolute_amplitude"] is True
    assert (config["default_std_value"], config["threshold_nvalue_save"]) == (0.01, 3)
    assert config["export"] == {"std_cap": True}
    told = " ".join(problem.message for problem in problems)
    for words in ("ab-12", "NothingOfTheKindFeature", "minimum_protocol_delay", "scanned", "times of IDrest"):
        assert words in told
    parse_config(config)  # it is a config of ours
    with pytest.raises(EfeError, match="both amplitudes and features"):
        convert_legacy({"efeatures_by_protocol": {"selection": {"protocols": []}}})


def test_neurofeatureextract_s_configuration_is_that_of_bluepyefe_1(tmp_path):
    """Steps of current that are excluded, a junction potential, no protocol but "step"."""
    data = {
        "features": {"step": ["time_to_last_spike", "mean_frequency"]},
        "path": "./",
        "format": "axon",
        "comment": [],
        "cells": {
            "970509hp2": {
                "v_corr": 0,
                "ljp": 10,
                "exclude": [[-1.8], [-1.8]],
                "etype": "cAC",
                "experiments": {"step": {"location": "soma", "files": ["97509008", "97509009"]}},
            }
        },
        "options": {
            "featconffile": "./pt_conf.json",
            "featzerotonan": False,
            "zero_to_nan": {"flag": False, "value": [], "mean_features_no_zeros": []},
            "relative": False,
            "tolerance": 0.02,
            "target": ["all"],
            "target_unit": "nA",
            "delay": 500,
            "nanmean": False,
            "logging": False,
            "nangrace": 0,
            "spike_threshold": 1,
            "amp_min": -1e22,
            "strict_stiminterval": {"base": True},
        },
    }
    config, problems = convert_legacy(data, tmp_path)
    assert set(config["files_metadata"]) == {"970509hp2"}
    assert config["absolute_amplitude"] is True
    assert problems
    assert all(re.search(r"\w", problem.message) for problem in problems)
