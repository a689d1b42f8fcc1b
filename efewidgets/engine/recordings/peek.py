"""One sweep of a file by the metadata as they are now, and what keeps it from being used: for who fills them in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kinds import Kind
from ..problems import EfeError, Problem
from ..readers import each_sweep
from ..traces.trace import Trace, standardize
from .metadata import faults
from .reading import read_file
from .source import reader_metadata
from .sweeps import split_metadata

#: Entries of metadata as messages for scripts name them: 'ton', ton = 5, ton: …, columns = {…}, "ecode": "Step"
_NAMED = re.compile(
    r"['`](\w+)['`](?:\s*[:=]\s*\{[^}]*\})?|\b(\w+) = \{[^}]*\}|\b(\w+)(?= = |: | must )|\"(\w+)\"(?=: \")"
)


@dataclass(frozen=True, eq=False)
class Peek:
    """One sweep, and what there is to say about it.

    Attributes
    ----------
    sweeps : tuple of str
        The sweeps that are read, by their names.
    at : int
        Which of them is shown; -1 if none can be.
    trace : Trace or None
        Its voltage (mV) and current (nA).
    timings : dict of float
        What of its stimulus was said or found, ms.
    problems : tuple of Problem
        What keeps it from being used, and what should be known.
    """

    sweeps: tuple[str, ...] = ()
    at: int = -1
    trace: Trace | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def peek(
    metadata: Mapping[str, Any],
    protocol: str,
    wanted: int = 0,
    reader: Callable[..., Any] | None = None,
) -> Peek:
    """Read one sweep of a file, and find its stimulus if that can be.

    Parameters
    ----------
    metadata : dict
        As `extract_efeatures` takes it.
    protocol : str
        "" if it isn't known yet.
    wanted : int
        Which of the sweeps that are read; the last one if there are fewer.
    reader : callable, optional
        A lab's own reader.
    """
    wrong = faults(metadata, reader)
    if wrong:
        return Peek(problems=tuple(Problem(words, kind="file") for words in wrong))
    whole, _ = split_metadata(metadata, own_reader=reader is not None)
    prepared = reader_metadata(whole, protocol) if protocol else dict(whole)
    try:
        labels = [label for label, _ in each_sweep(prepared, [], reader, only=())]
    except (EfeError, OSError) as error:
        return Peek(problems=(Problem(str(error), kind="file"),))
    index = min(max(wanted, 0), len(labels) - 1)
    found = Peek(tuple(labels), index)
    if index < 0:
        return found
    if not protocol:
        return dataclasses.replace(found, **_bare(whole, prepared, reader, index, ()))
    recordings, problems = read_file(metadata, protocol, reader, count_spikes=False, only={index})
    if recordings:
        one = recordings[0]
        lost = one.timing_from == "lost"
        names = () if lost else type(one).timings
        timings = {name: float(getattr(one, name)) for name in names if getattr(one, name, None) is not None}
        told = (*problems, *one.problems)
        return dataclasses.replace(found, trace=one.samples(), timings=timings, problems=told)
    return dataclasses.replace(found, **_bare(whole, prepared, reader, index, problems))


def _bare(
    whole: Mapping[str, Any],
    prepared: Mapping[str, Any],
    reader: Callable[..., Any] | None,
    index: int,
    problems: Collection[Problem],
) -> dict[str, Any]:
    """Return the samples of a sweep whose stimulus can't be found, if they can be had, and why it can't be used."""
    try:
        sweeps = (sweep for _, sweep in each_sweep(prepared, [], reader, only={index}) if sweep is not None)
        trace = next((standardize(whole, sweep) for sweep in sweeps), None)
    except (EfeError, OSError) as error:
        known = {problem.message for problem in problems}
        told = [] if str(error) in known else [Problem(str(error), kind="file")]
        return {"problems": (*problems, *told)}
    return {"trace": trace, "problems": tuple(problems)}


def _named(match: re.Match[str]) -> str:
    """Return the entry that a part of a message names, in whichever of the ways."""
    return next(filter(None, match.groups()))


def entries_in(message: str, known: Mapping[str, Kind]) -> list[str]:
    """Return the entries of metadata that a message names, in its order."""
    found = map(_named, _NAMED.finditer(message))
    return [name for name in dict.fromkeys(found) if name in known]


def in_titles(message: str, known: Mapping[str, Kind], place: str = "details") -> str:
    """Return a message for who fills in a form: entries by their titles, which stand in a place of this name."""

    def titled(match: re.Match[str]) -> str:
        kind = known.get(_named(match))
        return f"“{kind.title}”" if kind is not None and kind.title else match[0]

    return re.sub(r"\b(the|its) metadata\b", rf"\1 {place}", _NAMED.sub(titled, message))
