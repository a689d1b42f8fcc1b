"""Tables of columns (.csv, .tsv, .txt) in which each column has a role: time, voltage or current."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kinds import Kind, either, is_dict, is_list_of, is_text, is_whole
from ..problems import Problem, ReadError, nearest
from ..units import canonical_unit, is_current_unit, is_voltage_unit
from .clamp import clamp_in_words
from .files import existing_file, main_path
from .inspection import Contents, Opening, Sweep, SweepInfo, known_sweep, step_in_ms
from .matlab import regular_step
from .table import Table, read_table
from .text import LCCR, amplitudes_of, is_lccr, open_lccr, step_current

# "V (mV)", "Im [pA]", "time_s", "V/mV", "Vm mV"; after a mere space, one letter is no unit ("Sweep A").
_UNIT_AT_END = re.compile(r"[\(\[]\s*([^\)\]]+?)\s*[\)\]]\s*$|[_/]\s*([A-Za-zµμ]+)\s*$| ([A-Za-zµμ]{2,})\s*$")
_COLUMN = Kind(either(is_text, is_whole), "the name of a column, or its number from 0 on")
_COLUMNS = Kind(
    either(is_text, is_whole, is_list_of(either(is_text, is_whole))),
    "the name of a column, or its number from 0 on, or several",
)
#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {
    "columns": Kind(
        is_dict,
        'which column is what, {"time": …, "voltage": …, "current": …}',
        title="Columns",
        meaning="Which column is what.",
        parts={
            "time": _COLUMN.about("Column of times", "Without one, say the sampling step and its unit."),
            "voltage": _COLUMNS.about(
                "Column of voltage", "The membrane potential; several columns are sweeps."
            ),
            "current": _COLUMNS.about(
                "Column of current",
                "The injected current; without one, say amplitudes and timings of the steps.",
            ),
        },
    ),
    "amplitudes": LCCR.keys["amplitudes"],
}

# "Vm/10 (mV)", "Im ×100 (pA)", "10*V (mV)", "Vm gain 10 (mV)": are the numbers in that unit as they stand?
_SCALE = re.compile(
    r"(?<![0-9\s])\s*/\s*[0-9.]+|[*×·]\s*[0-9.]+|[0-9.]+\s*[*×·]|\bx\s*[0-9.]+|\b[0-9.]+\s*x\b"
    r"|\b(?:gain|factor|times)\b\s*[:=]?\s*[0-9.]+",
    re.IGNORECASE,
)
_ROLES = ("time", "voltage", "current")
_NAMES = {
    "time": ("t", "time", "times"),
    "voltage": ("v", "vm", "voltage", "membranepotential"),
    "current": ("i", "im", "current", "injectedcurrent"),
}


@dataclass(frozen=True)
class Roles:
    """Indexes of the columns that are time (None if there is none), voltages and currents."""

    time: int | None
    voltages: list[int]
    currents: list[int]


@contextmanager
def open_table(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps of a table of columns.

    ``columns = {"time": …, "voltage": … or […], "current": … or […]}`` in the metadata says by name or index
    (from 0) what each column is; without it, headers such as "V (mV)" or "Im [pA]" are understood. Without a
    column of times, ``dt`` and ``t_unit`` say the sampling step; without one of current, ``amplitudes`` (and
    ``ton``, ``toff``, ``hypamp``) say the step.
    """
    yield _contents(metadata)


@contextmanager
def inspect_text(path: str) -> Iterator[Contents]:
    """Yield the sweeps of a table, or its columns if their roles aren't plain without metadata."""
    try:
        contents = _contents({"filepath": path})
    except ReadError as error:
        table = read_table(path)
        contents = Contents(
            "text", problems=[Problem(str(error), "warning", "file")], choices=_choices(table)
        )
        for k, column in enumerate(table.columns):
            info = SweepInfo(_label(table, k), n_samples=len(column))
            contents.sweeps.append(known_sweep(info, lambda problems: {}))
    yield contents


