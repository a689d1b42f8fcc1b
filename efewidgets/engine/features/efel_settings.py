"""The settings of eFEL, checked before it sees them: it takes a typo without a word, and "False" for true."""

from __future__ import annotations

import functools
import math
import numbers
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..guard import guard_of_files
from ..kinds import is_number, shown, why_not
from ..problems import EfeError, nearest

#: What BluePyEfe uses when none are given; eFEL's own defaults differ (interp_step 0.1, not strict).
DEFAULT_EFEL_SETTINGS: dict[str, Any] = {
    "strict_stiminterval": True,
    "Threshold": -20.0,
    "interp_step": 0.025,
}

#: eFEL's own default of the interpolation step (ms)
EFEL_INTERP_STEP = 0.1

#: What eFEL reads although its Settings class doesn't list it: type and eFEL's default (None: none).
UNLISTED: dict[str, tuple[type, Any]] = {
    "stimulus_current": (float, None),
    "stim_start": (float, None),
    "stim_end": (float, None),
    "multi_stim_start": (list, None),
    "multi_stim_end": (list, None),
    "decay_start_after_stim": (float, 1.0),
    "decay_end_after_stim": (float, 10.0),
    "offset": (float, 0.0),
}

#: Smallest and largest value, both allowed. Beyond them eFEL fails, hangs or fills the memory.
LIMITS: dict[str, tuple[float, float]] = {
    "interp_step": (1e-3, 100.0),
    "spike_skipf": (0.0, 1.0 - 1e-9),
    "initial_perc": (0.0, 1.0 - 1e-9),
    "max_spike_skip": (0, 2**31 - 1),
    "DerivativeWindow": (1, 1000),
    "AP_phaseslope_range": (0, 1000),
    "inactivation_tc_end_skip": (0, 2**31 - 1),
    "precision_threshold": (0.0, math.inf),
}

CHOICES = {"voltage_base_mode": ("mean", "median"), "current_base_mode": ("mean", "median")}

#: Pairs of which the first must be smaller: with them the other way round eFEL has no window to look at.
ORDERED = (
    ("stim_start", "stim_end"),
    ("voltage_base_start_perc", "voltage_base_end_perc"),
    ("current_base_start_perc", "current_base_end_perc"),
    ("rise_start_perc", "rise_end_perc"),
    ("decay_start_after_stim", "decay_end_after_stim"),
)


@functools.cache
def known_settings() -> dict[str, tuple[type, Any]]:
    """Name, type and default of each setting of the installed eFEL, and of those that it reads unlisted."""
    import dataclasses

    from .efel_import import efel

    listed = {
        field.name: (type(field.default), field.default) for field in dataclasses.fields(efel().Settings)
    }
    return {**listed, **UNLISTED}


def check_settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Check eFEL settings and convert each to the type that eFEL wants.

    Parameters
    ----------
    settings : mapping or None
        Setting → value. Besides eFEL's own: ``stim_start`` and ``stim_end`` (ms), ``stimulus_current`` (nA),
        ``multi_stim_start`` and ``multi_stim_end`` (lists, ms). A value of None means: not given.

    Returns
    -------
    dict
        In the order given, each value a bool, int, float, str or list of floats.

    Raises
    ------
    EfeError
        For an unknown setting (with the nearest known name), a value of another type or out of range.
    """
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        raise EfeError(f"eFEL settings must be name: value pairs, not {settings!r}.")
    checked = {name: _check(name, value) for name, value in given_settings(settings).items()}
    for low, high in ORDERED:
        if low in checked or high in checked:
            start, end = (checked.get(name, known_settings()[name][1]) for name in (low, high))
            if start is not None and end is not None and start >= end:
                raise EfeError(f"eFEL setting {low!r} ({start:g}) must be smaller than {high!r} ({end:g}).")
    starts, ends = (checked.get(name, []) for name in ("multi_stim_start", "multi_stim_end"))
    if len(starts) != len(ends):
        raise EfeError(
            "eFEL settings 'multi_stim_start' and 'multi_stim_end' must be lists of the same length, one "
            f"number (ms) for each stimulus; they hold {len(starts)} and {len(ends)}."
        )
    return checked


def given_settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that say something: one that is None is as if it weren't there."""
    return {name: value for name, value in (settings or {}).items() if value is not None}


def _check(name: Any, value: Any) -> Any:
    if name not in known_settings():
        raise EfeError(f"eFEL has no setting {name!r}.{nearest(name, known_settings())}")
    kind = known_settings()[name][0]
    if kind is bool:
        return _to_bool(name, value)
    if kind is str:
        return _to_text(name, value)
    if kind is list:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise EfeError(f"eFEL setting {name!r} must be a list of numbers (ms), not {value!r}.")
        return [_to_number(name, x, float) for x in value]
    return _to_number(name, value, kind)


def _to_bool(name: str, value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral) and value in (0, 1):  # as older configurations have it
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        word = value.lower()
        raise EfeError(
            f"eFEL setting {name!r} is the text {value!r}; write {word.capitalize()} in Python or {word} in "
            "JSON, without quotes (eFEL would take any text for true)."
        )
    raise EfeError(f"eFEL setting {name!r} must be True or False, not {value!r}.")


def _to_text(name: str, value: Any) -> str:
    value = os.fspath(value) if isinstance(value, os.PathLike) else value
    if name in CHOICES and value not in CHOICES[name]:
        raise EfeError(f"eFEL setting {name!r} must be one of {', '.join(CHOICES[name])}, not {value!r}.")
    if not isinstance(value, str):
        raise EfeError(f"eFEL setting {name!r} must be a text, not {value!r}.")
    if name == "dependencyfile_path":
        _check_dependencies(value)
    return value


def _check_dependencies(path: str) -> None:
    """Refuse a file of dependencies that isn't there; where files are guarded, each: eFEL reads what it is given."""
    name, guard = "dependencyfile_path", guard_of_files()
    if guard is not None:
        guard(path)
        raise EfeError(f"eFEL setting {name!r} can't be set here.")
    if not os.path.isfile(path):
        raise EfeError(f"eFEL setting {name!r} names the file {path!r}, which does not exist.")


def _to_number(name: str, value: Any, kind: type) -> int | float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        quoted = " (without quotes)" if isinstance(value, str) else ""
        raise EfeError(f"eFEL setting {name!r} must be a number{quoted}, not {value!r}.")
    if not is_number(value):
        raise EfeError(f"eFEL setting {name!r} must be a finite number, not {shown(value)}{why_not(value)}.")
    if kind is int and value != int(value):
        raise EfeError(f"eFEL setting {name!r} must be a whole number, not {value!r}.")
    low, high = LIMITS.get(name, (-(2**31), 2**31 - 1) if kind is int else (-math.inf, math.inf))
    if not low <= value <= high:
        raise EfeError(f"eFEL setting {name!r} must be between {low:g} and {high:g}, not {value!r}.")
    return kind(value)
