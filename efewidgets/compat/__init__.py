"""Programs written for BluePyEfe, run on efewidgets without a change of theirs.

`bluepyefe` has modules of the names that BluePyEfe's have. They are imported under these names, ``from
efewidgets.compat.bluepyefe import extract``, or put in the place of the package:

    >>> import efewidgets.compat
    >>> efewidgets.compat.install()
    >>> import bluepyefe.extract  # efewidgets'

whether BluePyEfe is installed or not; `uninstall` gives its place back.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType

__all__ = ["install", "installed", "uninstall"]

PEER = "bluepyefe"

_before: dict[str, ModuleType] | None = None


def install() -> None:
    """Let ``import bluepyefe`` and its modules be efewidgets', in this process; twice is as once.

    Modules that were imported before keep what they have, so call it first.
    """
    global _before
    modules = _modules()
    if _before is None:
        _before = _of_peer()
    for name in _of_peer():
        del sys.modules[name]
    sys.modules.update(modules)


def uninstall() -> None:
    """Undo `install`: ``import bluepyefe`` is BluePyEfe again, if it is there."""
    global _before
    if _before is None:
        return
    for name in _of_peer():
        del sys.modules[name]
    sys.modules.update(_before)
    _before = None


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Put efewidgets in the place of BluePyEfe for the length of a with statement."""
    already = _before is not None
    install()
    try:
        yield
    finally:
        if not already:
            uninstall()


def _of_peer() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == PEER}


def _modules() -> dict[str, ModuleType]:
    """Return the modules by the names that they stand in for."""
    package = importlib.import_module(f"{__name__}.{PEER}")
    found = {PEER: package}
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        found[info.name.removeprefix(f"{__name__}.")] = importlib.import_module(info.name)
    return found
