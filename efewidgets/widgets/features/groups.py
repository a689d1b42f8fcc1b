"""What points are told apart by: their cells, or a tag such as the genotype; and the averages of each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.stages.notes import in_order, tag_keys, tags_of
from ...state.results.members import Member
from ...state.results.noted import CELL, WITHOUT, grouped_table
from ..parts.html import plain
from ..parts.table import Column

if TYPE_CHECKING:
    import pandas as pd

    from ...state.results.results import Results

#: The column of tables in which the group stands; no tag can be called so
GROUP = "group:"


#: Columns and rows of a table
Averages = tuple[tuple[Column, ...], list[dict[str, Any]]]


@dataclass(frozen=True)
class Grouping:
    """By what points are told apart.

    Parameters
    ----------
    results : Results
    by : str
        Name of a tag; "cell" if there is none of that name.
    """

    results: Results
    by: str = CELL

    @property
    def by_cell(self) -> bool:
        """Whether each cell is a group."""
        return self.by == CELL

    def of(self, member: Member) -> str:
        """Return the group of a recording, as it is called; a model is one by itself."""
        cell = self.results.inputs.by_name.get(member.cell)
        if self.by_cell or (cell is not None and cell.model):
            return member.cell
        return tags_of(self.results.inputs, member.cell, member.id).get(self.by, self.without)

    @property
    def without(self) -> str:
        """What those without the tag are called."""
        return f"no {self.by}"

    def names(self) -> list[str]:
        """Return all groups in their order: cells as they come, values of a tag as people sort them."""
        inputs = self.results.inputs
        if self.by_cell:
            return [cell.name for cell in inputs.cells]
        told = (*inputs.cell_notes.values(), *inputs.recording_notes.values())
        models = (cell.name for cell in inputs.cells if cell.model)
        return [*in_order(one[self.by] for one in told if self.by in one), self.without, *models]

    def added_to(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of recordings with the group of each."""
        if self.by_cell:
            return table.assign(**{GROUP: table["cell"]})
        members = self.results.members
        of_each = {one: self.of(members[one]) for one in dict.fromkeys(table["recording"].tolist())}
        return table.assign(**{GROUP: [of_each[one] for one in table["recording"].tolist()]})


def offered(results: Results) -> tuple[tuple[str, str], ...]:
    """Return by what points can be told apart, as options of a choice."""
    return (("cell", CELL), *((plain(key), key) for key in tag_keys(results.inputs) if key != CELL))


def grouped(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with groups; by cell if nothing was said of them."""
    return table if GROUP in table.columns else table.assign(**{GROUP: table["cell"]})


def averages(results: Results, by: str, targets: Iterable[str]) -> Averages:
    """Return columns and rows of a table: a row for each target, with n and mean ± std of each group."""
    wanted = list(targets)
    table = grouped_table(results.inputs, results.target_statistics, results.feature_table, by, wanted)
    names = [name for name in in_order(table["group"]) if name != WITHOUT]
    names += [WITHOUT] if WITHOUT in set(table["group"]) else []
    unit = "nA" if results.inputs.absolute_amplitude else "%"
    rows: dict[str, dict[str, Any]] = {}
    for one in table.to_dict("records"):
        row = rows.setdefault(
            one["target"],
            {
                "id": one["target"],
                "protocol": plain(one["protocol"]),
                "amplitude": float(one["amplitude"]),
                "feature": plain(one["feature"]),
                "unit": one["unit"],
                **dict.fromkeys(f"{kind}:{k}" for kind in ("mean", "std", "n") for k in range(len(names))),
            },
        )
        k = names.index(one["group"])
        row[f"n:{k}"] = int(one["n"])
        if one["n"]:
            row[f"mean:{k}"], row[f"std:{k}"] = float(one["mean"]), float(one["std"])
    return _columns(names, by, unit), [rows[target] for target in wanted if target in rows]


def _columns(names: Sequence[str], by: str, unit: str) -> tuple[Column, ...]:
    found = [
        Column("protocol", "Protocol", frozen=True),
        Column("amplitude", "Amplitude", "number", unit=unit),
        Column("feature", "Feature", frozen=True),
        Column("unit", "Unit"),
    ]
    for k, name in enumerate(names):
        called = plain(name) or f"no {plain(by)}"
        found += [
            Column(f"mean:{k}", called, "number", digits=4, hint=f"Mean of {called}"),
            Column(f"std:{k}", "± std", "number", digits=3, hint=f"Standard deviation of {called}"),
            Column(f"n:{k}", "n", "number", hint=f"Recordings of {called} that give a value"),
        ]
    return tuple(found)
