"""The dashboard's server, stopped at each moment: starting, with kernels that start, pages, and runs under way."""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import re
import signal
import socket
import threading
import time
import urllib.request

import psutil
import pytest

from efewidgets.app.forked import ASKED
from efewidgets.engine.systems.processes import processes_have_handles
from tests.ends.process import End, Process, often, posix
from tests.ends.slow import Slow

pytestmark = posix

NURSERY = "efewidgets.app.nursery"

asking = pytest.mark.parametrize("asked", ["SIGINT", "SIGTERM", "SIGHUP"])


class Dashboard:
    """A server as a process of its own."""

    def __init__(self, begin, *arguments, **options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}/"
        command = ("-m", "efewidgets", "dashboard", "--no-browser", f"--port={self.port}", *arguments)
        self.process: Process = begin(*command, **options)
        self.pages: list[Page] = []

    def is_up(self) -> bool:
        return self.url in self.process.said

    def until_up(self) -> None:
        self.process.until(self.is_up, "it doesn't come up")

    def kernels(self) -> list[int]:
        """Return the processes of kernels, which may be copies of one that is none."""
        found = [process.pid for process in self.copies()]
        for process in self.process.family():
            with contextlib.suppress(Exception):
                if "efewidgets.app.kernel" in process.cmdline():
                    found.append(process.pid)
        return found

    def copies(self) -> list[psutil.Process]:
        """Return kernels that are copies."""
        return [process for process, above in self._of_nursery() if above]

    def nursery(self) -> psutil.Process | None:
        """Return the process that they are copies of, while it is there."""
        return next((process for process, above in self._of_nursery() if not above), None)

    def _of_nursery(self) -> list[tuple[psutil.Process, bool]]:
        found = []
        for process in self.process.family():
            with contextlib.suppress(psutil.Error):
                if NURSERY in process.cmdline():
                    above = process.parent()
                    found.append((process, above is not None and NURSERY in above.cmdline()))
        return found

    def end(self, asked: str, code: int = 0) -> None:
        """Ask it to end, and see that it does, without a word."""
        before = self.process.said
        self.process.tell(getattr(signal, asked))
        end = self.process.end()
        self.leave(end).is_clean(code)
        assert code != 0 or end.said.removeprefix(before).strip() in ("", *self._first_words(end.said))

    def leave(self, end: End) -> End:
        """Close the pages, and return how the server ended."""
        for page in self.pages:
            page.close()
        return end

    def _first_words(self, said: str) -> list[str]:
        return [line for line in said.splitlines() if self.url in line]

    def open(self, wait: bool = True) -> Page:
        """Ask for the page, as a browser does."""
        page = Page(self.url)
        self.pages.append(page)
        if wait:
            page.until_there()
        return page


class Page:
    """A page: what it has come to, and its websocket."""

    def __init__(self, url: str) -> None:
        self.url, self.text, self.websocket = url, "", None
        self._thread = threading.Thread(target=self._load, daemon=True)
        self._thread.start()

    def _load(self) -> None:
        cookies = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        with contextlib.suppress(OSError, http.client.HTTPException):  # the server ends
            with opener.open(self.url, timeout=60) as answer:
                self.text = answer.read().decode()
            self._connect("; ".join(f"{one.name}={one.value}" for one in cookies))

    def _connect(self, cookie: str) -> None:
        import websocket

        kernel = re.search(r'"kernelId": "([^"]+)"', self.text)
        if kernel is None:  # the server ended before there was one; who waits for the page finds it out
            return
        place = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel[1]}/channels?session_id=abc"
        with contextlib.suppress(websocket.WebSocketException):  # the server ends
            self.websocket = websocket.create_connection(place, header={"Cookie": cookie})

    def close(self) -> None:
        """Leave it, when the server has gone."""
        self._thread.join(20)
        if self.websocket is not None:
            with contextlib.suppress(Exception):
                self.websocket.close()

    def until_there(self) -> None:
        self._thread.join(90)
        assert self.websocket is not None, self.text[:1000]


@often()
@asking
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_while_it_starts(begin, asked, seconds, number):
    dashboard = Dashboard(begin)
    time.sleep(seconds + number / 20)
    number = getattr(signal, asked)
    dashboard.process.tell(number)
    # before there is anything to end it is killed by the signal, or complains of nothing but that
    end = dashboard.process.end()
    interrupted = asked == "SIGINT" and end.code == -signal.SIGINT
    end.is_clean(0, 128 + number, -number, tracebacks=1 if interrupted else 0)


@often()
@asking
@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.5])
def test_while_a_kernel_starts(begin, asked, seconds, number):
    dashboard = Dashboard(begin)
    dashboard.until_up()
    time.sleep(seconds + number / 50)
    dashboard.end(asked)


