"""Sessions to go on with: what is told of each, in which order, and to whom."""

from __future__ import annotations

import json
import os
import pathlib
import secrets

import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.app import page
from efewidgets.app.begin import new_name
from efewidgets.app.recent import Recents
from efewidgets.app.recent_list import RecentList
from efewidgets.app.settings import Settings


def visited(scratch: pathlib.Path, title: str, when: float, cells: list[str], number: int = 1) -> str:
    """Keep a session as a page does; return the name of the visit."""
    name = new_name()
    path = scratch / name / ("session.json" if number == 1 else f"session-{number}.json")
    with ExtractionState() as state:
        dashboard = Dashboard(state, autosave=path)
        if cells:
            state.add_files_metadata(datasets.sample_files_metadata(cells))
        state.view.title = title
        dashboard.step = "targets"
        dashboard.close()
    os.utime(path, (when, when))
    return name


def kept(scratch: pathlib.Path, title: str) -> str:
    """Keep a session with a name and nothing else, at once; return the name of the visit."""
    name = new_name()
    (scratch / name).mkdir(parents=True)
    for file, held in (("session.json", {"files_metadata": {}}), ("session-view.json", {"title": title})):
        (scratch / name / file).write_text(json.dumps(held), encoding="utf-8", newline="\n")
    return name


def test_the_last_comes_first_with_name_cells_and_how_far(tmp_path):
    old = visited(tmp_path, "PYR, March", 1000, ["RS1"])
    new = visited(tmp_path, "", 2000, ["RS1", "FS1"])
    found = Recents(tmp_path, True, "")()
    assert [(one.name, one.title, one.when) for one in found] == [(new, "", 2000), (old, "PYR, March", 1000)]
    assert found[0].cells == ("RS1", "FS1")
    assert [(one.number, one.files) for one in found] == [(2, 2), (1, 1)]
    assert all(one.far.endswith(" of 6 steps done, at Targets") for one in found)
    assert int(found[1].far[0]) >= 2  # recordings and stimuli are


def test_what_holds_nothing_is_not_offered_nor_the_present_one(tmp_path):
    visited(tmp_path, "", 1, [])
    named = visited(tmp_path, "begun", 2, [])
    present = visited(tmp_path, "present", 3, ["RS1"])
    assert [one.name for one in Recents(tmp_path, True, present)()] == [named]


def test_a_second_session_of_a_visit_has_its_own_name(tmp_path):
    name = visited(tmp_path, "second", 2, ["RS1"], number=2)
    assert [(one.name, one.title) for one in Recents(tmp_path, True, "")()] == [(f"{name}.2", "second")]


def test_of_others_nothing_is_told(tmp_path):
    mine, other = kept(tmp_path, "mine"), kept(tmp_path, "another lab's")
    recents = Recents(tmp_path, False, "")
    assert recents() == []
    assert [one.title for one in recents([mine, mine, f"{mine}.7"])] == ["mine"]
    outside = [f"../{tmp_path.name}/{other}", "*", "", ".", "?" * 16, other[:-1], other + "/", None, 7]
    assert recents(outside) == []


def test_the_browser_is_asked_only_where_others_are(tmp_path):
    mine = kept(tmp_path, "mine")
    kept(tmp_path, "another lab's")
    shared = RecentList(Recents(tmp_path, False, ""), whole=False)
    assert (shared.asks, shared.sessions) == (True, [])
    for told in (
        None,
        [],
        {"kind": "known"},
        {"kind": "known", "names": "x"},
        {"kind": "other", "names": [mine]},
    ):
        shared._told(shared, told, [])
        assert shared.sessions == []
    shared._told(shared, {"kind": "known", "names": [mine, 7, {}, secrets.token_urlsafe(12)]}, [])
    assert [one["title"] for one in shared.sessions] == ["mine"]
    own = RecentList(Recents(tmp_path, True, ""), whole=True)
    assert (own.asks, len(own.sessions)) == (False, 2)
    for one in (shared, own):
        one.close()


@pytest.mark.usefixtures("unfenced")
@pytest.mark.parametrize("root", [None, "lab"])
def test_a_page_tells_all_only_on_ones_own_machine(tmp_path, root):
    (tmp_path / "lab").mkdir()
    scratch = tmp_path / "scratch"
    kept(scratch, "somebody's")
    folder = str(tmp_path / "lab")
    settings = Settings(folder, folder, None if root is None else folder, str(scratch))
    with ExtractionState() as state:
        dashboard = page._dashboard(settings, new_name(), state)
        assert [one["title"] for one in dashboard.recent.sessions] == ([] if root else ["somebody's"])
        dashboard.toggles["Session"].value = True
        assert len(dashboard.parts["SessionPanel"].recent.sessions) == (0 if root else 1)
        state.add_files_metadata(datasets.sample_files_metadata(["RS1"]))
        assert dashboard.recent.layout.display == "none"
        dashboard.close()


def test_what_stands_beside_a_session_is_only_text(tmp_path):
    name = kept(tmp_path, "right")
    beside = tmp_path / name / "session-view.json"
    for broken in ("", "[]", "{", '{"title": 7}', '{"about": [1]}'):
        beside.write_text(broken, encoding="utf-8", newline="\n")
        (one,) = Recents(tmp_path, True, "")()
        assert (one.title, one.cells, one.number) == ("", (), 0)
    told = {"title": "<b>" * 100, "about": {"cells": ["<i>", 7], "number": 2, "files": 2, "far": "x" * 999}}
    beside.write_text(json.dumps(told), encoding="utf-8", newline="\n")
    (one,) = Recents(tmp_path, True, "")()
    assert (len(one.title), one.cells, len(one.far)) == (80, ("<i>",), 80)


def test_the_name_goes_with_the_session_and_its_download(tmp_path):
    path = tmp_path / "visit" / "session.json"
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        dashboard = Dashboard(state, autosave=path)
        assert (dashboard.name.field.title, dashboard.name.field.placeholder) == ("", "RS1")
        assert dashboard.name.field.kept == "waits"
        dashboard.announce("name")
        assert 'data-efe-page="RS1"' in dashboard._visit.value
        assert "kept" not in dashboard._visit.value
        dashboard.name.field.title = "  PYR,\n March "
        assert state.view.title == dashboard.name.field.title == "PYR, March"
        dashboard._autosave.save()
        assert (dashboard.name.field.kept, dashboard.name.field.ago) == ("saved", 0.0)
        assert (
            'data-efe-page="PYR, March" data-efe-visit="name" data-efe-kept="yes"' in dashboard._visit.value
        )
        dashboard.toggles["Session"].value = True
        download = tmp_path / "download.json"
        download.write_text(dashboard.parts["SessionPanel"].text(), encoding="utf-8", newline="\n")
        dashboard.close()
    for file in (path, download):
        with ExtractionState.load(file) as again:
            assert again.view.title == "PYR, March"


def test_a_session_that_cannot_be_saved_says_so(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as state:
        dashboard = Dashboard(state, autosave=tmp_path / "file" / "session.json")
        state.view.title = "x"
        dashboard._autosave.save()
        assert dashboard.name.field.kept not in ("saved", "waits", "by hand", "nowhere")
        dashboard.close()
    with ExtractionState() as state:
        dashboard = Dashboard(state, read_only=True)
        assert dashboard.name.field.kept == "nowhere"
        dashboard.close()
