"""Paths, libraries, consoles, processes and ports as Windows has them, pretended here."""

from __future__ import annotations

import json
import ntpath
import os
import pathlib
import socket
import sys
import types

import pytest

from efewidgets.app.fence import Fence
from efewidgets.engine.config.document import load_config, read_json
from efewidgets.engine.exchange import write_files
from efewidgets.engine.features import efel_import
from efewidgets.engine.files.folders import Root, name_filter
from efewidgets.engine.problems import EfeError, ReadError
from efewidgets.engine.readers.files import existing_file
from efewidgets.engine.systems import libraries, network, paths, processes
from efewidgets.engine.systems import terminal as terminals
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
    named.write_text("LibV5:peak_voltage", encoding="utf-8", newline="\n")
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


# --- names, homes, streams


def test_only_a_person_s_own_home_stands_behind_a_tilde_on_windows(monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: f"<home of {path}>")
    monkeypatch.setattr(sys, "platform", "win32")
    assert paths.at_home("~temp.nwb") == "~temp.nwb"
    assert paths.at_home("~$session.json") == "~$session.json"
    assert paths.at_home("~") == "<home of ~>"
    assert paths.at_home("~/x.nwb") == "<home of ~/x.nwb>"
    assert paths.at_home("~\\x.nwb") == "<home of ~\\x.nwb>"
    monkeypatch.setattr(sys, "platform", "linux")
    assert paths.at_home("~ann/x.nwb") == "<home of ~ann/x.nwb>"


@pytest.mark.parametrize(
    ("path", "is_stream"),
    [
        (r"C:\data\x.nwb", False),
        (r"\\rig\share\x.nwb", False),
        (r"C:\data\x.nwb:stream", True),
        (r"C:\data\x.json::$DATA", True),
        (r"C:\data\..:$I30:$INDEX_ALLOCATION\secret", True),
        (r"\\rig\share\x.nwb:s", True),
        (r"x.nwb:s", True),
    ],
)
def test_streams_of_windows(path, is_stream):
    assert paths.names_a_stream(pathlib.PureWindowsPath(path)) is is_stream
    assert not paths.names_a_stream(pathlib.PurePosixPath("/data/12:30.nwb"))  # an ordinary name elsewhere


def test_a_session_on_a_mapped_drive_names_its_recordings_from_its_folder(monkeypatch):
    # Windows writes out what "Z:" stands for: recordings have the machine's name, the session's folder the letter
    def real(path):
        return ntpath.normpath(path.replace("Z:", r"\\rig\share"))

    monkeypatch.setattr(paths.os, "path", types.SimpleNamespace(relpath=ntpath.relpath, realpath=real))
    monkeypatch.setattr(paths.pathlib, "Path", pathlib.PureWindowsPath)
    assert paths.relative(r"\\rig\share\lab\x.nwb", r"Z:\lab\sessions") == "../x.nwb"
    assert paths.relative(r"Z:\lab\x.nwb", r"Z:\lab\sessions") == "../x.nwb"
    assert paths.relative(r"D:\x.nwb", r"Z:\lab\sessions") == r"D:\x.nwb"
    assert paths.relative(r"C:\data\A\x.nwb", r"c:\DATA") == "A/x.nwb"


def test_names_are_found_however_a_system_writes_their_accents():
    composed, apart = "Zélle.abf", "Ze\u0301lle.abf"
    for asked in ("zélle", "ze\u0301lle", "*é*", "*e\u0301*"):
        for named in (composed, apart):
            assert name_filter(asked)(named)
    assert not name_filter("zelle")(composed)


def test_a_path_that_is_too_long_is_told_as_that(tmp_path, monkeypatch):
    long = tmp_path / ("d" * 140) / ("f" * 140)
    assert paths.too_long(long) == ""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(paths, "_takes_long_paths", lambda: False)
    assert f"{len(str(long))} characters" in paths.too_long(long)
    assert paths.too_long(tmp_path / "x") == ""
    with pytest.raises(ReadError, match=r"its path has \d+ characters"):
        existing_file(str(long))
    monkeypatch.setattr(os, "replace", _not_found)
    with pytest.raises(OSError, match=r"its path has \d+ characters"):
        write_files({long: "x"})
    monkeypatch.setattr(paths, "_takes_long_paths", lambda: True)
    assert paths.too_long(long) == ""


def _not_found(*_):
    raise FileNotFoundError(2, "The system cannot find the path specified")


