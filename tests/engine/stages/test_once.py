"""Stages that are looked at once: the same results as those that are kept, of inputs that needn't have a digest."""

from __future__ import annotations

import ast
import itertools
import pathlib
import pickle
from dataclasses import dataclass

import pytest

from efewidgets.datasets import sample_config
from efewidgets.engine import extraction
from efewidgets.engine.config.document import parse_config
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run
from efewidgets.engine.recordings import recording
from efewidgets.engine.stages.computed import STAGES
from efewidgets.engine.stages.graph import Graph, Once, Stage
from efewidgets.engine.stages.options import Options
from tests.state import lab

SQUARES = (
    Stage("square", lambda read, values, work: read[0] ** 2, lambda context, item, get: (context[item],)),
    Stage(
        "sum",
        lambda read, values, work: sum(values),
        needs=lambda context, item, get: [("square", k) for k in range(len(context) - 1)],
        covered=lambda context, item, get: [("square", len(context) - 1)],
    ),
)


def test_once_and_kept_come_to_the_same():
    numbers = (3, 4, 12)
    assert Once(SQUARES, numbers).get("sum") == Graph(SQUARES).evaluate(numbers).get("sum") == 169


def test_each_result_is_computed_once():
    runs = []
    counted = Stage("one", lambda read, values, work: runs.append(read) or len(runs))
    twice = Stage("two", lambda read, values, work: values, needs=lambda c, item, get: [("one", None)] * 2)
    assert Once([counted, twice], None).get("two") == [1, 1]


def test_inputs_need_no_digest():
    odd = [object(), {}]
    told = Stage("told", lambda read, values, work: read[0], lambda context, item, get: (context[item],))
    assert Once([told], odd).get("told", 0) is odd[0]
    with pytest.raises(TypeError, match="has no digest"):
        Graph([told]).evaluate(odd).get("told", 0)


def test_what_is_given_is_not_computed():
    found = Once(SQUARES, (3, 4), seen={("square", 0): 100})
    assert list(found.missing("square", ("sum", None))) == [("square", 1)]
    found.put(("square", 1), 11)
    assert list(found.missing("square", ("sum", None))) == []
    assert found.get("sum") == 111


@dataclass
class Amplifier:
    """What a script knows of the rig; two of the same kind have no digest."""

    gain: float


def test_a_script_may_give_its_reader_whatever_it_likes(tmp_path):
    """A lab's own reader gets what stands in the script, be it of a kind that no config can hold."""
    seen = []

    def reader(metadata):
        seen.append(metadata["amplifier"])
        return lab.reader(metadata)

    given = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2}))
    for protocols in given["files_metadata"].values():
        for files in protocols.values():
            for metadata in files:
                metadata["amplifier"] = Amplifier(gain=len(files))
    found = run_extraction(Options(**given | {"recording_reader": reader}), run)
    assert {(type(one), one.gain) for one in seen} == {(Amplifier, 1), (Amplifier, 2)}
    assert found.features["IDrest_150"]["soma"]


def test_a_broken_entry_among_the_files_is_a_problem_of_that_file():
    files = {"A": {"IDthresh": [{"ton": lab.TON, "toff": lab.TOFF}, "not a dictionary"]}}
    wanted = [{"efeature": "voltage_base", "protocol": "IDthresh", "amplitude": 0.1, "tolerance": 1}]
    options = Options(files, wanted, absolute_amplitude=True, recording_reader=_one_sweep)
    found = run_extraction(options, run)
    assert len(found.cells[0].recordings) == 1
    assert any("must be a dictionary" in problem.message for problem in found.problems)


def _one_sweep(metadata):
    return [lab.draw(0.1, 3, name="s0")]


def test_only_the_stages_know_the_way():
    """Whoever extracts asks the stages: no module after them agrees, judges, matches or averages by itself.

    What scripts do with cells that they may have changed (`cells`) is all that is left beside.
    """
    steps = {"agree_among", "judge_units", "without_repeats", "judge_membranes", "decide", "match_levels"}
    steps |= {"match", "build_entry", "currents_of", "read_file"}
    users = {
        path.stem
        for path in pathlib.Path(extraction.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and steps & {alias.name for alias in node.names}
    }
    assert users == {"cells"}
    assert {stage.name for stage in STAGES} >= {"read", "agree", "cell", "match", "outputs"}


def in_processes(function, jobs, failed=None):
    """Do each job as a process of its own would, which counts its recordings from 0 on."""
    for job in jobs:
        here, recording._serials = recording._serials, itertools.count()
        try:
            sent = pickle.dumps(function(pickle.loads(pickle.dumps(job))))
        finally:
            recording._serials = here
        yield pickle.loads(sent)


def test_recordings_of_several_processes_are_not_taken_for_each_other():
    """The numbers by which the stages tell recordings apart are those of this process, whoever has read them."""
    config = sample_config(["RS1", "FS1", "IB1"])
    options = parse_config(config)[0]
    here, elsewhere = run_extraction(options, run), run_extraction(options, in_processes)
    for name in ("features", "protocols_dict", "currents"):
        assert to_json(getattr(elsewhere, name)) == to_json(getattr(here, name))
    assert elsewhere.problems == here.problems
    serials = [r.serial for cell in elsewhere.cells for r in cell.recordings]
    assert len(set(serials)) == len(serials) > 100
