"""The whole at a glance: what is missing, cells × protocols, rheobases, and how much is in the output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import ipywidgets

from ...engine.figures.style import counted
from ...engine.problems import EfeError
from ...engine.stages.inputs import files_in_words
from ...state import ExtractionState
from ...state.results.currents import current_unit
from ..notes import columns as note_columns
from ..notes.choices import TagChoices, place
from ..parts.base import StateWidget
from ..parts.html import escape, plain, tag
from ..parts.table import Column, Table
from ..rheobase.data import UNITS, in_force

READY = "Nothing is missing: there are results."
LEGEND = (
    "Numbers are recordings that can be used, of all there are; press one to select its cell and protocol."
)
#: Columns of protocols; their names begin with this, so that no protocol is taken for another column
PROTOCOL = "p:"


def counts_of(state: ExtractionState) -> dict[tuple[str, str], Counter[str]]:
    """Return how many recordings each cell has of each protocol: in all, excluded, and without a stimulus."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for member in state.results.members.values():
        count = found.setdefault((member.cell, member.protocol), Counter())
        count["all"] += 1
        count["excluded"] += member.excluded is not None
        count["lost"] += member.lost and member.excluded is None
    return found


def in_words(count: Mapping[str, int]) -> str:
    """Return "12 recordings, 1 excluded, 2 lost: no stimulus was found"."""
    words = [counted(count["all"], "recording")]
    words += [f"{count['excluded']} excluded"] if count["excluded"] else []
    words += [f"{count['lost']} lost: no stimulus was found"] if count["lost"] else []
    return ", ".join(words)


def short(count: Mapping[str, int]) -> str:
    """Return "9 of 12", or "12" if all can be used."""
    used = count["all"] - count["excluded"] - count["lost"]
    return str(used) if used == count["all"] else f"{used} of {count['all']}"


