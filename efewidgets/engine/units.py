"""Units of recordings: names as they stand in files, conversion to ms, mV and nA, and whether that can be true.

The products are taken in the sample type that the reader delivers (float32 for most formats), as BluePyEfe
does, so that both see the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .problems import UnitError

_MS = {"s": 1e3, "ms": 1.0, "10th_ms": 0.1}
_MV = {"V": 1e3, "mV": 1.0, "uV": 1e-3}
_NA = {"A": 1e9, "mA": 1e6, "uA": 1e3, "nA": 1.0, "pA": 1e-3}

_WORDS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "millisecond", "milliseconds"),
    "10th_ms": ("10th_ms",),
    "V": ("v", "volt", "volts"),
    "mV": ("mv", "millivolt", "millivolts"),
    "uV": ("uv", "µv", "μv", "microvolt", "microvolts"),
    "A": ("a", "amp", "amps", "ampere", "amperes"),
    "mA": ("milliamp", "milliamps", "milliampere", "milliamperes"),
    "uA": ("ua", "µa", "μa", "microamp", "microamps", "microampere", "microamperes"),
    "nA": ("na", "nanoamp", "nanoamps", "nanoampere", "nanoamperes"),
    "pA": ("pa", "picoamp", "picoamps", "picoampere", "picoamperes"),
}
_CANONICAL = {word: unit for unit, words in _WORDS.items() for word in words} | {"ma": "mA"}

# Membranes live within ±200 mV and electrodes pass below 100 nA; ten times that leaves room for artefacts.
_MAX_MV = 2000.0
_MAX_NA = 1000.0
# No amplifier is that quiet. (A command of 0 pA can come out as some 1e-8 nA, by rounding.)
_MIN_MV = 0.5
_MIN_NA = 1e-8


def canonical_unit(text: object) -> str | None:
    """Return the unit that `text` names ("volts" → "V", "pa" → "pA"), or None if it names none."""
    return _CANONICAL.get(str(text).strip().lower()) if text is not None else None


def is_voltage_unit(text: object) -> bool:
    """Whether `text` names a unit of voltage."""
    return canonical_unit(text) in _MV


def is_current_unit(text: object) -> bool:
    """Whether `text` names a unit of current."""
    return canonical_unit(text) in _NA


def _convert(values: Any, unit: object, factors: dict[str, float], quantity: str) -> Any:
    name = canonical_unit(unit)
    if name not in factors:
        raise UnitError(
            f"{quantity} unit {unit!r} is not known. Use one of {', '.join(factors)} (or its name in words)."
        )
    factor = factors[name]
    return values if factor == 1.0 else values * factor


def to_ms(values: Any, unit: object) -> Any:
    """Convert times to ms; `unit` is "s", "ms" or "10th_ms" (tenths of a ms). Raises UnitError."""
    return _convert(values, unit, _MS, "Time")


def to_mV(values: Any, unit: object) -> Any:
    """Convert voltages to mV; `unit` is "V", "mV" or "uV". Raises UnitError."""
    return _convert(values, unit, _MV, "Voltage")


def to_nA(values: Any, unit: object) -> Any:
    """Convert currents to nA; `unit` is "A", "mA", "uA", "nA" or "pA". Raises UnitError."""
    return _convert(values, unit, _NA, "Current")


def check_plausible(voltage: np.ndarray, current: np.ndarray, v_unit: object, i_unit: object) -> None:
    """Raise UnitError if the median voltage (mV) or any current (nA) can't come from a patch-clamped cell."""
    highest = _highest(voltage)
    rest = (
        float(np.nanmedian(voltage)) if not highest <= _MAX_MV else 0.0
    )  # the median lies below the highest
    if not abs(rest) <= _MAX_MV:
        raise UnitError(
            f"the median voltage would be {rest / 1e3:.3g} V, which no cell has. "
            f"The voltage unit is taken as {v_unit!r}: {_likely(rest, _MV, v_unit, 70.0)}"
        )
    if 0 < highest < _MIN_MV:
        raise UnitError(
            f"the voltage would stay within {highest:.3g} mV of zero. "
            f"The voltage unit is taken as {v_unit!r}: {_likely(highest, _MV, v_unit, 70.0)}"
        )
    peak = _highest(current)
    if not peak <= _MAX_NA:
        raise UnitError(
            f"the current would reach {peak:.3g} nA, which no electrode passes. "
            f"The current unit is taken as {i_unit!r}: {_likely(peak, _NA, i_unit, 0.3)}"
        )
    if 0 < peak < _MIN_NA:
        raise UnitError(
            f"the current would stay below {peak * 1e6:.3g} fA. "
            f"The current unit is taken as {i_unit!r}: {_likely(peak, _NA, i_unit, 0.3)}"
        )


def _highest(values: np.ndarray) -> float:
    """Largest distance from zero; nan without any number."""
    return float(max(-np.fmin.reduce(values), np.fmax.reduce(values)))


def _likely(value: float, factors: dict[str, float], taken: object, typical: float) -> str:
    """Say which unit would bring `value` nearest to a typical size."""
    raw = abs(value) / factors[canonical_unit(taken) or next(iter(factors))]
    best = min(factors, key=lambda u: abs(np.log10(raw * factors[u] / typical)) if raw > 0 else np.inf)
    return f"the samples are probably in {best!r} (or voltage and current are exchanged). Set the unit in the metadata."
