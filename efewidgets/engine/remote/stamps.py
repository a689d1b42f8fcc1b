"""What is known of a file elsewhere: asked once a minute, so that reading it sweep by sweep costs no more requests."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from ..guard import may_open
from . import hosts, transport
from .places import place_of
from .transport import About

_KEPT = 60.0  # s
_HOUR = 3600
_known: dict[str, tuple[float, About]] = {}
_failures: dict[str, int] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Stamp:
    """What changes when a file does, or when reading it failed, so that half of it is never remembered as all."""

    url: str
    size: int
    version: int
    failures: int


def about(url: str) -> About:
    """Return what a server says of a file; its version is never empty. Raises ReadError."""
    may_open(url)
    with _lock:
        found = _known.get(url)
    if found is not None and time.monotonic() - found[0] < _KEPT:
        hosts.check(found[1].url)  # what is kept is for those only who may fetch it
        return found[1]
    said = transport.about(place_of(url))
    if not said.version:  # it may change at any time: it is kept for this hour
        said = About(said.url, said.size, f"in hour {int(time.time() // _HOUR)}", said.in_ranges)
    with _lock:
        _known[url] = time.monotonic(), said
    return said


def stamp(url: str) -> Stamp:
    """Return what changes when a file does. Raises ReadError if it isn't there."""
    said = about(url)
    number = int.from_bytes(hashlib.sha256(said.version.encode()).digest()[:7], "big")
    return Stamp(url, said.size or 0, number, _failures.get(url, 0))


def failed(url: str) -> None:
    """Remember that reading a file failed: what was made of it so far is nothing to go by."""
    with _lock:
        _failures[url] = _failures.get(url, 0) + 1
        _known.pop(url, None)