class SummaryPanel(StateWidget):
    """Shows what is missing before there can be results, and what there is.

    Parameters
    ----------
    state : ExtractionState
    unit : {"pA", "nA"}, optional
        Of rheobases; by default that of the session.
    choices : TagChoices, optional
        Tags that are proposed; by default those that are remembered on this machine.

    Attributes
    ----------
    missing : HTML
        What is missing, in words.
    totals : HTML
        How many cells, files, recordings, targets and features there are.
    legend : HTML
        What the numbers are, and what is selected.
    table : Table
        A row for each cell: its rheobase, its tags and note, to be edited, and how many recordings of each protocol
        can be used. A click on a number selects the cell and the protocol.
    tag : ipywidgets.Combobox
        Gives the selected cells a tag, as "genotype: WT"; a new one gets a column.
    """

    watches: ClassVar[Sequence[str]] = ("revision", "status")
    watches_view: ClassVar[Sequence[str]] = ("cell", "protocol", "current_unit")

    def __init__(self, state: ExtractionState, *, unit: str | None = None, choices: TagChoices | None = None):
        if unit is not None and unit not in UNITS:
            raise EfeError(f"rheobases are shown in {' or '.join(UNITS)}, not in {unit!r}.")
        self._given = unit
        self.choices = choices or TagChoices(place())
        super().__init__(state)

    @property
    def _unit(self) -> str:
        return self._given or current_unit(self.state).name

    def build(self) -> list[ipywidgets.Widget]:
        """Make the controls."""
        self.missing, self.totals = ipywidgets.HTML(), ipywidgets.HTML()
        self.table = Table(
            self._columns(()),
            label="Recordings of each cell and protocol",
            on_select=self._select,
            on_button=self._press,
            on_edit=self._edit,
            height="420px",
        )
        self.legend = ipywidgets.HTML()
        self.tag = ipywidgets.Combobox(
            description="Tag the selected cells",
            placeholder="genotype: WT",
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "320px", "max_width": "100%"},
        )
        self.on(self.tag, self._tag)
        return [self.missing, self.totals, self.table, self.legend, self.tag]

    def _columns(self, protocols: Sequence[str]) -> tuple[Column, ...]:
        hint = "The smallest current that makes the cell fire"
        fixed = (
            Column("cell", "Cell", frozen=True),
            Column("rheobase", "Rheobase", "number", unit=self._unit, hint=hint),
        )
        of_each = (
            Column(PROTOCOL + name, plain(name), "button", hint=f"Recordings of {plain(name)}")
            for name in protocols
        )
        return (*fixed, *note_columns.columns(self.state.inputs, self.choices), *of_each)

    # --- from the state

    def view_data(self) -> dict[str, Any]:
        """Return what is missing, the numbers, and a row for each cell."""
        state = self.state
        protocols = tuple(state.inputs.protocols)
        counts = counts_of(state)
        keys = note_columns.cell_keys(state.inputs)
        return {
            "missing": self._missing(),
            "totals": self._totals(counts),
            "protocols": protocols,
            "rows": [
                self._row(cell.name, protocols, counts) | note_columns.values(state.inputs, cell.name, keys)
                for cell in state.inputs.measured
            ],
            "proposals": self.choices.proposals(state.inputs),
            "cell": state.view.cell,
            "protocol": state.view.protocol,
        }

    def _missing(self) -> list[str]:
        state = self.state
        if state.inputs.cells and state.results.inputs is not state.inputs and state.status == "running":
            return []  # what the last run lacked may be there by now
        return list(state.blockers)

    def _totals(self, counts: Mapping[tuple[str, str], Counter[str]]) -> dict[str, Any]:
        """How many there are of each; with a run under way, of what it will replace."""
        state, results = self.state, self.state.results
        values = sum(counts.values(), Counter())
        there = bool(results.inputs.cells)
        features = results.outputs.features if there else {}
        return {
            "cells": len(state.inputs.measured),
            "files": files_in_words(file for _, file in state.inputs.files()),
            "recordings": values["all"],
            "excluded": values["excluded"],
            "lost": values["lost"],
            "targets": len(results.targets) if there else len(state.inputs.targets or ()),
            "rheobases": sum(in_force(state, cell.name)[0] is not None for cell in state.inputs.measured),
            "features": sum(len(found) for places in features.values() for found in places.values()),
        }

    def _row(
        self, cell: str, protocols: Sequence[str], counts: Mapping[tuple[str, str], Counter[str]]
    ) -> dict[str, Any]:
        value, reason = in_force(self.state, cell)[:2]
        row: dict[str, Any] = {
            "id": cell,
            "cell": plain(cell),
            "rheobase": None if value is None else value * UNITS[self._unit],
        }
        looks, hints = {}, {"rheobase": plain(reason)}
        has = self.state.inputs.by_name[cell].groups
        for name in protocols:
            count = counts.get((cell, name))
            column = PROTOCOL + name
            if count is not None:
                row[column], hints[column] = short(count), in_words(count)
                if count["excluded"] + count["lost"] == count["all"]:
                    looks[column] = "efe-bad"
            elif name in has:
                row[column], hints[column] = "0", "no recording could be read"
                looks[column] = "efe-bad"
        return row | {"_class": looks, "_hint": hints}

    def _changed(self, change: Any) -> None:
        if change.name == "status" and self.shown:  # it changes thrice an edit, the rest once or twice
            with self._guard:
                self.put(self.missing, value=_missing_html(self._missing(), self.state.status))
        else:
            super()._changed(change)

    def render(self, data: dict[str, Any]) -> None:
        """Put it on the controls."""
        self.put(self.missing, value=_missing_html(data["missing"], self.state.status))
        self.put(self.totals, value=_totals_html(data["totals"]))
        there = None if data["rows"] else "none"
        self.put(self.table.layout, display=there)
        chosen = [data[name] for name in ("cell", "protocol") if data[name] is not None]
        words = f"{LEGEND} Selected: {', '.join(map(plain, chosen))}." if chosen else LEGEND
        self.put(self.legend, value=tag("span", escape(words), class_="efe-faint"))
        self.put(self.legend.layout, display=there)
        self.put(self.tag, options=data["proposals"])
        self.put(self.tag.layout, display=there)
        self.table.set_columns(self._columns(data["protocols"]))
        widths = [max(8 * len(name) + 30, 90) for name in data["protocols"]]  # px, as wide as the names need
        noted = 90 * len(note_columns.cell_keys(self.state.inputs)) + 160
        self.put(self.table.layout, max_width=f"{360 + noted + sum(widths)}px")
        self.table.show(data["rows"])
        known = data["cell"] is not None and any(row["id"] == data["cell"] for row in data["rows"])
        if not known or data["cell"] not in self.table.selected:  # several may be
            self.put(self.table, selected=(data["cell"],) if known else ())
        self._say_whom()

    # --- what a person does

    def _select(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            if ids:
                self.state.view.cell = ids[-1]
            self._say_whom()

    def _say_whom(self) -> None:
        """Say which cells a tag is for."""
        there = bool(self.table.selected)
        self.put(self.tag, disabled=not there, placeholder="genotype: WT" if there else "select cells above")

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        with self._guard:
            note_columns.edit(self.state, ids, column, text, self.choices)

    def _tag(self, text: str) -> None:
        if self.choices.give(text, partial(self.state.describe_cells, self.table.selected)):
            self.put(self.tag, value="")

    def _press(self, cell: str, column: str) -> None:
        with self._guard:
            self.state.view.cell = cell
            self.state.view.protocol = column.removeprefix(PROTOCOL)


def _missing_html(missing: Sequence[str], status: str) -> str:
    if missing:
        items = "".join(tag("li", escape(text)) for text in missing)
        heading = tag("span", "Before there can be results", class_="efe-heading")
        return tag("div", heading, tag("ul", items), class_="efe-says efe-warning", role="status")
    words = {"running": "Results are being computed.", "failed": "The last run failed: see the problems."}
    kind = "efe-error" if status == "failed" else "efe-note"
    return tag("div", escape(words.get(status, READY)), class_=f"efe-says {kind}", role="status")


def _totals_html(totals: Mapping[str, Any]) -> str:
    less = [f"{totals[name]} {name}" for name in ("excluded", "lost") if totals[name]]
    more = f" ({', '.join(less)})" if less else ""
    shown = (
        counted(totals["cells"], "cell") + f", {totals['rheobases']} with a rheobase",
        totals["files"],
        counted(totals["recordings"], "sweep") + more,
        counted(totals["targets"], "target"),
        counted(totals["features"], "feature") + " in the output",
    )
    return tag("div", escape(" · ".join(shown)))