def _contents(metadata: Mapping[str, Any]) -> Contents:
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    table = read_table(path)
    roles = column_roles(table, metadata.get("columns"), name, is_lccr(metadata))
    _check_scales(table.header, roles, metadata, name)
    units = _units(table.header)
    dt, t_unit = _clock(table, roles.time, units, metadata, name)
    amplitudes = _amplitudes(roles, metadata, name)
    notes = [*table.notes, *_unused(table, roles, metadata)]
    told = [Problem(note, "note", "file") for note in notes]
    contents = Contents("CSV", problems=told, choices=_choices(table))
    for k, v in enumerate(roles.voltages):
        sweep: Sweep = {"voltage": table.columns[v], "v_unit": units.get(v), "dt": dt, "t_unit": t_unit}
        sweep["clamp_mode"] = clamp_in_words(table.comments)
        if roles.currents:
            i = roles.currents[k if len(roles.currents) > 1 else 0]
            sweep |= {"current": table.columns[i], "i_unit": units.get(i)}
        else:
            sweep |= {"amp": amplitudes[k], "hypamp": metadata.get("hypamp")}
        step = step_in_ms(dt, t_unit)
        n = table.columns.shape[1]
        info = SweepInfo(_label(table, v), None, None, n, step, units.get(v), sweep.get("i_unit"))
        contents.sweeps.append(known_sweep(info, _loader(sweep, metadata)))
    return contents


def _loader(sweep: Sweep, metadata: Mapping[str, Any]) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        # Copies: the columns belong to a table that is remembered.
        loaded = {key: v.copy() if isinstance(v, np.ndarray) else v for key, v in sweep.items()}
        if "current" not in sweep:
            dt, unit = metadata.get("dt") or sweep["dt"], metadata.get("t_unit") or sweep["t_unit"]
            step = step_in_ms(dt, unit)
            if step is None:
                raise ReadError("the sampling step isn't known. Add 'dt' and 't_unit' to the metadata.")
            loaded["current"] = step_current(len(sweep["voltage"]), step, metadata, sweep["amp"])
        return loaded

    return load


def _choices(table: Table) -> dict[str, tuple[str | int, ...]]:
    """Return the columns that can be chosen: by their names, or by their numbers where they have none."""
    names = [name for name in table.header[: len(table.columns)] if name]
    return {"columns": tuple(dict.fromkeys(names)) or tuple(range(len(table.columns)))}


def _label(table: Table, column: int) -> str:
    return table.header[column] if column < len(table.header) else f"column {column + 1}"


def _amplitudes(roles: Roles, metadata: Mapping[str, Any], name: str) -> list[float]:
    """Return the amplitude of each voltage's step, [] if the currents are in the table."""
    n_v, n_i = len(roles.voltages), len(roles.currents)
    if roles.currents:
        if n_i not in (1, n_v):
            raise ReadError(
                f"{name} has {n_v} columns of voltage and {n_i} of current: expected {n_v}, or one."
            )
        return []
    amplitudes = amplitudes_of(metadata.get("amplitudes"))
    if len(amplitudes) != n_v:
        raise ReadError(
            f"{name} has {n_v} columns of voltage, but the metadata give {len(amplitudes)} amplitudes."
        )
    return amplitudes


def _clock(
    table: Table, time: int | None, units: dict[int, str], metadata: Mapping[str, Any], name: str
) -> tuple[float | None, str | None]:
    """Return the sampling step and its unit, as far as the file has them."""
    if time is None:
        if metadata.get("dt") is None:
            raise ReadError(f"{name} has no column of times. Name it in 'columns', or add 'dt' and 't_unit'.")
        return None, None
    try:
        return regular_step(table.columns[time]), units.get(time)
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error


# --- which column is what


