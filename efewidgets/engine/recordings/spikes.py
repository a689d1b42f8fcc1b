"""The spikes of a recording: what counts as one, when they are, and what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..features.efel_settings import given_settings
from ..problems import Problem
from ..traces import spikes
from ..traces.artefacts import artefacts
from ..traces.robust import median
from ..traces.trace import Trace

EFEL_INTERP_STEP = 0.1  # ms, where the settings have none

#: The eFEL settings that decide what a spike is
SPIKE_SETTINGS = ("Threshold", "stim_start", "stim_end", "strict_stiminterval", "interp_step")


class Spikes:
    """The spikes of one sweep.

    Parameters
    ----------
    efel_settings : dict, optional
        eFEL settings that decide what a spike is: `SPIKE_SETTINGS`.

    Attributes
    ----------
    auto_threshold : float or None
        Spike threshold for want of one in the settings, mV; None until it is set.
    artefact_time : np.ndarray, shape (m,)
        Times (ms) at which the voltage crosses the threshold during a hyperpolarising current without a spike.
    rests_above_threshold : bool
        Whether the voltage before the stimulus lies above the threshold, so that no spike can cross it.
    """

    rests_above_threshold = False

    def __init__(self, efel_settings: Mapping[str, Any] | None = None):
        self.efel_settings = given_settings(efel_settings)
        self.auto_threshold: Any = None
        self.artefact_time = np.empty(0)
        self._peak_time: np.ndarray | None = None

    @property
    def peak_time(self) -> np.ndarray | None:
        """Times of the spikes' peaks, array (n,), ms; empty for a silent sweep, None until they are counted."""
        return self._peak_time

    @peak_time.setter
    def peak_time(self, value: Any) -> None:
        self._peak_time = None if value is None else np.asarray(value, dtype=float)

    @property
    def count(self) -> int | None:
        """Number of spikes; 0 for a silent sweep, None until they are counted."""
        return None if self._peak_time is None else len(self._peak_time)

    @property
    def threshold(self) -> Any:
        """Spike threshold, mV: that of the settings, else the automatic one; None if that isn't set."""
        chosen = self.efel_settings.get("Threshold")
        return self.auto_threshold if chosen is None else chosen

    def kept(self) -> dict[str, Any]:
        """Return all but the settings, as plain data."""
        return {name: value for name, value in vars(self).items() if name != "efel_settings"}

    def forget(self) -> None:
        """Forget times and automatic threshold, since the sweep has changed."""
        self._peak_time = self.auto_threshold = None

    def set_threshold(self, trace: Trace, ton: float, toff: float, offset: float = 20.0) -> None:
        """Set the automatic threshold (mV) to `offset` above the median before `ton` or from there to `toff` (ms)."""
        self.auto_threshold = spikes.auto_threshold(
            trace.voltage, trace.index(ton), trace.index(toff), offset
        )

    def find(self, trace: Trace, ton: float, toff: float, held_down: list[float] | None = None) -> None:
        """Find the spikes in a sweep.

        Parameters
        ----------
        trace : Trace
        ton, toff : float
            The stimulus, ms, where the settings don't say otherwise.
        held_down : list of float, optional
            Edges (ms) of a stimulus that hyperpolarises: what crosses the threshold then is looked at twice, and may
            be an artefact.
        """
        chosen = self.efel_settings
        peaks = spikes.peak_times(
            trace.time,
            trace.voltage,
            self.threshold,
            float(chosen.get("stim_start", ton)),
            float(chosen.get("stim_end", toff)),
            strict=bool(chosen.get("strict_stiminterval", True)),
            interp_step=chosen.get("interp_step", EFEL_INTERP_STEP),
        )
        self._peak_time = peaks
        if held_down is not None:
            marked = artefacts(trace.time, trace.voltage, peaks, held_down)
            self.artefact_time, self._peak_time = peaks[marked], peaks[~marked]

    def odd(self, trace: Trace, ton: float) -> list[Problem]:
        """Return what is odd about the spikes that were found in a sweep, whose stimulus begins at `ton` (ms)."""
        if len(self.artefact_time):
            return [_note(_ARTEFACTS.format(len(self.artefact_time), self.artefact_time[0]))]
        threshold, highest = self.threshold, np.max(trace.voltage)
        rest = median(trace.voltage[: max(trace.index(ton), 1)])
        self.rests_above_threshold = bool(not self.count and rest > threshold)
        if self.rests_above_threshold:
            return [Problem(_RESTS_ABOVE.format(rest, threshold), "warning", "spikes")]
        if self.count or not highest > threshold:
            return []
        return [_note(_NONE_THOUGH_HIGH.format(highest, threshold))]


def _note(message: str) -> Problem:
    return Problem(message, "note", "spikes")


_ARTEFACTS = (
    "the voltage crosses the spike threshold {} time(s) during a hyperpolarising current, first at {:.4g} ms, but for "
    "transients, glitches or noise; not counted."
)
_RESTS_ABOVE = (
    "the baseline of {:.3g} mV lies above the spike threshold of {:.3g} mV, which is then never crossed: no spike is "
    "counted. Check the voltage's offset and unit, and Threshold."
)
_NONE_THOUGH_HIGH = (
    "no spike was found, though the voltage reaches {:.3g} mV, above the spike threshold of {:.3g} mV. Check the "
    "threshold, the timing and the bridge balance."
)
