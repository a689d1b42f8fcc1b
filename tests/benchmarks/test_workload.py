"""What the benchmarks measure with: the same cells each time, which BluePyEfe reads as we do."""

from __future__ import annotations

import hashlib

import pytest

from tests.benchmarks import strangers
from tests.benchmarks.cells import PROTOCOLS, sweep_counts, write_cell
from tests.benchmarks.runs import measured
from tests.benchmarks.workload import Workload, targets
from tests.compare import differences


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Workload:
    folder = tmp_path_factory.mktemp("cells")
    return Workload((write_cell(folder, 0, 12),), 12)


def test_the_same_number_is_the_same_cell(small, tmp_path):
    again = write_cell(tmp_path, 0, 12)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(small.paths[0].read_bytes()).digest()
    other = write_cell(tmp_path, 1, 12)
    assert other.read_bytes() != again.read_bytes()


@pytest.mark.parametrize("recordings", [6, 12, 20, 50, 60, 100])
def test_sweeps_of_a_cell(recordings):
    counts = sweep_counts(recordings)
    assert sum(counts.values()) == recordings
    assert list(counts) == list(PROTOCOLS)
    assert min(counts.values()) > 0


@pytest.mark.parametrize("number", [1, 10, 375, 1000, 6000])
def test_targets_differ(number):
    found = targets(number)
    assert len({(t["efeature"], t["protocol"], t["amplitude"]) for t in found}) == number


@pytest.mark.parametrize("timings", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_both_give_the_same(small, timings):
    pytest.importorskip("bluepyefe", reason="needs BluePyEfe to compare with (efewidgets[test])")
    arguments = small.arguments(timings=timings)
    theirs, ours = measured("BluePyEfe", arguments), measured("efewidgets", arguments)
    assert differences(theirs.outputs, ours.outputs) == []
    assert sum(len(entry["soma"]) for entry in ours.outputs["features"].values()) > 50
    assert ours.cpu < theirs.cpu
    assert ours.memory < theirs.memory


def test_more_cells_than_files(small):
    work = small.repeated(3)
    assert work.total == 36
    assert len(work.arguments()["files_metadata"]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("way", list(strangers.WAYS))
def test_both_give_the_same_of_what_strangers_bring(way, tmp_path):
    pytest.importorskip("bluepyefe", reason="needs BluePyEfe to compare with (efewidgets[test])")
    arguments = strangers.arguments(way, 1, 30, tmp_path)
    theirs, ours = measured("BluePyEfe", arguments), measured("efewidgets", arguments)
    assert differences(theirs.outputs, ours.outputs) == []
    assert sum(len(entry["soma"]) for entry in ours.outputs["features"].values()) > 50
