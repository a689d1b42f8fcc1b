"""Which files of a folder are new and whole, while recordings are written into it."""

from __future__ import annotations

import pytest

from efewidgets.engine.files.folders import Root
from efewidgets.engine.files.watching import Seen, Watched


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "there.abf").write_bytes(b"1")
    return tmp_path


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watched(folder, clock):
    root = Root(folder)
    found = Watched(lambda: root.list("", "", (".abf",)).entries, 10, clock)
    assert found.look() == Seen()
    return found


def test_a_file_is_told_once_when_it_has_stayed_as_it_is(folder, clock, watched):
    (folder / "new.abf").write_bytes(b"1")
    (folder / "new.txt").write_bytes(b"1")
    (folder / "deeper").mkdir()
    assert watched.look() == Seen(growing=("new.abf",))
    clock.now += 9
    (folder / "new.abf").write_bytes(b"12")
    assert watched.look() == Seen(growing=("new.abf",))
    clock.now += 9
    assert watched.look() == Seen(growing=("new.abf",))
    clock.now += 1
    assert watched.look() == Seen(whole=("new.abf",))
    clock.now += 100
    assert watched.look() == Seen()


def test_a_file_that_was_there_and_grows_is_new_when_it_is_whole(folder, clock, watched):
    (folder / "there.abf").write_bytes(b"123")
    assert watched.look() == Seen(growing=("there.abf",))
    clock.now += 10
    assert watched.look() == Seen(whole=("there.abf",))


def test_an_empty_file_is_waited_for_and_one_that_goes_is_forgotten(folder, clock, watched):
    (folder / "new.abf").touch()
    watched.look()
    clock.now += 1000
    assert watched.look() == Seen(growing=("new.abf",))
    (folder / "new.abf").unlink()
    assert watched.look() == Seen()
    (folder / "new.abf").write_bytes(b"1")
    assert watched.look() == Seen(growing=("new.abf",))
    clock.now += 10
    assert watched.look() == Seen(whole=("new.abf",))


def test_a_folder_that_is_one_recording_is_told_too(folder, clock):
    root = Root(folder)
    watched = Watched(lambda: root.list("", "", (".zarr",)).entries, 10, clock)
    watched.look()
    (folder / "one.zarr").mkdir()
    watched.look()
    clock.now += 10
    assert watched.look() == Seen(whole=("one.zarr",))


def test_a_look_that_fails_changes_nothing(clock):
    entries = [OSError("the network is down")]

    def listed():
        if isinstance(entries[0], OSError):
            raise entries[0]
        return []

    watched = Watched(listed, 10, clock)
    with pytest.raises(OSError, match="network"):
        watched.look()
    entries[0] = None
    assert watched.look() == Seen()
