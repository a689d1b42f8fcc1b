"""MATLAB files (.mat) as PatchMaster exports them.

``Trace_a_b_c_1`` is a current, ``Trace_a_b_c_2`` its voltage; each is a matrix of two columns, time (s)
and value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np

from ..problems import Problem, ReadError
from .files import existing_file, main_path
from .hdf5 import check_dataset, is_hdf5, open_file
from .inspection import Contents, LazySweep, Sweep, SweepInfo, known_sweep
from .matlab5 import variables

_CURRENT = re.compile(r"Trace_\d+_\d+_\d+_1")
_EXPECTED = "a PatchMaster export holds matrices 'Trace_a_b_c_1' (current) and 'Trace_a_b_c_2' (voltage)"

Shapes = dict[str, tuple[int, ...]]
Load = Callable[[str, str], tuple[np.ndarray, np.ndarray]]


@contextmanager
def open_matlab(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield a sweep for each pair of current and voltage matrices."""
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    opened = _open_hdf5 if is_hdf5(path) else _open_classic
    with opened(path, name) as (dialect, shapes, load):
        contents = Contents("MATLAB", dialect)
        currents = [key for key in shapes if _CURRENT.fullmatch(key)]
        if not currents:
            raise ReadError(f"{name} holds no traces: {_EXPECTED}; this file holds {_listed(shapes)}.")
        for current in currents:
            voltage = current[:-1] + "2"
            if voltage in shapes:
                contents.sweeps.append(_lazy(current, voltage, shapes, load))
            else:
                words = f"{voltage}, the voltage of {current}, isn't in the file."
                contents.problems.append(Problem(words, "error", "file", recording=current[:-2]))
        if not contents.sweeps:
            raise ReadError(f"{name} holds currents without their voltages (cut short?): {_EXPECTED}.")
        yield contents


def _lazy(current: str, voltage: str, shapes: Shapes, load: Load) -> LazySweep:
    info = SweepInfo(current[:-2], n_samples=max(shapes[voltage], default=None))
    return known_sweep(info, lambda problems: _sweep(*load(current, voltage)))


def _sweep(current: np.ndarray, voltage: np.ndarray) -> Sweep:
    for name, matrix in (("current", current), ("voltage", voltage)):
        if matrix.ndim != 2 or matrix.shape[1] != 2 or matrix.dtype.kind not in "fiu":
            raise ReadError(f"its {name} is a matrix {matrix.shape}: expected two columns, time and value.")
        if len(matrix) < 2:
            raise ReadError(f"its {name} has fewer than two samples.")
    dt_i, dt_v = regular_step(current[:, 0]), regular_step(voltage[:, 0])
    if abs(dt_i - dt_v) > 1e-6 * dt_i:
        raise ReadError(f"its voltage has a sampling step of {dt_v:g} s, its current of {dt_i:g} s.")
    # Copies in a row: a column of a matrix would keep the times beside it in memory.
    return {
        "current": np.ascontiguousarray(current[:, 1]),
        "voltage": np.ascontiguousarray(voltage[:, 1]),
        "dt": dt_i,
        "t_unit": "s",
    }


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
