"""Why sweeps are left out: the usual reasons, and a lab's own, which are remembered from session to session."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

from ...engine.systems.places import data_folder
from ..parts.remembered import Remembered, texts

#: Reasons that every lab has
USUAL = ("noisy", "seal lost", "drift", "spontaneous", "artefact")
#: One for each of the keys 1 to 9
MOST = 9


def place() -> pathlib.Path:
    """Return the file in which a person's own reasons are remembered."""
    return data_folder() / "reasons.json"


class Reasons(Remembered):
    """The reasons that have a number: the usual ones, and up to four of one's own.

    Each keeps its number; where a fifth own one comes, it takes that of the one that wasn't used for longest.

    Parameters
    ----------
    path : path, optional
        File in which one's own are remembered; without one they are forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        super().__init__(path)
        self._own: list[str] = []
        self._recent: list[str] = []

    @property
    def listed(self) -> tuple[str, ...]:
        """The reasons, the first being number 1."""
        self.read()
        return (*USUAL, *self._own)

    def used(self, reason: str) -> None:
        """Remember a reason that was given."""
        self.read()
        if reason in USUAL or not reason:
            return
        if reason not in self._own:
            if len(self._own) < MOST - len(USUAL):
                self._own.append(reason)
            else:
                self._own[self._own.index(self._recent[0])] = reason
                self._recent.pop(0)
        self._recent = [*(one for one in self._recent if one != reason), reason]
        self.write()

    def take(self, told: Mapping[str, Any]) -> None:
        """Take over one's own reasons, and in which order they were used."""
        own = texts(told.get("own"), USUAL)[: MOST - len(USUAL)]
        recent = [one for one in texts(told.get("recent")) if one in own]
        self._own, self._recent = own, [*(one for one in own if one not in recent), *recent]

    def told(self) -> dict[str, Any]:
        """Return them."""
        return {"own": self._own, "recent": self._recent}
