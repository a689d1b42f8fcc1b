"""``efewidgets extract``: files, exit codes, JSON, workers, Ctrl-C."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from efewidgets import datasets
from efewidgets.cli import extract as command
from efewidgets.engine.problems import EfeError
from efewidgets.extract import extract_efeatures

from .conftest import CELLS, Ran, config_of_case

ROOT = pathlib.Path(__file__).resolve().parents[2]
THREE = ["features.json", "holding_threshold_currents.json", "protocols.json"]

Run = Callable[..., Ran]
Write = Callable[..., pathlib.Path]


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def process(*arguments: object, **options: Any) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "efewidgets", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
        encoding="utf-8",
    )


def test_writes_what_the_function_writes(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    extract_efeatures(tmp_path / "function", **small)
    ran = run("extract", write(small), "-o", tmp_path / "command")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(contents(tmp_path / "command")) == THREE
    assert contents(tmp_path / "command") == contents(tmp_path / "function")
    assert "2 features of 1 stimulus" in ran.out
    assert str(tmp_path / "command") in ran.out


def test_same_bytes_with_workers(write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    config = write(small | {"save_files_used": True, "extract_per_cell": True, "targets": None})
    workers = [process("extract", config, "-o", tmp_path / str(n), "--jobs", n) for n in (1, 2)]
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode in (0, 1), (out, err)
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert [name for name in THREE if name not in first] == []
    assert [f"{cell}/features.json" for cell in CELLS if f"{cell}/features.json" not in first] == []
    assert first == second


def test_output_directory_of_the_config(run: Run, write: Write, small: dict) -> None:
    config = write(small | {"output_directory": "results"})
    assert run("extract", config).code == 0
    assert sorted(contents(config.parent / "results")) == THREE


def test_no_folder_is_given(run: Run, write: Write, small: dict) -> None:
    ran = run("extract", write(small))
    assert ran.code == 2
    assert "-o FOLDER" in ran.err


def test_config_that_writes_nothing(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    ran = run("extract", write(small | {"write_files": False}), "-o", tmp_path / "out")
    assert (ran.code, (tmp_path / "out").exists()) == (0, False)
    assert "Nothing is written" in ran.out


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    ran = run("extract", write(small), "-o", tmp_path / "out")
    assert ran.code == 2
    assert "Choose another one" in ran.err


def test_folder_that_is_a_file(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8", newline="\n")
    ran = run("extract", write(small), "-o", tmp_path / "out")
    assert ran.code == 2
    assert str(tmp_path / "out") in ran.err
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_problems_are_listed_and_written_as_long_as_there_are_any(
    run: Run, write: Write, small: dict, tmp_path: pathlib.Path
) -> None:
    small["files_metadata"]["FS1"]["IV"].append({"filepath": "absent.nwb"})
    out = tmp_path / "out"
    ran = run("extract", write(small), "-o", out)
    assert ran.code == 1
    assert "1 error\n" in ran.err
    assert "absent.nwb" in ran.err
    assert "problems.json" in ran.out
    (problem,) = json.loads((out / "problems.json").read_text(encoding="utf-8"))
    assert (problem["severity"], problem["cell"], problem["protocol"]) == ("error", "FS1", "IV")
    assert sorted(contents(out)) == sorted([*THREE, "problems.json"])

    small["files_metadata"]["FS1"]["IV"].pop()
    assert run("extract", write(small), "-o", out).code == 0
    assert sorted(contents(out)) == THREE


def test_notes_are_no_problem(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    ran = run("extract", write(small | {"threshold_nvalue_save": 2}), "-o", tmp_path / "out")
    assert ran.code == 0
    small["targets"][0]["amplitude"] = 100  # % of rheobase; sag_amplitude has a single cell's value now
    small["files_metadata"]["FS1"].pop("IV")
    ran = run("extract", write(small | {"threshold_nvalue_save": 2}), "-o", tmp_path / "out")
    assert "note" in ran.err


def test_json_holds_results_paths_and_problems(
    run: Run, write: Write, small: dict, tmp_path: pathlib.Path
) -> None:
    small["targets"].append({"efeature": "AP_amplitud", "protocol": "IV", "amplitude": -100, "tolerance": 10})
    ran = run("extract", write(small), "-o", tmp_path / "out", "--json")
    found = ran.document
    assert (ran.code, ran.err) == (1, "")
    assert (found["status"], found["exit_code"]) == ("problems", 1)
    assert found["output_directory"] == str(tmp_path / "out")
    assert found["features"] == json.loads((tmp_path / "out/features.json").read_text(encoding="utf-8"))
    assert found["protocols"] == json.loads((tmp_path / "out/protocols.json").read_text(encoding="utf-8"))
    assert [cell["name"] for cell in found["cells"]] == CELLS
    assert {pathlib.Path(path).name for path in found["files"]} == {*THREE, "problems.json"}
    assert "Did you mean 'AP_amplitude'?" in found["problems"][0]["message"]


def test_quiet_prints_problems_only(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    small["files_metadata"]["FS1"]["IV"].append({"filepath": "absent.nwb"})
    ran = run("extract", write(small), "-o", tmp_path / "out", "--quiet")
    assert ran.out == ""
    assert "absent.nwb" in ran.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"plott": True}, "Did you mean 'plot'?"),
        ({"files_metadata": {}}, "files_metadata is empty"),
        ({"files_metadata": {"c": {"IV": []}}}, "names no file"),
        ({"files_metadata": {"c": {"IV": [{"filepath": "absent.nwb"}]}}}, "no recording could be read"),
        (
            {"files_metadata": {"c": {"IV": ["absent.nwb"]}}},
            "file 1: the metadata of a file must be in braces",
        ),
        ({"protocol_mode": "men"}, "Did you mean 'mean'?"),
        ({"rheobase_strategy": "absolut"}, "Did you mean 'absolute'?"),
        ({"efel_settings": {"Treshold": -20}}, "Did you mean 'Threshold'?"),
        ({"efel_settings": {"strict_stiminterval": "False"}}, "without quotes"),
        ({"targets": [{"efeature": "voltage_bas"}]}, "targets, number 1: the target has no 'protocol'"),
        (
            {"targets": [{"efeature": "voltage_bas", "protocol": "IV", "amplitude": 1, "tolerance": 1}]},
            "none of the targets can be used",
        ),
        ({"targets": {"IV": {"amplitudes": [1]}}}, "must hold lists"),
        ({"targets": {"efeature": "voltage_base"}}, "make them a list"),
        ({"auto_targets": "default"}, "both targets and auto_targets"),
        ({"rheobase_values": {"RS11": 0.1}}, "Did you mean 'RS1'?"),
    ],
)
def test_unusable_configs(
    run: Run, write: Write, small: dict, tmp_path: pathlib.Path, change: dict, told: str
) -> None:
    folder = tmp_path / "out"
    if "files_metadata" in change:
        small = {"targets": small["targets"]}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(small | change), encoding="utf-8", newline="\n")
    ran = run("extract", path, "-o", folder)
    assert ran.code == 2
    assert told in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert not folder.exists() or contents(folder) == {}
    failed = run("extract", path, "-o", folder, "--json")
    assert failed.document["status"] == "unusable"
    assert told in failed.document["error"]


def test_our_own_failures_are_not_taken_for_the_users(
    run: Run, write: Write, small: dict, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(chosen: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(command, "_options", fail)
    ran = run("extract", write(small), "-o", tmp_path / "out")
    assert ran.code == 3
    assert "please report" in ran.err
    assert "ZeroDivisionError: of ours" in ran.err
    assert run("extract", write(small), "-o", tmp_path / "out", "--json").document["status"] == "failed"


def test_figures(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    small["files_metadata"] = {"FS1": {"IV": small["files_metadata"]["FS1"]["IV"]}}
    small |= {"absolute_amplitude": True, "plot": True, "write_files": False}
    small["targets"] = [{"efeature": "voltage_base", "protocol": "IV", "amplitude": -0.1, "tolerance": 0.1}]
    ran = run("extract", write(small), "-o", tmp_path / "out", "--json")
    assert ran.code == 0
    drawn = [pathlib.Path(path) for path in ran.document["figures"]]
    assert drawn
    assert sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file()) == sorted(drawn)
    assert all(path.read_bytes().startswith(b"%PDF") for path in drawn)
    told = " ".join(run("extract", write(small), "-o", tmp_path / "out").out.split())
    assert f"{len(drawn)} figures as PDF, most in FS1" in told


def test_pickles(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    import pickle

    ran = run("extract", write(small | {"pickle_cells": True}), "-o", tmp_path / "out")
    assert ran.code == 0
    cells = pickle.loads((tmp_path / "out" / "cells.pkl").read_bytes())
    assert [cell.name for cell in cells] == CELLS
    assert len(cells[0].recordings[0].voltage) == 8000


def test_samples_in_a_process_of_their_own(tmp_path: pathlib.Path) -> None:
    with process("extract", "--sample", "-o", tmp_path / "out", "--json") as sample:
        out, err = sample.communicate(timeout=120)
    found = json.loads(out)
    assert (sample.returncode, err) == (0, "")
    assert [cell["name"] for cell in found["cells"]] == datasets.sample_cells()
    targets = datasets.sample_targets()
    assert set(found["features"]) == {f"{t['protocol']}_{t['amplitude']}" for t in targets}
    assert sorted(contents(tmp_path / "out")) == THREE


def test_what_libraries_print_is_not_in_the_json(shared_data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The voltage of these files is taken for a current, on which LAPACK complains on standard output."""
    config = config_of_case(shared_data, "abf1_current_first_by_unit")
    (tmp_path / "noisy.py").write_text(
        "import os\n"
        "from efewidgets.engine.readers import axon_reader\n"
        "def read(metadata):\n"
        "    print('python speaks')\n"
        "    os.system('echo a child speaks')\n"
        "    return axon_reader(metadata)\n",
        encoding="utf-8",
        newline="\n",
    )
    (tmp_path / "config.json").write_text(
        json.dumps(config | {"recording_reader": "noisy:read"}), encoding="utf-8", newline="\n"
    )
    for jobs in (1, 2):
        with process(
            "extract", tmp_path / "config.json", "-o", tmp_path / "out", "--json", "--jobs", jobs
        ) as worker:
            out, err = worker.communicate(timeout=120)
        assert json.loads(out)["exit_code"] == worker.returncode
        assert "python speaks" in err
        assert "a child speaks" in err


@pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c(write: Write, tmp_path: pathlib.Path, jobs: int) -> None:
    """The reader tells when it is at work, and gives us time to stop it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "slow.py").write_text(
        "import pathlib, time\n"
        "from efewidgets.engine.readers import nwb_reader\n"
        "def read(metadata):\n"
        f"    pathlib.Path({str(tmp_path / 'started')!r}).touch()\n"
        "    time.sleep(0.3)\n"
        "    return nwb_reader(metadata)\n",
        encoding="utf-8",
        newline="\n",
    )
    config = datasets.sample_config(CELLS) | {"recording_reader": "slow:read"}
    worker = process("extract", write(config), "-o", tmp_path / "out", "--jobs", jobs, start_new_session=True)
    until = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < until, worker.communicate()
        time.sleep(0.02)
    os.killpg(worker.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 130
    assert (out, "Traceback" in err) == ("", False)
    assert "stopped by Ctrl-C" in err
    assert contents(tmp_path / "out") == {}


def test_a_worker_that_dies_is_told(write: Write, tmp_path: pathlib.Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "deadly.py").write_text(
        "import os\ndef read(metadata):\n    os._exit(9)\n", encoding="utf-8", newline="\n"
    )
    config = datasets.sample_config(CELLS) | {"recording_reader": "deadly:read"}
    with process("extract", write(config), "-o", tmp_path / "out", "--jobs", 2) as worker:
        _, err = worker.communicate(timeout=300)
    assert worker.returncode == 2
    assert "Try fewer processes" in err


def test_jobs_must_be_positive(run: Run, write: Write, small: dict, tmp_path: pathlib.Path) -> None:
    ran = run("extract", write(small), "-o", tmp_path / "out", "--jobs", 0)
    assert ran.code == 2
    assert "--jobs must be at least 1" in ran.err


def test_workers_are_for_much_work_only(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from efewidgets.cli import workers

    monkeypatch.setattr(workers, "cores", lambda: 8)
    big = tmp_path / "big.nwb"
    with big.open("wb") as file:
        file.truncate(100_000_000)
    few = {"c": {"IV": [{"filepath": "absent.nwb"}]}}
    many = {"c": {"IV": [{"filepath": "absent.nwb"}] * 1000}}
    assert workers.choose_jobs(None, few) == 1
    assert workers.choose_jobs(None, many) == 8
    assert workers.choose_jobs(None, {"c": {"IV": [{"filepath": str(big)}]}}) == 8
    assert workers.choose_jobs(3, few) == 3
    with pytest.raises(EfeError):
        workers.choose_jobs(-1, few)
