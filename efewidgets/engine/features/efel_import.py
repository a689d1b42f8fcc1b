"""Import eFEL, late and without its side effects, and say what it is.

Importing eFEL imports neo (0.2 s; one loader of eFEL uses it) and, in a folder that has a folder "log", starts
the file log/fllog.txt there. Neither is wanted by someone who extracts features.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import threading
import types
from collections.abc import Iterator

from ..problems import EfeError
from ..systems.libraries import let_load_from, plain_path

_LOCK = threading.Lock()


@functools.cache
def efel() -> types.ModuleType:
    """Return the package eFEL, imported at the first need."""
    with _LOCK:
        if "efel" in sys.modules:
            import efel  # waits, if another thread is at it
        else:
            with _neo_later(), _no_log() as cppcore:
                import efel
            efel.cppcore = cppcore
        _check_core(efel)
        return efel


@functools.cache
def dependency_file() -> pathlib.Path:
    """Path of the file in which eFEL says which feature needs which."""
    return pathlib.Path(efel().Settings().dependencyfile_path)


@functools.cache
def efel_version() -> tuple[str, str]:
    """Version of the installed eFEL, and the SHA-256 of its dependency file, whose line ends differ by system."""
    text = dependency_file().read_bytes().replace(b"\r\n", b"\n")
    return efel().__version__, hashlib.sha256(text).hexdigest()


def _check_core(package: types.ModuleType) -> None:
    """Refuse an eFEL with which no feature can be computed. Raises EfeError."""
    if not hasattr(package.cppcore, "Clear"):
        raise EfeError(
            f"eFEL {package.__version__} is too old for efewidgets: no feature can be computed with it. Install 5.7.20 "
            "or newer: pip install --upgrade efel"
        )


class _Neo(types.ModuleType):
    """Stands in for neo in eFEL's io module; becomes neo when something of it is used."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get("neo") is self:
            del sys.modules["neo"]
        neo = importlib.import_module("neo")
        if "efel.io" in sys.modules:
            sys.modules["efel.io"].neo = neo  # type: ignore[attr-defined]
        return getattr(neo, name)


@contextlib.contextmanager
def _neo_later() -> Iterator[None]:
    if "neo" in sys.modules:
        yield
        return
    stand_in = sys.modules["neo"] = _Neo("neo")
    try:
        yield
    finally:
        if sys.modules.get("neo") is stand_in:
            del sys.modules["neo"]


@contextlib.contextmanager
def _no_log() -> Iterator[types.ModuleType]:
    """Load eFEL's C++ part before the package, so that the package's first use of it can be kept from logging."""
    package = importlib.util.find_spec("efel")
    if package is None:
        raise ModuleNotFoundError("eFEL is not installed; install it with: pip install efel", name="efel")
    places = list(package.submodule_search_locations or [])
    spec = importlib.machinery.PathFinder.find_spec("efel.cppcore", places)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("eFEL is installed without its C++ part", name="efel.cppcore")
    let_load_from(pathlib.Path(places[0]).with_name("efel.libs"))  # before eFEL itself says so
    cppcore = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cppcore)
    sys.modules["efel.cppcore"] = cppcore
    initialize = cppcore.Initialize
    cppcore.Initialize = lambda dependencies, folder: initialize(plain_path(dependencies), "")  # type: ignore[attr-defined]
    try:
        yield cppcore
    finally:
        cppcore.Initialize = initialize  # type: ignore[attr-defined]
