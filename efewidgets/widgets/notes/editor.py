"""Tags and a note of what is looked at: the cell, and the sweeps that are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import ipywidgets

from ...engine.problems import EfeError
from ...engine.stages.notes import NOTE, tag_in_words
from ...state import ExtractionState
from ..actions.walk import chosen as chosen_of
from ..actions.walk import shown
from ..parts.base import StateWidget
from ..parts.chips import Chips
from ..parts.html import escape, plain, tag
from .choices import TagChoices, place


@dataclass(frozen=True)
class Noted:
    """What is noted of something.

    Parameters
    ----------
    name : str
        What it is called: "cell RS1", "sweep", "3 sweeps".
    names : tuple of str
        Cells, or ids of recordings; none if nothing is looked at.
    tags : dict
        Those that all of them have.
    note : str or None
        None if they haven't the same.
    """

    name: str
    names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str | None = ""


def noted(name: str, names: Iterable[str], notes: Mapping[str, Mapping[str, str]]) -> Noted:
    """Return what is noted of some cells or recordings together."""
    listed = tuple(names)
    told = [notes.get(one, {}) for one in listed]
    first, *others = told or [{}]
    tags = {
        key: value
        for key, value in first.items()
        if key != NOTE and all(one.get(key) == value for one in others)
    }
    texts = {one.get(NOTE, "") for one in told}
    return Noted(name, listed, tags, next(iter(texts), "") if len(texts) < 2 else None)


class NoteRow(ipywidgets.HBox):
    """Tags as chips that a click takes away, a box that gives another, and a note.

    Parameters
    ----------
    noun : str
        "cell" or "sweep".
    tell : callable
        ``tell(**told)`` notes something of what is shown, None takes it away; see the state's `describe`.

    Attributes
    ----------
    what : ipywidgets.HTML
    chips : Chips
    add : ipywidgets.Combobox
        Takes a tag as "genotype: WT", or "checked".
    note : ipywidgets.Text
    """

    def __init__(self, noun: str, tell: Callable[..., Any]):
        self._tell = tell
        self.what = ipywidgets.HTML()
        self.chips = Chips(f"tags of the {noun}", self._remove)
        self.add = ipywidgets.Combobox(
            description=f"tag the {noun}",
            placeholder="tag: value",
            continuous_update=False,
            tooltip=f'a tag of the {noun}, such as "genotype: WT", or "checked"',
            layout={"width": "130px"},
        )
        self.note = ipywidgets.Text(
            description=f"note on the {noun}",
            placeholder="note",
            continuous_update=False,
            tooltip=f"a note on the {noun}, in your own words",
            layout={"width": "auto", "flex": "1 1 140px", "min_width": "120px"},
        )
        super().__init__([self.what, self.chips, self.add, self.note])
        self.add_class("efe-note-row")
        self._tags: dict[str, str] = {}

    def show(self, put: Callable[..., None], found: Noted, proposals: Sequence[str]) -> None:
        """Show what is noted."""
        self._tags = {plain(tag_in_words(key, value)): key for key, value in found.tags.items()}
        put(self.layout, display=None if found.names else "none")
        put(self.what, value=tag("span", escape(found.name), class_="efe-faint", title=plain(found.name)))
        put(self.chips, names=tuple(self._tags))
        put(self.add, options=tuple(proposals))
        put(
            self.note,
            value=found.note or "",
            placeholder="note" if found.note is not None else "several notes",
        )

    def _remove(self, said: str) -> None:
        self._tell(**{self._tags[said]: None})


class NotesEditor(StateWidget):
    """What is noted of the cell and of the sweeps that are looked at: tags such as "genotype: WT", and a few words.

    The same by hand: ``state.describe_cells("RS1", genotype="WT", note="…")``, ``state.describe(["f1/sweep 1"],
    drug="TTX")``; None takes a tag or a note away.

    Parameters
    ----------
    state : ExtractionState
    choices : TagChoices, optional
        Tags that are proposed; by default those that are remembered on this machine.

    Attributes
    ----------
    cell, sweeps : NoteRow
    """

    watches: ClassVar[Sequence[str]] = ("revision",)
    watches_view: ClassVar[Sequence[str]] = ("recordings", "cell", "protocol")

    def __init__(self, state: ExtractionState, *, choices: TagChoices | None = None):
        self.choices = choices or TagChoices(place())
        self._found = Noted("cell"), Noted("sweep")
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make a row for the cell and one for the sweeps."""
        self.cell = NoteRow("cell", lambda **told: self.act(self._tell, 0, **told))
        self.sweeps = NoteRow("sweep", lambda **told: self.act(self._tell, 1, **told))
        for at, line in enumerate((self.cell, self.sweeps)):
            self.on(line.add, partial(self._typed, at, line))
            self.on(line.note, partial(self._note, at))
        return [self.cell, self.sweeps]

    def view_data(self) -> tuple[Noted, Noted, tuple[str, ...]]:
        """Return what is noted of the cell and of the sweeps, and the tags that are proposed."""
        inputs, view, members = self.state.inputs, self.state.view, self.state.results.members
        chosen = chosen_of(self.state)
        cells = dict.fromkeys(members[one].cell for one in chosen or shown(self.state)) or [view.cell]
        there = [name for name in cells if name in inputs.by_name]
        name = f"cell {there[0]}" if len(there) == 1 else f"{len(there)} cells"
        of_sweeps = "sweep" if len(chosen) == 1 else f"{len(chosen):,} sweeps"
        return (
            noted(name, there, inputs.cell_notes),
            noted(of_sweeps, chosen, inputs.recording_notes),
            self.choices.proposals(inputs),
        )

    def render(self, data: tuple[Noted, Noted, tuple[str, ...]]) -> None:
        """Put it on the rows."""
        self._found = data[:2]
        for line, found in zip((self.cell, self.sweeps), self._found, strict=True):
            line.show(self.put, found, data[2])

    def _typed(self, at: int, line: NoteRow, text: str) -> None:
        """Give a tag; one that can't be stays in its box, with the reason below."""
        if self.choices.give(text, partial(self._tell, at)):
            self.put(line.add, value="")

    def _note(self, at: int, text: str) -> None:
        self._tell(at, note=text)

    def _tell(self, at: int, **told: Any) -> None:
        names = self._found[at].names
        if not names:
            raise EfeError("no recording is chosen.")
        (self.state.describe if at else self.state.describe_cells)(names, **told)
