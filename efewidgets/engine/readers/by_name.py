"""Readers by their names, as files hold them: BluePyEfe's, registered ones, and ``module:function``."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

from .. import readers
from ..problems import EfeError, nearest
from .registry import formats

LIKE_BLUEPYEFE = ("axon_reader", "igor_reader", "nwb_reader", "read_matlab", "csv_lccr_reader", "csv_reader")


def reader_named(name: str, folder: str | os.PathLike[str] | None = None) -> Callable[[dict[str, Any]], Any]:
    """Return the reader of this name.

    Parameters
    ----------
    name : str
        A reader named as in BluePyEfe (``axon_reader``, …), a registered one, or ``module:function``.
    folder : path, optional
        Where the module may lie, if Python doesn't find it otherwise; it is then added to Python's path.

    Raises
    ------
    EfeError
        If there is no such reader.
    """
    if ":" in name:
        return _imported(name, folder)
    if name in LIKE_BLUEPYEFE:
        found: Callable[[dict[str, Any]], Any] = getattr(readers, name)
        return found
    registered = {known.name: known.read for known in formats() if known.read is not None}
    if name in registered:
        return registered[name]
    names = [*LIKE_BLUEPYEFE, *registered]
    raise EfeError(
        f"there is no reader {name!r}.{nearest(name, names)} Use one of {', '.join(names)}, "
        'or "module:function" for a function of your own.'
    )


def _imported(name: str, folder: str | os.PathLike[str] | None) -> Callable[[dict[str, Any]], Any]:
    module_name, _, function_name = name.partition(":")
    if folder is not None and not _is_known(module_name):
        sys.path.append(os.path.abspath(folder))  # worker processes get the same path
        importlib.invalidate_caches()
    try:
        found = importlib.import_module(module_name)
        for part in function_name.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the lab's module does when it is imported
        raise EfeError(f"the reader {name!r} can't be imported: {type(error).__name__}: {error}.") from error
    if not callable(found):
        raise EfeError(f"the reader {name!r} must be a function, but is {type(found).__name__}.")
    return found


def _is_known(module_name: str) -> bool:
    try:
        return importlib.util.find_spec(module_name) is not None
    except (ImportError, ValueError):
        return False


def name_of(reader: Callable[..., Any]) -> str:
    """Return the name by which `reader_named` finds a reader again.

    Raises
    ------
    EfeError
        If it is a function that has no importable name.
    """
    for name in LIKE_BLUEPYEFE:
        if getattr(readers, name) is reader:
            return name
    for known in formats():
        if known.read is reader:
            return known.name
    module, name = getattr(reader, "__module__", None), getattr(reader, "__qualname__", "")
    if not module or module == "__main__" or not name or "<" in name:
        raise EfeError(
            f"the reader {name or reader!r} can't be named in a file; make it a function in a module."
        )
    return f"{module}:{name}"
