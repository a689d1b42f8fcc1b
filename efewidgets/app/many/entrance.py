"""The address of the page: it answers with a page, or with the place in the queue for one."""

from __future__ import annotations

import json
from typing import Any

import tornado.web
from jupyter_server.base.handlers import APIHandler
from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped]

from .room import Room, Turn

#: The cookie by which a page that is reloaded tells which kernel it leaves (`loading.js`), and s for which it does
LEAVES = "efewidgets-leaves"

#: Where one who waits looks, below the address of the page
QUEUE = "queue"


class Entrance(TornadoVoilaHandler):
    """Sends the page to who finds a place, and the queue to others."""

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Send it."""
        room = room_of(self.kernel_manager)
        if path:
            await super().get(path)
            return
        guest = room.come_in(self.get_argument("place", ""), self.get_cookie(LEAVES, "") or "")
        if guest is None:
            self._queue(room)
            return
        self.clear_cookie(LEAVES, path=self.base_url)
        try:
            await super().get(path)
        finally:
            room.done(guest)

    def _queue(self, room: Room) -> None:
        ticket = room.wait()
        turn = room.look(ticket)
        assert turn is not None
        self.set_header("Cache-Control", "no-store")
        page = self.settings["jinja2_env"].get_template("queue.html")
        look = f"{self.base_url}voila/{QUEUE}/{ticket}"
        self.finish(page.render(look=look, ticket=ticket, words=in_words(turn, room.places)))


class Queue(APIHandler):
    """Tells who waits where they stand."""

    @tornado.web.authenticated
    def get(self, ticket: str) -> None:
        """Tell it; who doesn't wait any more begins anew."""
        room = room_of(self.kernel_manager)
        turn = room.look(ticket)
        told: dict[str, Any] = {"come": turn is None or turn.come}
        if turn is not None:
            told["words"] = in_words(turn, room.places)
        self.finish(json.dumps(told))


def room_of(kernels: Any) -> Room:
    """Return the room of a manager of kernels."""
    found: Room = kernels.room
    return found


def in_words(turn: Turn, places: int) -> str:
    """Say where somebody stands."""
    if turn.come:
        return "There is a place for you."
    waits = f"{turn.before:,} of {turn.waiting:,} before you" if turn.before else "You are the next"
    return f"{waits}. There are {places:,} places; this page opens by itself." if places else f"{waits}."
