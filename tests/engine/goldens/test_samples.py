"""The sample cells through our engine, against what BluePyEfe 2.3.63 made of them; needs no data but the project's."""

from __future__ import annotations

import json
import pathlib

import pytest

from efewidgets import datasets
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.stages.options import Options
from efewidgets.engine.targets.automatic import default_auto_targets
from tests.compare import differences
from tests.engine.goldens.cases import FILES, NOT_OPTIONS, null, outputs

GOLDENS = pathlib.Path(__file__).parents[2] / "goldens_samples"


@pytest.mark.parametrize("name", sorted(p.name for p in GOLDENS.iterdir() if p.is_dir()))
def test_same_as_peer(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(datasets.sample_folder())
    arguments = json.loads((GOLDENS / name / "config.json").read_text(encoding="utf-8"))["arguments"]
    if arguments.get("auto_targets") == "default":
        arguments["auto_targets"] = default_auto_targets()
    options = Options(**{k: v for k, v in arguments.items() if k not in NOT_OPTIONS})
    result = run_extraction(options, run)
    made = outputs(result)
    for file in FILES:
        golden = null(json.loads((GOLDENS / name / f"{file}.json").read_text(encoding="utf-8")))
        assert not differences(golden, made[file], file)
    assert not [problem for problem in result.problems if problem.severity == "error"]
