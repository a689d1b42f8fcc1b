"""Visitors don't mix: two kernels of one server try to have something in common, copied from one process or not."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import pathlib
from typing import Any

import pytest
from jupyter_client.multikernelmanager import AsyncMultiKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from efewidgets import datasets
from efewidgets.app import forked
from efewidgets.app.kernels import OwnPython
from efewidgets.app.settings import Settings
from efewidgets.engine.systems.processes import processes_have_handles

PATIENCE = 120.0  # s; a machine may be busy

#: What two must not share: drawn, made or named in each by itself
OWN = """
import os, pathlib, random, secrets, tempfile, uuid
import ipywidgets, multiprocessing, numpy
from efewidgets.app import keeper, page
from efewidgets.engine.systems.ending import temporary_folder
settings, visit, dashboard = page._READY[0]
own = {
    "pid": os.getpid(),
    "visit": visit,
    "scratch": str(dashboard.fence.scratch),
    "random": random.random(),
    "numpy": numpy.random.random(),
    "generator": numpy.random.default_rng().random(),
    "secret": secrets.token_hex(8),
    "uuid": uuid.uuid4().hex,
    "folder": tempfile.mkdtemp(),
    "own folder": temporary_folder(dashboard, "efewidgets-")[0],
    "upload": str(dashboard.parts["FileSelector"].upload.inbox.folder),
    "keeper": keeper._US,
    "widgets": dashboard.model_id,
    "new widget": ipywidgets.HTML().model_id,
    "authkey": bytes(multiprocessing.current_process().authkey).hex(),
    "key of messages": get_ipython().kernel.session.key.hex(),
    "session of messages": get_ipython().kernel.session.session,
    "bare": os.environ["WHO"],
}
"""

#: What the first one does, and the other must not notice
DOES = """
import efel, numpy
from efewidgets import datasets
from efewidgets.engine.features import catalogue
state = dashboard.state
state.set_rheobase("RS1", 0.123)
state.view.title = "mine"
state.set_efel_settings(Threshold=-33.0)
efel.set_double_setting("Threshold", -11.0)
numpy.random.seed(1)
datasets.changed = os.environ["MINE"] = "by the first"
dashboard.keep()
session = str(dashboard.fence.scratch / "session.json")
"""

SEES = """
import os
from efewidgets import datasets
state, settings = dashboard.state, page._READY[0][0]
def refused(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
seen = {
    "rheobases": dict(state.inputs.rheobase_values),
    "title": state.view.title,
    "threshold": dict(state.inputs.efel_settings).get("Threshold"),
    "changed": getattr(datasets, "changed", None),
    "environment": os.environ.get("MINE"),
    "undo": state.can_undo,
    "opens": refused(lambda: dashboard.open_session(theirs)),
    "reads": refused(lambda: dashboard.fence.may_read(theirs)),
    "recent": dashboard._recents([]),
}
"""


class Kernels(AsyncMultiKernelManager):
    """A manager of kernels as the server's, with a nursery where that is asked for."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.nursery = forked.nursery() if forked.are_copied(many=False) else None
        super().__init__(kernel_spec_manager=OwnPython(), connection_dir=str(folder))


class Visitor:
    """A kernel with a page that waits for its visitor."""

    def __init__(self, kernels: Kernels, name: str):
        self.kernel = kernels.get_kernel(name)
        self.client = self.kernel.client()

    async def open(self) -> None:
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=PATIENCE)
        await self.run("from efewidgets.app import page; page.warm()")

    async def run(self, code: str, name: str = "None") -> Any:
        """Run code; return what a name then stands for."""
        answer = await self.client.execute(code, user_expressions={"it": name}, reply=True, timeout=PATIENCE)
        assert answer["content"]["status"] == "ok", answer["content"]
        return ast.literal_eval(answer["content"]["user_expressions"]["it"]["data"]["text/plain"])


@pytest.fixture
def environment(tmp_path, monkeypatch):
    known = KernelProvisionerFactory.instance().provisioners
    monkeypatch.setattr(KernelProvisionerFactory, "provisioners", dict(known))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    settings = Settings(
        folder=str(datasets.sample_folder()),
        root=str(datasets.sample_folder()),
        scratch=str(tmp_path / "scratch"),
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
@pytest.mark.parametrize("copied", [True, False])
def test_two_visitors_have_nothing_in_common(tmp_path, monkeypatch, environment, copied):
    if copied and not processes_have_handles():
        pytest.skip("needs Linux, where kernels are copies")
    monkeypatch.setenv(forked.ASKED, "1" if copied else "0")

    async def try_it():
        kernels, visitors = Kernels(tmp_path), []
        assert (kernels.nursery is not None) == copied
        try:
            names = [
                await kernels.start_kernel(
                    cwd=str(tmp_path), env={**os.environ, "VOILA_PREHEAT": "True", "WHO": who}
                )
                for who in ("one", "other")
            ]
            visitors += [Visitor(kernels, name) for name in names]
            for visitor in visitors:
                await visitor.open()
            one, other = visitors
            mine, theirs = [await visitor.run(OWN, "own") for visitor in (one, other)]
            # the names of widgets say nothing outside of their kernel: those of a page made beforehand are its own
            alike = {"widgets"} if copied else set()
            assert {name for name in mine if mine[name] == theirs[name]} == alike
            session = await one.run(DOES, "session")
            assert json.loads(pathlib.Path(session).read_text(encoding="utf-8"))["rheobase_values"] == {
                "RS1": 0.123
            }
            seen = await other.run(f"theirs = {session!r}{SEES}", "seen")
            assert seen == {
                **dict.fromkeys(["changed", "environment"]),
                "rheobases": {},
                "threshold": -20.0,
                "title": "",
                "undo": False,
                "recent": [],
                "opens": "EfeError",
                "reads": "EfeError",
            }
            again = [await visitor.run("drawn = numpy.random.random()", "drawn") for visitor in (one, other)]
            assert again[0] != again[1]
        finally:
            for visitor in visitors:
                visitor.client.stop_channels()
            await kernels.shutdown_all(now=True)
            if kernels.nursery is not None:
                await kernels.nursery.close()

    asyncio.run(try_it())
