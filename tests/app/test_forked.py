"""Kernels that are copies of one process: nothing that two must not share is the same in both, and none outlives it."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from jupyter_client.multikernelmanager import AsyncMultiKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from efewidgets import datasets
from efewidgets.app import forked
from efewidgets.app.kernels import OwnPython
from efewidgets.app.settings import Settings
from efewidgets.engine.systems.processes import processes_have_handles

pytestmark = pytest.mark.skipif(not processes_have_handles(), reason="needs Linux, where kernels are copies")

PATIENCE = 120.0  # s; a machine may be busy

#: What a visitor must not be able to guess from their own, or to change for others
OWN = """[
    __import__("numpy").random.random(), __import__("random").random(), __import__("uuid").uuid4().hex,
    __import__("tempfile").mktemp(), __import__("efewidgets.app.keeper").app.keeper._US,
    __import__("efewidgets.app.begin").app.begin.new_name(), __import__("os").getpid(),
    bytes(__import__("multiprocessing").current_process().authkey),
]"""

PID = 6

LOADED = """{
    name: __import__("sys").modules.get(name) is not None
    for name in ("debugpy", "efewidgets.app.page", "efewidgets.widgets.results.panel")
}"""

TARGETS = "sorted(__import__('comm').get_comm_manager().targets)"


class Kernels(AsyncMultiKernelManager):
    """A manager of kernels with a nursery."""

    def __init__(self) -> None:
        self.nursery = forked.nursery()
        super().__init__(kernel_spec_manager=OwnPython())


@pytest.fixture(autouse=True)
def _as_before(monkeypatch, tmp_path):
    known = KernelProvisionerFactory.instance().provisioners
    monkeypatch.setattr(KernelProvisionerFactory, "provisioners", dict(known))
    monkeypatch.setenv(forked.ASKED, "1")
    monkeypatch.setenv("EFEWIDGETS_DASHBOARD", '{"read_only": true, "start": "of-the-lab.json"}')
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))


async def asked(kernels, name, code):
    """Return what an expression gives in a kernel, by its repr."""
    client = kernels.get_kernel(name).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        answer = await client.execute("", user_expressions={"it": code}, reply=True, timeout=PATIENCE)
        found = answer["content"]["user_expressions"]["it"]
        return ast.literal_eval(found["data"]["text/plain"])
    finally:
        client.stop_channels()


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(true):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def test_two_kernels_have_nothing_in_common_that_matters(tmp_path):
    async def look():
        kernels = Kernels()
        try:
            names = [
                await kernels.start_kernel(
                    cwd=str(tmp_path), env={**os.environ, "VOILA_PREHEAT": "True", "WHO": who}
                )
                for who in ("one", "other")
            ]
            one, other = [await asked(kernels, name, OWN) for name in names]
            assert all(mine != theirs for mine, theirs in zip(one, other, strict=True)), (one, other)
            above = [await asked(kernels, name, "__import__('os').getppid()") for name in names]
            assert above == [kernels.nursery.process.pid] * 2
            assert [await asked(kernels, name, "__import__('os').environ['WHO']") for name in names] == [
                "one",
                "other",
            ]
            # what a page asks by for all widgets at once
            assert {"jupyter.widget", "jupyter.widget.control"} <= set(
                await asked(kernels, names[1], TARGETS)
            )
            # all that a page needs has been imported before, and Jupyter's debugger isn't
            there = await asked(kernels, names[1], LOADED)
            assert there == {
                "debugpy": False,
                "efewidgets.app.page": True,
                "efewidgets.widgets.results.panel": True,
            }
            change = "[__import__('efewidgets.datasets').datasets.__dict__.update(changed=1), 1][1]"
            assert await asked(kernels, names[0], change) == 1
            seen = "hasattr(__import__('efewidgets.datasets').datasets, 'changed')"
            assert [await asked(kernels, name, seen) for name in names] == [True, False]
            await kernels.shutdown_kernel(names[0])
            await until(lambda: not is_there(one[PID]))
            assert is_there(other[PID])
        finally:
            await kernels.shutdown_all(now=True)
            await kernels.nursery.close()
        assert not is_there(kernels.nursery.process.pid)

    asyncio.run(look())


def test_a_page_made_beforehand_answers_a_click(tmp_path, monkeypatch):
    monkeypatch.setenv("EFEWIDGETS_DASHBOARD", '{"read_only": true}')

    async def answers(client, button, number):
        """Click on a step; return the number that comes back for the browser."""
        state = {"wanted": {"name": "targets", "number": number}}
        data = {"method": "update", "state": state, "buffer_paths": []}
        client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": button, "data": data}))
        while True:
            message = await client.get_iopub_msg(timeout=PATIENCE)
            said = message["content"].get("data", {}).get("state", {})
            if message["msg_type"] == "comm_msg" and "answered" in said:
                return message["content"]["comm_id"], said["answered"]

    async def look():
        kernels = Kernels()
        try:
            env = {**os.environ, "VOILA_PREHEAT": "True"}
            name = await kernels.start_kernel(cwd=str(tmp_path), env=env)
            client = kernels.get_kernel(name).client()
            client.start_channels()
            await client.wait_for_ready(timeout=PATIENCE)
            shown = "[page._READY[0][2].steps.buttons.model_id, made]"
            code = "from efewidgets.app import page; made = len(page._PREPARED); page.warm()"
            found = await client.execute(code, user_expressions={"it": shown}, reply=True, timeout=PATIENCE)
            button, made = ast.literal_eval(found["content"]["user_expressions"]["it"]["data"]["text/plain"])
            assert made == 1
            assert await answers(client, button, 7) == (button, 7)
            client.stop_channels()
        finally:
            await kernels.shutdown_all(now=True)
            await kernels.nursery.close()

    asyncio.run(look())


@pytest.mark.parametrize(
    ("reader", "made"), [("", 1), ("threading.Thread(target=time.sleep, args=(99,)).start()", 0)]
)
def test_a_labs_reader_that_leaves_a_thread_costs_the_page_and_not_the_copies(
    tmp_path, monkeypatch, reader, made
):
    config = datasets.sample_config() | {"recording_reader": "labs_reader:read"}
    text = f"import threading, time\nfrom efewidgets.engine.readers import nwb_reader as read\n{reader}\n"
    (tmp_path / "labs_reader.py").write_text(text, encoding="utf-8", newline="\n")
    (tmp_path / "config.json").write_text(json.dumps(config, default=str), encoding="utf-8", newline="\n")
    settings = Settings(start=str(tmp_path / "config.json"), read_only=True)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    async def look():
        kernels = Kernels()
        try:
            name = await kernels.start_kernel(cwd=str(tmp_path), env={**os.environ, "VOILA_PREHEAT": "True"})
            above = await asked(kernels, name, "__import__('os').getppid()")
            assert above == kernels.nursery.process.pid
            found = "len(__import__('efewidgets.app.page').app.page._PREPARED)"
            assert await asked(kernels, name, found) == made
        finally:
            await kernels.shutdown_all(now=True)
            await kernels.nursery.close()

    asyncio.run(look())


@pytest.mark.parametrize("ended_by", ["SIGKILL", "SIGTERM"])
def test_none_outlives_the_process_that_it_is_a_copy_of(tmp_path, ended_by):
    async def look():
        kernels = Kernels()
        try:
            name = await kernels.start_kernel(cwd=str(tmp_path), env={**os.environ, "VOILA_PREHEAT": "True"})
            pid = await asked(kernels, name, "__import__('os').getpid()")
            kernels.nursery.process.send_signal(getattr(signal, ended_by))
            await until(lambda: not is_there(pid))
            assert not await kernels.get_kernel(name).is_alive()
        finally:
            await kernels.shutdown_all(now=True)
            await kernels.nursery.close()

    asyncio.run(look())


def test_the_first_who_comes_before_it_is_prepared_has_a_kernel_of_their_own_and_the_others_wait():
    async def look():
        nursery = forked.Nursery()
        comes = {"VOILA_PREHEAT": "False"}
        assert await nursery.kernel([], comes, None) is None
        others = [asyncio.ensure_future(nursery.kernel([], env, None)) for env in (comes, {})]
        await asyncio.sleep(0.1)
        assert not any(other.done() for other in others)
        begun = time.monotonic()
        await nursery.close()
        assert time.monotonic() - begun < 5
        for other in others:
            with pytest.raises(RuntimeError, match="the server ends"):
                await other

    asyncio.run(look())


def test_a_process_that_is_gone_is_told_from_one_that_runs():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = forked.Forked(process.pid)
    assert found.poll() is None
    process.communicate(b"\n")
    assert found.poll() == 0
    found.kill()  # nobody
    assert forked.Forked(process.pid).poll() == 0


@pytest.mark.parametrize(
    ("said", "many", "can", "copied"),
    [
        ("", True, True, True),
        ("", False, True, False),  # who is alone has nobody to share with
        ("0", True, True, False),
        ("1", False, True, True),
        ("1", True, False, False),
    ],
)
def test_kernels_of_many_visitors_are_copied_where_the_system_can(monkeypatch, said, many, can, copied):
    monkeypatch.setattr(forked, "processes_have_handles", lambda: can)
    monkeypatch.delenv(forked.ASKED)
    if said:
        monkeypatch.setenv(forked.ASKED, said)
    assert forked.are_copied(many) is copied


def test_kernels_that_are_not_copied_are_started_by_jupyter():
    KernelProvisionerFactory.instance().provisioners.pop(forked.NAME, None)
    assert "kernel_provisioner" not in OwnPython().get_kernel_spec("python3").metadata
