"""Visitors come, leave, come back, are cut off, and come many at once; nothing leaves the machine."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import time
import urllib.parse
from typing import Any

import pytest

from efewidgets import datasets
from tests.browser.served import STEPS, Served, button, until

pytestmark = pytest.mark.browser

LOST = "The connection to the computation was lost"


def session_of(page: Any) -> str:
    """Return the name of the session in a page's address."""
    page.wait_for_url(re.compile("session="))
    return urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query)["session"][0]


def session_file(scratch: pathlib.Path, page: Any) -> pathlib.Path:
    visit, _, number = session_of(page).partition(".")
    return scratch / visit / (f"session-{number}.json" if number else "session.json")


def rheobase_field(page: Any) -> Any:
    """Open the step with the rheobase; return the field for one given by hand."""
    button(page, "Rheobase").click()
    field = page.get_by_label("Rheobase by hand (pA)")
    field.wait_for()
    return field


def decide(page: Any, rheobase: int, scratch: pathlib.Path) -> None:
    """Give the first cell a rheobase by hand, and wait until it is kept."""
    field = rheobase_field(page)
    field.fill(str(rheobase))
    field.press("Enter")
    until(lambda: kept(session_file(scratch, page)) == rheobase)


def kept(session: pathlib.Path) -> float | None:
    """Return the rheobase in pA that a session holds for the first cell."""
    try:
        found = json.loads(session.read_text(encoding="utf-8"))["rheobase_values"]
    except (OSError, KeyError):
        return None
    return round(1000 * next(iter(found.values())), 6)


@pytest.mark.slow
def test_a_kernel_that_died_is_told_and_nothing_is_lost(serve, opened, tmp_path):
    scratch = tmp_path / "scratch"
    server = serve(f"--scratch={scratch}", "--warm=0")
    page = opened(server.url, told="404")  # the kernel isn't there any more
    decide(page, 123, scratch)
    name = session_of(page)
    (kernel,) = server.kernels()
    os.kill(kernel, signal.SIGKILL)
    told = page.locator(".efe-lifeline [role=alert]", has_text=LOST)
    told.wait_for(timeout=20_000)
    assert "Reload the page to go on where you were" in told.inner_text()
    page.reload()
    assert page.get_by_label("Rheobase by hand (pA)").input_value() == "123"
    assert session_of(page) == name
    assert not page.locator(".efe-lifeline [role=alert]").count()


@pytest.mark.slow
def test_a_session_on_two_pages_becomes_two(serve, opened, tmp_path):
    scratch = tmp_path / "scratch"
    server = serve(f"--scratch={scratch}", "--warm=0")
    first = opened(server.url)
    decide(first, 123, scratch)
    name = session_of(first)
    second = opened(first.url)
    assert second.get_by_label("Rheobase by hand (pA)").input_value() == "123"
    decide(second, 200, scratch)
    assert session_of(second) == name
    field = rheobase_field(first)
    field.fill("77")
    field.press("Enter")
    first.locator(".efe-says", has_text="opened on another page").wait_for()
    first.wait_for_url(re.compile(rf"session={re.escape(name)}\.2$"))
    assert kept(session_file(scratch, first)) == 77
    assert kept(session_file(scratch, second)) == 200
    first.reload()
    assert rheobase_field(first).input_value() == "77"
    assert session_of(first) == f"{name}.2"


@pytest.mark.slow
def test_closed_and_opened_again_by_the_address(serve, opened, tmp_path):
    scratch = tmp_path / "scratch"
    server = serve(f"--scratch={scratch}", "--warm=0")
    page = opened(server.url)
    decide(page, 123, scratch)
    button(page, "Features").click()
    page.locator(".efe-feature-plots:visible").wait_for()
    page.wait_for_timeout(1500)  # what is looked at is kept too
    address, old = page.url, server.kernels()
    page.close(run_before_unload=True)
    until(lambda: not server.kernels() & old)
    again = opened(address)
    again.locator(".efe-feature-plots:visible").wait_for()
    assert again.url == address
    assert rheobase_field(again).input_value() == "123"
    assert len(server.kernels()) == 1


