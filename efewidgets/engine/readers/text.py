"""Text files: lccr (voltage columns, the current in the metadata) and tables with a role for each column."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..problems import Problem, ReadError, UnitError, nearest
from ..units import canonical_unit, is_current_unit, is_voltage_unit, to_ms
from .files import existing_file, main_path
from .inspection import Contents, LazySweep, Sweep, SweepInfo, step_in_ms
from .matlab import regular_step
from .table import Table, read_table

LCCR_KEYS = ("filepath", "dt", "amplitudes", "v_unit", "t_unit", "i_unit", "ton", "toff", "hypamp")
_TIME_UNITS = ("s", "ms")
_UNIT_AT_END = re.compile(r"(?:[\(\[]\s*([^\)\]]+?)\s*[\)\]]|[_/ ]\s*([A-Za-zµμ]+))\s*$")


def is_lccr(metadata: Mapping[str, Any]) -> bool:
    """Whether the metadata describe a file of voltage columns, with the current by its amplitudes."""
    return metadata.get("amplitudes") is not None


@contextmanager
def open_lccr(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield a sweep for each column, its current a step of ``amplitudes[k]`` above ``hypamp``.

    ``ton`` and ``toff`` are in ms; ``dt`` in ``t_unit``; ``amplitudes`` and ``hypamp`` in ``i_unit``.
    """
    missing = [key for key in LCCR_KEYS if metadata.get(key) is None]
    if missing:
        raise ReadError(
            f"a text file of voltage columns needs {', '.join(repr(k) for k in missing)} in its metadata, "
            f"too (all of {', '.join(LCCR_KEYS)})."
        )
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    table = read_table(path, "\t")
    dt_ms = _positive_step(metadata)
    amplitudes = _amplitudes(metadata["amplitudes"])
    voltages = (
        _without_last_100_ms(table.columns, dt_ms, name)
        if metadata.get("remove_last_100ms")
        else table.columns
    )
    if len(amplitudes) != len(voltages):
        raise ReadError(
            f"{name} has {len(voltages)} columns of voltage, the metadata give {len(amplitudes)} amplitudes."
        )
    contents = Contents("lccr text")
    contents.problems += [Problem(note, "note", "file") for note in table.notes]
    for k, (amplitude, voltage) in enumerate(zip(amplitudes, voltages, strict=True)):
        info = SweepInfo(
            f"column {k + 1}",
            None,
            None,
            len(voltage),
            dt_ms,
            str(metadata["v_unit"]),
            str(metadata["i_unit"]),
        )
        sweep = _lccr_sweep(metadata, name, voltage, amplitude, dt_ms)
        contents.sweeps.append(LazySweep(info, sweep))
    yield contents


def _lccr_sweep(
    metadata: Mapping[str, Any], name: str, voltage: np.ndarray, amplitude: float, dt_ms: float
) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        current = step_current(len(voltage), dt_ms, metadata, amplitude)
        return {
            "filename": name,
            "voltage": voltage,
            "current": current,
            "t": np.arange(len(voltage)) * metadata["dt"],
            "dt": np.float64(metadata["dt"]),
            "ton": np.float64(metadata["ton"]),
            "toff": np.float64(metadata["toff"]),
            "amp": np.float64(amplitude),
            "hypamp": np.float64(metadata["hypamp"]),
            "ljp": metadata.get("ljp", 0),
            "i_unit": metadata["i_unit"],
            "v_unit": metadata["v_unit"],
            "t_unit": metadata["t_unit"],
        }

    return load


