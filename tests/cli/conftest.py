"""The command run in this process, and small configs for it."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from efewidgets import datasets
from efewidgets.cli import main

CELLS = ["RS1", "FS1"]


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture) -> Callable[..., Ran]:
    """Run the command with these arguments."""

    def run_command(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def small() -> dict[str, Any]:
    """A config of two sample cells, two protocols and two features, with absolute paths."""
    config = datasets.sample_config(CELLS)
    protocols = ("IDthresh", "IV")
    for cell, files in config["files_metadata"].items():
        config["files_metadata"][cell] = {name: files[name] for name in protocols}
    config["targets"] = [
        {"efeature": efeature, "protocol": "IV", "amplitude": -100, "tolerance": 10}
        for efeature in ("voltage_base", "sag_amplitude")
    ]
    return config


@pytest.fixture
def write(tmp_path: pathlib.Path) -> Callable[..., pathlib.Path]:
    """Write a config into a folder of its own, its paths relative to it."""

    def write_config(config: dict[str, Any], name: str = "config.json") -> pathlib.Path:
        path = tmp_path / "project" / name
        path.parent.mkdir(exist_ok=True)
        for protocols in config.get("files_metadata", {}).values():
            for files in protocols.values():
                for file in files:
                    if os.path.isabs(file.get("filepath", "")):
                        file["filepath"] = os.path.relpath(file["filepath"], path.parent)
        path.write_text(json.dumps(config), encoding="utf-8", newline="\n")
        return path

    return write_config


def config_of_case(shared_data: pathlib.Path, name: str) -> dict[str, Any]:
    """Return a case of the lab's data as a config, its paths absolute."""
    case = json.loads((shared_data / "cases" / name / "config.json").read_text(encoding="utf-8"))
    settings = {key: value for key, value in case["settings"].items() if key != "recording_reader"}
    kept = ("files_metadata", "targets", "auto_targets", "protocols_rheobase")
    config = {key: case[key] for key in kept if case.get(key) is not None} | settings
    for protocols in config["files_metadata"].values():
        for files in protocols.values():
            for file in files:
                for key in {"filepath", "v_file", "i_file"} & set(file):
                    file[key] = str(shared_data / "recordings" / file[key])
    return config
