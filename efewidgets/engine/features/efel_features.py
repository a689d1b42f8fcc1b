"""Features of a trace, from eFEL.

The only door to eFEL's process-global state: its settings and its one C++ object. Everything here runs under one
lock, and leaves the settings as it found them. `efel_engine` does the work in a fraction of the time, those features
of the installed eFEL for which that is proved (`efel_proof`); eFEL's public functions (`efel_stock`) do the others.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..problems import EfeError, nearest
from .efel_graph import TWO_TRACES, cpp_features, feature_names, needs_current, python_features
from .efel_limits import beyond_efel, check_trace
from .efel_proof import only_stock, private_engine
from .efel_settings import DEFAULT_EFEL_SETTINGS, EFEL_INTERP_STEP, check_settings
from .efel_stock import Values, default_settings, stock_values

__all__ = [
    "DEFAULT_EFEL_SETTINGS",
    "EFEL_INTERP_STEP",
    "check_feature",
    "check_settings",
    "feature_values",
    "reduce",
]

Current = np.ndarray | Callable[[], np.ndarray | None] | None

_LOCK = threading.RLock()


def feature_values(
    t: np.ndarray,
    v: np.ndarray,
    i: Current,
    stim_start: float,
    stim_end: float,
    features: Iterable[str],
    settings: Mapping[str, Any] | None = None,
    *,
    stock: bool = False,
) -> Values:
    """Compute features of one trace, all with the same settings.

    Parameters
    ----------
    t, v : np.ndarray, shape (n,)
        Time (ms, increasing) and membrane potential (mV).
    i : np.ndarray, shape (n,), or callable returning it, or None
        Current (nA); asked for only if a wanted feature depends on it.
    stim_start, stim_end : float
        Start and end of the stimulus (ms). `settings` may override them.
    features : iterable of str
        Names of eFEL features; repetitions are computed once.
    settings : mapping, optional
        eFEL settings as `check_settings` takes them, ``stimulus_current`` (nA) among them. What is not given
        has eFEL's default.
    stock : bool
        Use eFEL's public functions only; so does the environment variable ``EFEWIDGETS_STOCK_EFEL=1``.

    Returns
    -------
    dict
        Feature → its values in eFEL's unit, or None where eFEL can't compute it.

    Raises
    ------
    EfeError
        If a feature or setting isn't known, or the trace can't be used.
    """
    names = list(dict.fromkeys(features))
    for name in names:
        check_feature(name)
    chosen = {"stim_start": float(stim_start), "stim_end": float(stim_end), **check_settings(settings)}
    check_trace(t, v, chosen)
    current = (i() if callable(i) else i) if any(map(needs_current, names)) else None
    found: Values = dict.fromkeys(beyond_efel(t, v, names, chosen))
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means of nothing, and of eFEL's own deprecated names
        stock = stock or only_stock() or "dependencyfile_path" in chosen
        engine = None if stock else private_engine()
        if engine and (known := [name for name in names if name not in found and engine.knows(name)]):
            found |= engine.values(t, v, current, known, default_settings() | chosen)
        if unknown := [name for name in names if name not in found]:
            found |= stock_values(t, v, current, unknown, chosen)
    return {name: found[name] for name in names}


def check_feature(name: str) -> None:
    """Raise EfeError unless eFEL can compute the feature from one trace."""
    if name in TWO_TRACES:
        raise EfeError(f"eFEL's {name!r} can't be computed from one recording: {TWO_TRACES[name]}.")
    if name not in cpp_features() and name not in python_features():
        raise EfeError(f"eFEL has no feature {name!r}.{nearest(name, feature_names())}")


def reduce(values: Iterable[float | None] | None) -> float:
    """One number for a feature's values: their mean without NaN; NaN if there are none or it is infinite."""
    if values is None:
        return float("nan")
    if not isinstance(values, np.ndarray) or values.dtype == object:
        values = np.array([value for value in values if value is not None], dtype=float)
    missing = np.isnan(values)
    if missing.all():  # or there are none
        return float("nan")
    mean = float(np.nanmean(values) if missing.any() else np.add.reduce(values) / len(values))
    return mean if np.isfinite(mean) else float("nan")


def _new_lock() -> None:
    global _LOCK
    _LOCK = threading.RLock()


if hasattr(
    os, "register_at_fork"
):  # a fork amid another thread's call must not leave the lock taken for good
    os.register_at_fork(after_in_child=_new_lock)
