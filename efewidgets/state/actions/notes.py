"""Actions on notes and tags of cells and recordings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...engine.problems import EfeError, nearest
from ...engine.stages.notes import NOTE, changed
from .base import Editing, count

Names = str | Iterable[str]


class NoteActions(Editing):
    """What a person notes: of cells, which are named as they are, and of recordings, ``file/sweep``."""

    def describe_cells(self, cells: Names, /, **told: Any) -> None:
        """Note something of cells: ``note="…"``, and tags such as ``genotype="WT"``, ``age=21``, ``checked=True``.

        Parameters
        ----------
        cells : str or list of str
        **told
            None takes a note or tag away.
        """
        chosen = _listed(cells, "cell")
        for name in chosen:
            if name not in self.inputs.by_name:
                raise EfeError(f"there is no cell {name!r}.{nearest(name, self.inputs.by_name)}")
        label = f"{_in_words(told)} of {chosen[0] if len(chosen) == 1 else count(len(chosen), 'cell')}"
        with self._lock:
            self.commit(label, cell_notes=changed(self.inputs.cell_notes, chosen, told))

    def describe(self, recordings: Names, /, **told: Any) -> None:
        """Note something of single recordings, as `describe_cells` does; their own tags replace those of the cell.

        Parameters
        ----------
        recordings : str or list of str
            Ids of recordings.
        **told
            None takes a note or tag away.
        """
        chosen = _listed(recordings, "recording")
        for one in chosen:
            file, slash, sweep = one.partition("/")
            if not slash or not sweep or file not in self.inputs.cell_of_file:
                raise EfeError(
                    f"there is no recording {one!r}: one is named by its file and sweep, 'f1/sweep 1'."
                )
        label = f"{_in_words(told)} of {count(len(chosen), 'recording')}"
        with self._lock:
            self.commit(label, recording_notes=changed(self.inputs.recording_notes, chosen, told))


def _listed(names: Names, noun: str) -> list[str]:
    found = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    if not found:
        raise EfeError(f"no {noun} is chosen.")
    return found


def _in_words(told: dict[str, Any]) -> str:
    if not told:
        raise EfeError('say what is to be noted, e.g. genotype="WT" or note="access was poor".')
    return f"{'note' if NOTE in told else 'tag'} {', '.join(key for key in told if key != NOTE)}".strip()
