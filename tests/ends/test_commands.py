"""A command that is stopped: by Ctrl-C, told to end, with its console, by whoever reads no more, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.ends.process import Process, often, posix
from tests.ends.slow import ASKING, Slow
from tests.engine.readers.binary_files import write_abf2
from tests.engine.remote.server import serving

pytestmark = posix

asking = pytest.mark.parametrize("asked", ASKING, ids=lambda number: number.name)
#: With workers there is more that can go wrong
jobs = pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.slow), 2])


@pytest.fixture
def extracting(begin, tmp_path):
    """``extracting(jobs, seconds)`` starts an extraction that reads, each recording for so many seconds."""

    def start(jobs: int, seconds: float, **options: object) -> Process:
        slow = Slow(tmp_path, seconds)
        environment = slow.environment | {"PYTHONUNBUFFERED": "1"}
        command = ("-m", "efewidgets", "extract", slow.config, "-o", tmp_path / "out", "--jobs", jobs)
        process = begin(*command, environment=environment, **options)
        process.until(slow.readers, "nobody reads")
        return process

    return start


@often(cheap=True)
@jobs
@asking
def test_an_extraction_that_is_asked_to_end(extracting, tmp_path, jobs, asked, number):
    process = extracting(jobs, 60)
    process.tell(asked)
    end = process.end()
    end.is_clean(ASKING[asked])
    assert "No file is half written" in end.said
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@often()
@jobs
@asking
def test_all_of_it_is_asked_to_end(extracting, jobs, asked, number):
    process = extracting(jobs, 0.3)
    process.tell_group(asked)
    process.end().is_clean(ASKING[asked])


@often(cheap=True)
@jobs
def test_ctrl_c_at_a_terminal(extracting, jobs, number):
    process = extracting(jobs, 60, terminal=True)
    process.press(b"\x03")
    process.end().is_clean(130)


@often(cheap=True)
@jobs
def test_a_terminal_that_is_closed(extracting, jobs, number):
    process = extracting(jobs, 60, terminal=True)
    process.close_terminal()
    process.end().is_clean(129)


@often()
def test_one_that_is_to_outlive_its_console(begin, tmp_path, number):
    """As started by nohup."""
    slow = Slow(tmp_path, 0.1, ["RS1"])
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); import efewidgets.cli as cli; "
        f"import sys; sys.exit(cli.main(['extract', {str(slow.config)!r}, '-o', {str(tmp_path / 'out')!r}]))"
    )
    process = begin("-c", code, environment=slow.environment)
    process.until(slow.readers)
    process.tell(signal.SIGHUP)
    assert process.process.wait(60) == 0
    assert (tmp_path / "out" / "features.json").is_file()


@often()
@jobs
def test_one_that_is_killed(extracting, jobs, number):
    process = extracting(jobs, 60)
    process.tell(signal.SIGKILL)
    process.end().is_clean(-signal.SIGKILL)


@often()
@asking
def test_workers_that_are_starting(begin, tmp_path, asked, number):
    slow = Slow(tmp_path, 60)
    process = begin(
        "-m", "efewidgets", "extract", slow.config, "-o", "out", "--jobs", 2, environment=slow.environment
    )
    process.until(
        lambda: len(process.family()) > 2 + number % 2
    )  # multiprocessing's own process is one of them
    process.tell_group(asked)
    process.end().is_clean(ASKING[asked])


# --- files elsewhere


@pytest.fixture
def elsewhere(tmp_path):
    """A server that takes half a minute to send a file."""
    pytest.importorskip("requests", reason="requests (efewidgets[remote]) isn't installed")
    folder = tmp_path / "served"
    folder.mkdir()
    sweep = np.zeros((1_000_000, 2), np.int16)
    sweep[:, 0] = -70
    write_abf2(folder / "large.abf", [("Vm", "mV"), ("Im", "pA")], [sweep])
    with serving(folder) as server:
        server.slowly = 0.4
        yield server
        server.slowly = 0.0


@often()
@asking
@pytest.mark.parametrize("silent", [False, True], ids=["slow", "silent"])
def test_a_file_that_is_being_fetched(begin, elsewhere, asked, silent, number):
    elsewhere.pause = 20 if silent else 0
    process = begin("-m", "efewidgets", "inspect", f"{elsewhere.url}/large.abf")
    process.until(lambda: elsewhere.requests if silent else elsewhere.sent)
    process.tell(asked)
    end = process.end()
    elsewhere.pause = 0
    end.is_clean(ASKING[asked])


# --- nobody reads


@often(cheap=True)
@pytest.mark.parametrize(
    "arguments", [("--help",), ("inspect", "--help"), ("features", "--quiet"), ("features",)]
)
def test_output_that_nobody_reads(begin, arguments, number):
    reading, writing = os.pipe()
    os.close(reading)
    process = begin("-m", "efewidgets", *arguments, stdout=writing)
    os.close(writing)
    code = process.process.wait(60)
    end = process.end()
    assert code in (0, 2), end
    end.is_clean(code)
    assert end.said == ""


@pytest.mark.parametrize("closed", ["stdout", "stderr", "both"])
def test_streams_that_are_not_there(tmp_path, closed):
    which = {"stdout": (1,), "stderr": (2,), "both": (1, 2)}[closed]
    code = (
        f"import os; [os.close(fd) for fd in {which}]; "
        f"os.execv({sys.executable!r}, [{sys.executable!r}, '-m', 'efewidgets', 'features', 'sag_amplitude'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert ("sag_amplitude" in done.stdout) == (closed == "stderr")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk to be had")
def test_a_full_disk_is_told(begin):
    with open("/dev/full", "w", encoding="utf-8", newline="\n") as full:
        process = begin("-m", "efewidgets", "features", "sag_amplitude", stdout=full.fileno())
    assert process.process.wait(60) == 2
    end = process.end()
    end.is_clean(2)
    assert end.said == "efewidgets: the results can't be printed: No space left on device.\n"
