"""What the tests of the state share."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.recordings import computing as matching_stages
from efewidgets.engine.stages import reading as stages
from efewidgets.extract import extract_efeatures
from efewidgets.state.convert import as_options, as_run_settings

from . import lab


@pytest.fixture
def files(tmp_path):
    """Metadata of two cells, that fire from 0.1 and 0.2 nA on."""
    return lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2})


@pytest.fixture
def arguments(files):
    """Arguments of `extract_efeatures` for these two cells."""
    return lab.arguments(files)


@pytest.fixture
def state(arguments):
    """A state with these two cells, computed."""
    found = ExtractionState.from_arguments(arguments)
    found.run()
    yield found
    found.close()


@pytest.fixture
def counted(monkeypatch):
    """Counts the files read and the recordings on which features are computed."""
    counts: Counter[str] = Counter()
    read, compute = stages.read_file, matching_stages.feature_values

    def reading(*args, **more):
        counts["files"] += 1
        return read(*args, **more)

    def computing(*args, **more):
        counts["recordings"] += 1
        return compute(*args, **more)

    monkeypatch.setattr(stages, "read_file", reading)
    monkeypatch.setattr(matching_stages, "feature_values", computing)
    return counts


def from_scratch(inputs) -> dict[str, str]:
    """Return the outputs of `extract_efeatures` on the same inputs, as they would be written."""
    options = as_options(inputs)
    given = {name: getattr(options, name) for name in options.__dataclass_fields__}
    features, protocols, currents = extract_efeatures(as_run_settings(inputs).output_directory, **given)
    # what there is not is nan in memory and null in the files
    currents |= {
        name: [None if number != number else number for number in currents[name]]
        for name in ("holding_current", "threshold_current")
    }
    for name in ("all_holding_current", "all_threshold_current"):
        currents[name] = {cell: number for cell, number in currents[name].items() if number == number}
    outputs = {"features": features, "protocols": protocols, "currents": currents}
    return {name: to_json(data) for name, data in outputs.items()}


def stages_run(state: ExtractionState, edit: Callable[[], object]) -> dict[str, int]:
    """Return how often each stage was run after an edit, until all results were there."""
    before = Counter(state._present.graph.runs)
    edit()
    _ = state.results.texts, state.results.problems
    return dict(Counter(state._present.graph.runs) - before)


@pytest.fixture
def sample():
    """A state with one of the sample cells."""
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as found:
        yield found


@pytest.fixture
def loaded_with(sample, tmp_path):
    """Returns the session of `sample` as it is loaded where something else stands in its file at an entry."""
    with contextlib.ExitStack() as opened:

        def load(entry, written):
            path = tmp_path / "session.json"
            sample.save(path)
            data = json.loads(path.read_text(encoding="utf-8"))
            assert entry not in data["state"]
            data["state"][entry] = written
            path.write_text(json.dumps(data), encoding="utf-8", newline="\n")
            return opened.enter_context(ExtractionState.load(path))

        yield load
