"""A table to choose from: the arrow keys choose rows, and the kernel, which knows all of them, sorts and filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from ...engine.figures.style import number
from .table import Column, Table

#: A limit that a person asks for; numbers are compared with it, in texts it is looked for
_THAN = re.compile(r"\s*([<>]=?|=)\s*([-−+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*", re.IGNORECASE)


class ListTable(Table):
    """Rows of which some are chosen, and one of these stands for all.

    Keys that aren't its own are left to the page. Rows come from the kernel as they are to be shown: in the order of
    `sort`, and without those that don't fit the `filters`.

    Parameters
    ----------
    columns : sequence of Column
    on_arrange : callable
        ``on_arrange(sort, filters)`` when a person asks for another order or for other rows.
    **options
        As of `Table`; ``on_select`` is called when another row stands for all, too.

    Attributes
    ----------
    active : str
        Id of the row that stands for all that are chosen.
    sort : dict or None
        ``name`` of a column and ``down``, whether it begins with the largest.
    filters : dict of str
        What is asked for, by the columns' names; see `asked`.
    total : int
        How many rows there are without filters.
    """

    lists = traitlets.Bool(True).tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)
    sort: Any = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    filters = traitlets.Dict().tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        on_arrange: Callable[[dict[str, Any] | None, dict[str, str]], Any],
        **options: Any,
    ):
        self.on_arrange = on_arrange
        super().__init__(columns, **options)

    @property
    def _choice(self) -> Any:
        return self.selected, self.active

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser says."""
        before = self.sort, self.filters
        super().set_state(sync_data)
        if (self.sort, self.filters) != before:
            self._call(self.on_arrange, self.sort, _texts(self.filters))


def _texts(filters: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, text in filters.items() if isinstance(text, str) and text.strip()}


def asked(value: float | str | None, text: str) -> bool:
    """Whether a value is one that a person asks for: above or below a limit ("> 5"), else with the text in it."""
    than = _THAN.fullmatch(text)
    if than and isinstance(value, (int, float)):
        limit = float(than[2].replace("−", "-"))
        return {
            "<": value < limit,
            ">": value > limit,
            "<=": value <= limit,
            ">=": value >= limit,
            "=": value == limit,
        }[than[1]]
    said = "" if value is None else value if isinstance(value, str) else number(value)
    return text.strip().casefold() in said.casefold()
