"""The same decisions give the same bytes: in another process, another folder, another order, with more workers."""

from __future__ import annotations

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from efewidgets import EfeError, ExtractionState, datasets
from efewidgets.engine.config.document import load_config
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run
from efewidgets.state import InlineRunner

from .. import lab

ROOT = pathlib.Path(__file__).resolve().parents[3]

IN_ANOTHER_PROCESS = """
import json, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from efewidgets import ExtractionState
from efewidgets.state import InlineRunner

if __name__ == "__main__":
    path, workers = sys.argv[1], int(sys.argv[2])
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn")) if workers else None
    with ExtractionState.load(path, runner=InlineRunner(pool)) as state:
        state.run()
        print(json.dumps([state.results.texts, [str(problem) for problem in state.problems]]))
    if pool:
        pool.shutdown()
"""


def elsewhere(path, seed="0", workers=0, cwd=ROOT):
    """Load a session in another process; return its outputs and problems."""
    script = pathlib.Path(path).parent / "run.py"
    script.write_text(IN_ANOTHER_PROCESS, encoding="utf-8", newline="\n")
    done = subprocess.run(
        [sys.executable, str(script), str(path), str(workers)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edit(state):
    """Use every kind of decision."""
    members = list(state.results.members)
    state.exclude(members[1], "seal lost")
    state.set_sweep(members[5], toff=240.0)
    state.set_metadata(state.files(cell="B", protocol="IV"), ljp=3.0)
    state.set_rheobase_rule("flush", settings={"flush_length": 1})
    state.set_rheobase("B", 0.21)
    state.set_averaging(protocol_mode="median", default_std_value=0.01)
    target = state.inputs.targets[0]
    state.edit_target(target.id, efel_settings={"DerivativeThreshold": 11.0}, efeature_name="my frequency")
    state.set_output(output_directory=os.path.abspath("outputs"), plot=True)


@pytest.fixture
def project(tmp_path, state):
    """A folder with recordings and a session that has been edited."""
    edit(state)
    state.save(tmp_path / "session.json")
    return tmp_path


def test_saved_here_loaded_in_another_process_and_folder(project, state, tmp_path_factory):
    expected = state.results.texts
    moved = tmp_path_factory.mktemp("elsewhere") / "copied"
    shutil.copytree(project, moved)
    for file in project.glob("*.json"):
        file.unlink()  # so that only the copies can be read
    assert elsewhere(moved / "session.json", cwd=moved)[0] == expected
    assert elsewhere(moved / "session.json", seed="7", workers=1) == [
        expected,
        elsewhere(moved / "session.json")[1],
    ]
    assert elsewhere(moved / "session.json", seed="8", workers=2)[0] == expected


def test_a_session_comes_back_as_it_was(project, state):
    with ExtractionState.load(project / "session.json") as loaded:
        assert loaded.inputs == state.inputs
        assert loaded.inputs.digest == state.inputs.digest
        assert loaded.results.texts == state.results.texts
        assert not loaded.can_undo
        assert loaded.problems == state.problems


@pytest.mark.parametrize(
    "name", ["interp_step", "Threshold", "strict_stiminterval", "stim_start", "stim_end"]
)
def test_a_setting_that_is_null_is_as_if_it_were_not_there(project, name):
    """In the session and in a target, which then has that of the session."""
    path = project / "session.json"
    session = json.loads(path.read_text(encoding="utf-8"))
    found = []
    for nulls in ({}, {name: None}):
        given = {key: value for key, value in session["efel_settings"].items() if key != name}
        changed = session | {"efel_settings": given | nulls}
        changed["targets"] = [target | {"efel_settings": nulls} for target in session["targets"]]
        path.write_text(json.dumps(changed), encoding="utf-8", newline="\n")
        with ExtractionState.load(path) as state:
            found.append((state.results.texts, [problem.message for problem in state.results.problems]))
        options, _ = load_config(path)
        assert to_json(run_extraction(options, run).features) == found[-1][0]["features"]
    assert found[0] == found[1]


def test_a_sweep_without_a_reason_to_exclude_it_is_in(project, state):
    path = project / "session.json"
    session = json.loads(path.read_text(encoding="utf-8"))
    files = [
        file
        for protocols in session["files_metadata"].values()
        for listed in protocols.values()
        for file in listed
    ]
    excluded = [own for file in files for own in file.get("sweeps", {}).values() if "exclude" in own]
    assert len(excluded) == 1
    excluded[0]["exclude"] = None
    path.write_text(json.dumps(session), encoding="utf-8", newline="\n")
    with ExtractionState.load(path) as loaded:
        assert [member.excluded for member in loaded.results.members.values() if member.excluded] == []


def test_a_saved_session_is_a_config(project, state):
    options, settings = load_config(project / "session.json")
    result = run_extraction(options, run)
    assert to_json(result.features) == state.results.texts["features"]
    assert to_json(result.protocols_dict) == state.results.texts["protocols"]
    assert to_json(result.currents) == state.results.texts["currents"]
    assert settings.plot


def test_paths_in_a_session_are_relative(project):
    text = (project / "session.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["files_metadata"]["A"]["IV"][0]["filepath"] == "A_IV_0.json"
    assert set(data["state"]["files"]) == {path.name for path in project.glob("[AB]_*.json")}
    assert str(project) not in text
    assert data["state"]["versions"]["efewidgets"]


def test_a_session_that_can_not_be_written_leaves_the_old_one(project, state):
    before = (project / "session.json").read_bytes()
    state.set_reader(lambda metadata: lab.reader(metadata))
    with pytest.raises(EfeError, match="can't be named"):
        state.save(project / "session.json")
    assert (project / "session.json").read_bytes() == before


def test_missing_and_changed_files_are_told(project, state):
    (project / "A_IV_0.json").unlink()
    lab.write_file(project / "B_IV_0.json", [-0.2, -0.1, 0.1], 0.2, rest=-60.0)
    os.utime(project / "A_IDrest_0.json", ns=(1, 1))  # copied: another time, the same content
    with ExtractionState.load(project / "session.json") as loaded:
        found = {problem.file: problem for problem in loaded.problems if problem.kind == "file"}
        assert set(found) == {str(project / "A_IV_0.json"), str(project / "B_IV_0.json")}
        assert "has changed since session.json was saved" in found[str(project / "B_IV_0.json")].message
        assert "IDrest_150" in loaded.results.features


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("{", "not valid JSON"),
        ('{"files_metadata": {}, "targetz": []}', "Did you mean 'targets'"),
        ('{"files_metadata": {}, "rheobase_strategy": "magic"}', "magic"),
        ('{"files_metadata": {}, "rheobase_values": {"A": 1}}', "'A'"),
    ],
)
def test_what_is_no_session_is_refused_in_words(tmp_path, text, words):
    (tmp_path / "session.json").write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match=words):
        ExtractionState.load(tmp_path / "session.json")


