"""MATLAB files (.mat) as PatchMaster exports them.

``Trace_a_b_c_1`` is a current, ``Trace_a_b_c_2`` its voltage, ``_3`` and ``_4`` those of a second amplifier; each is
a matrix of two columns, time (s) and value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np

from ..kinds import NAME_OR_INDEX, Kind
from ..problems import Problem, ReadError
from .clocks import KEYS as CLOCK_KEYS
from .clocks import by_samples, on_one_clock, overlap
from .files import existing_file, main_path
from .hdf5 import check_dataset, is_hdf5, open_file
from .inspection import Contents, LazySweep, Opening, Sweep, SweepInfo, known_sweep
from .matlab5 import variables

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {
    "v_channel": NAME_OR_INDEX.about(
        "Voltage channel", "The last number in the names of the voltages' matrices."
    ),
    "i_channel": NAME_OR_INDEX.about(
        "Current channel", "The last number in the names of the currents' matrices."
    ),
} | CLOCK_KEYS

_TRACE = re.compile(r"(Trace_\d+_\d+_\d+)_(\d+)")
_EXPECTED = "a PatchMaster export holds matrices 'Trace_a_b_c_1' (current) and 'Trace_a_b_c_2' (voltage)"

Shapes = dict[str, tuple[int, ...]]
Load = Callable[[str, str], tuple[np.ndarray, np.ndarray]]


@contextmanager
def open_matlab(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield a sweep for each pair of current and voltage matrices.

    ``i_channel`` and ``v_channel`` in the metadata are the last numbers of their names: 3 and 4 for the second
    amplifier. One of the two is enough.
    """
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    opened = _open_hdf5 if is_hdf5(path) else _open_classic
    with opened(path, name) as (dialect, shapes, load):
        traces = _traces(shapes)
        if not traces:
            raise ReadError(f"{name} holds no traces: {_EXPECTED}; this file holds {_listed(shapes)}.")
        i, v = channels = _channels(traces, metadata, name)
        numbers = tuple(sorted({k for found in traces.values() for k in found}))
        there = {"v_channel": numbers, "i_channel": numbers}
        contents = Contents("MATLAB", dialect, holds=list(traces), choices=there)
        for sweep in traces:
            current, voltage = f"{sweep}_{i}", f"{sweep}_{v}"
            if current in shapes and voltage in shapes:
                contents.sweeps.append(_lazy(sweep, current, voltage, shapes, load, by_samples(metadata)))
            else:
                contents.problems.append(_incomplete(sweep, shapes, current, voltage))
        if not contents.sweeps:
            raise _nothing_whole(traces, i, v, name)
        contents.problems += _others(traces, channels)
        yield contents


def _traces(shapes: Shapes) -> dict[str, list[int]]:
    """Return the channels of each sweep, in the order of the file."""
    found: dict[str, list[int]] = {}
    for key in shapes:
        match = _TRACE.fullmatch(key)
        if match:
            found.setdefault(match[1], []).append(int(match[2]))
    return found


def _channels(traces: Mapping[str, list[int]], metadata: Mapping[str, Any], name: str) -> tuple[int, int]:
    """Return the numbers of the current's and the voltage's channel. Raises ReadError if there can be no such."""
    known = sorted({channel for channels in traces.values() for channel in channels})
    i, v = (_channel(metadata.get(key), key, known, name) for key in ("i_channel", "v_channel"))
    if i is None and v is None:
        # PatchMaster exports the amplifiers one after the other, the current first.
        i = next((k for k in known if k % 2 and k + 1 in known), 1)
    if i is None or v is None:
        i, v = (v - 1 if v else 1, v) if i is None else (i, i + 1)
    assert v is not None
    if i == v:
        raise ReadError(f"'i_channel' and 'v_channel' of {name} are the same, {i}.")
    return i, v


def _channel(value: Any, key: str, known: list[int], name: str) -> int | None:
    if value is None:
        return None
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, bool) or number not in known:
        raise ReadError(
            f"{name} has no channel {value!r} ({key}): its traces end in {', '.join(f'_{k}' for k in known)}."
        )
    return int(number)


def _nothing_whole(traces: Mapping[str, list[int]], i: int, v: int, name: str) -> ReadError:
    without_v = not any(v in channels for channels in traces.values())
    what, missing = (
        ("currents without their voltages", v) if without_v else ("voltages without their currents", i)
    )
    return ReadError(f"{name} holds {what} (cut short?), no '…_{missing}': {_EXPECTED}.")


