"""Files that another program holds open, pretended with the errors that Windows answers with."""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys
import types

import pytest

from efewidgets.engine.exchange import write_files
from efewidgets.engine.files.folders import Root
from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect
from efewidgets.engine.readers import read as read_sweeps
from efewidgets.engine.systems import files
from efewidgets.state.cache.disk import DiskCache

SHARING, LOCKED, DENIED = 32, 33, 5
NAMES = ("features.json", "protocols.json", "holding_threshold_currents.json")


def refusal(path: object, number: int = SHARING) -> PermissionError:
    """Return what Python raises on Windows; the words are the system's."""
    error = PermissionError(13, "The process cannot access the file", str(path))
    error.winerror = number  # type: ignore[attr-defined]
    return error


class Holder:
    """Another program that holds files open, for a number of tries, or for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int = SHARING) -> None:
        self.held: dict[str, float] = {}
        self.number = number
        for name in ("rename", "replace", "unlink"):
            monkeypatch.setattr(os, name, self._guarded(getattr(os, name)))
        monkeypatch.setattr(files, "PATIENCE", 0.2)

    def hold(self, path: pathlib.Path, tries: float = float("inf")) -> None:
        self.held[str(path)] = tries

    def _guarded(self, real):
        def call(*paths, **options):
            for path in map(str, paths):
                if self.held.get(path, 0) > 0:
                    self.held[path] -= 1
                    raise refusal(path, self.number)
            return real(*paths, **options)

        return call


@pytest.fixture
def holder(monkeypatch):
    return Holder(monkeypatch)


@pytest.fixture
def outputs(tmp_path):
    """Three files of an earlier run."""
    for name in NAMES:
        (tmp_path / name).write_text(f"old {name}", encoding="utf-8", newline="\n")
    return tmp_path


def written(folder: pathlib.Path, run: str) -> dict[pathlib.Path, str]:
    return {folder / name: f"{run} {name}" for name in NAMES}


def stand(folder: pathlib.Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("held", NAMES)
def test_a_file_that_is_held_for_a_moment_is_waited_for(held, outputs, holder):
    holder.hold(outputs / held, tries=3)
    write_files(written(outputs, "new"))
    assert stand(outputs) == {name: f"new {name}" for name in NAMES}
    assert sorted(os.listdir(outputs)) == sorted(NAMES)


@pytest.mark.parametrize("held", NAMES)
@pytest.mark.parametrize("number", [SHARING, LOCKED, DENIED])
def test_a_set_of_which_one_is_held_stays_as_it_was_and_that_is_told(held, number, outputs, holder):
    holder.number = number
    holder.hold(outputs / held)
    with pytest.raises(PermissionError, match="another program holds it open") as caught:
        write_files(written(outputs, "new"))
    assert caught.value.filename == str(outputs / held)
    assert stand(outputs) == {name: f"old {name}" for name in NAMES}
    assert sorted(os.listdir(outputs)) == sorted(NAMES)  # and nothing is left beside


def test_what_cannot_be_put_back_is_kept_and_told(outputs, holder, caplog):
    # the second file is held, and, meanwhile, what was the first as well
    first, second, third = (outputs / name for name in NAMES)
    holder.hold(second)
    real = os.rename

    def held_as_soon_as_it_is_away(source, target):
        real(source, target)
        if str(source) == str(first):
            holder.hold(pathlib.Path(target))

    os.rename = held_as_soon_as_it_is_away  # undone with the others' by monkeypatch
    with pytest.raises(PermissionError):
        write_files(written(outputs, "new"))
    assert stand(outputs) == {second.name: f"old {second.name}", third.name: f"old {third.name}"}
    kept = [path for path in outputs.rglob(first.name) if path.parent.name == "old"]
    assert [path.read_text(encoding="utf-8") for path in kept] == [f"old {first.name}"]
    assert "can't be put back" in caplog.text
    assert str(kept[0]) in caplog.text


def test_what_is_simply_not_permitted_is_not_waited_for(tmp_path, monkeypatch):
    asked = []

    def refused():
        asked.append(1)
        raise PermissionError(13, "Permission denied", "x")

    monkeypatch.setattr(files, "PATIENCE", 5)
    with pytest.raises(PermissionError, match="Permission denied"):
        files.patiently(refused, "x")
    assert len(asked) == 1


def test_one_entry_of_the_cache_that_is_held_costs_that_entry_only(tmp_path, holder):
    cache = DiskCache(tmp_path)
    cache.put(b"one", b"1")
    holder.hold(cache._path(b"one"))
    cache.put(b"one", b"2")
    assert cache.failure == ""
    cache.put(b"two", b"2")
    assert cache.get(b"one") == b"1"
    assert cache.get(b"two") == b"2"
    assert not list(tmp_path.rglob(".new-*"))


RECORDS = """
import h5py, sys
with h5py.File(sys.argv[1], "w", locking=True) as recorded:
    recorded["x"] = [1.0, 2.0]
    recorded.flush()
    print("recording", flush=True)
    sys.stdin.read()
