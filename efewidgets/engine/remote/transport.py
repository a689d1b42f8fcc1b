"""Bytes from a server: with limits of time, tried again, and never from a host that isn't allowed.

By requests, in the thread that asks: HDF5 asks for bytes while it holds h5py's lock. A library that fetches them in a
thread of its own (fsspec, by aiohttp) waits for ever where that thread collects h5py's garbage, which needs the lock.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin

from ..problems import EfeError, MissingFileError, ReadError
from . import hosts
from .urls import host_of

TIMEOUT_VARIABLE = "EFEWIDGETS_REMOTE_TIMEOUT"
#: s without an answer, or without more of it
TIMEOUT = 30.0
_CONNECT = 10.0
#: How often a request is made before it is given up, and the first pause (s) between
TRIES, PAUSE = 3, 0.5

_MOST_REDIRECTIONS = 6
_MAY_PASS = {408, 429, 500, 502, 503, 504}
#: Answers of servers that don't like to be asked for the head of a file alone
_NO_HEAD = {400, 403, 405, 501}
#: Bytes of a whole file after which whoever watches is told, and may end it: few, since servers may be slow
_CHUNK = 1 << 16
_NEEDED = 'reading files from other computers needs requests: pip install "efewidgets[remote]".'

T = TypeVar("T")
_own = threading.local()


@dataclass(frozen=True)
class About:
    """What a server says of a file.

    Parameters
    ----------
    url : str
        The https:// address.
    size : int or None
        Bytes.
    version : str
        What changes when the file does; "" if the server doesn't say.
    in_ranges : bool
        Whether the server sends pieces, as far as it says.
    """

    url: str
    size: int | None
    version: str
    in_ranges: bool


def about(url: str) -> About:
    """Return what a server says of a file. Raises ReadError."""

    def ask() -> About:
        try:
            with _answer("HEAD", url) as said:
                return _said(url, said, said.headers.get("Content-Length"))
        except _StatusError as error:
            if error.status not in _NO_HEAD:
                raise
        with _answer("GET", url, {"Range": "bytes=0-0"}) as said:
            whole = said.headers.get("Content-Range", "").rpartition("/")[2]
            return _said(url, said, whole if said.status_code == 206 else said.headers.get("Content-Length"))

    return _tried(url, ask)


def _said(url: str, answer: Any, size: str | None) -> About:
    headers = answer.headers
    plain = headers.get("Content-Encoding", "identity") in ("", "identity")
    version = headers.get("ETag") or headers.get("Last-Modified") or ""
    known = int(size) if size and size.isdigit() and plain else None
    return About(url, known, version, headers.get("Accept-Ranges") != "none")


def get(url: str) -> bytes:
    """Return a small file. Raises ReadError."""

    def ask() -> bytes:
        with _answer("GET", url) as said:
            return bytes(said.content)

    return _tried(url, ask)


def piece(file: About, start: int, end: int) -> bytes:
    """Return the bytes of a file from `start` to before `end`. Raises ReadError if they can't be had."""
    strong = file.version.startswith('"')
    headers = {"Range": f"bytes={start}-{end - 1}"} | ({"If-Match": file.version} if strong else {})

    def ask() -> bytes:
        with _answer("GET", file.url, headers) as said:
            first = said.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
            if said.status_code != 206 or first != str(start):
                raise ReadError(
                    f"{host_of(file.url)} doesn't send pieces of files (ranges), so that the file can't be read from "
                    "afar: download it, and open the copy."
                )
            found = bytes(said.content)
        if len(found) != end - start:
            raise _ShortError(f"{host_of(file.url)} sent {len(found)} of {end - start} bytes")
        return found

    return _tried(file.url, ask)


