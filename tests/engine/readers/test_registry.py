"""Which reader reads what, a lab's own readers, and what is asked of their sweeps."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import FileSummary, inspect, plugin_problems, read, register_reader, registry

from .nwb_files import bbp

SWEEP = {"voltage": np.full(100, -70.0), "current": np.zeros(100), "dt": 0.1, "t_unit": "ms"}
SWEEP |= {"v_unit": "mV", "i_unit": "pA"}


@pytest.fixture
def clean(monkeypatch):
    """Leave the registry as it was."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_plugins", None)
    monkeypatch.setattr(registry, "entry_points", lambda group: [])


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("x.abf", "ABF"),
        ("X.ABF", "ABF"),
        ("x.abf.txt", "text"),
        ("folder.nwb/x.mat", "MATLAB"),
        ("GOOD.Nwb", "NWB"),
        ("a.b.bwav", "Igor"),
        ("x.tsv", "CSV"),
    ],
)
def test_the_suffix_tells_the_format(name, format_name):
    assert registry.format_of(name).name == format_name


@pytest.mark.parametrize("name", ["x", "x.nwb.zip", "abf", "nwb/x", ".nwb.bak"])
def test_other_suffixes_are_unknown(name):
    with pytest.raises(ReadError, match=r"no suffix of a known format .*\.abf, .*\.nwb"):
        registry.format_of(name)


def test_a_file_that_is_not_there(tmp_path):
    (tmp_path / "cell1.nwb").write_bytes(b"x")
    with pytest.raises(ReadError, match=r"Did you mean 'cell1\.nwb'"):
        read({"filepath": str(tmp_path / "cel1.nwb")})
    with pytest.raises(ReadError, match=r"The folder .* doesn't exist either"):
        inspect(tmp_path / "nowhere" / "cell1.nwb")
    with pytest.raises(ReadError, match="name no file"):
        read({"i_file": "x.ibw"})
    with pytest.raises(ReadError, match="must be the path of a file"):
        read({"filepath": 3})
    (tmp_path / "folder.abf").mkdir()
    with pytest.raises(ReadError, match="is a folder"):
        read({"filepath": tmp_path / "folder.abf"})


def test_metadata_are_not_changed(tmp_path):
    metadata = {"filepath": str(bbp(tmp_path / "a.nwb")), "protocol_name": ["IV"], "repetition": [1]}
    before = json.dumps(metadata)
    read(metadata)
    assert json.dumps(metadata) == before

    def reader(given):
        given["filepath"] = None
        return [SWEEP]

    read(metadata, reader)
    assert json.dumps(metadata) == before


# --- a lab's own reader


def test_a_reader_may_need_no_file():
    sweeps, problems = read({"experiment": 3}, lambda metadata: [SWEEP | {"id": str(metadata["experiment"])}])
    assert problems == []
    assert sweeps[0]["id"] == "3"
    assert np.array_equal(sweeps[0]["voltage"], SWEEP["voltage"])


def test_a_registered_reader_reads_and_is_inspected(tmp_path, clean):
    path = tmp_path / "x.HEKA"
    path.write_bytes(b"12")
    register_reader("HEKA", [".heka", ".dat"], lambda metadata: [SWEEP, SWEEP | {"protocol": "IV"}])
    sweeps, _ = read({"filepath": str(path)}, only=[1])
    assert sweeps[0] is None
    assert sweeps[1]["protocol"] == "IV"
    summary = inspect(path)
    assert (summary.format, summary.protocols, summary.durations) == ("HEKA", ["IV"], [pytest.approx(10.0)])
    register_reader("HEKA", ".heka", lambda metadata: [], inspect=lambda p: FileSummary(p, "mine"))
    assert inspect(path).format == "mine"
    with pytest.raises(ReadError, match="found no sweep"):
        read({"filepath": str(path)})
    register_reader("my NWB", ".nwb", lambda metadata: [SWEEP])
    assert registry.format_of("x.nwb").name == "my NWB"


