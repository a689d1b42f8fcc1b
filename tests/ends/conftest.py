"""Processes that are started, and gone when the test is."""

from __future__ import annotations

import pathlib
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.ends.process import Process


@pytest.fixture(autouse=True)
def hang_ups_are_heard() -> Iterator[None]:
    """Have what is started here heed that its console is closed, even if these tests run under nohup."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def begin(tmp_path: pathlib.Path) -> Iterator[Callable[..., Process]]:
    """``begin("-c", code)`` starts Python."""
    started: list[Process] = []

    def start(*command: object, **options: object) -> Process:
        started.append(Process(tmp_path, *command, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for process in started:
        process.close()
