"""Keys in the metadata of recordings: those that mean nothing are told, with the nearest one that does."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from efewidgets import ExtractionState
from efewidgets.cli import main
from efewidgets.engine.problems import EfeError, misspelt
from efewidgets.engine.readers import read_matlab, register_reader, registry
from efewidgets.engine.recordings import ecodes
from efewidgets.engine.recordings.ecodes import Step, register_ecode
from efewidgets.engine.recordings.metadata import sweep_keys
from efewidgets.engine.recordings.reading import read_file
from efewidgets.extract import read_recordings

REST_MV = -70.0


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    """A sweep of 60 ms at −70 mV, with a step of 0.1 nA and 10 mV from 20 to 40 ms."""
    time = np.arange(600) * 0.1
    on = (time >= 20) & (time < 40)
    table = np.c_[time, np.where(on, REST_MV + 10, REST_MV), np.where(on, 100.0, 0.0)]
    found = tmp_path / "a.csv"
    np.savetxt(found, table, delimiter=",", header="Time (ms),V (mV),I (pA)", comments="")
    return found


def sweep(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """A reader of one's own: the same sweep, whatever the metadata."""
    current = np.where((np.arange(600) >= 200) & (np.arange(600) < 400), 0.1, 0.0)
    units = {"dt": 0.1, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return [{"voltage": REST_MV + 100 * current, "current": current} | units]


def rest(recordings: list) -> float:
    return float(np.median(recordings[0].voltage[:150]))


def test_the_junction_potential_is_subtracted(path: pathlib.Path) -> None:
    recordings, problems = read_file({"filepath": str(path), "ljp": 14.0}, "Step")
    assert (rest(recordings), problems) == (-84.0, [])


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("lpj", "ljp"),
        ("LJP", "ljp"),
        ("t_on", "ton"),
        ("t_off", "toff"),
        ("vunit", "v_unit"),
        ("file_path", "filepath"),
        ("ecodes", "ecode"),
        ("colums", "columns"),
        ("hyp_amp", "hypamp"),
    ],
)
def test_a_misspelt_key_is_an_error_with_the_nearest_name(path: pathlib.Path, key: str, meant: str) -> None:
    (cell,) = read_recordings({"c": {"Step": [{"filepath": str(path), key: 14.0}, {"filepath": str(path)}]}})
    wrong = [problem for problem in cell.all_problems() if problem.severity == "error"]
    assert [problem.file for problem in wrong] == [str(path)]
    assert f"no entry {key!r}. Did you mean {meant!r}?" in wrong[0].message
    assert rest(cell.recordings) == REST_MV


def test_a_script_s_key_like_no_other_is_told_and_the_file_is_read(path: pathlib.Path) -> None:
    recordings, problems = read_file({"filepath": str(path), "species": "rat"}, "Step")
    assert rest(recordings) == REST_MV
    assert [problem.severity for problem in problems] == ["warning"]
    assert "no entry 'species'" in problems[0].message


