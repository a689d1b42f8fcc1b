"""Targets from elsewhere: cells of a spreadsheet, CSV, and configs of efewidgets, BluePyEfe and BluePyEModel."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...engine.config.legacy import is_obi_one, l5pc, translate_obi_one, translate_targets
from ...engine.export.importing import targets_of_features
from ...engine.problems import EfeError, Problem
from ...engine.targets.targets import check_targets, convert_legacy_targets
from ..parts.cell_text import column_of, read_cell, read_number, unit_of_amplitudes
from ..parts.html import plain

#: Columns of a spreadsheet without headers, as those of the table
ORDER = ("protocol", "amplitude", "tolerance", "efeature", "efeature_name", "efel_settings", "min_values")
NEEDED = ORDER[:4]

#: How many errors are told at once
TOLD = 5

Targets = list[dict[str, Any]]


def targets_of_text(text: str, absolute: bool = False, tolerance: float = 10) -> tuple[Targets, list[str]]:
    """Return the targets that a text holds: JSON, or lines of cells between tabs, commas or semicolons.

    Parameters
    ----------
    text : str
    absolute : bool
        Whether amplitudes are in nA.
    tolerance : float
        Of targets whose form has none.

    Returns
    -------
    targets : list of dict
        As `extract_efeatures` takes them.
    notes : list of str
        What was left out, in words.

    Raises
    ------
    EfeError
        If something can't be a target; it says which line or entry.
    """
    text = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").strip()
    if not text:
        raise EfeError("Paste cells of a spreadsheet, CSV, or the JSON of a config here.")
    if text[0] in "[{":
        return targets_of_json(_json(text), tolerance)
    return targets_of_cells(_cells(text), absolute), []


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}"
        raise EfeError(f"This begins like JSON, but is not: {where}.") from None
    except RecursionError:
        raise EfeError("This is no config: its brackets are nested too deeply.") from None


def _cells(text: str) -> list[list[str]]:
    """Return the cells of lines; what divides them is what gives most of them in the first line."""
    found = []
    for mark in "\t,;":
        try:
            found.append(list(csv.reader(io.StringIO(text), delimiter=mark)))
        except csv.Error as error:
            raise EfeError(f"These are no lines of cells: {error}.") from None
    return max(found, key=lambda rows: len(rows[0]))


# --- spreadsheets


def has_header(matrix: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names columns."""
    names = [_column_or_none(cell) for cell in matrix[0]] if matrix else []
    return sum(name is not None for name in names) >= min(2, len(names)) and bool(names)


def _column_or_none(header: str) -> str | None:
    try:
        return column_of(header)[0]
    except EfeError:
        return None


def targets_of_cells(matrix: Sequence[Sequence[str]], absolute: bool = False) -> Targets:
    """Return the targets in lines of cells, whose columns are named by the first line or stand in `ORDER`.

    Raises
    ------
    EfeError
        If a line isn't a target; up to `TOLD` of them are told at once, by their numbers from 1.
    """
    columns, start = _columns(matrix, absolute)
    found, wrong = [], []
    for number, line in enumerate(matrix[start:], start=start + 1):
        if not any(cell.strip() for cell in line):
            continue
        try:
            found.append(_target(columns, line, absolute))
        except EfeError as error:
            wrong.append(f"Line {number}: {error}")
    _tell(wrong)
    if not found:
        raise EfeError("There is no target in this: only a line with the names of columns.")
    return found