def test_a_bad_target_in_a_config_leaves_the_others(tmp_path, arguments):
    arguments["targets"].append({"efeature": "nonsense", "protocol": "IV", "amplitude": 1, "tolerance": 1})
    with ExtractionState.from_arguments(arguments) as state:
        assert len(state.inputs.targets) == len(lab.targets())
        assert any("nonsense" in problem.message for problem in state.problems)


def shuffled(files_metadata, seed):
    """Return the same files in another order of cells, protocols and files."""
    order = random.Random(seed)
    cells = list(files_metadata)
    order.shuffle(cells)
    found = {}
    for cell in cells:
        protocols = list(files_metadata[cell])
        order.shuffle(protocols)
        found[cell] = {
            p: order.sample(files_metadata[cell][p], len(files_metadata[cell][p])) for p in protocols
        }
    return found


def test_the_order_of_files_is_nothing_to_the_outputs(arguments, tmp_path):
    from ..conftest import from_scratch

    arguments["files_metadata"] |= lab.write_cells(tmp_path, {"C": 0.15, "D": 0.1237})
    arguments["save_files_used"] = True
    with ExtractionState.from_arguments(arguments) as state:
        expected = state.results.texts
    for seed in range(5):
        order = arguments | {"files_metadata": shuffled(arguments["files_metadata"], seed)}
        with ExtractionState.from_arguments(order) as state:
            assert state.results.texts == expected
            assert from_scratch(state.inputs) == expected


def test_files_added_one_by_one_give_the_same(arguments):
    with ExtractionState.from_arguments(arguments) as state:
        expected = state.results.texts
    files = [
        (cell, protocol, file)
        for cell, protocols in arguments["files_metadata"].items()
        for protocol, listed in protocols.items()
        for file in listed
    ]
    random.Random(1).shuffle(files)
    with ExtractionState.from_arguments(arguments) as state:
        state.remove_files(state.files())
        assert state.blockers
        for file in files:
            state.add_files(*file)
        assert state.results.texts == expected


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_nothing_to_the_outputs(state, workers):
    """Real processes, which read the files and compute the features."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        other = ExtractionState(state.inputs, runner=InlineRunner(pool))
        other.run()
        assert other._present.graph.runs["read"] == 8
        assert other.results.texts == state.results.texts
        assert other.problems == state.problems
        other.close()


def test_the_sample_cells_give_what_extract_gives(tmp_path):
    from ..conftest import from_scratch

    with ExtractionState.from_arguments(datasets.sample_config(["RS1", "FS2"])) as state:
        assert from_scratch(state.inputs) == state.results.texts
        state.use_auto_targets()
        assert from_scratch(state.inputs) == state.results.texts
        state.save(tmp_path / "samples.json")
        with ExtractionState.load(tmp_path / "samples.json") as loaded:
            assert loaded.results.texts == state.results.texts


@pytest.mark.slow
def test_the_labs_own_data_give_what_extract_gives(shared_data, monkeypatch):
    from tests.engine.goldens.cases import Case

    monkeypatch.chdir(shared_data / "recordings")
    compared = 0
    for folder in sorted((shared_data / "cases").iterdir()):
        case = Case(folder)
        try:
            expected = case.extract()
        except EfeError:
            continue
        with ExtractionState.from_arguments(case.arguments()) as state:
            texts = list(state.results.texts.values())
        assert texts == [
            to_json(d) for d in (expected.features, expected.protocols_dict, expected.currents)
        ], folder
        compared += 1
    assert compared > 80


def test_a_session_between_two_decisions_is_opened_again(tmp_path):
    """Amplitudes in nA, and no targets yet: nothing can be computed so, which is said, but the work is not lost."""
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        state.use_auto_targets()
        state.use_absolute_amplitude()
        state.save(tmp_path / "session.json")
        with ExtractionState.load(tmp_path / "session.json") as again:
            assert again.inputs == state.inputs
            assert again.inputs.absolute_amplitude
            assert any("in nA" in blocker for blocker in again.blockers)
