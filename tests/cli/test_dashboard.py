"""The arguments of ``efewidgets dashboard``, and what it refuses; the page itself is tested in the browser."""

from __future__ import annotations

import logging
import socket

import pytest

from efewidgets import datasets
from efewidgets.app import forked
from efewidgets.app.address import Address, free_port
from efewidgets.app.configured import Hosting
from efewidgets.app.many.share import Share
from efewidgets.app.server import SERVED, says_something
from efewidgets.app.settings import Settings
from efewidgets.cli import _parser
from efewidgets.cli.dashboard import _base_url
from efewidgets.cli.dashboard_settings import classroom_of, hosting_of, settings_of
from efewidgets.engine.problems import EfeError


def settings(*arguments: object) -> Settings:
    return settings_of(_parser().parse_args(["dashboard", *map(str, arguments)]))


def test_without_arguments_the_sample_cells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = settings()
    assert (found.start, found.root, found.read_only, found.folder) == ("", None, False, str(tmp_path))
    assert found.scratch is not None


def test_a_folder_and_a_config(tmp_path):
    assert settings(tmp_path).folder == settings(tmp_path).start == str(tmp_path)
    config = datasets.sample_folder() / "samples.json"
    assert settings(config).folder == str(datasets.sample_folder())


def test_for_a_lab(tmp_path):
    for name in ("data", "elsewhere"):
        (tmp_path / name).mkdir()
    found = settings("--root", tmp_path / "data", "--scratch", tmp_path / "new")
    assert (found.root, found.scratch) == (str(tmp_path / "data"), str(tmp_path / "new"))
    assert settings("--root", tmp_path / "data", "--read-only").scratch is None
    with pytest.raises(EfeError, match="not in the folder of --root"):
        settings(tmp_path / "elsewhere", "--root", tmp_path / "data")
    with pytest.raises(EfeError, match="no such folder"):
        settings("--root", tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for inside in (tmp_path / "data" / "scratch", tmp_path / "link" / "scratch"):
        with pytest.raises(EfeError, match="would see the others' sessions"):
            settings("--root", tmp_path / "data", "--scratch", inside)


def test_several_folders_as_on_several_drives(tmp_path):
    one, two, three = (tmp_path / name for name in ("data", "rig2", "share"))
    for folder in (one, two, three):
        folder.mkdir()
    found = settings(one, two, one)
    assert (found.start, found.root, found.folders) == (str(one), None, (str(one), str(two)))
    found = settings("--root", one, "--root", two, "--scratch", three)
    assert (found.root, found.folders) == (str(one), (str(one), str(two)))
    assert settings(two, "--root", one, "--root", two, "--read-only").start == str(two)
    with pytest.raises(EfeError, match="not in the folder of --root"):
        settings(three, "--root", one, "--root", two, "--read-only")
    with pytest.raises(EfeError, match="would see the others' sessions"):
        settings("--root", one, "--root", two, "--scratch", two / "scratch")
    with pytest.raises(EfeError, match="one config, or folders"):
        settings(one, datasets.sample_folder() / "samples.json")


@pytest.mark.parametrize("content", [None, "{"])
def test_what_is_not_there_or_no_config(run, tmp_path, content):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content, encoding="utf-8", newline="\n")
    ran = run("dashboard", path)
    assert ran.code == 2
    assert "config.json" in ran.err


def test_settings_travel_through_the_environment(monkeypatch):
    found = Settings("a", "b", "c", None, True, hosts=("h",), more=("d", "e"))
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment() == found


def test_a_port_that_is_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(EfeError, match=f"port {port} is taken"):
            free_port("127.0.0.1", port)
        assert free_port("127.0.0.1", None) != port


def test_addresses():
    assert [_base_url(given) for given in ("/", "", "lab", "/lab/efe/")] == ["/", "/", "/lab/", "/lab/efe/"]
    assert Address(port=1, base_url="/lab/", token="t").url == "http://localhost:1/lab/?token=t"


def test_the_page_travels_with_the_package():
    assert (SERVED / "efewidgets.ipynb").is_file()
    assert (SERVED / "template" / "index.html.j2").is_file()


def hosting(*arguments: object) -> Hosting:
    chosen = _parser().parse_args(["dashboard", *map(str, arguments)])
    return hosting_of(chosen, settings_of(chosen))


def test_who_is_alone_is_given_all_and_visitors_what_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EFEWIDGETS_FORK", "0")
    (tmp_path / "data").mkdir()
    assert hosting() == Hosting()
    lab = hosting("--root", "data", "--visitors", "20", "--memory", "4G", "--sleep", "30")
    assert lab == Hosting(share=Share(20, 4 << 30), sleep=1800.0)
    assert hosting("--root", "data", "--memory=4G").sleep == 3600.0
    assert hosting("--root", "data", "--memory=4G", "--sleep=0").sleep == 0.0
    assert hosting("--root", "data", "--memory=4G", "--read-only").sleep == 0.0
    assert hosting("--memory=4G").share.visitors > 20
    monkeypatch.delenv("EFEWIDGETS_FORK")
    monkeypatch.setattr(forked, "processes_have_handles", lambda: True)
    assert not hosting().copies
    assert hosting("--root", "data", "--memory=4G").copies


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--visitors=0"], "--visitors must be 1 or more"),
        (["--memory=much"], "--memory must be a size"),
        (["--visitors=100", "--memory=1G"], "suffices for 5 visitors"),
        (["--idle=0"], "--idle must be more than 0 minutes"),
        (["--sleep=-1"], "--sleep must be 0 or more"),
        (["--sleep=5", "--read-only"], "--sleep needs sessions to wake up with"),
    ],
)
def test_what_visitors_can_not_be_given(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EFEWIDGETS_FORK", "0")
    with pytest.raises(EfeError, match=words):
        hosting(*arguments)


def test_a_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = settings("--class")
    assert (found.root, found.taught, found.questions) == (str(datasets.sample_folder()), True, "")
    assert found.scratch != settings().scratch
    questions = tmp_path / "questions.json"
    questions.write_text('[{"text": "How many?", "answer": 3}]', encoding="utf-8", newline="\n")
    taught = settings("--class", "--questions", "questions.json")
    assert taught.questions == str(questions)
    room = classroom_of(taught, Address(token="t"))
    assert (room.questions, room.link) == (("How many?",), "http://localhost:8866/?token=t")
    assert classroom_of(settings(), Address()) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--class", "--read-only"], "keeps the students' answers, and --read-only nothing"),
        (["--class", "."], "--class needs --root DIR"),
        (["--questions=q.json"], "add --class"),
        (["--class", "--questions=q.json"], "q.json can't be read"),
    ],
)
def test_what_a_class_can_not_be(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EfeError, match=words):
        settings(*arguments)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("Got events for closed stream <zmq.eventloop.zmqstream.ZMQStream object at 0x7f>", False),
        ("Notebook efewidgets.ipynb is not trusted", False),
        ("Uncaught exception in ZMQStream callback", True),
    ],
)
def test_the_log_is_silent_of_what_is_no_fault(said, stands):
    record = logging.LogRecord("tornado.general", logging.WARNING, "", 0, "%s", (said,), None)
    assert says_something(record) is stands
