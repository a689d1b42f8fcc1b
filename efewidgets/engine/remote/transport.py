"""Bytes from a server, by fsspec: with limits of time, tried again, and never from a host that isn't allowed."""

from __future__ import annotations

import asyncio
import functools
import os
import pathlib
import threading
import time
from collections.abc import Callable
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

_MAY_PASS = {408, 429, 500, 502, 503, 504}
_NEEDED = "reading files from other computers needs fsspec and aiohttp: pip install 'efewidgets[remote]'."

T = TypeVar("T")


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
    hosts.check(url)
    said = _tried(url, lambda: _system().info(url))
    etag, changed = said.get("ETag"), said.get("Last-Modified")
    return About(url, said.get("size"), str(etag or changed or ""), said.get("partial", True))


def get(url: str) -> bytes:
    """Return a small file. Raises ReadError."""
    hosts.check(url)
    found: bytes = _tried(url, lambda: _system().cat_file(url))
    return found


def piece(file: About, start: int, end: int) -> bytes:
    """Return the bytes of a file from `start` to before `end`. Raises ReadError if they can't be had."""
    hosts.check(file.url)
    strong = file.version.startswith('"')
    headers = {"Accept-Encoding": "identity"} | ({"If-Match": file.version} if strong else {})

    def fetch() -> bytes:
        stream = _system().open(
            file.url, cache_type="none", block_size=1 << 20, size=file.size, headers=headers
        )
        try:
            found: bytes = stream._fetch_range(start, end)
        except ValueError as error:
            raise ReadError(
                f"{host_of(file.url)} doesn't send pieces of files (ranges), so that the file can't be read from "
                "afar: download it, and open the copy."
            ) from error
        if len(found) != end - start:
            raise _ShortError(f"{host_of(file.url)} sent {len(found)} of {end - start} bytes")
        return found

    return _tried(file.url, fetch)


def fetch_whole(file: About, place: pathlib.Path, seen: Callable[[int, int | None], Any]) -> None:
    """Write a whole file; ``seen(bytes, of)`` is told how far it is, and ends the work by what it raises.

    Raises
    ------
    ReadError
        If it doesn't come whole.
    """
    from fsspec.callbacks import Callback

    hosts.check(file.url)
    over, raised = threading.Event(), []

    class Telling(Callback):
        def call(self, *args: Any, **kwargs: Any) -> None:
            """Tell; this is fsspec's thread, which must not be ended by what is raised here."""
            try:
                seen(self.value, file.size)
            except BaseException as error:
                raised.append(error)
            if raised or over.is_set():
                raise _StoppedError

    def fetch() -> None:
        same = {"Accept-Encoding": "identity"}
        try:
            _system().get_file(file.url, str(place), callback=Telling(), chunk_size=1 << 20, headers=same)
        except _StoppedError:
            return
        size = place.stat().st_size
        if file.size is not None and size != file.size:
            raise _ShortError(f"{host_of(file.url)} sent {size} of {file.size} bytes")

    try:
        _tried(file.url, fetch)
    finally:
        over.set()
    if raised:
        raise raised[0]


class _StoppedError(Exception):
    """Somebody wants no more of it."""


class _ShortError(Exception):
    """Another number of bytes came than was promised."""


def timeout() -> float:
    """Return the s that a server may be silent."""
    try:
        return float(os.environ.get(TIMEOUT_VARIABLE, TIMEOUT))
    except ValueError:
        raise EfeError(f"{TIMEOUT_VARIABLE} must be a number of seconds.") from None


def _system() -> Any:
    return _system_of(os.getpid(), timeout())


@functools.cache
def _system_of(process: int, seconds: float) -> Any:
    """Return fsspec's file system; each process has its own, since a loop doesn't outlive a fork."""
    try:
        import aiohttp
        from fsspec.implementations.http import HTTPFileSystem
    except ImportError as error:
        raise ReadError(_NEEDED) from error

    async def redirected(session: Any, context: Any, params: Any) -> None:
        where = params.response.headers.get("Location", "")
        hosts.check(urljoin(str(params.url), where))

    async def client(**kwargs: Any) -> Any:
        watching = aiohttp.TraceConfig()
        watching.on_request_redirect.append(redirected)
        limits = aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT, seconds), sock_read=seconds)
        return aiohttp.ClientSession(timeout=limits, trace_configs=[watching], trust_env=True, **kwargs)

    return HTTPFileSystem(get_client=client, skip_instance_cache=True)


def _tried(url: str, work: Callable[[], T]) -> T:
    """Do what asks a server; try again what may pass, and say in words what doesn't."""
    for attempt in range(TRIES):
        try:
            return work()
        except EfeError:
            raise
        except Exception as error:
            refused = next((one for one in _chain(error) if isinstance(one, EfeError)), None)
            if refused is not None:
                raise refused from None
            if attempt == TRIES - 1 or not _may_pass(error):
                raise _in_words(url, error) from error
        time.sleep(PAUSE * 2**attempt)
    raise AssertionError("unreachable")


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _status(error: BaseException) -> int | None:
    return next((one.status for one in _chain(error) if isinstance(getattr(one, "status", None), int)), None)  # type: ignore[attr-defined]


def _may_pass(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in _MAY_PASS
    return not isinstance(error, FileNotFoundError) or len(_chain(error)) > 1


def _in_words(url: str, error: Exception) -> ReadError:
    host, status = host_of(url), _status(error)
    if status in (404, 410) or (
        status is None and type(error) is FileNotFoundError and len(_chain(error)) == 1
    ):
        return MissingFileError(f"{host} has no such file: {url}.")
    if status in (401, 403):
        return ReadError(f"{host} doesn't let everybody read {url} ({status}).")
    if status == 412:
        return ReadError(f"{url} has changed while it was read: read it again.")
    if status is not None:
        return ReadError(f"{host} answered with error {status} for {url}. Try again later.")
    if any(isinstance(one, (asyncio.TimeoutError, TimeoutError)) for one in _chain(error)):
        return ReadError(f"{host} was silent for {timeout():g} s: {url} can't be read now. Try again later.")
    if (
        isinstance(error, OSError)
        and error.filename is not None
        and status is None
        and error.errno is not None
    ):
        return ReadError(f"{url} can't be kept on disk: {error.strerror} ({error.filename}).")
    last = _chain(error)[-1]
    words = str(error) if isinstance(error, _ShortError) else f"{type(last).__name__}: {last}".rstrip(": ")
    return ReadError(f"{url} didn't come whole: {words}. Nothing of that is kept; try again.")
