"""Names as programs leave them in files: paths of another computer, in any system's spelling."""

from __future__ import annotations

import re

_NO_NAME = {"", "(untitled)", "untitled", "none", "n/a"}
_SUFFIX = re.compile(r"\.(?:pro|ppp|dat)$", re.IGNORECASE)


def base_name(path: str) -> str:
    """Return the last part of a path in the spelling of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def plain_name(path: str) -> str | None:
    """Return what a protocol's file is called, without folder and suffix; None if the path names none."""
    name = _SUFFIX.sub("", base_name(path.strip())).strip()
    return None if name.lower() in _NO_NAME else name