def column_roles(table: Table, columns: Any, name: str, current_given: bool = False) -> Roles:
    """Return what each column is, by the metadata's ``columns`` or, if None, by the header.

    Raises ReadError if there is no voltage, or no current and none given by amplitudes.
    """
    if columns is None:
        time, voltages, currents = (_guessed(table.header, role) for role in _ROLES)
    elif isinstance(columns, Mapping) and not set(columns) - set(_ROLES):
        time, voltages, currents = (_named(table, columns.get(role), name) for role in _ROLES)
    else:
        expected = "{'time': 0, 'voltage': 1, 'current': 2}"
        raise ReadError(f"'columns' must be like {expected}, but is {columns!r}.")
    if not voltages or not (currents or current_given):
        lacking = "current" if voltages else "voltage"
        raise ReadError(
            f"{name} has no column that is plainly the {lacking} ({_described(table)}). Say which is: "
            "columns = {'time': …, 'voltage': …, 'current': …} in the metadata, by name or index from 0; "
            "without a recorded current, give 'amplitudes' with 'ton', 'toff' and 'hypamp'."
        )
    return Roles(time[0] if time else None, voltages, currents)


def _check_scales(header: list[str], roles: Roles, metadata: Mapping[str, Any], name: str) -> None:
    """Raise ReadError if a column's name states a factor, unless a person said what the numbers are in."""
    times = [] if roles.time is None else [roles.time]
    for key, columns in (("t_unit", times), ("v_unit", roles.voltages), ("i_unit", roles.currents)):
        for column in columns if metadata.get(key) is None else ():
            factor = _SCALE.search(header[column]) if column < len(header) else None
            if factor:
                raise ReadError(
                    f"{name}: the column {header[column]!r} seems to state a factor ({factor.group().strip()}), and "
                    "it isn't clear whether its numbers are multiplied already. If they are in the unit as they "
                    f"stand, add {key!r} to the metadata; otherwise divide them in the file."
                )


def _unused(table: Table, roles: Roles, metadata: Mapping[str, Any]) -> list[str]:
    """Say which columns were taken for nothing, where nobody chose them."""
    used = {roles.time, *roles.voltages, *roles.currents}
    left = [h for k, h in enumerate(table.header[: len(table.columns)]) if k not in used]
    if not left or metadata.get("columns") is not None:
        return []
    names = ", ".join(repr(h) for h in left[:12]) + (", …" if len(left) > 12 else "")
    return [f"not used: {names}. 'columns' in the metadata says otherwise."]


def _named(table: Table, wanted: Any, name: str) -> list[int]:
    if wanted is None:
        return []
    return [_column(table, w, name) for w in (wanted if isinstance(wanted, (list, tuple)) else [wanted])]


def _column(table: Table, wanted: Any, name: str) -> int:
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(table.columns):
        return wanted
    names = [h.lower() for h in table.header]
    if isinstance(wanted, str) and wanted.lower() in names[: len(table.columns)]:
        return names.index(wanted.lower())
    hint = nearest(str(wanted), table.header)
    raise ReadError(f"{name} has no column {wanted!r}: it has {_described(table)}.{hint}")


def _described(table: Table) -> str:
    if table.header:
        return "the columns " + ", ".join(repr(h) for h in table.header[:12])
    return f"{len(table.columns)} columns without a header"


def _units(header: list[str]) -> dict[int, str]:
    """Return the unit that each column's name ends in, e.g. "mV" of "Vm (mV)"."""
    found = {}
    for k, words in enumerate(header):
        match = _UNIT_AT_END.search(words)
        unit = next((g for g in match.groups() if g), None) if match else None
        if canonical_unit(unit):
            found[k] = str(unit)
    return found


def _guessed(header: list[str], role: str) -> list[int]:
    """Return the columns of a role by their units, else by their names."""
    fits = {
        "time": lambda unit: canonical_unit(unit) in ("s", "ms"),
        "voltage": is_voltage_unit,
        "current": is_current_unit,
    }[role]
    units = _units(header)
    by_unit = [k for k, unit in units.items() if fits(unit)]
    plain = {k: re.sub(r"[^a-z]", "", words.lower()) for k, words in enumerate(header) if k not in units}
    return by_unit or [k for k, words in plain.items() if words in _NAMES[role]]


def _open_text(metadata: Mapping[str, Any]) -> AbstractContextManager[Contents]:
    if is_lccr(metadata) and metadata.get("columns") is None:
        return open_lccr(metadata)
    return open_table(metadata)


CSV = Opening(open_table, KEYS, inspect_text)
TEXT = Opening(_open_text, {**LCCR.keys, **KEYS}, inspect_text)
