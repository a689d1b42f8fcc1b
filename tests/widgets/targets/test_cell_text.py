"""Texts of the target table, and targets from elsewhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efewidgets.engine.problems import EfeError
from efewidgets.widgets.parts.cell_text import (
    column_of,
    read_cell,
    read_number,
    read_numbers,
    read_settings,
    write_settings,
)
from efewidgets.widgets.targets.importing import targets_of_json, targets_of_text


@pytest.mark.parametrize(
    ("text", "absolute", "found"),
    [
        ("150", False, 150),
        (" 150.0 ", False, 150.0),
        ("150 %", False, 150),
        ("−50", False, -50),
        ("0,25", True, 0.25),
        ("0.2 nA", True, 0.2),
        ("1e-3", True, 0.001),
    ],
)
def test_numbers(text, absolute, found):
    number = read_number(text, absolute=absolute)
    assert number == found
    assert type(number) is type(found)  # 150 and 150.0 have different names in the output


@pytest.mark.parametrize(
    ("text", "absolute", "words"),
    [
        ("x", False, "must be a number"),
        ("", False, "must be a number"),
        ("0.2 nA", False, "in % of rheobase"),
        ("50 %", True, "in nA"),
        ("1,000,0", False, "must be a number"),
    ],
)
def test_what_is_no_number(text, absolute, words):
    with pytest.raises(EfeError, match=words):
        read_number(text, absolute=absolute)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("50, 100, 150", [50, 100, 150]),
        ("50 100\t-20", [50, 100, -20]),
        ("0,5; 1", [0.5, 1]),
        ("50 %, 50", [50]),
    ],
)
def test_lists_of_numbers(text, found):
    assert read_numbers(text, "An amplitude") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (
            "Threshold=-10; strict_stiminterval = true",
            {"Threshold": -10, "strict_stiminterval": True},
        ),
        ("Threshold=−10, interp_step=0.1", {"Threshold": -10, "interp_step": 0.1}),
        (
            "multi_stim_start=[1, 2]; multi_stim_end=[3, 4]",
            {"multi_stim_start": [1, 2], "multi_stim_end": [3, 4]},
        ),
        ('{"Threshold": -10}', {"Threshold": -10}),
        ("voltage_base_mode=median", {"voltage_base_mode": "median"}),
    ],
)
def test_settings(text, found):
    assert read_settings(text) == found
    assert read_settings(write_settings(found)) == found


VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.integers()),
)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]+", fullmatch=True), VALUES))
def test_settings_come_back_from_their_text(settings):
    assert read_settings(write_settings(settings)) == settings


@pytest.mark.parametrize("wrong", ["Threshold", "=3", "Threshold=", "Threshold=1; Threshold=2"])
def test_what_are_no_settings(wrong):
    with pytest.raises(EfeError, match=r"name=value|twice"):
        read_settings(wrong)


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("efeature", "Spikecont", "Did you mean 'Spikecount'"),
        ("efeature", "", "needed"),
        ("protocol", " ", "needed"),
        ("min_values", "0", "whole number from 1 on"),
        ("min_values", "2.5", "whole number from 1 on"),
        ("efel_settings", "Treshold=3", "Did you mean 'Threshold'"),
        ("efel_settings", "Threshold=high", "must be a number"),
    ],
)
def test_a_cell_refuses(column, text, words):
    with pytest.raises(EfeError, match=words):
        read_cell(column, text)


def test_empty_cells_take_back():
    assert [read_cell(name, "") for name in ("efeature_name", "min_values", "efel_settings", "weight")] == [
        None,
        None,
        {},
        None,
    ]


def test_headers():
    assert column_of("Amplitude (% of rheobase)") == ("amplitude", "% of rheobase")
    assert column_of("eFEL_settings") == ("efel_settings", "")
    assert column_of("unit") == ("", "")
    with pytest.raises(EfeError, match="Did you mean 'tolerance'"):
        column_of("tolerence")


TARGET = {"protocol": "IDrest", "amplitude": 150, "tolerance": 10, "efeature": "Spikecount"}


@pytest.mark.parametrize(
    "text",
    [
        "IDrest\t150\t10\tSpikecount",
        "IDrest,150,10,Spikecount\n\n",
        "IDrest;150;10;Spikecount",
        "feature,protocol,tolerance,amplitude (% of rheobase),n\nSpikecount,IDrest,10,150,7",
        "\ufeffStimulus\tAmp\tTol\tFeature\nIDrest\t150\t10\tSpikecount\t\t",
    ],
)
def test_lines_of_cells(text):
    assert targets_of_text(text) == ([TARGET], [])


def test_lines_with_all_columns():
    line = "刺激,0.5,0.1,Spikecount,mine,Threshold=-10; interp_step=0.1,3"
    found, _ = targets_of_text(line, absolute=True)
    assert found == [
        {
            "protocol": "刺激",
            "amplitude": 0.5,
            "tolerance": 0.1,
            "efeature": "Spikecount",
            "efeature_name": "mine",
            "efel_settings": {"Threshold": -10, "interp_step": 0.1},
            "min_values": 3,
        }
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IDrest,150,10,Spikecount\nIDrest,high,10,Spikecount", "Line 2: Amplitude must be a number"),
        ("IDrest,150,0,Spikecount", "Line 1: tolerance must be above zero"),
        ("protocol,amplitude,feature\na,1,Spikecount", "no column for the tolerance"),
        ("protocol,amplitude,tolerance,feature,protocol\na,1,1,Spikecount,b", "two columns for protocol"),
        ("protocol,amplitude (nA),tolerance,feature\na,1,1,Spikecount", "in nA, but here in % of rheobase"),
        ("protocol,amplitude,tolerance,feature,colour\na,1,1,Spikecount,red", "'colour' isn't known"),
        ("protocol,amplitude,tolerance,feature", "no target"),
        ("IDrest,150", "at least four"),
        ("", "Paste cells"),
        ("[1,", "line 1, column"),
        ("[3]", "Target 1 must be a dictionary"),
        ('{"a": 1}', "No targets are found"),
        ("[]", "no target"),
        ('[{"protocol": "a"}]', "Target 1: the target has no 'efeature'"),
        ("\n".join(["a,b,c,d"] * 9), "and 4 more"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_line(text, words):
    with pytest.raises(EfeError, match=words):
        targets_of_text(text)


def test_old_dictionary_and_one_without_tolerances():
    old = {
        "IDrest": {"amplitudes": [150], "tolerances": [10], "efeatures": {"Spikecount": {"Threshold": -10}}}
    }
    assert targets_of_json(old)[0] == [TARGET | {"efel_settings": {"Threshold": -10}}]
    old["IDrest"].pop("tolerances")
    assert targets_of_json({"targets": old}, 20)[0][0]["tolerance"] == 20


def test_bluepyemodel_s_targets_keep_their_weight():
    target = TARGET | {"efeature_name": "n", "efel_settings": {"strict_stiminterval": True}, "weight": 2}
    config = {"emodel": "L5PC", "files": [], "targets": [target], "protocols_rheobase": ["IDthresh"]}
    assert targets_of_text(json.dumps(config))[0] == [target]


def test_bluepyemodel_s_features_for_the_optimisation():
    feature = {"efel_feature_name": "Spikecount", "recording_name": "soma.v", "mean": 3, "original_std": 1}
    config = {
        "efeatures": [
            feature | {"protocol_name": "IDrest_150", "weight": 1, "efeature_name": "n"},
            feature | {"protocol_name": "RMPProtocol"},
            feature
            | {"protocol_name": "SearchThresholdCurrent", "efel_feature_name": "bpo_threshold_current"},
        ],
        "protocols": [],
    }
    found, notes = targets_of_json(config, 15)
    assert found == [TARGET | {"tolerance": 15, "location": "soma", "weight": 1, "efeature_name": "n"}]
    assert len(notes) == 2
    assert "RMPProtocol" in notes[0]


def test_features_json():
    entry = {
        "feature": "Spikecount",
        "val": [3, 1],
        "n": 4,
        "efel_settings": {},
        "efeature_name": "Spikecount",
    }
    found, _ = targets_of_json({"IDrest_150": {"soma": [entry]}}, 10)
    assert found == [TARGET | {"location": "soma", "efeature_name": "Spikecount"}]


def test_config_of_bluepyefe_1():
    config = {
        "features": {"IDrest": ["Spikecount"]},
        "cells": {"c": {"experiments": {"IDrest": {"files": ["a"], "location": "soma"}}}},
        "options": {"target": [150], "tolerance": [10], "relative": True},
        "path": "./",
        "format": "axon",
    }
    found, _ = targets_of_json(config)
    assert [{name: target[name] for name in TARGET} for target in found] == [TARGET]
