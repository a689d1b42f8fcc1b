"""Choosing features of eFEL: by group, by words of their names and descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets
import traitlets

from ...engine.features.catalogue import GROUPS, catalogue
from ...engine.features.efel_features import check_feature
from ..parts.chips import Chips
from ..parts.style import row
from ..parts.table import Column, Table

ALL = "all groups"

COLUMNS = (
    Column("chosen", "✓", "check", True, hint="Chosen.", width="44px"),
    Column("name", "feature", width="220px"),
    Column("unit", "unit", width="50px"),
    Column("group", "group", width="105px"),
    Column("description", "what it is", width="480px"),
)


def found_features(words: str = "", group: str = ALL) -> list[dict[str, Any]]:
    """Return the features of a group whose name or description holds all of some words.

    Parameters
    ----------
    words : str
        With spaces between them; parts of words will do, in whatever case.
    group : str
        One of `GROUPS`, or `ALL`.

    Returns
    -------
    list of dict
        ``name``, ``unit``, ``group``, ``description``; those whose name begins so come first, those that other features
        use, or that have a newer name, last.
    """
    begins = "_".join(words.lower().split())
    wanted = words.lower().replace("_", " ").split()
    found = [
        info
        for info in catalogue()
        if group in (ALL, info.group)
        and all(word in f"{info.name} {info.description}".lower().replace("_", " ") for word in wanted)
    ]
    found.sort(
        key=lambda info: (
            not (begins and info.name.lower().startswith(begins)),
            info.name.lower() != begins,
            info.deprecated or info.position,
        )
    )
    return [
        {"name": i.name, "unit": i.unit or "–", "group": i.group, "description": i.description} for i in found
    ]


class FeaturePicker(ipywidgets.VBox):
    """A list of features to choose from.

    Attributes
    ----------
    chosen : tuple of str
        Names of the features, in the order in which they were chosen.
    search, group : ipywidgets.Text, ipywidgets.Dropdown
    table : Table
    chips : Chips
        The chosen ones by their names; a click on one takes it away.
    clear : ipywidgets.Button
    """

    chosen = traitlets.Tuple()

    def __init__(self, chosen: Iterable[str] = (), height: str = "230px") -> None:
        self.search = ipywidgets.Text(
            description="Search", placeholder="name or words, such as width", continuous_update=True
        )
        self.group = ipywidgets.Dropdown(description="Group", options=[ALL, *self.groups()])
        self.clear = ipywidgets.Button(description="Clear", tooltip="choose no feature")
        self.count = ipywidgets.HTML()
        self.table = Table(
            COLUMNS,
            label="features of eFEL",
            on_edit=self._tick,
            empty="No feature has these words in its name or description. Try other words, or all groups.",
            height=height,
        )
        line = row(self.search, self.group, self.count, self.clear)
        self.chips = Chips("chosen features", lambda name: self._tick((name,), "chosen", False))
        super().__init__([line, self.chips, self.table])
        self.add_class("efe-feature-picker")
        self.search.observe(self._draw, "value")
        self.group.observe(self._draw, "value")
        self.clear.on_click(lambda _: self.choose(()))
        self.observe(self._draw, "chosen")
        self.chosen = tuple(chosen)
        self._draw()

    @staticmethod
    def groups() -> list[str]:
        """Return the groups that have features."""
        there = {info.group for info in catalogue()}
        return [group for group in GROUPS if group in there]

    def choose(self, names: Iterable[str]) -> None:
        """Choose these features, and no others; EfeError if eFEL has one not."""
        found = tuple(dict.fromkeys(names))
        for name in found:
            check_feature(name)
        self.chosen = found

    def _tick(self, ids: tuple[str, ...], column: str, ticked: bool) -> None:
        left = [name for name in self.chosen if name not in ids]
        self.chosen = tuple(left + list(ids)) if ticked else tuple(left)

    def view_data(self) -> list[dict[str, Any]]:
        """Return the rows that are shown."""
        found = found_features(self.search.value, self.group.value)
        return [
            row
            | {"id": row["name"], "chosen": row["name"] in self.chosen}
            | {"_hint": {"name": row["description"], "description": row["description"]}}
            for row in found
        ]

    def _draw(self, change: Any = None) -> None:
        self.table.show(self.view_data())
        self.chips.names = self.chosen
        number = len(self.chosen)
        self.clear.disabled = not number
        words = "1 feature" if number == 1 else f"{number} features"
        self.count.value = f'<span role="status">{words} chosen</span>'
