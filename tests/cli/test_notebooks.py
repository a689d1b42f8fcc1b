"""The notebooks, listed and copied; what a person changed is left alone."""

from __future__ import annotations

import json
import pathlib

import pytest

from efewidgets.cli import notebooks
from efewidgets.cli.report import DONE, UNUSABLE

PROJECT = pathlib.Path(__file__).resolve().parents[2] / "notebooks"


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def notebook(title):
    return json.dumps(
        {"cells": [{"cell_type": "markdown", "source": [f"# {title}\n", "text"]}], "metadata": {}}
    )


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A package as a wheel installs it, with two notebooks and nothing beside it."""
    folder = tmp_path / "site-packages" / "efewidgets" / "notebooks"
    folder.mkdir(parents=True)
    for name in ("00_a", "01_b"):
        (folder / f"{name}.ipynb").write_text(notebook(f"About {name}"), encoding="utf-8", newline="\n")
    (folder / "README.md").write_text("about all", encoding="utf-8", newline="\n")
    monkeypatch.setattr(notebooks, "_PACKAGE", folder.parent)
    return folder


def test_all_are_copied(run, tmp_path):
    wanted = {name: text for name, text in contents(PROJECT).items() if name.endswith(".ipynb")}
    assert len(wanted) >= 6
    ran = run("notebooks", tmp_path / "a" / "b")
    assert (ran.code, ran.err) == (DONE, "")
    assert ran.out.startswith(f"{len(wanted)} notebooks copied")
    assert contents(tmp_path / "a" / "b") == wanted


def test_they_are_listed_with_their_titles(run, two):
    assert run("notebooks", "--json").document["notebooks"] == {
        "00_a.ipynb": "About 00_a",
        "01_b.ipynb": "About 01_b",
    }
    assert "01_b.ipynb  About 01_b" in run("notebooks").out


def test_each_of_the_project_has_a_title(run):
    titles = run("notebooks", "--json").document["notebooks"]
    assert titles
    assert all(titles.values())


def test_what_was_changed_is_left_alone(run, two, tmp_path):
    folder = tmp_path / "mine"
    run("notebooks", folder)
    (folder / "01_b.ipynb").write_text("my own", encoding="utf-8", newline="\n")
    (folder / "00_a.ipynb").unlink()
    (folder / "notes.txt").write_text("my notes", encoding="utf-8", newline="\n")
    ran = run("notebooks", folder)
    assert ran.code == UNUSABLE
    assert "01_b.ipynb" in ran.err
    assert "--force" in ran.err
    assert contents(folder) == {"01_b.ipynb": b"my own", "notes.txt": b"my notes"}
    assert run("notebooks", folder, "--force").code == DONE
    assert contents(folder) == {
        name: text for name, text in contents(two).items() if name.endswith(".ipynb")
    } | {"notes.txt": b"my notes"}


def test_what_is_there_already_is_no_obstacle(run, two, tmp_path):
    run("notebooks", tmp_path / "mine")
    ran = run("notebooks", tmp_path / "mine")
    assert ran.code == DONE
    assert "0 notebooks copied" in ran.out
    assert "2 were there already" in " ".join(ran.out.split())


def test_a_file_is_no_folder(run, two, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8", newline="\n")
    ran = run("notebooks", tmp_path / "file")
    assert ran.code == UNUSABLE
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


def test_an_installation_without_notebooks_says_so(run, two):
    for path in two.glob("*.ipynb"):
        path.unlink()
    ran = run("notebooks")
    assert ran.code == UNUSABLE
    assert "no notebooks" in ran.err
