"""A server on this machine, an empty cache, and no time lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from efewidgets.engine import apart
from efewidgets.engine.remote import hosts, stamps, store, transport

from .server import Server, serving


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return the folder of the cache, for this process and those that it starts."""
    pytest.importorskip("requests", reason="requests (efewidgets[remote]) isn't installed")
    place = tmp_path / "cache"
    monkeypatch.setenv(store.VARIABLE, str(place))
    monkeypatch.setenv(transport.TIMEOUT_VARIABLE, "5")
    monkeypatch.setattr(transport, "PAUSE", 0.01)
    monkeypatch.delenv(hosts.VARIABLE, raising=False)
    monkeypatch.setattr(stamps, "_KEPT", 0.0)  # each opening asks anew
    apart.close()
    yield place
    apart.close()


@pytest.fixture
def server(tmp_path, cache) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    with serving(folder) as running:
        yield running
