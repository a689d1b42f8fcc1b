"""``efewidgets compare``: what differs between two sessions."""

from __future__ import annotations

import copy
import csv
import pathlib
from collections.abc import Callable

import pytest

from .conftest import Ran

Run = Callable[..., Ran]
Write = Callable[..., pathlib.Path]


@pytest.fixture
def two(write: Write, small: dict) -> tuple[pathlib.Path, pathlib.Path]:
    """The config of one sample cell, and the same with a sweep left out and another rheobase."""
    small["files_metadata"] = {"RS1": {"IV": small["files_metadata"]["RS1"]["IV"]}}
    small["rheobase_values"] = {"RS1": 0.2}
    other = copy.deepcopy(small)
    (file,) = other["files_metadata"]["RS1"]["IV"]
    file["sweeps"] = {"ic__IV__001": {"exclude": "noisy"}}
    other["rheobase_values"] = {"RS1": 0.25}
    return write(small, "first.json"), write(other, "second.json")


def test_a_session_and_itself(run: Run, two: tuple[pathlib.Path, pathlib.Path]) -> None:
    ran = run("compare", two[0], two[0])
    assert "Nothing differs." in ran.out


def test_differences_are_told_and_written(
    run: Run, two: tuple[pathlib.Path, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    table = tmp_path / "differences.csv"
    found = run("compare", *two, "--csv", table, "--json").document["differences"]
    said = {(one["about"], one["what"]): (one["first"], one["second"]) for one in found}
    assert said["exclusions", "reason"] == (None, "noisy")
    assert said["rheobases", "rheobase"] == ("0.2 nA, by hand", "0.25 nA, by hand")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["about"], row["item"]) for row in rows] == [(one["about"], one["item"]) for one in found]
    out = run("compare", *two).out
    assert "Exclusions" in out
    assert "noisy" in out


def test_a_file_that_is_none(
    run: Run, two: tuple[pathlib.Path, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    ran = run("compare", two[0], tmp_path / "no.json")
    assert ran.code == 2
    assert "no.json" in ran.err
