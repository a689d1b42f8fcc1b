"""Names of cells and protocols as names of files and folders, on every system."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable

from .systems.paths import same_text

MAX_BYTES = 180  # of the 255 that file systems allow, so that endings such as "_recordings.pdf" still fit
_FORBIDDEN = set('/\\:*?"<>|%')  # separators, what Windows refuses, and our own escape sign
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"
}


def safe_name(text: object) -> str:
    """Return a name of a file or folder for `text`: ordinary names unchanged, distinct names distinct.

    What a file system doesn't take, or takes for something else (``/``, ``..``, a newline, a Windows
    device), is written as in a URL: ``../x`` becomes ``%2E.%2Fx``. A name too long for a file system is
    cut and ends in a hash of the whole.

    Parameters
    ----------
    text : object
        Name of a cell, a protocol, a feature or several of them joined; ``str(text)`` is taken.

    Returns
    -------
    str
        One part of a path: never empty, ``.`` or ``..``, without separators, at most 180 bytes in UTF-8.

    Notes
    -----
    Names that differ only in upper and lower case stay as they are, and share a file where the file system
    holds them for the same; `folder_names` tells them apart.
    """
    name = str(text)
    # Some file systems hold a composed and a decomposed "é" for the same; only the composed one is ordinary.
    decomposed = not name.isascii() and unicodedata.normalize("NFC", name) != name
    safe = "".join(_escaped(c) if _is_unsafe(c) or (decomposed and ord(c) > 127) else c for c in name)
    if safe[:1] in {".", " "}:  # hidden, or a way out of the folder
        safe = _escaped(safe[0]) + safe[1:]
    if safe[-1:] in {".", " "}:  # Windows drops them
        safe = safe[:-1] + _escaped(safe[-1])
    if safe.split(".")[0].rstrip(" ").lower() in _DEVICES:
        safe = _escaped(safe[0]) + safe[1:]
    return _cut(safe) if safe else "%"


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Return names of folders that lie side by side: no two are the same to a file system that doesn't heed case.

    The first of such, sorted, has its ordinary name; the others have a hash behind it, on every system.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        safe = safe_name(name)
        if same_text(safe) in taken:
            safe = f"{safe}%{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        taken.add(same_text(safe))
        found[name] = safe
    return found


def _is_unsafe(character: str) -> bool:
    return character in _FORBIDDEN or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _cut(safe: str) -> str:
    encoded = safe.encode()
    if len(encoded) <= MAX_BYTES:
        return safe
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return encoded[: MAX_BYTES - 17].decode(errors="ignore") + "%" + digest
