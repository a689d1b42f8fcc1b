"""Files in groups whose names are read alike: a guess for each folder and format, for each rig names its own way."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..problems import EfeError
from .guessing import Source, guess_pattern, hold_a_cell_each, is_protocol
from .name_patterns import Pattern

#: A folder, and the suffix of a format
Place = tuple[str, str]
#: Path, number of sweeps and protocols of a file that may be a whole run
Run = tuple[str, int, Sequence[str]]

_MOST = 2_000  # names from which a guess is made


@dataclass(frozen=True)
class Group:
    """Files of one format whose cells and protocols stand at the same place of their names.

    Parameters
    ----------
    places : tuple of (str, str)
        The folders with the suffix of the format, as patterns see them.
    pattern : str
    sources : tuple of Source
    """

    places: tuple[Place, ...]
    pattern: str
    sources: tuple[Source, ...]

    @property
    def suffix(self) -> str:
        """The suffix of the files."""
        return self.places[0][1]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders in which they lie."""
        return tuple(folder for folder, _ in self.places)


def group_sources(
    sources: Iterable[Source],
    *,
    named: Callable[[str], str] = lambda path: path,
    naming: Collection[str] = (),
    runs: Iterable[Run] = (),
    said: Mapping[Place, str] | None = None,
) -> list[Group]:
    """Guess for each folder and format how names are to be read; folders of a format that are read alike are one group.

    Parameters
    ----------
    sources : iterable of Source
    named : callable
        Returns the path that patterns are held against.
    naming : collection of str
        Suffixes of formats whose files name their protocols.
    runs : iterable of (str, int, sequence of str)
        What is known of files that may hold a whole run, as `hold_a_cell_each` takes it.
    said : dict of str, optional
        Patterns that a person wrote, by place.
    """
    by_place: dict[Place, list[Source]] = {}
    for source in sources:
        folder, name = os.path.split(named(source.path))
        by_place.setdefault((folder, os.path.splitext(name)[1].lower()), []).append(source)
    known = {run[0]: run for run in runs}
    found: dict[tuple[str, str], tuple[list[Place], list[Source]]] = {}
    for suffix in dict.fromkeys(suffix for _, suffix in by_place):
        mine = {place: there for place, there in by_place.items() if place[1] == suffix}
        all_of_it = [source for there in mine.values() for source in there]
        joint = _guess(all_of_it, named, suffix in naming, known)
        for place, there in mine.items():
            pattern = (said or {}).get(place) or _better(there, joint, named, suffix in naming, known)
            places, members = found.setdefault((suffix, pattern), ([], []))
            places.append(place)
            members += there
    return [Group(tuple(places), key[1], tuple(members)) for key, (places, members) in found.items()]


def _guess(
    sources: Sequence[Source], named: Callable[[str], str], naming: bool, runs: Mapping[str, Run]
) -> str:
    names = [named(source.path) for source in sources[:_MOST]]
    return guess_pattern(names, with_protocols=naming, files_are_cells=_are_cells(sources, runs))


def _are_cells(sources: Sequence[Source], runs: Mapping[str, Run]) -> bool:
    """Return whether those of which something is known are a cell's each."""
    return hold_a_cell_each(runs[source.path] for source in sources if source.path in runs)


def _better(
    sources: Sequence[Source], joint: str, named: Callable[[str], str], naming: bool, runs: Mapping[str, Run]
) -> str:
    """Return the pattern of all files of a format, unless that of this folder alone finds more protocols.

    So does one by which the files of this folder are a cell each, where no name says a protocol.
    """
    own = _guess(sources, named, naming, runs)
    if own == joint or naming:
        return joint
    names = [named(source.path) for source in sources[:_MOST]]
    mine, all_of_it = _finds(own, names), _finds(joint, names)
    return own if mine > all_of_it or (not all_of_it and _are_cells(sources, runs)) else joint


def _finds(pattern: str, names: Sequence[str]) -> int:
    """Return in how many names a pattern finds a known protocol."""
    try:
        said = Pattern(pattern).match_all(names)
    except EfeError:
        return 0
    return sum(is_protocol((one or {}).get("protocol", "")) for one in said)
