"""What a lab calls protocols, and which stimuli they are: remembered from session to session."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

from ...engine.systems.places import data_folder
from ..parts.remembered import Remembered

_MOST = 2_000


def place() -> pathlib.Path:
    """Return the file in which a lab's names are remembered."""
    return data_folder() / "protocols.json"


class LabNames(Remembered):
    """A dictionary of protocols: as files call them, and as they are called here.

    Parameters
    ----------
    path : path, optional
        File in which it is remembered; without one it is forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        super().__init__(path)
        self._names: dict[str, str] = {}
        self._ecodes: dict[str, str] = {}

    def name_of(self, protocol: str) -> str:
        """Return what a protocol is called here, by what a file calls it; the same if nothing was said."""
        self.read()
        return self._names.get(protocol, protocol)

    def ecode_of(self, protocol: str) -> str:
        """Return as which stimulus a protocol was read before, "" if nothing was said."""
        self.read()
        return self._ecodes.get(protocol, "")

    @property
    def names(self) -> dict[str, str]:
        """What is remembered: names of files, and those that are used."""
        self.read()
        return dict(self._names)

    def called(self, old: str, new: str) -> None:
        """Remember that a protocol has another name here; by its own name it is forgotten."""
        self.read()
        if not old:
            return
        before = [name for name, now in self._names.items() if now == old]
        for name in (*before, old):
            self._names.pop(name, None)
            if new and new != name:
                self._names[name] = new
        self.write()

    def read_as(self, protocol: str, ecode: str) -> None:
        """Remember as which stimulus a protocol is read; "" forgets it."""
        self.read()
        self._ecodes.pop(protocol, None)
        if ecode:
            self._ecodes[protocol] = ecode
        self.write()

    def take(self, told: Mapping[str, Any]) -> None:
        """Take over names and stimuli."""
        self._names, self._ecodes = _texts(told.get("names")), _texts(told.get("stimuli"))

    def told(self) -> dict[str, Any]:
        """Return names and stimuli."""
        return {"names": self._names, "stimuli": self._ecodes}


def _texts(told: Any) -> dict[str, str]:
    pairs = told.items() if isinstance(told, dict) else ()
    found = [(old, new) for old, new in pairs if isinstance(new, str) and old and new]
    return dict(found[-_MOST:])