def test_patterns_name_files_where_the_shell_leaves_them(tmp_path, monkeypatch):
    for name in ("b.nwb", "a.nwb", "c.abf", "odd[1].nwb"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert paths.matching("*.nwb") == ["a.nwb", "b.nwb", "odd[1].nwb"]
    assert paths.matching("odd[1].nwb") == ["odd[1].nwb"]  # a file of that very name
    assert paths.matching("*.mat") == ["*.mat"]  # who reads it says that there is none
    assert paths.matching("https://x.org/a.nwb?version=1") == ["https://x.org/a.nwb?version=1"]


@pytest.mark.parametrize("text", ["C:\\temp\\new\\barney.abf", "C:\\recs\\bad.abf"])
def test_backslashes_that_json_took_for_something_else_are_told(text, tmp_path):
    config = '{"files_metadata": {"a": {"IDrest": [{"filepath": "PATH"}]}}}'.replace("PATH", text)
    place = tmp_path / "config.json"
    place.write_text(config, encoding="utf-8", newline="\n")
    options, _ = load_config(place)
    read = options.files_metadata["a"]["IDrest"][0]["filepath"]
    with pytest.raises(ReadError, match="write each backslash twice"):
        existing_file(read)


@pytest.mark.parametrize("text", ["C:\\data\\x.abf", "C:\\users\\x.abf", "D:\\rig\tx"])
def test_backslashes_that_json_refuses_are_told(text, tmp_path):
    place = tmp_path / "config.json"
    place.write_text('{"files_metadata": {"PATH": {}}}'.replace("PATH", text), encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match="write each backslash twice"):
        load_config(place)


def test_the_folder_for_results_is_no_name_with_a_line_break(tmp_path):
    place = tmp_path / "config.json"
    place.write_text('{"files_metadata": {}, "output_directory": "C:\\new"}', encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match=r"output_directory is .*write each"):
        load_config(place)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_config_that_powershell_wrote_is_read(encoding, tmp_path):
    place = tmp_path / "config.json"
    text = json.dumps({"files_metadata": {"Zelle Ä": {}}}, ensure_ascii=False)
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    place.write_bytes((mark + text).encode(encoding).replace(b"\n", b"\r\n"))
    assert read_json(place) == {"files_metadata": {"Zelle Ä": {}}}


# --- libraries


def test_a_library_that_stays_loaded_has_one_copy_for_all_processes(tmp_path, monkeypatch):
    library = tmp_path / "cppcore.pyd"
    library.write_bytes(b"the library")
    own = tmp_path / "own"
    own.mkdir()
    assert libraries.copy_to_load(library, own) == own / "cppcore.pyd"  # elsewhere it goes with its folder
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    copy = libraries.copy_to_load(library, own)
    assert copy.parent == tmp_path / "cache-libraries"
    assert copy.suffix == ".pyd"
    assert copy.read_bytes() == b"the library"
    monkeypatch.setattr(os, "replace", _not_found)  # it is loaded: nothing replaces it, and nothing has to
    assert libraries.copy_to_load(library, own) == copy
    copy.write_bytes(b"something else")  # a cache isn't trusted
    with pytest.raises(FileNotFoundError):
        libraries.copy_to_load(library, own)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


# --- consoles, processes, ports


class Stream:
    def __init__(self, terminal: bool):
        self.terminal, self.asked = terminal, {}

    def isatty(self):
        return self.terminal

    def reconfigure(self, **options):
        self.asked |= options


def test_what_goes_to_a_file_is_utf_8_on_every_system(monkeypatch):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    for platform, terminal, asked in (
        ("win32", False, {"errors": "replace", "encoding": "utf-8"}),
        ("win32", True, {"errors": "replace"}),
        ("linux", False, {"errors": "replace"}),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        stream = Stream(terminal)
        terminals.write_any_letter(stream)
        assert stream.asked == asked
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("PYTHONIOENCODING", "cp850")  # a person's own wish
    stream = Stream(False)
    terminals.write_any_letter(stream)
    assert stream.asked == {"errors": "replace"}


def test_colours_only_where_the_console_shows_them(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminals.has_colours(Stream(True))
    assert not terminals.has_colours(Stream(False))
    monkeypatch.setattr(terminals, "_let_show_escapes", lambda stream: False)  # an old console of Windows
    assert not terminals.has_colours(Stream(True))


def test_asking_for_a_process_never_ends_it(monkeypatch):
    assert processes.is_running(os.getpid()) is True
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("this ends it on Windows"))
    assert processes.is_running(os.getpid()) is None


def test_the_port_of_another_program_is_not_shared(monkeypatch):
    asked = []
    probe = types.SimpleNamespace(setsockopt=lambda *option: asked.append(option))
    monkeypatch.setattr(network.socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    network.only_if_free(probe)
    assert asked == [(socket.SOL_SOCKET, -5, 1)]


def test_a_recording_is_there_already_however_its_path_is_written(tmp_path, monkeypatch):
    # on Windows and macOS "Zelle.ABF" is "zelle.abf"; a Mac writes its "é" in two parts
    monkeypatch.setattr(paths.sys, "platform", "darwin")
    assert paths.same_path("/lab/Zélle.ABF") == paths.same_path("/lab/ze\u0301lle.abf")
    assert paths.same_path("/lab/x/../a.abf") == paths.same_path("/lab/A.abf")
    assert paths.same_path("/lab/a.abf") != paths.same_path("/lab/b.abf")
    monkeypatch.setattr(paths.sys, "platform", "linux")
    assert paths.same_path("/lab/a.abf") != paths.same_path("/lab/A.abf")  # two files there