def _columns(matrix: Sequence[Sequence[str]], absolute: bool) -> tuple[Sequence[str], int]:
    """Return the field that each column is of, and the line that the targets start in."""
    if not has_header(matrix):
        width = max(map(len, matrix), default=0)
        if width < len(NEEDED):
            raise EfeError(
                "Line 1: a target needs at least four cells: protocol, amplitude, tolerance, feature; or a first "
                "line that says what the columns are."
            )
        return ORDER, 0
    headers = [column_of(cell) if cell.strip() else ("", "") for cell in matrix[0]]
    names = [name for name, _ in headers]
    for name in NEEDED:
        if name not in names:
            raise EfeError(f"Line 1: there is no column for the {name.removeprefix('e')}.")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise EfeError(f"Line 1: there are two columns for {twice}.")
    for name, unit in headers:
        given = "nA" if unit.lower() in ("na", "pa") else "%" if "%" in unit else ""
        if name in ("amplitude", "tolerance") and given and (given == "nA") != absolute:
            raise EfeError(
                f"Line 1: the {name} is in {plain(unit)}, but here in {unit_of_amplitudes(absolute)}; change the "
                "switch “amplitudes in nA” first."
            )
        if unit.lower() == "pa":
            raise EfeError(f"Line 1: the {name} is in pA; give it in nA.")
    return names, 1


def _target(columns: Sequence[str], line: Sequence[str], absolute: bool) -> dict[str, Any]:
    cells = dict(zip(columns, line, strict=False))
    cells.pop("", None)
    target = {name: read_cell(name, cells.get(name), absolute) for name in NEEDED}
    more = {name: read_cell(name, text, absolute) for name, text in cells.items() if name not in NEEDED}
    target |= {name: value for name, value in more.items() if value is not None}
    _check(target)
    return target


def _check(target: Mapping[str, Any]) -> None:
    _, problems = check_targets([target])
    if problems:
        raise EfeError(problems[0].message)


def _tell(wrong: Sequence[str]) -> None:
    if wrong:
        rest = f"\n… and {len(wrong) - TOLD} more." if len(wrong) > TOLD else ""
        raise EfeError("\n".join(wrong[:TOLD]) + rest)


# --- JSON


def targets_of_json(data: Any, tolerance: float = 10) -> tuple[Targets, list[str]]:
    """Return the targets in a config or a part of one; see `targets_of_text`.

    Known are: a list of targets; a dictionary of protocols with "amplitudes" and "efeatures"; whole configs of
    efewidgets, BluePyEfe 1, OBI-ONE and BluePyEModel (with "targets"); BluePyEModel's list of "efeatures" for the
    optimisation; features.json; the features of BluePyOpt's l5pc example and of HHNB; and fit.json.
    """
    found, notes = _form(data, tolerance)
    wrong = []
    for number, target in enumerate(found, start=1):
        try:
            _check(target)
        except EfeError as error:
            wrong.append(f"Target {number}: {error}")
    _tell(wrong)
    if not found:
        raise EfeError(" ".join(["There is no target in this.", *notes]))
    return found, notes


def _form(data: Any, tolerance: float) -> tuple[Targets, list[str]]:
    if isinstance(data, list):
        return _listed(data, tolerance)
    if isinstance(data, Mapping):
        if {"cells", "features", "options"} <= set(data):
            found, problems = translate_targets(data)
            return found, _words(problems)
        if is_obi_one(data):
            config, problems = translate_obi_one(data)
            return config["targets"], ["These amplitudes are in nA.", *_words(problems)]
        if l5pc.is_fit(data):
            return l5pc.from_fit(data).targets, []
        if l5pc.is_l5pc(data):
            read = l5pc.from_l5pc(data, tolerance=tolerance)
            return read.targets, read.lost
        if "efeatures" in data and (own := targets_of_features(data)) is not None:
            return own, []
        for key in ("targets", "efeatures"):
            if isinstance(data.get(key), (list, Mapping)):
                return _form(data[key], tolerance)
        if data and all(isinstance(own, Mapping) and "amplitudes" in own for own in data.values()):
            return _by_protocol(data, tolerance)
        if data and all(isinstance(own, Mapping) and _is_located(own) for own in data.values()):
            return _from_features(data, tolerance)
    raise EfeError(
        "No targets are found in this JSON. It can be a list of targets, a dictionary of protocols with "
        '"amplitudes" and "efeatures", or a config with "targets".'
    )


