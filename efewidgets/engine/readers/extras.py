"""Formats that are read with a library which not everybody has: what to install, said where it is missing."""

from __future__ import annotations

import importlib.util
import os

from ..problems import ReadError


def has_module(name: str) -> bool:
    """Whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # a module that was blocked, or has no spec
        return False


def need(module: str, path: str, kind: str, extra: str) -> None:
    """Raise ReadError, with what to install, if a file's kind is known but the module that reads it is missing."""
    if not has_module(module):
        raise ReadError(
            f'{os.path.basename(path)} looks like {kind}: pip install "efewidgets[{extra}]" '
            f"({module}, which reads it, isn't installed)."
        )
