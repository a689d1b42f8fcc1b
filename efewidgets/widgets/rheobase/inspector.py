"""Rheobases: spike count against current, the rule that decides, and cells whose rheobase a person sets."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import ipywidgets

from ...engine.outputs.spreadsheet import as_csv
from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.results.currents import PICO, current_unit
from ..actions.buttons import button
from ..actions.walk import look
from ..parts.base import StateWidget
from ..parts.html import escape, plain, tag
from ..parts.message import Message
from ..parts.owned import replace
from ..parts.pictures import Pictures
from ..parts.plots import looks
from ..parts.style import FILLS, KEEPS_SIZE, row
from ..parts.table import Column, Table
from ..parts.ticks import Ticks
from .data import (
    NOT_YET,
    UNITS,
    CellView,
    cell_view,
    members_of,
    protocol_choices,
    rule_of,
    settings_after,
    table_rows,
    telling_sweep,
    typed_current,
)
from .deciding import could_decide, let_decide
from .overview import PER_PAGE, Overview
from .plots import CellPlot
from .rule import DIGITS, RuleControls, current_in_words, typed_setting

STEP = 4  # decimals of a dragged rheobase in nA: 0.1 pA
EMPTY = "There are no recordings yet. Add files: then each cell's rheobase is shown here."
NO_SWEEPS = "No sweep of the protocols that decide could be used."


class RheobaseInspector(StateWidget):
    """Shows how each cell's rheobase comes about, and lets a person change the rule or overrule it.

    Parameters
    ----------
    state : ExtractionState
    unit : {"pA", "nA"}, optional
        Of all currents that are shown or typed; by default that of the session.
    overview : bool
        Whether all cells are shown as small figures, or one cell large.

    Attributes
    ----------
    rule : RuleControls
        ``strategy`` and ``settings``; the same as `state.set_rheobase_rule`.
    protocols : Ticks
        Those that decide.
    usual : Button
        Lets the usual protocols decide.
    table : Table
        The cells; the column ``value`` is edited to set rheobases by hand, and emptied to go back to the rule.
    plot : CellPlot
        One cell, large; ``plot.handle`` is dragged.
    overview : Overview
    by_hand : Text
        The cell's rheobase by hand; the same as `state.set_rheobase`.
    back : Button
        Back to the rule; the same as `state.clear_rheobase`.
    missing : Message
        Why the cell has no rheobase; `helps` are buttons that let another protocol decide.
    show, unit : ToggleButtons
    """

    watches_view: ClassVar[Sequence[str]] = ("cell", "recordings", "current_unit")

    def __init__(self, state: ExtractionState, *, unit: str | None = None, overview: bool = False):
        if unit is not None and unit not in UNITS:
            raise EfeError(f"rheobases are shown in {' or '.join(UNITS)}, not in {unit!r}.")
        self._unit, self._own_unit, self._overview = unit or PICO.name, unit is not None, overview
        self._page = 0
        self._drawn: str | None = None
        self._dragging, self._drags = False, itertools.count()
        self._drag, self._dragged = "", 0.0
        super().__init__(state)

    # --- controls

    def build(self) -> list[ipywidgets.Widget]:
        """Make the controls."""
        self._paged_to = self.state.view.cell
        self.rule = RuleControls()
        self.on(self.rule.strategy, self._choose_strategy)
        for name, control in self.rule.settings.items():
            self.on(control, functools.partial(self._choose_setting, name))
        self._build_choices()
        self._build_cell()
        self.overview = Overview(self.put, self._open_point, self._open_cell)
        self.on_click(self.overview.earlier, lambda: self._turn(-1))
        self.on_click(self.overview.later, lambda: self._turn(1))
        self.table = Table(
            self._columns(),
            label="Rheobases of the cells",
            on_edit=self._edit,
            on_select=self._select,
            empty=EMPTY,
            height="460px",
        )
        self.plots = ipywidgets.VBox([self.cell_panel, self.overview.box])
        self.body = ipywidgets.HBox([self.table, self.plots])
        self.body.add_class("efe-rheobase-body")
        for part in (self.body, self.cell_panel, self.overview.box):
            part.add_class(KEEPS_SIZE)
        for part in (self.body, self.cell_panel, self.plot.figure):
            part.add_class(FILLS)
        self.empty = ipywidgets.HTML(tag("div", escape(EMPTY), class_="efe-empty"))
        how = row(self.rule.box, self.choices)
        how.add_class("efe-rheobase-how")
        return [how, self.display_box, self.empty, self.body]

    def _build_choices(self) -> None:
        self.protocols = Ticks()
        self.on(self.protocols, self._choose_protocols)
        self.usual = ipywidgets.Button(
            description="Usual protocols",
            tooltip="Let the protocols decide that are usually made to find the rheobase",
            layout={"width": "auto"},
        )
        self.on_click(self.usual, lambda: self.state.set_rheobase_rule(protocols=[]))
        label = ipywidgets.HTML("Protocols that decide")
        self.choices = ipywidgets.VBox([row(label, self.usual), self.protocols])
        self.choices.add_class("efe-rheobase-choices")
        views = [("One cell", False), ("All cells", True)]
        self.show = ipywidgets.ToggleButtons(options=views, value=self._overview, tooltips=["", ""])
        self.unit = ipywidgets.ToggleButtons(options=list(UNITS), value=self._unit)
        for control, action in ((self.show, self._choose_view), (self.unit, self._choose_unit)):
            control.style.button_width = "auto"
            self.on(control, action)
        self.pictures = Pictures("rheobases", ".efe-rheobase-body", self.csv)
        self.display_box = row(self.show, self.unit, self.pictures)

    def _build_cell(self) -> None:
        self.heading = ipywidgets.HTML()
        self.missing, self.helps = Message(), row()
        self._offered: tuple[str, ...] = ()
        self.plot = CellPlot(self.put, self._open_point, height=300)
        self.by_hand = ipywidgets.Text(
            continuous_update=False,
            placeholder="by the rule",
            style={"description_width": "initial"},
            layout={"width": "260px"},
        )
        self.back = ipywidgets.Button(
            description="Back to the rule",
            tooltip="Let the rule find this cell's rheobase again",
            layout={"width": "auto"},
        )
        self.on(self.by_hand, self._type)
        self.on_click(self.back, lambda: self._type(""))
        handle = self.plot.handle
        self._take = self.later(self._take_drag, 0.08)
        self.on(handle, self._moved, "x")
        handle.on_drag_start(lambda *_: self._drag_starts())
        handle.on_drag_end(lambda *_: self._drag_ends())
        line = row(self.by_hand, self.back)
        self.cell_panel = ipywidgets.VBox([self.heading, self.missing, self.helps, self.plot.figure, line])

    def _columns(self) -> tuple[Column, ...]:
        hint = "Type a current to set it by hand; empty it to let the rule decide"
        return (
            Column("cell", "Cell"),
            Column("value", "Rheobase", "number", editable=True, unit=self._unit, hint=hint, digits=DIGITS),
            Column("reason", "How, or why not"),
            Column("sweep", "Deciding sweep"),
        )

    def csv(self) -> str:
        """Return the points that are drawn as CSV, a row each."""
        factor = UNITS[self._unit]
        columns = (
            "cell",
            "recording",
            f"current_{self._unit}",
            "spikes",
            "excluded",
            f"rheobase_{self._unit}",
        )
        rows = [
            (view.name, hint, float(amp * factor), int(count), "yes" if left else "no", rheobase)
            for view in self.view_data()["views"]
            for rheobase in ["" if view.value is None else view.value * factor]
            for hint, amp, count, left in zip(view.hints, view.amps, view.counts, view.excluded, strict=True)
        ]
        return as_csv(columns, rows)

    # --- from the state

    def view_data(self) -> dict[str, Any]:
        """Return the rule, a row for each cell, and what is drawn of the cell or of the page of cells."""
        state, view = self.state, self.state.view
        self._unit = self._unit if self._own_unit else current_unit(state).name
        cells = [cell.name for cell in state.inputs.measured]
        rule = rule_of(state.inputs)
        cell = view.cell if view.cell in cells else next(iter(cells), None)
        pages = max(1, -(-len(cells) // PER_PAGE))
        if view.cell != self._paged_to and cell is not None:
            self._page = cells.index(cell) // PER_PAGE
        self._paged_to, self._page = view.cell, min(self._page, pages - 1)
        names = cells[self._page * PER_PAGE : (self._page + 1) * PER_PAGE] if self._overview else [cell]
        members = members_of(state.results, rule.protocols)
        return {
            "rule": rule,
            "protocols": protocol_choices(state.inputs, rule),
            "usual": state.inputs.protocols_rheobase is None,
            "rows": table_rows(state, UNITS[self._unit]),
            "cells": cells,
            "cell": cell,
            "views": [
                cell_view(state, name, members.get(name, ()), rule, self._unit, compare=not self._overview)
                for name in names
                if name is not None
            ],
            "selected": view.recordings,
            "page": self._page,
            "pages": pages,
            "absolute": state.inputs.absolute_amplitude,
        }

    def render(self, data: dict[str, Any]) -> None:
        """Put it on the controls."""
        values = data["views"][0].rules if data["views"] and not self._overview else {}
        self.rule.show(self.put, data["rule"], self._unit, values)
        with self.quiet():
            self.protocols.show(data["protocols"])
        self.put(self.usual, disabled=data["usual"])
        self.put(self.unit, value=self._unit)
        there = bool(data["cells"])
        for part, shown in (
            (self.body, there),
            (self.display_box, there),
            (self.empty, not there),
            (self.cell_panel, not self._overview),
            (self.overview.box, self._overview),
        ):
            self.put(part.layout, display=None if shown else "none")
        self.table.set_columns(self._columns())
        self.table.show(data["rows"])
        if data["cell"] is not None and data["cell"] not in self.table.selected:
            self.put(self.table, selected=(data["cell"],))
        of = looks(data["cells"])
        if self._overview:
            self.overview.draw(data["views"], of, self._unit, data["selected"], data["cell"])
            self.overview.say_pages(data["page"], data["pages"], len(data["cells"]))
        elif data["views"]:
            self._show_cell(data["views"][0], of, data["selected"], data["absolute"])

    def _show_cell(
        self, view: CellView, of: dict[str, Any], selected: tuple[str, ...], absolute: bool
    ) -> None:
        if view.name != self._drawn:
            self._take.cancel()
            self._drawn, self._dragging = view.name, False
        value = f"rheobase {current_in_words(view.value, self._unit)}" if view.value else "no rheobase"
        words = f"{value}, {view.reason}{self._told_by(view)}" if view.value else value
        heading = tag("span", escape(view.name), class_="efe-heading")
        self.put(self.heading, value=f"{heading} · {tag('span', escape(words))}")
        self._show_missing(view, absolute)
        self.plot.draw_cell(view, of[view.name], self._unit, selected, self._dragging)
        typed = f"{view.value * UNITS[self._unit]:.10g}" if view.by_hand and view.value else ""
        label = f"Rheobase by hand ({self._unit})"
        self.put(self.by_hand, value=typed, description=label, disabled=absolute)
        self.put(self.back, disabled=self.state.inputs.rheobase_values.get(view.name) is None)

    def _told_by(self, view: CellView) -> str:
        """Say which sweep decided."""
        member = self.state.results.members.get(view.deciding) if view.deciding else None
        return f"; {plain(member.protocol)}, {plain(member.recording.label)} decided" if member else ""

    def _show_missing(self, view: CellView, absolute: bool) -> None:
        """Say why there is no rheobase, and offer protocols that could decide."""
        reason = view.reason or ("" if view.ids else NO_SWEEPS)
        lacks = view.value is None and not absolute and view.reason != NOT_YET
        self.missing.say(f"No rheobase: {reason}" if lacks else "", "warning")
        offered = tuple(could_decide(self.state.results, view.name)) if lacks else ()
        if offered != self._offered:
            self._offered = offered
            actions = [let_decide(name) for name in offered]
            replace(self.helps, [button(action) for action in actions])
            for control, action in zip(self.helps.children, actions, strict=True):
                self.on_click(control, functools.partial(action.do, self.state))
        self.put(self.helps.layout, display=None if offered else "none")

    # --- what a person does: the rule

    def _choose_strategy(self, strategy: str) -> None:
        self.state.set_rheobase_rule(strategy)

    def _choose_setting(self, name: str, text: str) -> None:
        value = typed_setting(name, text, self._unit)
        self.state.set_rheobase_rule(settings=settings_after(rule_of(self.state.inputs), name, value))

    def _choose_protocols(self, chosen: tuple[str, ...]) -> None:
        if not chosen:
            self.refresh()
            raise EfeError("at least one protocol must decide: tick another one first.")
        self.state.set_rheobase_rule(protocols=list(chosen))

    # --- the display

    def _choose_view(self, overview: bool) -> None:
        self._overview = overview
        self.refresh()

    def _choose_unit(self, unit: str) -> None:
        self._unit = unit
        if not self._own_unit:
            self.state.view.current_unit = unit
        self.refresh()

    def _turn(self, by: int) -> None:
        self._page = max(self._page + by, 0)
        self.refresh()

    # --- the selection

    def _select(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            if ids and self.state.view.cell not in ids:
                self.act(self._look_at, ids[-1])

    def _open_cell(self, name: str) -> None:
        with self._guard:
            self._look_at(name)
            self.show.value = False

    def _look_at(self, cell: str) -> None:
        """Show a cell, and the sweep that decided its rheobase or shows it best."""
        members = members_of(self.state.results, rule_of(self.state.inputs).protocols).get(cell, ())
        view = cell_view(self.state, cell, members, rule_of(self.state.inputs), self._unit)
        sweep = telling_sweep(view)
        if sweep is not None:
            look(self.state, sweep)
        else:
            self.state.view.cell, self.state.view.recordings = cell, ()

    def show_deciding(self) -> None:
        """Look at the sweep that decided, unless sweeps of the protocols that decide are looked at already."""
        with self._guard:
            view, members = self.state.view, self.state.results.members
            shown = [members[one] for one in view.recordings if one in members]
            wanted = rule_of(self.state.inputs).protocols
            cells = members_of(self.state.results, wanted)
            cell = view.cell if view.cell in cells else next(iter(cells), None)
            if cell is not None and not (
                shown and all(m.protocol in wanted and m.cell == cell for m in shown)
            ):
                self.act(self._look_at, cell)

    def _open_point(self, identity: str) -> None:
        self.act(self._select_recording, identity)

    def _select_recording(self, identity: str) -> None:
        member = self.state.results.members.get(identity)
        if member is None:
            raise EfeError("this recording is not there any more.")
        self.state.view.cell = member.cell
        self.state.view.recordings = (identity,)

    # --- by hand

    def _type(self, text: str) -> None:
        self._set((self._drawn,) if self._drawn is not None else (), text)

    def _edit(self, ids: tuple[str, ...], column: str, text: Any) -> None:
        with self._guard:
            self._set(ids, str(text))

    def _set(self, cells: tuple[str, ...], text: str) -> None:
        """Set rheobases by hand as typed, or clear them if nothing was: one edit for all cells."""
        inputs = self.state.inputs
        if inputs.absolute_amplitude:
            raise EfeError("targets are in nA, so that no rheobase is needed.")
        value = typed_current(text, UNITS[self._unit]) if text.strip() else None
        if len(cells) == 1 and value is not None:
            self.state.set_rheobase(cells[0], value)
        elif len(cells) == 1:
            self.state.clear_rheobase(cells[0])
        else:
            known = {cell: value for cell in cells if cell in inputs.by_name}
            self.state.commit(
                f"{'clear' if value is None else 'set'} rheobase of {len(known)} cells",
                rheobase_values=inputs.rheobase_values.changed(known),
            )

    def _drag_starts(self) -> None:
        with self._guard:
            self._dragging, self._drag = True, f"drag {next(self._drags)} of a rheobase"

    def _drag_ends(self) -> None:
        with self._guard:
            self._dragging = False  # the last place of the handle may still be on its way
            self._take()

    def _moved(self, x: Any) -> None:
        if len(x):
            self._dragged = round(float(x[0]) / UNITS[self._unit], STEP)
            self._take()

    def _take_drag(self) -> None:
        """Set the rheobase to where the handle is; all steps of one drag are one edit."""
        if self._drawn is None:
            return
        try:
            self.state.set_rheobase(self._drawn, self._dragged, merge=self._drag or None)
        finally:
            if not self._dragging:
                self.refresh()
