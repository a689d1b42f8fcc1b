"""Visitors can't read or write outside, whatever way they try."""

from __future__ import annotations

import json
import os

import pytest

from efewidgets import datasets
from efewidgets.app.begin import fence_of, is_name, new_name, open_session
from efewidgets.app.fence import Fence
from efewidgets.app.settings import Settings
from efewidgets.engine.problems import EfeError


@pytest.fixture
def places(tmp_path):
    for name in ("root", "scratch", "secret"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret" / "cell.nwb").write_bytes(b"")
    (tmp_path / "root" / "cell.nwb").write_bytes(b"")
    (tmp_path / "root" / "link.nwb").symlink_to(tmp_path / "secret" / "cell.nwb")
    (tmp_path / "root2").mkdir()
    return tmp_path


@pytest.fixture
def fence(places):
    return Fence(places / "root", places / "scratch")


@pytest.mark.parametrize(
    "path",
    ["../secret/cell.nwb", "link.nwb", "/etc/passwd", "~/x", "../root2/x", "a/../../secret/cell.nwb", "x\0y"],
)
def test_paths_outside_are_refused(fence, path, caplog):
    with pytest.raises(EfeError):
        fence.readable(path)
    with pytest.raises(EfeError):
        fence.writable(path if path != "link.nwb" else "../root/link.nwb")
    if "\0" not in path:
        assert "refused" in caplog.text


def test_paths_inside_are_given_back(fence, places):
    assert fence.readable("cell.nwb") == places / "root" / "cell.nwb"
    assert fence.readable(places / "scratch" / "x") == places / "scratch" / "x"
    assert fence.writable("x.json") == places / "scratch" / "x.json"


def test_nothing_is_written_without_a_scratch_folder(places):
    with pytest.raises(EfeError, match="download"):
        Fence(places / "root").writable("x.json")


def test_without_a_root_there_is_no_fence(places):
    assert Fence().readable(places / "secret") == places / "secret"


def config(path) -> dict:
    return {
        "files_metadata": {"c": {"IV": [{"filepath": str(path)}]}},
        "targets": [{"efeature": "sag_amplitude", "protocol": "IV", "amplitude": -100, "tolerance": 10}],
        "protocols_rheobase": ["IV"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"files_metadata": {"c": {"IV": [{"filepath": "../secret/cell.nwb"}]}}},
        {"files_metadata": {"c": {"IV": [{"filepath": "link.nwb"}]}}},
        {"files_metadata": {"c": {"IV": [{"i_file": "/etc/passwd", "v_file": "cell.nwb"}]}}},
        {"output_directory": "../secret"},
        {"output_directory": "."},
        {"recording_reader": "os:system"},
    ],
)
def test_sessions_that_reach_outside_are_refused(fence, places, change, caplog):
    path = places / "root" / "session.json"
    path.write_text(json.dumps(config("cell.nwb") | change), encoding="utf-8", newline="\n")
    with pytest.raises(EfeError):
        open_session(path, fence)
    assert "refused" in caplog.text


def test_a_session_outside_is_not_read(fence, places):
    path = places / "secret" / "session.json"
    path.write_text(json.dumps(config(places / "root" / "cell.nwb")), encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match="out of reach"):
        open_session(path, fence)


def test_the_sample_cells_are_within_every_fence(places):
    settings = Settings(root=str(places / "root"), scratch=str(places / "scratch"))
    fence = fence_of(settings, new_name())
    assert fence.readable(datasets.sample_folder() / "RS1.nwb").is_file()
    path = places / "root" / "session.json"
    path.write_text(json.dumps(config(datasets.sample_folder() / "RS1.nwb")), encoding="utf-8", newline="\n")
    with open_session(path, fence) as state:
        assert len(state.inputs.cells) == 1


def test_names_of_visits_lead_nowhere_else():
    assert all(is_name(new_name()) for _ in range(100))
    for wrong in ("", "..", "../../../../../etc", "a" * 15 + "/", "a" * 15 + ".", "a" * 17, "ä" * 16):
        assert not is_name(wrong)


def test_visits_do_not_see_each_other(places):
    settings = Settings(root=str(places / "root"), scratch=str(places / "scratch"))
    mine, theirs = fence_of(settings, new_name()), fence_of(settings, new_name())
    with pytest.raises(EfeError):
        mine.readable(os.path.join(theirs.scratch, "session.json"))
