"""Older configs: the same as BluePyEfe's translation where that is right, and told where it isn't."""

from __future__ import annotations

import copy
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from efewidgets.engine.config.legacy import convert_legacy
from efewidgets.engine.problems import EfeError, Problem
from tests.compare import differences

from .conftest import Ran, config_of_case

NEEDED = "needs BluePyEfe to compare with (efewidgets[test])"


def igor_config() -> dict[str, Any]:
    """A BluePyEfe 1 config in which nothing has to be left out but the averages over cells."""
    files = [
        {"ordinal": str(n), "i_file": f"x_ch0_{n}.ibw", "v_file": f"x_ch1_{n}.ibw", "i_unit": "A", "v_unit": "V",
         "t_unit": "s", "dt": 0.00025}
        for n in (326, 327)
    ]  # fmt: skip
    return {
        "path": "traces/",
        "format": "igor",
        "comment": ["of no use here"],
        "cells": {
            "A1": {
                "v_corr": False,
                "ljp": 14,
                "experiments": {"IDrest": {"location": "soma.v", "files": files}},
            }
        },
        "features": {"IDrest": ["AP_amplitude", "Spikecount"]},
        "options": {
            "relative": True,
            "target": [150, 200],
            "tolerance": [20, 10],
            "onoff": {"IDrest": [700, 2700]},
            "expthreshold": ["IDrest"],
            "spike_threshold": 1,
            "strict_stiminterval": {"base": True},
            "nanmean": True,
            "trace_check": False,
            "logging": True,
        },
    }


def abf_config() -> dict[str, Any]:
    return {
        "path": "./data/",
        "format": "axon",
        "cells": {
            "cell01": {
                "etype": "cAC",
                "exclude": [[-2.0], []],
                "ljp": 0,
                "v_corr": [-70, -65],
                "experiments": {"step": {"files": ["96711008", "96711009"], "location": "soma"}},
            }
        },
        "features": {"step": ["voltage_base"]},
        "options": {
            "target": [-2.0, "noinput", 1.0],
            "target_unit": "nA",
            "tolerance": 0.02,
            "nanmean": True,
        },
    }


def words(problems: list[Problem]) -> str:
    return "\n".join(map(str, problems))


def test_same_as_bluepyefe_where_nothing_is_lost(tmp_path: pathlib.Path) -> None:
    peer = pytest.importorskip("bluepyefe.translate_legacy_config", reason=NEEDED)
    old = igor_config()
    old["cells"]["A1"]["ljp"] = 0  # BluePyEfe forgets it
    theirs = peer.translate_legacy_config(copy.deepcopy(old))
    ours, problems = convert_legacy(old, tmp_path)
    assert ours["protocols_rheobase"] == theirs["protocols_rheobase"]
    assert ours["rheobase_strategy"] == theirs["rheobase_strategy"]
    assert ours["rheobase_settings"] == theirs["rheobase_settings"]
    strict = ours["efel_settings"]["strict_stiminterval"]
    for target, other in zip(ours["targets"], theirs["targets"], strict=True):
        assert target | {"efel_settings": {"strict_stiminterval": strict}} == other
    (files,) = ours["files_metadata"]["A1"].values()
    (their_files,) = theirs["files_metadata"]["A1"].values()
    for file, other in zip(files, their_files, strict=True):
        paths = {key: str(tmp_path / other[key]) for key in ("i_file", "v_file")}
        assert file == {key: value for key, value in other.items() if key != "ordinal"} | paths
    assert [problem.severity for problem in problems] == ["note"]


def test_the_old_config_is_left_as_it_is(tmp_path: pathlib.Path) -> None:
    old = igor_config()
    before = copy.deepcopy(old)
    convert_legacy(old, tmp_path)
    assert old == before


def test_what_bluepyefe_forgets(tmp_path: pathlib.Path) -> None:
    config, problems = convert_legacy(abf_config(), tmp_path)
    first, second = config["files_metadata"]["cell01"]["step"]
    assert first["filepath"] == str(tmp_path / "data/cell01/96711008.abf")
    assert (first["v_corr"], second["v_corr"]) == (-70, -65)
    assert config["absolute_amplitude"] is True
    assert [(t["amplitude"], t["tolerance"]) for t in config["targets"]] == [
        (-2.0, 0.02),
        (0.0, 0.01),
        (1.0, 0.02),
    ]
    assert config["rheobase_settings"] == {"spike_threshold": 2}, "BluePyEfe 1's default"
    assert config["efel_settings"]["strict_stiminterval"] is False, "BluePyEfe 1's default"
    assert "cell 'cell01': not done here: sweeps at [[-2.0], []] nA were excluded" in words(problems)
    assert "trace_check" in words(problems)
    assert '"noinput" becomes amplitudes within 0.01 nA of zero' in words(problems)