def _incomplete(sweep: str, shapes: Shapes, current: str, voltage: str) -> Problem:
    missing, what, of = (current, "current", voltage) if voltage in shapes else (voltage, "voltage", current)
    words = f"{missing}, the {what} of {of}, isn't in the file."
    if current not in shapes and voltage not in shapes:
        words = f"neither {current} nor {voltage} is in the file."
    return Problem(words, "error", "file", recording=sweep)


def _others(traces: Mapping[str, list[int]], used: tuple[int, int]) -> list[Problem]:
    """Say which channels aren't used: those of another amplifier, most likely."""
    left = sorted({channel for channels in traces.values() for channel in channels} - set(used))
    if not left:
        return []
    names = ", ".join(f"_{k}" for k in left)
    words = (
        f"of each sweep '…_{used[0]}' is taken as the current and '…_{used[1]}' as the voltage. Not used: {names} "
        "(another amplifier, perhaps another cell?). 'i_channel' and 'v_channel' in the metadata choose others, "
        "e.g. 'v_channel': 4."
    )
    return [Problem(words, "warning", "file")]


def _lazy(sweep: str, current: str, voltage: str, shapes: Shapes, load: Load, aligned: bool) -> LazySweep:
    info = SweepInfo(sweep, n_samples=max(shapes[voltage], default=None))
    return known_sweep(info, lambda problems: _sweep(*load(current, voltage), aligned, problems))


def _sweep(current: np.ndarray, voltage: np.ndarray, aligned: bool, problems: list[Problem]) -> Sweep:
    for name, matrix in (("current", current), ("voltage", voltage)):
        if matrix.ndim != 2 or matrix.shape[1] != 2 or matrix.dtype.kind not in "fiu":
            raise ReadError(f"its {name} is a matrix {matrix.shape}: expected two columns, time and value.")
        if len(matrix) < 2:
            raise ReadError(f"its {name} has fewer than two samples.")
    dt_i, dt_v = regular_step(current[:, 0]), regular_step(voltage[:, 0])
    if abs(dt_i - dt_v) > 1e-6 * dt_i:
        raise ReadError(f"its voltage has a sampling step of {dt_v:g} s, its current of {dt_i:g} s.")
    starts = 1e3 * float(voltage[0, 0]), 1e3 * float(current[0, 0])
    found = None if aligned else overlap(*starts, 1e3 * dt_i, len(voltage), len(current))
    # Copies in a row: a column of a matrix would keep the times beside it in memory.
    sweep = {
        "current": np.ascontiguousarray(current[:, 1]),
        "voltage": np.ascontiguousarray(voltage[:, 1]),
        "dt": dt_i,
        "t_unit": "s",
    }
    return on_one_clock(sweep, found, 1e3 * dt_i, problems)


def regular_step(times: np.ndarray) -> float:
    """Return the step of a column of times, in its own unit. Raises ReadError if they aren't even."""
    if len(times) < 2:
        raise ReadError("the column of times has fewer than two rows.")
    first, last = float(times[0]), float(times[-1])
    mean = (last - first) / (len(times) - 1)
    if not (np.isfinite(mean) and mean > 0):
        raise ReadError(f"the times don't go forward: they begin at {first:g} and end at {last:g}.")
    line = first + mean * np.arange(len(times))
    if not float(np.max(np.abs(times - line))) <= 0.5 * mean:
        raise ReadError(
            "the times are irregular: some steps are longer than others. Features need even steps."
        )
    step = float(times[1]) - first
    # The first step is exact where times are multiples of it; the mean, where they were rounded.
    return step if abs(step - mean) * len(times) <= 0.5 * mean else mean


@contextmanager
def _open_classic(path: str, name: str) -> Iterator[tuple[str, Shapes, Load]]:
    try:
        found = {variable.name: variable for variable in variables(path)}
    except ReadError as error:
        raise ReadError(f"{name} isn't a whole MATLAB file ({error}) Copy or export it again.") from error
    shapes = {key: variable.shape for key, variable in found.items()}
    yield "version 5", shapes, lambda *keys: tuple(found[key].numbers() for key in keys)


@contextmanager
def _open_hdf5(path: str, name: str) -> Iterator[tuple[str, Shapes, Load]]:
    with open_file(path, "MATLAB 7.3") as file:
        shapes = {key: file[key].shape for key in file if isinstance(file.get(key), h5py.Dataset)}

        def load(*keys: str) -> Any:
            matrices = []
            for key in keys:
                check_dataset(file[key], columns=2)
                # MATLAB writes its matrices transposed.
                matrices.append(file[key][()].T if file[key].shape[0] == 2 else file[key][()])
            return tuple(matrices)

        yield "version 7.3", shapes, load


def _listed(shapes: Shapes) -> str:
    return ", ".join(repr(k) for k in list(shapes)[:8]) or "no variables"


MATLAB = Opening(open_matlab, KEYS)
