"""Guesses from names of files: which two Igor waves are one recording, of which cell and protocol files are."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from ..problems import Problem
from ..recordings.ecodes import eCodes
from ..units import is_current_unit, is_voltage_unit
from .folders import natural
from .name_patterns import Pattern

IGOR_SUFFIXES = (".ibw", ".bwav")

#: A file of so many sweeps is a whole run of a protocol
MANY_SWEEPS = 4

_PARTS = re.compile(r"([_\-. ]+)")
_NUMBERED = re.compile(r"(?:ch|chan|channel|adc?|x)_?[0-9]{1,2}", re.IGNORECASE)
_VOLTAGE = {"v", "vm", "voltage", "volt", "vmem"}
_CURRENT = {"i", "im", "current", "curr", "cmd", "command", "stim"}


# --- Igor: one wave for the voltage, one for the current


@dataclass(frozen=True)
class Source:
    """What becomes one recording's metadata: a file, or two that belong together.

    Parameters
    ----------
    path : str
        The file, the voltage's if there are two.
    current : str
        The current's file, "" if there is one file.
    problems : tuple of str
        What a person should know about the pair.
    """

    path: str
    current: str = ""
    problems: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The file or files."""
        return (self.path, self.current) if self.current else (self.path,)

    @property
    def metadata(self) -> dict[str, str]:
        """The names of the files as metadata have them."""
        return {"v_file": self.path, "i_file": self.current} if self.current else {"filepath": self.path}


Units = Callable[[str], str | None]


def pair_files(
    paths: Iterable[str], unit_of: Units = lambda path: None
) -> tuple[list[Source], list[Problem]]:
    """Put Igor waves together whose names differ only by the channel; other files stay single.

    Parameters
    ----------
    paths : iterable of str
    unit_of : callable
        Returns the unit that a wave's header gives, or None if it gives none. Units decide which of the two
        is the voltage; without them names such as ``_v`` and ``_i`` do, or else the channels' numbers.

    Returns
    -------
    sources : list of Source
        In the order of the paths.
    problems : list of Problem
        Waves without a partner; they are in no source.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in dict.fromkeys(paths):
        groups.setdefault(_pair_key(path), []).append(path)
    sources: list[Source] = []
    problems: list[Problem] = []
    for key, members in groups.items():
        if key[0] == "single":
            sources.append(Source(members[0]))
            continue
        found = _pair(members, unit_of)
        if isinstance(found, Source):
            sources.append(found)
        else:
            problems += [Problem(found, "warning", "file", path) for path in members]
    return sources, problems


def _pair_key(path: str) -> tuple[str, ...]:
    folder, name = os.path.split(path)  # pathlib would take ten times as long, and there may be thousands
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in IGOR_SUFFIXES:
        return ("single", path)
    parts = _PARTS.split(stem)
    at = _channel_at(parts)
    if at is not None:
        parts[at] = "\0"
    return ("wave", folder, "".join(parts).lower(), suffix.lower())


def _channel_at(parts: Sequence[str]) -> int | None:
    """Return which part of a name tells the channel, None if none does: the last that can be."""
    for marks in (_VOLTAGE | _CURRENT, None):
        for at in range(len(parts) - 1, -1, -1):
            if parts[at].lower() in marks if marks else _NUMBERED.fullmatch(parts[at]):
                return at
    return None


def _pair(members: list[str], unit_of: Units) -> Source | str:
    """Return two waves as one source, or why that can't be."""
    if len(members) == 1:
        return "this wave has no partner: the name of the other channel may differ only by the channel (ch0, ch1)."
    units = {path: unit_of(path) for path in members}
    voltages = [path for path in members if is_voltage_unit(units[path])]
    currents = [path for path in members if is_current_unit(units[path])]
    if len(voltages) == 1 and len(currents) == 1:
        return Source(voltages[0], currents[0])
    if len(members) > 2:
        return f"{len(members)} waves differ only by the channel, and their units don't tell which two belong together."
    if len(voltages) == 2 or len(currents) == 2:
        what = "voltages" if voltages else "currents"
        return f"both waves of this pair are {what}, by their units: one must be the other channel."
    return _by_name(members, voltages, currents)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _by_name(members: list[str], voltages: list[str], currents: list[str]) -> Source:
    """Tell voltage from current where not both have a unit."""
    if voltages or currents:
        voltage = voltages[0] if voltages else next(path for path in members if path not in currents)
        return Source(voltage, next(path for path in members if path != voltage))
    kinds = {path: {part.lower() for part in _PARTS.split(_stem(path))} for path in members}
    for voltage, current in (members, members[::-1]):
        if kinds[voltage] & _VOLTAGE and kinds[current] & _CURRENT:
            return Source(voltage, current, ("told apart by their names: neither wave has a unit",))
    current, voltage = sorted(members, key=lambda path: natural(os.path.basename(path)))
    words = "neither wave has a unit: the higher channel is taken for the voltage"
    return Source(voltage, current, (words,))