def fetch_whole(file: About, place: pathlib.Path, seen: Callable[[int, int | None], Any]) -> None:
    """Write a whole file; ``seen(bytes, of)`` is told how far it is, and ends the work by what it raises.

    Raises
    ------
    ReadError
        If it doesn't come whole.
    """

    def ask() -> None:
        done = 0
        with _answer("GET", file.url) as said, open(place, "wb") as kept:
            for part in said.iter_content(_CHUNK):
                kept.write(part)
                done += len(part)
                seen(done, file.size)
        if file.size is not None and done != file.size:
            raise _ShortError(f"{host_of(file.url)} sent {done} of {file.size} bytes")

    _tried(file.url, ask)


class _ShortError(Exception):
    """Another number of bytes came than was promised."""


class _StatusError(Exception):
    """A server refused, or failed."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


def timeout() -> float:
    """Return the s that a server may be silent."""
    try:
        return float(os.environ.get(TIMEOUT_VARIABLE, TIMEOUT))
    except ValueError:
        raise EfeError(f"{TIMEOUT_VARIABLE} must be a number of seconds.") from None


@contextlib.contextmanager
def _answer(method: str, url: str, headers: dict[str, str] | None = None) -> Iterator[Any]:
    """Yield a server's answer, its body not yet read; each host on the way must be allowed."""
    session, seconds = _session(), timeout()
    for _ in range(_MOST_REDIRECTIONS):
        hosts.check(url)
        with session.request(
            method,
            url,
            headers={"Accept-Encoding": "identity", **(headers or {})},
            stream=True,
            allow_redirects=False,
            timeout=(min(_CONNECT, seconds), seconds),
        ) as said:
            if said.is_redirect:
                url = urljoin(url, said.headers["Location"])
                continue
            if said.status_code >= 400:
                raise _StatusError(said.status_code)
            yield said
            return
    raise ReadError(f"{url} leads from one address to the next.")


def _session() -> Any:
    """Return the connections of this thread; after a fork the parent's aren't used."""
    try:
        import requests
    except ImportError as error:
        raise ReadError(_NEEDED) from error
    if getattr(_own, "process", None) != os.getpid():
        _own.process, _own.session = os.getpid(), requests.Session()
    return _own.session


def _tried(url: str, work: Callable[[], T]) -> T:
    """Do what asks a server; try again what may pass, and say in words what doesn't."""
    for attempt in range(TRIES):
        try:
            return work()
        except EfeError:
            raise
        except Exception as error:
            if attempt == TRIES - 1 or not _may_pass(error):
                raise _in_words(url, error) from error
        time.sleep(PAUSE * 2**attempt)
    raise AssertionError("unreachable")


def _may_pass(error: Exception) -> bool:
    """Whether it may go better next time: a server that is busy, or a line that broke; not what happens here."""
    if isinstance(error, _StatusError):
        return error.status in _MAY_PASS
    return isinstance(error, _ShortError) or _of_requests(error)


def _of_requests(error: Exception) -> bool:
    import requests

    return isinstance(error, requests.RequestException)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        inner = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = error.__cause__ or error.__context__ or inner
    return found


def _in_words(url: str, error: Exception) -> Exception:
    host, status = host_of(url), error.status if isinstance(error, _StatusError) else None
    if status in (404, 410):
        return MissingFileError(f"{host} has no such file: {url}.")
    if status in (401, 403):
        return ReadError(f"{host} doesn't let everybody read {url} ({status}).")
    if status == 412:
        return ReadError(f"{url} has changed while it was read: read it again.")
    if status is not None:
        return ReadError(f"{host} answered with error {status} for {url}. Try again later.")
    if not isinstance(error, _ShortError) and not _of_requests(error):
        return error  # a disk that is full, or whoever watches
    if any("Timeout" in type(one).__name__ for one in _chain(error)):
        return ReadError(f"{host} was silent for {timeout():g} s: {url} can't be read now. Try again later.")
    last = _chain(error)[-1]
    words = str(error) if isinstance(error, _ShortError) else f"{type(last).__name__}: {last}".rstrip(": ")
    return ReadError(f"{url} didn't come whole: {words}. Nothing of that is kept; try again.")
