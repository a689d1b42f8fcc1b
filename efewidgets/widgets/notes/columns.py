"""Tags and notes as columns of a table of cells, to be edited there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.stages.inputs import Inputs
from ...engine.stages.notes import NOTE
from ...state import ExtractionState
from ..parts.html import plain
from ..parts.table import Column
from .choices import TagChoices

#: Columns of tags begin with this, so that no tag is taken for another column
TAG = "tag:"


def cell_keys(inputs: Inputs) -> tuple[str, ...]:
    """Return the names of the cells' tags, in the order in which they were given first."""
    told = (inputs.cell_notes.get(cell.name, {}) for cell in inputs.cells)
    return tuple(dict.fromkeys(key for one in told for key in one if key != NOTE))


def columns(inputs: Inputs, choices: TagChoices) -> tuple[Column, ...]:
    """Return a column for each tag of cells, and one for the note."""
    of_tags = (
        Column(
            TAG + key,
            plain(key),
            editable=True,
            choices=choices.values(inputs, key),
            hint=f"Tag {plain(key)}",
        )
        for key in cell_keys(inputs)
    )
    return (*of_tags, Column(TAG + NOTE, "Note", editable=True, hint="A note on the cell", width="160px"))


def values(inputs: Inputs, cell: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return what stands in these columns of a cell."""
    told = inputs.cell_notes.get(cell, {})
    return {TAG + key: told.get(key, "") for key in (*keys, NOTE)}


def edit(state: ExtractionState, cells: Sequence[str], column: str, text: str, choices: TagChoices) -> None:
    """Do what was typed into such a column; nothing takes the tag or the note away."""
    key, value = column.removeprefix(TAG), " ".join(text.split())
    state.describe_cells(cells, **{key: value or None})
    if value and key != NOTE:
        choices.used(key, value)
