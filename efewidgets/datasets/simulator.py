"""Voltage of a virtual cell under any injected current."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from efewidgets.engine.problems import EfeError

from .models import GATES, CellModel, present_currents

__all__ = ["simulate"]

Floats = NDArray[np.float64]

MAX_SUBSTEP = 0.02  # ms
# The gating functions are tabulated in V: no exponential but the membrane's own is left in the loop.
V_LOWEST, V_HIGHEST, V_SPACING = -200.0, 120.0, 0.05  # mV; beyond the ends the rates keep their last value
FEW_SWEEPS = 16  # below, plain floats are faster than arrays over sweeps


def simulate(model: CellModel, current: ArrayLike, dt: float, max_substep: float = MAX_SUBSTEP) -> Floats:
    """Membrane potential of a cell under an injected current.

    Parameters
    ----------
    model : CellModel
    current : array_like, shape (n,) or (n_sweeps, n)
        Injected current (nA), one value per sample, held until the next sample. The cell is taken to
        have been under the first value for long: it starts at rest there.
    dt : float
        Sampling step (ms).
    max_substep : float
        The integration step (ms) is the largest whole fraction of ``dt`` not above this.

    Returns
    -------
    numpy.ndarray, same shape as ``current``
        Membrane potential (mV) at the times of the samples.

    Raises
    ------
    EfeError
        For a current that isn't finite, has no samples or more than two dimensions, or a dt that isn't
        above 0.

    Notes
    -----
    Exponential Euler with staggered gates (Rush & Larsen 1978, IEEE Trans Biomed Eng 25: 389–392): the
    gates live at half steps, so that both halves are second order in the step (first order with a T current,
    whose activation follows V at once); stable for any current.
    """
    current = np.asarray(current, dtype=float)
    if current.ndim not in (1, 2) or current.size == 0 or not np.all(np.isfinite(current)):
        raise EfeError(
            "The current has to be finite numbers (nA), one row of samples per sweep; "
            f"got an array of shape {current.shape}."
        )
    if not (np.isfinite(dt) and dt > 0):
        raise EfeError(f"The sampling step dt (ms) has to be above 0, not {dt}.")
    sweeps = np.atleast_2d(current)
    n_substeps = max(1, math.ceil(dt / max_substep - 1e-9))
    step = dt / n_substeps
    if len(sweeps) < FEW_SWEEPS:
        v = np.array(
            [_integrate(model, list(sweep), n_substeps, step, arrays=False) for sweep in sweeps.tolist()]
        )
    else:
        v = np.stack(_integrate(model, list(sweeps.T.copy()), n_substeps, step, arrays=True), axis=1)
    return v.reshape(current.shape)


def _integrate(
    model: CellModel, current: Sequence[Any], n_substeps: int, step: float, arrays: bool
) -> list[Any]:
    """V (mV) at each sample; a sample of ``current`` (nA) is a float, or an array over sweeps."""
    exp: Callable[[Any], Any] = np.exp if arrays else math.exp
    locate = _locate_arrays(model, step) if arrays else _locate_float(model, step)
    names = _gates(model)
    rest = np.array([model.resting_potential(i) for i in np.atleast_1d(current[0]).tolist()])
    start = [rest, *(GATES[gate](model, rest)[0] for gate in names)]
    v, *gates = start if arrays else [float(x[0]) for x in start]
    channels = [
        (getattr(model, c.g), getattr(model, c.e), [(names.index(gate), power) for gate, power in c.gates])
        for c in present_currents(model)
    ]
    leak, leak_e = model.g_leak, model.g_leak * model.e_leak
    per_area = 1e-3 / model.area  # nA -> µA/cm²
    decay = -step / model.capacitance

    trace = []
    for sample in current:
        trace.append(v)
        injected = leak_e + sample * per_area
        for _ in range(n_substeps):
            rows, between = locate(v)
            for j, (a, b, slope_a, slope_b) in enumerate(rows):
                gates[j] = a + between * slope_a + (b + between * slope_b) * gates[j]
            conductance, drive = leak, injected
            for g, e, parts in channels:
                for j, power in parts:
                    g = g * gates[j] ** power
                conductance = conductance + g
                drive = drive + g * e
            target = drive / conductance
            v = target + (v - target) * exp(decay * conductance)
    return trace


def _gates(model: CellModel) -> list[str]:
    return [gate for current in present_currents(model) for gate, _ in current.gates]


@lru_cache(maxsize=8)
def _table(model: CellModel, step: float) -> Floats:
    """Gates over one step at constant V: x -> a + b·x, for linear interpolation between voltages.

    Shape (voltages, gates, 4): a, b and their differences to the next voltage.
    """
    v = np.arange(V_LOWEST, V_HIGHEST + V_SPACING, V_SPACING, dtype=np.float64)
    table = np.empty((len(v) - 1, len(_gates(model)), 4))
    for j, gate in enumerate(_gates(model)):
        steady, tau = GATES[gate](model, v)
        b = np.exp(-step / np.maximum(tau, 1e-9))
        a = steady * (1.0 - b)
        table[:, j] = np.stack([a[:-1], b[:-1], np.diff(a), np.diff(b)], axis=1)
    return table


@lru_cache(maxsize=8)
def _rows(model: CellModel, step: float) -> list[list[list[float]]]:
    return _table(model, step).tolist()


def _locate_float(model: CellModel, step: float) -> Callable[[Any], tuple[Any, Any]]:
    rows = _rows(model, step)
    last = len(rows) - 1e-6

    def locate(v: float) -> tuple[Any, float]:
        x = (v - V_LOWEST) / V_SPACING
        x = 0.0 if x < 0.0 else min(x, last)
        k = int(x)
        return rows[k], x - k

    return locate


def _locate_arrays(model: CellModel, step: float) -> Callable[[Any], tuple[Any, Any]]:
    table = _table(model, step)

    def locate(v: Floats) -> tuple[Any, Floats]:
        x = np.clip((v - V_LOWEST) / V_SPACING, 0.0, len(table) - 1e-6)
        k = x.astype(int)
        return table[k].transpose(1, 2, 0), x - k

    return locate
