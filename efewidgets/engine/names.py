"""Names of cells and protocols as names of files and folders, on every system."""

from __future__ import annotations

import hashlib
import unicodedata

MAX_BYTES = 180  # of the 255 that file systems allow, so that endings such as "_recordings.pdf" still fit
_FORBIDDEN = set('/\\:*?"<>|%')  # separators, what Windows refuses, and our own escape sign
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


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
    holds them for the same.
    """
    name = str(text)
    # Some file systems hold a composed and a decomposed "é" for the same; only the composed one is ordinary.
    decomposed = not name.isascii() and unicodedata.normalize("NFC", name) != name
    safe = "".join(_escaped(c) if _is_unsafe(c) or (decomposed and ord(c) > 127) else c for c in name)
    if safe[:1] in {".", " "}:  # hidden, or a way out of the folder
        safe = _escaped(safe[0]) + safe[1:]
    if safe[-1:] in {".", " "}:  # Windows drops them
        safe = safe[:-1] + _escaped(safe[-1])
    if safe.split(".")[0].lower() in _DEVICES:
        safe = _escaped(safe[0]) + safe[1:]
    return _cut(safe) if safe else "%"


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
