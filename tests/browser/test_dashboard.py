"""The real command in a real browser: six steps by clicks, and nothing leaves the machine."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.complaints import ours

pytestmark = pytest.mark.browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 90  # s, for a page to come up on a busy machine
STEPS = ["Recordings", "Stimuli & spikes", "Rheobase", "Targets", "Features", "Export"]
#: What each step shows, by the classes of its widgets
SHOWS = [
    ["file-selector"],
    ["trace-viewer"],
    ["rheobase-inspector", "trace-viewer"],
    ["target-editor", "settings-editor"],
    ["feature-plots", "trace-viewer"],
    ["results-panel"],
]


class Served:
    """A dashboard that runs as a process of its own."""

    def __init__(self, folder: pathlib.Path, *arguments: str, base_url: str = "/"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "efewidgets", "dashboard", "--no-browser", f"--port={port}"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder / "data")}
        environment["EFEWIDGETS_CACHE"] = str(folder / "cache")
        self.log = folder / "server.log"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [*command, f"--base-url={base_url}", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        self.url = f"http://localhost:{port}{base_url}"
        self._wait_until_it_says_so()

    def _wait_until_it_says_so(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.url not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def kernels(self) -> set[int]:
        """Return the processes that the server has started."""
        found = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(number) for number in found.split()}

    def stop(self) -> None:
        """End it, and what it started."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def serve(tmp_path: pathlib.Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str, **options: Any) -> Served:
        started.append(Served(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """``opened(url)`` opens a page; in the end nothing may have gone wrong on it, nor wanted to leave the machine."""
    pages: list[tuple[Any, list[str]]] = []

    def open_page(url: str, width: int = 1280) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900})
        page, wrong = context.new_page(), []
        pages.append((context, wrong))
        origin = "/".join(url.split("/")[:3])
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)

        def refuse(route: Any) -> None:
            wrong.append(f"left the machine: {route.request.url}")
            route.abort()

        page.route(lambda address: not address.startswith((origin, "data:", "blob:")), refuse)
        page.goto(url)
        button(page, "Export").wait_for()
        return page

    yield open_page
    for context, wrong in pages:
        context.close()
        assert not ours(wrong)


def button(page: Any, step: str) -> Any:
    return page.locator(".efe-step-button", has_text=step)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_six_steps_by_clicks(serve, opened):
    page = opened(serve().url)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    assert page.locator(".efe-step-button").count() == len(STEPS)
    for step, widgets in zip(STEPS, SHOWS, strict=True):
        button(page, step).click()
        for widget in widgets:
            page.locator(f".efe-{widget}:visible").first.wait_for()
        assert page.locator(".efe-step-button.mod-active").inner_text().split("\n")[0].endswith(step)
        assert "can't be shown" not in page.locator(".efe-dashboard").inner_text()
    page.get_by_role("button", name="← Features").click()
    page.locator(".efe-feature-plots:visible").wait_for()
    assert not page.locator(".efe-results-panel:visible").count()
    for name in ("Summary", "Problems", "Session"):
        page.locator(".efe-dashboard-toggles button", has_text=name).click()
        page.locator(".efe-dashboard-drawer > *:visible").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_reload_continues_and_a_closed_page_leaves_no_kernel(serve, opened):
    server = serve("--warm=0")
    page = opened(server.url)
    page.wait_for_url("**session=*")
    assert len(server.kernels()) == 1
    first = server.kernels()
    button(page, "Targets").click()
    page.locator(".efe-target-editor:visible").wait_for()
    page.wait_for_timeout(1500)  # until the session is saved
    page.reload()
    page.locator(".efe-target-editor:visible").wait_for()
    until(lambda: not server.kernels() & first)
    assert len(server.kernels()) == 1
    page.close(run_before_unload=True)
    until(lambda: not server.kernels())


def test_behind_a_base_url_with_a_token_for_readers_only(serve, opened, tmp_path):
    data = tmp_path / "lab"
    data.mkdir()
    server = serve(f"--root={data}", "--read-only", "--token=secret", "--warm=0", base_url="/apps/efe/")
    page = opened(f"{server.url}?token=secret")
    page.locator(".efe-dashboard-toggles button", has_text="Session").click()
    page.locator(".efe-session-panel").wait_for()
    assert not page.get_by_role("button", name="Save", exact=True).count()
    page.get_by_label("Session file").fill("/etc/passwd")
    page.get_by_role("button", name="Open", exact=True).click()
    page.locator(".efe-says", has_text="out of reach").wait_for()
    stranger = page.context.browser.new_context().new_page()
    stranger.goto(server.url)
    assert "login" in stranger.url
    stranger.context.close()
    assert not (tmp_path / "data" / "efewidgets").exists()
