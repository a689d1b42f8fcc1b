"""The part of `FileSelector` that shows what chosen files would become, before they are added."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from ...engine.files.guessing import (
    IGOR_SUFFIXES,
    Proposal,
    Source,
    as_metadata,
    guess_pattern,
    hold_a_cell_each,
    pair_files,
    propose,
)
from ...engine.files.name_patterns import Pattern
from ...engine.problems import EfeError, Problem
from ...engine.readers import FileSummary
from ...engine.readers.registry import suffixes_that_name_protocols
from ...engine.remote import is_url
from ...engine.systems.paths import same_path
from ..parts.base import StateWidget
from ..parts.html import escape, plain
from ..parts.message import Message
from ..parts.style import row
from ..parts.table import Column, Table
from .details import Described, details_button
from .looker import Looker
from .rows import (
    channels_in_words,
    count_files,
    counted,
    files_in_words,
    own_names,
    proposal_row,
    summary_words,
)

PREVIEW = "preview"
#: Formats whose sweeps are chosen by the protocol that the file itself names
_NAMING = suffixes_that_name_protocols()
#: Formats whose files may hold a whole run of sweeps
_RUNS = (".abf", ".mat", ".wcp", ".axgd", ".axgx", ".smr", ".smrx", ".pxp", ".atf")
EACH_FILE = (
    ' <span class="efe-hint">Each file holds many sweeps, and no name says a protocol: each is taken for a cell of its '
    "own. A pattern such as {cell}/* puts those of a folder together.</span>"
)
#: Formats whose header may name the protocol that all sweeps were recorded with
_RECORDED = (".abf", ".axgd", ".axgx")

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
#: What a proposal is known by while it is edited: the path, and what the file calls protocol and cell
Key = tuple[str, str, str]
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
    follow : callable
        Called when rows are selected, with "preview", or are others than before, with "".
    """

    def __init__(
        self,
        owner: StateWidget,
        looker: Looker,
        named: Callable[[str], str],
        follow: Callable[[str], Any] = lambda about: None,
    ):
        self.owner, self.looker, self.named = owner, looker, named
        self.paths: list[str] = []
        self.proposals: list[Proposal] = []
        self.problems: list[Problem] = []
        self._follow = follow
        self._said: dict[Key, dict[str, str]] = {}
        self._details: dict[Key, dict[str, Any]] = {}
        self._left_out: set[Key] = set()
        self._own_pattern = False
        self._keys: list[Key] = []
        self.message = Message()
        self.heading = ipywidgets.HTML('<span class="efe-heading">To be added</span>')
        self.pattern = ipywidgets.Text(
            description="Pattern", tooltip=HINT, layout={"width": "auto", "flex": "1 1 320px"}
        )
        self.guess = ipywidgets.Button(description="Guess again", tooltip="Propose a pattern from the names")
        self.hint = ipywidgets.HTML(f'<div class="efe-hint">{escape(HINT)}</div>')
        self.table = Table(
            COLUMNS,
            label="Files to be added",
            on_edit=self._edit,
            on_select=lambda ids: follow(PREVIEW),
            height="260px",
        )
        self.summary = ipywidgets.HTML()
        self.accept = ipywidgets.Button(description="Add", icon="plus", button_style="success")
        self.leave_out = ipywidgets.Button(description="Leave selected out", layout={"width": "auto"})
        self.cancel = ipywidgets.Button(description="Cancel", tooltip="Add none of these files")
        top = row(self.pattern, self.guess)
        self.details = details_button()
        low = row(self.accept, self.details, self.leave_out, self.cancel)
        self.box = ipywidgets.VBox(
            [self.heading, top, self.hint, self.table, self.summary, low, self.message],
            layout={"display": "none"},
        )
        self.box.add_class("efe-preview")
        again = owner.later(self.show, 0.25)
        owner.on(self.pattern, lambda _: self._edited(again))
        owner.on_click(self.guess, self._guess_again, self.message)
        owner.on_click(self.accept, self.add, self.message)
        owner.on_click(self.leave_out, self._leave_out, self.message)
        owner.on_click(self.cancel, self._cancel, self.message)

    # --- what is proposed

    def start(self, paths: Sequence[str]) -> None:
        """Propose these files, with those that are proposed already."""
        known: dict[str, str] = {}
        for path in (*self.paths, *paths):
            known.setdefault(_place(path), path)
        self.paths = list(known.values())
        self.looker.ask(
            p for p in self.paths if p.lower().endswith((*IGOR_SUFFIXES, *_NAMING, *_RECORDED, *_RUNS))
        )
        if not self._own_pattern:
            self._guess()
        self.show()

    def _guess(self) -> None:
        sources, _ = self._pairs()
        naming = sum(source.path.lower().endswith(_NAMING) for source in sources)
        names = [self.named(source.path) for source in sources[:2000]]
        apart = hold_a_cell_each(self._runs())
        guessed = guess_pattern(names, with_protocols=naming * 2 > len(sources), files_are_cells=apart)
        self.owner.put(self.pattern, value=guessed)
        with_folders = guess_pattern(names, with_protocols=naming * 2 > len(sources))
        words = EACH_FILE if guessed != with_folders else ""
        self.owner.put(self.heading, value=f'<span class="efe-heading">To be added</span>{words}')

    def _runs(self) -> list[tuple[str, int, Sequence[str]]]:
        """Return the files that may be a whole run, as far as they were looked into: path, sweeps, protocols."""
        seen = ((path, self.looker.get(path)) for path in self.paths if path.lower().endswith(_RUNS))
        known = [(path, one.summary) for path, one in seen if one is not None and one.summary is not None]
        return [(path, len(summary.sweeps), summary.protocols) for path, summary in known]

    def news(self) -> None:
        """More is known about files: guess anew, unless a person wrote the pattern, and show it."""
        if not self._own_pattern:
            self._guess()
        self.show()

    def _guess_again(self) -> None:
        self._own_pattern = False
        self._guess()
        self.show()

    def _edited(self, again: Callable[[], None]) -> None:
        self._own_pattern = True
        again()

    def _pairs(self) -> tuple[list[Source], list[Problem]]:
        return pair_files(self.paths, lambda path: seen.unit if (seen := self.looker.get(path)) else None)

    def _protocols_in(self, path: str) -> Sequence[str]:
        return self._named_in(path) if path.lower().endswith(_NAMING) else ()

    def _protocol_of(self, path: str) -> str:
        named = self._named_in(path) if path.lower().endswith(_RECORDED) else ()
        return named[0] if len(named) == 1 else ""

    def _named_in(self, path: str) -> Sequence[str]:
        seen = self.looker.get(path)
        return seen.summary.protocols if seen is not None and seen.summary is not None else ()

    def _cells_in(self, path: str, protocol: str) -> Sequence[str]:
        seen = self.looker.get(path)
        if seen is None or seen.summary is None:
            return ()
        if len(seen.summary.cells) < 2 and not seen.summary.listened:
            return ()
        return seen.summary.cells_of(protocol) if protocol else seen.summary.cells

    def _with_channels(self, one: Proposal) -> Proposal:
        """Return a proposal that says which channels are its cell's, and which were only listened to."""
        seen = self.looker.get(one.source.path)
        if seen is None or seen.summary is None:
            return one
        found = seen.summary.channels_of(one.own_cell or None, one.own_protocol)
        listened = seen.summary.listened
        words = f"only listened to, and not added: {', '.join(map(plain, listened))}" if listened else ""
        problems = (*one.problems, words) if words else one.problems
        return dataclasses.replace(one, channels=channels_in_words(found), problems=problems)

    def _trouble(self, one: Proposal) -> Proposal:
        """Return a proposal that says why a file can't be used, if that is known of one that names its protocols."""
        path = one.source.path
        seen = self.looker.get(path) if path.lower().endswith(_NAMING) else None
        if seen is None or not seen.problem:
            return one
        return dataclasses.replace(one, problems=(*one.problems, seen.problem))

    def propose(self) -> list[Proposal]:
        """Return what is proposed now; raises EfeError if the pattern can't be used."""
        pattern = Pattern(self.pattern.value) if self.pattern.value.strip() else None
        sources, self.problems = self._pairs()
        found = propose(
            sources,
            pattern,
            named=self.named,
            protocols_in=self._protocols_in,
            cells_in=self._cells_in,
            protocol_of=self._protocol_of,
            pattern_is_sure=self._own_pattern,
        )
        kept: list[Proposal] = []
        self._keys = []
        for one in map(self._with_channels, map(self._trouble, found)):
            key = (one.source.path, one.own_protocol, one.own_cell)
            if key in self._left_out:
                continue
            self._keys.append(key)
            kept.append(self._with_said(one, key))
        return kept

    def _with_said(self, one: Proposal, key: Key) -> Proposal:
        """Return a proposal with what a person said of it; the rest is as it was guessed."""
        said, details = self._said.get(key), self._details.get(key)
        if said:
            found_in = "you" if len(said) == 2 else ", ".join(filter(None, (one.found_in, "you")))
            one = dataclasses.replace(one, **said, found_in=found_in)  # type: ignore[arg-type]
        return dataclasses.replace(one, details=details) if details else one

    def _is_there(self, known: set[tuple[Any, ...]], one: Proposal) -> bool:
        return (
            one.cell,
            one.own_protocol or one.protocol,
            one.own_cell,
            *map(_place, one.source.paths),
        ) in known

    def _known(self) -> set[tuple[Any, ...]]:
        files = self.owner.state.inputs.files()
        return {(cell.name, *own_names(file), *map(_place, file.recipe.paths)) for cell, file in files}

    def new(self) -> list[Proposal]:
        """Return what would be added: what has a cell and a protocol, and is not there already."""
        known = self._known()
        return [one for one in self.propose() if one.is_complete and not self._is_there(known, one)]

    # --- to the screen

    def show(self) -> None:
        """Show what is proposed."""
        self.box.layout.display = "" if self.paths else "none"
        if not self.paths:
            self.table.show([])
            return
        try:
            self.proposals = self.propose()
        except EfeError as error:
            self.message.say(str(error))
            self.accept.disabled = True
            return
        known = self._known()
        there = [self._is_there(known, one) for one in self.proposals]
        rows = [
            proposal_row(k, one, is_there)
            for k, (one, is_there) in enumerate(zip(self.proposals, there, strict=True))
        ]
        self.table.show(rows)
        self._follow("")
        new = [
            one
            for one, is_there in zip(self.proposals, there, strict=True)
            if one.is_complete and not is_there
        ]
        self._sum_up(new)

    def _sum_up(self, new: Sequence[Proposal]) -> None:
        waiting = self.looker.waiting
        words = summary_words(new, len(self.proposals) - len(new))
        if waiting:
            words = f"Looking into files: {waiting:,} to go." + (f" {words}" if new else "")
        self.owner.put(self.summary, value=f'<div class="efe-sum" role="status">{escape(words)}</div>')
        cells = len({one.cell for one in new})
        say = f"Add {count_files(new)} to {counted(cells, 'cell')}" if new else "Add"
        self.owner.put(
            self.accept, description=say, disabled=bool(waiting) or not new, layout=self.accept.layout
        )
        self.accept.layout.width = "auto"
        if self.problems:
            names = ", ".join(plain(self.named(str(p.file))) for p in self.problems[:3])
            more = f" and {len(self.problems) - 3} more" if len(self.problems) > 3 else ""
            self.message.say(f"{names}{more}: {self.problems[0].message}", "warning")
        else:
            self.message.clear()

    # --- what a person does

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        with self.owner._guard:
            for row in ids:
                key = self._keys[int(row)]
                said = self._said.get(key, {}) | {column: str(text).strip()}
                self._said[key] = {name: words for name, words in said.items() if words}
            self.show()

    # --- details of those that are selected

    def described(self) -> list[Described]:
        """Return the selected files as they would be added."""
        chosen = [self.proposals[int(row)] for row in self.table.selected]
        return [
            Described(
                files_in_words(one.source.paths), one.metadata, one.protocol, self._summary(one.source.path)
            )
            for one in chosen
        ]

    def _summary(self, path: str) -> FileSummary | None:
        seen = self.looker.get(path)
        return None if seen is None else seen.summary

    def say(self, values: Mapping[str, Any]) -> None:
        """Say something of the selected files, which they are added with; None takes it back."""
        for number in self.table.selected:
            key = self._keys[int(number)]
            self._details[key] = self._details.get(key, {}) | dict(values)
        self.show()

    def _leave_out(self) -> None:
        if not self.table.selected:
            raise EfeError("select rows first.")
        self._left_out |= {self._keys[int(row)] for row in self.table.selected}
        self.table.selected = ()
        self.show()

    def add(self) -> None:
        """Add what has a cell and a protocol, in one edit."""
        new = self.new()
        if self.looker.waiting:
            raise EfeError("the files are still being looked into: wait a moment.")
        if not new:
            raise EfeError("nothing can be added: say cells and protocols first.")
        paths, self.paths = self.paths, []  # what is being added need not be proposed anew meanwhile
        try:
            self.owner.state.add_files_metadata(as_metadata(new))
        except EfeError:
            self.paths = paths
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
        self.paths, self.proposals, self._own_pattern = [], [], False
        self._said.clear()
        self._details.clear()
        self._left_out.clear()
        self.show()

    def state(self) -> dict[str, Any]:
        """Return what is shown, as plain data."""
        return {"pattern": self.pattern.value, "rows": list(self.table.rows)}


def _place(path: str) -> str:
    """Return by what the place of a recording is known, however its path is written."""
    return path if is_url(path) else same_path(path)
