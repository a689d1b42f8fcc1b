"""The links of the README that lead to Binder."""

from __future__ import annotations

import pathlib
import re
import urllib.parse
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
_LINK = re.compile(r"https://mybinder\.org/v2/gh/([^/\s)]+/[^/\s)]+)/([^?\s)]+)\?urlpath=([^\s)]+)")


@dataclass(frozen=True)
class Link:
    """Where a link leads.

    Parameters
    ----------
    repository : str
        Owner and name on GitHub.
    version : str
        Branch, tag or commit.
    path : str
        What is opened below the server's base URL.
    """

    repository: str
    version: str
    path: str


def links() -> list[Link]:
    """Return them in the README's order."""
    found = _LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return [Link(repository, version, urllib.parse.unquote(path)) for repository, version, path in found]
