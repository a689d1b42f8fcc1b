"""The fence under Windows' rules for paths, over a pretended disk: what leads out is refused."""

from __future__ import annotations

import ntpath
import os
import pathlib
import types

import pytest

from efewidgets.app import fence as fences
from efewidgets.engine.config import document
from efewidgets.engine.problems import EfeError
from efewidgets.engine.systems import paths

ROOT, SECOND, SCRATCH = r"C:\lab\root", r"D:\rig2", r"C:\lab\scratch"
#: What is there, as it is written; two junctions lead out, one of them from the scratch folder; a drive is a share's
THERE = [
    ROOT,
    ROOT + r"\Cell.nwb",
    SECOND,
    SECOND + r"\x.nwb",
    SCRATCH,
    r"C:\lab\secret\s.nwb",
    r"\\rig\share\lab\y.nwb",
]
JUNCTIONS = {
    (ROOT + r"\junction").lower(): r"C:\lab\secret",
    (SCRATCH + r"\junction").lower(): r"C:\lab\secret",
}
MAPPED = {"z:": r"\\rig\share"}
DRIVES = {"C:": ROOT, "D:": SECOND}  # where each drive stands: "D:x" goes on from there
DEVICES = {"con", "nul", "prn", "aux", "com1", "lpt1"}


def whole(path: str) -> str:
    """Return a path as Windows completes it: from the folder of its drive, without dots and blanks at ends of names."""
    if "\0" in path:
        raise ValueError("embedded null character")
    if path.startswith(("\\\\?\\", "\\\\.\\")):
        return path
    drive, rest = ntpath.splitdrive(path)
    if drive.endswith(":") and not rest.startswith(("\\", "/")):
        path = ntpath.join(DRIVES.get(drive.upper(), drive + "\\"), rest)
    elif not drive:
        path = ntpath.join(ROOT, path)
    path = ntpath.normpath(path)
    last = ntpath.basename(path)
    if last.split(".")[0].split(":")[0].rstrip(" ").lower() in DEVICES:
        return "\\\\.\\" + last
    drive, rest = ntpath.splitdrive(path)
    return drive + "\\".join(
        part if part in ("", ".", "..") else part.rstrip(" .") or part for part in rest.split("\\")
    )


def real(path: object) -> str:
    """Return where a path leads, as `os.path.realpath` has it there."""
    found = whole(os.fspath(path))  # type: ignore[call-overload]
    drive, rest = ntpath.splitdrive(found)
    found = MAPPED.get(drive.lower(), drive) + rest
    for junction, target in JUNCTIONS.items():
        if (found.lower() + "\\").startswith(junction + "\\"):
            found = target + found[len(junction) :]
    known = {known.lower(): known for known in THERE}
    head, tail = found, []
    while head.lower() not in known and ntpath.dirname(head) != head:
        tail.insert(0, ntpath.basename(head))
        head = ntpath.dirname(head)
    return ntpath.join(known.get(head.lower(), head), *tail)


@pytest.fixture
def fence(monkeypatch):
    """A fence around two drives, with Windows' modules in the places of ours."""
    names = ("join", "normpath", "basename", "dirname", "isabs", "splitext", "split", "splitdrive", "relpath")
    path = types.SimpleNamespace(
        **{name: getattr(ntpath, name) for name in names},
        realpath=real,
        abspath=whole,
        lexists=lambda asked: os.fspath(asked).lower() in {known.lower() for known in THERE},
        expanduser=lambda asked: r"C:\Users\ann" + asked[1:] if asked[:1] == "~" else asked,
    )
    system = types.SimpleNamespace(path=path, fspath=os.fspath, PathLike=os.PathLike, getcwd=lambda: ROOT)
    for module in (fences, document, paths):
        monkeypatch.setattr(module, "os", system)
    windows = types.SimpleNamespace(
        Path=pathlib.PureWindowsPath,
        PurePath=pathlib.PureWindowsPath,
        PureWindowsPath=pathlib.PureWindowsPath,
    )
    for module in (fences, paths):
        monkeypatch.setattr(module, "pathlib", windows)
    monkeypatch.setattr(paths.sys, "platform", "win32")
    return fences.Fence([r"c:\LAB\root", SECOND], SCRATCH)


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("Cell.nwb", ROOT + r"\Cell.nwb"),
        ("CELL.NWB", ROOT + r"\Cell.nwb"),
        ("sub/cell.nwb", ROOT + r"\sub\cell.nwb"),
        (r"C:cell.nwb", ROOT + r"\Cell.nwb"),
        (r"C:/lab/root/../root/Cell.nwb", ROOT + r"\Cell.nwb"),
        (r"C:\lab\root.\Cell.nwb", ROOT + r"\Cell.nwb"),
        (r"D:x.nwb", SECOND + r"\x.nwb"),
        (r"d:\RIG2\x.nwb", SECOND + r"\x.nwb"),
        ("x.nwb", SECOND + r"\x.nwb"),  # there is one on the second drive only
        ("~temp.nwb", ROOT + r"\~temp.nwb"),  # a name, nobody's home
    ],
)
def test_what_lies_inside_can_be_read(fence, asked, leads_to):
    assert str(fence.readable(asked)).lower() == leads_to.lower()


@pytest.mark.parametrize(
    "asked",
    [
        *(
            r"..\secret\s.nwb",
            "../secret/s.nwb",
            r"junction\s.nwb",
            r"C:..\secret\s.nwb",
            r"\lab\secret\s.nwb",
        ),
        *(r"E:x.nwb", r"C:\lab\root2\x", "~\\x.nwb", "a\0b", r"Z:\lab\y.nwb", r"D:..\x.nwb"),
        *(
            r"\\?\C:\lab\root\Cell.nwb",
            r"\\?\UNC\rig\share\lab\y.nwb",
            r"\\.\PhysicalDrive0",
            r"//rig/share/lab/y.nwb",
        ),
        *(
            r"\\rig\share\lab\y.nwb",
            r"\\localhost\C$\lab\root\Cell.nwb",
            "CON",
            "nul",
            "com1.nwb",
            "aux .txt",
        ),
        *("Cell.nwb:stream", "Cell.nwb::$DATA", r"..:$I30:$INDEX_ALLOCATION\secret", r"D:\rig2\x.nwb:s"),
    ],
)
def test_what_leads_out_can_be_neither_read_nor_written(fence, asked):
    with pytest.raises(EfeError):
        fence.readable(asked)
    with pytest.raises(EfeError):
        fence.writable(asked)


def test_what_is_written_goes_to_the_scratch_folder(fence):
    assert str(fence.writable("x.json")) == SCRATCH + r"\x.json"
    for refused in (
        "x.json:stream",
        "x.json::$DATA",
        r"..\root\x.json",
        ROOT + r"\x.json",
        r"junction\x.json",
    ):
        with pytest.raises(EfeError):
            fence.writable(refused)


@pytest.mark.parametrize(
    "named", ["x.nwb", "~temp.nwb", r"sub\x.nwb", "a/../../x.nwb", "C:x.nwb", r"\x.nwb", "x.nwb:s"]
)
def test_a_config_is_checked_for_the_very_path_that_is_used(fence, named):
    folder = pathlib.PureWindowsPath(ROOT + r"\configs")
    assert fences._from(folder, named) == document._absolute(named, folder)
