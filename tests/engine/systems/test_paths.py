"""What Windows does otherwise, pretended here."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

from efewidgets.app.fence import Fence
from efewidgets.engine.features import efel_import
from efewidgets.engine.files.folders import Root
from efewidgets.engine.problems import EfeError
from efewidgets.engine.systems import libraries, paths
from efewidgets.widgets.results.files import folder_at

HOSTS = [r"\\host\share\x.nwb", "//host/share/x.nwb", r"\\?\UNC\host\share", r"\/host/share", r"\\.\pipe\x"]


@pytest.mark.parametrize("path", HOSTS)
def test_a_path_of_another_machine_is_refused_before_it_is_looked_up(path, tmp_path, monkeypatch):
    # Windows would log in there, with the server's own password hash
    def looked_up(*args, **options):
        raise AssertionError("looked up")

    fence = Fence(tmp_path, tmp_path)
    root = Root(tmp_path)
    monkeypatch.setattr(os.path, "realpath", looked_up)
    monkeypatch.setattr(pathlib.Path, "resolve", looked_up)
    for asked in (fence.readable, fence.writable, root.resolve):
        with pytest.raises(EfeError, match="another machine"):
            asked(path)


@pytest.mark.parametrize("path", HOSTS)
def test_results_are_not_saved_on_another_machine(path, tmp_path):
    with pytest.raises(EfeError, match="out of reach"):
        folder_at(path, tmp_path)


def test_a_root_that_lies_on_another_machine_can_be_read():
    root = pathlib.PureWindowsPath(r"\\rig\data")
    inside = pathlib.PureWindowsPath(r"\\rig\data\cell.nwb")
    assert paths.names_a_host(root)
    assert inside.is_relative_to(root)
    assert not paths.leads_to_a_host("/rig/data/cell.nwb", [root])
    assert paths.leads_to_a_host("//other/data/cell.nwb", [pathlib.PurePosixPath("//rig/data")])
    assert not paths.leads_to_a_host("//rig/data/cell.nwb", [pathlib.PurePosixPath("//rig/data")])


def test_c_code_gets_a_path_that_it_can_open(tmp_path, monkeypatch):
    named = tmp_path / "Jürgen" / "DependencyV5.txt"
    named.parent.mkdir()
    named.write_text("LibV5:peak_voltage", encoding="utf-8")
    assert libraries.plain_path(named) == str(named)  # elsewhere paths are what they are
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("PUBLIC", str(tmp_path))
    monkeypatch.setattr(libraries, "_short_path", lambda path: path.replace("Jürgen", "JRGEN~1"))
    assert libraries.plain_path(named) == str(tmp_path / "JRGEN~1" / "DependencyV5.txt")
    monkeypatch.setattr(libraries, "_short_path", lambda path: path)  # a disk that keeps no short names
    copied = libraries.plain_path(named)
    assert copied.isascii()
    assert pathlib.Path(copied).read_text(encoding="utf-8") == "LibV5:peak_voltage"
    assert libraries.plain_path(named) == copied  # once is enough
    assert libraries.plain_path(r"C:\efel\DependencyV5.txt") == r"C:\efel\DependencyV5.txt"


def test_libraries_beside_an_extension_are_found(tmp_path, monkeypatch):
    added: list[str] = []
    monkeypatch.setattr(os, "add_dll_directory", added.append, raising=False)
    libraries.let_load_from(tmp_path)
    assert added == []
    monkeypatch.setattr(sys, "platform", "win32")
    libraries.let_load_from(tmp_path / "absent")
    libraries.let_load_from(tmp_path)
    assert added == [str(tmp_path)]


def test_line_ends_make_no_other_efel(tmp_path, monkeypatch):
    efel_import.efel_version.cache_clear()
    try:
        known = efel_import.efel_version()
        text = efel_import.dependency_file().read_bytes()
        windows = tmp_path / "DependencyV5.txt"
        windows.write_bytes(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        monkeypatch.setattr(efel_import, "dependency_file", lambda: windows)
        efel_import.efel_version.cache_clear()
        assert efel_import.efel_version() == known
    finally:
        efel_import.efel_version.cache_clear()