def test_junction_potential_of_the_cell_and_pulse_of_the_file(tmp_path: pathlib.Path) -> None:
    old = igor_config()
    old["cells"]["A1"]["experiments"]["IDrest"]["files"][0] |= {"pulseAmp": 2.4e-10, "holdingcurrent": -1e-10}
    old["cells"]["A1"]["experiments"]["IDrest"]["files"][1] |= {"ljp": 10.0}
    config, _ = convert_legacy(old, tmp_path)
    first, second = config["files_metadata"]["A1"]["IDrest"]
    assert first["ljp"] == 14
    assert first["amp"] == 2.4e-10
    assert "holdingcurrent" not in first
    assert second["ljp"] == 10.0


def test_targets_in_other_units(tmp_path: pathlib.Path) -> None:
    old = igor_config()
    old["options"] |= {"relative": False, "target_unit": "A", "target": [2.4e-10], "tolerance": [0]}
    config, problems = convert_legacy(old, tmp_path)
    assert [t["amplitude"] for t in config["targets"]] == pytest.approx([0.24, 0.24])
    assert config["targets"][0]["tolerance"] == 1e-6
    assert "a tolerance of 0 becomes 1e-06" in words(problems)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"target": ["all", 150], "tolerance": [False, 10]},
            'target "all" (sweeps at any amplitude) is left out',
        ),
        ({"amp_min": 0.02}, "amp_min = 0.02 nA were left out"),
        ({"zero_to_nan": {"flag": True, "value": "nan"}}, "zero_to_nan"),
        ({"delay": 500}, "500 ms were added"),
        ({"nanmean": False}, "nanmean false"),
        ({"boxcox": True}, "Box–Cox"),
        ({"wobble": 3}, "the option 'wobble' isn't known"),
        ({"expthreshold": None}, "no protocols for the rheobase are named"),
    ],
)
def test_options_without_counterpart_are_told(tmp_path: pathlib.Path, options: dict, told: str) -> None:
    old = igor_config()
    old["options"] |= options
    _, problems = convert_legacy(old, tmp_path)
    assert told in words(problems)


@pytest.mark.parametrize("options", [{"amp_min": 0}, {"zero_to_nan": {"flag": False}}, {"delay": 0}])
def test_options_that_are_off_are_not_told(tmp_path: pathlib.Path, options: dict) -> None:
    old = igor_config()
    old["options"] |= options
    _, problems = convert_legacy(old, tmp_path)
    assert len(problems) == 1


def test_features_thresholds_and_places(tmp_path: pathlib.Path) -> None:
    old = igor_config()
    experiments = old["cells"]["A1"]["experiments"]
    experiments["IDrest"] |= {"threshold": -10, "location": "dend.v"}
    experiments["IV"] = {"files": experiments["IDrest"]["files"], "threshold": -30}
    old["cells"]["A2"] = {"experiments": {"IV": {"files": experiments["IDrest"]["files"]}}}
    old["features"] = {
        "IDrest": ["AP_amplitude", "AP_amplitude", "spikerate_drop"],
        "IV": ["voltage_base"],
    }
    old["options"]["strict_stiminterval"] = {"base": True, "IDrest": False}
    config, problems = convert_legacy(old, tmp_path)
    assert [t["efeature"] for t in config["targets"]] == ["AP_amplitude"] * 2 + ["voltage_base"] * 2
    assert config["targets"][0]["efel_settings"] == {"strict_stiminterval": False, "Threshold": -10.0}
    assert config["targets"][0]["location"] == "dend"
    assert "efel_settings" not in config["targets"][2]
    assert "spikerate_drop is no feature of eFEL" in words(problems)
    assert "different spike thresholds (-30 mV, none)" in words(problems)


def test_a_window_is_for_steps_and_ramps_only(tmp_path: pathlib.Path) -> None:
    old = igor_config()
    experiments = old["cells"]["A1"]["experiments"]
    for protocol in ("IRdepol", "SpikeRec", "APThreshold"):
        experiments[protocol] = experiments["IDrest"]
        old["features"][protocol] = ["Spikecount"]
        old["options"]["onoff"][protocol] = [500, 700]
    config, problems = convert_legacy(old, tmp_path)
    files = config["files_metadata"]["A1"]
    assert (files["APThreshold"][0]["ton"], files["APThreshold"][0]["toff"]) == (500, 700)
    assert "ton" not in files["IRdepol"][0]
    assert "ton" not in files["SpikeRec"][0]
    assert "protocol 'IRdepol': the window of 500 to 700 ms (onoff) says too little" in words(problems)
    assert "protocol 'SpikeRec': targets of this stimulus are times between pulses" in words(problems)


