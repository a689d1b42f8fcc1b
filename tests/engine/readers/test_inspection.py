"""What a summary of a file says, for people and for programs."""

from __future__ import annotations

import json

import pytest

from efewidgets.engine.problems import Problem
from efewidgets.engine.readers import FileSummary, SweepInfo, inspect

from .nwb_files import bbp


def test_distinct_values_in_the_order_of_the_file():
    summary = FileSummary(
        "x",
        "NWB",
        sweeps=(
            SweepInfo("a", "IV", 2, 1000, 0.1, "V", "A"),
            SweepInfo("b", "Ramp", 1, 500, 0.05, "mV", "A"),
            SweepInfo("c", "IV", None, None, 0.1),
            SweepInfo("d"),
        ),
    )
    assert summary.protocols == ["IV", "Ramp"]
    assert summary.repetitions == [1, 2]
    assert summary.durations == [pytest.approx(100.0), pytest.approx(25.0)]
    assert summary.sampling_rates == [pytest.approx(10000.0), pytest.approx(20000.0)]
    assert summary.units == {"voltage": ["V", "mV"], "current": ["A"]}


def test_as_dict_is_json(tmp_path):
    path = bbp(tmp_path / "a.nwb", ("IV", "IDrest"))
    found = json.loads(json.dumps(inspect(path).as_dict()))
    assert found["path"] == str(path)
    assert found["protocols"] == ["IDrest", "IV"]
    assert [sweep["id"] for sweep in found["sweeps"]] == [
        "ic__IDrest__2",
        "ic__IDrest__3",
        "ic__IV__0",
        "ic__IV__1",
    ]
    assert found["sweeps"][0]["n_samples"] == 3000
    assert found["problems"] == []


def test_problems_name_the_file():
    summary = FileSummary("x.nwb", "NWB", problems=(Problem("odd", "note").at(file="x.nwb"),))
    assert summary.as_dict()["problems"] == [{"message": "odd", "severity": "note", "file": "x.nwb"}]


def test_a_summary_cannot_be_changed(tmp_path):
    summary = inspect(bbp(tmp_path / "a.nwb"))
    with pytest.raises(AttributeError):
        summary.format = "ABF"
