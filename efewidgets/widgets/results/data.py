"""What the results panel shows, as rows of plain data."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

from ...engine.problems import EfeError
from ...state import Results
from ..parts.html import plain
from ..parts.table import Column

#: Times and amplitudes of a stimulus in protocols.json that have a column of their own, and their units
STIMULUS = {"delay": "ms", "duration": "ms", "totduration": "ms", "amp": "nA", "thresh_perc": "%"}

#: Significant digits of what was measured, as it is shown; what is copied or written has all
DIGITS = 4

#: Rows of the means over all cells
OVER_ALL = ("mean", "standard deviation")


def level_unit(results: Results) -> str:
    """Return the unit of the targets' amplitudes."""
    return "nA" if results.inputs.absolute_amplitude else "% of rheobase"


def feature_columns(results: Results) -> tuple[Column, ...]:
    """Return the columns of the table of features."""
    return (
        Column("protocol", "protocol"),
        Column("amplitude", "amplitude", "number", unit=level_unit(results)),
        Column("feature", "feature"),
        Column("mean", "mean", "number", digits=DIGITS),
        Column("std", "std", "number", digits=DIGITS, hint="standard deviation, as in features.json"),
        Column("unit", "unit"),
        Column("n", "n", "number", hint="recordings that give a value"),
        Column("recordings", "recordings", "number", hint="recordings that fall into the target"),
        Column("cells", "cells", "number", hint="cells of these recordings"),
        Column("output", "in the output", hint="whether there are values enough for features.json"),
    )


def feature_rows(results: Results) -> list[dict[str, Any]]:
    """Return one row per target in force, whether or not it has values."""
    rows = []
    for target in results.target_statistics.to_dict("records"):
        inside = bool(target["in_output"])
        row = {
            "id": target["target"],
            "protocol": plain(target["protocol"]),
            "amplitude": target["amplitude"],
            "feature": plain(target["feature"]),
            "mean": target["mean"] if target["n"] else None,
            "std": target["std"] if target["n"] else None,
            "unit": target["unit"],
            "n": target["n"],
            "recordings": target["recordings"],
            "cells": target["cells"],
            "output": "yes" if inside else "no: too few values",
        }
        if not inside:
            row["_class"] = dict.fromkeys(row, "efe-faint")
        if target["feature"] != target["efeature"]:
            row["_hint"] = {"feature": f"eFEL's {target['efeature']}"}
        rows.append(row)
    return rows


def contributor_columns(results: Results, target: str | None) -> tuple[Column, ...]:
    """Return the columns of the table of a target's recordings."""
    unit = next((row["unit"] for row in _statistics(results, target)), "")
    return (
        Column("taken", "taken"),
        Column("cell", "cell"),
        Column("file", "file"),
        Column("sweep", "recording"),
        Column("amplitude", "amplitude", "number", unit=level_unit(results), digits=DIGITS),
        Column("value", "value", "number", unit=unit, digits=DIGITS),
        Column("reason", "why not"),
    )


def contributor_rows(results: Results, target: str | None) -> list[dict[str, Any]]:
    """Return one row per recording of a target's protocol, those that went in first; none without a target in force."""
    if target is None:
        return []
    try:
        found = results.explain(target)
    except EfeError:  # it is not in these results (yet)
        return []
    rows = []
    for k, one in enumerate(found.to_dict("records")):
        row = {
            "id": one["recording"] or f"without recordings {k}",
            "taken": "yes" if one["taken"] else "no",
            "cell": plain(one["cell"]),
            "file": plain(os.path.basename(one["file"] or "")),
            "sweep": plain(one["sweep"] or ""),
            "amplitude": one["amplitude"],
            "value": one["value"],
            "reason": one["reason"],
            "_hint": {"file": plain(one["file"])},
        }
        if not one["taken"]:
            row["_class"] = dict.fromkeys(("taken", "cell", "file", "sweep", "amplitude"), "efe-faint")
        rows.append(row)
    return sorted(rows, key=lambda row: row["taken"] == "no")


def contributor_title(results: Results, target: str | None) -> str:
    """Return in a line which number it is about; "" without a target in force."""
    for row in _statistics(results, target):
        place = f"{plain(row['feature'])} of {plain(row['protocol'])} at {row['amplitude']:g} {level_unit(results)}"
        if not row["n"]:
            return f"{place}: no value"
        value = f"{row['mean']:.4g} ± {row['std']:.3g} {row['unit']}".strip()
        return f"{place}: {value}, from {row['n']} of the {row['recordings']} recordings that fall into it"
    return ""


def _statistics(results: Results, target: str | None) -> list[dict[str, Any]]:
    frame = results.target_statistics
    found: list[Any] = frame[frame["target"] == target].to_dict("records")
    return found[:1]


PROTOCOL_COLUMNS = (
    Column("name", "protocol"),
    Column("part", "part"),
    Column("amp", "amp", "number", unit="nA", digits=DIGITS),
    Column("thresh_perc", "amplitude", "number", unit="% of rheobase", digits=DIGITS),
    Column("delay", "delay", "number", unit="ms"),
    Column("duration", "duration", "number", unit="ms"),
    Column("totduration", "total", "number", unit="ms"),
    Column("more", "more", hint="further times (ms) and amplitudes (nA) of the stimulus"),
)


def protocol_rows(protocols: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per protocol of protocols.json and part of its stimulus."""
    rows = []
    for k, (name, parts) in enumerate(protocols.items()):
        for part, values in parts.items():
            if not isinstance(values, Mapping):
                values = {part: values}
            more = {key: value for key, value in values.items() if key not in STIMULUS}
            row = {"id": f"{k}/{part}", "name": plain(name), "part": plain(part)}
            row |= {key: values.get(key) for key in STIMULUS}
            rows.append(row | {"more": ", ".join(f"{key} {_short(value)}" for key, value in more.items())})
    return rows


CURRENT_COLUMNS = (
    Column("cell", "cell"),
    Column("holding", "holding current", "number", unit="nA", digits=DIGITS),
    Column("threshold", "threshold current", "number", unit="nA", digits=DIGITS, hint="rheobase"),
)


def current_rows(currents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per cell of holding_threshold_currents.json, and below them mean and standard deviation."""
    holding, threshold = currents.get("all_holding_current", {}), currents.get("all_threshold_current", {})
    rows: list[dict[str, Any]] = [
        {
            "id": f"cell {name}",
            "cell": plain(name),
            "holding": holding.get(name),
            "threshold": threshold.get(name),
        }
        for name in dict.fromkeys((*holding, *threshold))
    ]
    if not rows:
        return rows
    pairs = zip(currents["holding_current"], currents["threshold_current"], strict=True)
    for word, (of_holding, of_threshold) in zip(OVER_ALL, pairs, strict=True):
        row = {"id": word, "cell": f"{word} over cells", "holding": of_holding, "threshold": of_threshold}
        rows.append(row | {"_class": {"cell": "efe-heading"}})
    return rows


def _short(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_short, value)) + "]"
    return plain(value)
