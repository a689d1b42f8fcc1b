"""What hears that it is to end, where systems differ: Windows in part by pretending."""

from __future__ import annotations

import errno
import io
import os
import pathlib
import signal
import sys
import time
import types

import pytest

from efewidgets import cli
from efewidgets.cli import streams
from efewidgets.engine.systems import ending
from tests.ends.process import WITHIN, posix

#: A server whose signals come to another thread, as all do on Windows: the loop isn't woken by them
ELSEWHERE = """
import signal, sys, threading, time
from efewidgets.cli import main

ready = threading.Event()

def takes():
    ready.wait()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    time.sleep(60)

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
threading.Thread(target=takes, daemon=True).start()
ready.set()
sys.exit(main(["dashboard", "--no-browser", "--warm=0", "--port=%s"]))
"""


@posix
def test_ctrl_c_is_heard_where_it_does_not_wake_the_loop(begin):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = begin("-c", ELSEWHERE % port)
    process.until(lambda: str(port) in process.said)
    time.sleep(2)  # until there is nothing else that wakes it
    process.tell(signal.SIGINT)
    process.end().is_clean(0)


def test_workers_on_windows_start_without_ctrl_c(monkeypatch):
    """There no process inherits what another one ignores, but that it hears no Ctrl-C at all."""
    told = []
    kernel32 = types.SimpleNamespace(
        SetConsoleCtrlHandler=lambda handler, ignore: told.append((handler, ignore))
    )
    monkeypatch.setattr("ctypes.windll", types.SimpleNamespace(kernel32=kernel32), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    with ending.left_alone():
        assert told == [(None, True)]
    assert told == [(None, True), (None, False)]


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL, errno.EIO])
def test_a_reader_that_has_gone_however_the_system_says_so(monkeypatch, number):
    """Windows says "invalid argument", a terminal that was closed "input/output error"."""

    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(number, "gone")

        def flush(self):
            raise OSError(number, "gone")

        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Gone())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "stdout_for_results_only", cli.contextlib.nullcontext)
        assert cli.main(["features", "sag_amplitude"]) == 0


def test_a_full_disk_is_no_reader_that_has_gone():
    assert not streams.nobody_reads(OSError(errno.ENOSPC, "full"))


def test_what_is_done_at_the_end_is_done_once_and_the_last_first(begin):
    code = (
        "from efewidgets.engine.systems.ending import at_end, end, not_at_end\n"
        "def third(): print('never')\n"
        "at_end(lambda: print('first', flush=True)); at_end(lambda: 1 / 0)\n"
        "at_end(lambda: print('last', flush=True)); at_end(third); not_at_end(third)\n"
        "end(7, 5.0)"
    )
    process = begin("-c", code)
    process.process.wait(60)
    end = process.end()
    assert (end.code, end.said.split()) == (7, ["last", "first"])


def test_what_takes_too_long_at_the_end_is_not_waited_for(begin):
    code = "import time; from efewidgets.engine.systems.ending import *; at_end(lambda: time.sleep(60)); end(0, 0.2)"
    process = begin("-c", code)
    assert process.process.wait(WITHIN + 30) == 0


def test_a_temporary_folder_goes_with_its_owner_and_with_the_process(begin):
    class Owner:
        pass

    owner = Owner()
    folder, _ = ending.temporary_folder(owner, "efewidgets-test-")
    assert pathlib.Path(folder).is_dir()
    del owner
    assert not pathlib.Path(folder).exists()
    code = "from efewidgets.engine.systems.ending import *; class_ = type('O', (), {}); o = class_(); "
    for last in ("", "end(0, 5.0)"):
        process = begin("-c", f"{code}print(temporary_folder(o, 'x-')); {last}")
        process.process.wait(60)
        end = process.end()
        assert (end.code, end.files) == (0, []), end
