"""What goes wrong on a page, without what isn't ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: Extensions that front ends load of each other; stopped requests, which are told apart; and bqplot's SVG, which it
#: draws at no size while a figure is hidden, and between two sets of points
NOT_OURS = re.compile(
    r"docregistry|reading 'schema'|favicon|Failed to load resource.*(404|403)|Connection lost|net::ERR_FAILED"
    r"|attribute (width|height): A negative value|attribute transform: Expected number, .translate\(undefined"
)


def ours(said: Iterable[str]) -> list[str]:
    """Return what we are to blame for."""
    return [error for error in said if not NOT_OURS.search(error)]


def watched(page: Any, origin: str) -> list[str]:
    """Return a list that what goes wrong on a page is added to; it is kept from leaving the machine."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)

    def refuse(route: Any) -> None:
        wrong.append(f"left the machine: {route.request.url}")
        route.abort()

    page.route(lambda address: not address.startswith((origin, "data:", "blob:")), refuse)
    return wrong
