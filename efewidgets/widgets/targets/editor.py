"""The targets as a table: added, edited, imported, and seen to match recordings at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.actions.targets import GOALS
from ...state.results.tables import unit_of
from ..parts.base import StateWidget
from ..parts.cell_text import read_cell, read_number, unit_of_amplitudes
from ..parts.download import Download
from ..parts.html import escape, tag
from ..parts.message import Message
from ..parts.style import FILLS, row
from ..parts.table import Table
from .form import TargetForm
from .importing import NEEDED, has_header, targets_of_cells, targets_of_text, write_csv
from .rows import EDITABLE, TargetData, TargetDetail, csv_columns, detail_columns, target_columns, target_data

EMPTY = (
    "There are no targets: nothing will be extracted. Press “Add targets”, paste rows of a spreadsheet here, or "
    "let them be chosen automatically."
)
NO_RECORDINGS = (
    "Targets are chosen automatically once there are recordings: add some at the first step, or press “Add targets” "
    "and choose them yourself."
)
NO_CHOICE = (
    "No targets could be chosen automatically: there are too few recordings of the usual protocols. Press “Add "
    "targets” and choose them yourself."
)


class TargetEditor(StateWidget):
    """The targets of a state, one row each, to be edited in place.

    Parameters
    ----------
    state : ExtractionState
    height : str
        CSS; the most that the table of targets takes.

    Attributes
    ----------
    table, detail : Table
        The targets; the recordings of the chosen one's protocol, and why they went in or didn't.
    form : TargetForm
        Protocols × amplitudes × features.
    text : ipywidgets.Textarea
        Takes rows of a spreadsheet, CSV, or the JSON of a config.
    add, paste : ipywidgets.ToggleButton
        Open the form, and the text.
    beside : ipywidgets.ToggleButtons
        Whether targets that were chosen automatically are kept beside those that are added.
    every : ipywidgets.ToggleButton
        Shows columns in which nothing stands, too.
    duplicate, remove, automatic, keep, read : ipywidgets.Button
    goals : ipywidgets.Dropdown
        For whose goals targets are chosen automatically.
    roles : ipywidgets.Button
        Proposes the roles of a threshold-based fit.
    absolute : ipywidgets.Checkbox
        Whether amplitudes are in nA.
    export : Download
    """

    watches_view = ("target",)

    def __init__(self, state: ExtractionState, *, height: str = "max(340px, 40vh)"):
        self._height = height
        super().__init__(state)

    # --- controls

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls."""
        self.summary = ipywidgets.HTML()
        self.table = Table(
            target_columns(TargetData([], False, False, (), ())),
            label="targets",
            on_edit=self._edited,
            on_select=self._selected,
            on_paste=self._pasted,
            empty=EMPTY,
            height=self._height,
        )
        self.table.add_class(FILLS)
        self.form = TargetForm()
        self.on_click(self.form.add, self._add, self.form.message)
        self.on_click(self.form.add_preset, self._add_preset, self.form.message)
        self.form_box = _folded("efe-target-panel", self.form)
        self.about = ipywidgets.HTML()
        self.detail = Table(
            detail_columns(False),
            label="recordings of the chosen target",
            on_select=self._recordings_selected,
            empty="There is no recording of this protocol.",
            height="190px",
        )
        self.detail_box = _folded("efe-target-detail", self.about, self.detail)
        return [
            self._toolbar(),
            self._beside(),
            self.form_box,
            self._importing(),
            self.summary,
            self.table,
            self.detail_box,
        ]

    def _toolbar(self) -> ipywidgets.Widget:
        self.add = ipywidgets.ToggleButton(description="Add targets", icon="plus")
        self.paste = ipywidgets.ToggleButton(description="Paste or import", icon="clipboard")
        self.duplicate = _button(
            "Duplicate", "copy", "add copies of the chosen targets", self, self._duplicate
        )
        self.remove = _button("Remove", "trash", "remove the chosen targets", self, self._remove)
        self.automatic = _button(
            "Choose automatically", "magic", "let the targets be chosen by what the recordings have", self,
            lambda: self.state.use_auto_targets(None if self.goals.index == 0 else self.goals.value),
        )  # fmt: skip
        self.goals = ipywidgets.Dropdown(
            options=list(GOALS), description="as", style={"description_width": "initial"}, layout={"width": "170px"},
            tooltip="whose goals: BluePyEModel's has the IV at 0 and -40 %, as a threshold-based fit needs them",
        )  # fmt: skip
        self.roles = _button(
            "Propose roles", "tags", "give the roles RMP, Rin and holding to the targets that suit them best", self,
            lambda: self.state.propose_roles(),
        )  # fmt: skip
        self.keep = _button(
            "Keep as my own", "pencil", "make the targets that were chosen automatically mine, to be edited", self,
            lambda: self.state.keep_auto_targets(),
        )  # fmt: skip
        self.every = ipywidgets.ToggleButton(
            description="All columns", icon="columns",
            tooltip="show own name, settings, least n, role and weight where nothing stands in them, too",
        )  # fmt: skip
        self.every.observe(lambda _: self.refresh(), "value")
        self.absolute = ipywidgets.Checkbox(description="amplitudes in nA", indent=False)
        self.on(self.absolute, lambda on: self.state.use_absolute_amplitude(on))
        self.export = Download(
            "CSV", "targets.csv", self.csv, kind="text/csv", tooltip="save the table as CSV"
        )
        self.add.observe(lambda change: self._fold(self.form_box, change.new), "value")
        self.paste.observe(lambda change: self._fold(self.text_box, change.new), "value")
        for control in (self.add, self.paste):
            control.observe(lambda _: self._show_beside(), "value")
        return row(
            self.add,
            self.paste,
            self.duplicate,
            self.remove,
            self.automatic,
            self.goals,
            self.keep,
            self.roles,
            self.every,
            self.export,
            self.absolute,
        )

    def _beside(self) -> ipywidgets.Widget:
        self.beside_said = ipywidgets.HTML()
        self.beside = ipywidgets.ToggleButtons(
            options=[("keep them, too", True), ("replace them", False)], style={"button_width": "auto"}
        )
        self.beside_box = row(self.beside_said, self.beside)
        self._automatic = 0
        return self.beside_box

    def _show_beside(self) -> None:
        """Ask what becomes of automatic targets, while there are some and others are about to be added."""
        words = f"What becomes of the {self._automatic:,} that were chosen automatically?"
        self.put(self.beside_said, value=tag("span", words))
        asks = bool(self._automatic) and (self.add.value or self.paste.value)
        self.put(self.beside_box.layout, display=None if asks else "none")

    def _importing(self) -> ipywidgets.Widget:
        self.text = ipywidgets.Textarea(
            description="Targets",
            placeholder="Rows of a spreadsheet or CSV: protocol, amplitude, tolerance, feature, own name, settings, "
            "minimum n; with a line of headers or without. Or JSON: a list of targets, a config of efewidgets, "
            "BluePyEfe or BluePyEModel, a features.json.",
            rows=7,
        )
        self.text_tolerance = ipywidgets.Text("10", description="Tolerance where there is none")
        self.text_tolerance.style.description_width = "initial"
        self.read = ipywidgets.Button(description="Add these targets", button_style="primary", icon="plus")
        self.text_message = Message()
        self.on_click(self.read, self._read, self.text_message)
        line = row(self.read, self.text_tolerance)
        self.text.add_class("efe-target-text")
        self.text_box = _folded("efe-target-panel", self.text, line, self.text_message)
        return self.text_box

    def _fold(self, box: ipywidgets.Box, shown: bool) -> None:
        self.put(box.layout, display="flex" if shown else "none")

    # --- from the state to the screen

    def view_data(self) -> TargetData:
        """Return the rows of the table, and what became of the recordings of the chosen target's protocol."""
        return target_data(self.state)

    def render(self, data: TargetData) -> None:
        """Show them."""
        self.table.set_columns(target_columns(data, self.every.value))
        none = NO_CHOICE if self.state.inputs.cells else NO_RECORDINGS
        self.put(self.table, empty=none if data.automatic else EMPTY)
        self.table.show(data.rows)
        if data.chosen is not None and data.chosen not in self.table.selected:
            self.put(self.table, selected=(data.chosen,))
        elif data.chosen is None and self.table.selected:
            self.put(self.table, selected=())
        self.form.show(data.protocols, data.absolute)
        self._automatic = len(data.rows) if data.automatic else 0
        self._show_beside()
        self.put(self.absolute, value=data.absolute)
        self.put(self.keep, disabled=not (data.automatic and data.rows))
        self.put(self.roles, disabled=data.automatic or not data.rows)
        self.put(self.export, disabled=not data.rows)
        self._show_choice(data)
        self.put(self.summary, value=_summary(data))
        self._show_detail(data.detail, data.absolute)

    def _show_choice(self, data: TargetData) -> None:
        chosen = not data.automatic and bool(self.table.selected)
        for button in (self.duplicate, self.remove):
            self.put(button, disabled=not chosen)

    def _show_detail(self, detail: TargetDetail | None, absolute: bool) -> None:
        self._fold(self.detail_box, detail is not None)
        if detail is None:
            return
        target = next((t for t in self.state.results.targets if t.id == self.state.view.target), None)
        self.detail.set_columns(detail_columns(absolute, unit_of(target.efeature) if target else ""))
        self.put(self.about, value=_about(detail))
        self.detail.show(detail.rows)

    # --- from the person to the state

    def _edited(self, ids: tuple[str, ...], column: str, text: Any) -> None:
        with self._guard:
            if self.state.inputs.targets is None:
                raise EfeError(
                    "These targets were chosen automatically. Press “Keep as my own” to edit them."
                )
            value = read_cell(column, text, self.state.inputs.absolute_amplitude)
            self.state.edit_targets(ids, **{column: value})

    def _selected(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            if self.state.view.target not in ids or not ids:
                self.state.view.target = ids[-1] if ids else None
            self._show_choice_now()

    def _show_choice_now(self) -> None:
        chosen = self.state.inputs.targets is not None and bool(self.table.selected)
        for button in (self.duplicate, self.remove):
            self.put(button, disabled=not chosen)

    def _recordings_selected(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            known = self.state.results.members
            self.state.view.recordings = tuple(identity for identity in ids if identity in known)

    def _pasted(self, row: str | None, column: str, matrix: list[list[str]]) -> None:
        with self._guard:
            matrix = [line for line in matrix if any(cell.strip() for cell in line)]
            if not matrix:
                return
            absolute = self.state.inputs.absolute_amplitude
            if has_header(matrix) or max(map(len, matrix)) >= len(NEEDED) or row is None:
                self.state.add_targets(targets_of_cells(matrix, absolute), keep_auto=self.beside.value)
                return
            if len(matrix) > 1:
                raise EfeError(
                    "Several lines are added as new targets, and need at least protocol, amplitude, tolerance and "
                    "feature. To give many targets one value, choose their rows and type it into one of them."
                )
            names = [shown.name for shown in self.table.columns]
            places = names[names.index(column) : names.index(column) + len(matrix[0])]
            changes = {
                name: read_cell(name, text, absolute) for name, text in zip(places, matrix[0], strict=False)
            }
            if self.state.inputs.targets is None or any(name not in EDITABLE for name in changes):
                raise EfeError("This cell can't be edited.")
            ids = self.table.selected if row in self.table.selected else (row,)
            self.state.edit_targets(ids, **changes)

    def _duplicate(self) -> None:
        copies = self.state.duplicate_targets(self.table.selected)
        self._choose(copies)

    def _remove(self) -> None:
        self.state.remove_targets(self.table.selected)

    def _add(self) -> None:
        self._choose(self.state.add_targets(self.form.targets(), keep_auto=self.beside.value))

    def _add_preset(self) -> None:
        place = self.form.place()
        preset = self.form.preset.value
        for protocol in place["protocols"]:
            self.state.apply_preset(
                preset, protocol, place["amplitudes"], place["tolerance"], keep_auto=self.beside.value
            )

    def _read(self) -> None:
        absolute = self.state.inputs.absolute_amplitude
        tolerance = read_number(self.text_tolerance.value, "The tolerance", absolute)
        targets, notes = targets_of_text(self.text.value, absolute, tolerance)
        self._choose(self.state.add_targets(targets, keep_auto=self.beside.value))
        self.text.value = ""
        if notes:
            self.message.say("\n".join(notes), "note")

    def _choose(self, ids: Sequence[str]) -> None:
        """Choose targets that have just been made."""
        known = {row["id"] for row in self.table.rows}
        chosen = tuple(identity for identity in ids if identity in known)
        if chosen:
            self.put(self.table, selected=chosen)
            self.state.view.target = chosen[-1]
            self._show_choice_now()

    def csv(self) -> str:
        """Return the table as CSV, with location, weight and statistics."""
        data = self.view_data()
        return write_csv(data.rows, csv_columns(data.absolute))


def _button(
    label: str, icon: str, tooltip: str, widget: TargetEditor, action: Callable[[], Any]
) -> ipywidgets.Button:
    found = ipywidgets.Button(description=label, icon=icon, tooltip=tooltip)
    widget.on_click(found, action)
    return found


def _folded(name: str, *children: ipywidgets.Widget) -> ipywidgets.VBox:
    found = ipywidgets.VBox(children, layout={"display": "none"})
    found.add_class(name)
    return found


def _summary(data: TargetData) -> str:
    number = len(data.rows)
    if not number:
        return ""
    words = f"{number} target{'' if number == 1 else 's'}; amplitudes in {unit_of_amplitudes(data.absolute)}"
    none = sum(not row.get("recordings", True) for row in data.rows)
    words += f"; {none} without a recording" if none else ""
    words += ". Chosen automatically: press “Keep as my own” to edit them." if data.automatic else ""
    faults = [
        tag("div", escape(fault[:1].upper() + fault[1:]), class_="efe-says efe-warning")
        for fault in data.faults
    ]
    return tag("div", tag("div", escape(words), class_="efe-faint"), *faults, role="status")


def _about(detail: TargetDetail) -> str:
    """Return the heading of a target's recordings, and how many of each cell went in."""
    cells = [
        tag(
            "span",
            tag("b", escape(cell)),
            f" {inside} of {of_all}",
            class_="efe-chip" if inside else "efe-chip efe-faint",
        )
        for cell, (inside, of_all) in detail.counts.items()
    ]
    inside = sum(taken for taken, _ in detail.counts.values())
    of_all = sum(number for _, number in detail.counts.values())
    head = tag("span", escape(detail.title), class_="efe-heading")
    return tag(
        "div", head, escape(f": {inside} of {of_all} recordings"), tag("div", *cells, class_="efe-chips")
    )
