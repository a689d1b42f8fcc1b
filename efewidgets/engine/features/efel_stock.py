"""Features by eFEL's public functions, as its manual has it: slower, but right by definition."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..systems.libraries import plain_path
from .efel_import import efel

Values = dict[str, np.ndarray | None]

#: Settings that eFEL takes as part of the trace; only there are lists heeded
IN_TRACE = ("stim_start", "stim_end", "multi_stim_start", "multi_stim_end")


def default_settings() -> dict[str, Any]:
    """Return eFEL's own settings."""
    return {name: value for name, value in vars(efel().Settings()).items() if name != "dependencyfile_path"}


def stock_values(
    t: np.ndarray, v: np.ndarray, i: np.ndarray | None, names: list[str], settings: dict[str, Any]
) -> Values:
    """Compute features of a trace in one call; None where eFEL has no value, or raises."""
    trace = _trace(t, v, i, settings)
    with _stock_efel(settings):
        try:
            return dict(efel().get_feature_values([trace], names, raise_warnings=False)[0])
        except Exception:  # one feature that raises takes all down; find out which
            return {name: _one_stock_value(trace, name) for name in names}


def each_stock_value(
    t: np.ndarray, v: np.ndarray, i: np.ndarray | None, names: list[str], settings: dict[str, Any]
) -> Values:
    """As `stock_values`, each feature in a call of its own, so that none is moved by rounding in the one before."""
    trace = _trace(t, v, i, settings)
    with _stock_efel(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: _one_stock_value(trace, name) for name in names}


def _trace(t: np.ndarray, v: np.ndarray, i: np.ndarray | None, settings: dict[str, Any]) -> dict[str, Any]:
    """Return a trace as eFEL takes it, with the settings that belong to it; of lists, into which it makes all."""
    samples = {"T": t, "V": v, **({} if i is None else {"I": i})}
    given = {name: settings[name] for name in IN_TRACE if name in settings}
    return {name: np.atleast_1d(values).tolist() for name, values in {**samples, **given}.items()}


def _one_stock_value(trace: dict[str, Any], name: str) -> np.ndarray | None:
    try:
        return efel().get_feature_values([trace], [name], raise_warnings=False)[0][name]
    except Exception:
        return None


@contextlib.contextmanager
def _stock_efel(settings: dict[str, Any]) -> Iterator[None]:
    """Give eFEL these settings and its defaults otherwise; afterwards those that it had before."""
    settings = {name: value for name, value in settings.items() if name not in IN_TRACE}
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
