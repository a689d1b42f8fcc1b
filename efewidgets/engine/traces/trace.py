"""One sweep in the units of the field: what a reader delivers becomes mV, nA and ms here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..kinds import Kind, is_number
from ..problems import EfeError
from ..units import check_plausible, to_ms, to_mV, to_nA

#: Samples; the times of longer sweeps aren't kept
KEPT = 250_000


@dataclass(frozen=True, eq=False)
class Trace:
    """Voltage and current of one sweep.

    Parameters
    ----------
    voltage : array (n,), mV
    current : array (n,), nA
    step : float
        Sampling step in `t_unit`.
    t_unit : str
        Unit of `step`, as `units.to_ms` takes it.
    own_time : array (n,), ms, optional
        Times that a script has set; by default they follow from `step`.
    """

    voltage: np.ndarray
    current: np.ndarray
    step: float
    t_unit: str
    own_time: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.voltage)

    @cached_property
    def dt(self) -> float:
        """Sampling step, ms."""
        return self.at(1)

    @property
    def tend(self) -> float:
        """Duration, ms."""
        return self.n * self.dt

    def at(self, index: int) -> float:
        """Time of a sample, ms."""
        return to_ms(np.multiply(index, self.step), self.t_unit)

    def index(self, ms: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(ms / self.dt))

    @property
    def time(self) -> np.ndarray:
        """Time of each sample, array (n,), ms; read-only, for sweeps that are alike share it."""
        if self.own_time is not None:
            return self.own_time
        return (_kept_times if self.n <= KEPT else _times)(self.n, self.step, self.t_unit)


def _times(n: int, step: float, t_unit: str) -> np.ndarray:
    times = to_ms(np.arange(n) * step, t_unit)
    times.flags.writeable = False
    return times


_kept_times = lru_cache(maxsize=8)(_times)


def setting(name: str, *sources: Mapping[str, Any]) -> Any:
    """First value that is not None among the sources: what a person wrote beats what the file says."""
    for source in sources:
        if source.get(name) is not None:
            return source[name]
    return None


def number(name: str, value: Any, unit: str = "") -> Any:
    """Return `value` if it is a number that can be measured, or raise EfeError saying what was expected."""
    if is_number(value):
        return value
    raise EfeError(Kind(is_number, f"a number{f' in {unit}' if unit else ''}").fault(name, value))


def truth(name: str, value: Any) -> bool:
    """Return `value` if it is True or False (or 1 or 0), or raise EfeError: any text would pass for true."""
    is_truth = isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1))
    if not is_truth:
        raise EfeError(f"{name} must be True or False, but is {value!r}.")
    return bool(value)


def standardize(config: Mapping[str, Any], sweep: Mapping[str, Any]) -> Trace:
    """Bring one sweep to mV, nA and ms, correct its offset and its junction potential.

    Parameters
    ----------
    config : dict
        What a person wrote about the recording: dt, t_unit, i_unit, v_unit (each beats the file's own),
        ``ljp`` (mV, subtracted) and ``v_corr`` (mV, what the median of the first 100 samples is moved to).
    sweep : dict
        What the reader delivers: voltage, current, and dt and units where the file has them.

    Raises
    ------
    EfeError
        If the sampling step or a unit is missing or impossible, or the samples can't be of that unit.
    """
    step = _sampling_step(config, sweep)
    t_unit = _unit("t_unit", "time", config, sweep)
    i_unit = _unit("i_unit", "current", config, sweep)
    v_unit = _unit("v_unit", "voltage", config, sweep)
    to_ms(step, t_unit)

    current = to_nA(np.asarray(sweep["current"]), i_unit)
    voltage = to_mV(np.asarray(sweep["voltage"]), v_unit)
    check_plausible(voltage, current, v_unit, i_unit)

    v_corr, ljp = config.get("v_corr"), config.get("ljp")
    if v_corr is not None:
        voltage = voltage - np.median(voltage[:100]) + number("v_corr", v_corr, "mV")
    if ljp is not None:
        voltage = voltage - number("ljp", ljp, "mV")
    return Trace(voltage, current, step, t_unit)


def _sampling_step(config: Mapping[str, Any], sweep: Mapping[str, Any]) -> float:
    step = setting("dt", config, sweep)
    if step is None:
        raise EfeError("the file does not say its sampling step; give `dt` (and `t_unit`) in the metadata.")
    if not number("dt", step) > 0:
        raise EfeError(f"dt must be greater than zero, but is {step!r}.")
    return step


def _unit(name: str, quantity: str, config: Mapping[str, Any], sweep: Mapping[str, Any]) -> str:
    unit = config.get(name) or sweep.get(name)
    if not unit:
        raise EfeError(f"the file does not say the unit of its {quantity}; give `{name}` in the metadata.")
    return str(unit)
