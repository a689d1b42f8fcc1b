"""More visitors than places, pages that nobody touches, and one that takes all memory."""

from __future__ import annotations

import json
import re
import shutil
import sys
from typing import Any

import pytest

from efewidgets import datasets
from tests.browser.served import button, until
from tests.browser.test_dashboard_visits import decide, processes_of, rheobase_field, session_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: A reader whose process takes 600 MB as soon as a file with its number is there
READER = """
import os, pathlib, threading, time
from efewidgets.engine.readers import nwb_reader

kept = []

def _fill():
    while not kept:
        time.sleep(0.2)
        if pathlib.Path({folder!r}, str(os.getpid())).exists():
            kept.append(b"x" * (600 << 20))

threading.Thread(target=_fill, daemon=True).start()

def read(in_data):
    return nwb_reader(in_data)
"""


@pytest.fixture
def lab(tmp_path):
    """Return a folder for visitors, and what is told of where they work."""
    root = tmp_path / "lab"
    root.mkdir()
    return [f"--root={root}", f"--scratch={tmp_path / 'scratch'}", "--warm=0"]


def asleep(page: Any) -> Any:
    return page.locator(".efe-lifeline [role=alert]", has_text="This page sleeps")


def test_who_finds_no_place_waits_and_who_reloads_keeps_theirs(serve, opened, lab, tmp_path):
    server = serve(*lab, "--visitors=1")
    first = opened(server.url)
    decide(first, 123, tmp_path / "scratch")
    second, third = opened(server.url, at_once=False), opened(server.url, at_once=False)
    assert second.locator("#turn").inner_text().startswith("You are the next")
    third.get_by_text("1 of 2 before you").wait_for()
    first.reload()
    assert rheobase_field(first).input_value() == "123"
    assert second.locator("#turn").count() == third.locator("#turn").count() == 1
    assert len(server.kernels()) == 1
    first.close(run_before_unload=True)
    button(second, "Export").wait_for()
    assert "place=" not in second.url
    third.get_by_text("You are the next").wait_for()


def test_a_page_that_nobody_touches_sleeps_and_wakes_where_it_was(serve, opened, lab, tmp_path):
    server = serve(*lab, "--sleep=0.1")
    page = opened(server.url, told="404|WebSocket|Connection lost")
    decide(page, 123, tmp_path / "scratch")
    name = session_of(page)
    asleep(page).wait_for()
    until(lambda: not server.kernels())
    page.keyboard.press("Shift")
    button(page, "Export").wait_for()
    assert page.get_by_label("Rheobase by hand (pA)").input_value() == "123"
    assert session_of(page) == name


def test_a_page_at_which_somebody_works_does_not_sleep(serve, opened, lab):
    server = serve(*lab, "--sleep=0.1")
    page = opened(server.url)
    for step in ("Targets", "Rheobase") * 6:
        button(page, step).click()
        page.wait_for_timeout(1500)
    assert not asleep(page).count()
    assert len(server.kernels()) == 1


def test_a_restart_of_the_server_loses_nothing(serve, opened, lab, tmp_path):
    server = serve(*lab)
    page = opened(server.url, told=".")
    decide(page, 123, tmp_path / "scratch")
    server.stop()
    serve(*lab, port=int(re.search(r":(\d+)/", server.url)[1]))
    page.locator(".efe-lifeline [role=alert]", has_text="Reload the page to go on where you were").wait_for()
    page.reload()
    assert rheobase_field(page).input_value() == "123"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which tells what processes take")
def test_who_takes_all_memory_is_ended_alone(serve, opened, tmp_path):
    root, scratch = tmp_path / "lab", tmp_path / "scratch"
    shutil.copytree(datasets.sample_folder(), root)
    (root / "labs_reader.py").write_text(READER.format(folder=str(tmp_path)), encoding="utf-8", newline="\n")
    config = datasets.sample_config(["RS1"]) | {"recording_reader": "labs_reader:read"}
    text = json.dumps(config, default=str).replace(str(datasets.sample_folder()), str(root))
    (root / "start.json").write_text(text, encoding="utf-8", newline="\n")
    server = serve(
        *(str(root / "start.json"), f"--root={root}", f"--scratch={scratch}", "--warm=0"),
        *("--visitors=2", "--memory=800M"),
    )
    page = opened(server.url, told="404|WebSocket|Connection lost")
    (greedy,) = server.kernels()
    other = opened(server.url)
    decide(page, 123, scratch)
    decide(other, 77, scratch)
    (tmp_path / str(greedy)).touch()
    told = page.locator(".efe-lifeline [role=alert]", has_text="more than its share")
    told.wait_for()
    assert greedy not in server.kernels()
    told.get_by_role("button", name="Open it again").click()
    button(page, "Export").wait_for()
    assert page.get_by_label("Rheobase by hand (pA)").input_value() == "123"
    assert rheobase_field(other).input_value() == "77"
    decide(other, 78, scratch)


def test_nobody_is_left_when_the_server_ends(serve, opened, lab, tmp_path):
    server = serve(*lab, "--visitors=1")
    opened(server.url, told=".")
    opened(server.url, at_once=False, told=".")
    server.stop()
    assert processes_of(tmp_path) == set()
