"""Several folders in one list, as on several drives: each can be opened, and none can be left."""

from __future__ import annotations

import pathlib

import pytest

from efewidgets.app.begin import fence_of
from efewidgets.app.fence import Fence
from efewidgets.app.settings import Settings
from efewidgets.engine.files.folders import Root
from efewidgets.engine.files.roots import Roots, roots_of
from efewidgets.engine.problems import EfeError
from efewidgets.state import ExtractionState
from efewidgets.widgets import FileSelector


@pytest.fixture
def drives(tmp_path):
    """Two rigs' folders of the same name, a share, and what is nobody's business."""
    for name in ("C/data/a.abf", "D/data/b.abf", "D/data/deep/c.abf", "share/d.nwb", "secret/s.abf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.fixture
def roots(drives):
    return Roots([drives / "C" / "data", drives / "D" / "data", drives / "share"])


def test_the_top_shows_the_folders_each_by_a_name_of_its_own(roots):
    found = roots.list()
    assert [entry.relative for entry in found.entries] == ["data", "data (2)", "share"]
    assert all(entry.is_folder for entry in found.entries)
    assert [entry.name for entry in roots.list(name="share").entries] == ["share"]


def test_what_is_in_each_is_named_from_the_top_and_lies_where_it_lies(roots, drives):
    assert [entry.relative for entry in roots.list("data (2)").entries] == ["data (2)/deep", "data (2)/b.abf"]
    assert [entry.relative for entry in roots.list("data (2)/deep").entries] == ["data (2)/deep/c.abf"]
    assert roots.at("data (2)/deep/c.abf") == drives / "D" / "data" / "deep" / "c.abf"
    assert roots.resolve("share/d.nwb") == drives / "share" / "d.nwb"
    assert roots.relative(drives / "D" / "data" / "deep") == "data (2)/deep"  # as a person types it
    assert roots.relative("share") == "share"
    assert roots.relative("") == ""


def test_all_below_are_those_of_all_folders(roots):
    found = roots.tree("", suffixes=(".abf",))
    assert [entry.relative for entry in found.entries] == [
        "data/a.abf",
        "data (2)/b.abf",
        "data (2)/deep/c.abf",
    ]
    assert [entry.relative for entry in roots.tree("data (2)/deep").entries] == ["data (2)/deep/c.abf"]


@pytest.mark.parametrize(
    "path", ["..", "data/..", "data/../../secret/s.abf", "{}/secret/s.abf", "secret", "/etc", "data/\0"]
)
def test_none_of_them_can_be_left(roots, drives, path):
    for ask in (roots.resolve, roots.relative, roots.list, roots.tree):
        with pytest.raises(EfeError):
            ask(path.format(drives))


def test_a_link_from_one_to_another_or_out_is_told_by_its_name(roots, drives):
    (drives / "share" / "out").symlink_to(drives / "secret")
    found = roots.list("share")
    assert [problem.file for problem in found.problems] == ["share/out"]


def test_one_folder_is_as_ever_and_the_same_twice_is_one(drives):
    assert isinstance(roots_of(drives / "share"), Root)
    assert isinstance(roots_of([drives / "share"]), Root)
    assert list(Roots([drives / "share", drives / "C" / ".." / "share"]).parts) == ["share"]
    with pytest.raises(EfeError, match="no folder"):
        roots_of([drives / "share", drives / "absent"])


def test_visitors_read_in_all_of_them_and_nowhere_else(drives):
    one, two = drives / "C" / "data", drives / "D" / "data"
    settings = Settings(str(one), str(one), str(one), None, True, more=(str(two),))
    for fence in (Fence([one, two]), fence_of(settings, "visit")):
        assert fence.stands
        assert fence.roots == (one, two)
        assert fence.readable(two / "b.abf") == two / "b.abf"
        assert fence.readable("a.abf") == one / "a.abf"
        assert fence.readable("deep/c.abf") == two / "deep" / "c.abf"  # by where there is such a file
        for outside in (drives / "share" / "d.nwb", "../../secret/s.abf", "../../D/nothing"):
            with pytest.raises(EfeError, match="out of reach"):
                fence.readable(outside)
        with pytest.raises(EfeError, match="nothing can be written"):
            fence.writable("x.json")


def test_recordings_of_several_drives_are_chosen_on_one_page(drives):
    with ExtractionState() as state:
        files = FileSelector(state, root=[drives / "C" / "data", drives / "D" / "data"])
        try:
            browser = files.browser
            browser.show()
            assert [row["name"] for row in browser.table.rows] == ["data/", "data (2)/"]
            browser.go("data (2)/deep")
            assert browser.folder.value == "data (2)/deep"
            browser.table.selected = ("data (2)/deep/c.abf",)
            browser.choose()
            browser.go_up()
            browser.go_up()
            assert browser.place == ""
            browser.search([""])
            browser.wait()
            assert {pathlib.Path(path).name for path in files.preview.paths} == {"a.abf", "b.abf", "c.abf"}
            assert files.sources.named(str(drives / "D" / "data" / "deep" / "c.abf")) == "deep/c.abf"
        finally:
            files.close()
