"""The same recording twice under one protocol of one cell: told, and counted once."""

from __future__ import annotations

import os
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.stages.options import Options


def write(path: pathlib.Path, amp: float, seed: int = 0) -> pathlib.Path:
    """Write a sweep of 60 ms: −70 mV with some noise, a step of `amp` nA and 50 mV/nA from 20 to 40 ms."""
    time = np.arange(600) * 0.1
    on = (time >= 20) & (time < 40)
    noise = np.random.default_rng(seed).normal(0, 0.05, 600)
    table = np.c_[time, np.where(on, -70 + 50 * amp, -70.0) + noise, np.where(on, 1e3 * amp, 0.0)]
    np.savetxt(path, table, delimiter=",", header="Time (ms),V (mV),I (pA)", comments="")
    return path


def extract(files: list[Any], state: bool = False, protocol: str = "Step") -> tuple[int, list[str]]:
    """Return n of a feature at 0.1 nA, and what was told."""
    listed = [file if isinstance(file, dict) else {"filepath": file} for file in files]
    arguments: dict[str, Any] = {
        "files_metadata": {"c": {protocol: listed}},
        "targets": [{"efeature": "voltage_base", "protocol": protocol, "amplitude": 0.1, "tolerance": 0.02}],
        "absolute_amplitude": True,
    }
    found: Any = (
        ExtractionState.from_arguments(arguments).results
        if state
        else run_extraction(Options(**arguments), run)
    )
    features, told = found.features, [problem.message for problem in found.problems]
    (entry,) = features[f"{protocol}_0.1"]["soma"]
    return entry["n"], [words for words in told if "read before" in words]


def twice(path: pathlib.Path, how: str) -> str | dict[str, Any]:
    other = path.with_name("other.csv")
    if how == "relative path":
        return os.path.relpath(path)
    if how == "detour":
        return str(path.parent / "." / ".." / path.parent.name / path.name)
    if how == "link":
        other.symlink_to(path)
    elif how == "hard link":
        os.link(path, other)
    elif how == "copy":
        shutil.copy(path, other)
    elif how == "corrected":
        return {"filepath": str(path), "ljp": 14.0}
    else:
        return str(path)
    return str(other)


@pytest.mark.parametrize("state", [False, True], ids=["script", "state"])
@pytest.mark.parametrize(
    "how", ["same path", "relative path", "detour", "link", "hard link", "copy", "corrected"]
)
def test_once_and_told(tmp_path: pathlib.Path, how: str, state: bool) -> None:
    first = write(tmp_path / "a.csv", 0.1)
    n, told = extract([str(first), twice(first, how)], state)
    assert n == 1
    assert len(told) == 1
    assert "Counted once" in told[0]


@pytest.mark.parametrize("state", [False, True], ids=["script", "state"])
def test_another_recording_of_the_same_step_counts(tmp_path: pathlib.Path, state: bool) -> None:
    files = [str(write(tmp_path / f"{seed}.csv", 0.1, seed)) for seed in range(3)]
    assert extract(files, state) == (3, [])


def test_the_same_samples_with_another_current_are_another_recording(tmp_path: pathlib.Path) -> None:
    """A voltage clamped to nothing: the voltages are equal, the currents are not."""
    first, second = write(tmp_path / "a.csv", 0.1), write(tmp_path / "b.csv", 0.105)
    one, two = (np.loadtxt(path, delimiter=",", skiprows=1) for path in (first, second))
    two[:, 1] = one[:, 1]
    np.savetxt(second, two, delimiter=",", header="Time (ms),V (mV),I (pA)", comments="")
    assert extract([str(first), str(second)]) == (2, [])


def test_two_stimuli_in_the_same_samples_are_two(tmp_path: pathlib.Path) -> None:
    path = str(write(tmp_path / "a.csv", 0.1))
    files = [{"filepath": path, "ton": 20.0, "toff": 30.0}, {"filepath": path, "ton": 30.0, "toff": 40.0}]
    n, told = extract([file | {"amp": 0.1, "i_unit": "nA", "hypamp": 0.0} for file in files])
    assert told == []
    assert n == 2


def test_one_file_under_two_protocols_is_no_repetition(tmp_path: pathlib.Path) -> None:
    path = str(write(tmp_path / "a.csv", 0.1))
    state = ExtractionState.from_arguments(
        {
            "files_metadata": {"c": {name: [{"filepath": path}] for name in ("Step", "IDrest")}},
            "targets": [
                {"efeature": "voltage_base", "protocol": name, "amplitude": 0.1, "tolerance": 0.02}
                for name in ("Step", "IDrest")
            ],
            "absolute_amplitude": True,
        }
    )
    assert [entry["soma"][0]["n"] for entry in state.results.features.values()] == [1, 1]
    assert not [p for p in state.results.problems if "read before" in p.message]


def test_where_the_first_is_excluded_the_second_counts(tmp_path: pathlib.Path) -> None:
    path = str(write(tmp_path / "a.csv", 0.1))
    excluded = {"filepath": path, "sweeps": {"V (mV)": {"exclude": "seal lost"}}}
    assert extract([excluded, path]) == (1, [])
    assert extract([excluded, path], state=True) == (1, [])


def test_the_state_says_why_the_second_is_not_used(tmp_path: pathlib.Path) -> None:
    first = write(tmp_path / "a.csv", 0.1)
    state = ExtractionState()
    ids = state.add_files("c", "Step", [str(first), str(twice(first, "copy"))])
    members = state.results.members
    assert members[f"{ids[0]}/V (mV)"].excluded is None
    assert "the same recording as" in str(members[f"{ids[1]}/V (mV)"].excluded)


def three_sweeps(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Read a file of steps of 0, 100 and 110 pA from 20 to 40 ms."""
    time = np.arange(600) * 0.1
    on = (time >= 20) & (time < 40)
    noise = np.random.default_rng(0).normal(0, 0.05, (3, 600))
    return [
        {"voltage": -70 + 50 * amp * on + noise[k], "current": 1e3 * amp * on, "dt": 0.1, "id": f"s{k}"}
        for k, amp in enumerate((0.0, 0.1, 0.11))
    ]


@pytest.mark.parametrize("state", [False, True], ids=["script", "state"])
def test_a_sweep_in_the_right_unit_is_used_though_it_stands_in_a_wrong_one_before(
    tmp_path: pathlib.Path, state: bool
) -> None:
    """In mA the sweep at 0 passes by itself, but is refused with the others of its file: it is no first one."""
    (tmp_path / "x.dat").write_bytes(b"x")
    said = {"filepath": str(tmp_path / "x.dat"), "v_unit": "mV", "t_unit": "ms", "ton": 20.0, "toff": 40.0}
    arguments: dict[str, Any] = {
        "files_metadata": {"c": {"Step": [said | {"i_unit": unit} for unit in ("mA", "pA")]}},
        "targets": [{"efeature": "voltage_base", "protocol": "Step", "amplitude": 0.0, "tolerance": 0.01}],
        "absolute_amplitude": True,
        "recording_reader": three_sweeps,
    }
    found: Any = (
        ExtractionState.from_arguments(arguments).results
        if state
        else run_extraction(Options(**arguments), run)
    )
    assert any(problem.kind == "unit" for problem in found.problems)
    assert not any("read before" in problem.message for problem in found.problems)
    assert found.features["Step_0.0"]["soma"][0]["n"] == 1
