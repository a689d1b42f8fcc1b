"""Whether the private engine may be used: proved once for each eFEL, on the machine where it runs.

No list of versions says so. The first time that features of an eFEL are asked for, all of its features are computed
on a few traces, by the engine and by eFEL's own functions, in a process that may be lost (`efel_trial`). Features that
come out the same are the engine's from then on, the others eFEL's own. What came out is kept in the user's cache, under
what stands for this eFEL, this engine and this platform; and it goes with the jobs of worker processes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import pathlib
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from .. import apart
from ..systems.files import write_whole
from ..systems.places import cache_beside_results
from ..traces import interpolation
from . import efel_engine, efel_graph, efel_quick, efel_stock, efel_trial
from .efel_engine import PrivateEngine
from .efel_graph import feature_names
from .efel_import import efel

logger = logging.getLogger(__name__)

#: s for which one process waits for another's trial
PATIENCE = 30.0

#: Why nothing is proved where this process ends meanwhile; there is nobody to be told
ENDED = "ended"

#: What eFEL is made of; the line ends of texts differ by system
_TEXTS = (".py", ".txt", ".json")
_HEX = 64  # letters of a digest
_LIBRARIES = (".so", ".pyd", ".dll", ".dylib")

_lock = threading.RLock()
_found: Proof | None = None


@dataclass(frozen=True)
class Proof:
    """What a trial came to.

    Parameters
    ----------
    of : str
        Stands for the eFEL, the engine and the platform.
    stock : tuple of str or None
        Features that eFEL's own functions must compute; None: all.
    why : str
        Why all, in words.
    """

    of: str
    stock: tuple[str, ...] | None
    why: str = ""


@functools.cache
def private_engine() -> PrivateEngine | None:
    """Return the engine, without the features for which it isn't eFEL; None if there are no others, or no engine."""
    stock = proof().stock
    if stock is None:
        return None
    try:
        return PrivateEngine(without=stock)
    except (OSError, ImportError):
        return None


def proof() -> Proof:
    """Return what is known of the installed eFEL, if need be by a trial of a second or two."""
    global _found
    with _lock:
        if _found is None:
            _found = _kept(installed()) or _proved(installed())
            _tell(_found)
        return _found


def to_send() -> Proof | None:
    """Return what a worker is to know, so that not each makes the trial."""
    return None if only_stock() else proof()


def accept(found: Proof | None) -> None:
    """Take over what another process knows, if its eFEL, engine and platform are those of this one."""
    global _found
    with _lock:
        if found is not None and _found is None and found.of == installed():
            _found = found


def only_stock() -> bool:
    """Whether a person wants eFEL's own functions: ``EFEWIDGETS_STOCK_EFEL=1``."""
    return os.environ.get("EFEWIDGETS_STOCK_EFEL", "0") != "0"


@functools.cache
def installed() -> str:
    """Return what stands for the installed eFEL by its files, our engine by its own, and the platform."""
    package = pathlib.Path(str(efel().__file__)).parent
    files = sorted(path for path in package.rglob("*") if path.suffix in _TEXTS + _LIBRARIES)
    ours = (efel_engine, efel_graph, efel_quick, efel_stock, efel_trial, interpolation)
    files += [pathlib.Path(str(module.__file__)) for module in ours]
    words = (
        efel().__version__,
        np.__version__,
        sysconfig.get_platform(),
        sys.implementation.cache_tag,
    )
    return _digests(files, "\n".join(map(str, words)))


def _digests(files: list[pathlib.Path], words: str) -> str:
    """Return a digest of the words and of all files' contents.

    To read them takes 10 ms in each process, so that it is kept what came out when they had these sizes and times.
    """
    told = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.exists()]
    kept = folder() / f"{_sha256(repr((words, told)).encode())}.files"
    with contextlib.suppress(OSError, ValueError):
        found = kept.read_text(encoding="ascii")
        if len(found) == _HEX:
            return found
    found = _sha256(words.encode() + b"".join(path.name.encode() + b"\0" + _digest(path) for path in files))
    with contextlib.suppress(OSError):
        write_whole(kept, found.encode())
    return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(path: pathlib.Path) -> bytes:
    """Return a digest of a file, whatever its line ends; of none where there is no such file."""
    try:
        if path.suffix in _LIBRARIES:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
        return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest()
    except OSError:
        return b""


def _proved(name: str) -> Proof:
    """Prove it, unless another process does so meanwhile; keep what came out."""
    with _turn(name):
        found = _kept(name)
        if found is None:
            found = _tried(name)
            if not found.why:
                _keep(found)
    return found


def _tried(name: str) -> Proof:
    try:
        different = apart.ask("features.efel_trial:features_that_differ")
    except apart.ClosedError:
        return Proof(name, None, ENDED)
    except apart.LostError as error:
        return Proof(name, None, str(error).rstrip("."))
    except Exception as error:  # of an eFEL of which nobody knows what it does
        return Proof(name, None, f"{type(error).__name__}: {error}")
    return Proof(name, tuple(different))


def _tell(found: Proof) -> None:
    """Say which features take longer, and why."""
    version = efel().__version__
    if found.why == ENDED:
        return
    if found.stock is None:
        logger.warning(
            "eFEL %s: its own functions compute the features, which takes longer; the faster way can't be used (%s).",
            version,
            found.why,
        )
    elif found.stock:
        some = ", ".join(found.stock[:5]) + (
            f" and {len(found.stock) - 5} more" if len(found.stock) > 5 else ""
        )
        logger.warning(
            "eFEL %s: %d of %d features are computed by its own functions, which takes longer, since the faster way "
            "doesn't give the same values: %s.",
            version,
            len(found.stock),
            len(feature_names()),
            some,
        )


# --- on disk; a folder that can't be read or written costs time and nothing else


def folder() -> pathlib.Path:
    """Return where proofs are kept."""
    return cache_beside_results("efel")


def clear() -> None:
    """Remove all that is kept; it is proved again."""
    with contextlib.suppress(OSError):
        for path in folder().iterdir():
            path.unlink()


def _kept(name: str) -> Proof | None:
    """Return what is on disk; None if there is nothing, or something else."""
    try:
        found = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        stock = found["stock"]
        if found["of"] == name and isinstance(stock, list) and set(stock) <= set(feature_names()):
            return Proof(name, tuple(stock))
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return None


def _keep(found: Proof) -> None:
    with contextlib.suppress(OSError):
        write_whole(folder() / f"{found.of}.json", json.dumps(asdict(found)).encode())


@contextlib.contextmanager
def _turn(name: str) -> Iterator[None]:
    """Let one process at a time make the trial; who can't find out goes ahead."""
    mark = folder() / f"{name}.trying"
    until = time.monotonic() + PATIENCE
    mine = False
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        while not mine and time.monotonic() < until and _kept(name) is None:
            try:
                mark.open("xb").close()
                mine = True
            except FileExistsError:
                if time.time() - mark.stat().st_mtime > PATIENCE:  # of a process that was killed
                    mark.unlink()
                time.sleep(0.05)
    try:
        yield
    finally:
        if mine:
            with contextlib.suppress(OSError):
                mark.unlink()