def step_current(n: int, dt_ms: float, metadata: Mapping[str, Any], amplitude: float) -> np.ndarray:
    """Return the current of a step, array (n,), in the unit of the amplitude; ``ton``, ``toff`` in ms."""
    ton, toff, hypamp = (_number(metadata, key) for key in ("ton", "toff", "hypamp"))
    if not 0 <= ton < toff:
        raise ReadError(f"the step must begin before it ends, but ton is {ton:g} ms and toff {toff:g} ms.")
    if toff > n * dt_ms:
        raise ReadError(f"the step ends at toff = {toff:g} ms, after the recording ({n * dt_ms:g} ms).")
    current = np.full(n, hypamp, dtype=np.float64)
    current[round(ton / dt_ms) : round(toff / dt_ms)] = amplitude + hypamp
    return current


def _number(metadata: Mapping[str, Any], key: str) -> float:
    value = metadata.get(key)
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.integer, np.floating))
        or not np.isfinite(value)
    ):
        raise ReadError(f"{key!r} in the metadata must be a number, but is {value!r}.")
    return float(value)


def _positive_step(metadata: Mapping[str, Any]) -> float:
    dt = _number(metadata, "dt")
    if dt <= 0:
        raise ReadError(f"the sampling step dt must be greater than zero, but is {dt:g}.")
    try:
        return float(to_ms(dt, metadata["t_unit"]))
    except UnitError as error:
        raise ReadError(str(error)) from error


def _amplitudes(value: Any) -> list[float]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise ReadError(f"'amplitudes' must be a list of numbers, one a column, but is {value!r}.")
    return [_number({"amplitudes": v}, "amplitudes") for v in value]


def _without_last_100_ms(columns: np.ndarray, dt_ms: float, name: str) -> np.ndarray:
    cut = round(100.0 / dt_ms)
    n = columns.shape[1]
    if n - cut < 2:
        raise ReadError(f"{name} lasts {n * dt_ms:g} ms: 'remove_last_100ms' would leave nothing of it.")
    return columns[:, : n - cut]


# --- tables with a role for each column


