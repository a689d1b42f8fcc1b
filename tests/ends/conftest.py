"""Processes that are started, and gone when the test is."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import pytest

from tests.ends.process import Process


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
