"""Single-compartment Hodgkin–Huxley models of cortical cells.

The equations and the fitted parameters are those of

    Pospischil, Toledo-Rodriguez, Monier, Piwkowska, Bal, Frégnac, Markram & Destexhe (2008).
    Minimal Hodgkin–Huxley type models for different classes of cortical and thalamic neurons.
    Biol Cybern 99: 427–441. doi:10.1007/s00422-008-0263-8

(parameters as in its published implementations, ModelDB 123623 and OpenSourceBrain/PospischilEtAl2008)

with, where a sag is wanted, the hyperpolarisation-activated current of

    Kole, Hallermann & Stuart (2006). Single Ih channels in pyramidal neuron dendrites: properties,
    distribution, and impact on action potential output. J Neurosci 26: 1677–1687.
    doi:10.1523/JNEUROSCI.3664-05.2006

Units: mV, ms, nA, µm, µF/cm², mS/cm².
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from efewidgets.engine.problems import EfeError

__all__ = [
    "PRESETS",
    "CellModel",
    "fast_spiking",
    "intrinsically_bursting",
    "low_threshold_spiking",
    "regular_spiking",
    "regular_spiking_with_sag",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CellModel:
    """A cylinder of length = diameter with the currents of Pospischil et al. 2008 (and Ih).

    A conductance of 0 leaves the current out.

    Attributes
    ----------
    name : str
    diameter : float
        Length and diameter (µm); the membrane area is that of the cylinder's side.
    g_leak, g_na, g_kd, g_m, g_l, g_t, g_h : float
        Maximal conductances (mS/cm²): leak; spike sodium and delayed rectifier; slow M-type potassium
        (adaptation); L-type calcium (bursts); T-type calcium (rebound); Ih (sag).
    e_leak, e_na, e_k, e_ca, e_h : float
        Reversal potentials (mV).
    v_t : float
        Shifts the spike threshold (mV).
    tau_max : float
        Slowness of the M current (ms).
    v_x : float
        Shifts the voltage dependence of the T current (mV).
    capacitance : float
        µF/cm².
    """

    name: str
    diameter: float
    g_leak: float
    e_leak: float
    g_na: float
    g_kd: float
    v_t: float
    g_m: float = 0.0
    tau_max: float = 1000.0
    g_l: float = 0.0
    g_t: float = 0.0
    v_x: float = 2.0
    g_h: float = 0.0
    e_na: float = 50.0
    e_k: float = -90.0
    e_ca: float = 120.0
    e_h: float = -45.0
    capacitance: float = 1.0

    def __post_init__(self) -> None:
        for field in ("diameter", "capacitance", "g_leak", "tau_max"):
            if not getattr(self, field) > 0:
                raise EfeError(f"{self.name}: {field} has to be above 0, not {getattr(self, field)}.")
        for field in ("g_na", "g_kd", "g_m", "g_l", "g_t", "g_h"):
            if not getattr(self, field) >= 0:
                raise EfeError(f"{self.name}: {field} can't be negative, it is {getattr(self, field)}.")

    @property
    def area(self) -> float:
        """Membrane area (cm²)."""
        return math.pi * (self.diameter * 1e-4) ** 2

    def ionic_current(self, v: ArrayLike) -> Floats:
        """Steady-state membrane current at the voltages ``v`` (mV), in nA; outward is positive."""
        v = np.asarray(v, dtype=float)
        density = self.g_leak * (v - self.e_leak)
        for current in present_currents(self):
            g = getattr(self, current.g) * (v - getattr(self, current.e))
            for gate, power in current.gates:
                g = g * GATES[gate](self, v)[0] ** power
            density = density + g
        return density * self.area * 1e3  # µA/cm² · cm² = µA

    def resting_potential(self, current: float = 0.0) -> float:
        """Lowest voltage (mV) at which the cell is at rest under a constant current (nA).

        If the current makes the cell fire (no rest below the spike threshold), the resting potential
        without current is returned.
        """
        v = np.arange(-200.0, 60.0, 0.05)
        net = self.ionic_current(v) - current
        crossing = np.flatnonzero((net[:-1] < 0) & (net[1:] >= 0))
        if crossing.size == 0 or v[crossing[0]] > self.v_t:
            if current == 0:
                raise EfeError(f"{self.name}: has no resting potential below its spike threshold.")
            return self.resting_potential(0.0)
        k = crossing[0]
        return float(v[k] - net[k] * (v[k + 1] - v[k]) / (net[k + 1] - net[k]))


# ------------------------------------------------------------------------------------------- presets
def regular_spiking(**changes: float | str) -> CellModel:
    """Regular-spiking cell with adaptation: the fit to a rat somatosensory cell (Pospischil 2008, fig. 2)."""
    model = CellModel(
        "regular spiking", diameter=61.4, g_leak=0.0205, e_leak=-70.3,
        g_na=56.0, g_kd=6.0, v_t=-56.2, g_m=0.075, tau_max=608.0,
    )  # fmt: skip
    return replace(model, **changes)  # type: ignore[arg-type]


def regular_spiking_with_sag(**changes: float | str) -> CellModel:
    """Regular-spiking cell with Ih (Kole 2006): sag and rebound on hyperpolarisation.

    The leak is moved down, as Ih itself depolarises the resting cell.
    """
    model = regular_spiking(name="regular spiking with sag", g_h=0.03, e_leak=-78.0)
    return replace(model, **changes)  # type: ignore[arg-type]


def fast_spiking(**changes: float | str) -> CellModel:
    """Fast-spiking interneuron, without adaptation (Pospischil 2008, fig. 3; ModelDB 123623)."""
    model = CellModel(
        "fast spiking", diameter=67.0, g_leak=0.15, e_leak=-70.0, g_na=50.0, g_kd=10.0, v_t=-55.0,
    )  # fmt: skip
    return replace(model, **changes)  # type: ignore[arg-type]


def intrinsically_bursting(**changes: float | str) -> CellModel:
    """Cell that opens with a burst, by an L-type calcium current (Pospischil 2008, fig. 6)."""
    model = CellModel(
        "intrinsically bursting", diameter=96.0, g_leak=0.1, e_leak=-75.0,
        g_na=50.0, g_kd=4.2, v_t=-58.0, g_m=0.042, tau_max=1000.0, g_l=0.12,
    )  # fmt: skip
    return replace(model, **changes)  # type: ignore[arg-type]


def low_threshold_spiking(**changes: float | str) -> CellModel:
    """Cell with rebound spikes, by a T-type calcium current (Pospischil 2008, fig. 8)."""
    model = CellModel(
        "low-threshold spiking", diameter=96.0, g_leak=0.01, e_leak=-85.0,
        g_na=50.0, g_kd=5.0, v_t=-55.0, g_m=0.03, tau_max=1000.0, g_t=0.4,
    )  # fmt: skip
    return replace(model, **changes)  # type: ignore[arg-type]


PRESETS: dict[str, Callable[..., CellModel]] = {
    "RS": regular_spiking,
    "RS_sag": regular_spiking_with_sag,
    "FS": fast_spiking,
    "IB": intrinsically_bursting,
    "LTS": low_threshold_spiking,
}


# ------------------------------------------------------------------------------------------ kinetics
# A gate is a function (model, V in mV) -> (steady state, time constant in ms).
Gate = Callable[[CellModel, Floats], tuple[Floats, Floats]]


def _from_rates(alpha: Floats, beta: Floats) -> tuple[Floats, Floats]:
    return alpha / (alpha + beta), 1.0 / (alpha + beta)


def _x_over_expm1(x: Floats) -> Floats:
    """X / (exp(x) - 1), with its limit 1 at x = 0."""
    near_0 = np.abs(x) < 1e-6
    return np.where(near_0, 1.0 - x / 2.0, x / np.expm1(np.where(near_0, 1.0, x)))


def _m(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    x = v - model.v_t
    return _from_rates(
        0.32 * 4.0 * _x_over_expm1((13.0 - x) / 4.0), 0.28 * 5.0 * _x_over_expm1((x - 40.0) / 5.0)
    )


def _h(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    x = v - model.v_t
    return _from_rates(0.128 * np.exp((17.0 - x) / 18.0), 4.0 / (1.0 + np.exp((40.0 - x) / 5.0)))


def _n(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    x = v - model.v_t
    return _from_rates(0.032 * 5.0 * _x_over_expm1((15.0 - x) / 5.0), 0.5 * np.exp((10.0 - x) / 40.0))


def _p(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    x = v + 35.0
    return 1.0 / (1.0 + np.exp(-x / 10.0)), model.tau_max / (3.3 * np.exp(x / 20.0) + np.exp(-x / 20.0))


def _q(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    return _from_rates(0.055 * 3.8 * _x_over_expm1((-27.0 - v) / 3.8), 0.94 * np.exp((-75.0 - v) / 17.0))


def _r(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    return _from_rates(0.000457 * np.exp((-13.0 - v) / 50.0), 0.0065 / (1.0 + np.exp((-15.0 - v) / 28.0)))


def _s(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    return 1.0 / (1.0 + np.exp(-(v + model.v_x + 57.0) / 6.2)), np.zeros_like(v)  # follows V at once


def _u(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    x = v + model.v_x
    tau = 30.8 + (211.4 + np.exp((x + 113.2) / 5.0)) / (1.0 + np.exp((x + 84.0) / 3.2))
    return 1.0 / (1.0 + np.exp((x + 81.0) / 4.0)), tau / 3.7


def _w(model: CellModel, v: Floats) -> tuple[Floats, Floats]:
    return _from_rates(0.00643 * 11.9 * _x_over_expm1((v + 154.9) / 11.9), 0.193 * np.exp(v / 33.1))


GATES: dict[str, Gate] = {"m": _m, "h": _h, "n": _n, "p": _p, "q": _q, "r": _r, "s": _s, "u": _u, "w": _w}


@dataclass(frozen=True)
class Current:
    """Names of a current's conductance and reversal potential in the model, and its gates with powers."""

    g: str
    e: str
    gates: tuple[tuple[str, int], ...]


CURRENTS = (
    Current("g_na", "e_na", (("m", 3), ("h", 1))),
    Current("g_kd", "e_k", (("n", 4),)),
    Current("g_m", "e_k", (("p", 1),)),
    Current("g_l", "e_ca", (("q", 2), ("r", 1))),
    Current("g_t", "e_ca", (("s", 2), ("u", 1))),
    Current("g_h", "e_h", (("w", 1),)),
)


def present_currents(model: CellModel) -> list[Current]:
    """List the currents, leak apart, that a model has."""
    return [current for current in CURRENTS if getattr(model, current.g) > 0]
