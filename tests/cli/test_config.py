"""Config files: what they hold, that they survive being written and moved, and that every fault is told."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest

from efewidgets import datasets
from efewidgets.engine import readers
from efewidgets.engine.config.document import (
    config_as_dict,
    dump_config,
    load_config,
    parse_config,
    read_json,
)
from efewidgets.engine.config.keys import OPTIONS
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.extraction.writing import RunSettings
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.parallel import run as run_jobs
from efewidgets.engine.problems import EfeError
from efewidgets.engine.stages.options import Options
from efewidgets.engine.targets.automatic import AutoTarget, default_auto_targets
from efewidgets.extract import extract_efeatures

FILES = {"c": {"IV": [{"filepath": "x.abf"}]}}


def test_keys_are_the_arguments_of_extract_efeatures() -> None:
    import inspect

    arguments = set(inspect.signature(extract_efeatures).parameters) - {"map_function", "executor"}
    assert set(OPTIONS) == arguments | {"export"}  # what a later export is to be, see `export.Choices`


def test_paths_are_relative_to_the_file(tmp_path: pathlib.Path) -> None:
    config = {
        "files_metadata": {
            "c": {"IV": [{"v_file": "a/v.ibw", "i_file": "../i.ibw", "ljp": 14}, {"filepath": "/z.abf"}]}
        },
        "output_directory": "out",
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8", newline="\n")
    options, run = load_config(tmp_path / "config.json")
    first, second = options.files_metadata["c"]["IV"]
    assert first == {"v_file": str(tmp_path / "a/v.ibw"), "i_file": str(tmp_path.parent / "i.ibw"), "ljp": 14}
    assert second == {"filepath": "/z.abf"}
    assert run.output_directory == str(tmp_path / "out")


def test_written_and_read_again_it_is_the_same(tmp_path: pathlib.Path) -> None:
    options = Options(
        files_metadata={"c": {"IV": [{"filepath": str(tmp_path / "rec" / "x.abf"), "dt": np.float32(0.5)}]}},
        protocols_rheobase=["IDthresh"],
        recording_reader=readers.axon_reader,
        protocol_mode="median",
        efel_settings={"Threshold": -10.0, "strict_stiminterval": True},
        rheobase_strategy="majority",
        rheobase_settings={"majority": 0.7},
        rheobase_values={"c": 0.2},
        auto_targets=default_auto_targets()[:1],
        threshold_nvalue_save=3,
        default_std_value=0.5,
        save_files_used=True,
    )
    run = RunSettings(str(tmp_path / "out"), plot=True, extract_per_cell=True, pickle_cells=True)
    dump_config(tmp_path / "config.json", options, run, state={"open tab": 3})
    again, run_again = load_config(tmp_path / "config.json")
    assert config_as_dict(again, run_again) == json.loads(to_json(config_as_dict(options, run)))
    assert run_again == run
    assert again.recording_reader is readers.axon_reader
    written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert written["files_metadata"]["c"]["IV"][0]["filepath"] == "rec/x.abf"
    assert written["output_directory"] == "out"
    assert written["state"] == {"open tab": 3}


def test_a_moved_folder_gives_the_same_numbers(tmp_path: pathlib.Path) -> None:
    here = tmp_path / "here"
    (here / "rec").mkdir(parents=True)
    shutil.copy(datasets.sample_folder() / "FS1.nwb", here / "rec")
    config = datasets.sample_config(["FS1"], folder=here / "rec")
    config["files_metadata"]["FS1"] = {
        name: config["files_metadata"]["FS1"][name] for name in ("IDthresh", "IV")
    }
    dump_config(here / "config.json", *parse_config(config))
    first = run_extraction(load_config(here / "config.json")[0], run_jobs)
    shutil.move(here, tmp_path / "there")
    second = run_extraction(load_config(tmp_path / "there" / "config.json")[0], run_jobs)
    assert first.features
    assert to_json([first.features, first.protocols_dict]) == to_json(
        [second.features, second.protocols_dict]
    )


def test_what_is_not_given_or_null_has_the_default() -> None:
    options, run = parse_config(
        {"files_metadata": FILES, "plot": None, "protocol_mode": None, "targets": None}
    )
    assert (options.protocol_mode, options.targets, run) == ("mean", None, RunSettings())


def test_state_and_comment_are_passed_over() -> None:
    config = {"schema_version": 1, "files_metadata": FILES, "state": {"x": 1}, "comment": ["of mine"]}
    assert parse_config(config, "/a") == parse_config({"files_metadata": FILES}, "/a")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"plott": True}, "no entry 'plott'. Did you mean 'plot'?"),
        ({"plot": "yes"}, 'plot must be true or false, without quotes, but is "yes"'),
        ({"plot": 1}, "plot must be true or false"),
        ({"targets": "IV"}, "targets must be a list of targets"),
        ({"protocols_rheobase": [1]}, "protocols_rheobase must be a list of names"),
        ({"efel_settings": ["Threshold"]}, "efel_settings must be settings in braces"),
        ({"threshold_nvalue_save": 2.5}, "threshold_nvalue_save must be a whole number, but is 2.5"),
        ({"threshold_nvalue_save": True}, "threshold_nvalue_save must be a whole number"),
        ({"default_std_value": "0.1"}, "default_std_value must be a number, without quotes"),
        ({"output_directory": 3}, "output_directory must be the path of a folder, in quotes, but is 3"),
        ({"recording_reader": "axon_readr"}, "no reader 'axon_readr'. Did you mean 'axon_reader'?"),
        ({"recording_reader": "nosuch:read"}, "'nosuch:read' can't be imported: ModuleNotFoundError"),
        ({"recording_reader": "json:nosuch"}, "'json:nosuch' can't be imported: AttributeError"),
        ({"recording_reader": "json:__name__"}, "must be a function, but is str"),
        ({"auto_targets": "all"}, 'auto_targets must be "default", or a list'),
        ({"auto_targets": [3]}, "auto_targets, number 1: it must be in braces, but is 3"),
        ({"auto_targets": [{"protocols": "IV"}]}, "number 1: protocols must be a list of names"),
        ({"auto_targets": [{"protocols": ["IV"], "amplitudes": [1]}]}, "number 1: efeatures is missing"),
        ({"auto_targets": [{"tolerances": 3}]}, "no entry 'tolerances'. Did you mean 'tolerance'?"),
        ({"schema_version": 2}, "schema_version is 2, but this efewidgets knows 1"),
        ({"files_metadata": None}, "files_metadata is missing"),
        ({"files_metadata": []}, "files_metadata must be cells in braces"),
        ({"rheobase_values": {"c": "0.2"}}, "rheobase_values must be rheobases"),
        ({"files_metadata": {"c\0": {}}}, "the name of a cell must be a name in quotes"),
        ({"files_metadata": {" ": {}}}, "the name of a cell must be a name in quotes"),
        (
            {"files_metadata": {"c": {"I\0V": []}}},
            "cell 'c': the name of a protocol must be a name in quotes",
        ),
    ],
)
def test_each_fault_is_told(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(EfeError) as caught:
        parse_config({"files_metadata": FILES} | entry)
    assert told in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(EfeError) as caught:
        parse_config({"files_metadata": FILES, "plot": "yes", "jobs": 3, "protocol_mode": 1})
    assert [word in str(caught.value) for word in ("plot", "jobs", "protocol_mode")] == [True] * 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n "a": [1, 2,\n}', ["Line 3, column 1"]),
        ('{"a": 1 "b": 2}', ["Line 1, column 9", "delimiter", "\n          ^"]),
        ('{"IV": 1, "IV": 2}', ["'IV' stands twice"]),
        ('{"a": NaN}', ["NaN is no number"]),
        ("", ["file is empty"]),
        ("[" * 100_000, ["nested too deeply"]),
        ("[1]", ["must be one dictionary"]),
        (b"\xff\xfe\x00", ["not a text file in UTF-8"]),
    ],
)
def test_broken_files(tmp_path: pathlib.Path, text: str | bytes, told: list[str]) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EfeError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert [part for part in told if part not in str(caught.value)] == []


def test_missing_file_and_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(EfeError, match="there is no such file"):
        load_config(tmp_path / "absent.json")
    with pytest.raises(EfeError, match="can't be read"):
        load_config(tmp_path)


def test_a_byte_order_mark_is_no_fault(tmp_path: pathlib.Path) -> None:
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf{}")
    assert read_json(tmp_path / "bom.json") == {}


def test_config_of_bluepyefe_1_is_recognised() -> None:
    with pytest.raises(EfeError, match="convert-legacy"):
        parse_config({"cells": {}, "features": {}, "options": {}, "path": ""})


def test_auto_targets() -> None:
    goal = {
        "protocols": ["IV"],
        "amplitudes": [-50, -100.0],
        "efeatures": ["sag_amplitude"],
        "tolerance": None,
    }
    options, _ = parse_config({"files_metadata": FILES, "auto_targets": [goal]})
    (target,) = options.auto_targets or ()
    assert isinstance(target, AutoTarget)
    assert (target.protocols, target.amplitudes, target.tolerance) == (["IV"], [-50, -100.0], 10)
    options, _ = parse_config({"files_metadata": FILES, "auto_targets": "default"})
    assert [goal.efeatures for goal in options.auto_targets or ()] == [
        goal.efeatures for goal in default_auto_targets()
    ]
    assert config_as_dict(options)["auto_targets"] == "default"


def test_reader_from_a_module_beside_the_config(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "readers_of_our_lab.py").write_text(
        "def read(metadata):\n    return [metadata]\n", encoding="utf-8", newline="\n"
    )
    options, _ = parse_config(
        {"files_metadata": FILES, "recording_reader": "readers_of_our_lab:read"}, tmp_path
    )
    assert options.recording_reader is not None
    assert options.recording_reader({"a": 1}) == [{"a": 1}]
    assert config_as_dict(options)["recording_reader"] == "readers_of_our_lab:read"


def test_registered_reader_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from efewidgets.engine.readers import registry

    monkeypatch.setattr(registry, "_registered", {})

    def read_nothing(metadata: dict[str, Any]) -> list:
        return []

    readers.register_reader("our rig", ".rig", read_nothing)
    options, _ = parse_config({"files_metadata": FILES, "recording_reader": "our rig"})
    assert options.recording_reader is read_nothing
    assert config_as_dict(options)["recording_reader"] == "our rig"


def test_a_reader_without_a_name_cannot_be_written() -> None:
    with pytest.raises(EfeError, match="make it a function in a module"):
        config_as_dict(Options(files_metadata=FILES, recording_reader=lambda metadata: []))
