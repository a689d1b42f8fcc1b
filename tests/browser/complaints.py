"""What a page's console says is wrong, without what isn't ours."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Extensions that front ends load of each other; stopped requests, which are told apart; and bqplot's SVG, which it
#: draws at no size while a figure is hidden, and between two sets of points
NOT_OURS = re.compile(
    r"docregistry|reading 'schema'|favicon|Failed to load resource.*(404|403)|Connection lost|net::ERR_FAILED"
    r"|attribute (width|height): A negative value|attribute transform: Expected number, .translate\(undefined"
)


def ours(said: Iterable[str]) -> list[str]:
    """Return what we are to blame for."""
    return [error for error in said if not NOT_OURS.search(error)]
