"""What chosen files would become: by guesses for each folder and format, by a pattern, and by what a person says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine.files.grouping import Group, Place, group_sources
from ...engine.files.guessing import Proposal, Source, pair_files, propose
from ...engine.files.name_patterns import Pattern
from ...engine.problems import Problem
from ...engine.readers import FileSummary
from ...engine.readers.registry import suffixes_that_name_protocols
from ...engine.remote import is_url
from ...engine.stages.inputs import Inputs
from ...engine.systems.paths import same_path
from ..parts.html import plain
from .lab_names import LabNames
from .looker import Looker
from .rows import channels_in_words, own_names, stimulus_family
from .words import for_people

#: Formats whose sweeps are chosen by the protocol that the file itself names
_NAMING = suffixes_that_name_protocols()
#: Formats whose files may hold a whole run of sweeps
_RUNS = (".abf", ".mat", ".wcp", ".axgd", ".axgx", ".smr", ".smrx", ".pxp", ".atf")
#: Formats whose header may name the protocol that all sweeps were recorded with
_RECORDED = (".abf", ".axgd", ".axgx")
NO_SWEEP = "it holds no sweep in current clamp that can be used"
_MOST = 3  # reasons that are told of a file

#: What a proposal is known by while it is edited: the path, and what the file calls protocol and cell
Key = tuple[str, str, str]


class Proposing:
    """Files that were chosen, and what is said about them.

    Parameters
    ----------
    looker : Looker
    named : callable
        Returns the path that patterns are held against.
    lab : LabNames
        What a lab calls protocols.

    Attributes
    ----------
    paths : list of str
    beside : dict of str
        Files that are there already and count where names are read, and the cells to which they belong.
    pattern : str or None
        The one that a person wrote for all files; None for guesses.
    groups : list of Group
        Those of the guesses.
    problems : list of Problem
        What was told of files that are in no proposal.
    keys : list of Key
        Those of the proposals, in their order.
    doubtful : list of bool
        Whether each proposal lacks something, whatever a person said of it.
    renamed : dict of str
        Protocols that are called as this lab has called them before.
    """

    def __init__(self, looker: Looker, named: Callable[[str], str], lab: LabNames):
        self.looker, self.named, self.lab = looker, named, lab
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.paths: list[str] = []
        self.beside: dict[str, str] = {}
        self.pattern: str | None = None
        self.groups: list[Group] = []
        self.problems: list[Problem] = []
        self.keys: list[Key] = []
        self.doubtful: list[bool] = []
        self.said: dict[Key, dict[str, str]] = {}
        self.details: dict[Key, dict[str, Any]] = {}
        self.left_out: set[Key] = set()
        self.patterns: dict[Place, str] = {}
        self.renamed: dict[str, str] = {}

    def choose(self, paths: Sequence[str], beside: Mapping[str, str] | None = None) -> None:
        """Propose these files, with those that are proposed already; others may lie beside them."""
        self.beside |= beside or {}
        known: dict[str, str] = {}
        for path in (*self.paths, *paths):
            known.setdefault(_place(path), path)
        self.paths = list(known.values())
        self.looker.ask(self.paths)
        self.guess()

    def guess(self) -> None:
        """Guess anew by what is known of the files by now."""
        sources, _ = self._pairs([*self.paths, *self.beside])
        runs = self._runs()
        self.groups = group_sources(sources, named=self.named, naming=_NAMING, runs=runs, said=self.patterns)
        with_folders = (
            group_sources(sources, named=self.named, naming=_NAMING, said=self.patterns)
            if runs
            else self.groups
        )
        self.each_file_is_a_cell = {g.pattern for g in self.groups} != {g.pattern for g in with_folders}

    @property
    def shared_pattern(self) -> str | None:
        """The pattern of all files, None if groups have different ones."""
        if self.pattern is not None:
            return self.pattern
        found = {group.pattern for group in self.groups}
        return found.pop() if len(found) == 1 else None

    def say_pattern(self, group: Group, text: str) -> None:
        """Read the names of a group by another pattern; nothing goes back to the guess. Raises EfeError."""
        if text:
            Pattern(text)
        for place in group.places:
            self.patterns.pop(place, None)
            if text:
                self.patterns[place] = text
        self.guess()

    # --- what was seen in the files

    def summary(self, path: str) -> FileSummary | None:
        """Return what was seen in a file."""
        seen = self.looker.get(path)
        return None if seen is None else seen.summary

    def _runs(self) -> list[tuple[str, int, Sequence[str]]]:
        """Return the files that may be a whole run, as far as they were looked into: path, sweeps, protocols."""
        paths = (*self.paths, *self.beside)
        seen = ((path, self.summary(path)) for path in paths if path.lower().endswith(_RUNS))
        return [(path, len(one.sweeps), one.protocols) for path, one in seen if one is not None]

    def _pairs(self, paths: Sequence[str]) -> tuple[list[Source], list[Problem]]:
        return pair_files(paths, lambda path: seen.unit if (seen := self.looker.get(path)) else None)

    def _protocols_in(self, path: str) -> Sequence[str]:
        return self._named_in(path) if path.lower().endswith(_NAMING) else ()

    def _protocol_of(self, path: str) -> str:
        named = self._named_in(path) if path.lower().endswith(_RECORDED) else ()
        return named[0] if len(named) == 1 else ""

    def _named_in(self, path: str) -> Sequence[str]:
        found = self.summary(path)
        return found.protocols if found is not None else ()

    def _cells_in(self, path: str, protocol: str) -> Sequence[str]:
        found = self.summary(path)
        if found is None or (len(found.cells) < 2 and not found.listened):
            return ()
        return found.cells_of(protocol) if protocol else found.cells

    # --- proposals

    def propose(self) -> list[Proposal]:
        """Return what is proposed now; raises EfeError if the pattern can't be used."""
        sources, self.problems = self._pairs(self.paths)
        kept: list[Proposal] = []
        self.keys, self.doubtful, self.renamed = [], [], {}
        for one in map(self._seen, self._guessed(sources)):
            key = (one.source.path, one.own_protocol, one.own_cell)
            if key in self.left_out:
                continue
            self.keys.append(key)
            self.doubtful.append(
                not one.is_complete or bool(one.problems) or not stimulus_family(one.protocol)
            )
            kept.append(self._with_said(one, key))
        return kept

    def _guessed(self, sources: Sequence[Source]) -> list[Proposal]:
        if self.pattern is not None:
            pattern = Pattern(self.pattern) if self.pattern.strip() else None
            return self._by_pattern(sources, pattern, True)
        found: list[Proposal] = []
        for group in self.groups:
            by_hand = any(place in self.patterns for place in group.places)
            found += self._by_pattern(group.sources, Pattern(group.pattern), by_hand)
        found = self._as_those_beside(found) if self.beside else found
        order = {source.path: k for k, source in enumerate(sources)}
        return sorted(found, key=lambda one: order.get(one.source.path, len(order)))

    def _as_those_beside(self, found: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals of files that aren't there yet, of the cells that those beside them belong to.

        Where those are of other cells than their names tell, a new name tells no cell.
        """
        called: dict[str, set[str]] = {}
        own = []
        for one in found:
            if one.source.path in self.beside:
                called.setdefault(one.cell, set()).add(self.beside[one.source.path])
            else:
                own.append(one)
        told = all(cells == {cell} for cell, cells in called.items())
        cells = {cell: next(iter(now)) for cell, now in called.items() if len(now) == 1}
        return [dataclasses.replace(one, cell=cells.get(one.cell, one.cell if told else "")) for one in own]

    def _by_pattern(self, sources: Sequence[Source], pattern: Pattern | None, sure: bool) -> list[Proposal]:
        return propose(
            sources,
            pattern,
            named=self.named,
            protocols_in=self._protocols_in,
            cells_in=self._cells_in,
            protocol_of=self._protocol_of,
            pattern_is_sure=sure,
        )

    def _seen(self, one: Proposal) -> Proposal:
        """Return a proposal with what was seen in its file: channels, who was listened to, why it can't be used."""
        one = self._in_words_of_the_lab(one)
        seen = self.looker.get(one.source.path)
        if seen is None:
            return one
        problems = list(one.problems)
        if seen.problem:
            problems.append(seen.problem)
        if seen.summary is None:
            return dataclasses.replace(one, problems=tuple(problems), usable=False)
        found = seen.summary.channels_of(one.own_cell or None, one.own_protocol)
        listened = seen.summary.listened
        if listened:
            problems.append(f"only listened to, and not added: {', '.join(map(plain, listened))}")
        faults = self._unusable(one, seen.summary)
        return dataclasses.replace(
            one, channels=channels_in_words(found), problems=(*problems, *faults), usable=not faults
        )

    def _unusable(self, one: Proposal, summary: FileSummary) -> list[str]:
        """Return why a file can't be used as it is, if nobody has said more of it."""
        if one.source.current or self.details.get((one.source.path, one.own_protocol, one.own_cell)):
            return []
        usable = any(sweep.dt_ms or sweep.v_unit or sweep.i_unit for sweep in summary.sweeps)
        told = [p for p in summary.problems if not usable or (p.severity == "error" and p.recording is None)]
        words = list(dict.fromkeys(for_people(problem.message, one.source.path) for problem in told))[:_MOST]
        return words or ([] if usable else [NO_SWEEP])

    def _in_words_of_the_lab(self, one: Proposal) -> Proposal:
        """Return a proposal whose protocol is called as this lab has called it before."""
        name = self.lab.name_of(one.protocol)
        if name == one.protocol:
            return one
        self.renamed[one.protocol] = name
        return dataclasses.replace(one, protocol=name, found_in=f"{one.found_in}, your names")

    def _with_said(self, one: Proposal, key: Key) -> Proposal:
        """Return a proposal with what a person said of it; the rest is as it was guessed."""
        said, details = self.said.get(key), dict(self.details.get(key, {}))
        if said:
            found_in = "you" if len(said) == 2 else ", ".join(filter(None, (one.found_in, "you")))
            one = dataclasses.replace(one, **said, found_in=found_in)  # type: ignore[arg-type]
        ecode = self.lab.ecode_of(one.protocol)
        if ecode and "ecode" not in details and not stimulus_family(one.protocol):
            details["ecode"] = ecode
        return dataclasses.replace(one, details=details) if details else one

    def say(self, keys: Sequence[Key], column: str, text: str) -> None:
        """Say the "cell" or the "protocol" of proposals; nothing goes back to the guess."""
        for key in keys:
            said = self.said.get(key, {}) | {column: text}
            self.said[key] = {name: words for name, words in said.items() if words}

    def describe(self, keys: Sequence[Key], values: Mapping[str, Any]) -> None:
        """Say something of proposals as metadata; None takes it back."""
        for key in keys:
            self.details[key] = self.details.get(key, {}) | dict(values)

    # --- what is there already

    def is_there(self, known: set[tuple[Any, ...]], one: Proposal) -> bool:
        """Whether a proposal is among what is known to be there."""
        own = one.own_protocol or one.protocol
        return (one.cell, own, one.own_cell, *map(_place, one.source.paths)) in known


def known_in(inputs: Inputs) -> set[tuple[Any, ...]]:
    """Return by what the files of a state are known."""
    return {(cell.name, *own_names(file), *map(_place, file.recipe.paths)) for cell, file in inputs.files()}


def _place(path: str) -> str:
    """Return by what the place of a recording is known, however its path is written."""
    return path if is_url(path) else same_path(path)
