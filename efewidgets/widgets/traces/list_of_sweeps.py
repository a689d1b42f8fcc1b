"""The list of sweeps beside the traces: what can be shown, in which colour, what is, and what was decided of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...state.results.currents import CurrentUnit
from ..actions.listing import ACQUIRED, EXCLUDED, TO_CHECK
from ..parts.table import Column
from ..parts.table_list import ListTable
from .words import Row

HOLDING = "Amplitude of the stimulus, counted from the holding current."


class SweepList(ListTable):
    """The sweeps that can be shown, of which several can be chosen.

    Parameters
    ----------
    choose : callable
        Is called when a person has chosen sweeps (`selected`), or which of them stands for all (`active`).
    arrange : callable
        ``arrange(order, filters)`` when a person asks for another order or for other sweeps; see `View`.
    """

    def __init__(
        self, choose: Callable[[], Any], arrange: Callable[[str, dict[str, str]], Any], **options: Any
    ):
        self._made: dict[str, tuple[Row, Mapping[str, Any]]] = {}
        super().__init__(
            (),
            label="sweeps",
            on_select=lambda ids: choose(),
            on_arrange=lambda sort, filters: arrange(order_of(sort), filters),
            height="max(260px, 62vh)",
            **options,
        )

    def show_sweeps(self, rows: Sequence[Row], unit: CurrentUnit) -> None:
        """Show other sweeps, or something else about them."""
        made = {row.id: self._made.get(row.id, (None, None)) for row in rows}
        self._made = {
            row.id: (row, packed if packed is not None and row == before else _packed(row))
            for row, (before, packed) in zip(rows, made.values(), strict=True)
        }
        self.set_columns(columns(rows, unit))
        self.show([packed for _, packed in self._made.values()])


def order_of(sort: Mapping[str, Any] | None) -> str:
    """Return what a table calls its order as a view does; without one it is that of acquisition."""
    if sort is None:
        return ACQUIRED
    return f"-{sort['name']}" if sort["down"] else str(sort["name"])


def sort_of(order: str) -> dict[str, Any]:
    """Return an order of a view as a table takes it."""
    return {"name": order.removeprefix("-"), "down": order.startswith("-")}


def columns(rows: Iterable[Row], unit: CurrentUnit) -> tuple[Column, ...]:
    """Return the columns in which something stands."""
    rows = tuple(rows)
    currents = any(not isinstance(row.amplitude, str) for row in rows)  # of trains of pulses they are times
    found = [
        Column("colour", "", "colour", hint="Colour of the trace", width="22px", frozen=True),
        Column(ACQUIRED, "#", "number", hint="Order of acquisition", width="36px", frozen=True),
        Column(
            "amplitude", "Amp.", "number", unit=unit.name * currents, hint=HOLDING, width="80px", digits=3
        ),
    ]
    if any(row.relative is not None for row in rows):
        hint = "Amplitude in % of the cell's rheobase; both are counted from the holding current."
        found.append(Column("relative", "%", "number", hint=hint, width="56px", digits=3))
    found += [
        Column("spikes", "Spikes", "number", hint="How many spikes were found", width="72px"),
        Column("state", "State", hint="What was decided of it, or is to be checked", width="92px"),
    ]
    if any(row.tags for row in rows):
        found.append(Column("tags", "Tags", hint="Tags of the sweep and of its cell"))
    if len({row.file for row in rows}) > 1:
        found.append(Column("file", "File"))
    return (*found, Column("sweep", "Name", hint="What the file calls it"))


def _packed(row: Row) -> dict[str, Any]:
    names = (*("colour", ACQUIRED, "amplitude", "relative", "spikes", "state", "tags", "file"), "sweep")
    found: dict[str, Any] = {
        "id": row.id,
        "colour": row.colour,
        ACQUIRED: row.number,
        "amplitude": row.amplitude,
        "relative": row.relative,
        "spikes": row.spikes,
        "state": row.state,
        "tags": row.tags,
        "file": row.file,
        "sweep": row.detail,
        "_hint": dict.fromkeys(names, row.hint),
    }
    if row.faint:
        found["_class"] = dict.fromkeys(names, "efe-faint")
    if row.state.startswith(TO_CHECK):
        found.setdefault("_class", {})["state"] = "efe-warn"
    elif row.state.startswith(EXCLUDED):
        found["_class"]["state"] = "efe-faint efe-strong"
    return found
