"""A visitor of the dashboard without a browser: speaks to the page's kernel as the page does, and looks what comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

V1 = "v1.kernel.websocket.jupyter.org"
STEPS = ["recordings", "stimuli", "rheobase", "targets", "features", "export"]

#: s that anything may take, until it counts as not answered
PATIENCE = 120.0
CLICK_PATIENCE = 30.0
TELL_EVERY = 16
LOOK_EVERY = 1.0  # s between two looks at the place in the queue


@dataclass
class Seen:
    """What a visitor saw.

    Attributes
    ----------
    page, figure : float or None
        s from when the address was opened until the page's HTML was there, and until all that the first figure is
        drawn from; None if it never was.
    clicks : list of float
        s from each click on a step until the kernel had answered it.
    unanswered : int
        Clicks without an answer.
    waited : bool
        Whether there was no place at first.
    trouble : str
        What ended the visit before its time.
    """

    page: float | None = None
    figure: float | None = None
    clicks: list[float] = field(default_factory=list)
    unanswered: int = 0
    waited: bool = False
    trouble: str = ""


class Visitor:
    """Opens the page, and clicks on steps until a moment that is the same for all.

    Parameters
    ----------
    url : str
    """

    def __init__(self, url: str):
        self.url, self.seen = url, Seen()
        self._kernel = self._cookie = ""
        self._session = uuid.uuid4().hex
        self._states: dict[str, dict[str, Any]] = {}
        self._answered: dict[str, asyncio.Event] = {}
        self._figure = asyncio.Event()
        self._had = 0

    async def visit(self, until: float, pauses: Any) -> None:
        """Stay until `time.monotonic()` is `until`; `pauses` gives the s between two clicks."""
        begun = time.monotonic()
        try:
            await self._load()
            self.seen.page = time.monotonic() - begun
            await self._connect()
            reading = asyncio.ensure_future(self._read())
            try:
                self._ask_for_states()
                await asyncio.wait_for(self._figure.wait(), PATIENCE)
                self.seen.figure = time.monotonic() - begun
                await self._click_until(until, pauses)
            finally:
                reading.cancel()
        except Exception as error:
            self.seen.trouble = f"{type(error).__name__}: {error}"[:200]
        finally:
            await self._leave()

    # --- the page

    async def _load(self) -> None:
        text = await self._get(self.url)
        turn = re.search(r'data-look="([^"]+)" data-ticket="([^"]+)"', text)
        if turn is not None:
            self.seen.waited = True
            while not json.loads(await self._get(self.url.rstrip("/") + turn[1]))["come"]:
                await asyncio.sleep(LOOK_EVERY)
            text = await self._get(f"{self.url}?place={turn[2]}")
        found = re.search(r'"kernelId": "([^"]+)"', text)
        if found is None:
            raise ValueError("the page names no kernel")
        self._kernel = found[1]

    async def _get(self, url: str) -> str:
        request = HTTPRequest(url, request_timeout=PATIENCE, headers={"Cookie": self._cookie})
        answer = await AsyncHTTPClient().fetch(request)
        cookies: SimpleCookie = SimpleCookie()
        for line in answer.headers.get_list("Set-Cookie"):
            cookies.load(line)
        if cookies:
            self._cookie = "; ".join(f"{name}={found.value}" for name, found in cookies.items())
        return answer.body.decode()

    async def _connect(self) -> None:
        place = f"{self.url.replace('http', 'ws', 1)}api/kernels/{self._kernel}/channels"
        request = HTTPRequest(
            f"{place}?session_id={self._session}&had=0",
            headers={"Cookie": self._cookie},
            connect_timeout=PATIENCE,
            request_timeout=PATIENCE,
        )
        self._socket = await websocket_connect(request, subprotocols=[V1], max_message_size=2**30)

    async def _leave(self) -> None:
        """Say that the page is closed, as a browser does."""
        if self._kernel:
            request = HTTPRequest(
                f"{self.url}voila/api/shutdown/{self._kernel}",
                method="POST",
                body=b"",
                headers={"Cookie": self._cookie},
                request_timeout=CLICK_PATIENCE,
            )
            with contextlib.suppress(Exception):
                await AsyncHTTPClient().fetch(request)
        if hasattr(self, "_socket"):
            self._socket.close()

    # --- messages

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {"version": "1.0.0"}, content)]
        self._socket.write_message(serialize_msg_to_ws_v1(parts, "shell"), binary=True)
        return number

    def _ask_for_states(self) -> None:
        control = uuid.uuid4().hex
        self._send("comm_open", {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}})
        self._send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})

    async def _read(self) -> None:
        while (message := await self._socket.read_message()) is not None:
            if isinstance(message, bytes):
                self._had += 1
                if self._had % TELL_EVERY == 0:
                    self._socket.write_message(json.dumps({"had": self._had}))
                _, parts = deserialize_msg_from_ws_v1(message)
                self._heed(*(json.loads(part) for part in parts[:4]))
        self.seen.trouble = "the websocket was closed"
        self._figure.set()

    def _heed(self, header: Any, parent: Any, _: Any, content: Any) -> None:
        kind, data = header["msg_type"], content.get("data", {})
        if kind == "status" and content["execution_state"] == "idle":
            if (answered := self._answered.get(parent.get("msg_id", ""))) is not None:
                answered.set()
        elif kind == "comm_open":
            self._states[content["comm_id"]] = dict(data.get("state", {}))
        elif kind == "comm_msg" and data.get("method") == "update_states":
            self._states |= {name: dict(about["state"]) for name, about in data["states"].items()}
        elif kind == "comm_msg" and data.get("method") == "update":
            self._states.setdefault(content["comm_id"], {}).update(data["state"])
        else:
            return
        if not self._figure.is_set() and self._has_figure():
            self._figure.set()

    def _has_figure(self) -> bool:
        """Whether a figure has a line with points."""
        for state in self._states.values():
            for mark in state.get("marks") or () if state.get("_model_name") == "FigureModel" else ():
                points = self._states.get(str(mark).removeprefix("IPY_MODEL_"), {}).get("y")
                if isinstance(points, dict) and all(points.get("shape") or [0]):
                    return True
        return False

    # --- clicks

    async def _click_until(self, until: float, pauses: Any) -> None:
        number, last = 0, ""
        while (pause := pauses.uniform(1, 3)) and time.monotonic() + pause < until and not self.seen.trouble:
            await asyncio.sleep(pause)
            number += 1
            last = pauses.choice([step for step in STEPS if step != last])
            await self._click(last, number)

    async def _click(self, step: str, number: int) -> None:
        buttons = next(name for name, state in self._states.items() if "wanted" in state)
        wanted = {
            "method": "update",
            "state": {"wanted": {"name": step, "number": number}},
            "buffer_paths": [],
        }
        begun = time.monotonic()
        sent = self._send("comm_msg", {"comm_id": buttons, "data": wanted})
        self._answered[sent] = asyncio.Event()
        try:
            await asyncio.wait_for(self._answered[sent].wait(), CLICK_PATIENCE)
        except TimeoutError:
            self.seen.unanswered += 1
        else:
            right = self._states[buttons].get("answered") == number
            self.seen.clicks.append(time.monotonic() - begun)
            self.seen.unanswered += not right
        del self._answered[sent]
