"""``efewidgets cache``."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from efewidgets.engine.features import efel_proof
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


def test_what_is_known_of_efel_goes_with_the_cache(
    run: Callable[..., Ran], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "cache"))
    assert run("cache", "--clear").code == 0  # where there is none yet
    efel_proof.folder().mkdir()
    efel_proof._keep(efel_proof.Proof("this one", ()))
    assert run("cache").code == 0
    assert efel_proof._kept("this one") is not None
    assert run("cache", "--clear").code == 0
    assert list(efel_proof.folder().iterdir()) == []
