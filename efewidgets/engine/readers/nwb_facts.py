"""What an NWB file knows of amplifier and electrode: facts of a recording, which change none of its samples."""

from __future__ import annotations

import re

import h5py
import numpy as np

from ..problems import ReadError
from .hdf5_members import text
from .nwb_series import Series, as_number

_OHMS = {"": 1.0, "k": 1e3, "kilo": 1e3, "m": 1e6, "mega": 1e6, "meg": 1e6, "g": 1e9, "giga": 1e9}
_RESISTANCE = re.compile(
    r"([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)\s*(kilo|mega|meg|giga|[kmg])?\s*[- ]?(ohms?|Ω|Ω)?", re.IGNORECASE
)
_OF_ELECTRODE = {
    "resistance": "pipette_resistance_MOhm",
    "seal": "seal_resistance_MOhm",
    "initial_access_resistance": "initial_access_resistance_MOhm",
}
# No pipette has less than a tenth of a MΩ: a bare number from here on is in Ω, as NWB prescribes.
_LEAST_OHM = 1e5
_NO_COMMENTS = ("", "no comments", "no comment", "none", "n/a", "na", "-")


def electrode_facts(content: h5py.File, path: str) -> dict[str, float]:
    """Return what a file says of an electrode: resistances, MΩ, as far as they are numbers."""
    try:
        group = content[path]
        found = {name: _megaohm(Series(group, "").value(key)) for key, name in _OF_ELECTRODE.items()}
    except (KeyError, ReadError):
        return {}
    return {name: value for name, value in found.items() if value}


def _megaohm(value: object) -> float | None:
    """Return a resistance, "12.5 MOhm" or 12.5e6, in MΩ; None if it isn't one, or its unit isn't known."""
    if value is None:
        return None
    words = text(value)
    if words is None:
        array = np.asarray(value)
        words = repr(float(array.reshape(-1)[0])) if array.size == 1 and array.dtype.kind in "fiu" else ""
    found = re.fullmatch(rf"\D*?{_RESISTANCE.pattern}[\s.]*", words.strip(), re.IGNORECASE)
    if found is None:
        return None
    number = float(found[1].replace(",", "."))
    scale, unit = (found[2] or "").lower(), found[3]
    ohms = number * _OHMS[scale]
    if not np.isfinite(ohms) or ohms <= 0 or (not unit and not scale and number < _LEAST_OHM):
        return None
    return ohms / 1e6


def electrode_path(series: Series) -> str | None:
    """Return where the electrode of a series is described, None if the file neither links to nor names one."""
    try:
        found = series.member("electrode")
        name = None if isinstance(found, h5py.Group) else series.word("electrode_name")
    except ReadError:
        return None
    if isinstance(found, h5py.Group):
        return str(found.name)
    return f"/general/intracellular_ephys/{name}" if name else None


def amplifier_facts(voltage: Series, bias: float | None) -> dict[str, float]:
    """Return how the amplifier was set: what it gave besides the stimulus (`bias`, A), and what it corrected."""
    bridge, capacitance = (voltage.number(name) for name in ("bridge_balance", "capacitance_compensation"))
    gain = voltage.number("gain")
    found = {
        "bias_current_pA": 1e12 * (bias or 0.0),
        # Ω and F as NWB prescribes, or MΩ and pF as amplifiers count
        "bridge_balance_MOhm": (bridge or 0.0) * (1e-6 if abs(bridge or 0.0) > 1e4 else 1.0),
        "capacitance_compensation_pF": (capacitance or 0.0)
        * (1e12 if abs(capacitance or 0.0) < 1e-6 else 1.0),
        "amplifier_gain_V/V": gain if gain not in (None, 1.0) else 0.0,
    }
    return {key: float(value) for key, value in found.items() if value and np.isfinite(value)}


def bias_current(voltage: Series) -> float | None:
    """Return the amplifier's bias current, A. Files give it in pA or in A; no cell is held at 100 nA.

    Raises
    ------
    ReadError
        If the file gives something else than one number.
    """
    found = voltage.value("bias_current")
    bias = as_number(found)
    if found is not None and bias is None:
        raise ReadError(
            f"{voltage.name}/bias_current must be one number, but is {np.asarray(found).tolist()!r}."
        )
    if bias is None or not np.isfinite(bias):
        return None
    return bias if abs(bias) < 1e-7 else bias * 1e-12


def comment_of(voltage: Series) -> str:
    """Return what a person wrote about a series, "" where a program filled the place."""
    words = (voltage.word("comments") or "").strip()
    return "" if words.lower().strip(" .") in _NO_COMMENTS else words
