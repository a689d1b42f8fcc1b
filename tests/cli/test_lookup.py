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
    (tmp_path / "bad.nwb").write_text("no HDF5", encoding="utf-8", newline="\n")
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


def renamed(tmp_path: pathlib.Path) -> str:
    """Return a copy of a sample whose ramps have a name that says nothing, and whose steps have one of ramps."""
    import h5py

    path = tmp_path / "RS1.nwb"
    path.write_bytes((datasets.sample_folder() / "RS1.nwb").read_bytes())
    with h5py.File(path, "r+") as file:
        protocols = file["data_organization"]["RS1"]
        for old, new in {"APThreshold": "X1PS_003", "IV": "ramp_4"}.items():
            protocols.move(old, new)
    return str(path)


def test_inspect_says_how_to_ask_for_a_stimulus_that_no_name_tells(run: Run, tmp_path: pathlib.Path) -> None:
    words = " ".join(run("inspect", renamed(tmp_path)).out.split())
    assert (
        "No stimulus is known by the name of X1PS_003: with --stimulus the currents are looked at." in words
    )
    assert "--stimulus" not in run("inspect", datasets.sample_folder() / "RS1.nwb").out


def test_inspect_says_which_stimulus_it_is_by_the_current(run: Run, tmp_path: pathlib.Path) -> None:
    ran = run("inspect", "--stimulus", renamed(tmp_path))
    words = " ".join(ran.out.split())
    assert ran.code == 0
    assert "X1PS_003: the name says nothing; by the current: ramp, which Ramp reads (confidence 0.9" in words
    assert 'To read it so: "ecode": "Ramp" in its metadata' in words
    assert "ramp_4: NAME AND CURRENT DIFFER: it is read as Ramp, but by the current it is a step" in words
    assert "IDrest: Step by its name; by the current: step (confidence 0.9" in words


def test_inspect_json_says_which_stimulus_it_is_only_when_asked(run: Run, tmp_path: pathlib.Path) -> None:
    path = renamed(tmp_path)
    assert "stimuli" not in run("inspect", path, "--json").document
    found = {one["protocol"]: one for one in run("inspect", "--stimulus", path, "--json").document["stimuli"]}
    ramp = found["X1PS_003"]
    assert (ramp["files"], ramp["by_name"], ramp["suggested"]) == ([path], None, "Ramp")
    assert ramp["by_current"]["kind"] == "ramp"
    assert ramp["by_current"]["method"] == "by the current"
    assert found["sAHP"]["by_name"] == found["sAHP"]["by_current"]["ecode"] == "SAHP"
    assert found["sAHP"]["suggested"] is None
    assert found["sAHP"]["contradiction"] is None
    assert found["ramp_4"]["contradiction"]