@contextmanager
def open_table(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps of a table of columns.

    ``columns = {"time": …, "voltage": … or […], "current": … or […]}`` in the metadata says by name or index
    (from 0) what each column is; without it, headers such as "V (mV)" or "Im [pA]" are understood. Without a
    column of times, ``dt`` and ``t_unit`` say the sampling step; without one of current, ``amplitudes`` (and
    ``ton``, ``toff``, ``hypamp``) say the step.
    """
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    table = read_table(path)
    contents = Contents("CSV")
    contents.problems += [Problem(note, "note", "file") for note in table.notes]
    time, voltages, currents = column_roles(table, metadata.get("columns"), name, metadata)
    units = _units(table.header)
    dt, t_unit = _table_clock(table, time, units, metadata, name)
    if currents and len(currents) not in (1, len(voltages)):
        raise ReadError(
            f"{name} has {len(voltages)} columns of voltage and {len(currents)} of current: one each, or one."
        )
    amplitudes = [] if currents else _amplitudes(metadata.get("amplitudes"))
    if not currents and len(amplitudes) != len(voltages):
        raise ReadError(
            f"{name} has {len(voltages)} columns of voltage, the metadata give {len(amplitudes)} amplitudes."
        )
    for k, v in enumerate(voltages):
        i = currents[k if len(currents) > 1 else 0] if currents else None
        sweep: Sweep = {"voltage": table.columns[v], "v_unit": units.get(v), "dt": dt, "t_unit": t_unit}
        if i is not None:
            sweep |= {"current": table.columns[i], "i_unit": units.get(i)}
        label = table.header[v] if table.header else f"column {v + 1}"
        info = SweepInfo(
            label,
            None,
            None,
            table.columns.shape[1],
            step_in_ms(dt, t_unit),
            units.get(v),
            sweep.get("i_unit"),
        )
        amplitude = amplitudes[k] if amplitudes else None
        contents.sweeps.append(LazySweep(info, _table_loader(sweep, metadata, amplitude)))
    yield contents


def _table_loader(sweep: Sweep, metadata: Mapping[str, Any], amplitude: float | None) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        if amplitude is None:
            return sweep
        dt_ms = step_in_ms(metadata.get("dt") or sweep["dt"], metadata.get("t_unit") or sweep["t_unit"])
        if dt_ms is None:
            raise ReadError("the sampling step isn't known. Add 'dt' and 't_unit' to the metadata.")
        return sweep | {
            "current": step_current(len(sweep["voltage"]), dt_ms, metadata, amplitude),
            "amp": amplitude,
        }

    return load


def _table_clock(
    table: Table, time: int | None, units: dict[int, str], metadata: Mapping[str, Any], name: str
) -> tuple[float | None, str | None]:
    if time is None:
        if metadata.get("dt") is None:
            raise ReadError(f"{name} has no column of times. Name it in 'columns', or add 'dt' and 't_unit'.")
        return None, None
    try:
        return regular_step(table.columns[time]), units.get(time)
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error


def column_roles(
    table: Table, columns: Any, name: str, metadata: Mapping[str, Any] | None = None
) -> tuple[int | None, list[int], list[int]]:
    """Return the indexes of the column of times (or None) and of those of voltage and current."""
    if columns is not None:
        if not isinstance(columns, Mapping) or set(columns) - {"time", "voltage", "current"}:
            raise ReadError(
                f"'columns' must be like {{'time': 0, 'voltage': 1, 'current': 2}}, but is {columns!r}."
            )
        time = _columns_named(table, columns.get("time"), name)
        found = (
            time,
            _columns_named(table, columns.get("voltage"), name),
            _columns_named(table, columns.get("current"), name),
        )
    else:
        found = _guessed_roles(table.header)
    time, voltages, currents = found
    if not voltages or not (currents or is_lccr(metadata or {})):
        lacking = "voltage" if not voltages else "current"
        raise ReadError(
            f"{name} has no column that is plainly the {lacking} ({_described(table)}). Say which is which: "
            "columns = {'time': …, 'voltage': …, 'current': …} in the metadata, by name or index from 0."
        )
    return (time[0] if time else None), voltages, currents


def _columns_named(table: Table, wanted: Any, name: str) -> list[int]:
    if wanted is None:
        return []
    return [_column(table, w, name) for w in (wanted if isinstance(wanted, (list, tuple)) else [wanted])]


def _column(table: Table, wanted: Any, name: str) -> int:
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(table.columns):
        return wanted
    names = [h.lower() for h in table.header]
    if isinstance(wanted, str) and wanted.lower() in names:
        return names.index(wanted.lower())
    raise ReadError(
        f"{name} has no column {wanted!r}: it has {_described(table)}.{nearest(str(wanted), table.header)}"
    )


def _described(table: Table) -> str:
    if table.header:
        return "its columns are " + ", ".join(repr(h) for h in table.header[:12])
    return f"{len(table.columns)} columns without a header"


def _units(header: list[str]) -> dict[int, str]:
    """Return the unit that each column's name ends in, e.g. "mV" of "Vm (mV)"."""
    found = {}
    for k, words in enumerate(header):
        match = _UNIT_AT_END.search(words)
        unit = (match.group(1) or match.group(2)) if match else None
        if canonical_unit(unit):
            found[k] = str(unit)
    return found


def _guessed_roles(header: list[str]) -> tuple[list[int], list[int], list[int]]:
    units = _units(header)
    time = [k for k in units if canonical_unit(units[k]) in _TIME_UNITS]
    voltages = [k for k in units if is_voltage_unit(units[k])]
    currents = [k for k in units if is_current_unit(units[k])]
    plain = {k: re.sub(r"[^a-z]", "", words.lower()) for k, words in enumerate(header) if k not in units}
    time = time or [k for k, w in plain.items() if w in ("t", "time", "times")]
    voltages = voltages or [k for k, w in plain.items() if w in ("v", "vm", "voltage")]
    currents = currents or [k for k, w in plain.items() if w in ("i", "im", "current")]
    return time[:1], voltages, currents
