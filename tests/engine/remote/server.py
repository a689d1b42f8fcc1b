"""A server on this machine that sends files as asked, in ranges, and misbehaves as told; it counts what it sends."""

from __future__ import annotations

import contextlib
import gc
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Server:
    """Files below a folder, by HTTP.

    Parameters
    ----------
    folder : Path
    sent : int
        Bytes of bodies.
    requests : list of str
        Method, path and range of each.
    etag : bool
        Whether the versions of files are told.
    ranges : bool
        Whether ranges are sent; else the whole file.
    fail_first : int
        How many GETs are answered with 503 before it works.
    cut : int or None
        After so many bytes of each body the connection is cut.
    more : int
        How many bytes more the length claims than are sent.
    pause : float
        s before each answer.
    slowly : float
        s after each 50 kB of a body.
    redirect : dict of str
        Where paths lead.
    answers : dict of bytes
        Bodies for paths that are no files.
    """

    folder: Path
    url: str = ""
    sent: int = 0
    requests: list[str] = field(default_factory=list)
    etag: bool = True
    ranges: bool = True
    fail_first: int = 0
    cut: int | None = None
    more: int = 0
    pause: float = 0.0
    slowly: float = 0.0
    redirect: dict[str, str] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)

    def reset(self) -> None:
        """Count from nothing."""
        self.sent, self.requests = 0, []


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a folder while the block lasts."""
    told = Server(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each small answer waits 40 ms
        wbufsize = 1 << 16

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self.answer(False)

        def do_GET(self) -> None:
            self.answer(True)

        def answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            told.requests.append(f"{self.command} {self.path} {wanted}".strip())
            time.sleep(told.pause)
            path = unquote(urlsplit(self.path).path)
            if path in told.redirect:
                self.send_response(302)
                self.send_header("Location", told.redirect[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if body and told.fail_first:
                told.fail_first -= 1
                self.fail(503)
                return
            place = told.folder / path.lstrip("/")
            content = told.answers.get(self.path)
            if content is None and not place.is_file():
                self.fail(404)
                return
            about = place.stat() if content is None else None
            size = len(content) if content is not None else about.st_size
            etag = f'"{size}-{about.st_mtime_ns if about else 0}"'
            if self.headers.get("If-Match") not in (None, etag):
                self.fail(412)
                return
            first, end, status = 0, size, 200
            found = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
            if found and told.ranges:
                first, end, status = int(found[1]), min(int(found[2]) + 1, size), 206
            self.send_response(status)
            self.send_header("Content-Length", str(end - first + told.more))
            if status == 206:
                self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
            if told.ranges:
                self.send_header("Accept-Ranges", "bytes")
            if told.etag:
                self.send_header("ETag", etag)
            self.end_headers()
            if body:
                self.send(content, place, first, end)

        def send(self, content: bytes | None, place: Path, first: int, end: int) -> None:
            if content is not None:
                part = content[first:end]
                self.wfile.write(part)
                told.sent += len(part)
                return
            left = end - first if told.cut is None else min(end - first, told.cut)
            with open(place, "rb") as file, contextlib.suppress(OSError):
                file.seek(first)
                while left > 0:
                    part = file.read(min(left, 50_000 if told.slowly else 1 << 20))
                    self.wfile.write(part)
                    time.sleep(told.slowly)
                    told.sent += len(part)
                    left -= len(part)
            if told.more or (told.cut is not None and told.cut < end - first):
                self.close_connection = True

        def fail(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, client: None  # whoever asked has gone
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    # Here alone server and reader share a process: should a thread of the server collect what is left of HDF5's
    # objects, it waits for the lock of whoever reads, who waits for the server.
    gc.collect()
    gc.disable()
    try:
        yield told
    finally:
        gc.enable()
        server.shutdown()
        server.server_close()
        thread.join()
