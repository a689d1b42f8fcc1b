"""A table of any number of rows, edited in place; what may stand in a cell is decided in the kernel."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from ...engine.problems import EfeError
from .message import failure
from .style import static

logger = logging.getLogger(__name__)

KINDS = ("text", "number", "choice", "check", "button", "colour")

#: The browser's half, in the order in which its parts build on each other; together they are one module
PARTS = ("table_text", "table_store", "table_draw", "table_edit", "table_columns", "table")

#: A row on its way to the browser: id, values in the columns' order, and looks and hints of cells if there are any
Packed = list[Any]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        The key of its values in rows.
    label : str
        Its header.
    kind : {"text", "number", "choice", "check", "button", "colour"}
    editable : bool
    unit : str
        Shown in the header, e.g. "mV".
    hint : str
        Tooltip of the header.
    choices : tuple of str
        Of kind "choice": the only values. Of kind "text" and "number": suggestions.
    width : str
        CSS, e.g. "90px"; by default what the content needs.
    digits : int
        Significant digits of numbers as they are shown; what is edited or copied has all.
    frozen : bool
        Whether it stays in sight when the table is scrolled sideways.
    """

    name: str
    label: str
    kind: str = "text"
    editable: bool = False
    unit: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()
    width: str = ""
    digits: int = 6
    frozen: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"column {self.name!r} is of kind {self.kind!r}, which is none of {', '.join(KINDS)}."
            )


