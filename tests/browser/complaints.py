"""What goes wrong on a page, without what isn't ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: What JupyterLab, Notebook and Voila say on pages of their own: that they load each other's extensions, for which no
#: plain Voila has the parts, and look for files that there needn't be. None of it is about widgets, and the dashboard's
#: own page says none of it. Requests that were stopped are told apart.
OF_FRONT_ENDS = re.compile(
    r"docregistry|reading 'schema'|favicon|Failed to load resource.*(404|403)|net::ERR_FAILED"
)

#: Warnings that are complaints: a connection that was lost is told as one
CONNECTION = re.compile(r"connection|websocket", re.IGNORECASE)


def ours(said: Iterable[str]) -> list[str]:
    """Return what we are to blame for on a page of another front end."""
    return [error for error in said if not OF_FRONT_ENDS.search(error)]


def listen(page: Any, wrong: list[str]) -> None:
    """Add to a list whatever goes wrong on a page."""

    def said(message: Any) -> None:
        if message.type == "error" or (message.type == "warning" and CONNECTION.search(message.text)):
            wrong.append(message.text)

    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("console", said)


def watched(page: Any, origin: str) -> list[str]:
    """Return a list that what goes wrong on a page is added to; it is kept from leaving the machine."""
    wrong: list[str] = []
    listen(page, wrong)

    def refuse(route: Any) -> None:
        wrong.append(f"left the machine: {route.request.url}")
        route.abort()

    page.route(lambda address: not address.startswith((origin, "data:", "blob:")), refuse)
    return wrong
