"""Where in a trace eFEL finds what a feature measures: begin, peak and end of spikes, windows, fits.

The indices are eFEL's own, on its own interpolated trace. Windows are those of its definitions; the tests hold their
levels against eFEL's values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .efel_features import feature_values

Span = tuple[float, float]

#: eFEL's indices that are marked, and what they are called
POINTS = {
    "begin": ("AP_begin_indices", "begin of the spike"),
    "peak": ("peak_indices", "peak"),
    "end": ("AP_end_indices", "end of the spike"),
    "ahp": ("min_AHP_indices", "AHP"),
    "between": ("min_between_peaks_indices", "lowest between peaks"),
    "rise": ("AP_rise_indices", "half height, rising"),
    "fall": ("AP_fall_indices", "half height, falling"),
}


@dataclass(frozen=True, eq=False)
class Marks:
    """What is marked in a trace for one feature.

    Parameters
    ----------
    points : dict
        Times (ms) and voltages (mV), arrays (n,), of single samples, by what they are.
    bars : list of tuple of ndarray
        Straight lines, each as two times (ms) and two voltages (mV): widths, amplitudes.
    windows : dict
        Begin and end (ms) and mean voltage (mV) of times over which is averaged, by what they are.
    fits : list of tuple of ndarray
        Fitted curves, times (ms) and voltages (mV).
    """

    points: dict[str, tuple[np.ndarray, np.ndarray]]
    bars: list[tuple[np.ndarray, np.ndarray]]
    windows: dict[str, tuple[float, float, float]]
    fits: list[tuple[np.ndarray, np.ndarray]]

    def __bool__(self) -> bool:
        return bool(self.points or self.bars or self.windows or self.fits)


@dataclass(frozen=True)
class Shown:
    """What of a trace a feature is about.

    Parameters
    ----------
    points : tuple of str
        Keys of `POINTS`.
    bars : tuple of str
        Keys of `BARS`.
    windows : tuple of str
        Keys of `WINDOWS`.
    extremes : tuple of str
        "min" or "max" of the voltage within the stimulus.
    fit : bool
        Whether a decay is fitted after the stimulus.
    """

    points: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    extremes: tuple[str, ...] = ()
    fit: bool = False


_SPIKES = Shown(("peak",))
_HALF = Shown(("begin", "peak"), ("half width",))
_WIDTH = Shown(("begin", "end"), ("duration",))
_AMPLITUDE = Shown(("begin", "peak"), ("amplitude",))
_AHP = Shown(("ahp",))
_DEFLECTION = Shown(windows=("before the stimulus", "shortly before its end"))
_SAG = Shown(windows=("base", "steady state"), extremes=("min",))

#: By the feature; of those that aren't here, by the first of `BY_WORD` in their names
BY_NAME = {
    "AHP_depth": Shown(("ahp",), windows=("base",)),
    "AHP_depth_from_peak": Shown(("peak", "ahp")),
    "AHP1_depth_from_peak": Shown(("peak", "ahp")),
    "AHP2_depth_from_peak": Shown(("peak", "ahp")),
    "AHP_time_from_peak": Shown(("peak", "ahp")),
    "AP_amplitude_from_voltagebase": Shown(("peak",), windows=("base",)),
    "AP_duration": _WIDTH,
    "AP_duration_change": _WIDTH,
    "AP_duration_half_width": _HALF,
    "AP_duration_half_width_change": _HALF,
    "AP_height": _SPIKES,
    "depolarized_base": Shown(("begin", "end")),
    "fast_AHP": Shown(("begin", "between")),
    "fast_AHP_change": Shown(("begin", "between")),
    "maximum_voltage": Shown(extremes=("max",)),
    "maximum_voltage_from_voltagebase": Shown(windows=("base",), extremes=("max",)),
    "minimum_voltage": Shown(extremes=("min",)),
    "sag_amplitude": Shown(windows=("steady state",), extremes=("min",)),
    "spike_half_width": Shown(("peak", "ahp")),
    "decay_time_constant_after_stim": Shown(fit=True),
    "steady_state_voltage": Shown(windows=("after the stimulus",)),
    "steady_state_voltage_stimend": Shown(windows=("steady state",)),
    "ohmic_input_resistance": _DEFLECTION,
    "ohmic_input_resistance_vb_ssse": Shown(windows=("base", "steady state")),
    "voltage_base": Shown(windows=("base",)),
    "voltage_after_stim": Shown(windows=("middle of what is after it",)),
    "voltage_deflection": _DEFLECTION,
    "voltage_deflection_vb_ssse": Shown(windows=("base", "steady state")),
}

BY_WORD = {
    "AP_rise": Shown(("begin", "peak")),
    "AP_fall": Shown(("peak", "end")),
    "begin": Shown(("begin",)),
    "AHP": _AHP,
    "sag_ratio": _SAG,
    "between_": Shown(("between",)),
    "_amp": _AMPLITUDE,
    "amp_": _AMPLITUDE,
    "AP_amplitude": _AMPLITUDE,
    "width": Shown(("begin", "peak")),
    "phaseslope": Shown(("begin",)),
    **dict.fromkeys(("ISI", "spike", "peak", "frequency", "adaptation", "irregularity", "burst"), _SPIKES),
    "Spikecount": _SPIKES,
}

#: From and to which points straight lines are drawn, and whether they are level
BARS = {
    "half width": ("rise", "fall", True),
    "duration": ("begin", "end", True),
    "amplitude": ("begin", "peak", False),
}


def shown(feature: str) -> Shown | None:
    """Return what of a trace a feature is about; None if nothing of it can be marked."""
    if feature in BY_NAME:
        return BY_NAME[feature]
    return next((found for word, found in BY_WORD.items() if word in feature), None)


def marks(
    feature: str,
    t: np.ndarray,
    v: np.ndarray,
    stim_start: float,
    stim_end: float,
    settings: Mapping[str, Any] | None = None,
) -> Marks:
    """Return where in a trace a feature is measured.

    Parameters
    ----------
    feature : str
        Name of an eFEL feature.
    t, v : np.ndarray, shape (n,)
        Time (ms) and voltage (mV).
    stim_start, stim_end : float
        The stimulus, ms.
    settings : dict, optional
        eFEL settings, with which the feature is computed.

    Raises
    ------
    EfeError
        If a setting isn't known, or the trace can't be used.
    """
    what = shown(feature)
    if what is None:
        return Marks({}, [], {}, [])
    keys = dict.fromkeys((*what.points, *(end for bar in what.bars for end in BARS[bar][:2])))
    names = [POINTS[key][0] for key in keys]
    more = ["decay_time_constant_after_stim"] if what.fit else []
    wanted = ["time", "voltage", *names, *more]
    found = feature_values(t, v, None, stim_start, stim_end, wanted, settings)
    time, voltage = found["time"], found["voltage"]
    if time is None or voltage is None:
        return Marks({}, [], {}, [])
    at = {key: _indices(found[POINTS[key][0]], len(time)) for key in keys}
    points = {POINTS[key][1]: (time[at[key]], voltage[at[key]]) for key in what.points if len(at[key])}
    stimulus = (
        float((settings or {}).get("stim_start", stim_start)),
        float((settings or {}).get("stim_end", stim_end)),
    )
    for name in what.extremes:
        points |= _extreme(name, time, voltage, stimulus)
    bars = [line for bar in what.bars for line in _bars(bar, time, voltage, at)]
    windows = _windows(what.windows, time, voltage, stimulus, settings or {})
    tau = found[more[0]] if more else None
    fits = (
        [] if tau is None or not len(tau) else _decays(float(tau[0]), time, voltage, stimulus, settings or {})
    )
    return Marks(points, bars, windows, fits)


def _indices(values: np.ndarray | None, n: int) -> np.ndarray:
    if values is None:
        return np.empty(0, dtype=np.intp)
    found = np.asarray(values).astype(np.intp)
    return found[(found >= 0) & (found < n)]


def _extreme(
    name: str, time: np.ndarray, voltage: np.ndarray, stimulus: Span
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    inside = np.flatnonzero((time >= stimulus[0]) & (time <= stimulus[1]))
    if not len(inside):
        return {}
    at = inside[[(np.argmin if name == "min" else np.argmax)(voltage[inside])]]
    return {"lowest" if name == "min" else "highest": (time[at], voltage[at])}


def _bars(
    bar: str, time: np.ndarray, voltage: np.ndarray, at: Mapping[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return straight lines from each first point to the second that comes next."""
    first, second, level = BARS[bar]
    lines = []
    for one in at[first]:
        later = at[second][at[second] > one]
        if len(later):
            ends = [voltage[one]] * 2 if level else [voltage[one], voltage[later[0]]]
            times = [time[one], time[later[0]]] if level else [time[later[0]]] * 2
            lines.append((np.array(times), np.array(ends)))
    return lines