"""


def test_hdf5_files_that_are_being_written_are_not_called_damaged(tmp_path):
    # the lock is HDF5's own, and holds on Linux too
    path = tmp_path / "now.nwb"
    with subprocess.Popen(
        [sys.executable, "-c", RECORDS, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as rig:
        assert rig.stdout.readline() == "recording\n"
        with pytest.raises(ReadError, match="another program holds it open"):
            read_sweeps({"filepath": str(path)})
        rig.communicate()
    with pytest.raises(ReadError) as caught:  # it is no NWB file of a cell, but not held
        read_sweeps({"filepath": str(path)})
    assert "another program" not in str(caught.value)


@pytest.mark.parametrize("name", ["now.abf", "now.nwb", "now.csv", "now.mat", "now.ibw", "now.dat"])
def test_a_recording_that_the_rig_holds_open_is_told_as_that(name, tmp_path, monkeypatch):
    # opening says only "Permission denied" on Windows, and the system says why when asked
    path = tmp_path / name
    path.write_bytes(b"ABF2" * 1000)
    real = open

    def refused(file, *args, **options):
        if str(file) == str(path):
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *args, **options)

    monkeypatch.setattr("builtins.open", refused)
    monkeypatch.setattr(files, "_answer_to_opening", lambda asked: SHARING if str(asked) == str(path) else 0)
    with pytest.raises(ReadError, match="another program holds it open") as caught:
        inspect(path)
    assert name in str(caught.value)
    assert "damaged" not in str(caught.value)
    monkeypatch.setattr(files, "_answer_to_opening", lambda asked: DENIED)
    with pytest.raises(ReadError, match="you lack the permission"):
        inspect(path)


def test_a_part_that_is_locked_while_it_is_read_is_told_as_that():
    damaged = ValueError("can't be unpacked")
    damaged.__cause__ = refusal("x.abf", LOCKED)
    assert files.is_held(damaged)
    assert not files.is_held(ValueError("damaged"))
    assert not files.is_held(PermissionError(13, "Permission denied"))


def test_whether_a_folder_can_be_written_to_is_tried(tmp_path, monkeypatch):
    assert files.why_not_written(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
    assert files.why_not_written(tmp_path / "absent")
    real = os.open

    def refused(path, flags, *args, **options):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(os, "access", lambda *_: True)  # as Windows says of all folders
    assert files.why_not_written(tmp_path) == "Permission denied"


# --- hidden files, junctions


class Marked:
    """An entry of a folder with the marks that Windows or macOS gives."""

    def __init__(self, entry: os.DirEntry[str], **marks: int):
        self._entry, self._marks = entry, marks

    def __getattr__(self, name):
        return getattr(self._entry, name)

    def __fspath__(self):
        return self._entry.path

    def stat(self, *, follow_symlinks: bool = True):
        about = self._entry.stat(follow_symlinks=follow_symlinks)
        known = {name: getattr(about, name) for name in dir(about) if name.startswith("st_")}
        return types.SimpleNamespace(**(known | self._marks))


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A drive with recordings, deleted ones, a junction, and what a cloud keeps."""
    for name in ("cells/a.abf", "$RECYCLE.BIN/S-1/$R1.abf", "System Volume Information/x.abf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for name in ("marked/b.abf", "circle/a.abf", "cloud/c.abf", "mac/d.abf"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    marks = {
        "marked": {"st_file_attributes": stat.FILE_ATTRIBUTE_HIDDEN},
        "circle": {"st_reparse_tag": 0xA0000003, "st_file_attributes": stat.FILE_ATTRIBUTE_REPARSE_POINT},
        "cloud": {"st_reparse_tag": 0x9000601A, "st_file_attributes": stat.FILE_ATTRIBUTE_REPARSE_POINT},
        "mac": {"st_flags": stat.UF_HIDDEN},
    }
    real = os.scandir

    class Scan:
        def __init__(self, path):
            self._scan = real(path)

        def __enter__(self):
            return (Marked(entry, **marks.get(entry.name, {})) for entry in self._scan)

        def __exit__(self, *_):
            self._scan.close()

    monkeypatch.setattr(os, "scandir", Scan)
    return tmp_path


def test_deleted_and_hidden_recordings_are_not_chosen_and_junctions_not_followed(drive):
    root = Root(drive)
    assert [entry.relative for entry in root.tree().entries] == ["cells/a.abf", "cloud/c.abf"]
    assert [entry.name for entry in root.list().entries] == ["cells", "circle", "cloud"]  # one can be opened


def test_a_junction_that_leads_out_is_not_shown(drive, monkeypatch):
    outside = drive.parent / "outside"
    real = pathlib.Path.resolve

    def resolved(path, strict=False):
        return outside if path.name == "circle" else real(path, strict=strict)

    monkeypatch.setattr(pathlib.Path, "resolve", resolved)
    found = Root(drive).list()
    assert [entry.name for entry in found.entries] == ["cells", "cloud"]
    assert ["leads out" in problem.message for problem in found.problems] == [True]
