"""Why sweeps are left out: the usual reasons, and a lab's own, which are remembered from session to session."""

from __future__ import annotations

import contextlib
import json
import pathlib
from typing import Any

from ...engine.systems.files import write_whole
from ...engine.systems.places import data_folder

#: Reasons that every lab has
USUAL = ("noisy", "seal lost", "drift", "spontaneous", "artefact")
#: One for each of the keys 1 to 9
MOST = 9


def place() -> pathlib.Path:
    """Return the file in which a person's own reasons are remembered."""
    return data_folder() / "reasons.json"


class Reasons:
    """The reasons that have a number: the usual ones, and up to four of one's own.

    Each keeps its number; where a fifth own one comes, it takes that of the one that wasn't used for longest.

    Parameters
    ----------
    path : path, optional
        File in which one's own are remembered; without one they are forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        self.path = path
        self._own: list[str] = []
        self._recent: list[str] = []

    @property
    def listed(self) -> tuple[str, ...]:
        """The reasons, the first being number 1."""
        self._read()
        return (*USUAL, *self._own)

    def used(self, reason: str) -> None:
        """Remember a reason that was given."""
        self._read()
        if reason in USUAL or not reason:
            return
        if reason not in self._own:
            if len(self._own) < MOST - len(USUAL):
                self._own.append(reason)
            else:
                self._own[self._own.index(self._recent[0])] = reason
                self._recent.pop(0)
        self._recent = [*(one for one in self._recent if one != reason), reason]
        self._write()

    def _read(self) -> None:
        """Take over what others have remembered; a file that can't be used is passed over."""
        if self.path is None:
            return
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(self.path.read_text(encoding="utf-8"))
            own = _texts(told.get("own") if isinstance(told, dict) else None)[: MOST - len(USUAL)]
            recent = [one for one in _texts(told.get("recent")) if one in own] if own else []
            self._own, self._recent = own, [*(one for one in own if one not in recent), *recent]

    def _write(self) -> None:
        if self.path is None:
            return
        text = json.dumps({"own": self._own, "recent": self._recent}, indent=1, ensure_ascii=False)
        # in a folder that can't be written to it lasts as long as this page
        with contextlib.suppress(OSError):
            write_whole(self.path, text.encode("utf-8"))


def _texts(told: Any) -> list[str]:
    """Return the texts of a list, each once, none of the usual reasons among them."""
    texts = [one for one in told if isinstance(one, str) and one] if isinstance(told, list) else []
    return [one for one in dict.fromkeys(texts) if one not in USUAL]
