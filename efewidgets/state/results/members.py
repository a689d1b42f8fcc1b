"""The recordings of a cell and where each belongs: a stage of its own, so that an edit of targets makes none anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...engine.recordings.recording import Recording
from ...engine.recordings.repeats import reason, repeats
from ...engine.stages.context import Context
from ...engine.stages.graph import Get, Node, Stage
from ...engine.stages.inputs import CellInputs, FileInputs
from ...engine.stages.reading import included
from ...engine.stages.work import Work


@dataclass(frozen=True)
class Member:
    """A recording and where it belongs.

    Parameters
    ----------
    id : str
        Names the recording in the state: the file's id, a slash, the sweep's name.
    excluded : str or None
        Why it is left out: by a person, or since it is there twice.
    """

    id: str
    cell: str
    protocol: str
    file: FileInputs
    recording: Recording
    excluded: str | None

    @property
    def lost(self) -> bool:
        """Whether its stimulus was not found, so that it can't be used."""
        return self.recording.timing_from == "lost"

    @property
    def doubtful(self) -> bool:
        """Whether something is told of it that a person should look at."""
        told = any(problem.severity != "note" for problem in self.recording.problems)
        return told or self.recording.timing_from in ("lost", "unsure")


class Members:
    """The recordings of one cell that could be read, the excluded ones too.

    Attributes
    ----------
    by_id : dict of Member
    """

    def __init__(self, by_id: dict[str, Member]):
        self.by_id = by_id

    @cached_property
    def ids(self) -> dict[int, str]:
        """Their ids by their recordings' serial numbers."""
        return {member.recording.serial: identity for identity, member in self.by_id.items()}

    @cached_property
    def doubtful(self) -> tuple[Member, ...]:
        """Those that a person should look at."""
        return tuple(member for member in self.by_id.values() if member.doubtful)

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """How large the amplitudes (nA) are of those whose stimulus was found."""
        found = (getattr(member.recording, "amp", None) for member in self.by_id.values() if not member.lost)
        return tuple(abs(float(amp)) for amp in found if amp is not None)

    @cached_property
    def excluded(self) -> int:
        """How many are left out."""
        return sum(member.excluded is not None for member in self.by_id.values())


def _reads(context: Context, cell: str, get: Get) -> tuple[Any, ...]:
    found = context.cell(cell)
    # the ids of files are no part of a cell's digest
    return found, tuple(file.id for file in found.files), context.seen(found), context.reading


def _covers(context: Context, cell: str, get: Get) -> Iterable[Node]:
    return [("cell", cell), *(("agree", (cell, protocol)) for protocol in context.cell(cell).groups)]


def _members(read: tuple[Any, ...], values: list[Any], work: Work | None) -> Members:
    cell: CellInputs = read[0]
    used, *groups = values
    found: dict[str, Member] = {}
    for (protocol, group), agreed in zip(cell.groups.items(), groups, strict=True):
        twice = repeats(list(included(group, agreed, used.refused)))
        for file, recordings in zip(group.files, agreed.files, strict=True):
            for recording in recordings:
                identity = f"{file.id}/{recording.label}"
                why = file.excluded.get(recording.label) or used.refused.get(recording.serial)
                if recording.serial in twice:
                    why = reason(twice[recording.serial])
                found[identity] = Member(identity, cell.name, protocol, file, recording, why)
    return Members(found)


MEMBERS = Stage("members", _members, _reads, covered=_covers, size=lambda found: 300 * len(found.by_id))
