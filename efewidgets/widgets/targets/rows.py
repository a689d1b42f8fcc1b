"""What the target table shows: one row a target, and why each recording went into the chosen one or didn't."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...engine.features.catalogue import catalogue
from ...engine.roles import MEANING, ROLES, role_problems
from ...engine.stages.inputs import Target
from ...state import ExtractionState
from ...state.results.tables import unit_of
from ..parts.cell_text import unit_of_amplitudes, write_settings
from ..parts.html import plain
from ..parts.table import Column

#: Fields that few targets have; their columns are shown if any does
RARE = {"location": "soma"}

#: Fields that a person can edit
EDITABLE = (
    "protocol",
    "amplitude",
    "tolerance",
    "efeature",
    "efeature_name",
    "efel_settings",
    "min_values",
    "role",
    "weight",
    *RARE,
)


@dataclass(frozen=True)
class TargetData:
    """What a target editor shows.

    Parameters
    ----------
    rows : list of dict
        One a target, with an id; keys are the columns' names.
    automatic : bool
        Whether the targets were chosen automatically.
    absolute : bool
        Whether amplitudes are in nA.
    protocols : tuple of str
        Those that there are recordings of.
    rare : tuple of str
        Which of `RARE` are shown.
    chosen : str or None
        Id of the chosen target.
    detail : TargetDetail or None
        Its recordings, if they are known.
    faults : tuple of str
        Why the roles of the targets don't go together.
    """

    rows: list[dict[str, Any]]
    automatic: bool
    absolute: bool
    protocols: tuple[str, ...]
    rare: tuple[str, ...]
    chosen: str | None = None
    detail: TargetDetail | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetDetail:
    """What became of each recording of a target's protocol.

    Parameters
    ----------
    title : str
    counts : dict
        How many recordings of each cell went in, and how many there are.
    rows : list of dict
        One a recording.
    """

    title: str
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


def target_data(state: ExtractionState) -> TargetData:
    """Return what is to be shown of a state."""
    inputs, results = state.inputs, state.results
    automatic = inputs.targets is None
    listed = results.targets if automatic else inputs.targets or ()
    names = ("target", "recordings", "cells", "n", "mean", "std", "in_output")
    table = results.target_statistics
    found = dict(zip(table["target"], zip(*(table[name] for name in names), strict=True), strict=True))
    known = {target: found[target.id] for target in results.targets}
    chosen = next((target for target in listed if target.id == state.view.target), None)
    return TargetData(
        [
            _row(target, known.get(target), inputs.threshold_nvalue_save, inputs.protocols)
            for target in listed
        ],
        automatic,
        inputs.absolute_amplitude,
        tuple(inputs.protocols),
        tuple(name for name, usual in RARE.items() if any(getattr(t, name) != usual for t in listed)),
        None if chosen is None else chosen.id,
        None if chosen is None or chosen not in known else target_detail(state, chosen),
        () if automatic else _faults(listed, inputs.absolute_amplitude),
    )


def _faults(targets: Sequence[Target], absolute: bool) -> tuple[str, ...]:
    if all(target.role is None for target in targets):
        return ()
    return tuple(p.message for p in role_problems([target.as_dict() for target in targets], absolute))


def _row(
    target: Target, found: tuple[Any, ...] | None, of_all: int, protocols: Mapping[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": target.id,
        "protocol": target.protocol,
        "amplitude": target.amplitude,
        "tolerance": target.tolerance,
        "efeature": target.efeature,
        "efeature_name": target.efeature_name or "",
        "efel_settings": write_settings(target.efel_settings) if target.efel_settings else "",
        "min_values": target.min_values,
        "location": target.location,
        "weight": target.weight,
        "role": target.role or "",
        "unit": unit_of(target.efeature),
    }
    looks, hints = {}, {}
    if protocols and target.protocol not in protocols:
        looks["protocol"] = "efe-warn"
        hints["protocol"] = f"there is no recording of {plain(target.protocol)}"
    if found is None:
        return row | {
            "matches": "not computed yet",
            "_class": looks | {"matches": "efe-faint"},
            "_hint": hints,
        }
    _, recordings, cells, n, mean, std, in_output = found
    row |= {"recordings": int(recordings), "cells": int(cells), "n": int(n)}
    row |= {"matches": in_words(int(recordings), int(cells))}
    row |= {"mean": _number(mean), "std": _number(std)}
    if not in_output:
        least = max(of_all if target.min_values is None else target.min_values, 1)
        looks["n"] = "efe-warn" if n else "efe-bad"
        hints["n"] = f"{n} value{'' if n == 1 else 's'}, fewer than {least}: left out of the output"
    if not recordings:
        looks["matches"] = "efe-bad"
        hints["matches"] = "no recording is this near to the amplitude; choose the row to see why"
    return row | ({"_class": looks, "_hint": hints} if looks else {})


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def in_words(recordings: int, cells: int) -> str:
    """Return "12 in 4 cells"."""
    return f"{recordings} in {cells} cell{'' if cells == 1 else 's'}" if recordings else "none"


def target_detail(state: ExtractionState, target: Target) -> TargetDetail:
    """Return what became of each recording of a target's protocol."""
    table = state.explain(target)
    counts: dict[str, tuple[int, int]] = {}
    for cell, taken in zip(table["cell"], table["taken"], strict=True):
        inside, of_all = counts.get(cell, (0, 0))
        counts[cell] = (inside + bool(taken), of_all + 1)
    unit = unit_of_amplitudes(state.results.inputs.absolute_amplitude)
    rows = [
        {
            "id": record["recording"] or f"file {number}",
            "cell": record["cell"],
            "sweep": f"{_base(record['file'])}, {record['sweep']}"
            if record["sweep"]
            else _base(record["file"]),
            "amplitude": _number(record["amplitude"]),
            "value": _number(record["value"]),
            "taken": "yes" if record["taken"] else "no",
            "reason": record["reason"],
            "_class": {} if record["taken"] else {"taken": "efe-faint", "reason": "efe-faint"},
            "_hint": {"reason": record["reason"], "sweep": record["file"]},
        }
        for number, record in enumerate(table.to_dict("records"))
    ]
    rows.sort(key=lambda row: row["taken"] == "no")  # what went in first
    return TargetDetail(f"{target.name} of {target.protocol} at {target.amplitude:g} {unit}", counts, rows)


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


