"""Where the details of files stand: below the table in which these are selected, of the preview or of the chosen."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...engine.readers import FileSummary
from ...engine.stages.inputs import FileInputs
from ..parts.base import StateWidget
from ..parts.table import Table
from .details import Described, Details, describe
from .looker import Looker
from .preview import PREVIEW, Preview
from .rows import files_in_words

TABLE = "table"


class Drawer:
    """The details of what is selected, made when they are first asked for.

    Parameters
    ----------
    owner : StateWidget
    looker : Looker
    preview : Preview
    table : Table
        The files of the state.

    Attributes
    ----------
    details : Details or None
    places : dict of VBox
        Where it stands, by the table that it is about.
    """

    def __init__(self, owner: StateWidget, looker: Looker, preview: Preview, table: Table):
        self.owner, self.looker, self.preview, self.table = owner, looker, preview, table
        self.details: Details | None = None
        self.places = {name: ipywidgets.VBox() for name in (PREVIEW, TABLE)}
        self._about = ""

    def open(self, about: str) -> None:
        """Show the details of what is selected in the "preview" or in the "table".

        Where the table has a single row nothing need be selected.

        Raises
        ------
        EfeError
            If nothing is.
        """
        table = self.preview.table if about == PREVIEW else self.table
        if not table.selected and len(table.rows) == 1:
            table.selected = (table.rows[0]["id"],)
        if not table.selected:
            raise EfeError("select the rows of files first; Ctrl+A selects all.")
        if self.details is None:
            self.details = Details(self.owner, self._reader, lambda: self._look_at(()))
        self.details.open()
        self.follow(about)

    def open_asked(self) -> None:
        """Show the details of the files of which the shared view says so, as far as they are there."""
        known = self.owner.state.inputs.cell_of_file
        wanted = tuple(file for file in self.owner.state.view.details if file in known)
        there = self.details is not None and self.details.is_open and self._about == TABLE
        if wanted and not (there and self.table.selected == wanted):
            self.table.selected = wanted
            self.open(TABLE)

    def _look_at(self, files: Sequence[str]) -> None:
        """Say in the shared view of which files the details are open."""
        self.owner.state.view.details = tuple(files)

    def follow(self, about: str = "") -> None:
        """Show what is selected now in one of the tables, by default in the last; if the drawer is open."""
        if self.details is None or not self.details.is_open:
            return
        chosen = bool(about)  # by a person, just now
        about = about or self._about
        if about == PREVIEW and not self.preview.paths:
            about = TABLE  # they were added
        if about != self._about:
            self._about = about
            for name, place in self.places.items():
                place.children = (self.details.box,) if name == about else ()
        files = self.table.selected if about == TABLE else ()
        if chosen:
            self._look_at(files)
        if about == PREVIEW:
            self.details.show(self.preview.described(), self.preview.say)
        else:
            self.details.show(list(self._chosen(files)), functools.partial(self._say, files))

    def _reader(self) -> Callable[..., Any] | None:
        reader = self.owner.state.inputs.recording_reader
        return None if reader is None else reader.function

    def _chosen(self, files: Sequence[str]) -> Iterator[Described]:
        by_id = {file.id: file for _, file in self.owner.state.inputs.files()} if files else {}
        for file in (by_id[one] for one in files if one in by_id):
            metadata = file.recipe.as_metadata()
            yield Described(
                files_in_words(file.recipe.paths),
                metadata if isinstance(metadata, Mapping) else {},
                file.protocol,
                self._summary(file),
            )

    def _summary(self, file: FileInputs) -> FileSummary | None:
        seen = self.looker.get(file.path)
        return None if seen is None else seen.summary

    def _say(self, files: Sequence[str], values: Mapping[str, Any]) -> str:
        """Say something of files of the state: one edit. Return its line of Python."""
        action = describe(files, values)
        action.do(self.owner.state)
        return action.line(self.owner.state)

    def leave(self) -> None:
        """Read no more."""
        if self.details is not None:
            self.details.leave()
