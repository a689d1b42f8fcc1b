"""Two pages don't write over each other's session, and a page that reloads has its last edit."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.app import keeper
from efewidgets.app.autosave import Autosave
from efewidgets.engine.systems import files


@pytest.fixture
def state():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as found:
        yield found


@pytest.fixture
def other_page(monkeypatch):
    """``with`` it, what is done is done by another page."""

    def do(act):
        with monkeypatch.context() as patch:
            patch.setattr(keeper, "_US", "another page")
            return act()

    return do


def target(number):
    return [{"efeature": "sag_amplitude", "protocol": "IV", "amplitude": number, "tolerance": 10}]


def amplitude(path):
    return json.loads(path.read_text(encoding="utf-8"))["targets"][0]["amplitude"]


def test_the_page_that_opened_a_session_last_keeps_it(state, tmp_path, other_page, monkeypatch):
    monkeypatch.setattr(keeper, "PATIENCE", 0.1)
    path, moved = tmp_path / "session.json", []
    autosave = Autosave(state, path, moved.append)
    state.set_targets(target(-100))
    autosave.save()
    other_page(lambda: keeper.take(path))
    autosave.save()  # nothing new
    assert not moved
    state.set_targets(target(-60))
    autosave.save()
    assert moved == [2]
    assert (amplitude(path), amplitude(tmp_path / "session-2.json")) == (-100, -60)
    state.set_targets(target(-40))
    autosave.close()
    assert moved == [2]
    assert (amplitude(path), amplitude(tmp_path / "session-2.json")) == (-100, -40)


def test_what_is_looked_at_is_not_worth_a_session_of_its_own(state, tmp_path, other_page, monkeypatch):
    monkeypatch.setattr(keeper, "PATIENCE", 0.1)
    autosave = Autosave(state, tmp_path / "session.json")
    state.set_targets(target(-100))
    autosave.save()
    other_page(lambda: keeper.take(tmp_path / "session.json"))
    state.view.tab = "export"
    autosave.close()
    assert {path.name for path in tmp_path.iterdir()} == {
        "session.json",
        "session.page",
        "session-view.json",
        "session-undo.json",
    }


def test_a_page_that_closes_has_time_for_its_last_edit(tmp_path, other_page):
    path = tmp_path / "session.json"
    other_page(lambda: keeper.take(path))
    threading.Timer(0.3, (tmp_path / "session.page").unlink).start()
    begun = time.monotonic()
    keeper.take(path)
    assert 0.2 < time.monotonic() - begun < keeper.PATIENCE
    assert keeper.keep(path)
    assert not other_page(lambda: keeper.keep(path))


def test_a_session_that_another_program_copies_just_now_is_saved_later(state, tmp_path, monkeypatch):
    path, real, held = tmp_path / "session.json", os.replace, []

    def refused(source, target):
        if pathlib.Path(target) == path and len(held) < 2:
            held.append(target)
            error = PermissionError(13, "The process cannot access the file", str(target))
            error.winerror = 32  # as Windows says it
            raise error
        real(source, target)

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(files, "PATIENCE", 0)  # each try fails at once
    autosave = Autosave(state, path)
    state.set_targets(target(-70))
    end = time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert amplitude(path) == -70
    assert len(held) == 2
    autosave.close()


def test_a_folder_that_was_removed_is_made_again(state, tmp_path):
    path = tmp_path / "visit" / "session.json"
    autosave = Autosave(state, path)
    state.set_targets(target(-100))
    autosave.save()
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    state.set_targets(target(-60))
    autosave.close()
    assert amplitude(path) == -60


def test_the_end_of_python_saves(tmp_path):
    path = tmp_path / "session.json"
    code = f"""
import pathlib
from efewidgets import ExtractionState, datasets
from efewidgets.app.autosave import Autosave
from efewidgets.engine.systems import files
state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
autosave = Autosave(state, pathlib.Path({str(path)!r}))
state.set_targets({target(-60)!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert amplitude(path) == -60
    assert not (tmp_path / "session.page").exists()


def test_names_in_addresses():
    assert keeper.named(keeper.name_of("abc", 1)) == ("abc", 1)
    assert keeper.named(keeper.name_of("abc", 12)) == ("abc", 12)
    for text in ("abc.", "abc.x", "abc.²", "abc.-1", "abc./../x", "abc.123456"):
        assert keeper.named(text) == ("abc", 1)
