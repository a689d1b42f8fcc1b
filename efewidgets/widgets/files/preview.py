"""The part of `FileSelector` that shows what chosen files would become, before they are added."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from ...engine.files.guessing import Proposal, as_metadata
from ...engine.problems import EfeError
from ..parts.base import StateWidget
from ..parts.html import escape, plain
from ..parts.in_sight import InSight
from ..parts.message import Message
from ..parts.style import FILLS, row
from ..parts.table import Column, Table
from .details import Described, details_button
from .groups import Groups
from .lab_names import LabNames
from .looker import Looker
from .proposing import Key, Proposing, known_in
from .rows import count_files, counted, files_in_words, proposal_row, summary_words

PREVIEW = "preview"
#: What waits where no cell or no protocol is known
NOT_YET = "Say cells and protocols"
_LOOKING = "Looking into {}…"
EACH_FILE = (
    ' <span class="efe-hint">Each file holds many sweeps, and no name says a protocol: each is taken for a cell of its '
    "own. A pattern such as {cell}/* puts those of a folder together.</span>"
)
COLUMNS = (
    Column("file", "File"),
    Column(
        "channels",
        "Channels",
        hint="The voltage channel of the cell, and the channel or output of its current",
    ),
    Column("cell", "Cell", editable=True, hint="Edit one, or many selected rows at once"),
    Column(
        "protocol",
        "Protocol",
        editable=True,
        hint="Edit one, or many selected rows at once; the sweeps stay those that the file calls by its own name",
    ),
    Column("ecode", "Stimulus", hint="The family of stimuli that the protocol's name tells"),
    Column("found", "Found in"),
    Column("problems", "Remarks"),
)
HINT = (
    "{cell}/{protocol}_* reads the folder as the cell and the name up to _ as the protocol. {date} and {number} stand "
    "for digits, {any} and * for anything. After re: a regular expression with (?P<cell>…) and (?P<protocol>…)."
)


class Preview:
    """Files that were chosen, their cells and protocols by a pattern, and what a person says otherwise.

    Parameters
    ----------
    owner : StateWidget
    looker : Looker
    named : callable
        Returns the path that patterns are held against.
    lab : LabNames
        What a lab calls protocols.
    follow : callable
        Called when rows are selected, with "preview", or are others than before, with "".
    waits : callable
        Called with what waits to be added, in words.
    """

    def __init__(
        self,
        owner: StateWidget,
        looker: Looker,
        named: Callable[[str], str],
        lab: LabNames,
        follow: Callable[[str], Any] = lambda about: None,
        waits: Callable[[str], Any] = lambda words: None,
    ):
        self.owner, self.looker, self.named, self.lab = owner, looker, named, lab
        self.chosen = Proposing(looker, named, lab)
        self.proposals: list[Proposal] = []
        self.there: list[bool] = []
        self._follow, self._waits = follow, waits
        self.message = Message()
        self.heading = ipywidgets.HTML()
        self.pattern = ipywidgets.Text(
            description="Pattern", tooltip=HINT, layout={"width": "auto", "flex": "1 1 320px"}
        )
        self.guess = ipywidgets.Button(
            description="Guess again", tooltip="Propose a pattern from the names", layout={"display": "none"}
        )
        self.hint = ipywidgets.HTML(f'<div class="efe-hint">{escape(HINT)}</div>')
        self.table = Table(
            COLUMNS,
            label="Files to be added",
            on_edit=self._edit,
            on_select=lambda ids: follow(PREVIEW),
            height="260px",
        )
        self.table.add_class(FILLS)
        self.summary = ipywidgets.HTML()
        self.accept = ipywidgets.Button(
            description="Add", icon="plus", button_style="success", layout={"width": "auto"}
        )
        self.leave_out = ipywidgets.Button(description="Leave selected out", layout={"width": "auto"})
        self.cancel = ipywidgets.Button(description="Cancel", tooltip="Add none of these files")
        self.groups = Groups(owner, self.chosen, self.show)
        top = row(self.pattern, self.guess)
        self.details = details_button()
        self.named_before = ipywidgets.HTML()
        self.forget = ipywidgets.Button(
            description="Use the files’ names", layout={"width": "auto"},
            tooltip="Forget these names: call the protocols as their files do",
        )  # fmt: skip
        self.lab_row = row(self.named_before, self.forget)
        low = row(self.accept, self.details, self.leave_out, self.cancel)
        self._in_sight = InSight()
        self.box = ipywidgets.VBox(
            [
                self.heading,
                top,
                self.hint,
                self.groups.box,
                self.lab_row,
                self.table,
                self.summary,
                low,
                self.message,
                self._in_sight,
            ],
            layout={"display": "none"},
        )
        self.box.add_class("efe-preview")
        self.box.add_class("efe-in-sight")
        self.box.add_class(FILLS)
        again = owner.later(self.show, 0.25)
        owner.on(self.pattern, lambda _: self._edited(again))
        owner.on_click(self.guess, self._guess_again, self.message)
        owner.on_click(self.accept, self.add, self.message)
        owner.on_click(self.leave_out, self._leave_out, self.message)
        owner.on_click(self.forget, self._forget, self.message)
        owner.on_click(self.cancel, self._cancel, self.message)

    # --- what is proposed

    @property
    def paths(self) -> list[str]:
        """The files that are proposed."""
        return self.chosen.paths

    def start(self, paths: Sequence[str], beside: Mapping[str, str] | None = None) -> None:
        """Propose these files, with those that are proposed already; the first come into sight.

        Parameters
        ----------
        paths : sequence of str
        beside : dict of str, optional
            Files that count where names are read, though they are there already, and their cells.
        """
        first = not self.paths
        self._waits(_LOOKING.format(counted(len(paths), "file")))
        self.chosen.choose(paths, beside)
        self.show()
        if first and self.paths:
            self._in_sight.ask()

    def news(self) -> None:
        """More is known about files: guess anew, unless a person wrote the pattern, and show it."""
        self.chosen.guess()
        self.show()

    def _guess_again(self) -> None:
        self.chosen.pattern = None
        self.chosen.patterns.clear()
        self.news()

    def _edited(self, again: Callable[[], None]) -> None:
        self.chosen.pattern = self.pattern.value
        again()

    def propose(self) -> list[Proposal]:
        """Return what is proposed now; raises EfeError if the pattern can't be used."""
        return self.chosen.propose()

    def new(self) -> list[Proposal]:
        """Return what would be added: what has a cell and a protocol, and is not there already. Raises EfeError."""
        self.proposals = self.propose()
        known = known_in(self.owner.state.inputs)
        self.there = [self.chosen.is_there(known, one) for one in self.proposals]
        return [
            one
            for one, there in zip(self.proposals, self.there, strict=True)
            if one.is_complete and not there
        ]

    @property
    def all_there(self) -> bool:
        """Whether all that is proposed is there already."""
        return bool(self.there) and all(self.there)

    @property
    def is_plain(self) -> bool:
        """Whether nothing that was proposed last needs a person."""
        return bool(self.proposals) and not (any(self.chosen.doubtful) or self.chosen.problems)

    # --- to the screen

    def show(self) -> None:
        """Show what is proposed."""
        self.box.layout.display = "" if self.paths else "none"
        if not self.paths:
            self.table.show([])
            self._waits("")
            return
        try:
            new = self.new()
        except EfeError as error:
            self.message.say(str(error))
            self.accept.disabled = True
            self._waits(NOT_YET)
            return
        self._show_pattern()
        self._show_lab()
        self.groups.draw(self.proposals)
        seen = [k for k, one in enumerate(self.proposals) if self.groups.shows(one)]
        seen.sort(key=lambda k: not self.chosen.doubtful[k])  # those that need a person come first
        self.table.show([proposal_row(k, self.proposals[k], self.there[k]) for k in seen])
        self._follow("")
        self._sum_up(new)

    def _show_lab(self) -> None:
        """Say which protocols are called as this person has called them before."""
        pairs = [f"{plain(old)} → {plain(new)}" for old, new in self.chosen.renamed.items()]
        self.lab_row.layout.display = "" if pairs else "none"
        more = " …" if len(pairs) > 6 else ""
        self.owner.put(self.named_before, value=escape(f"Called as before: {', '.join(pairs[:6])}{more}."))

    def _show_pattern(self) -> None:
        shared = self.chosen.shared_pattern
        several = (
            f"{len(self.chosen.groups)} guesses, for each folder and format; a pattern here is for all files"
        )
        self.owner.put(self.pattern, value=shared or "", placeholder="" if shared is not None else several)
        words = EACH_FILE if self.chosen.pattern is None and self.chosen.each_file_is_a_cell else ""
        self.owner.put(self.heading, value=f'<span class="efe-heading">Add these files as</span>{words}')
        by_hand = self.chosen.pattern is not None or bool(self.chosen.patterns)
        self.guess.layout.display = "" if by_hand else "none"
        # how patterns are written need not be read where the names say all
        lacking = any(not one.is_complete for one in self.proposals)
        self.hint.layout.display = "" if by_hand or lacking else "none"

    def _sum_up(self, new: Sequence[Proposal]) -> None:
        waiting = self.looker.waiting
        words = summary_words(new, len(self.proposals) - len(new))
        if waiting:
            words = f"Looking into files: {waiting:,} to go." + (f" {words}" if new else "")
        self.owner.put(self.summary, value=f'<div class="efe-sum" role="status">{escape(words)}</div>')
        cells = len({one.cell for one in new})
        say = f"Add {count_files(new)} to {counted(cells, 'cell')}" if new else "Add"
        self.owner.put(self.accept, description=say, disabled=bool(waiting) or not new)
        lacks = "" if self.all_there else NOT_YET
        looking = _LOOKING.format(counted(waiting, "file"))
        self._waits(looking if waiting else say if new else lacks)
        problems = self.chosen.problems
        if problems:
            names = ", ".join(plain(self.named(str(p.file))) for p in problems[:3])
            more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
            self.message.say(f"{names}{more}: {problems[0].message}", "warning")
        else:
            self.message.clear()

    # --- what a person does

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        with self.owner._guard:
            text = str(text).strip()
            if column == "protocol" and text:
                self._remember(ids, text)
            self.chosen.say(self._keys_of(ids), column, text)
            self.show()

    def _remember(self, ids: Sequence[str], text: str) -> None:
        """Remember another name of protocols all of whose files are called so now."""
        chosen = {int(number) for number in ids}
        for name in {self.proposals[k].protocol for k in chosen} - {"", text}:
            if all(k in chosen for k, one in enumerate(self.proposals) if one.protocol == name):
                self.lab.called(name, text)

    def _forget(self) -> None:
        """Call protocols again as their files do."""
        for name in list(self.chosen.renamed):
            self.lab.called(name, name)
        self.show()

    def _keys_of(self, ids: Sequence[str]) -> list[Key]:
        return [self.chosen.keys[int(number)] for number in ids]

    # --- details of those that are selected

    def described(self) -> list[Described]:
        """Return the selected files as they would be added."""
        chosen = [self.proposals[int(row)] for row in self.table.selected]
        return [
            Described(
                files_in_words(one.source.paths),
                one.metadata,
                one.protocol,
                self.chosen.summary(one.source.path),
            )
            for one in chosen
        ]

    def say(self, values: Mapping[str, Any]) -> None:
        """Say something of the selected files, which they are added with; None takes it back."""
        self.chosen.describe(self._keys_of(self.table.selected), values)
        self.show()

    def _leave_out(self) -> None:
        if not self.table.selected:
            raise EfeError("select rows first.")
        self.chosen.left_out.update(self._keys_of(self.table.selected))
        self.table.selected = ()
        self.show()

    def add(self) -> None:
        """Add what has a cell and a protocol, in one edit."""
        new = self.new()
        if self.looker.waiting:
            raise EfeError("the files are still being looked into: wait a moment.")
        if not new:
            self._in_sight.ask()  # where cells and protocols are said; the button may stand elsewhere
            raise EfeError("nothing can be added: say cells and protocols first.")
        paths, self.chosen.paths = self.paths, []  # what is being added need not be proposed anew meanwhile
        try:
            self.owner.state.add_files_metadata(as_metadata(new))
        except EfeError:
            self.chosen.paths = paths
            raise
        self.clear()

    def _cancel(self) -> None:
        """Propose nothing, and look into none of the files any more."""
        self.looker.forget(self.paths)
        self.clear()

    def drop(self, path: str) -> None:
        """Propose a file no more."""
        if path in self.paths:
            self.paths.remove(path)
            self.show()

    def clear(self) -> None:
        """Propose nothing."""
        self.chosen.clear()
        self.proposals = []
        self.show()

    def state(self) -> dict[str, Any]:
        """Return what is shown, as plain data."""
        return {"pattern": self.pattern.value, "rows": list(self.table.rows)}
