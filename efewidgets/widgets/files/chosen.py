"""The part of `FileSelector` with the files of the state: what they are, and what a person says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets

from ... import datasets
from ...engine.problems import EfeError, Problem
from ...engine.readers.registry import suffixes_that_name_protocols
from ...engine.recordings.ecodes import FAMILIES
from ...engine.stages.inputs import FileInputs, files_in_words
from ..parts.base import StateWidget
from ..parts.style import FILLS
from ..parts.table import Column, Table
from .details import details_button
from .lab_names import LabNames
from .looker import Looker
from .rows import ChosenRows, counted, found_by, number_from, stimulus_family, told_of_files, units_from

#: Columns in which Delete removes the files: what stands there can't be empty, or can't be typed
_DELETE_IN = ("file", "cell", "protocol", "sweeps", "rate", "tags", "problems")
_NOTHING = "No recordings yet. Add files or folders above{}, or the sample cells to try things out."


class Chosen:
    """The table of all files, and the buttons for those that are selected.

    Parameters
    ----------
    owner : StateWidget
    looker : Looker
    lab : LabNames
        Remembers other names of protocols, and which stimuli they are.
    dropped : bool
        Whether files can be dropped on the page.
    selected : callable
        Called when rows are selected.
    """

    def __init__(
        self,
        owner: StateWidget,
        looker: Looker,
        lab: LabNames,
        dropped: bool,
        selected: Callable[[], Any],
    ):
        self.owner, self.looker, self.lab, self._selected = owner, looker, lab, selected
        self._told_last: dict[str, tuple[Problem, ...]] = {}
        self._rows = ChosenRows()
        self.samples = ipywidgets.Button(
            description="Add sample cells", icon="flask", layout={"width": "auto"},
            tooltip="Add five simulated cells that come with efewidgets",
        )  # fmt: skip
        self.details = details_button()
        self.remove = ipywidgets.Button(description="Remove selected", icon="trash", layout={"width": "auto"})
        self.new_name = ipywidgets.Text(
            description="Rename cell", placeholder="select one of its files", continuous_update=False,
            layout={"width": "auto", "flex": "0 1 230px"}, tooltip="New name of the selected cell; Enter renames",
        )  # fmt: skip
        self.count = ipywidgets.HTML()
        self.search = ipywidgets.Text(
            description="Find", placeholder="file, cell, protocol, tag, problem",
            layout={"width": "auto", "flex": "0 1 210px"},
            tooltip="Only files in whose row all of these words stand",
        )  # fmt: skip
        self.table = Table(
            _columns({}), label="Chosen files", on_edit=self._edit, on_select=self._select,
            on_delete=owner.state.remove_files, delete_in=_DELETE_IN,
            empty=_NOTHING.format(", drop your own anywhere on the page" if dropped else ""),
            height="max(420px, 36vh)",
        )  # fmt: skip
        self.table.add_class(FILLS)
        find = owner.later(owner.refresh, 0.2)
        self.search.observe(lambda _: find(), "value")
        owner.on_click(self.samples, self._add_samples)
        owner.on_click(self.remove, self._remove)
        owner.on(self.new_name, self._rename)

    # --- what is shown

    def told(self) -> dict[str, tuple[Problem, ...]]:
        """Return what was told of files when they were read last; nothing is read for that."""
        state = self.owner.state
        if state.status == "ready" and not state.needs_run:
            self._told_last = told_of_files(state.problems)
        return self._told_last

    def data(self) -> dict[str, Any]:
        """Return the rows of the files, and how many there are."""
        inputs = self.owner.state.inputs
        rows = self._rows.of(inputs, self.looker.get, self.told())
        all_of_them, rows = len(rows), found_by(rows, self.search.value)
        return {
            "rows": rows,
            "less": f"{len(rows):,} of " if len(rows) < all_of_them else "",
            "cells": [cell.name for cell in inputs.cells],
            "protocols": sorted(inputs.protocols),
            "cell": self.owner.state.view.cell,
            "tagged": any(row["tags"] for row in rows),
            "files": files_in_words(file for _, file in inputs.files()),
        }

    def show(self, data: Mapping[str, Any]) -> None:
        """Put that on the page."""
        put = self.owner.put
        self.table.set_columns(_columns(data))
        self.table.show(data["rows"])
        cells = data["cells"]
        words = f"{data['less']}{data['files']} of {counted(len(cells), 'cell')}" if cells else "Chosen files"
        put(self.count, value=f'<span class="efe-heading">{words}</span>')
        put(self.remove, disabled=not data["rows"])
        known = data["cell"] if data["cell"] in cells else ""
        put(self.new_name, disabled=not known, value=known)

    def show_all_of(self, files: Iterable[str]) -> None:
        """Search no more, if that keeps some of these files from being seen."""
        if self.search.value and not set(files) <= {row["id"] for row in self.table.rows}:
            self.owner.put(self.search, value="")
            self.owner.refresh()

    # --- what a person does

    def _add_samples(self) -> None:
        state = self.owner.state
        names = [name for name in datasets.sample_cells() if name not in state.inputs.by_name]
        if not names:
            raise EfeError("the sample cells are there already.")
        state.add_files_metadata(datasets.sample_files_metadata(names))

    def _remove(self) -> None:
        if not self.table.selected:
            raise EfeError("select the rows of files first; Ctrl+A selects all.")
        self.owner.state.remove_files(self.table.selected)

    def _rename(self, name: str) -> None:
        state, name = self.owner.state, name.strip()
        old = state.view.cell
        if not old or old not in state.inputs.by_name or name == old:
            return
        if not name:
            raise EfeError("a cell needs a name.")
        state.rename_cell(old, name)
        state.view.cell = name

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        state, text = self.owner.state, str(text)
        with self.owner._guard:
            if column in ("cell", "protocol"):
                self._regroup(ids, column, text.strip())
            elif column == "ecode":
                self._set_ecode(ids, text.strip())
            elif column == "ljp":
                state.set_metadata(ids, ljp=number_from(text, "the liquid junction potential (mV)"))
            elif column == "units":
                state.set_metadata(ids, **units_from(text))

    def _regroup(self, ids: tuple[str, ...], column: str, name: str) -> None:
        """Say the cell or the protocol of files; what becomes of a whole protocol is remembered."""
        state = self.owner.state
        if not name:
            raise EfeError(f"a {column} needs a name.")
        before = self._protocols_of(ids) if column == "protocol" else set()
        state.regroup_files(ids, **{column: name}, answers=self._answers)
        for old in before - state.inputs.protocols.keys():
            self.lab.called(old, name)

    def _protocols_of(self, ids: Iterable[str]) -> set[str]:
        wanted = set(ids)
        return {file.protocol for _, file in self.owner.state.inputs.files() if file.id in wanted}

    def _answers(self, file: FileInputs) -> bool:
        """Whether a file chooses its sweeps by the name of their protocol and has some of its present one."""
        seen = self.looker.get(file.path)
        summary = None if seen is None else seen.summary
        by_name = file.path.lower().endswith(suffixes_that_name_protocols())
        return summary is not None and by_name and summary.has_protocol(file.protocol)

    def _set_ecode(self, ids: tuple[str, ...], text: str) -> None:
        if text and not stimulus_family("", text):
            raise EfeError(f"{text!r} is no known stimulus: choose one of {', '.join(FAMILIES)}.")
        self.owner.state.set_metadata(ids, ecode=text or None)
        for name in self._protocols_of(ids):
            self.lab.read_as(name, text)

    def _select(self, ids: tuple[str, ...]) -> None:
        """Let all views show the cell and protocol of the selected files, as far as they have one in common."""
        with self.owner._guard:
            self._selected()
            inputs, view = self.owner.state.inputs, self.owner.state.view
            found = [(inputs.cell_of_file[i], i) for i in ids if i in inputs.cell_of_file]
            cells = {cell.name for cell, _ in found}
            protocols = {cell.by_id[i].protocol for cell, i in found}
            if len(cells) == 1:
                view.cell = cells.pop()
            if len(protocols) == 1:
                view.protocol = protocols.pop()


def _columns(data: Mapping[str, Any]) -> tuple[Column, ...]:
    cells, protocols = (tuple(data.get(name, ()))[:500] for name in ("cells", "protocols"))
    return (
        Column("file", "File"),
        Column("cell", "Cell", editable=True, choices=cells, hint="To which cell the file belongs"),
        Column("protocol", "Protocol", editable=True, choices=protocols, hint="Another name for the same sweeps"),
        Column("ecode", "Stimulus", editable=True, choices=tuple(FAMILIES),
               hint="The family of stimuli as which it is read: by the protocol's name, or as chosen here"),
        Column("sweeps", "Sweeps", kind="number"),
        Column("rate", "Rate", kind="number", unit="kHz", hint="Sampling rate"),
        Column("units", "File’s units", editable=True,
               hint="Of voltage and current in the file; asked for where it has none"),
        Column("ljp", "LJP", kind="number", unit="mV", editable=True, hint="Liquid junction potential, subtracted"),
        *([Column("tags", "Tags", hint="Of the cell; the panel Summary gives them")] if data.get("tagged") else []),
        Column("problems", "Problems"),
    )  # fmt: skip
