"""What can be undone, as plain data beside a session: of each edit only what it has changed.

The inputs before an edit share nearly all with those after it. So each step is what differs, going back from the
present ones; files and targets that are the same are named, and by their places, since ids are others after loading.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.problems import EfeError
from ...engine.stages.inputs import CellInputs, FileInputs, Goal, Inputs, Target, file_inputs
from ...engine.stages.values import Frozen, freeze, thaw
from ..checks import check_inputs
from ..history import Step
from .looking import places_of

FORMAT = 1

#: Edits that are kept, and characters that they may take: beyond it the older ones are left out
MOST, LARGEST = 100, 500_000

#: What a lab's own reader is can't stand in a file; edits before it was chosen are not kept
_CODE = "recording_reader"

Data = dict[str, Any]


@dataclass(frozen=True)
class _Written:
    """A step as it is written down: what of its inputs differs from those after it; None if no file can hold that."""

    step: Step
    later: Inputs
    data: Data | None
    used: frozenset[str]
    size: int


class Undo:
    """Writes down what can be undone; what was written before isn't looked at again, however many edits there are."""

    def __init__(self) -> None:
        self._known: dict[int, _Written] = {}

    def as_data(self, steps: Sequence[Step], now: Inputs) -> Data:
        """Return the last edits, the last one first, as plain data for `steps_of`."""
        found: list[_Written] = []
        later, size = now, 0
        for step in reversed(steps[-MOST:]):
            one = self._written(step, later)
            size += one.size
            if one.data is None or size > LARGEST:
                break
            found.append(one)
            later = step.inputs
        self._known = {id(one.step): one for one in found}
        used = frozenset[str]().union(*(one.used for one in found))
        places = {one: list(place) for one, place in places_of(now).items() if one in used}
        targets = [target.id for target in now.targets or ()]
        listed = [one.data for one in found]
        return {"format": FORMAT, "of": _key(now), "steps": listed, "files": places, "targets": targets}

    def _written(self, step: Step, later: Inputs) -> _Written:
        known = self._known.get(id(step))
        if known is not None and known.step is step and known.later is later:
            return known
        used: set[str] = set()
        try:
            changes = _difference(later, step.inputs, used)
            size = len(json.dumps(changes))
        except (TypeError, ValueError):
            return _Written(step, later, None, frozenset(), 0)
        return _Written(step, later, {"label": step.label, "changes": changes}, frozenset(used), size)


def steps_of(
    data: Any, now: Inputs, new_id: Callable[[str], str], check: Callable[[Data], Any] | None = None
) -> list[Step]:
    """Return edits that were written down, the last one last; none if they led to other inputs than these.

    Parameters
    ----------
    data : object
    now : Inputs
    new_id : callable
        Returns a new id that starts with the given letter.
    check : callable, optional
        Is given what an edit would bring back, in the words of a config; raises EfeError if it must not be used.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT or data.get("of") != _key(now):
        return []
    steps: list[Step] = []
    later = now
    try:
        back = _Back(data, now, new_id)
        for entry in data["steps"]:
            if check is not None:
                check(_as_config(entry["changes"]))
            inputs = back.before(later, entry["changes"])
            check_inputs(inputs, later, opened=True)
            steps.append(Step(str(entry["label"]), inputs))
            later = inputs
    except (
        EfeError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ):  # what is before it can't be had either
        pass
    return steps[::-1]


def _key(inputs: Inputs) -> str:
    """Return what inputs are known by, whatever their ids; a session's folder comes back as a whole path."""
    folder = inputs.output_directory
    whole = None if folder is None else os.path.abspath(folder)
    return dataclasses.replace(
        inputs, accepted=(), recording_notes=Frozen(), output_directory=whole
    ).digest.hex()


def _difference(later: Inputs, before: Inputs, used: set[str]) -> Data:
    """Return what of the inputs before an edit isn't as after it."""
    found: Data = {}
    for field in dataclasses.fields(Inputs):
        old, new = getattr(before, field.name), getattr(later, field.name)
        if old is new or old == new:
            continue
        if field.name == _CODE:
            raise TypeError
        found[field.name] = _written(field.name, old, later, used)
    return found


