"""``efewidgets inspect`` and ``efewidgets features``."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from efewidgets import datasets
from efewidgets.engine.features.catalogue import catalogue

from .conftest import Ran

Run = Callable[..., Ran]


def test_inspect_tells_what_is_in_a_sample(run: Run) -> None:
    path = datasets.sample_folder() / "RS1.nwb"
    ran = run("inspect", path)
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0][-2:] == ["52", "sweeps"]
    assert ["IDthresh", "18", "1,", "2", "800", "ms", "10", "kHz", "volts,", "amperes"] in rows
    assert ["SineSpec", "2", "1", "5300", "ms", "5", "kHz", "volts,", "amperes"] in rows


def test_inspect_lists_sweeps(run: Run) -> None:
    ran = run("inspect", "--sweeps", datasets.sample_folder() / "FS1.nwb")
    assert sum("IDthresh" in line for line in ran.out.splitlines()) == 18


def test_inspect_goes_on_after_a_bad_file(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "bad.nwb").write_text("no HDF5")
    good = datasets.sample_folder() / "RS1.nwb"
    ran = run("inspect", tmp_path / "bad.nwb", good, tmp_path / "absent.abf", tmp_path / "x.docx")
    assert ran.code == 1
    assert "52 sweeps" in ran.out
    for name in ("bad.nwb", "absent.abf", "x.docx"):
        assert name in ran.err


def test_inspect_finds_nothing(run: Run, tmp_path: pathlib.Path) -> None:
    assert run("inspect", tmp_path / "absent.abf").code == 2
    found = run("inspect", tmp_path / "absent.abf", "--json").document
    assert (found["status"], found["files"], len(found["problems"])) == ("unusable", [], 1)


def test_inspect_json(run: Run) -> None:
    (file,) = run("inspect", datasets.sample_folder() / "RS1.nwb", "--json").document["files"]
    assert len(file["sweeps"]) == 52
    assert file["units"] == {"voltage": ["volts"], "current": ["amperes"]}


def test_features_are_listed_by_groups(run: Run) -> None:
    ran = run("features")
    assert ran.code == 0
    for heading in ("Spike event", "Spike shape", "Subthreshold"):
        assert f"\n{heading}\n" in f"\n{ran.out}"
    usual = [info for info in catalogue() if not (info.deprecated or info.position)]
    listed = run("features", "--json").document["features"]
    assert [info["name"] for info in listed] == [info.name for info in usual]
    everything = run("features", "--all", "--json").document["features"]
    assert [info["name"] for info in everything] == [info.name for info in catalogue()]


def test_one_feature(run: Run) -> None:
    ran = run("features", "Ohmic_input_resistance")
    words = " ".join(ran.out.split())
    assert words.startswith("ohmic_input_resistance (MΩ)")
    assert "stimulus_current, which is taken from the recording" in words
    found = run("features", "ohmic_input_resistance", "--json").document["feature"]
    assert found["needed_settings"] == ["stimulus_current"]
    assert "stimulus_current" in [setting["name"] for setting in found["settings"]]


def test_one_setting(run: Run) -> None:
    ran = run("features", "sahp_start")
    assert "slow" in run("features", "sahp_start").out
    assert "eFEL's default: 5.0 ms" in ran.out
    assert run("features", "sahp_start", "--json").document["setting"]["default"] == 5.0


def test_words_are_looked_for(run: Run) -> None:
    found = run("features", "input", "resistance", "--json").document["features"]
    names = [info["name"] for info in found]
    assert "ohmic_input_resistance" in names
    assert "AP_amplitude" not in names


@pytest.mark.parametrize(("asked", "meant"), [("AP_amplitdue", "AP_amplitude"), ("Treshold", "Threshold")])
def test_a_typo_has_its_nearest_name(run: Run, asked: str, meant: str) -> None:
    ran = run("features", asked)
    assert ran.code == 2
    assert f"Did you mean '{meant}'?" in ran.err
