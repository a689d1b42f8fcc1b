"""Features of a trace, from eFEL.

The only module that touches eFEL's process-global state: its settings and its one C++ object. Everything here
runs under one lock, and leaves eFEL's settings as it found them.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .efel_graph import efel, feature_names
from .efel_settings import DEFAULT_EFEL_SETTINGS, check_settings
from .problems import EfeError, nearest

__all__ = ["DEFAULT_EFEL_SETTINGS", "check_feature", "check_settings", "feature_values", "reduce"]

Current = np.ndarray | Callable[[], np.ndarray | None] | None

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
) -> dict[str, np.ndarray | None]:
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
        Use eFEL's public functions only.

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
    checked = {"stim_start": float(stim_start), "stim_end": float(stim_end), **check_settings(settings)}
    _check_trace(t, v, checked["stim_start"], checked["stim_end"])
    with _LOCK:
        return _stock_values(t, v, i() if callable(i) else i, names, checked)


def _check_trace(t: np.ndarray, v: np.ndarray, start: float, end: float) -> None:
    """Refuse what would make eFEL read beyond its arrays, or fill the memory."""
    if len(t) != len(v):
        raise EfeError(f"The trace has {len(t)} times and {len(v)} potentials; their numbers must be equal.")
    if len(t) < 3:
        raise EfeError(f"The trace has {len(t)} samples; features need at least 3.")
    if not (np.isfinite(t[0]) and np.isfinite(t[-1]) and t[0] < t[-1]):
        raise EfeError(f"The times of the trace must increase; they go from {t[0]:g} to {t[-1]:g} ms.")
    if not start < end:
        raise EfeError(f"The stimulus must start ({start:g} ms) before it ends ({end:g} ms).")


def _stock_values(
    t: np.ndarray, v: np.ndarray, i: np.ndarray | None, names: list[str], settings: dict[str, Any]
) -> dict[str, np.ndarray | None]:
    trace = {"T": t, "V": v, **({} if i is None else {"I": i})}
    trace |= {name: np.atleast_1d(settings[name]).tolist() for name in IN_TRACE if name in settings}
    with _stock_engine({k: x for k, x in settings.items() if k not in IN_TRACE}) as get_feature_values:
        try:
            return dict(get_feature_values([trace], names, raise_warnings=False)[0])
        except Exception:  # one feature that raises takes all down; find out which
            return {name: _one_stock_value(get_feature_values, trace, name) for name in names}


def _one_stock_value(get_feature_values: Callable, trace: dict[str, Any], name: str) -> np.ndarray | None:
    try:
        return get_feature_values([trace], [name], raise_warnings=False)[0][name]
    except Exception:
        return None


@contextlib.contextmanager
def _stock_engine(settings: dict[str, Any]) -> Iterator[Callable]:
    """Give eFEL these settings and its defaults otherwise; afterwards with those that it had before."""
    held = efel().get_settings()
    before = dict(vars(held))
    default = efel().Settings().dependencyfile_path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means of nothing, and of eFEL's own deprecated names
        try:
            vars(held).clear()
            vars(held).update(vars(efel().Settings()) | settings)
            efel().cppcore.Initialize(held.dependencyfile_path, "")  # "": no log
            yield efel().get_feature_values
        finally:
            vars(held).clear()
            vars(held).update(before)
            if before["dependencyfile_path"] != default or "dependencyfile_path" in settings:
                efel().cppcore.Initialize(before["dependencyfile_path"], "")
            efel().cppcore.Clear()
            efel().cppcore.getgError()


def check_feature(name: str) -> None:
    """Raise EfeError unless eFEL can compute the feature from one trace."""
    if name in TWO_TRACES:
        raise EfeError(f"eFEL's {name!r} can't be computed from one recording: {TWO_TRACES[name]}.")
    if name not in feature_names():
        raise EfeError(f"eFEL has no feature {name!r}.{nearest(name, feature_names())}")


def reduce(values: Iterable[float | None] | None) -> float:
    """One number for a feature's values: their mean without NaN; NaN if there are none or it is infinite."""
    if values is None:
        return float("nan")
    if not isinstance(values, np.ndarray) or values.dtype == object:
        values = np.array([value for value in values if value is not None], dtype=float)
    if not len(values) or np.isnan(values).all():
        return float("nan")
    mean = float(np.nanmean(values))
    return mean if np.isfinite(mean) else float("nan")