def test_text_columns(tmp_path: pathlib.Path) -> None:
    old = igor_config() | {"format": "csv_lccr"}
    step = {"files": ["s1"], "dt": 0.2, "amplitudes": [0.1, -0.1], "hypamp": 0.0, "ton": 200, "toff": 1000}
    old["cells"] = {"T": {"ljp": 14.4, "experiments": {"step": step}}}
    config, _ = convert_legacy(old, tmp_path)
    assert config["files_metadata"]["T"]["step"] == [
        {
            "filepath": str(tmp_path / "traces/T/s1.txt"),
            "dt": 0.2,
            "amplitudes": [0.1, -0.1],
            "hypamp": 0.0,
            "ton": 200,
            "toff": 1000,
            "t_unit": "ms",
            "i_unit": "nA",
            "v_unit": "mV",
            "remove_last_100ms": True,
            "ljp": 14.4,
        }
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "ibf_json"}, "ibf_json"),
        ({"cells": []}, "'cells' must be a dictionary"),
        ({"cells": {"A1": {}}}, "cell 'A1' must hold a dictionary 'experiments'"),
        ({"cells": {"A1": {"experiments": {"IV": {}}}}}, "protocol 'IV' must hold a list 'files'"),
        ({"cells": {"A1": {"experiments": {"IV": {"files": [3]}}}}}, "no file is named in 3"),
        ({"options": {"target": [1, 2], "tolerance": [1]}}, "there are 2 targets and 1 tolerances"),
    ],
)
def test_unusable_configs(tmp_path: pathlib.Path, change: dict, told: str) -> None:
    with pytest.raises(EfeError, match=told):
        convert_legacy(igor_config() | change, tmp_path)


OLD_TARGETS = {
    "IDRest": {
        "amplitudes": [150, 200],
        "tolerances": [20.0],
        "efeatures": {"Spikecount": {"Threshold": -10.0}, "AP1_amp": {}},
        "location": "soma",
    },
    "IV": {"amplitudes": [-100], "tolerances": [10], "efeatures": ["voltage_base"]},
}


def test_dictionary_of_protocols_as_in_bluepyefe() -> None:
    peer = pytest.importorskip("bluepyefe.extract", reason=NEEDED)
    config, problems = convert_legacy(OLD_TARGETS)
    found = [{k: v for k, v in target.items() if k != "location"} for target in config["targets"]]
    assert found == peer.convert_legacy_targets(copy.deepcopy(OLD_TARGETS))
    assert "fill in files_metadata" in words(problems)


def test_dictionary_of_protocols_in_a_config() -> None:
    config, problems = convert_legacy({"files_metadata": {"c": {}}, "targets": OLD_TARGETS, "plott": True})
    assert len(config["targets"]) == 5
    assert config["files_metadata"] == {"c": {}}
    assert words(problems) == "the entry 'plott' isn't known and left out. Did you mean 'plot'?"


@pytest.mark.parametrize("data", [[], {}, {"targets": []}, {"IV": {"amplitudes": [1]}}])
def test_neither_form(data: Any) -> None:
    with pytest.raises(EfeError):
        convert_legacy(data)


def test_command_writes_what_extract_takes(
    run: Callable[..., Ran], write: Callable[..., pathlib.Path], small: dict, tmp_path: pathlib.Path
) -> None:
    small["targets"] = {"IV": {"amplitudes": [-100], "tolerances": [10], "efeatures": ["voltage_base"]}}
    old = write(small, "old.json")
    new = tmp_path / "elsewhere" / "new.json"
    ran = run("convert-legacy", old, "-o", new)
    assert (ran.code, ran.out) == (0, f"Written to {new}\n")
    assert run("check", new).code == 0


def test_command_prints_and_lists_problems(run: Callable[..., Ran], tmp_path: pathlib.Path) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps(abf_config()), encoding="utf-8", newline="\n")
    ran = run("convert-legacy", old)
    assert ran.code == 1
    config = json.loads(ran.out)
    assert config["files_metadata"]["cell01"]["step"][0]["filepath"] == "data/cell01/96711008.abf"
    assert "sweeps at [[-2.0], []] nA were excluded" in " ".join(ran.err.split())
    as_json = run("convert-legacy", old, "--json").document
    assert as_json["config"] == config
    assert as_json["status"] == "problems"


def test_command_names_the_file_that_cannot_be_used(run: Callable[..., Ran], tmp_path: pathlib.Path) -> None:
    (tmp_path / "old.json").write_text("[]", encoding="utf-8", newline="\n")
    ran = run("convert-legacy", tmp_path / "old.json")
    assert ran.code == 2
    assert str(tmp_path / "old.json") in ran.err


def test_real_recordings_give_the_numbers_of_the_golden(
    run: Callable[..., Ran], shared_data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    old = tmp_path / "old.json"
    old.write_text(
        json.dumps(config_of_case(shared_data, "ibw_legacy_targets")), encoding="utf-8", newline="\n"
    )
    assert run("convert-legacy", old, "-o", tmp_path / "new.json").code == 0
    assert run("extract", tmp_path / "new.json", "-o", tmp_path / "out").code in (0, 1)
    expected = shared_data / "cases" / "ibw_legacy_targets" / "expected"
    for name in ("features.json", "protocols.json", "holding_threshold_currents.json"):
        ours, golden = (
            json.loads((folder / name).read_text(encoding="utf-8")) for folder in (tmp_path / "out", expected)
        )
        assert differences(golden, ours) == []
