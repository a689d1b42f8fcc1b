"""A page is whole or says so: with a kernel that is busy while it opens, on a slow wire, where something is lost."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from typing import Any

import pytest

from tests.browser.served import PATIENCE, button, until
from tests.browser.wire import Wire

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUSY = 30  # s
LINE = 1e6 / 8  # bytes a second

#: What is drawn of each widget, in the order of the page, how much there is in figures, and all that can be chosen
DRAWN = """() => [...document.querySelector('.efe-dashboard').querySelectorAll('.jupyter-widgets, svg, option, button')]
  .map((one) => one.tagName === 'svg' ? `svg ${one.querySelectorAll('path').length}` :
    `${one.className} ${one.matches('option, button') ? one.textContent : ''}`)"""


def whole(page: Any) -> list[str]:
    """Return what is drawn once figures and results are there, and nothing has changed for a while."""
    page.locator(".bqplot svg").first.wait_for()
    page.locator(".efe-run-status .efe-is-ready").wait_for()
    before: list[str] = []
    while (now := page.evaluate(DRAWN)) != before:
        before = now
        page.wait_for_timeout(2000)
    assert not page.locator("#efe-loading").count()
    return now


def becomes(page: Any, drawn: list[str]) -> None:
    """Wait until a page is as another one; on a busy machine it may be drawn long after its results are there."""
    page.locator(".efe-dashboard").wait_for()
    end = time.monotonic() + PATIENCE
    while (now := page.evaluate(DRAWN)) != drawn and time.monotonic() < end:
        page.wait_for_timeout(500)
    assert now == drawn
    assert not page.locator("#efe-loading").count()


@pytest.fixture
def quiet(serve, opened):
    """A server, and what is drawn on a page of it that is opened quietly."""
    server = serve("--read-only", "--warm=0")
    page = opened(server.url)
    found = whole(page)
    assert len(found) > 60
    page.close(run_before_unload=True)
    until(lambda: not server.kernels())
    return server, found


#: Whoever waits for less than 10 s has no patience at all, as in a browser that has too much to do
NO_PATIENCE = """
const patience = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => patience(ms < 10000 ? 0 : ms);
"""


def test_a_browser_that_is_too_busy_for_what_draws_the_widgets(quiet, opened):
    server, drawn = quiet
    page = opened(server.url, at_once=False, before=lambda page: page.add_init_script(NO_PATIENCE))
    becomes(page, drawn)
    button(page, "Targets").click()
    page.locator(".efe-dashboard-targets:not(.efe-dashboard-hidden)").wait_for()


def test_a_kernel_that_is_busy_while_its_page_opens(quiet, opened):
    server, drawn = quiet
    stopped: set[int] = set()

    def stop(_: Any) -> None:
        if not stopped:
            stopped.update(server.kernels())
            for kernel in stopped:
                os.kill(kernel, signal.SIGSTOP)

    page = opened(server.url, at_once=False, before=lambda page: page.on("websocket", stop))
    page.get_by_text("The computation is busy").wait_for()
    assert stopped
    page.wait_for_timeout(1000 * BUSY)
    assert not page.locator(".efe-dashboard").count()
    for kernel in stopped:
        os.kill(kernel, signal.SIGCONT)
    becomes(page, drawn)


@pytest.mark.parametrize("cuts", [0, 5])
def test_a_slow_wire(quiet, opened, cuts):
    server, drawn = quiet
    wire = Wire(int(server.url.rstrip("/").rpartition(":")[2]), delay=0.1, rate=LINE)

    def cut(seconds: float) -> None:
        """Cut what is under way some moments after a websocket was opened."""
        if wire.cuts < cuts:
            cutting = threading.Timer(seconds, wire.cut)
            cutting.start()

    chance = random.Random(3)
    try:
        page = opened(
            f"http://localhost:{wire.port}/",
            at_once=False,
            told="WebSocket connection to|ERR_",
            before=lambda page: page.on("websocket", lambda _: cut(chance.uniform(0.3, 2))),
        )
        becomes(page, drawn)
        assert wire.cuts >= cuts
    finally:
        wire.stop()


def test_a_kernel_that_ends_while_its_page_opens(quiet, opened):
    server, drawn = quiet
    killed = threading.Event()

    def kill(_: Any) -> None:
        if not killed.is_set():
            killed.set()
            for kernel in server.kernels():
                os.kill(kernel, signal.SIGKILL)

    page = opened(
        server.url, at_once=False, told="404|WebSocket", before=lambda page: page.on("websocket", kill)
    )
    page.get_by_text("The computation behind this page has ended").wait_for()
    page.get_by_role("button", name="Load again").click()
    button(page, "Export").wait_for()
    becomes(page, drawn)


def test_a_script_that_does_not_come(quiet, opened):
    server, drawn = quiet
    scripts = "**/labextensions/bqplot/**"
    page = opened(
        server.url,
        at_once=False,
        told="ERR_|load|chunk|undefined",
        before=lambda page: page.route(scripts, lambda route: route.abort()),
    )
    page.get_by_text("couldn't be loaded").wait_for()
    page.unroute(scripts)
    page.get_by_role("button", name="Load again").click()
    button(page, "Export").wait_for()
    becomes(page, drawn)
