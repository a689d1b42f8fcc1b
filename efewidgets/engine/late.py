"""Names that a room hands out before the modules in which they stand are loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def handing_out(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that loads a module when one of its names is first asked for.

    Parameters
    ----------
    package : str
    homes : dict
        In which module of the package each name stands.
    """

    def found_late(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f".{homes[name]}", package), name)
        setattr(sys.modules[package], name, found)  # asked for once
        return found

    return found_late
