"""Each key of a config with each kind of value: `load`, `check` and `extract` refuse the same in the same words."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.engine.config.keys import BESIDES, GOAL, OPTIONS
from efewidgets.engine.problems import EfeError
from efewidgets.engine.readers import registry
from efewidgets.engine.recordings.metadata import sweep_keys
from efewidgets.engine.targets.targets import TARGET

from .conftest import Ran

Run = Callable[..., Ran]

DEEP = "[" * 10_000 + "1" + "]" * 10_000
FAR_TOO_LARGE = "1" + "0" * 400

# What a person may write by mistake, as it stands in JSON.
VALUES: dict[str, str] = {
    "null": "null",
    "truth": "true",
    "number": "3",
    "fraction": "2.5",
    "large": "1e40",
    "huge": FAR_TOO_LARGE,
    "infinite": "1e999",
    "digits": "1" * 5000,
    "nan": "NaN",
    "text": '"x"',
    "empty": '""',
    "nul": '"a\\u0000b"',
    "list": "[1]",
    "names": '["x"]',
    "dict": '{"x": 1}',
    "nested": '{"x": {"y": [{}]}}',
    "deep": DEEP,
    "deepish": "[" * 500 + "]" * 500,
}
NUMBERS = {"null", "number", "fraction"}
TEXTS = {"null", "text", "empty"}
NAME = TEXTS - {"empty"}
DICTS = {"null", "dict", "nested"}
LISTS = {"null", "list", "names"}

# Which of them each key takes, by its documentation.
TOP: dict[str, set[str]] = {
    "files_metadata": {"nested"},  # what is in it is looked at below
    "targets": {"null"},
    "protocols_rheobase": TEXTS | {"names"},
    "absolute_amplitude": {"null", "truth"},
    "recording_reader": {"null"},
    "protocol_mode": TEXTS,
    "efel_settings": DICTS,
    "rheobase_strategy": TEXTS,
    "rheobase_settings": DICTS,
    "rheobase_values": {"null", "dict"},
    "models": {"null", "names"},
    "auto_targets": {"null"},
    "threshold_nvalue_save": {"null", "number"},
    "default_std_value": NUMBERS,
    "save_files_used": {"null", "truth"},
    "output_directory": NAME,
    "write_files": {"null", "truth"},
    "plot": {"null", "truth"},
    "extract_per_cell": {"null", "truth"},
    "low_memory_mode": {"null", "truth"},
    "pickle_cells": {"null", "truth"},
    "export": {"null"},
    "schema_version": {"null"},
    "state": DICTS,
    "comment": set(VALUES) - {"digits", "nan", "deep", "deepish"},
}
METADATA: dict[str, set[str]] = {
    **dict.fromkeys(sweep_keys(), NUMBERS),
    **dict.fromkeys(("t_unit", "v_unit", "i_unit", "ecode"), TEXTS),
    **dict.fromkeys(("filepath", "v_file", "i_file"), NAME),
    "protocol_name": TEXTS | {"names"},
    "columns": DICTS,
    "amplitudes": {"null", "list"},
    "sweeps": {"null", "nested"},
    "comment": TOP["comment"],
}
OF_TARGET: dict[str, set[str]] = {
    "efeature": {"text"},
    "protocol": {"text"},
    "amplitude": NUMBERS - {"null"},
    "tolerance": NUMBERS - {"null"},
    "efel_settings": DICTS,
    "efeature_name": TEXTS,
    "location": NAME,
    "weight": NUMBERS,
    "min_values": {"null", "number"},
    "role": {"null"},
}
OF_GOAL: dict[str, set[str]] = {
    "protocols": {"names"},
    "amplitudes": {"list"},
    "efeatures": {"names"},
    "min_recordings_per_amplitude": {"null", "number"},
    "preferred_number_protocols": {"null", "number"},
    "tolerance": NUMBERS,
}
TABLES = {"top": TOP, "metadata": METADATA, "sweep": METADATA, "target": OF_TARGET, "goal": OF_GOAL}
CASES = [
    (table, key) for table, keys in TABLES.items() for key in (sweep_keys() if table == "sweep" else keys)
]


@pytest.fixture
def recording(tmp_path: pathlib.Path) -> pathlib.Path:
    """A sweep of 60 ms: −70 mV, and a step of 0.1 nA from 20 to 40 ms."""
    time = np.arange(600) * 0.1
    on = (time >= 20) & (time < 40)
    table = np.c_[time, np.where(on, -60.0, -70.0), np.where(on, 100.0, 0.0)]
    path = tmp_path / "a.csv"
    np.savetxt(path, table, delimiter=",", header="Time (ms),V (mV),I (pA)", comments="")
    return path


def plain(tmp_path: pathlib.Path) -> dict[str, Any]:
    target = {"efeature": "voltage_base", "protocol": "Step", "amplitude": 0.1, "tolerance": 0.05}
    return {
        "files_metadata": {"c": {"Step": [{"filepath": "a.csv"}]}},
        "targets": [target],
        "absolute_amplitude": True,
        "output_directory": "out",
    }


def with_value(table: str, key: str, value: str, tmp_path: pathlib.Path) -> str:
    """Return a config as JSON in which one value is another."""
    config, mark = plain(tmp_path), "the mark"
    file = config["files_metadata"]["c"]["Step"][0]
    if table == "top":
        config[key] = mark
    elif table == "metadata":
        file[key] = mark
    elif table == "sweep":
        file["sweeps"] = {"V (mV)": {key: mark}}
    elif table == "target":
        config["targets"][0][key] = mark
    else:
        del config["targets"], config["absolute_amplitude"]
        goal = {"protocols": ["Step"], "amplitudes": [100], "efeatures": ["voltage_base"]}
        config["auto_targets"] = [goal | {key: mark}]
    return json.dumps(config).replace(json.dumps(mark), value)


def loaded(path: pathlib.Path) -> str | None:
    try:
        ExtractionState.load(path)
    except EfeError as error:
        return str(error)
    return None


def said(ran: Any) -> str:
    return str(ran.document.get("error"))


def test_the_tables_know_every_key() -> None:
    keys = {key for known in registry._BUILT_IN for key in (known.keys or ())}
    assert set(TOP) == {*OPTIONS, *BESIDES}
    assert set(OF_TARGET) == set(TARGET)
    assert set(OF_GOAL) == set(GOAL)
    assert set(METADATA) - {"columns", "amplitudes"} <= {
        *sweep_keys(),
        "comment",
        "sweeps",
        "protocol_name",
    } | {
        "filepath",
        "v_file",
        "i_file",
    }
    assert {"columns", "amplitudes"} <= keys


@pytest.mark.parametrize(("table", "key"), CASES, ids=[f"{table}-{key}" for table, key in CASES])
def test_a_wrong_kind_is_refused_alike(
    run: Run, recording: pathlib.Path, tmp_path: pathlib.Path, table: str, key: str
) -> None:
    path = tmp_path / "config.json"
    for name, value in VALUES.items():
        path.write_text(with_value(table, key, value, tmp_path), encoding="utf-8", newline="\n")
        refused = loaded(path)
        if name in TABLES[table][key]:
            continue  # perhaps no sense, but the right kind
        assert refused is not None, name
        for command in ("check", "extract"):
            ran = run(command, path, "--json")
            assert (ran.code, said(ran)) == (2, refused), (name, command)
        assert str(path) in refused


@pytest.mark.parametrize(("table", "key"), CASES, ids=[f"{table}-{key}" for table, key in CASES])
def test_whatever_a_key_takes_ends_in_words(
    run: Run, recording: pathlib.Path, tmp_path: pathlib.Path, table: str, key: str
) -> None:
    path = tmp_path / "config.json"
    for name in sorted(TABLES[table][key]):
        path.write_text(with_value(table, key, VALUES[name], tmp_path), encoding="utf-8", newline="\n")
        refused = loaded(path)
        for command in ("check", "extract"):
            ran = run(command, path, "--json")
            assert ran.code in (0, 1, 2), (name, command, ran.document)
            told = json.dumps(ran.document)
            assert not [
                word for word in ("Traceback", "TypeError", "ValueError: ", "AttributeError") if word in told
            ]
            if refused is not None:
                assert said(ran) == refused, (name, command)
