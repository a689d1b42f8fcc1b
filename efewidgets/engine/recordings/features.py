"""The features of a recording: computed by eFEL, reduced to one number each, kept by feature and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..features import efel_features
from ..features.efel_settings import given_settings
from ..features.marks import Marks, marks
from ..features.ranges import possible, range_of
from ..features.store import FeatureStore
from ..features.units_of_features import unit_of
from ..problems import Problem
from ..traces.trace import Trace

#: What eFEL finds: a vector for each feature, or None
Vectors = dict[str, np.ndarray | None]


class Features:
    """The features of one sweep.

    Attributes
    ----------
    store : FeatureStore
        What was asked for, and the values computed so far, by feature and settings.
    """

    def __init__(self) -> None:
        self.store = FeatureStore()
        self._impossible: dict[str, Problem] = {}

    def reduce(self, efeatures: Sequence[str], vectors: Mapping[str, Any], tend: float) -> dict[str, float]:
        """Return the mean of each feature's vector in a sweep of `tend` ms; nan where there is none.

        Values that can't be are left out; `take_impossible` says which.
        """
        reduced = {}
        for name in efeatures:
            values, wrong = possible(name, vectors.get(name), tend)
            reduced[name] = efel_features.reduce(values)
            if wrong:
                self._impossible[name] = _impossible(name, wrong)
        return reduced

    def take_impossible(self) -> list[Problem]:
        """Return, once, a problem for each feature of which values were left out since they can't be."""
        found = list(self._impossible.values())
        self._impossible.clear()
        return found


def vectors(
    trace: Trace,
    ton: float,
    toff: float,
    efeatures: Sequence[str],
    efel_settings: Mapping[str, Any] | None = None,
    own: Mapping[str, Any] | None = None,
) -> Vectors:
    """Compute features of a sweep with eFEL.

    Parameters
    ----------
    trace : Trace
    ton, toff : float
        The stimulus, ms, where the settings don't say otherwise.
    efeatures : list of str
    efel_settings : dict, optional
        As a person gave them, ``stim_start`` and ``stim_end`` (ms) among them.
    own : dict, optional
        What the sweep itself says where these say nothing: ``stimulus_current`` (nA), ``Threshold`` (mV).
    """
    chosen = given_settings(efel_settings)
    return efel_features.feature_values(
        trace.time,
        trace.voltage,
        trace.current,
        float(chosen.pop("stim_start", ton)),
        float(chosen.pop("stim_end", toff)),
        efeatures,
        {**(own or {}), **chosen},
    )


def _impossible(feature: str, wrong: Sequence[float]) -> Problem:
    known = range_of(feature)
    can_be = f"; possible: {known.words} {unit_of(feature)}".rstrip() if known else ""
    message = (
        f"{len(wrong)} value(s) of {feature} can't be ({wrong[0]:.4g}{can_be}): left out. Look at the trace: a spike "
        "at the very begin or end of the stimulus, an unbalanced bridge or a wrong unit may be the cause."
    )
    return Problem(message, "warning", "feature")


def marks_of(recording: Any, efeature: str, efel_settings: Mapping[str, Any] | None = None) -> Marks:
    """Return where in a recording a feature is measured, with the settings with which it is computed.

    Parameters
    ----------
    recording : Recording
        Its stimulus was found.
    efeature : str
    efel_settings : dict, optional
        As those of a target.
    """
    trace = recording.samples()
    given = {**recording.stimulus_family.settings_of(efeature, recording), **given_settings(efel_settings)}
    if given.get("Threshold") is None:
        given["Threshold"] = float(recording.auto_threshold)
    return marks(efeature, trace.time, trace.voltage, recording.ton, recording.toff, given)
