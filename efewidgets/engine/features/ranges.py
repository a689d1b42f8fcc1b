"""What a feature can't be: values that no cell has, which are slips of eFEL's search or of the recording.

The ranges follow from the features' dimensions, and from what their names say of their signs. They are far wider than
what is usual, so that nothing that was measured is lost.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .units_of_features import unit_of


@dataclass(frozen=True)
class Range:
    """Between what bounds a feature's values lie, in its unit, the bounds included; None where there is no bound.

    Parameters
    ----------
    lowest, highest : float or None
    whole : bool
        Whether only whole numbers can be.
    within_sweep : bool
        Whether no value can be further from zero than the sweep is long (ms).
    why_open : str
        Why there is no bound at all, where there is none.
    """

    lowest: float | None = None
    highest: float | None = None
    whole: bool = False
    within_sweep: bool = False
    why_open: str = ""

    @property
    def words(self) -> str:
        """The bounds as a person would say them."""
        low, high = self.lowest, "the length of the sweep" if self.within_sweep else self.highest
        if low is None and high is None:
            return "whole numbers" if self.whole else ""
        if high is None:
            return f"at least {low:g}"
        high = high if isinstance(high, str) else f"{high:g}"
        return f"up to {high}" if low is None else f"from {low:g} to {high}"


_POSITIVE = Range(0.0, None)
_FRACTION = Range(0.0, 1.0)
_COUNT = Range(0.0, None, whole=True)
_HEIGHT = Range(0.0, 500.0)  # mV

#: By the unit: a membrane stays within some 200 mV of zero, electrodes and bridges add to that. No spike is
#: steeper than some 1000 V/s, no cell fires faster than 1000 times a second, no seal is better than 100 GΩ.
_OF_UNIT = {
    "ms": Range(0.0, None, within_sweep=True),
    "Hz": Range(0.0, 2000.0),
    "mV": Range(-500.0, 500.0),
    "V/s": Range(0.0, 1e4),
    "1/ms": Range(0.0, None),
    "nA": Range(-1000.0, 1000.0),
    # by noise that of a small step may be below zero: to leave out only those would shift the mean of the others
    "MΩ": Range(-1e5, 1e5),
}

#: By the name, where the unit doesn't say all; the first that fits counts
_OF_NAME = (
    ("voltage|time|current", Range(why_open="it is the trace itself, whose units are judged as a whole")),
    (r"ISI_\w*slope\w*", Range(why_open="it is a slope over logarithms, of any sign and size")),
    ("fast_AHP_change", Range(why_open="it is relative to a value that may be zero, of either sign")),
    (r"\w+_change", Range(-1.0, None)),  # relative to a first value of the same sign
    (r"spikes_\w+_diff", Range(whole=True)),
    (r"AP2_AP1_begin_width_diff", Range(within_sweep=True)),
    (r"\w+_indices|\w*[sS]pike_?count\w*|\w*burst_number|spikes_per_burst|number_initial_spikes", _COUNT),
    ("depol_block|depol_block_bool|is_not_stuck|trace_check", Range(0.0, 1.0, whole=True)),
    (r"adaptation_index2?", Range(-1.0, 1.0)),  # a difference over its sum
    ("AHP_slow_time", _FRACTION),
    ("ISI_CV|single_burst_ratio", _POSITIVE),
    ("sag_ratio1", Range(0.0, 2.0)),
    (
        "sag_ratio2",
        Range(why_open="it is relative to the lowest potential, which may be that of the baseline"),
    ),
    (r"\w*time_constant\w*", Range(0.0, 1e4)),  # may be longer than a sweep; none of a membrane is 10 s
    # a cell may fire before the onset, too: by BluePyEfe's definition such a latency is below zero
    (r"time_to_\w*spike", Range(within_sweep=True)),
    ("inv_time_to_first_spike", Range(-1e5, 1e5)),
    # of one spike it is the inverse of its latency, which may be next to nothing
    ("mean_frequency", Range(0.0, 1e5)),
    ("AP_fall_rate|AP_peak_downstroke", Range(-1e4, 0.0)),
    (r"(AP\d?|APlast|mean_AP)_amp(litude)?|AHP\d?_depth_from_peak|ADP_peak_amplitude|sag_amplitude", _HEIGHT),
)


@functools.cache
def range_of(feature: str) -> Range | None:
    """Return the range of a feature; None for one of which nothing is known."""
    for pattern, found in _OF_NAME:
        if re.fullmatch(pattern, feature):
            return found
    return _OF_UNIT.get(unit_of(feature))


def possible(feature: str, values: Any, sweep: float | None = None) -> tuple[Any, list[float]]:
    """Return the values of a feature that can be, and those that can't.

    Parameters
    ----------
    feature : str
    values : array (n,), or None
        As eFEL gives them, in the feature's unit.
    sweep : float, optional
        How long the sweep is, ms.
    """
    found = range_of(feature)
    if found is None or found.why_open or values is None or not len(values):
        return values, []
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    wrong = _outside(numbers, found, sweep)
    return (values, []) if not wrong.any() else (numbers[~wrong], numbers[wrong].tolist())


def _outside(numbers: np.ndarray, known: Range, sweep: float | None) -> np.ndarray:
    wrong = np.zeros(len(numbers), dtype=bool)
    if known.lowest is not None:
        wrong |= numbers < known.lowest
    if known.highest is not None:
        wrong |= numbers > known.highest
    if known.within_sweep and sweep is not None:
        wrong |= np.abs(numbers) > sweep
    if known.whole:
        wrong |= np.isfinite(numbers) & (numbers != np.round(numbers))
    return wrong
