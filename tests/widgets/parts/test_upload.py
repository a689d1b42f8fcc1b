"""Files that come in pieces: safe names, nothing overwritten, nothing left of what did not come whole."""

from __future__ import annotations

import os

import pytest
from ipywidgets.widgets import widget

from efewidgets.engine.files.receiving import Inbox, in_words, numbered
from efewidgets.widgets.parts.upload import Upload


@pytest.fixture
def upload(tmp_path):
    found = Upload(tmp_path / "in", limit=1000)
    found.sent = []
    found.send = lambda content, buffers=None: found.sent.append(content)
    yield found
    found.close()


def say(upload, kind, buffers=(), **content):
    upload._told(upload, {"kind": kind, "id": "k", "batch": "b", **content}, list(buffers))
    return upload.sent[-1] if upload.sent else None


def give(upload, name, data=b"abc", piece=2):
    answer = say(upload, "begin", name=name, size=len(data))
    while answer["kind"] == "go":
        at = answer["offset"]
        answer = say(upload, "piece", [memoryview(data[at : at + piece])], offset=at)
    return answer


def test_a_file_comes_in_pieces(upload):
    told = []
    upload.on_received = told.append
    data = os.urandom(999)
    assert give(upload, "C1/IV 1.abf", data, 100) == {"kind": "done", "id": "k", "name": "IV 1.abf"}
    assert give(upload, "empty.abf", b"")["kind"] == "done"
    assert told == []
    say(upload, "end")
    assert told == [(str(upload.folder / "C1" / "IV 1.abf"), str(upload.folder / "empty.abf"))]
    assert (upload.folder / "C1" / "IV 1.abf").read_bytes() == data
    assert sorted(p.name for p in upload.folder.rglob("*")) == ["C1", "IV 1.abf", "empty.abf"]


@pytest.mark.parametrize(
    "name",
    ["../../x.abf", "/etc/passwd",
     "a/../../x", "..", "", "x\0.abf", "\n<img src=x>.abf", "nul.abf", ".bashrc", "é" * 900,
     "a\\..\\b.abf", "C:\\x.abf", "/" * 50, "a/" * 200 + "x"],
)  # fmt: skip
def test_no_name_leads_out(upload, tmp_path, name):
    assert give(upload, name)["kind"] == "done"
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 1
    assert files[0].is_relative_to(upload.folder)
    assert not files[0].name.startswith(".")
    assert files[0].read_bytes() == b"abc"


def test_a_folder_that_is_a_link_is_not_followed(upload, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (upload.folder / "C1").symlink_to(tmp_path / "elsewhere")
    assert "leads elsewhere" in give(upload, "C1/x.abf")["reason"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_no_file_is_overwritten(upload):
    names = [give(upload, "x.abf", data)["name"] for data in (b"1", b"2", b"3")]
    assert names == ["x.abf", "x (2).abf", "x (3).abf"]
    assert [(upload.folder / name).read_bytes() for name in names] == [b"1", b"2", b"3"]
    assert numbered("a", 2) == "a (2)"


def test_what_is_too_large_is_refused_in_words(upload, monkeypatch):
    assert "at most 1 kB" in give(upload, "x.abf", b"x" * 1001)["reason"]
    assert say(upload, "begin", name="x", size=-1)["kind"] == "refused"
    assert say(upload, "begin", name="x", size="9")["kind"] == "refused"
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("U", (), {"free": 10, "total": 0}))
    assert "only 10 bytes are free" in give(upload, "x.abf", b"x" * 11)["reason"]
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("U", (), {"free": 2**30, "total": 2**40}))
    assert "only 0 bytes are free" in give(upload, "x.abf", b"x" * 11)["reason"]  # others need some, too
    assert list(upload.folder.iterdir()) == []
    assert in_words(1.5e9) == "1.5 GB"


def test_nothing_is_left_of_what_did_not_come_whole(upload):
    say(upload, "begin", name="x.abf", size=4)
    assert len(list(upload.folder.iterdir())) == 1
    say(upload, "cancel")
    assert list(upload.folder.iterdir()) == []
    for offset, data in ((0, b"12345"), (1, b"1")):
        say(upload, "begin", name="x.abf", size=4)
        assert "don't fit together" in say(upload, "piece", [data], offset=offset)["reason"]
        assert list(upload.folder.iterdir()) == []
    assert "given up" in say(upload, "piece", [b"1"], offset=0)["reason"]
    say(upload, "begin", name="x.abf", size=4)
    upload.close()
    assert list(upload.folder.iterdir()) == []


def test_a_full_disk_is_said(upload, monkeypatch):
    say(upload, "begin", name="x.abf", size=4)
    upload.inbox.incoming["k"].file.close()
    upload.inbox.incoming["k"].file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    assert "No space left" in say(upload, "piece", [b"1234"], offset=0)["reason"]
    assert list(upload.folder.iterdir()) == []


def test_a_temporary_folder_goes_with_the_widget():
    before = len(widget._instances)
    upload = Upload()
    assert upload.folder.is_dir()
    upload.close()
    assert not upload.folder.exists()
    assert len(widget._instances) == before


def test_what_nobody_sends_any_more_is_dropped(tmp_path, monkeypatch):
    inbox = Inbox(tmp_path)
    inbox.begin("old", "x", 10)
    inbox.incoming["old"].touched -= 10_000
    inbox.begin("new", "y", 10)
    assert list(inbox.incoming) == ["new"]
    inbox.close()
    assert list(tmp_path.iterdir()) == []
