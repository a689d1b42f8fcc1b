"""What the command hands to the page's kernels, through the environment."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any

from ..engine.systems.places import data_folder

VARIABLE = "EFEWIDGETS_DASHBOARD"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a dashboard is served; all paths are absolute.

    Parameters
    ----------
    start : str
        Folder or config that the page opens on; "" for the sample cells.
    folder : str
        Folder whose files are offered, if there is no `root`.
    root : str or None
        Folder that visitors can't leave; None if the page is for one person on their own machine.
    scratch : str or None
        Folder below which each visit has one of its own for uploads and its session; None if nothing is written.
    read_only : bool
        Whether nothing is written on the server.
    reader : str
        ``module:function`` of the config that the page opens on, which sessions may name too.
    hosts : tuple of str
        From which visitors who can't leave `root` may have recordings fetched.
    more : tuple of str
        Further folders beside `root`, or beside `folder`: on another drive, or a share.
    taught : bool
        Whether a teacher sees who is where.
    questions : str
        File with the questions of a class; "" for none.
    """

    start: str = ""
    folder: str = ""
    root: str | None = None
    scratch: str | None = None
    read_only: bool = False
    reader: str = ""
    hosts: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    taught: bool = False
    questions: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders whose files are offered."""
        first = self.root or self.folder
        return (*([first] if first else []), *self.more)

    def environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        return {VARIABLE: json.dumps(dataclasses.asdict(self))}

    @classmethod
    def from_environment(cls) -> Settings:
        """Return what the command handed over; without one, what suits a page that somebody opens by themselves."""
        given: dict[str, Any] = json.loads(os.environ.get(VARIABLE, "{}"))
        if not given:
            return cls(folder=os.getcwd(), scratch=str(own_scratch()))
        return cls(**given | {name: tuple(given.get(name, ())) for name in ("hosts", "more")})


def own_scratch() -> pathlib.Path:
    """Return the folder for sessions of the person whose machine it is."""
    return data_folder() / "sessions"


def class_scratch() -> pathlib.Path:
    """Return the folder for sessions of students, apart from one's own."""
    return data_folder() / "class"
