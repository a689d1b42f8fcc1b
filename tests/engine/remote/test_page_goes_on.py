"""A page whose recordings are elsewhere: the thread of the page, where its event loop runs, never asks a server."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable

import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.engine.remote import transport
from efewidgets.state import BackgroundRunner


async def until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@pytest.fixture
def nwb(server) -> str:
    shutil.copy(datasets.sample_folder() / "RS1.nwb", server.folder / "cell.nwb")
    return f"{server.url}/cell.nwb"


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """By whom servers are asked: names of threads."""
    found: list[str] = []
    answer = transport._answer

    def noting(*arguments, **options):
        found.append(threading.current_thread().name)
        return answer(*arguments, **options)

    monkeypatch.setattr(transport, "_answer", noting)
    return found


def opened() -> Dashboard:
    return Dashboard(ExtractionState(runner=BackgroundRunner()), read_only=True)


async def read(state: ExtractionState) -> None:
    await until(lambda: state.status == "ready" and len(state.results.members) > 1)


def test_looked_into_added_shown_and_edited(nwb, asked):
    async def work():
        page = opened()
        files = page.parts["FileSelector"]
        files.address.value = nwb
        await until(lambda: files.looker.waiting == 0 and bool(files.preview.table.rows))
        page.state.add_files("far", "IDrest", nwb)
        await read(page.state)
        page.steps.buttons.click("stimuli")
        traces = page.parts["TraceViewer"]
        for member in list(page.state.results.members)[:2]:
            traces.show([member])
            await until(lambda: bool(traces._view.curves))
        page.state.set_sweep(member, ton=701.0)
        await until(lambda: page.state.status == "ready")
        for step in ("rheobase", "targets", "features", "export", "recordings"):
            page.steps.buttons.click(step)
        page.close()
        page.state.close()

    asyncio.run(work())
    assert asked  # else nothing was shown
    assert threading.main_thread().name not in asked


def test_a_session_that_is_opened_and_what_has_changed_since(nwb, server, asked, tmp_path):
    with ExtractionState() as state:
        state.add_files("far", "IDrest", nwb)
        state.save(tmp_path / "session.json")
        before = len(state.results.members)
    asked.clear()
    (server.folder / "cell.nwb").touch()  # another version by what the server says
    shutil.copy(datasets.sample_folder() / "RS2.nwb", server.folder / "cell.nwb")

    async def work():
        page = opened()
        page.open_session(tmp_path / "session.json")
        await read(page.state)
        await until(lambda: any("has changed since" in problem.message for problem in page.state.problems))
        page.close()

    asyncio.run(work())
    assert before > 1
    assert asked
    assert threading.main_thread().name not in asked


def test_a_script_is_told_at_once_what_has_changed(nwb, server, tmp_path):
    with ExtractionState() as state:
        state.add_files("far", "IDrest", nwb)
        state.save(tmp_path / "session.json")
    shutil.copy(datasets.sample_folder() / "RS2.nwb", server.folder / "cell.nwb")
    with ExtractionState.load(tmp_path / "session.json") as state:
        assert any("has changed since" in problem.message for problem in state.problems)


@pytest.mark.slow
def test_samples_that_a_server_keeps_back(nwb, server, monkeypatch):
    """The page says that it reads them, and does all else; in the end a sentence says what is wrong."""
    monkeypatch.setenv(transport.TIMEOUT_VARIABLE, "1")

    async def work():
        page = opened()
        page.state.add_files("far", "IDrest", nwb)
        await read(page.state)
        go_on = threading.Event()
        answer = transport._answer

        def hanging(*arguments, **options):
            go_on.wait(60)
            return answer(*arguments, **options)

        monkeypatch.setattr(transport, "_answer", hanging)
        page.steps.buttons.click("stimuli")
        traces = page.parts["TraceViewer"]
        traces.show([list(page.state.results.members)[1]])
        assert "is being read" in " ".join(traces._view.notes)
        page.steps.buttons.click("targets")  # all else is done meanwhile
        page.state.set_targets([])
        page.steps.buttons.click("stimuli")
        assert page.parts["TraceViewer"].shown
        server.pause = 3.0
        go_on.set()
        await until(lambda: "silent for 1 s" in " ".join(traces._view.notes))
        server.pause = 0.0
        page.close()

    asyncio.run(work())