@pytest.mark.parametrize(
    ("suffixes", "reader"), [("dat", len), ((), len), ([".dat"], None), ([3], len), (".", len)]
)
def test_registrations_that_cannot_work(clean, suffixes, reader):
    with pytest.raises(ReadError, match=r"the suffixes of reader 'x'|the reader 'x' must be a function"):
        register_reader("x", suffixes, reader)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "must return a list of sweeps, .* but returned NoneType"),
        (SWEEP, "must return a list of sweeps, .* but returned dict"),
        ([], "found no sweep"),
        ([3], "its sweep 1 is int"),
        ([{"voltage": [1, 2]}], "there is no current"),
        ([SWEEP | {"current": np.zeros(50)}], "100 samples and the current 50"),
        ([SWEEP | {"voltage": ["a"] * 100}], "instead of numbers"),
        ([SWEEP | {"voltage": np.zeros((2, 50))}], r"shape \(2, 50\)"),
        ([SWEEP | {"dt": None}], "Add 'dt'"),
        ([SWEEP | {"dt": True}], "must be a number"),
        ([SWEEP | {"dt": -0.1}], "greater than zero"),
        ([SWEEP | {"dt": 0.1, "t_unit": "s"}], "0.1 s would be 10 samples per second"),
        ([SWEEP | {"v_unit": None}], "Add 'v_unit'"),
        ([SWEEP | {"i_unit": "mV"}], "'mV', the unit of the current"),
        ([SWEEP | {"voltage": np.full(100, np.inf)}], "no numbers at all"),
    ],
)
def test_what_a_reader_returns_is_checked(result, words):
    with pytest.raises(ReadError, match=words):
        read({}, lambda metadata: result)


def test_what_a_reader_raises_is_told_with_its_name():
    def my_reader(metadata):
        raise KeyError("gain")

    with pytest.raises(ReadError, match="the reader 'my_reader' failed: KeyError: 'gain'"):
        read({}, my_reader)


def test_lists_and_integers_are_samples_too():
    sweeps, _ = read({}, lambda metadata: [SWEEP | {"voltage": [-70] * 100, "current": list(range(100))}])
    assert sweeps[0]["voltage"].dtype == np.float64
    assert np.array_equal(sweeps[0]["current"], np.arange(100.0))


def test_a_problem_of_many_sweeps_is_told_once():
    sweeps = [SWEEP | {"id": f"s{k}"} for k in range(6)]
    _, (problem,) = read({"i_unit": "nA"}, lambda metadata: sweeps)
    assert problem.severity == "warning"
    assert problem.recording is None
    assert problem.message.endswith("(6 sweeps: s0, s1, s2, s3, …)")


def test_a_step_of_the_metadata_that_differs_from_the_file_is_told():
    sweeps, (problem,) = read({"dt": 0.2}, lambda metadata: [SWEEP])
    assert "0.2 ms, the file says 0.1 ms" in problem.message
    assert problem.severity == "warning"
    assert sweeps[0]["dt"] == 0.1
    assert read({"dt": 1e-4, "t_unit": "s"}, lambda metadata: [SWEEP])[1] == []


def test_samples_in_one_column_are_a_row():
    sweeps, _ = read({}, lambda metadata: [SWEEP | {"voltage": SWEEP["voltage"][:, np.newaxis]}])
    assert sweeps[0]["voltage"].shape == (100,)


# --- plug-ins


def good(metadata):
    return [SWEEP]


good.suffixes = (".good",)


def test_plugins_are_loaded_when_needed_and_a_broken_one_is_a_problem(monkeypatch, clean):
    group = registry.ENTRY_POINTS
    points = [
        EntryPoint("good", f"{__name__}:good", group),
        EntryPoint("absent", "no_such_package:reader", group),
        EntryPoint("no suffixes", "math:sqrt", group),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    assert registry.format_of("x.good").name == "good"
    assert registry.format_of("x.nwb").name == "NWB"
    problems = plugin_problems()
    assert [p.severity for p in problems] == ["warning"] * 2
    assert "'absent'" in problems[0].message
    assert "no_such_package" in problems[0].message


def test_readers_import_nothing_heavy_before_it_is_needed():
    code = (
        "import sys, efewidgets.engine.readers as r\n"
        "print([m for m in ('scipy', 'neo', 'matplotlib', 'pynwb', 'pandas', 'efel', 'igor2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.strip() == "[]"