# --- patterns of names


def guess_pattern(paths: Sequence[str], with_protocols: bool = False, files_are_cells: bool = False) -> str:
    """Return a simple pattern that fits most names, as a first proposal for a person to edit.

    A part of the name, or the folder, that is a known protocol's name becomes ``{protocol}``. The folder becomes
    ``{cell}``, unless the name begins with the cell or there is none.

    Parameters
    ----------
    paths : list of str
        Paths below the root.
    with_protocols : bool
        Whether the files themselves say which protocols they hold.
    files_are_cells : bool
        Whether each file is a cell's, unless its name says a protocol: see `hold_a_cell_each`.
    """
    places = [PurePath(path) for path in paths]
    if not places:
        return "{cell}/{protocol}_*"
    if with_protocols:
        return "{cell}"
    if all(len(place.parts) > 2 and is_protocol(place.parent.name) for place in places):
        return "{cell}/{protocol}/*"
    split = [_PARTS.split(place.stem) for place in places]
    at, fits = _protocol_at(split)
    in_name = at > 0 and _starts_with_cell(places, split)
    in_folder = not in_name and all(len(place.parts) > 1 for place in places)
    if not fits:
        if in_folder and not files_are_cells:
            # one folder a cell, and names that begin with a word, is the commonest of habits
            words = all(len(parts) > 1 and parts[0].isalpha() for parts in split)
            return "{cell}/{protocol}_*" if words else "{cell}/*"
        return "{cell}"
    parts = Counter(tuple(_shape(one)) for one in split if len(one) > at).most_common(1)[0][0]
    name = list(parts)
    name[at] = "{protocol}"
    if in_name or (not in_folder and at > 0):
        name[0] = "{cell}"
    return ("{cell}/" if in_folder else "") + _shortened(name)


def hold_a_cell_each(files: Iterable[tuple[str, int, Sequence[str]]]) -> bool:
    """Whether files that hold many sweeps are a cell's each, rather than one folder's a cell.

    A file of a single sweep is one of many of its cell; so is one that stands beside files of other protocols.

    Parameters
    ----------
    files : iterable of (str, int, sequence of str)
        Path, number of sweeps, and the protocols that the file says it holds.
    """
    files = list(files)
    by_folder: dict[str, set[tuple[str, ...]]] = {}
    for path, _, protocols in files:
        by_folder.setdefault(os.path.dirname(path), set()).add(tuple(protocols))
    many = sum(sweeps >= MANY_SWEEPS for _, sweeps, _ in files)
    return 2 * many > len(files) and all(len(said) == 1 for said in by_folder.values())


def is_protocol(text: str) -> bool:
    """Whether a part of a name is that of a known protocol, or begins so."""
    squeezed = re.sub(r"[\s_-]+", "", text.lower())
    if squeezed in eCodes:
        return True
    return any(len(name) > 3 and squeezed.startswith(name) for name in eCodes)


def _protocol_at(split: Sequence[Sequence[str]]) -> tuple[int, bool]:
    """Return which part of the names is the protocol's, and whether one is in most of them."""
    counts = Counter(at for parts in split for at in range(0, len(parts), 2) if is_protocol(parts[at]))
    if not counts:
        return 0, False
    at, number = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return at, number * 2 > len(split)


def _starts_with_cell(places: Sequence[PurePath], split: Sequence[Sequence[str]]) -> bool:
    """Whether names begin with their cell: the folder's name, or where all lie in one folder, several beginnings."""
    firsts = [parts[0] for parts in split]
    if all(first.lower() == place.parent.name.lower() for first, place in zip(firsts, places, strict=True)):
        return True
    return len({place.parent for place in places}) == 1 and len(set(firsts)) > 1


def _shape(parts: Sequence[str]) -> list[str]:
    """Return a name's parts with all but the separators left open."""
    return [part if k % 2 else "*" for k, part in enumerate(parts)]