class Table(anywidget.AnyWidget):
    """Rows and columns on the page; only what can be seen is drawn, only what has changed is sent.

    Parameters
    ----------
    columns : sequence of Column
    label : str
        What the table is called by those who can't see it.
    on_edit : callable, optional
        ``on_edit(ids, column, text)`` when a person has edited a cell; `text` is a bool in columns of kind "check".
        `ids` are all selected rows if the edited one is among several of them. Raises EfeError to refuse: what was
        typed then stays in the cell, marked, until the next good edit.
    on_select : callable, optional
        ``on_select(ids)`` when a person has chosen rows.
    on_button : callable, optional
        ``on_button(id, column)``.
    on_paste : callable, optional
        ``on_paste(id, column, matrix)`` when cells were pasted, as rows of texts; `id` is None in an empty table.
    on_open : callable, optional
        ``on_open(id)`` at a double click or Enter where nothing can be typed.
    on_delete : callable, optional
        ``on_delete(ids)`` at Delete in one of the columns `delete_in`; elsewhere it empties the cell.
    delete_in : sequence of str
        Names of columns.
    empty : str
        Shown in the place of rows where there are none.
    height : str
        CSS; the most that the table takes.

    Attributes
    ----------
    selected : tuple of str
        Ids of rows.
    refused : dict or None
        The last edit if it was refused: ``id``, ``column``, ``text`` and ``reason``.
    """

    _esm = static(__file__, *(f"{part}.js" for part in PARTS))
    _css = static(__file__, "table.css")

    label = traitlets.Unicode().tag(sync=True)
    empty = traitlets.Unicode().tag(sync=True)
    height = traitlets.Unicode("320px").tag(sync=True)
    selected = traitlets.Tuple().tag(sync=True)
    opens = traitlets.Bool(False).tag(sync=True)
    deletes = traitlets.Tuple().tag(sync=True)
    refused: Any = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    # What is in these is kept elsewhere: it is asked for whenever a page wants the whole, and else sent in parts
    _columns = traitlets.Any().tag(sync=True, to_json=lambda _, table: table._packed_columns())
    _content = traitlets.Any().tag(sync=True, to_json=lambda _, table: table._packed_content())

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        label: str,
        on_edit: Callable[[tuple[str, ...], str, Any], Any] | None = None,
        on_select: Callable[[tuple[str, ...]], Any] | None = None,
        on_button: Callable[[str, str], Any] | None = None,
        on_paste: Callable[[str | None, str, list[list[str]]], Any] | None = None,
        on_open: Callable[[str], Any] | None = None,
        on_delete: Callable[[tuple[str, ...]], Any] | None = None,
        delete_in: Sequence[str] = (),
        empty: str = "",
        height: str = "320px",
    ):
        self.on_edit, self.on_select, self.on_button, self.on_paste = on_edit, on_select, on_button, on_paste
        self.on_open, self.on_delete = on_open, on_delete
        self._lock = threading.RLock()
        self._version = 0
        self._listens = False
        self._rows: tuple[Mapping[str, Any], ...] = ()
        self._packed: dict[str, Packed] = {}
        self._shown_columns = _checked(columns)
        super().__init__(
            label=label,
            empty=empty,
            height=height,
            opens=on_open is not None,
            deletes=tuple(delete_in) if on_delete is not None else (),
        )
        self.add_class("efe-table-box")
        self.on_msg(self._told)

    # --- to the screen

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns; see `set_columns`."""
        return self._shown_columns

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """The rows that were shown last."""
        return self._rows

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these rows; what differs from those shown before is sent.

        Parameters
        ----------
        rows : sequence of mappings
            ``{"id": str, <column's name>: str | float | int | bool | None}``; with ``"_class": {column: CSS classes}``
            and ``"_hint": {column: tooltip}`` where cells have any. A row that was shown before isn't looked at again.
        """
        with self._lock:
            same = dict(zip(map(id, self._rows), self._packed.values(), strict=True))
            packed = {row["id"]: same.get(id(row)) or _pack(row, self._shown_columns) for row in rows}
            if len(packed) != len(rows):
                raise ValueError("two rows of a table have the same id.")
            before, self._packed = self._packed, packed
            self._rows = tuple(rows)
            patch = difference(before, packed)
            if patch is not None:
                self._version += 1
                self._send_patch(patch)
            if not packed.keys() >= set(self.selected):
                self.selected = tuple(row_id for row_id in self.selected if row_id in packed)
            if self.refused is not None and self.refused["id"] not in {None, *packed}:
                self.refused = None

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns, or the same with other choices."""
        with self._lock:
            columns = _checked(columns)
            if columns == self._shown_columns:
                return
            self._shown_columns = columns
            self._packed = {row["id"]: _pack(row, columns) for row in self._rows}
            self._version += 1
            self.send_state(["_columns", "_content"])

    def _packed_columns(self) -> list[dict[str, Any]]:
        return [asdict(column) for column in self._shown_columns]

    def _packed_content(self) -> dict[str, Any]:
        return {"version": self._version, "rows": list(self._packed.values())}

    def _send_patch(self, patch: dict[str, Any]) -> None:
        # A message of one's own is lost until the page has loaded the table's code; a state is not
        if self._listens:
            self.send({"kind": "patch", "from": self._version - 1, "to": self._version, **patch})
        else:
            self.send_state("_content")

    def _catch_up(self, version: int) -> None:
        """Send all to a page that has missed something."""
        with self._lock:
            self._listens = True
            if version != self._version:
                self.send_state(["_columns", "_content"])

    # --- what a person does, by mouse, by key or from Python

    def edit(self, row_id: str, column: str, text: Any) -> bool:
        """Do what typing into a cell does, in all selected rows if it is in one of several; whether it was taken."""
        ids = self.selected if row_id in self.selected else (row_id,)
        return self._edit(ids, row_id, column, text)

    def press(self, row_id: str, column: str) -> bool:
        """Do what a click on a cell's button does."""
        return self._call(self.on_button, row_id, column, at={"id": row_id, "column": column})

    def open_row(self, row_id: str) -> bool:
        """Do what a double click on a row does."""
        return self._call(self.on_open, row_id, at={"id": row_id})

    def delete_rows(self, ids: Sequence[str]) -> bool:
        """Do what the key Delete does with rows."""
        known = tuple(one for one in self._packed if one in set(ids))
        return self._call(self.on_delete, known) if known else False

    def paste(self, row_id: str | None, column: str, matrix: Sequence[Sequence[str]]) -> bool:
        """Do what pasting cells of a spreadsheet does; a table without `on_paste` takes one cell."""
        texts = [[str(text) for text in line] for line in matrix]
        if self.on_paste is None:
            if row_id is None or [len(line) for line in texts] != [1]:
                return self._refuse("only one cell can be pasted here.")
            return self.edit(row_id, column, texts[0][0])
        return self._call(self.on_paste, row_id, column, texts)

    @property
    def _choice(self) -> Any:
        """What a person has chosen."""
        return self.selected

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser says."""
        before = self._choice
        super().set_state(sync_data)
        if self._choice != before:
            refused = self.refused
            if self._call(self.on_select, self.selected):
                self.refused = refused  # to look elsewhere does not mend what was typed

    def _edit(self, ids: Sequence[str], row_id: str, column: str, text: Any) -> bool:
        wanted = set(ids)
        known = tuple(one for one in self._packed if one in wanted)
        if not known:
            return self._refuse("this row is not there any more.")
        at = {"id": row_id, "column": column, "text": text}
        return self._call(self.on_edit, known, column, text, at=at)

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("kind")
        try:
            if kind == "ready":
                self._catch_up(content["version"])
            elif kind == "edit":
                self._edit(content["ids"], content["id"], content["column"], content["text"])
            elif kind == "button":
                self.press(content["id"], content["column"])
            elif kind == "open":
                self.open_row(content["id"])
            elif kind == "delete":
                self.delete_rows(content["ids"])
            elif kind == "paste":
                self.paste(content["id"], content["column"], content["matrix"])
        finally:
            if "number" in content:
                self.send({"kind": "done", "number": content["number"]})

    def _call(self, action: Callable[..., Any] | None, *args: Any, at: dict[str, Any] | None = None) -> bool:
        """Do an action and say below the table, or at a cell, why it could not be done."""
        try:
            if action is not None:
                action(*args)
        except EfeError as error:
            return self._refuse(str(error), at)
        except Exception as error:
            logger.exception("an action on a table failed")
            return self._refuse(failure(error), at)
        self.refused = None
        return True

    def _refuse(self, reason: str, at: dict[str, Any] | None = None) -> bool:
        self.refused = {"id": None, "column": None, "text": None, **(at or {}), "reason": reason}
        return False

    def close(self) -> None:
        """Leave the page."""
        if self.comm is not None:
            self.layout.close()
        super().close()


def difference(before: dict[str, Packed], now: dict[str, Packed]) -> dict[str, Any] | None:
    """Return what makes rows that were shown those to be shown: new and changed rows, and a splice of the ids' order.

    The splice ``[start, number, ids]`` puts `ids` in the place of `number` ids from `start` on; rows that are then
    named nowhere are gone. None if nothing differs.
    """
    rows = [row for row_id, row in now.items() if before.get(row_id) != row]
    old, new = list(before), list(now)
    if old == new:
        return {"rows": rows, "splice": None} if rows else None
    start = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    tails = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
    same = next((i for i, (a, b) in enumerate(tails) if a != b), min(len(old), len(new)) - start)
    return {"rows": rows, "splice": [start, len(old) - same - start, new[start : len(new) - same]]}


def _checked(columns: Sequence[Column]) -> tuple[Column, ...]:
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ValueError(f"two columns of a table have the same name: {', '.join(names)}.")
    return tuple(columns)


def _pack(row: Mapping[str, Any], columns: Sequence[Column]) -> Packed:
    looks, hints = row.get("_class"), row.get("_hint")
    more = None
    if looks or hints:
        more = {
            "look": dict(looks or {}),
            "hint": {name: _sent(text) for name, text in (hints or {}).items()},
        }
    return [row["id"], [_sent(row.get(column.name)) for column in columns], more]


def _sent(value: Any) -> Any:
    """Return a value as JSON can hold it: no NaN, no numpy scalars, no halves of characters."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if kind is float:
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if value is None or kind is bool or kind is int:
        return value
    return _sent(value.item()) if hasattr(value, "item") else _sent(str(value))
