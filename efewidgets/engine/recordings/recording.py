"""A recording: one sweep, the stimulus found in it, the spikes and the features computed on it.

Samples (`sampled`), stimulus (`stimulus`), spikes and features are had when they are asked for, not before. Each
stimulus family (`ecodes`) is a subclass that knows its timings and levels.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..features import efel_features as features
from ..features.efel_settings import given_settings
from ..features.ranges import possible, range_of
from ..features.store import FeatureStore
from ..features.units_of_features import unit_of
from ..problems import Problem
from ..traces import spikes
from ..traces.artefacts import artefacts
from .sampled import new_serial
from .source import Source, files_of
from .stimulus import Stimulus

EFEL_INTERP_STEP = 0.1  # ms, where the settings have none

#: The eFEL settings that decide what a spike is
SPIKE_SETTINGS = ("Threshold", "stim_start", "stim_end", "strict_stiminterval", "interp_step")


class Recording(Stimulus):
    """One sweep of one cell under one protocol.

    Parameters
    ----------
    config_data : dict
        What a person wrote about the recording: units, timings (ms), amplitudes (in ``i_unit``), corrections.
    reader_data : dict
        What the reader delivers: voltage, current, dt, units, id, repetition, … Empty for a stimulus without data.
    protocol_name : str
        Name of the protocol.
    efel_settings : dict, optional
        eFEL settings that decide what a spike is.

    Attributes
    ----------
    ton, toff, tend, … : float
        Timings of the stimulus, ms.
    amp, hypamp, … : float
        Step amplitudes above the holding current, and the holding current, nA.
    amp_rel, hypamp_rel, … : float or None
        The same in % of the cell's rheobase, once that is known.
    artefact_time : np.ndarray
        Times (ms) at which the voltage crosses the spike threshold during a hyperpolarising current without a spike.
    efeatures : dict
        Value of each feature computed so far, by its name.
    label : str or None
        Name of the sweep, unique in its file.
    excluded : str or None
        Why a person left the recording out, if they did.
    problems : list of Problem
        What a person should know about this recording.

    Raises
    ------
    EfeError
        If units, timings or samples can't be.
    """

    #: Whether the voltage before the stimulus lies above the spike threshold, so that no spike can cross it
    rests_above_threshold = False

    def __init__(
        self,
        config_data: Mapping[str, Any],
        reader_data: Mapping[str, Any],
        protocol_name: str = "",
        efel_settings: Mapping[str, Any] | None = None,
    ):
        super().__init__(config_data, reader_data, protocol_name)
        self.efel_settings = given_settings(efel_settings)
        self.artefact_time = np.empty(0)
        self._peak_time: np.ndarray | None = None
        self._auto_threshold: Any = None
        self._features = FeatureStore()
        self._impossible: dict[str, Problem] = {}
        if reader_data:
            self.interpret_as_written()

    def forget_results(self) -> None:
        """Forget spikes and features, since the samples or the stimulus have changed."""
        self._peak_time = self._auto_threshold = None
        self._features.clear()

    def twin(self) -> Recording:
        """Return a copy to which other timings can be given without changing this one; it has no features yet."""
        other = copy.copy(self)
        other.serial = new_serial()
        other._edited = copy.copy(self._edited)
        other.problems = list(self.problems)
        other._features, other._impossible = FeatureStore(), {}
        return other

    def restore(
        self, config_data: Mapping[str, Any], source: Source, efel_settings: Mapping[str, Any]
    ) -> None:
        """Complete a recording of which all was kept but what a person wrote, the samples and the features."""
        self.config_data, self.source, self.efel_settings = dict(config_data), source, dict(efel_settings)
        self.files, self.serial, self.excluded = files_of(config_data), new_serial(), None
        self._trace, self._edited, self._features, self._impossible = None, None, FeatureStore(), {}

    def materialize(self) -> None:
        """Read and compute all that was put off, so that the recording needs its file no more."""
        if self._edited is None:
            self._trace = self.trace
        self._features.shown(self.reduced)
        self.count_now()
        self.source = None

    def count_now(self) -> None:
        """Find spikes and threshold, if that was put off: later changes of the recording are nothing to them."""
        _ = self.peak_time, self.auto_threshold

    # --- spikes

    def set_autothreshold(self, offset_voltage: float = 20.0) -> None:
        """Set the spike threshold (mV) to `offset_voltage` above the median of the baseline or of the step."""
        trace = self.samples()
        self._auto_threshold = spikes.auto_threshold(
            trace.voltage, trace.index(self.ton), trace.index(self.toff), offset_voltage
        )

    @property
    def auto_threshold(self) -> Any:
        """Spike threshold for want of one in the settings, mV."""
        if self._auto_threshold is None and self.trace is not None:
            self.set_autothreshold()
        return self._auto_threshold

    @auto_threshold.setter
    def auto_threshold(self, value: Any) -> None:
        self._auto_threshold = value

    def compute_spikecount(self, efel_settings: Mapping[str, Any] | None = None) -> None:
        """Find the spikes anew, with the given eFEL settings; without a "Threshold" with the recording's own."""
        self.efel_settings = given_settings(efel_settings)
        self.count_spikes()

    def _find_peaks(self) -> np.ndarray:
        trace = self.samples()
        chosen = self.efel_settings
        threshold: Any = chosen.get("Threshold")
        peaks = spikes.peak_times(
            trace.time,
            trace.voltage,
            self.auto_threshold if threshold is None else threshold,
            float(chosen.get("stim_start", self.ton)),
            float(chosen.get("stim_end", self.toff)),
            strict=bool(chosen.get("strict_stiminterval", True)),
            interp_step=chosen.get("interp_step", EFEL_INTERP_STEP),
        )
        levels = [getattr(self, name) for name in self.amplitudes]
        if not all(level is not None and level < 0 for level in levels):
            return peaks
        # what crosses the threshold while the cell is held down is looked at twice
        edges = [float(getattr(self, name)) for name in self.timings]
        marked = artefacts(trace.time, trace.voltage, peaks, edges)
        self.artefact_time = peaks[marked]
        return peaks[~marked]

    def count_spikes(self) -> None:
        """Find the spikes now, while the samples are at hand, and say what is odd about them."""
        if self.timing_from != "lost":
            self._peak_time = self._find_peaks()
            self.problems = [p for p in self.problems if p.kind != "spikes"] + self._odd_spikes()

    def _odd_spikes(self) -> list[Problem]:
        threshold: Any = self.efel_settings.get("Threshold")
        threshold = self.auto_threshold if threshold is None else threshold
        if len(self.artefact_time):
            message = (
                f"the voltage crosses the spike threshold {len(self.artefact_time)} time(s) during a hyperpolarising "
                f"current, first at {self.artefact_time[0]:.4g} ms, but for transients, glitches or noise; not counted."
            )
            return [Problem(message, "note", "spikes")]
        trace = self.samples()
        highest = np.max(trace.voltage)
        before = trace.voltage[: max(trace.index(self.ton), 1)]
        self.rests_above_threshold = bool(not self.spikecount and np.median(before) > threshold)
        if self.rests_above_threshold:
            message = (
                f"the baseline of {np.median(before):.3g} mV lies above the spike threshold of {threshold:.3g} mV, "
                "which is then never crossed: no spike is counted. Check the voltage's offset and unit, and Threshold."
            )
            return [Problem(message, "warning", "spikes")]
        if self.spikecount or not highest > threshold:
            return []
        message = (
            f"no spike was found, though the voltage reaches {highest:.3g} mV, above the spike "
            f"threshold of {threshold:.3g} mV. Check the threshold, the timing and the bridge balance."
        )
        return [Problem(message, "note", "spikes")]

    @property
    def peak_time(self) -> np.ndarray | None:
        """Times of the spikes' peaks, array (n,), ms; empty for a silent sweep."""
        if self._peak_time is None and self.trace is not None:
            self.count_spikes()
        return self._peak_time

    @peak_time.setter
    def peak_time(self, value: Any) -> None:
        self._peak_time = None if value is None else np.asarray(value, dtype=float)

    @property
    def spikecount(self) -> int | None:
        """Number of spikes; 0 for a silent sweep."""
        return None if self.peak_time is None else len(self.peak_time)

    # --- features

    def call_efel(
        self, efeatures: Sequence[str], efel_settings: Mapping[str, Any] | None = None
    ) -> list[dict[str, np.ndarray | None]]:
        """Compute features with eFEL; the list has one dict, as eFEL's for one trace."""
        chosen = given_settings(efel_settings)
        trace = self.samples()
        values = features.feature_values(
            trace.time,
            trace.voltage,
            trace.current,
            float(chosen.pop("stim_start", self.ton)),
            float(chosen.pop("stim_end", self.toff)),
            efeatures,
            self._stimulus_settings(chosen) | chosen,
        )
        return [values]

    def _stimulus_settings(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        settings: dict[str, Any] = {"stimulus_current": float(self.amp)}
        if "Threshold" not in chosen:
            settings["Threshold"] = float(self.auto_threshold)
        return settings

    def reduced(self, efeatures: Sequence[str], efel_settings: Mapping[str, Any]) -> dict[str, float]:
        """Return the mean of each feature's vector under the given settings; nan where eFEL finds none."""
        found = self.call_efel(efeatures, efel_settings)[0]
        reduced = {}
        for name in efeatures:
            values, wrong = possible(name, found.get(name), float(self.samples().tend))
            reduced[name] = features.reduce(values)
            if wrong:
                self._impossible[name] = _impossible(name, wrong)
        return reduced

    def take_impossible(self) -> list[Problem]:
        """Return, once, a problem for each feature of which values were left out since they can't be."""
        found = list(self._impossible.values())
        self._impossible.clear()
        return found

    def compute_efeatures(
        self,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Compute features (the mean of each feature's vector) and keep them under their names.

        They are computed now, on the recording as it is now, whatever was computed before.

        Parameters
        ----------
        efeatures : list of str
            Names in eFEL.
        efeature_names : list of str or None, optional
            Own names for them; None where eFEL's will do.
        efel_settings : dict, optional
            eFEL settings, ``stim_start`` and ``stim_end`` (ms) among them.
        """
        settings = efel_settings or {}
        values = self.reduced(efeatures, settings)
        self.problems += self.take_impossible()
        self.forget_efeatures(efeatures, efeature_names, settings)
        self.request_efeatures(efeatures, efeature_names, settings)
        self.take_values(settings, values)

    def forget_efeatures(
        self,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Forget features, since they are to be computed anew on a recording that may have changed."""
        self._features.forget(efeatures, efeature_names, efel_settings)

    def request_efeatures(
        self,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """As `compute_efeatures`, but wait until a value is asked for."""
        self._features.request(efeatures, efeature_names, efel_settings)

    def pending(self) -> list[tuple[list[str], dict]]:
        """Return the features that were asked for and not computed yet, with their settings."""
        return self._features.pending()

    def take_values(self, efel_settings: Mapping[str, Any], values: Mapping[str, float]) -> None:
        """Take over feature values that were computed with these settings, perhaps by another process."""
        self._features.fill(efel_settings, values)

    def feature_value(self, label: str, efeature: str, efel_settings: Mapping[str, Any]) -> float | None:
        """Return a feature as asked for with these settings, else what `efeatures` holds under `label`, or None."""
        return self._features.value(label, efeature, efel_settings, self.reduced)

    @property
    def feature_store(self) -> FeatureStore:
        """The values computed so far, by feature and settings."""
        return self._features

    @property
    def efeatures(self) -> dict[str, float]:
        """Value of each feature that was asked for, by its name; nan where eFEL finds none."""
        return self._features.shown(self.reduced)

    @efeatures.setter
    def efeatures(self, values: Mapping[str, float]) -> None:
        self._features.replace_shown(values)

    # --- figures

    def get_plot_amplitude_title(self) -> str:
        """Return the amplitudes in % of rheobase, for a figure's title."""
        parts = [getattr(self, f"{name}_rel") for name in self.amplitudes]
        return " ({})".format("/".join(f"{value:.1f}%" for value in parts))

    def plot(self, axis_current=None, axis_voltage=None, display_xlabel=True, display_ylabel=True):
        """Draw current and voltage, the rebuilt stimulus and the spikes; returns the two axes."""
        from ..figures import plot_recording

        return plot_recording(self, axis_current, axis_voltage, display_xlabel, display_ylabel)


def _impossible(feature: str, wrong: Sequence[float]) -> Problem:
    known = range_of(feature)
    can_be = f"; possible: {known.words} {unit_of(feature)}".rstrip() if known else ""
    message = (
        f"{len(wrong)} value(s) of {feature} can't be ({wrong[0]:.4g}{can_be}): left out. Look at the trace: a spike "
        "at the very begin or end of the stimulus, an unbalanced bridge or a wrong unit may be the cause."
    )
    return Problem(message, "warning", "feature")