# --- windows, by eFEL's definitions


def _base(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    low = stimulus[0] * float(settings.get("voltage_base_start_perc", 0.9))
    high = stimulus[0] * float(settings.get("voltage_base_end_perc", 1.0))
    return (time >= low) & (time < high)


def _steady(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    return (time >= stimulus[1] - 0.1 * (stimulus[1] - stimulus[0])) & (time < stimulus[1])


def _after(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    return time >= stimulus[1]


def _middle_after(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    rest = time[-1] - stimulus[1]
    first, last = np.searchsorted(time, [stimulus[1] + share * rest for share in (0.25, 0.75)])
    found = np.zeros(len(time), dtype=bool)
    found[first : last + 1] = True  # the sample at which it is over, too
    return found


def _before(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    return time < stimulus[0]


def _shortly_before_end(time: np.ndarray, stimulus: Span, settings: Mapping[str, Any]) -> np.ndarray:
    found = np.zeros(len(time), dtype=bool)
    end = int(np.searchsorted(time, stimulus[1]))
    found[max(end - 10, 0) : max(end - 5, 0)] = True
    return found


WINDOWS: dict[str, Callable[[np.ndarray, Span, Mapping[str, Any]], np.ndarray]] = {
    "base": _base,
    "steady state": _steady,
    "after the stimulus": _after,
    "middle of what is after it": _middle_after,
    "before the stimulus": _before,
    "shortly before its end": _shortly_before_end,
}


def _windows(
    names: Sequence[str], time: np.ndarray, voltage: np.ndarray, stimulus: Span, settings: Mapping[str, Any]
) -> dict[str, tuple[float, float, float]]:
    found = {}
    for name in names:
        inside = np.flatnonzero(WINDOWS[name](time, stimulus, settings))
        if len(inside):
            found[name] = float(time[inside[0]]), float(time[inside[-1]]), float(voltage[inside].mean())
    return found


def _decays(
    tau: float, time: np.ndarray, voltage: np.ndarray, stimulus: Span, settings: Mapping[str, Any]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the exponential that eFEL fits after the stimulus: of its time constant only the height is looked for."""
    low = stimulus[1] + float(settings.get("decay_start_after_stim", 1.0))
    high = stimulus[1] + float(settings.get("decay_end_after_stim", 10.0))
    inside = np.flatnonzero((time >= low) & (time < high))
    reference = voltage[min(int(np.searchsorted(time, stimulus[0])), len(voltage) - 1)]
    away = voltage[inside] - reference
    if not np.isfinite(tau) or tau == 0 or len(inside) < 2 or not np.all(away):
        return []
    height = np.exp(np.mean(np.log(np.abs(away)) + time[inside] / tau))
    sign = np.sign(away[0])
    return [(time[inside], reference + sign * height * np.exp(-time[inside] / tau))]
