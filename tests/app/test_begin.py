"""A lab's own reader: the host's config may bring one, a visitor's session only names that same one."""

from __future__ import annotations

import json
import sys

import pytest

from efewidgets import datasets
from efewidgets.app.begin import fence_of, first_state, open_session, with_reader
from efewidgets.app.settings import Settings
from efewidgets.engine.problems import EfeError

READER = """
from efewidgets.engine.readers import nwb_reader

def read(metadata):
    return nwb_reader(metadata)

def other(metadata):
    return nwb_reader(metadata)
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The settings of a host whose config has a reader of its own."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for folder in ("root", "scratch"):
        (tmp_path / folder).mkdir()
    (tmp_path / "root" / "reader_of_this_lab.py").write_text(READER, encoding="utf-8", newline="\n")
    config = datasets.sample_config(["RS1"]) | {"recording_reader": "reader_of_this_lab:read"}
    path = tmp_path / "root" / "lab.json"
    path.write_text(json.dumps(config, default=str), encoding="utf-8", newline="\n")
    yield Settings(str(path), str(path.parent), str(path.parent), str(tmp_path / "scratch"))
    sys.modules.pop("reader_of_this_lab", None)


def test_a_reload_goes_on_with_the_reader_of_the_host(lab):
    with first_state(lab) as state:
        settings = with_reader(lab, state)
        fence = fence_of(settings, "visit")
        fence.scratch.mkdir()
        state.save(fence.scratch / "session.json")
    # a visitor's module of the same name is not taken
    (fence.scratch / "reader_of_this_lab.py").write_text(
        "raise SystemExit('not this one')", encoding="utf-8", newline="\n"
    )
    for path in (fence.scratch / "session.json", lab.start):
        with open_session(path, fence) as state:
            reader = state.inputs.recording_reader
            assert reader.function is sys.modules["reader_of_this_lab"].read
            assert not str(reader.function.__code__.co_filename).startswith(str(fence.scratch))


@pytest.mark.parametrize("reader", ["reader_of_this_lab:other", "os:system", "reader_of_this_lab:read.x"])
def test_another_reader_is_refused(lab, reader):
    with first_state(lab) as state:
        fence = fence_of(with_reader(lab, state), "visit")
    fence.scratch.mkdir()
    path = fence.scratch / "session.json"
    path.write_text(
        json.dumps({"files_metadata": {}, "recording_reader": reader}), encoding="utf-8", newline="\n"
    )
    with pytest.raises(EfeError, match="can't bring a reader"):
        open_session(path, fence)


def test_without_one_none_may_be_named(lab):
    fence = fence_of(lab, "visit")
    with pytest.raises(EfeError, match="can't bring a reader"):
        open_session(lab.start, fence)
