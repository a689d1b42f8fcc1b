"""Where a visitor may read and write: nothing outside is touched, whatever a session or a path says."""

from __future__ import annotations

import logging
import os
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..engine.config import map_paths, read_json
from ..engine.problems import EfeError

logger = logging.getLogger(__name__)


class Fence:
    """The folders that a visitor may use.

    Parameters
    ----------
    root : path or None
        Folder to read from; None if there is no fence around reading and writing.
    scratch : path or None
        Folder to read from and to write to.
    also : iterable of path
        Further folders to read from, such as that of the sample cells.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        scratch: str | os.PathLike[str] | None = None,
        also: Iterable[str | os.PathLike[str]] = (),
    ):
        self.root = None if root is None else _real(root)
        self.scratch = None if scratch is None else _real(scratch)
        self._readable = [path for path in (self.root, self.scratch, *map(_real, also)) if path is not None]

    @property
    def stands(self) -> bool:
        """Whether there is a fence at all."""
        return self.root is not None

    def readable(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Return where a path leads.

        Raises
        ------
        EfeError
            If that is outside.
        """
        found = _real(path, self.root)
        if self.stands and not any(found.is_relative_to(folder) for folder in self._readable):
            raise self._refused("read", path, f"files can be read in {self.root}")
        return found

    def writable(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Return where a path leads, relative to the scratch folder.

        Raises
        ------
        EfeError
            If that is outside, or nothing may be written.
        """
        found = _real(path, self.scratch)
        if not self.stands:
            return found
        if self.scratch is None:
            raise self._refused("write", path, "nothing can be written here; download it instead")
        if not found.is_relative_to(self.scratch):
            raise self._refused("write", path, f"files can be written in {self.scratch}")
        return found

    def check_config(self, path: str | os.PathLike[str]) -> None:
        """Refuse a config that reads or writes outside, or names somebody's own code, before it is used.

        Raises
        ------
        EfeError
            If it does, or can't be read.
        """
        data = read_json(path)
        if not self.stands or not isinstance(data, Mapping):
            return
        reader = data.get("recording_reader")
        if isinstance(reader, str) and ":" in reader:
            raise self._refused("run", reader, "a session can't bring a reader of its own here")
        folder = pathlib.Path(path).parent
        map_paths(data.get("files_metadata"), lambda name: str(self.readable(_from(folder, name))))
        written = data.get("output_directory")
        if isinstance(written, str):
            self.writable(_from(folder, written))

    def _refused(self, what: str, path: Any, why: str) -> EfeError:
        logger.warning(
            "refused to %s %r: outside of %s and %s", what, os.fspath(path), self.root, self.scratch
        )
        return EfeError(f"{os.fspath(path)!r} is out of reach: {why}.")


def _from(folder: pathlib.Path, name: str) -> pathlib.Path:
    return folder / os.path.expanduser(name)


def _real(path: str | os.PathLike[str], start: pathlib.Path | None = None) -> pathlib.Path:
    """Return where a path leads, links followed."""
    text = os.path.expanduser(os.fspath(path))
    if "\0" in text:
        raise EfeError("a path can't hold a zero character.")
    return pathlib.Path(os.path.realpath(os.path.join(start or os.getcwd(), text)))
