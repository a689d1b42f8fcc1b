"""What stimulus chosen files look like, by their current: suggested in the table, taken only by a click."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ...engine.problems import EfeError
from ...engine.recordings.kinds import KindOfProtocol, kind_of_file
from ...state import ExtractionState
from ...state.inputs import FileInputs
from ..parts.table import Column
from .rows import Row, stimulus_family

MOST = 40  # files that are looked at on one click
SUGGESTED = Column(
    "suggested", "Looks like", hint="By its current, with the confidence; nothing is taken before you say so"
)


class Suggestions:
    """Looks at the current of files and keeps what it looks like, until the files' metadata change.

    Parameters
    ----------
    state : ExtractionState
    """

    def __init__(self, state: ExtractionState):
        self._state = state
        self._found: dict[str, tuple[Any, KindOfProtocol]] = {}

    def of(self, file: FileInputs) -> KindOfProtocol | None:
        """Return what a file looks like; None if it was not looked at as it is now read."""
        known = self._found.get(file.id)
        return known[1] if known is not None and known[0] == _key(file) else None

    def look(self, ids: Sequence[str] = ()) -> None:
        """Look at files, by default at all whose stimulus no name tells. Raises EfeError if there are none."""
        files = [file for _, file in self._state.inputs.files()]
        wanted = [f for f in files if f.id in ids] if ids else [f for f in files if not _known(f)]
        if not wanted:
            raise EfeError(
                "the stimulus of every file is known; select rows to look at their current nevertheless."
            )
        failed = []
        for file in wanted[:MOST]:
            try:
                self._found[file.id] = _key(file), kind_of_file(file.as_metadata(), file.protocol)
            except (EfeError, OSError) as error:
                failed.append(f"{os.path.basename(file.path)}: {error}")
        if failed:
            raise EfeError(f"some files can't be looked at ({'; '.join(failed[:3])}).")
        if len(wanted) > MOST:
            raise EfeError(f"the first {MOST} of {len(wanted)} files were looked at; select others to go on.")

    def take(self, ids: Sequence[str] = ()) -> None:
        """Read files as what they look like, by default all with a suggestion. Raises EfeError if there is none."""
        found = {}
        for _, file in self._state.inputs.files():
            kind = self.of(file)
            if kind is not None and kind.best is not None and kind.best.ecode and (not ids or file.id in ids):
                found[file.id] = kind.best.ecode
        if not found:
            raise EfeError(
                "there is no suggestion to take: what is unsure, or shows nothing, is not suggested."
            )
        self._state.set_stimuli(found)

    def shown(self, row: Row) -> Row:
        """Return a row of the table with what its file looks like."""
        kind = self.of(self._state.inputs.cell_of_file[row["id"]].by_id[row["id"]]) if self._found else None
        if kind is None:
            return {**row, "suggested": ""}
        best = kind.best
        words = "not clear" if best is None else f"{best.kind} ({best.confidence:.0%})"
        if best is not None and best.ecode:
            words = f"{best.ecode}: {words}"
        return {**row, "suggested": words, "_hint": {**row.get("_hint", {}), "suggested": kind.words}}


def _known(file: FileInputs) -> bool:
    return bool(stimulus_family(file.protocol, file.metadata.get("ecode")))


def _key(file: FileInputs) -> Any:
    """What the answer depends on: all that is said of the file but its stimulus."""
    said = {name: value for name, value in file.as_metadata().items() if name != "ecode"}
    return file.protocol, repr(sorted(said.items(), key=lambda item: item[0]))
