"""Where a visitor may read and write: nothing outside is touched, whatever a session or a path says."""

from __future__ import annotations

import logging
import os
import pathlib
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..engine.config.document import map_paths
from ..engine.files.roots import Folder, several
from ..engine.guard import set_guard
from ..engine.problems import EfeError
from ..engine.remote import is_url
from ..engine.remote.hosts import allow_only, check_among
from ..engine.remote.places import first_place
from ..engine.systems.paths import at_home, leads_to_a_host, names_a_stream

logger = logging.getLogger(__name__)

#: Bytes that a session or config may have
LARGEST_TEXT = 100_000_000

#: eFEL's setting that names a file of eFEL's own making
_EFEL_FILE = "dependencyfile_path"

_SHOWN = 200  # characters of a path that somebody wrote


class Fence:
    """The folders that a visitor may use.

    Parameters
    ----------
    root : path, several or None
        Folders to read from; None if there is no fence around reading and writing.
    scratch : path or None
        Folder to read from and to write to.
    also : iterable of path
        Further folders to read from, such as that of the sample cells.
    reader : str
        ``module:function`` that sessions may name: that of the host's own config, which is loaded already.
    hosts : iterable of str
        From which recordings may be fetched by their addresses; without a fence, from all.
    """

    def __init__(
        self,
        root: Folder | Iterable[Folder] | None = None,
        scratch: str | os.PathLike[str] | None = None,
        also: Iterable[str | os.PathLike[str]] = (),
        reader: str = "",
        hosts: Iterable[str] = (),
    ):
        self.reader, self._hosts = reader, tuple(hosts)
        self.roots = tuple(map(_real, several(root)))
        self._also = tuple(map(_real, also))
        self.scratch = None if scratch is None else _real(scratch)

    def move(self, scratch: str | os.PathLike[str]) -> pathlib.Path:
        """Be the fence of another visit, which has a scratch folder of its own; return where that leads."""
        self.scratch = found = _real(scratch)
        return found

    @property
    def _readable(self) -> list[pathlib.Path]:
        return [*self.roots, *(() if self.scratch is None else (self.scratch,)), *self._also]

    @property
    def stands(self) -> bool:
        """Whether there is a fence at all."""
        return bool(self.roots)

    @property
    def root(self) -> pathlib.Path | None:
        """The first of the folders to read from, None if there is no fence."""
        return self.roots[0] if self.roots else None

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """From which hosts recordings may be fetched; None: from any."""
        return self._hosts if self.stands else None

    def may_read(self, path: str | os.PathLike[str]) -> None:
        """Raise EfeError if a recording's path leads outside, or its address to a host that isn't allowed."""
        text = os.fspath(path)
        if not is_url(text):
            self.readable(text)
        elif self.hosts is not None:
            try:
                check_among(first_place(text), self.hosts)
            except EfeError as error:
                logger.warning("refused to fetch %.300r", text)
                raise EfeError(f"{text[:_SHOWN]!r} is out of reach: {error}") from error

    def readable(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Return where a path leads.

        Raises
        ------
        EfeError
            If that is outside.
        """
        self._check_host("read", path)
        found = self._found(path)
        if self.stands and not any(found.is_relative_to(folder) for folder in self._readable):
            raise self._refused("read", path, f"files can be read in {self._listed()}")
        self._check_stream("read", path, found)
        return found

    def _found(self, path: Folder) -> pathlib.Path:
        """Return where a path leads; one that isn't whole, from the first folder in which there is such a file."""
        places = [_real(path, root) for root in self.roots] or [_real(path)]
        inside = (place for place in places if any(place.is_relative_to(folder) for folder in self._readable))
        return next((place for place in inside if os.path.lexists(place)), places[0])

    def _listed(self) -> str:
        return ", ".join(map(str, self.roots))

    def writable(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Return where a path leads, relative to the scratch folder.

        Raises
        ------
        EfeError
            If that is outside, or nothing may be written.
        """
        self._check_host("write", path)
        found = _real(path, self.scratch)
        if not self.stands:
            return found
        if self.scratch is None:
            raise self._refused("write", path, "nothing can be written here; download it instead")
        if not found.is_relative_to(self.scratch):
            raise self._refused("write", path, f"files can be written in {self.scratch}")
        self._check_stream("write", path, found)
        return found

    def readable_text(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Return where the path of a text file leads, such as a session's.

        Raises
        ------
        EfeError
            If that is outside, or no file that can be read in a moment.
        """
        found = self.readable(path)
        try:
            about = os.stat(found)
        except OSError:
            return found  # who reads it says why it can't be
        if not stat.S_ISREG(about.st_mode):  # a pipe would keep its reader waiting for ever
            raise EfeError(f"{os.fspath(path)!r} is not a file.")
        if about.st_size > LARGEST_TEXT:
            raise EfeError(f"{os.fspath(path)!r} is too large for a session: it has {about.st_size:,} bytes.")
        return found

    def check_config(self, data: Any, folder: pathlib.Path) -> None:
        """Refuse a config that reads or writes outside, or names somebody's own code, before it is used.

        Parameters
        ----------
        data : object
            What stands in its file.
        folder : pathlib.Path
            Where relative paths start from.

        Raises
        ------
        EfeError
            If it does.
        """
        if not self.stands or not isinstance(data, Mapping):
            return
        reader = data.get("recording_reader")
        if isinstance(reader, str) and ":" in reader and reader != self.reader:
            raise self._refused("run", reader, "a session can't bring a reader of its own here")
        map_paths(data.get("files_metadata"), lambda name: self._checked(_from(folder, name)))
        written = data.get("output_directory")
        if isinstance(written, str):
            self.writable(_from(folder, written))
        for settings in _settings_in(data):
            self._check_settings(settings)

    def _checked(self, path: str) -> str:
        self.may_read(path)
        return path

    def _check_settings(self, settings: Mapping[str, Any]) -> None:
        own = settings.get(_EFEL_FILE)
        if own is not None:
            raise self._refused("read", str(own), f"{_EFEL_FILE} can't be set here")

    def enclose(self) -> None:
        """Have no file opened outside in this process, whoever asks for it: there is one visitor a process."""
        set_guard(self.may_read if self.stands else None)
        allow_only(self.hosts)

    def _check_host(self, what: str, path: str | os.PathLike[str]) -> None:
        if self.stands and leads_to_a_host(path, self._readable):
            raise self._refused(what, path, "it lies on another machine")

    def _check_stream(self, what: str, path: Any, found: pathlib.PurePath) -> None:
        if self.stands and names_a_stream(found):
            raise self._refused(what, path, "a name can't hold a colon")

    def _refused(self, what: str, path: Any, why: str) -> EfeError:
        text = os.fspath(path)
        logger.warning("refused to %s %.300r: outside of %s and %s", what, text, self._listed(), self.scratch)
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        return EfeError(f"{shown!r} is out of reach: {why}.")


def _from(folder: pathlib.Path, name: str) -> str:
    """Return the path that a config names, as it is made when the config is used: ".." goes before links."""
    return name if is_url(name) else os.path.normpath(folder / at_home(name))


def _settings_in(data: Any) -> Iterator[Mapping[str, Any]]:
    """Yield all settings of eFEL in a config, those of targets too, whatever form it has."""
    waiting = [data]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield found
            waiting += found.values()
        elif isinstance(found, (list, tuple)):
            waiting += found


def _real(path: str | os.PathLike[str], start: pathlib.Path | None = None) -> pathlib.Path:
    """Return where a path leads, links followed."""
    try:
        return pathlib.Path(os.path.realpath(os.path.join(start or os.getcwd(), at_home(path))))
    except ValueError as error:  # a zero character, or half of one
        logger.warning("refused %.300r: %s", path, error)
        raise EfeError("a path can't hold such characters.") from None
