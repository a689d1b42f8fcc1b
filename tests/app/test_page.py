"""The page that waits for its visitor: made beforehand in the process that kernels are copies of, and taken over."""

from __future__ import annotations

import json

import pytest

from efewidgets import datasets
from efewidgets.app import page
from efewidgets.app.settings import Settings
from efewidgets.engine.guard import set_guard
from efewidgets.engine.problems import EfeError


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
    yield settings
    for _, _, dashboard in page._READY:
        dashboard.close()
    set_guard(None)


def visits(tmp_path):
    scratch = tmp_path / "scratch"
    return {path.name for path in scratch.iterdir()} - {"cache"} if scratch.is_dir() else set()


def test_a_page_made_beforehand_becomes_that_of_a_visit_of_its_own(served, tmp_path):
    page.prepare(served)
    ((_, before, made),) = page._PREPARED.values()
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


def test_a_page_on_what_may_change_is_not_made_beforehand(served, tmp_path):
    config = tmp_path / "root" / "config.json"
    config.write_text(json.dumps(datasets.sample_config()), encoding="utf-8", newline="\n")
    page.prepare(Settings(start=str(config)))
    assert page._PREPARED == {}