@pytest.mark.parametrize("metadata", [{"lpj": 14.0}, {"species": "rat"}, {"sweeps": {"V (mV)": {"t_on": 3}}}])
def test_a_config_with_such_a_key_is_refused_everywhere(
    path: pathlib.Path, metadata: dict[str, Any], capsys: pytest.CaptureFixture
) -> None:
    config = path.with_name("config.json")
    file = {"filepath": path.name} | metadata
    config.write_text(json.dumps({"files_metadata": {"c": {"Step": [file]}}}), encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match=r"cell 'c', protocol 'Step', file 1: .* no entry") as refused:
        ExtractionState.load(config)
    for command in (["check"], ["extract", "-o", str(path.with_name("out"))]):
        assert main([*command, str(config), "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["error"] == str(refused.value)


def test_an_edit_with_such_a_key_is_refused(path: pathlib.Path) -> None:
    state = ExtractionState()
    (identity,) = state.add_files("c", "Step", [str(path)])
    with pytest.raises(EfeError, match=r"no entry 'lpj'\. Did you mean 'ljp'"):
        state.set_metadata(identity, lpj=14.0)
    with pytest.raises(EfeError, match="no entry 'lpj'"):
        state.add_files("c", "Step", [{"filepath": str(path), "lpj": 14.0}])
    state.set_metadata(identity, ljp=14.0)


def test_what_one_format_reads_another_does_not(tmp_path: pathlib.Path) -> None:
    _, problems = read_file({"filepath": str(tmp_path / "x.abf"), "v_chanel": 1}, "Step")
    assert "Did you mean 'v_channel'?" in problems[0].message
    _, problems = read_file({"filepath": str(tmp_path / "x.nwb"), "v_channel": 1}, "Step")
    assert [problem.severity for problem in problems] == [
        "warning",
        "error",
    ]  # like no other key of NWB files
    assert "no entry 'v_channel'" in problems[0].message
    assert "there is no file" in problems[1].message


def test_a_reader_of_one_s_own_takes_any_key(path: pathlib.Path) -> None:
    recordings, problems = read_file({"filepath": str(path), "lpj": 14.0, "gain": 3}, "Step", sweep)
    assert (rest(recordings), problems) == (REST_MV, [])


def test_a_reader_that_declares_its_keys_is_asked_for_no_other(path: pathlib.Path) -> None:
    def declaring(metadata: dict[str, Any]) -> list[dict[str, Any]]:
        return sweep(metadata)

    declaring.metadata_keys = ("electrode",)  # type: ignore[attr-defined]
    assert read_file({"filepath": str(path), "electrode": 2}, "Step", declaring)[1] == []
    _, (problem, *_) = read_file({"filepath": str(path), "elektrode": 2}, "Step", declaring)
    assert "Did you mean 'electrode'?" in problem.message


def test_readers_by_bluepyefe_s_names_declare_theirs(tmp_path: pathlib.Path) -> None:
    _, (problem, *_) = read_file({"filepath": str(tmp_path / "x.mat"), "lpj": 14.0}, "Step", read_matlab)
    assert "Did you mean 'ljp'?" in problem.message


def test_a_registered_reader(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    (tmp_path / "x.rig").write_text("mine", encoding="utf-8", newline="\n")
    metadata = {"filepath": str(tmp_path / "x.rig"), "gian": 3}
    register_reader("our rig", ".rig", sweep)
    assert read_file(metadata, "Step")[1] == []
    monkeypatch.setattr(sweep, "metadata_keys", ["gain"], raising=False)
    register_reader("our rig", ".rig", sweep)
    _, (problem, *_) = read_file(metadata, "Step")
    assert "Did you mean 'gain'?" in problem.message


def test_a_lab_s_own_stimulus_takes_any_key_unless_it_declares_them(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecodes, "eCodes", dict(ecodes.eCodes))
    monkeypatch.setattr(ecodes, "FAMILIES", dict(ecodes.FAMILIES))

    class LabStim(Step):
        pass

    class Declaring(Step):
        metadata_keys = ("shape",)

    for name, family in (("labstim", LabStim), ("declaring", Declaring)):
        register_ecode(name, family)
    timing = {"filepath": str(path), "ton": 20.0, "toff": 40.0}

    def told(metadata: dict[str, Any], protocol: str) -> list[str]:
        return [problem.message for problem in read_file(timing | metadata, protocol)[1]]

    assert not [words for words in told({"shape": 1, "tonn": 3}, "LabStim") if "no entry" in words]
    assert not [words for words in told({"shape": 1}, "Declaring") if "no entry" in words]
    assert "Did you mean 'shape'?" in told({"shpe": 1}, "Declaring")[0]


def test_what_may_be_said_of_a_sweep() -> None:
    timings = {"ton", "tmid", "tmid2", "toff", "t1", "t2", "t3", "t4", "tend"}
    levels = {"amp", "amp2", "hypamp", "ljp", "v_corr"}
    assert timings | levels | {"dt", "t_unit", "v_unit", "i_unit", "ecode"} <= set(sweep_keys())


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"filepath": ["a.csv"]}, 'filepath must be the path of a file, in quotes, but is ["a.csv"]'),
        ({"filepath": "a\0.csv"}, "can't hold the character NUL"),
        ({"v_file": "v.ibw", "i_file": 5}, "i_file must be the path of a file"),
        ({"filepath": "a.csv", "ton": 10**400}, "beyond 1e+15, the largest that is taken"),
        ({"filepath": "a.csv", "dt": 10**5000}, "a int that is too large to be shown"),
        ({"filepath": "a.csv", "ljp": float("inf")}, "ljp must be a number in mV"),
        ({"filepath": "a.csv", "amplitudes": "3"}, "amplitudes must be a list of numbers"),
        ({"filepath": "a.csv", "sweeps": ["a"]}, "sweeps must be"),
        ({"filepath": "a.csv", "sweeps": {"a": {"exclude": 3}}}, "sweep 'a': exclude must be the reason"),
    ],
)
def test_values_of_another_kind_are_a_problem_of_that_file(
    path: pathlib.Path, metadata: dict[str, Any], told: str
) -> None:
    (cell,) = read_recordings({"c": {"Step": [metadata, {"filepath": str(path)}]}})
    assert told in cell.problems[0].message
    assert len(cell.recordings) == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lpj", "ljp"),  # two exchanged
        ("tonn", "ton"),  # one too many
        ("to", "ton"),  # one too few
        ("amq", "amp"),  # another one
        ("T_OFF", "toff"),
        ("protocl_nmae", "protocol_name"),
        ("date", None),  # two characters more than dt
        ("filename", None),
        ("species", None),
        ("rate", None),
    ],
)
def test_what_is_a_slip_and_what_another_word(name: str, meant: str | None) -> None:
    names = ["ljp", "ton", "toff", "amp", "protocol_name", "dt", "filepath", "sweeps"]
    assert misspelt(name, names) == meant
