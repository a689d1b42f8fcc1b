"""The kernels of the pages: those that wait for visitors are alive and ready; one that died isn't started again."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import weakref
from datetime import UTC, datetime
from typing import Any, cast

import tornado.web
import traitlets
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from ..engine.systems.libraries import give_memory_back
from . import forked
from .many.ended import ASLEEP, Ended, Endings
from .many.pool import Pool, is_ready
from .many.room import Room
from .many.share import Share
from .many.watch import Watch

#: s that a kernel has to end by itself, which are a little more than it takes (`kernel.SECONDS`)
PATIENCE = 3.5
_LOOK_EVERY = 0.05
_KERNEL = [sys.executable, "-m", f"{__package__}.kernel", "-f", "{connection_file}"]


class OwnPython(KernelSpecManager):
    """Knows no kernel but ours, of this Python: what a person has installed as "python3" may be another one."""

    def _kernel_dirs_default(self) -> list[str]:
        return []

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return what starts `kernel.PageKernel`; messages interrupt it, since one that starts knows no signals."""
        found = super().get_kernel_spec(kernel_name)
        found.argv, found.interrupt_mode = list(_KERNEL), "message"
        if forked.NAME in KernelProvisionerFactory.instance().provisioners:
            found.metadata = {**found.metadata, "kernel_provisioner": {"provisioner_name": forked.NAME}}
        return found


class Kernels(AsyncMappingKernelManager):
    """Kernels that are of use only with the page that ran in them.

    Attributes
    ----------
    share : Share
        How many visitors there may be, and what they may take.
    copies : bool
        Whether kernels are copies of one process.
    warm : int
        So many kernels wait for visitors, when few come.
    sleep : float
        s without a sign of a person, after which the page of one who is connected sleeps; 0: none does.
    lines : dict of (str, str): Line
        The lines of pages, by kernel and session.
    pool : Pool
        How many kernels wait.
    room : Room
        Who has a page, and who waits for one.
    ended : Endings
        Why kernels were ended whose pages are still to be told.
    nursery : forked.Nursery or None
        The process that kernels are copies of.
    ending : bool
        Whether the server ends, so that no kernel is started any more.
    """

    share = traitlets.Instance(Share, ()).tag(config=True)
    copies = traitlets.Bool(False).tag(config=True)
    warm = traitlets.Int(1).tag(config=True)
    sleep = traitlets.Float(0.0).tag(config=True)
    lines = traitlets.Dict()
    ending = False

    def __init__(self, **options: Any) -> None:
        self._made: weakref.WeakSet[Any] = weakref.WeakSet()
        super().__init__(**options)
        self.nursery = forked.nursery() if self.copies else None
        self.room, self.ended = Room(self.share.visitors, cast(Any, self)), Endings()
        self.pool = Pool(self.warm, 1 if self.share.visitors == 1 else None)
        self._watch = Watch(self, self.share)

    def pre_start_kernel(self, kernel_name: str | None, options: Any) -> Any:
        """Know each kernel from before it is started."""
        if self.ending:
            raise tornado.web.HTTPError(503, "the server ends")
        found = super().pre_start_kernel(kernel_name, options)
        self._made.add(found[0])
        return found

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel, and look after it."""
        found: str = await super().start_kernel(**options)
        if options.get("env", {}).get("VOILA_PREHEAT") == "False":  # it waits for nobody else
            self.room.settle(found)
            self.pool.missed()
        self._watch.start()
        return found

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose browser has vanished, and one whose page nobody has touched for long."""
        kernel: Any = self.get_kernel(kernel_id)
        idle = (datetime.now(UTC) - kernel.last_activity).total_seconds()
        if self.sleep and idle > self.sleep and kernel.execution_state != "busy":
            await self.end(kernel_id, ASLEEP)
            return
        await super().cull_kernel_if_idle(kernel_id)
        if kernel_id not in self:
            self.ended[kernel_id] = ASLEEP

    def lives(self, kernel_id: str) -> bool:
        """Whether a kernel hasn't ended just now, which Jupyter sees only when it looks, some seconds later."""
        kernel: Any = self._kernels.get(kernel_id)
        process = kernel and getattr(kernel.provisioner, "process", None)
        return process is not None and process.poll() is None

    async def end(self, kernel_id: str, why: Ended) -> None:
        """End a kernel, with its session saved, and have its page say why."""
        self.ended[kernel_id] = why
        carriers = [line.websocket_handler for key, line in self.lines.items() if key[0] == kernel_id]
        await self.shutdown_kernel(kernel_id)
        for carrier in carriers:  # which then asks
            carrier.close()

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """End a kernel. A page that closes meanwhile would have its channels kept open for its return, for ever."""
        try:
            await super().shutdown_kernel(kernel_id, *args, **options)
        finally:
            self._forget_channels(kernel_id)
            gc.collect()
        give_memory_back()  # the C library would keep what a page's messages took, a little more for each visitor

    async def end_all(self) -> None:
        """End all kernels, also those that are being started, which Jupyter's own way waits for or doesn't know."""
        self.ending = True
        if self.nursery is not None:
            self.nursery.ending()
        await asyncio.gather(*map(_end, list(self._made)), return_exceptions=True)
        if self.nursery is not None:
            await self.nursery.close()

    def _forget_channels(self, kernel_id: str) -> None:
        for key in [key for key in self.lines if key[0] == kernel_id]:
            self.lines.pop(key).end()
        for stream in self._kernel_buffers.pop(kernel_id, {}).get("channels", {}).values():
            if not stream.socket.closed:
                stream.on_recv(None)
                stream.close()

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Forget a kernel that has died; if it was waiting for a visitor, make another one wait."""
        super()._handle_kernel_died(kernel_id)
        self._forget_channels(kernel_id)
        voila: Any = self  # which adds the kernels that wait
        for notebook, waiting in getattr(voila, "_pools", {}).items():
            for task in [task for task in waiting if is_ready(task)]:
                if task.result()["kernel_id"] == kernel_id:
                    waiting.remove(task)
                    voila.fill_if_needed(notebook_name=notebook)


async def _end(kernel: Any) -> None:
    """Ask a kernel to end, and end it where it doesn't; one that hasn't come to anything yet isn't asked."""
    until = time.monotonic() + PATIENCE
    while not kernel.has_kernel and not kernel.ready.done() and time.monotonic() < until:
        await asyncio.sleep(_LOOK_EVERY)
    kernel.stop_restarter()
    if kernel.has_kernel:
        if kernel.execution_state not in (None, "starting"):
            await kernel.request_shutdown()
            while await kernel.is_alive() and time.monotonic() < until:
                await asyncio.sleep(_LOOK_EVERY)
        await kernel.provisioner.kill()
        await kernel.provisioner.wait()
    await kernel.cleanup_resources()
