"""``efewidgets check``: what would match, what not, and why."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest

from .conftest import Ran, config_of_case

Run = Callable[..., Ran]
Write = Callable[..., pathlib.Path]


def target(**changes: object) -> dict:
    return {"efeature": "voltage_base", "protocol": "IV", "amplitude": -100, "tolerance": 10} | changes


def test_all_is_well(run: Run, write: Write, small: dict) -> None:
    config = write(small)
    before = sorted(config.parent.rglob("*"))
    ran = run("check", config)
    assert (ran.code, ran.err) == (0, "")
    assert "Every target has recordings." in ran.out
    assert sorted(config.parent.rglob("*")) == before, "nothing is written"


def test_counts_and_distances_are_those_of_the_recordings(run: Run, write: Write, small: dict) -> None:
    """The IV sweeps are at ±25, ±50, -75 and -100 % of the guessed rheobase, which is near the real one."""
    small["targets"] = [
        target(amplitude=-50, tolerance=5),
        target(amplitude=-60, tolerance=1),
        target(amplitude=900),
    ]
    found = run("check", write(small), "--json").document
    rheobases = {cell["name"]: cell["rheobase"] for cell in found["cells"]}
    assert {cell["name"]: cell["recordings"] for cell in found["cells"]} == {
        "RS1": {"IDthresh": 18, "IV": 6},
        "FS1": {"IDthresh": 18, "IV": 6},
    }
    near, off, far = found["targets"]
    assert (near["recordings"], near["cells"], near["reason"]) == (2, ["RS1", "FS1"], "")
    assert (off["recordings"], off["unit"]) == (0, "%")
    assert off["nearest"] == pytest.approx(-50, abs=5)
    assert far["nearest"] == pytest.approx(50, abs=5)
    assert far["nearest_cell"] in rheobases
    assert found["exit_code"] == 1
    assert [p["target"] for p in found["problems"]] == ["IV at -60", "IV at 900"]


def test_same_counts_as_the_extraction(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    small["targets"] = [target(amplitude=a, tolerance=t) for a, t in ((-100, 10), (-50, 30), (50, 5))]
    config = write(small)
    checked = run("check", config, "--json").document
    extracted = run("extract", config, "-o", tmp_path / "out", "--json").document
    numbers = {f"{t['protocol']}_{t['amplitude']}": t["recordings"] for t in checked["targets"]}
    assert numbers == {name: places["soma"][0]["n"] for name, places in extracted["features"].items()}
    assert [c["rheobase"] for c in checked["cells"]] == [c["rheobase_nA"] for c in extracted["cells"]]


def test_tolerances_of_one_protocol_are_counted_each(run: Run, write: Write, small: dict) -> None:
    small["targets"] = [
        target(amplitude=-75, tolerance=10),
        target(amplitude=-75, tolerance=40, efeature="sag_ratio1"),
    ]
    found = run("check", write(small), "--json").document["targets"]
    assert [(t["tolerance"], t["efeatures"], t["recordings"]) for t in found] == [
        (10, ["voltage_base"], 2),
        (40, ["sag_ratio1"], 6),
    ]


def test_every_kind_of_fault_is_told(run: Run, write: Write, small: dict) -> None:
    files = small["files_metadata"]
    files["lost"] = {"IDthresh": [{"filepath": "absent.nwb"}], "Foo": list(files["RS1"]["IV"])}
    files["silent"] = {"IDthresh": [dict(files["RS1"]["IV"][0], protocol_name="IV", ecode="Step")]}
    small["targets"] += [
        target(protocol="IVV"),
        target(efeature="voltage_bas"),
        target(efel_settings={"Treshold": -20}),
        target(toleranz=3),
        target(efeature="multiple_decay_time_constant_after_stim"),
        dict(small["targets"][0]),
    ]
    ran = run("check", write(small))
    told = " ".join((ran.out + ran.err).split())
    assert ran.code == 1
    for words in (
        "absent.nwb",
        "no eCode is known for the protocol 'Foo'",
        "lost 0 none",
        "silent 6 none",
        "no cell has recordings of IVV. Did you mean 'IV'?",
        "Did you mean 'voltage_base'?",
        "Did you mean 'Threshold'?",
        "Did you mean 'tolerance'?",
        "multi_stim_start, multi_stim_end",
        "more than once",
    ):
        assert words in told, words


def test_cells_without_rheobase_match_nothing(run: Run, write: Write, small: dict) -> None:
    small["protocols_rheobase"] = ["IV"]
    ran = run("check", write(small))
    assert ran.code == 1
    assert "none of the 6 sweeps" in ran.out
    assert "the cells that have IV have no rheobase." in " ".join(ran.out.split())


def test_absolute_amplitudes_need_no_rheobase(run: Run, write: Write, small: dict) -> None:
    small |= {"absolute_amplitude": True, "targets": [target(amplitude=-0.1, tolerance=0.1)]}
    ran = run("check", write(small))
    assert ran.code == 0
    assert "-0.1 ± 0.1 nA" in ran.out


def test_nothing_can_be_read(run: Run, write: Write, small: dict) -> None:
    config = write(small | {"files_metadata": {"c": {"IV": [{"filepath": "absent.nwb"}]}}})
    ran = run("check", config)
    assert ran.code == 2
    assert "no recording can be read" in ran.err
    assert "absent.nwb" in ran.err
    assert run("check", config, "--json").document["status"] == "unusable"


def test_automatic_targets(run: Run, write: Write, small: dict) -> None:
    del small["targets"]
    found = run("check", write(small), "--json").document
    assert [(t["protocol"], t["amplitude"]) for t in found["targets"]] == [("IDthresh", 150), ("IV", -50)]


def test_unsure_stimulus_is_told(run: Run, shared_data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = config_of_case(shared_data, "ibw_relative_detected_timing")
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8", newline="\n")
    found = run("check", tmp_path / "config.json", "--json").document
    assert {cell["name"]: round(cell["rheobase"], 3) for cell in found["cells"]} == {
        "C060109A1-SR-C1": 0.179,
        "C061128A4-SR-C1": 0.252,
    }
    assert sum(t["recordings"] > 0 for t in found["targets"]) == len(found["targets"])


def test_a_missing_config(run: Run, tmp_path: pathlib.Path) -> None:
    ran = run("check", tmp_path / "absent.json")
    assert ran.code == 2
    assert "absent.json: there is no such file" in ran.err
