"""A slow wire between browser and server, which can be cut; runs in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from typing import Any


class Wire:
    """Passes on what comes at a port of its own, later.

    Parameters
    ----------
    port : int
        Where the server listens on this machine.
    delay : float
        s that everything takes, each way.
    rate : float
        Bytes a second that come from the server, for all connections together.

    Attributes
    ----------
    port : int
        Where to come.
    cuts : int
        How many connections of websockets have been cut.
    """

    def __init__(self, port: int, delay: float, rate: float = float("inf")):
        self.delay, self.rate, self.cuts = delay, rate, 0
        self._free = 0.0  # when the wire has carried what came before
        self._server_port = port
        self._websockets: list[tuple[Any, Any]] = []
        self._writers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait(10)

    def cut(self) -> int:
        """Cut what websockets there are, in the middle of what they carry; return how many."""
        found = asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)
        self.cuts += found
        return found

    def stop(self) -> None:
        """Pass on nothing any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        async def listen() -> Any:
            server = await asyncio.start_server(self._met, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            return server

        server = self._loop.run_until_complete(listen())
        self._loop.run_forever()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(self._settle(left))
        self._loop.close()

    async def _settle(self, left: set[asyncio.Task[Any]]) -> None:
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0.1)

    async def _cut(self) -> int:
        found = [writers for writers in self._websockets if not writers[0].is_closing()]
        for writers in found:
            for writer in writers:
                writer.transport.abort()
        self._websockets.clear()
        return len(found)

    async def _met(self, reader: Any, writer: Any) -> None:
        self._writers.add(writer)
        try:
            beyond, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.close()
            return
        self._writers.add(to_server)
        first = await reader.read(2**16)
        if b"upgrade: websocket" in first.lower():
            self._websockets.append((writer, to_server))
        with contextlib.suppress(asyncio.CancelledError):  # when all is stopped
            await asyncio.gather(self._pass(reader, to_server, first), self._pass(beyond, writer, slow=True))

    async def _pass(self, reader: Any, writer: Any, first: bytes = b"", slow: bool = False) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def later() -> None:
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(max(due - self._loop.time(), 0))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        task = asyncio.ensure_future(later())
        try:
            data = first or await reader.read(2**16)
            while data:
                carried = self._loop.time()
                if slow:
                    carried = self._free = max(self._free, carried) + len(data) / self.rate
                waiting.put_nowait((carried + self.delay, data))
                data = await reader.read(2**16)
        except OSError:
            pass
        waiting.put_nowait((max(self._loop.time(), self._free if slow else 0) + self.delay, b""))
        await asyncio.gather(task, return_exceptions=True)
