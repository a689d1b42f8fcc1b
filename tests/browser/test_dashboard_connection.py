"""The connection of a page to its kernel: kept while nothing happens, mended without loss when it breaks."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import struct
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from efewidgets.app.line import V1, _can_be_read
from tests.browser.served import Served, button, until
from tests.browser.test_dashboard_visits import session_file
from tests.browser.wire import Wire

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REST = float(
    os.environ.get("EFEWIDGETS_REST", "70")
)  # s; more than two signs of life and the patience for them
CUTS = int(os.environ.get("EFEWIDGETS_CUTS", "200"))
CELLS = 5


def memory(server: Served) -> float:
    """Return what the server takes, MB."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def answers_within(server: Served) -> float:
    """Return the seconds until the server answers somebody else."""
    begun = time.monotonic()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}voila/static/x", timeout=10)
    refused.value.close()
    return time.monotonic() - begun


def lines(server: Served) -> list[str]:
    """Return what stands in the log, but for where the page is."""
    return server.log.read_text(encoding="utf-8").splitlines()[1:]


@pytest.mark.parametrize("used", [False, True], ids=["idle", "in use"])
def test_a_page_left_open_or_used_says_nothing(serve, opened, tmp_path, used):
    server = serve(f"--scratch={tmp_path / 'scratch'}", "--warm=0")
    page = opened(server.url)
    page.wait_for_timeout(3000)
    before, end = memory(server), time.monotonic() + REST
    number = 0
    while time.monotonic() < end:
        if used:
            button(page, ("Stimuli & spikes", "Rheobase", "Features", "Export")[number % 4]).click()
            number += 1
        page.wait_for_timeout(1000)
    assert lines(server) == []
    print(f"memory of the server from {before:.0f} to {memory(server):.0f} MB")
    assert memory(server) < before + 15


def test_no_edit_is_lost_on_a_slow_wire_that_is_cut(serve, opened, tmp_path):
    """Each sweep but the first is left out with a reason of its own, while the wire is cut again and again."""
    scratch, chance = tmp_path / "scratch", random.Random(7)
    server = serve(f"--scratch={scratch}", "--warm=0")
    wire = Wire(int(server.url.rstrip("/").rpartition(":")[2]), delay=0.1)
    try:
        page = opened(f"http://localhost:{wire.port}/", told="WebSocket connection to|ERR_")
        button(page, "Stimuli & spikes").click()
        viewer = page.locator(".efe:visible", has=page.locator(".efe-choice")).last
        viewer.get_by_label("protocol", exact=True).select_option("IDthresh")
        before = memory(server)
        reasons = leave_out(page, viewer, wire, chance)
        while wire.cuts < CUTS:
            leaf(viewer, chance.choice(("previous", "next")))
            cut(page, wire, chance)
        with contextlib.suppress(AssertionError):
            until(lambda: left_out(scratch, page) == reasons, 60)
        assert left_out(scratch, page) == reasons
        assert len(reasons) == CELLS * 17
        print(f"{wire.cuts} cuts; memory of the server from {before:.0f} to {memory(server):.0f} MB")
        assert memory(server) < before + 30
        assert lines(server) == []
        assert answers_within(server) < 2
    finally:
        wire.stop()


def leave_out(page: Any, viewer: Any, wire: Wire, chance: random.Random) -> list[str]:
    """Leave out all sweeps of a protocol but the first of each cell; return the reasons given."""
    given = []
    cell = viewer.get_by_label("cell", exact=True)
    for name in cell.locator("option").all_inner_texts():
        cell.select_option(name)
        cut(page, wire, chance)
        for _ in range(17):
            viewer.locator("button", has_text="next").first.click()
            given.append(f"reason {len(given)}")
            viewer.get_by_label("reason").fill(given[-1])
            cut(page, wire, chance)
            viewer.locator("button", has_text="exclude").first.click()
            cut(page, wire, chance)
    return sorted(given)


def leaf(viewer: Any, name: str) -> None:
    """Go a sweep on or back, unless the last one stands there, or will when the kernel has answered."""
    from playwright.sync_api import TimeoutError as TooLate

    with contextlib.suppress(TooLate):
        viewer.locator("button", has_text=name).first.click(timeout=1000)


def cut(page: Any, wire: Wire, chance: random.Random) -> None:
    """Wait for some moment, and cut what is under way, as a rule."""
    page.wait_for_timeout(chance.uniform(10, 250))
    if wire.cuts < CUTS and chance.random() < 0.7:
        wire.cut()


def left_out(scratch: pathlib.Path, page: Any) -> list[str]:
    """Return the reasons that the session holds, one for each sweep."""
    try:
        text = session_file(scratch, page).read_text(encoding="utf-8")
    except OSError:
        return []
    found: list[str] = []

    def seek(data: Any) -> None:
        named = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
        for name, value in named:
            if isinstance(value, str) and value.startswith("reason ") and name != "reason":  # the last one
                found.append(value)
            seek(value)

    seek(json.loads(text))
    return sorted(found)


@pytest.mark.parametrize(
    ("message", "protocol", "can"),
    [
        ((2**60).to_bytes(8, "little") + bytes(80), V1, False),
        ((6).to_bytes(8, "little") + bytes(20), V1, False),
        ((6).to_bytes(8, "little") + bytes(48), V1, True),
        ((5).to_bytes(8, "little") + bytes(48), V1, False),
        (b"", V1, False),
        ("{}", V1, False),
        ("{}", None, True),
        (struct.pack("!i", 402_653_184) + bytes(80), None, False),
        (struct.pack("!i", -1) + bytes(80), None, False),
        (struct.pack("!ii", 1, 8) + b"{}", None, True),
        (b"\0", None, False),
    ],
)
def test_lengths_in_messages_are_bounded(message, protocol, can):
    assert _can_be_read(message, protocol) == can
