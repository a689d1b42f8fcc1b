"""Who has come to a page that waited for them: the server tells the kernel.

What Voila has for it costs each kernel a second and tens of MB, since it brings all of the server with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading

import tornado.websocket

from ..engine.systems.ending import end
from .kernel import SECONDS

_LOOK_EVERY = 0.2


def is_awaited() -> bool:
    """Whether nobody is waiting for this page yet."""
    return os.environ.get("VOILA_PREHEAT") == "True"


def query() -> str:
    """Return what stands behind the question mark of the visitor's address; wait for them where nobody has come yet."""
    found = _request() if is_awaited() else os.environ
    return found.get("QUERY_STRING", "")


def _request() -> dict[str, str]:
    """Return the server's account of the request. When the server ends nobody will come: the kernel ends, too."""
    told: list[str | bytes | None] = []
    # the kernel's own loop is busy with the cell that waits
    thread = threading.Thread(target=lambda: told.append(asyncio.run(_ask(_address()))), daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_EVERY)  # without a limit no signal would be heard on Windows
    if not told or told[0] is None:
        end(0, SECONDS)
    return json.loads(told[0])


async def _ask(address: str) -> str | bytes | None:
    try:
        connection = await tornado.websocket.websocket_connect(address)
    except OSError:  # the server has gone meanwhile
        return None
    try:
        return await connection.read_message()
    finally:
        connection.close()


def _address() -> str:
    part = {
        name: os.environ.get(f"VOILA_{name}", "")
        for name in ("APP_IP", "APP_PORT", "SERVER_URL", "KERNEL_ID")
    }
    return f"ws://{part['APP_IP']}:{part['APP_PORT']}{part['SERVER_URL']}voila/query/{part['KERNEL_ID']}"
