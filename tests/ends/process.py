"""A process with all that it starts: how it ended, how long that took, what it said, and what it left behind."""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

#: s within which everything has ended
WITHIN = float(os.environ.get("ENDS_WITHIN", 5))
#: How often each ending is tried: once in the quick suite where it is cheap, and so often in the slow one
TIMES = int(os.environ.get("ENDS_TIMES", 5))
#: s until a process has come to where a test wants it, on a busy machine
PATIENCE = 90

_MARK = "EFEWIDGETS_TEST_OF_ENDS"

posix = pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")


def often(cheap: bool = False) -> pytest.MarkDecorator:
    """Return what has a test run `TIMES` times, by its argument `number`; a cheap one once in the quick suite."""
    marks = [() if cheap and number == 0 else (pytest.mark.slow,) for number in range(TIMES)]
    return pytest.mark.parametrize("number", [pytest.param(k, marks=mark) for k, mark in enumerate(marks)])


@dataclass(frozen=True)
class End:
    """How a process ended.

    Parameters
    ----------
    code : int
        Its exit code.
    seconds : float
        From when it was to end until the last process was gone.
    said : str
        All that it and those it started have written.
    processes : list of str
        What was still there after `WITHIN`.
    files : list of str
        What was left in the temporary folder.
    """

    code: int
    seconds: float
    said: str
    processes: list[str]
    files: list[str]

    def is_clean(self, *codes: int, tracebacks: int = 0) -> None:
        """Fail unless it ended with one of these codes, in time, without a traceback, and left nothing."""
        assert self.code in codes, self
        assert self.processes == [], self
        assert self.files == [], self
        assert self.seconds < WITHIN, self
        words = ("Traceback", "Fatal Python error", "Exception ignored", "Segmentation")
        assert [word for word in words for _ in range(self.said.count(word))] == ["Traceback"] * tracebacks, (
            self.said
        )


class Process:
    """A process in a group of its own, as a shell would start it.

    Parameters
    ----------
    folder : pathlib.Path
        Of the test; holds the temporary folder of this process, and what it says.
    command : str
        Arguments of Python.
    environment : dict, optional
        What is otherwise in it.
    stdout : int, optional
        Where standard output goes, instead of to a file with standard error.
    terminal : bool
        Whether it is started at a terminal of its own.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        *command: object,
        environment: Mapping[str, str] | None = None,
        stdout: int | None = None,
        terminal: bool = False,
    ):
        self.mark = uuid.uuid4().hex
        self.folder = folder / self.mark
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir(parents=True)
        self._log = self.folder / "said.txt"
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary))
        places |= {
            "JUPYTER_RUNTIME_DIR": str(self.temporary / "jupyter"),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        places |= {"EFEWIDGETS_CACHE": str(folder / "cache"), "IPYTHONDIR": str(folder / "ipython")}
        (self.temporary / "jupyter").mkdir(mode=0o700)
        self._master, self._closed = -1, False
        with self._log.open("wb") as log:
            streams = {
                "stdin": subprocess.DEVNULL,
                "stdout": log if stdout is None else stdout,
                "stderr": log,
            }
            if terminal:
                self._master, slave = os.openpty()
                streams = dict.fromkeys(streams, slave)
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=self.folder,
                env=os.environ
                | places
                | {"PYTHONPATH": str(ROOT), _MARK: self.mark}
                | dict(environment or {}),
                start_new_session=True,
                preexec_fn=functools.partial(_at_terminal, slave) if terminal else _hearing,
                **streams,
            )
        if terminal:
            os.close(slave)
            threading.Thread(target=self._listen, args=(self._master,), daemon=True).start()

    def _listen(self, master: int) -> None:
        """Write down what appears on the terminal."""
        with self._log.open("ab", buffering=0) as log, contextlib.suppress(OSError):
            while not self._closed:
                if select.select([master], [], [], 0.05)[0]:  # one that is being read isn't closed before
                    log.write(os.read(master, 4096))
        os.close(master)

    def press(self, keys: bytes) -> None:
        """Press keys at the terminal."""
        os.write(self._master, keys)

    def close_terminal(self) -> None:
        """Close the terminal's window."""
        self._closed = True

    @property
    def said(self) -> str:
        """All that was written until now."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return the process and those that it has started, whoever their parent is now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(_MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def until(self, true: Callable[[], object], what: str = "") -> None:
        """Wait for something; fail if the process ends before."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, f"it has ended: {self.said}"
            assert time.monotonic() < end, f"{what}: {self.said}"
            time.sleep(0.02)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self.process.send_signal(number)

    def tell_group(self, number: signal.Signals) -> None:
        """Send a signal to its group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, begun: float | None = None) -> End:
        """Wait until everything has ended, `WITHIN` s from when it was to (default: now); see what is left."""
        begun = time.monotonic() if begun is None else begun
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(WITHIN - (time.monotonic() - begun), 0.0))
        while (left := self.family()) and time.monotonic() < begun + WITHIN:
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        told = [_told(process) for process in left]
        files = [str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*")]
        self.close()
        return End(
            self.process.wait(), seconds, self.said, told, [name for name in files if name != "jupyter"]
        )

    def close(self) -> None:
        """End whatever is left, so that a test that fails leaves nothing."""
        self._closed = True
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()


def _hearing() -> None:
    """Hear Ctrl-C, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _at_terminal(slave: int) -> None:
    """Be what runs at a terminal."""
    import fcntl
    import termios

    _hearing()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def _told(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid}: {' '.join(process.cmdline())[:200]}"
    return f"{process.pid}: gone meanwhile"
