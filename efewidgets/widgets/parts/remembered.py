"""What is remembered from session to session: a small file, which several pages may read and write."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from ...engine.systems.files import write_whole


class Remembered:
    """A small file of plain data. A subclass takes what stands there over in `take`, and says in `told` what is to.

    Parameters
    ----------
    path : path, optional
        The file; without one, or in a folder that can't be written to, it is forgotten with this object.
    """

    def __init__(self, path: pathlib.Path | None = None):
        self.path = path
        self._stamp: Any = None

    def take(self, told: Mapping[str, Any]) -> None:
        """Take over what stands in the file; what of it can't be used is passed over."""
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """Return what is to stand in the file."""
        raise NotImplementedError

    def read(self) -> None:
        """Take over what others have remembered, if the file has changed; one that can't be used is passed over."""
        if self.path is None:
            return
        with contextlib.suppress(OSError, ValueError):
            about = self.path.stat()
            stamp = about.st_mtime_ns, about.st_size, about.st_ino
            if stamp == self._stamp:
                return
            told = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(told, dict):
                self.take(told)
                self._stamp = stamp

    def write(self) -> None:
        """Remember it."""
        if self.path is None:
            return
        text = json.dumps(self.told(), indent=1, ensure_ascii=False)
        # in a folder that can't be written to it lasts as long as this page
        with contextlib.suppress(OSError):
            write_whole(self.path, text.encode("utf-8"))
            self._stamp = None


def texts(told: Any, besides: Iterable[str] = ()) -> list[str]:
    """Return the texts of a list, each once, without those `besides`; nothing where it is no list."""
    left_out = {"", *besides}
    found = (one for one in told if isinstance(one, str)) if isinstance(told, list) else ()
    return [one for one in dict.fromkeys(found) if one not in left_out]
