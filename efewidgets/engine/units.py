"""Units of recordings: names as they stand in files, conversion to ms, mV and nA, and whether that can be true.

The products are taken in the sample type that the reader delivers (float32 for most formats), as BluePyEfe
does, so that both see the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .problems import ScaleError, UnitError

#: nA; no patched cell needs more, and few amplifiers pass it
HIGHEST_NA = 20.0

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
# More stray samples than that are no accident.
_FEW = 0.01
# In powers of ten: units are three apart, so that the right one is never further from what is usual.
_FAR = 1.6
#: A resting potential (mV), and the peak of a stimulus (nA), with the units of each
_USUAL = {"voltage": (_MV, 70.0), "current": (_NA, 0.3)}


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
    if factor == 1.0:
        return values
    with np.errstate(over="ignore"):  # what gets too large is found by `check_plausible`
        return values * factor


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
    """Raise UnitError if the voltage (mV) or the current (nA) can't come from a patch-clamped cell.

    Both are judged after the conversion to mV and nA: a number can be too large only then.
    """
    advice = _Advice(voltage, current, v_unit, i_unit)
    highest = _highest(voltage)
    if not highest <= _MAX_MV:
        rest, stray = float(np.nanmedian(voltage)), _stray(voltage)
        if not abs(rest) <= _MAX_MV:
            raise advice.voltage(rest, f"the median voltage would be {rest / 1e3:.3g} V, which no cell has.")
        if len(stray) > _FEW * len(voltage):
            raise advice.voltage(
                highest, f"the voltage would reach {highest / 1e3:.3g} V, which no cell has."
            )
        raise UnitError(_stray_words(voltage, stray))
    if 0 < highest < _MIN_MV:
        raise advice.voltage(highest, f"the voltage would stay within {highest:.3g} mV of zero.")
    peak = _highest(current)
    if not peak <= _MAX_NA:
        raise advice.current(peak, f"the current would reach {peak:.3g} nA, which no electrode passes.")
    if 0 < peak < _MIN_NA:
        raise advice.current(peak, f"the current would stay below {peak * 1e6:.3g} fA.")


def likely_unit(quantity: str, value: float, taken: object) -> str | None:
    """Return the unit in which a value would be a usual one: never the one that was taken; None if it is so in none.

    Parameters
    ----------
    quantity : {"voltage", "current"}
    value : float
        What the unit that was taken makes of it, mV or nA.
    taken : str
    """
    factors, typical = _USUAL[quantity]
    name = canonical_unit(taken)
    raw = abs(value) / factors[name] if name in factors else abs(value)
    with np.errstate(divide="ignore"):
        off = {u: float(np.abs(np.log10(raw * f / typical))) for u, f in factors.items() if u != name}
    best = min(off, key=lambda unit: off[unit])
    return best if off[best] <= _FAR else None


def _highest(values: np.ndarray) -> float:
    """Largest distance from zero; nan without any number."""
    return float(max(-np.fmin.reduce(values), np.fmax.reduce(values)))


def _stray(voltage: np.ndarray) -> np.ndarray:
    """Return the indexes of samples (mV) that no cell and no artefact can have."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(np.abs(voltage) > _MAX_MV)


def _stray_words(voltage: np.ndarray, bad: np.ndarray) -> str:
    count = "1 sample" if bad.size == 1 else f"{bad.size} samples"
    return (
        f"the voltage has {count} that no cell and no amplifier can have, the first is sample {bad[0]} with "
        f"{voltage[bad[0]] / 1e3:.3g} V. The sweep is left out: put the file right, or cut it before that sample."
    )


class _Advice:
    """What to say about a unit that can't be: never the unit that was taken."""

    def __init__(self, voltage: np.ndarray, current: np.ndarray, v_unit: object, i_unit: object):
        self.samples = voltage, current
        self.units = v_unit, i_unit

    def voltage(self, value: float, words: str) -> ScaleError:
        """Return the error for a voltage of `value` mV."""
        return self._error("voltage", value, words, self.units[0])

    def current(self, value: float, words: str) -> ScaleError:
        """Return the error for a current of `value` nA."""
        return self._error("current", value, words, self.units[1])

    def _error(self, quantity: str, value: float, words: str, taken: object) -> ScaleError:
        likely = None if self._exchanged() else likely_unit(quantity, value, taken)
        message = f"{words} The {quantity} unit is taken as {taken!r}: {self._words(likely)}"
        return ScaleError(message, quantity, str(taken), value, likely)

    def _words(self, likely: str | None) -> str:
        if self._exchanged():
            return (
                "voltage and current are probably exchanged. Exchange them in the metadata ('v_file' and 'i_file', "
                "'v_channel' and 'i_channel', or 'columns')."
            )
        if likely is None:
            return (
                "in no other unit would it be one either. Is this the right channel, and is the file whole?"
            )
        return (
            f"the samples are probably in {likely!r} (or voltage and current are exchanged). Set the unit in the "
            "metadata."
        )

    def _exchanged(self) -> bool:
        """Whether each channel would be plausible as the other, in the other's unit."""
        (voltage, current), (v_unit, i_unit) = self.samples, map(canonical_unit, self.units)
        if v_unit not in _MV or i_unit not in _NA:
            return False
        peak = _highest(voltage) / _MV[v_unit] * _NA[i_unit]
        rest = abs(float(np.nanmedian(current))) / _NA[i_unit] * _MV[v_unit]
        return 1e-4 < peak < 20 and 10 < rest < 150
