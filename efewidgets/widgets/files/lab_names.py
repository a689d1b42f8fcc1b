"""What a lab calls protocols, and which stimuli they are: remembered from session to session."""

from __future__ import annotations

import contextlib
import json
import pathlib
from typing import Any

from ...engine.systems.files import write_whole
from ...engine.systems.places import data_folder

_MOST = 2_000


def place() -> pathlib.Path:
    """Return the file in which a lab's names are remembered."""
    return data_folder() / "protocols.json"


class LabNames:
    """A dictionary of protocols: as files call them, and as they are called here.

    Parameters
    ----------
    path : path, optional
        File in which it is remembered; without one it is forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        self.path = path
        self._names: dict[str, str] = {}
        self._ecodes: dict[str, str] = {}
        self._stamp: Any = None

    def name_of(self, protocol: str) -> str:
        """Return what a protocol is called here, by what a file calls it; the same if nothing was said."""
        self._read()
        return self._names.get(protocol, protocol)

    def ecode_of(self, protocol: str) -> str:
        """Return as which stimulus a protocol was read before, "" if nothing was said."""
        self._read()
        return self._ecodes.get(protocol, "")

    @property
    def names(self) -> dict[str, str]:
        """What is remembered: names of files, and those that are used."""
        self._read()
        return dict(self._names)

    def called(self, old: str, new: str) -> None:
        """Remember that a protocol has another name here; by its own name it is forgotten."""
        self._read()
        if not old:
            return
        before = [name for name, now in self._names.items() if now == old]
        for name in (*before, old):
            self._names.pop(name, None)
            if new and new != name:
                self._names[name] = new
        self._write()

    def read_as(self, protocol: str, ecode: str) -> None:
        """Remember as which stimulus a protocol is read; "" forgets it."""
        self._read()
        self._ecodes.pop(protocol, None)
        if ecode:
            self._ecodes[protocol] = ecode
        self._write()

    def _read(self) -> None:
        """Take over what others have remembered, if the file has changed; one that can't be used is passed over."""
        if self.path is None:
            return
        with contextlib.suppress(OSError, ValueError):
            about = self.path.stat()
            stamp = about.st_mtime_ns, about.st_size
            if stamp == self._stamp:
                return
            told = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(told, dict):
                self._names, self._ecodes = _texts(told.get("names")), _texts(told.get("stimuli"))
                self._stamp = stamp

    def _write(self) -> None:
        if self.path is None:
            return
        told = {"names": self._names, "stimuli": self._ecodes}
        # in a folder that can't be written to it lasts as long as this page
        with contextlib.suppress(OSError):
            write_whole(self.path, json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8"))
            self._stamp = None


def _texts(told: Any) -> dict[str, str]:
    pairs = told.items() if isinstance(told, dict) else ()
    found = [(old, new) for old, new in pairs if isinstance(new, str) and old and new]
    return dict(found[-_MOST:])
