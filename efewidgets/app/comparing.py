"""What differs between the session and another one, as a table and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ipywidgets

from ..engine.problems import EfeError
from ..state import ExtractionState, Results
from ..state.results.comparing import Average, Difference, as_csv, compare, in_words
from ..widgets.parts.base import StateWidget
from ..widgets.parts.beside import Beside, NotYetError
from ..widgets.parts.download import Download
from ..widgets.parts.html import plain
from ..widgets.parts.message import Message
from ..widgets.parts.style import row
from ..widgets.parts.table import Column, Table
from .steps import count

COLUMNS = (
    Column("about", "About", width="100px"),
    Column("item", "Of what"),
    Column("what", "What"),
    Column("first", "This session"),
    Column("second", "The other one"),
    Column("apart", "Apart", "number", unit="std", digits=3, hint="In standard deviations of this session"),
)

#: Loads another session by what it was chosen by
Load = Callable[[str], ExtractionState]


class ComparePanel(StateWidget):
    """Compares the session with another one: recordings, exclusions, timings, targets, settings, rheobases, values.

    The same by hand: ``state.results.compared_with(ExtractionState.load("other.json").results)``, or
    ``efewidgets compare this.json other.json``.

    Parameters
    ----------
    state : ExtractionState
    load : callable
        Returns the state of another session, by its name; raises EfeError if it can't be used.

    Attributes
    ----------
    other : ipywidgets.Dropdown
    compares : ipywidgets.Button
    told : Message
    table : Table
    csv : Download
    found : list of Difference
        Of the last comparison.
    """

    watches = ()

    def __init__(self, state: ExtractionState, load: Load):
        self._load = load
        self._beside = Beside(self._came)
        self._asked: tuple[str, Results] | None = None
        self.found: list[Difference] = []
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the choice, the button and the table."""
        self.other = ipywidgets.Dropdown(
            description="Compare with",
            style={"description_width": "initial"},
            layout={"width": "auto", "flex": "1 1 280px"},
        )
        self.compares = ipywidgets.Button(
            description="Compare",
            tooltip="say what differs between this session and that one; nothing is changed",
            layout={"width": "auto"},
        )
        self.csv = Download("Differences (CSV)", "differences.csv", self.text, kind="text/csv")
        self.told = Message()
        self.table = Table(COLUMNS, label="what differs between the two sessions", height="360px")
        self.on_click(self.compares, self.compare)
        return [row(self.other, self.compares, self.csv), self.told, self.table]

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Offer other sessions: what each is called, and by what it is loaded."""
        taken: dict[str, int] = {}
        listed = []
        for title, name in options:
            taken[title] = taken.get(title, 0) + 1
            listed.append((title if taken[title] == 1 else f"{title} ({taken[title]})", name))
        chosen = self.other.value if self.other.value in [name for _, name in listed] else None
        first = listed[0][1] if listed else None
        self.put(self.other, options=tuple(listed), value=chosen or first)
        self.put(self.layout, display=None if listed else "none")

    def view_data(self) -> list[Difference]:
        """Return what differs."""
        return self.found

    def render(self, data: list[Difference]) -> None:
        """Put it into the table, if there is something."""
        self.table.show([_row(k, one) for k, one in enumerate(data)])
        for control in (self.table, self.csv):
            self.put(control.layout, display=None if data else "none")
        (self.add_class if data else self.remove_class)("efe-compared")  # it needs room

    def compare(self) -> None:
        """Compare with the session that is chosen; one that takes long appears when it is computed.

        Raises
        ------
        EfeError
            If it can't be used.
        """
        name = self.other.value
        if name is None:
            raise EfeError("there is no other session to compare with.")
        self._asked = name, self.state.results
        self._look()

    def _look(self) -> None:
        assert self._asked is not None
        name, results = self._asked
        self._beside.keep(["differences"])
        try:
            self.found = self._beside.get(
                "differences",
                (name, results),
                partial(_compared, results, self._load, name),
                "the other session",
            )
        except NotYetError:
            self.found = []
            self.told.say("The other session is being computed; what differs appears here.", "note")
            self.refresh()
            return
        except EfeError:
            self._forget()
            raise
        self._forget()
        self.told.say(
            f"{count(len(self.found), 'difference')}." if self.found else "Nothing differs.", "note"
        )
        self.refresh()

    def _forget(self) -> None:
        """Compare anew the next time."""
        self._asked = None
        self._beside.keep(())

    def _came(self) -> None:
        if self._asked is not None:
            self.told.clear()
            self.act(self._look)

    def text(self) -> str:
        """Return the differences as CSV."""
        return as_csv(self.found)

    def leave(self) -> None:
        """Compute no more."""
        self._beside.close()


def _compared(results: Results, load: Load, name: str) -> list[Difference]:
    with load(name) as other:
        if not other.inputs.cells:
            raise EfeError("there are no recordings in the other session.")
        return compare(results, other.results)


def _row(k: int, one: Difference) -> dict[str, Any]:
    return {
        "id": str(k),
        "about": one.about,
        "item": plain(one.item),
        "what": plain(one.what),
        "first": _said(one.first),
        "second": _said(one.second),
        "apart": one.in_std,
    }


def _said(value: Any) -> str:
    return str(value) if isinstance(value, Average) else plain(in_words(value))
