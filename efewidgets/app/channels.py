"""The websocket between a page and its kernel: it carries the line, and does nothing once it is closed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.websocket import WebSocketClosedError

from .line import V1, Line

#: ms between signs of life that are asked of a browser, and without any until it is taken to be gone
PING_EVERY, PING_PATIENCE = 20_000, 60_000

_MOST_DIGITS = 15


class Channels(KernelWebsocketHandler):
    """Takes the place of Voila's handler.

    That one, and Jupyter's, forget which protocol was agreed on as soon as a websocket begins to close, and read
    what comes then in another one: big numbers for small ones, so that they count for years.

    Attributes
    ----------
    keeps : bool
        Whether the page counts and keeps messages too.
    had : int
        Messages that it had when it opened this websocket.
    """

    keeps = False
    had = 0
    _protocol: str | None = None
    _carries = _closed = False

    # --- opened

    @property
    def kernel_websocket_connection_class(self) -> Any:
        """What returns the line of the page, which may have been there before."""
        return self._line

    def _line(self, **options: Any) -> Line:
        kernels: Any = self.kernel_manager
        lines: dict[tuple[str, str], Line] = kernels.lines
        key = (self.kernel_id, self.get_argument("session_id", ""))
        if not key[1]:
            return Line(**options)
        if key not in lines:
            lines[key] = Line(**options)
        return lines[key]

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose the protocol, and remember it."""
        self._protocol = super().select_subprotocol(subprotocols)
        return self._protocol

    @property
    def selected_subprotocol(self) -> str | None:
        """The protocol, also while the websocket closes."""
        return self._protocol

    def get_websocket_protocol(self) -> Any:
        """Leave signs of life to Jupyter: tornado would take its ms for s, and complain."""
        found: Any = super().get_websocket_protocol()
        if found is not None:
            found.params.ping_interval = found.params.ping_timeout = None
        return found

    async def open(self, kernel_id: str) -> None:
        """Carry the page's line from here on."""
        super(KernelWebsocketHandler, self).open(kernel_id)
        if self._closed:  # while the kernel was asked who it is
            return
        had = self.get_argument("had", "")
        self.keeps = self._protocol == V1 and had.isdecimal() and len(had) <= _MOST_DIGITS
        self.had = int(had) if self.keeps else 0
        self._carries = True
        answers = self.connection.carry(self)
        if answers is not None:
            await answers

    def on_close(self) -> None:
        """Leave the line to the next websocket."""
        self._closed = True
        if self._carries:
            self._carries = False
            self.connection.left()

    # --- messages

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent."""
        return self.ws_connection is not None and not self.ws_connection.is_closing()

    def on_message(self, ws_message: bytes | str) -> None:
        """Take a message of the page, unless the line goes on elsewhere: there it comes again."""
        if not self.is_open or self.connection.websocket_handler is not self:
            return
        if self.keeps and isinstance(ws_message, str):
            self._told(ws_message)
        else:
            self.connection.handle_incoming_message(ws_message)

    def _told(self, text: str) -> None:
        try:
            had = json.loads(text)["had"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if isinstance(had, int):
            self.connection.acknowledged(had)

    def tell(self, come: int) -> None:
        """Tell the page how many of its messages have come."""
        self.pass_on(json.dumps({"had": come}))

    def pass_on(self, message: bytes | str, binary: bool = False) -> None:
        """Send a message to the page, if it can still be sent."""
        if self.is_open:
            with contextlib.suppress(WebSocketClosedError):
                self.write_message(message, binary).add_done_callback(_heed)


def _heed(sent: Any) -> None:
    """Take note of how it went; a connection that broke meanwhile needs no line in the log."""
    if not sent.cancelled():
        sent.exception()
