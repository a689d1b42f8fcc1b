"""A worker that dies takes only its recording with it, and it can be tried again."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

from efewidgets import ExtractionState
from efewidgets.datasets import sample_config
from efewidgets.engine.parallel import WorkerPool
from efewidgets.state import InlineRunner
from tests.engine.parallel.deadly import DEADLY_SWEEP, sabotage_reading

from .. import lab


def deadly_reader(metadata):
    """Read as the lab does, but die of the files that are marked, unless there is a cure beside them."""
    path = pathlib.Path(metadata["filepath"])
    if path.name.startswith("B_IV") and not (path.parent / "cure").exists():
        os._exit(3)
    return lab.reader(metadata)


def logging_reader(metadata):
    """Write down which file is read."""
    path = pathlib.Path(metadata["filepath"])
    with path.with_name("read").open("a", encoding="utf-8", newline="\n") as file:
        file.write(path.name + "\n")
    return lab.reader(metadata)


def test_a_worker_computes_features_from_the_samples_that_it_has_read(arguments, tmp_path):
    files = [
        file for cell in arguments["files_metadata"].values() for group in cell.values() for file in group
    ]
    with (
        WorkerPool(1) as pool,
        ExtractionState.from_arguments(
            arguments | {"recording_reader": logging_reader}, runner=InlineRunner(pool)
        ) as state,
    ):
        state.run()
        found = state.results.texts
    with ExtractionState.from_arguments(arguments | {"recording_reader": lab.reader}) as expected:
        assert found == expected.results.texts
    (log,) = {pathlib.Path(file["filepath"]).with_name("read") for file in files}
    read = log.read_text(encoding="utf-8").split()
    assert sorted(read) == sorted(pathlib.Path(file["filepath"]).name for file in files)


@pytest.mark.slow
def test_a_worker_that_dies_takes_only_its_recording(arguments, tmp_path):
    arguments["recording_reader"] = deadly_reader
    with WorkerPool(2) as pool:
        state = ExtractionState.from_arguments(arguments, runner=InlineRunner(pool))
        state.run()
        problem = next(p for p in state.problems if p.kind == "worker")
        assert (problem.cell, problem.protocol) == ("B", "IV")
        assert problem.file.endswith("B_IV_0.json")
        assert json.loads(state.results.texts["features"])["IV_-100"]["soma"][0]["n"] == 1
        (tmp_path / "cure").touch()
        assert state.refresh_files() == [problem.file]
        state.run()
        assert "worker" not in {p.kind for p in state.problems}
        state.close()
    with ExtractionState.from_arguments(arguments | {"recording_reader": lab.reader}) as expected:
        assert state.results.texts == expected.results.texts


@pytest.mark.slow
def test_a_sweep_that_kills_its_reader_takes_no_other_with_it():
    config = sample_config(["RS1"])
    config["files_metadata"]["RS1"] = {
        name: files for name, files in config["files_metadata"]["RS1"].items() if name == "IDrest"
    }
    with ExtractionState.from_arguments(config) as whole:
        labels = [member.recording.label for member in whole.results.members.values()]
    with WorkerPool(1, sabotage_reading) as pool:
        state = ExtractionState.from_arguments(config, runner=InlineRunner(pool))
        state.run()
        found = [member.recording.label for member in state.results.members.values()]
        assert DEADLY_SWEEP in labels
        assert found == [label for label in labels if label != DEADLY_SWEEP]
        (problem,) = [p for p in state.problems if p.kind == "worker"]
        assert (problem.cell, problem.protocol, problem.recording) == ("RS1", "IDrest", DEADLY_SWEEP)
        state.close()
