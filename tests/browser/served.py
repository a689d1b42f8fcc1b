"""The dashboard as a process of its own, for tests in a real browser."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from efewidgets import datasets

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 90  # s, for a page to come up on a busy machine
STEPS = ["Recordings", "Stimuli & spikes", "Rheobase", "Targets", "Features", "Export"]


class Served:
    """A dashboard that runs as a process of its own."""

    def __init__(
        self,
        folder: pathlib.Path,
        *arguments: str,
        base_url: str = "/",
        ip: str = "localhost",
        port: int | None = None,
    ):
        if port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        command = [sys.executable, "-m", "efewidgets", "dashboard", "--no-browser", f"--port={port}"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder / "data")}
        environment["EFEWIDGETS_CACHE"] = str(folder / "cache")
        self.log = folder / "server.log"
        with self.log.open("w", encoding="utf-8", newline="\n") as output:
            self.process = subprocess.Popen(
                [*command, f"--base-url={base_url}", f"--ip={ip}", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        self.url = f"http://{ip}:{port}{base_url}"
        try:
            self._wait_until_it_says_so()
        except AssertionError:
            self.stop()
            raise

    def _wait_until_it_says_so(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.url not in self.log.read_text(encoding="utf-8"):
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < end, self.log.read_text(encoding="utf-8")
            time.sleep(0.1)

    def kernels(self) -> set[int]:
        """Return the kernels: processes that the server has started, or copies of one that it has."""
        own = _children(self.process.pid)
        copied = (filter(_is_copied, _children(pid)) for pid in self.nurseries())
        return (own - self.nurseries()).union(*copied)

    def nurseries(self) -> set[int]:
        """Return the process that kernels are copies of, if there is one."""
        return {pid for pid in _children(self.process.pid) if _is_copied(pid)}

    def stop(self) -> None:
        """End it, and what it started."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _children(pid: int) -> set[int]:
    try:
        found = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    except OSError:  # gone meanwhile
        return set()
    return {int(number) for number in found.split()}


def _is_copied(pid: int) -> bool:
    """Whether a process is the one that kernels are copies of, or a copy."""
    try:
        return b"efewidgets.app.nursery" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def sample_lab(folder: pathlib.Path) -> str:
    """Make a folder with the files of two sample cells; return its path."""
    lab = folder / "lab"
    lab.mkdir()
    for name in ("RS1", "FS1"):
        shutil.copy(datasets.sample_folder() / f"{name}.nwb", lab)
    return str(lab)


def button(page: Any, step: str) -> Any:
    return page.locator(".efe-step-button", has_text=re.compile(rf"^\d {re.escape(step)}"))


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
