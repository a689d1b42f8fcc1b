"""A page's line to its kernel, which outlives the websockets that carry it."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import Any

import traitlets
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

V1 = "v1.kernel.websocket.jupyter.org"

#: Bytes that a page may be behind; one that takes no more is given up
MOST_KEPT = 200 * 2**20

#: s until a page is told how many of its messages have come
_TELL_AFTER = 0.3

#: Parts of a message: a header of four, and what a widget sends along
_LEAST_PARTS, _MOST_PARTS = 6, 1000


class Line(ZMQChannelsWebsocketConnection):
    """What goes between a page and its kernel, in order and each message once, however often the websocket breaks.

    Jupyter takes a line apart when its websocket closes and makes another: what was under way is lost in both
    directions, a widget that waits for an answer then sends nothing any more, and if the browser is back before the
    server has noticed, two sockets of one name compete. Here both ends count, and keep what the other has not yet
    said to have (the page's half is ``line.js``); a new websocket goes on with the line where the old one ended.

    Attributes
    ----------
    come : int
        Messages that have come from the page.
    had : int
        Messages that the page has said to have; those after them are kept.
    kept : deque of (bytes or str, bool)
        Messages, and whether each is binary.
    """

    limit_rate = traitlets.Bool(False)  # a message of a widget left out would leave the page wrong
    ended = False

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.come = self.had = self._bytes = 0
        self.kept: deque[tuple[bytes | str, bool]] = deque()
        self._telling: asyncio.TimerHandle | None = None

    # --- websockets come and go

    async def _register_session(self) -> None:
        """Jupyter would close the websocket of the same page that went before, and wait until that is done."""
        self.session_key = f"{self.kernel_id}:{self.session.session}"

    async def prepare(self) -> None:
        """Ask the kernel who it is, the first time."""
        if not self.channels:
            await super().prepare()

    def carry(self, handler: Any) -> asyncio.Future[Any] | None:
        """Have a websocket carry the line from here on; return a future for when the kernel answers."""
        before, self.websocket_handler = self.websocket_handler, handler
        if before is not handler:
            before.close()
        self.acknowledged(handler.had)
        if handler.keeps:
            self._tell()
        for message, binary in list(self.kept):
            handler.pass_on(message, binary)
        if not handler.keeps:
            self._forget(len(self.kept))
        if not self.channels:
            return self.connect()
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        return None

    def left(self) -> None:
        """A websocket has closed. What the kernel says is kept for the next one."""
        self.multi_kernel_manager.notify_disconnect(self.kernel_id)

    def end(self) -> None:
        """Keep nothing any more, and listen to the kernel no longer."""
        self.ended = True
        self._forget(len(self.kept))
        if self._telling is not None:
            self._telling.cancel()
        for stream in self.channels.values():
            if not stream.closed():
                stream.on_recv(None)
                stream.close()
        self.channels = {}

    # --- to the page

    @property
    def write_message(self) -> Any:
        """What sends a message to the page."""
        return self._write

    def _write(self, message: bytes | str, binary: bool = False) -> None:
        handler: Any = self.websocket_handler
        if self.ended or (not handler.keeps and handler.is_open):
            handler.pass_on(message, binary)
            return
        self.kept.append((message, binary))
        self._bytes += len(message)
        handler.pass_on(message, binary)
        if self._bytes > MOST_KEPT and len(self.kept) > 1:
            self.log.warning("a page is %d MB behind and is given up", self._bytes // 2**20)
            self.end()
            handler.close()

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Send on what the kernel says, but for the code that it runs, which is none of the page's business."""
        _, parts = self.session.feed_identities(outgoing_msg)
        if self.session.unpack(parts[1]).get("msg_type") != "execute_input":
            super().handle_outgoing_message(stream, outgoing_msg)

    def acknowledged(self, had: int) -> None:
        """Keep no longer what the page has."""
        self._forget(min(had - self.had, len(self.kept)))

    def _forget(self, number: int) -> None:
        for _ in range(number):
            self._bytes -= len(self.kept.popleft()[0])
        self.had += max(number, 0)

    # --- from the page

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Send on to the kernel what the page says, if it can be read."""
        self.come += 1
        carrier: Any = self.websocket_handler
        if self._telling is None and carrier.keeps:
            self._telling = asyncio.get_running_loop().call_later(_TELL_AFTER, self._tell)
        try:
            if not _can_be_read(incoming_msg, self.subprotocol):
                raise ValueError("its lengths are wrong")
            super().handle_incoming_message(incoming_msg)
        except Exception as error:  # whatever somebody sends, the next message is another matter
            self.log.warning("ignored a message that can't be read: %s", type(error).__name__)

    def _tell(self) -> None:
        carrier: Any = self.websocket_handler
        self._telling = None
        carrier.tell(self.come)


def _can_be_read(message: bytes | str, protocol: str | None) -> bool:
    """Whether the parts that a message says to have can be there: Jupyter would count as far as it is told to."""
    if isinstance(message, str):
        return protocol != V1
    if protocol == V1:
        parts = int.from_bytes(message[:8], "little")
        return _LEAST_PARTS <= parts <= _MOST_PARTS and 8 * (parts + 1) <= len(message)
    if len(message) < struct.calcsize("!i"):
        return False
    (parts,) = struct.unpack("!i", message[:4])
    return 1 <= parts <= _MOST_PARTS and 4 * (parts + 1) <= len(message)
