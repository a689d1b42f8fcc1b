"""Features of a trace, from eFEL.

The only module that touches eFEL's process-global state: its settings and its one C++ object. Everything here
runs under one lock, and leaves the settings as it found them. `efel_engine` does the same work in a fraction of
the time where the installed eFEL is one for which that was verified; elsewhere eFEL's public functions do it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..problems import EfeError, nearest
from ..systems.libraries import plain_path
from .efel_engine import private_engine
from .efel_graph import cpp_features, feature_names, needs_current, python_features
from .efel_import import efel
from .efel_limits import beyond_efel, check_trace
from .efel_settings import DEFAULT_EFEL_SETTINGS, EFEL_INTERP_STEP, check_settings

__all__ = [
    "DEFAULT_EFEL_SETTINGS",
    "EFEL_INTERP_STEP",
    "check_feature",
    "check_settings",
    "feature_values",
    "reduce",
]

Current = np.ndarray | Callable[[], np.ndarray | None] | None
Values = dict[str, np.ndarray | None]

_LOCK = threading.RLock()

#: Features that eFEL computes from two traces
TWO_TRACES = {
    "bpap_attenuation": "it compares the traces of soma and dendrite",
    "check_ais_initiation": "it compares the traces of soma and axon initial segment",
}

#: Settings that eFEL takes as part of the trace; only there are lists heeded
IN_TRACE = ("stim_start", "stim_end", "multi_stim_start", "multi_stim_end")


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
    t, v = np.asarray(t), np.asarray(v)
    current = (i() if callable(i) else i) if any(map(needs_current, names)) else None
    found: Values = dict.fromkeys(beyond_efel(t, v, names, chosen))
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means of nothing, and of eFEL's own deprecated names
        stock = (
            stock or os.environ.get("EFEWIDGETS_STOCK_EFEL", "0") != "0" or "dependencyfile_path" in chosen
        )
        engine = None if stock else private_engine()
        if engine and (known := [name for name in names if name not in found and engine.knows(name)]):
            found |= engine.values(t, v, current, known, _defaults() | chosen)
        if unknown := [name for name in names if name not in found]:
            found |= _stock_values(t, v, current, unknown, chosen)
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


def _defaults() -> dict[str, Any]:
    return {name: value for name, value in vars(efel().Settings()).items() if name != "dependencyfile_path"}


def _stock_values(
    t: np.ndarray, v: np.ndarray, i: np.ndarray | None, names: list[str], settings: dict[str, Any]
) -> Values:
    trace = {"T": t, "V": v, **({} if i is None else {"I": i})}
    trace |= {name: np.atleast_1d(settings[name]).tolist() for name in IN_TRACE if name in settings}
    with _stock_efel({name: value for name, value in settings.items() if name not in IN_TRACE}):
        try:
            return dict(efel().get_feature_values([trace], names, raise_warnings=False)[0])
        except Exception:  # one feature that raises takes all down; find out which
            return {name: _one_stock_value(trace, name) for name in names}


def _one_stock_value(trace: dict[str, Any], name: str) -> np.ndarray | None:
    try:
        return efel().get_feature_values([trace], [name], raise_warnings=False)[0][name]
    except Exception:
        return None


@contextlib.contextmanager
def _stock_efel(settings: dict[str, Any]) -> Iterator[None]:
    """Give eFEL these settings and its defaults otherwise; afterwards those that it had before."""
    held, core = efel().get_settings(), efel().cppcore
    before, default = dict(vars(held)), vars(efel().Settings())
    try:
        vars(held).clear()
        vars(held).update(default | settings)
        core.Initialize(plain_path(held.dependencyfile_path), "")  # "": no log
        yield
    finally:
        vars(held).clear()
        vars(held).update(before)
        if before["dependencyfile_path"] != settings.get(
            "dependencyfile_path", default["dependencyfile_path"]
        ):
            core.Initialize(plain_path(before["dependencyfile_path"]), "")
        core.Clear()
        core.getgError()


def _new_lock() -> None:
    global _LOCK
    _LOCK = threading.RLock()


if hasattr(
    os, "register_at_fork"
):  # a fork amid another thread's call must not leave the lock taken for good
    os.register_at_fork(after_in_child=_new_lock)