@often()
@asking
def test_while_a_kernel_waits(begin, asked, number):
    dashboard = Dashboard(begin)
    dashboard.process.until(lambda: len(dashboard.kernels()) == 1)
    time.sleep(3)
    dashboard.end(asked)


@often()
@asking
def test_while_a_page_is_open(begin, asked, number):
    dashboard = Dashboard(begin, "--warm=0" if number % 2 else "--warm=1")
    dashboard.until_up()
    dashboard.open()
    dashboard.end(asked)


@often()
@asking
def test_while_a_page_is_being_opened(begin, asked, number):
    dashboard = Dashboard(begin, "--warm=0" if number % 2 else "--warm=2")
    dashboard.until_up()
    dashboard.open(wait=False)
    time.sleep(0.2 + number / 10)
    dashboard.end(asked)


@often()
@asking
@pytest.mark.parametrize("seconds", [0.3, 60])
def test_while_a_run_is_under_way(begin, tmp_path, asked, seconds, number):
    slow = Slow(tmp_path, seconds)
    dashboard = Dashboard(begin, slow.config, "--warm=0", environment=slow.environment)
    dashboard.until_up()
    page = dashboard.open(wait=False)
    dashboard.process.until(slow.readers)
    page.until_there()
    dashboard.end(asked)


@often()
def test_asked_again_and_again(begin, number):
    dashboard = Dashboard(begin)
    dashboard.until_up()
    dashboard.open()
    begun = time.monotonic()
    for _ in range(4):
        if dashboard.process.process.poll() is None:
            dashboard.process.tell(signal.SIGINT)
        time.sleep(0.1)
    # the last one may come when Python has left its signals to the system again
    dashboard.leave(dashboard.process.end(begun)).is_clean(0, 130, -signal.SIGINT)


@often()
def test_at_a_terminal(begin, number):
    """By Ctrl-C, or by closing it."""
    dashboard = Dashboard(begin, terminal=True)
    dashboard.until_up()
    dashboard.open()
    if number % 2:
        dashboard.process.close_terminal()
    else:
        dashboard.process.press(b"\x03")
    dashboard.leave(dashboard.process.end()).is_clean(0)


@often()
def test_a_server_that_is_killed_leaves_no_kernel(begin, tmp_path, number):
    dashboard = Dashboard(begin)
    dashboard.until_up()
    dashboard.open()
    dashboard.process.tell(signal.SIGKILL)
    end = dashboard.leave(dashboard.process.end())
    assert (end.code, end.processes, "Traceback" in end.said) == (-signal.SIGKILL, [], False), end


@often()
def test_a_kernel_that_is_told_to_end(begin, number):
    """As by whoever stops a container: all of its processes at once."""
    dashboard = Dashboard(begin)
    dashboard.until_up()
    dashboard.open()
    for process in dashboard.process.family():
        with contextlib.suppress(Exception):
            process.terminate()
    dashboard.leave(dashboard.process.end()).is_clean(0)


# --- kernels that are copies of one process (Linux)

copied = pytest.mark.skipif(not processes_have_handles(), reason="needs Linux, where kernels are copies")


@pytest.fixture
def copying(begin):
    """A server whose kernels are copies; one waits."""
    dashboard = Dashboard(begin, environment={ASKED: "1"})
    dashboard.until_up()
    dashboard.process.until(lambda: len(dashboard.copies()) == 1, "no kernel is copied")
    return dashboard


@copied
@often()
@pytest.mark.parametrize("ended", ["SIGKILL", "SIGTERM"])
def test_the_process_that_kernels_are_copies_of_ends_before(copying, ended, number):
    copying.open()
    copying.nursery().send_signal(getattr(signal, ended))
    copying.process.until(lambda: copying.nursery() is None and not copying.copies())
    copying.open()  # a kernel is started by itself
    assert len(copying.kernels()) >= 1
    copying.end("SIGTERM")


@copied
@often()
def test_a_copy_is_killed(copying, number):
    copying.open()
    before = copying.copies()
    for kernel in before:
        kernel.kill()
    copying.process.until(lambda: not set(before) & set(copying.copies()))
    copying.end("SIGTERM")


@copied
@often()
@asking
def test_while_kernels_are_copied(copying, asked, number):
    for _ in range(4):
        copying.open(wait=False)
    time.sleep(0.05 + number / 20)
    copying.end(asked)


@copied
@often()
def test_a_server_that_is_killed_leaves_no_copy(copying, number):
    copying.open()
    copying.process.tell(signal.SIGKILL)
    end = copying.leave(copying.process.end())
    assert (end.code, end.processes, "Traceback" in end.said) == (-signal.SIGKILL, [], False), end
