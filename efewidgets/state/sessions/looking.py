"""What the eye is looking at, as plain data for a session: without ids, which are others after loading."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from ...engine.stages.inputs import Inputs
from ...engine.stages.notes import notes_as_data, notes_of
from ...engine.stages.values import Frozen
from ..view import View

#: What is remembered of a view
NAMES = (
    "tab",
    "cell",
    "protocol",
    "recordings",
    "target",
    "time_range",
    "reason",
    "to_check",
    "current_unit",
    "title",
    "watched",
)


def view_as_data(view: View, inputs: Inputs) -> dict[str, Any]:
    """Return a view as plain data; what isn't selected is left out.

    A recording is ``[cell, protocol, which file of them, sweep]``; a target the number of its row, or its id if the
    targets are chosen automatically.
    """
    places = places_of(inputs)
    found: dict[str, Any] = {
        name: getattr(view, name) for name in ("tab", "cell", "protocol", "reason", "title")
    }
    found["to_check"] = view.to_check or None
    found["current_unit"] = None if view.current_unit == "auto" else view.current_unit
    found["recordings"] = _written(view.recordings, places)
    if inputs.targets is None:
        found["target"] = view.target
    else:
        ids = [target.id for target in inputs.targets]
        found["target"] = ids.index(view.target) if view.target in ids else None
    found["time_range"] = None if view.time_range is None else list(view.time_range)
    found = {name: value for name, value in found.items() if value not in (None, "", [])}
    return found if view.watched is None else found | {"watched": view.watched}  # which may be ""


def look(view: View, data: Any, inputs: Inputs) -> None:
    """Look again at what was written down; what is there no more, or is of no known form, is passed over."""
    if not isinstance(data, Mapping):
        return
    found: dict[str, Any] = {"target": None, "time_range": None, "to_check": data.get("to_check") is True}
    found |= {name: _text(data.get(name)) for name in ("cell", "protocol", "watched")}
    found |= {name: _text(data.get(name)) or "" for name in ("tab", "reason", "title")}
    unit = data.get("current_unit")
    found["current_unit"] = unit if unit in ("pA", "nA") else "auto"
    found["recordings"] = _read(data.get("recordings"), inputs)
    target, rows = data.get("target"), inputs.targets
    if isinstance(target, str) and rows is None:
        found["target"] = target
    elif isinstance(target, int) and rows is not None and 0 <= target < len(rows):
        found["target"] = rows[target].id
    span = _list(data.get("time_range"))
    if len(span) == 2 and all(isinstance(end, (int, float)) for end in span) and span[0] < span[1]:
        found["time_range"] = (float(span[0]), float(span[1]))
    with view.hold_trait_notifications():
        for name, value in found.items():
            setattr(view, name, value)


def accepted_as_data(inputs: Inputs) -> list[list[Any]]:
    """Return the recordings that a person found right, as a view's are written down."""
    return _written(inputs.accepted, places_of(inputs))


def with_accepted(inputs: Inputs, data: Any) -> Inputs:
    """Return inputs with the recordings that were written down as right; what is of no known form is passed over."""
    return dataclasses.replace(inputs, accepted=_read(data, inputs))


def noted_as_data(inputs: Inputs) -> dict[str, Any]:
    """Return notes and tags, for `with_noted`; recordings are written down as a view's are."""
    places = places_of(inputs)

    def written(recording: str) -> list[Any] | None:
        file, _, sweep = recording.partition("/")
        return [*places[file], sweep] if file in places else None

    return notes_as_data(inputs, written)


def with_noted(inputs: Inputs, data: Any) -> Inputs:
    """Return inputs with notes and tags that were written down; what is of no known form is passed over."""
    if not isinstance(data, Mapping):
        return inputs
    cells = data.get("cells")
    of_cells = {
        name: told
        for name, entry in (cells.items() if isinstance(cells, Mapping) else ())
        if name in inputs.by_name and (told := notes_of(entry)) is not None
    }
    files = {place: file for file, place in places_of(inputs).items()}
    of_recordings = {
        identity: told
        for one in _list(data.get("recordings"))
        if isinstance(one, list)
        and (identity := _found(one[:-1], files)) is not None
        and (told := notes_of(one[-1])) is not None
    }
    return dataclasses.replace(inputs, cell_notes=Frozen(of_cells), recording_notes=Frozen(of_recordings))


def _written(recordings: Iterable[str], places: Mapping[str, tuple[str, str, int]]) -> list[list[Any]]:
    parted = [identity.partition("/") for identity in recordings]
    return [[*places[file], sweep] for file, _, sweep in parted if file in places]


def _read(data: Any, inputs: Inputs) -> tuple[str, ...]:
    files = {place: file for file, place in places_of(inputs).items()}
    found = (_found(one, files) for one in _list(data))
    return tuple(one for one in found if one is not None)


def _found(one: Any, files: Mapping[tuple[str, str, int], str]) -> str | None:
    """Return the id of a recording that was written down; None if it is there no more, or of no known form."""
    if isinstance(one, list) and len(one) == 4 and _is_place(one) and tuple(one[:3]) in files:
        return f"{files[one[0], one[1], one[2]]}/{one[3]}"
    return None


def places_of(inputs: Inputs) -> dict[str, tuple[str, str, int]]:
    """Return cell, protocol, and which of their files it is, of each file by its id."""
    return {
        file.id: (cell.name, protocol, number)
        for cell in inputs.cells
        for protocol, group in cell.groups.items()
        for number, file in enumerate(group.files)
    }


def _is_place(one: list[Any]) -> bool:
    return all(isinstance(part, kind) for part, kind in zip(one, (str, str, int, str), strict=True))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