def _written(name: str, old: Any, later: Inputs, used: set[str]) -> Any:
    if name == "cells":
        same = {id(cell) for cell in later.cells}
        there = {file.id: file for cell in later.cells for file in cell.files}
        return [cell.name if id(cell) in same else _cell(cell, there, used) for cell in old]
    if name == "targets" and old is not None:
        known = {target.id: target for target in later.targets or ()}
        return [one.id if known.get(one.id) == one else {"id": one.id, **one.as_dict()} for one in old]
    if name == "auto_targets" and old is not None:
        return [{f.name: thaw(getattr(goal, f.name)) for f in dataclasses.fields(Goal)} for goal in old]
    if name in ("accepted", "recording_notes"):
        used.update(one.partition("/")[0] for one in old)
    return thaw(old)


def _cell(cell: CellInputs, there: Mapping[str, FileInputs], used: set[str]) -> Data:
    used.update(file.id for file in cell.files)
    files = [file.id if there.get(file.id) == file else _file(file) for file in cell.files]
    return {"name": cell.name, "model": cell.model, "files": files}


def _file(file: FileInputs) -> Data:
    return {"id": file.id, "protocol": file.protocol, "metadata": file.as_metadata()}


def _as_config(changes: Mapping[str, Any]) -> Data:
    """Return what an edit brings back as a config has it, for who checks paths and settings."""
    cells = [cell for cell in changes.get("cells") or () if isinstance(cell, Mapping)]
    files = [file["metadata"] for cell in cells for file in cell["files"] if isinstance(file, Mapping)]
    rest = {name: value for name, value in changes.items() if name != "cells"}
    return rest | {"files_metadata": {"": {"": files}}}


class _Back:
    """Makes inputs out of those after an edit and what was written down; ids are given anew, and stay the same."""

    def __init__(self, data: Mapping[str, Any], now: Inputs, new_id: Callable[[str], str]):
        here = {place: one for one, place in places_of(now).items()}
        self._ids = {old: here[tuple(place)] for old, place in data["files"].items() if tuple(place) in here}
        self._ids |= dict(zip(data["targets"], [target.id for target in now.targets or ()], strict=True))
        self._new_id = new_id

    def before(self, later: Inputs, changes: Mapping[str, Any]) -> Inputs:
        return dataclasses.replace(
            later,
            **{name: self._read(name, value, later) for name, value in changes.items() if name != _CODE},
        )

    def _read(self, name: str, value: Any, later: Inputs) -> Any:
        if name == "cells":
            return tuple(self._cells(value, later))
        if name == "targets" and value is not None:
            known = {target.id: target for target in later.targets or ()}
            return tuple(
                known[self._id(one, "t")] if isinstance(one, str) else self._target(one) for one in value
            )
        if name == "auto_targets" and value is not None:
            return tuple(Goal(**{name: freeze(part) for name, part in one.items()}) for one in value)
        if name == "accepted":
            return tuple(map(self._recording, value))
        if name == "recording_notes":
            return Frozen({self._recording(one): told for one, told in value.items()})
        return freeze(value)

    def _cells(self, listed: Iterable[Any], later: Inputs) -> Iterable[CellInputs]:
        there = {file.id: file for cell in later.cells for file in cell.files}
        for cell in listed:
            if isinstance(cell, str):
                yield later.by_name[cell]
                continue
            files = (
                there[self._id(one, "f")]
                if isinstance(one, str)
                else file_inputs(self._id(one["id"], "f"), one["protocol"], one["metadata"])
                for one in cell["files"]
            )
            yield CellInputs(cell["name"], tuple(files), bool(cell["model"]))

    def _recording(self, one: str) -> str:
        file, _, label = one.partition("/")
        return f"{self._id(file, 'f')}/{label}"

    def _target(self, one: Mapping[str, Any]) -> Target:
        fields = {name: freeze(value) for name, value in one.items() if name != "id" and value is not None}
        return Target(self._id(one["id"], "t"), **fields)

    def _id(self, old: str, letter: str) -> str:
        if old not in self._ids:
            self._ids[old] = self._new_id(letter)
        return self._ids[old]