#: Columns that are shown only where something stands in them, unless all are wanted
SELDOM = ("efeature_name", "efel_settings", "min_values", "role", "weight")


def target_columns(data: TargetData, every: bool = True) -> list[Column]:
    """Return the columns of the target table; without `every` those in which nothing stands are left out."""
    found = _columns(data)
    if every or not data.rows:
        return found
    used = {name for name in SELDOM if any(row.get(name) not in (None, "") for row in data.rows)}
    return [column for column in found if column.name not in SELDOM or column.name in used]


def _columns(data: TargetData) -> list[Column]:
    own = not data.automatic
    unit, words = _short(data.absolute), unit_of_amplitudes(data.absolute)
    names = tuple(info.name for info in catalogue() if not info.deprecated)
    near = f"How far a recording's amplitude may be from the target's; in {words}."
    settings = "eFEL settings for this target only, a semicolon between them: Threshold=-10; interp_step=0.1"
    role = "What it is for in a model's fit. " + "; ".join(
        f"{name}: {words}" for name, words in MEANING.items()
    )
    weight = "How much it counts in a model's fit; empty: 1."
    least = "How many values it must have to stand in the output; empty: as many as any feature."
    return [
        Column("protocol", "protocol", "text", own, choices=data.protocols, width="100px", frozen=True),
        Column("amplitude", "amplitude", "number", own, unit, f"In {words}.", width="108px"),
        Column("tolerance", "tolerance", "number", own, unit, near, width="102px"),
        Column(
            "efeature",
            "feature",
            "text",
            own,
            "",
            "eFEL's name of the feature.",
            names,
            width="175px",
            frozen=True,
        ),
        Column("efeature_name", "own name", "text", own, "", "Its name in the output.", width="95px"),
        Column("efel_settings", "settings", "text", own, "", settings, width="135px"),
        Column("min_values", "min. n", "number", own, "", least, width="70px"),
        Column("role", "role", "text", own, "", role, ROLES, width="75px"),
        Column("weight", "weight", "number", own, "", weight, width="75px"),
        *(Column(name, name, "text", own, width="80px") for name in RARE if name in data.rare),
        Column("matches", "recordings", hint="How many fall into the target.", width="100px"),
        Column("n", "n", "number", hint="How many recordings give a value.", width="50px"),
        Column("mean", "mean", "number", width="80px", digits=4),
        Column("std", "± std", "number", hint="As in the output.", width="80px", digits=4),
        Column("unit", "unit", hint="Of mean and std.", width="55px"),
    ]


def _short(absolute: bool) -> str:
    """Return the unit of amplitudes as it fits into a header."""
    return "nA" if absolute else "%"


def detail_columns(absolute: bool, unit: str = "") -> list[Column]:
    """Return the columns of the table of a target's recordings."""
    return [
        Column("cell", "cell", width="110px"),
        Column("sweep", "file, sweep", width="200px"),
        Column("amplitude", "amplitude", "number", unit=_short(absolute), width="110px"),
        Column("value", "value", "number", unit=unit, width="110px"),
        Column("taken", "taken", width="60px"),
        Column("reason", "why not", width="560px"),
    ]


def csv_columns(absolute: bool) -> dict[str, str]:
    """Return the headers of an exported table by the names of its columns."""
    unit = unit_of_amplitudes(absolute)
    return {
        "protocol": "protocol",
        "amplitude": f"amplitude ({unit})",
        "tolerance": f"tolerance ({unit})",
        "efeature": "feature",
        "efeature_name": "own name",
        "efel_settings": "eFEL settings",
        "min_values": "minimum n",
        "location": "location",
        "weight": "weight",
        "role": "role",
        "recordings": "recordings",
        "cells": "cells",
        "n": "n",
        "mean": "mean",
        "std": "std",
        "unit": "unit",
    }
