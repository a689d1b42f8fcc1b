"""What a feature can't be: a duration or a rate below zero is a slip of eFEL's search, not a property of the cell."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

#: Intervals, widths, durations, rise and fall times, time constants (ms) and rates (Hz) are differences of times in
#: their order, or one over such. A spike at the onset of a stimulus may "end" before it begins, for eFEL.
_NEVER_NEGATIVE = re.compile(
    r"(all_)?ISI_values|ISIs|doublet_ISI|inv_\w*ISI(_values)?|irregularity_index|\w*burst_mean_freq|mean_frequency"
    r"|interburst_duration|AP\w*_duration\w*|\w+_width\d?|AP_width_between_threshold|AP_(rise|fall)_time"
    r"|AHP_time_from_peak|\w*time_constant\w*"
)
_CHANGES = re.compile(r"\w*_(change|diff)")  # of one spike against another: of either sign


def lowest(feature: str) -> float | None:
    """Return the value below which a feature can't be, in its own unit; None if there is no such bound."""
    if _CHANGES.fullmatch(feature) or not _NEVER_NEGATIVE.fullmatch(feature):
        return None
    return 0.0


def possible(feature: str, values: Any) -> tuple[Any, list[float]]:
    """Return the values of a feature that can be, and those that can't.

    Parameters
    ----------
    feature : str
    values : array (n,), or None
        As eFEL gives them, in the feature's unit.
    """
    bound = lowest(feature)
    if bound is None or values is None or not len(values):
        return values, []
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    wrong = numbers < bound
    return (values, []) if not wrong.any() else (numbers[~wrong], numbers[wrong].tolist())