@pytest.mark.slow
def test_two_visitors_at_once_are_apart(serve, opened, tmp_path):
    root, scratch = tmp_path / "lab", tmp_path / "scratch"
    root.mkdir()
    server = serve(f"--root={root}", f"--scratch={scratch}", "--warm=0")
    one, other = opened(server.url), opened(server.url)
    decide(one, 123, scratch)
    assert rheobase_field(other).input_value() == ""
    decide(other, 200, scratch)
    assert rheobase_field(one).input_value() == "123"
    assert session_of(one) != session_of(other)
    assert kept(session_file(scratch, one)) == 123
    assert kept(session_file(scratch, other)) == 200
    assert len(server.kernels()) == 2


@pytest.mark.slow
def test_reload_at_once_keeps_the_last_edit(serve, opened, tmp_path):
    scratch = tmp_path / "scratch"
    server = serve(f"--scratch={scratch}")
    page = opened(server.url)
    decide(page, 123, scratch)
    page.wait_for_timeout(8000)  # until a kernel waits for the reload
    field = rheobase_field(page)
    field.fill("200")
    field.press("Enter")
    page.wait_for_timeout(100)  # less than it takes until it is kept
    begun = time.monotonic()
    page.reload()
    button(page, "Export").wait_for()
    print(f"reloaded in {time.monotonic() - begun:.1f} s")
    assert rheobase_field(page).input_value() == "200"
    assert "." not in session_of(page)


@pytest.mark.slow
def test_a_browser_that_vanished_leaves_no_kernel(serve, tmp_path, browser):
    from tests.browser.conftest import CHROMIUM, FLAGS

    server = serve("--warm=0", "--idle=0.1")
    gone = browser.browser_type.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    page = gone.new_page()
    page.goto(server.url)
    button(page, "Export").wait_for()
    pid = page.context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"][0][
        "id"
    ]
    assert len(server.kernels()) == 1
    page.wait_for_timeout(12_000)
    assert len(server.kernels()) == 1, "a page that is open keeps its kernel"
    os.kill(pid, signal.SIGKILL)
    until(lambda: not server.kernels(), 30)


@pytest.mark.slow
def test_who_leaves_in_the_middle_of_a_run_leaves_nothing(serve, opened, tmp_path):
    root = tmp_path / "lab"
    server = serve(str(many_recordings(root)), f"--root={root}", "--read-only", "--warm=0")
    page = opened(server.url)
    page.locator(".efe-run-bar", has_text=re.compile(r"\d+ of \d+")).wait_for()
    (kernel,) = server.kernels()
    assert processor_time(kernel) > 0
    page.close(run_before_unload=True)
    until(lambda: not server.kernels(), 15)
    assert processes_of(tmp_path) == {server.process.pid} | server.nurseries()
    before = processor_time(server.process.pid)
    time.sleep(2)
    assert processor_time(server.process.pid) - before < 0.2  # s


def many_recordings(root: pathlib.Path) -> pathlib.Path:
    """Copy the sample cells many times, so that they take long; return a config for all of them."""
    config = datasets.sample_config()
    files: dict[str, Any] = {}
    for number in range(12):
        shutil.copytree(datasets.sample_folder(), root / f"day{number}")
        for cell, protocols in config["files_metadata"].items():
            moved = json.dumps(protocols, default=str).replace(
                str(datasets.sample_folder()), str(root / f"day{number}")
            )
            files[f"{cell}-{number}"] = json.loads(moved)
    path = root / "many.json"
    path.write_text(
        json.dumps({**config, "files_metadata": files}, default=str), encoding="utf-8", newline="\n"
    )
    return path


def processor_time(pid: int) -> float:
    """Return the seconds that a process has computed for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processes_of(folder: pathlib.Path) -> set[int]:
    """Return the processes that a test's server has started, whoever their parent is now."""
    found = set()
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"XDG_DATA_HOME={folder}/".encode() in environment.read_bytes():
                found.add(int(environment.parent.name))
        except OSError:  # somebody else's, or gone
            continue
    return found


