"""Text files in the form "lccr": columns of voltage; the metadata say the current steps that go with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..kinds import NUMBERS, TRUTH, Kind
from ..problems import Problem, ReadError, UnitError
from ..units import to_ms
from .files import existing_file, main_path
from .inspection import Contents, Opening, Sweep, SweepInfo, known_sweep
from .table import read_table

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {
    "amplitudes": NUMBERS.about(
        "Amplitudes",
        "Where no current was recorded: the step of each voltage column above the holding current, in its unit.",
    ),
    "remove_last_100ms": TRUTH.about(
        "Leave out the end", "Whether the last 100 ms are left out, a test pulse."
    ),
}

LCCR_KEYS = ("filepath", "dt", "amplitudes", "v_unit", "t_unit", "i_unit", "ton", "toff", "hypamp")


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
    amplitudes = amplitudes_of(metadata["amplitudes"])
    voltages = (
        _without_last_100_ms(table.columns, dt_ms, name)
        if metadata.get("remove_last_100ms")
        else table.columns
    )
    counts = f"{name} has {len(voltages)} columns of voltage, the metadata give {len(amplitudes)} amplitudes"
    if len(amplitudes) > len(voltages):
        raise ReadError(f"{counts}.")
    contents = Contents("lccr text")
    contents.problems += [Problem(note, "note", "file") for note in table.notes]
    if len(amplitudes) < len(voltages):
        contents.problems.append(Problem(f"{counts}: the last columns are left out.", "warning", "file"))
    for k, (amplitude, voltage) in enumerate(zip(amplitudes, voltages, strict=False)):
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
        contents.sweeps.append(known_sweep(info, sweep))
    yield contents


def _lccr_sweep(
    metadata: Mapping[str, Any], name: str, voltage: np.ndarray, amplitude: float, dt_ms: float
) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        current = step_current(len(voltage), dt_ms, metadata, amplitude)
        return {
            "filename": name,
            "voltage": voltage.copy(),
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


def amplitudes_of(value: Any) -> list[float]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise ReadError(f"'amplitudes' must be a list of numbers, one a column, but is {value!r}.")
    return [_number({"amplitudes": v}, "amplitudes") for v in value]


def _without_last_100_ms(columns: np.ndarray, dt_ms: float, name: str) -> np.ndarray:
    cut = round(100.0 / dt_ms)
    n = columns.shape[1]
    if n - cut < 2:
        raise ReadError(f"{name} lasts {n * dt_ms:g} ms: 'remove_last_100ms' would leave nothing of it.")
    return columns[:, : n - cut]


LCCR = Opening(open_lccr, KEYS)
