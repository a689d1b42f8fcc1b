"""The page that waits for its visitor: made beforehand in the process that kernels are copies of, and taken over."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from efewidgets import datasets
from efewidgets.app import begin, page
from efewidgets.app.settings import Settings
from efewidgets.engine.guard import set_guard
from efewidgets.engine.problems import EfeError
from efewidgets.state import ExtractionState


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A lab's dashboard on the sample cells; its own folder is the root."""
    (tmp_path / "root").mkdir()
    settings = Settings(
        folder=str(tmp_path / "root"), root=str(tmp_path / "root"), scratch=str(tmp_path / "scratch")
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(page, "end_sooner", lambda: None)  # these tests are to live
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page, "_PREPARED", {})
    monkeypatch.setattr(page, "_READY", [])
    monkeypatch.setattr(page, "BEFOREHAND", 600.0)  # a machine may be busy
    begin.hurried.set()
    yield settings
    begin.hurried.clear()
    for _, _, dashboard in page._READY:
        dashboard.close()
    set_guard(None)


def visits(tmp_path):
    scratch = tmp_path / "scratch"
    return {path.name for path in scratch.iterdir()} - {"cache"} if scratch.is_dir() else set()


def test_a_page_made_beforehand_becomes_that_of_a_visit_of_its_own(served, tmp_path):
    page.prepare(served)
    ((_, (_, before, made)),) = page._PREPARED.values()
    page.warm()
    ((_, name, dashboard),) = page._READY
    assert dashboard is made
    assert name != before
    assert visits(tmp_path) == set(), "nothing is kept of who hasn't come"
    folder = tmp_path / "scratch" / name
    assert dashboard.fence.scratch == folder
    dashboard.state.set_rheobase("RS1", 0.123)
    dashboard.reasons.used("a bee")
    dashboard.keep()
    assert visits(tmp_path) == {name}
    kept = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert kept["rheobase_values"] == {"RS1": 0.123}
    assert "a bee" in (folder / "reasons.json").read_text(encoding="utf-8")
    assert str(dashboard.parts["FileSelector"].upload.inbox.folder).startswith(str(folder))
    theirs = tmp_path / "scratch" / before / "session.json"
    with pytest.raises(EfeError, match="out of reach"):
        dashboard.fence.readable(theirs)


def test_it_is_made_once_and_the_next_page_is_another(served):
    page.prepare(served)
    page.warm()
    page.warm()
    (_, first, one), (_, second, other) = page._READY
    assert one is not other
    assert first != second
    assert one.fence.scratch != other.fence.scratch


def lab(served, tmp_path, **other):
    """Write a lab's config and recordings; return how its page is served, the config and the first recording."""
    folder = tmp_path / "root" / "lab"
    shutil.copytree(datasets.sample_folder(), folder)
    config = folder / "config.json"
    text = json.dumps(datasets.sample_config() | other, default=str)
    text = text.replace(json.dumps(str(datasets.sample_folder()))[1:-1], json.dumps(str(folder))[1:-1])
    config.write_text(text, encoding="utf-8", newline="\n")
    return dataclasses.replace(served, start=str(config)), config, min(folder.rglob("*.nwb"))


def test_a_labs_page_is_made_beforehand_too(served, tmp_path):
    settings, _, _ = lab(served, tmp_path)
    page.prepare(settings)
    ((_, (_, before, made)),) = page._PREPARED.values()
    found = page._taken_over(settings)
    assert found is not None
    assert found[2] is made
    assert found[1] != before
    page._READY.append(found)
    with ExtractionState.from_arguments(datasets.sample_config()) as own:
        assert made.state.results.rheobases == own.results.rheobases != {}


def test_a_config_that_has_changed_is_read_again(served, tmp_path):
    settings, config, _ = lab(served, tmp_path)
    page.prepare(settings)
    config.write_text(config.read_text(encoding="utf-8") + " ", encoding="utf-8", newline="\n")
    assert page._taken_over(settings) is None


def test_a_recording_that_has_changed_is_read_again(served, tmp_path):
    settings, _, recording = lab(served, tmp_path)
    page.prepare(settings)
    recording.write_bytes(b"no longer one")
    found = page._taken_over(settings)
    page._READY.append(found)
    state = found[2].state
    state.wait(None)
    assert any(recording.name in str(problem) for problem in state.problems)


def test_what_takes_long_is_seen_to_come(served, tmp_path, monkeypatch):
    settings, _, _ = lab(served, tmp_path)
    monkeypatch.setattr(page, "BEFOREHAND", 0.0)
    page.prepare(settings)
    assert page._PREPARED == {}


@pytest.mark.parametrize("written", [None, "{", "[]"])
def test_a_page_with_trouble_is_not_made_beforehand(served, tmp_path, written):
    config = tmp_path / "root" / "config.json"
    if written:
        config.write_text(written, encoding="utf-8", newline="\n")
    page.prepare(dataclasses.replace(served, start=str(config)))
    assert page._PREPARED == {}


def test_nor_is_a_folders(served, tmp_path):
    page.prepare(dataclasses.replace(served, start=str(tmp_path / "root")))
    assert page._PREPARED == {}
