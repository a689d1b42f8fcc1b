"""Addresses of files: which texts are one, and what they name."""

from __future__ import annotations

import os
import posixpath
import re
from urllib.parse import unquote, urlsplit

_ADDRESS = re.compile(r"(https?|s3|dandi)://", re.IGNORECASE)


def is_url(path: object) -> bool:
    """Whether a path is an address of a file elsewhere: https://, http://, s3:// or dandi://."""
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def scheme_of(url: str) -> str:
    """Return what an address begins with, such as "s3"."""
    return url.partition("://")[0].lower()


def name_of(path: str | os.PathLike[str]) -> str:
    """Return the name of a file, without the query of an address."""
    text = os.fspath(path)
    if not is_url(text):
        return os.path.basename(text)
    return posixpath.basename(unquote(urlsplit(text).path).rstrip("/"))


def host_of(url: str) -> str:
    """Return the host (with its port, if one is named) that an https:// address is of."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def absolute(path: str | os.PathLike[str], folder: str | os.PathLike[str] = "") -> str:
    """Return a path from the root on, as seen from a folder; an address is that already."""
    text = os.fspath(path)
    return text if is_url(text) else os.path.abspath(os.path.join(folder, text))
