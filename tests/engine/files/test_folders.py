"""A folder that can't be left, whatever path is asked for."""

from __future__ import annotations

import logging
import os

import pytest

from efewidgets.engine.files.folders import Root, name_filter, natural
from efewidgets.engine.problems import EfeError


@pytest.fixture
def root(tmp_path):
    inside = tmp_path / "root"
    (inside / "cell 1" / "deep").mkdir(parents=True)
    (inside / ".hidden").mkdir()
    for name in ("a_10.abf", "a_2.ABF", "notes.md", "cell 1/b.nwb", "cell 1/deep/c.abf", ".hidden/d.abf"):
        (inside / name).write_bytes(b"x" * 7)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.abf").write_bytes(b"secret")
    (tmp_path / "root2").mkdir()
    return Root(inside)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../secret",
        "cell 1/../../secret",
        "cell 1/..",
        "/etc",
        "/etc/passwd",
        "/no such place",
        "cell 1/\0/x",
        "{root}2",
        "{root}/../secret/s.abf",
    ],
)
def test_a_path_that_leads_out_is_refused_and_logged(root, path, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(EfeError, match="is refused"):
        root.resolve(path.format(root=root.path))
    assert "refused to open" in caplog.text


def test_a_link_that_leads_out_is_refused_and_not_shown(root, caplog):
    (root.path / "out").symlink_to(root.path.parent / "secret")
    (root.path / "cell 1" / "out.abf").symlink_to(root.path.parent / "secret" / "s.abf")
    (root.path / "in.abf").symlink_to(root.path / "a_10.abf")
    (root.path / "round").symlink_to(root.path)
    (root.path / "self").symlink_to(root.path / "self")
    with caplog.at_level(logging.WARNING):
        for path in ("out", "out/s.abf", "cell 1/out.abf"):
            with pytest.raises(EfeError, match="can't be left"):
                root.resolve(path)
        with pytest.raises(EfeError):
            root.resolve("self")
        listed = root.list()
        found = root.tree()
    names = [entry.name for entry in listed.entries]
    assert names == ["cell 1", "round", "a_2.ABF", "a_10.abf", "in.abf", "notes.md"]
    assert "leads out" in " ".join(problem.message for problem in listed.problems)
    paths = [entry.relative for entry in found.entries]
    assert "cell 1/out.abf" not in paths
    assert not any(path.startswith(("out/", "round/")) for path in paths)
    assert {problem.file for problem in found.problems} >= {"out", "cell 1/out.abf", "self"}


def test_paths_inside_are_found_also_by_their_absolute_name(root):
    assert root.resolve() == root.path
    assert root.relative(root.path / "cell 1" / "b.nwb") == "cell 1/b.nwb"
    assert root.relative(root.path) == ""
    with pytest.raises(EfeError, match="there is no 'cell 2'"):
        root.resolve("cell 2")
    with pytest.raises(EfeError, match="is a file"):
        root.list("a_10.abf")
    with pytest.raises(EfeError, match="can't be opened"):
        root.resolve("x" * 5000)
    with pytest.raises(EfeError, match="no folder"):
        Root(root.path / "nowhere")


def test_a_listing_is_filtered_by_words_patterns_and_endings(root):
    def names(**wanted):
        return [entry.name for entry in root.list(**wanted).entries]

    assert names(suffixes=[".abf"]) == ["cell 1", "a_2.ABF", "a_10.abf"]
    assert names(name="A 10") == ["a_10.abf"]
    assert names(name="a_*") == ["a_2.ABF", "a_10.abf"]
    assert names(name="a_?.abf") == ["a_2.ABF"]
    assert names(folder="cell 1") == ["deep", "b.nwb"]
    assert [e.size for e in root.list("cell 1").entries] == [0, 7]


def test_a_tree_is_searched_below_a_folder(root):
    assert [e.relative for e in root.tree(suffixes=[".abf"]).entries] == [
        "a_2.ABF",
        "a_10.abf",
        "cell 1/deep/c.abf",
    ]
    assert [e.relative for e in root.tree(name="deep").entries] == ["cell 1/deep/c.abf"]
    assert [e.relative for e in root.tree("cell 1", name="deep/*").entries] == ["cell 1/deep/c.abf"]


def test_a_tree_is_bounded_and_can_be_stopped(root):
    found = root.tree(limit=2)
    assert len(found.entries) == 2
    assert "more than 2" in found.problems[-1].message
    told = []
    stopped = root.tree(seen=lambda folders, files: bool(told.append((folders, files))))
    assert told == [(1, 3)]
    assert len(stopped.entries) == 3
    assert "stopped" in stopped.problems[-1].message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_a_problem(root):
    (root.path / "cell 1").chmod(0)
    try:
        found = root.tree()
    finally:
        (root.path / "cell 1").chmod(0o755)
    assert [problem.file for problem in found.problems] == ["cell 1"]


def test_a_folder_that_cannot_be_scanned_is_a_problem(root, monkeypatch):
    whole = os.scandir

    def scandir(place):
        if str(place).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return whole(place)

    monkeypatch.setattr(os, "scandir", scandir)
    found = root.tree()
    assert [(p.file, p.message) for p in found.problems] == [
        ("cell 1/deep", "this folder can't be read: Permission denied.")
    ]
    assert "cell 1/b.nwb" in [e.relative for e in found.entries]


def test_pipes_and_names_with_newlines(root):
    os.mkfifo(root.path / "pipe.abf")
    (root.path / 'n\n"<b>.abf').write_bytes(b"")
    assert [e.name for e in root.list(name="abf").entries] == ["a_2.ABF", "a_10.abf", 'n\n"<b>.abf']


def test_natural_order():
    assert sorted(["s10", "s9", "S1", "10", "9", "٣", "²"], key=natural)[:2] == ["9", "10"]
    assert sorted(["s10", "s9", "S1"], key=natural) == ["S1", "s9", "s10"]
    assert name_filter(" ")("anything")