def _words(problems: Iterable[Problem]) -> list[str]:
    return list(dict.fromkeys(p.message for p in problems if p.kind in ("", "target", "config")))


def _listed(data: list[Any], tolerance: float) -> tuple[Targets, list[str]]:
    """Return targets of a list, each as `extract_efeatures` or as BluePyEModel has it."""
    found: Targets = []
    notes: list[str] = []
    for number, entry in enumerate(data, start=1):
        if not isinstance(entry, Mapping):
            raise EfeError(f"Target {number} must be a dictionary, but is {plain(entry)!r:.60}.")
        if "efel_feature_name" not in entry:
            given = {name: value for name, value in entry.items() if value is not None}
            found.append({"tolerance": tolerance} | given)
        elif (own := _for_optimisation(entry, tolerance)) is not None:
            found.append(own)
        else:
            name, protocol = plain(entry["efel_feature_name"]), plain(entry.get("protocol_name"))
            notes.append(f"{name} of {protocol} is left out: it is of no amplitude.")
    return found, notes


def _for_optimisation(entry: Mapping[str, Any], tolerance: float) -> dict[str, Any] | None:
    """Return a feature that a model is fitted to as a target; None if it is of no protocol's amplitude."""
    protocol, amplitude = _stimulus(str(entry.get("protocol_name", "")))
    if amplitude is None or str(entry["efel_feature_name"]).startswith("bpo_"):
        return None
    location = str(entry.get("recording_name") or "soma").removesuffix(".v")
    found = {
        "efeature": entry["efel_feature_name"],
        "protocol": protocol,
        "amplitude": amplitude,
        "tolerance": entry.get("tolerance") or tolerance,
        "location": location,
    }
    more = {name: entry.get(name) for name in ("efeature_name", "efel_settings", "weight")}
    return found | {name: value for name, value in more.items() if value is not None}


def _stimulus(name: str) -> tuple[str, int | float | None]:
    """Return "IDrest" and 150 of "IDrest_150"."""
    protocol, _, amplitude = name.rpartition("_")
    try:
        return protocol, read_number(amplitude) if protocol else None
    except EfeError:
        return name, None


def _by_protocol(data: Mapping[str, Any], tolerance: float) -> tuple[Targets, list[str]]:
    """Return targets of a dictionary of protocols; one tolerance will do, or none."""
    filled = {
        protocol: {"tolerances": [tolerance], **own, "efeatures": own.get("efeatures") or own.get("features")}
        for protocol, own in data.items()
    }
    return convert_legacy_targets(filled), []


def _is_located(own: Mapping[str, Any]) -> bool:
    return bool(own) and all(
        isinstance(entries, list) and all(isinstance(e, Mapping) and "feature" in e for e in entries)
        for entries in own.values()
    )


def _from_features(data: Mapping[str, Any], tolerance: float) -> tuple[Targets, list[str]]:
    """Return the targets that gave a features.json."""
    found: Targets = []
    notes = []
    for name, places in data.items():
        protocol, amplitude = _stimulus(name)
        if amplitude is None:
            notes.append(f"{plain(name)} is left out: it is of no amplitude.")
            continue
        for location, entries in places.items():
            for entry in entries:
                target = {"efeature": entry["feature"], "protocol": protocol, "amplitude": amplitude}
                more = {key: entry[key] for key in ("efeature_name", "efel_settings") if entry.get(key)}
                found.append(target | {"tolerance": tolerance, "location": location} | more)
    return found, notes


# --- export


def write_csv(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Return rows as CSV that spreadsheets open and `targets_of_text` reads.

    Parameters
    ----------
    rows : list of dict
    columns : dict
        Headers by the names of what stands in the rows.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns.values())
    for row in rows:
        writer.writerow(["" if row.get(name) is None else row[name] for name in columns])
    return text.getvalue()