def _shortened(name: list[str]) -> str:
    """Return a pattern's parts as text: what is open behind the protocol is said once."""
    text = "".join(name)
    head, mark, tail = text.partition("{protocol}")
    if tail:
        tail = tail[0] + "*"
    return head + mark + tail


# --- what will be added


@dataclass(frozen=True)
class Proposal:
    """One recording's metadata to be, with the cell and the protocol that were guessed.

    Parameters
    ----------
    source : Source
    cell, protocol : str
        "" where nothing is known.
    found_in : str
        Where cell and protocol were found, in words.
    problems : tuple of str
    own_protocol, own_cell : str
        What the file itself calls the protocol, and the cell where it holds several; "" where it doesn't say.
    channels : str
        The channels of the cell and what gave its current, for people.
    usable : bool
        Whether any sweep of the file can be used as it is, as far as is known.
    details : dict
        What a person says about it besides, as metadata.
    """

    source: Source
    cell: str
    protocol: str
    found_in: str = ""
    problems: tuple[str, ...] = ()
    own_protocol: str = ""
    own_cell: str = ""
    channels: str = ""
    usable: bool = True
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def metadata(self) -> dict[str, Any]:
        """The files' names, which of their sweeps are meant where the names here don't say it, and the details."""
        found: dict[str, Any] = dict(self.source.metadata)
        if self.own_protocol and self.own_protocol.lower() != self.protocol.lower():
            found["protocol_name"] = self.own_protocol
        if self.own_cell:
            found["cell_name"] = self.own_cell
        return {key: value for key, value in {**found, **self.details}.items() if value is not None}

    @property
    def is_complete(self) -> bool:
        """Whether cell and protocol are known."""
        return bool(self.cell and self.protocol)


def propose(
    sources: Iterable[Source],
    pattern: Pattern | None,
    *,
    named: Callable[[str], str] = lambda path: path,
    protocols_in: Callable[[str], Sequence[str]] = lambda path: (),
    cells_in: Callable[[str, str], Sequence[str]] = lambda path, protocol: (),
    protocol_of: Callable[[str], str] = lambda path: "",
    pattern_is_sure: bool = True,
) -> list[Proposal]:
    """Say of which cell and protocol files are: one proposal for a file, or for each protocol and cell in a file.

    Parameters
    ----------
    sources : iterable of Source
    pattern : Pattern, optional
        Without one only what files say counts.
    named : callable
        Returns the path that the pattern is held against, usually that below the root.
    protocols_in : callable
        Returns the protocols that a file itself names, if its sweeps are chosen by them.
    cells_in : callable
        Returns the cells that have a protocol in a file, by the path and the protocol ("" if the file's sweeps aren't
        chosen by it), if it holds several cells.
    protocol_of : callable
        Returns the protocol that a file says it was recorded with, "" if none; a guess, for want of a better one.
    pattern_is_sure : bool
        Whether a person wrote the pattern; then the protocol that it finds counts even if no such protocol is known.
    """
    found: list[Proposal] = []
    sources = list(sources)
    all_said = (
        [None] * len(sources) if pattern is None else pattern.match_all([named(s.path) for s in sources])
    )
    for source, said in zip(sources, all_said, strict=True):
        inside = list(protocols_in(source.path))
        problems = source.problems
        if pattern is not None and said is None:
            problems = (*problems, "the pattern doesn't fit this name")
        cell = (said or {}).get("cell", "")
        protocol = (said or {}).get("protocol", "")
        where = "name" if said else ""
        recorded = "" if inside else protocol_of(source.path)
        if recorded and not (protocol and (pattern_is_sure or is_protocol(protocol))):
            protocol, where = recorded, "name, header" if said else "header"
        if inside:
            where = "name, file" if said else "file"
        for name in inside or [protocol]:
            own = name if inside else ""
            cells = cells_in(source.path, own)
            found += [
                Proposal(source, f"{cell}_{one}" if cell else one, name, where, problems, own, one)
                for one in cells
            ] or [Proposal(source, cell, name, where, problems, own)]
    return found


def as_metadata(proposals: Iterable[Proposal]) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Return what proposals add, as `extract_efeatures` takes it; those without cell or protocol are left out."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for one in proposals:
        if one.is_complete:
            found.setdefault(one.cell, {}).setdefault(one.protocol, []).append(one.metadata)
    return found