def taken(server: Served, folder: pathlib.Path) -> dict[str, float]:
    """Return what a server and its kernels take: MB without what is shared with others, processes, files, threads."""
    found = {"MB": 0.0, "processes": 0, "files": 0, "threads": 0}
    for pid in processes_of(folder):
        process = pathlib.Path(f"/proc/{pid}")
        found["MB"] += sum(
            int(line.split()[1]) / 1024
            for line in (process / "smaps_rollup").read_text(encoding="utf-8").splitlines()
            if line.startswith("Private_")
        )
        found["processes"] += 1
        found["files"] += len(list((process / "fd").iterdir()))
        found["threads"] += len(list((process / "task").iterdir()))
    return found


@pytest.mark.slow
def test_twenty_visitors_one_after_the_other_leave_nothing(serve, opened, tmp_path):
    server = serve(f"--scratch={tmp_path / 'scratch'}")
    after = {}
    for number in range(1, 21):
        page = opened(server.url)
        button(page, STEPS[number % len(STEPS)]).click()
        page.wait_for_timeout(500)
        page.close(run_before_unload=True)
        time.sleep(1)  # until the browser has said so
        page.context.close()
        if number in (3, 20):
            time.sleep(10)  # until the kernel that waits has made its page
            after[number] = taken(server, tmp_path)
            print(number, after[number])
    assert after[20]["MB"] < after[3]["MB"] + 15
    # the server, the kernel that waits, and for a minute the process in which it looked at the sample files
    assert after[20]["processes"] == after[3]["processes"] <= 3
    assert after[20]["files"] <= after[3]["files"] + 3
    assert after[20]["threads"] <= after[3]["threads"] + 1


@pytest.mark.slow
def test_five_visitors_within_one_moment(serve, browser, tmp_path):
    server = serve(f"--scratch={tmp_path / 'scratch'}")
    time.sleep(5)  # until a kernel waits
    contexts = [browser.new_context() for _ in range(5)]
    pages = [context.new_page() for context in contexts]
    begun = time.monotonic()
    for page in pages:
        page.goto(server.url, wait_until="commit")
    waited = []
    while len(waited) < len(pages) and time.monotonic() < begun + 90:
        ready = [page for page in pages if page.locator(".efe-step-button.efe-step-done").count() >= 4]
        waited += [time.monotonic() - begun] * (len(ready) - len(waited))
        pages[0].wait_for_timeout(100)
    print("pages after", [f"{seconds:.1f} s" for seconds in waited])
    assert len({session_of(page) for page in pages}) == 5
    for context in contexts:
        context.close()
    assert len(waited) == 5


@pytest.mark.slow
def test_read_only_writes_nothing(serve, opened, tmp_path, monkeypatch):
    root, home = tmp_path / "lab", tmp_path / "home"
    for name, folder in {"HOME": home, "TMPDIR": tmp_path / "tmp", "XDG_CACHE_HOME": home / ".cache"}.items():
        folder.mkdir(parents=True)
        monkeypatch.setenv(name, str(folder))
    root.mkdir()
    shutil.copy(next(datasets.sample_folder().rglob("*.nwb")), root)
    server = serve(f"--root={root}", "--read-only", "--warm=0")
    before = files_in(tmp_path)
    page = opened(server.url)
    field = rheobase_field(page)
    field.fill("123")
    field.press("Enter")
    for step in STEPS:
        button(page, step).click()
        page.wait_for_timeout(400)
    with page.expect_download() as download:  # once there are results
        page.locator(".efe-results-panel:visible").get_by_role("button", name="Download").first.click()
    assert download.value.path().stat().st_size > 1000
    page.wait_for_timeout(1000)
    page.close(run_before_unload=True)
    until(lambda: not server.kernels())
    server.stop()  # a folder of Jupyter's own ends with it
    after = files_in(tmp_path)
    assert {path: after[path] for path in after if after[path] != before.get(path)} == {}


def files_in(folder: pathlib.Path) -> dict[str, tuple[int, int]]:
    """Return size and time of each file in a folder, but for the server's log."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file() and path.name != "server.log"}
    return {str(path): (about.st_size, about.st_mtime_ns) for path, about in found.items()}
