"""``efewidgets cache``."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from efewidgets.state.cache.disk import DiskCache

from .conftest import Ran


def test_the_cache_is_shown_and_cleared(
    run: Callable[..., Ran], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    assert run("cache", "--json").document["bytes"] == 0
    DiskCache().put(b"k" * 16, bytes(range(256)) * 8000)
    ran = run("cache")
    assert ran.code == 0
    assert str(tmp_path / "cache") in ran.out
    found = run("cache", "--clear", "--json").document
    assert found["removed"] > 0
    assert found["bytes"] == 0
    assert DiskCache().get(b"k" * 16) is None
