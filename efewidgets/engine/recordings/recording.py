"""A recording: one sweep, held together of four parts: its samples, the stimulus in them, the spikes, the features.

All are had when they are asked for, not before. The recording shows what its parts hold under the names that scripts
know from BluePyEfe.
"""

from __future__ import annotations

import copy
import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..features.efel_settings import given_settings
from ..features.store import FeatureStore
from ..problems import Problem
from ..traces.trace import Trace
from .features import Features, vectors
from .parts import Held, part
from .samples import Samples
from .source import Source, files_of
from .spikes import SPIKE_SETTINGS, Spikes
from .stimulus import Stimulus

__all__ = ["SPIKE_SETTINGS", "Recording"]

_serials = itertools.count()

#: What `Recording.kept` leaves to those who keep it: what a person wrote, and the parts
_NOT_KEPT = {"config_data", "files", "serial", "excluded", "_samples", "_spikes", "_features"}


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

    samples = Held[Samples]()
    spikes = Held[Spikes]()
    features = Held[Features]()

    t = part("samples", "t")
    time = t
    voltage = part("samples", "voltage")
    current = part("samples", "current")
    source = part("samples", "source")
    scale = part("samples", "scale")
    fingerprint = part("samples", "fingerprint")
    artefact_time = part("spikes", "artefact_time")
    rests_above_threshold = part("spikes", "rests_above_threshold")
    efel_settings = part("spikes", "efel_settings")
    known_threshold = part(
        "spikes", "auto_threshold"
    )  #: as `auto_threshold`, but None where it isn't known yet

    def __new__(cls, *args: Any, **more: Any) -> Recording:
        """Give it its parts first: a lab's own family may set something before it is initialised."""
        self = super().__new__(cls)
        self._samples, self._spikes, self._features = Samples(), Spikes(), Features()
        return self

    def __init__(
        self,
        config_data: Mapping[str, Any],
        reader_data: Mapping[str, Any],
        protocol_name: str = "",
        efel_settings: Mapping[str, Any] | None = None,
    ):
        self.config_data = dict(config_data)
        self.reader_data = {k: v for k, v in reader_data.items() if k not in ("voltage", "current", "t")}
        self.protocol_name = protocol_name
        self.files = files_of(config_data)
        self.id = reader_data.get("id")
        self.repetition = reader_data.get("repetition")
        self.label: str | None = None
        self.excluded: str | None = None
        self.location: str | None = None
        self.problems: list[Problem] = []
        self.serial = next(_serials)
        self._samples = Samples.delivered(self.config_data, reader_data, self.name)
        self._spikes, self._features = Spikes(efel_settings), Features()
        super().__init__()
        if reader_data:
            self.interpret_as_written()

    @property
    def name(self) -> str:
        """The recording's id, or the name of its file."""
        if self.id:
            return str(self.id)
        return pathlib.Path(self.files[-1]).stem if self.files else ""

    @property
    def current_from(self) -> str:
        """Where the current comes from: "measured", or "command" if it is what was commanded."""
        return str(self.reader_data.get("current_from") or "measured")

    @property
    def facts(self) -> dict[str, float]:
        """What the file knows of electrode and cell: numbers, by names that end with their unit."""
        return dict(self.reader_data.get("facts") or {})

    def twin(self) -> Recording:
        """Return a copy to which other timings can be given without changing this one; it has no features yet."""
        other = copy.copy(self)
        other.serial = next(_serials)
        other.problems = list(self.problems)
        other._features = Features()
        return other

    def __copy__(self) -> Recording:
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        other._samples = self._samples.twin()
        other._spikes, other._features = copy.copy(self._spikes), copy.copy(self._features)
        return other

    def kept(self) -> dict[str, Any]:
        """Return, as plain data, all but what a person wrote, the samples and the features: what a cache keeps."""
        return {
            "own": {name: value for name, value in vars(self).items() if name not in _NOT_KEPT},
            "samples": self._samples.kept(),
            "spikes": self._spikes.kept(),
        }

    @classmethod
    def restored(
        cls,
        kept: Mapping[str, Mapping[str, Any]],
        config_data: Mapping[str, Any],
        source: Source,
        efel_settings: Mapping[str, Any],
    ) -> Recording:
        """Return the recording of which `kept` was kept, with what a person wrote and where its samples are."""
        self = cls.__new__(cls)
        vars(self).update(kept["own"])
        self.config_data, self.files = dict(config_data), files_of(config_data)
        self.serial, self.excluded = next(_serials), None
        self._samples = Samples(source=source, whose=self.name)
        for held, values in ((self._samples, kept["samples"]), (self._spikes, kept["spikes"])):
            vars(held).update(values)
        self.efel_settings = dict(efel_settings)
        return self

    # --- samples

    @property
    def trace(self) -> Trace | None:
        """The samples in mV and nA, read again if they weren't kept; None without data, or if a script forgot them."""
        return self._samples.trace

    @property
    def has_samples(self) -> bool:
        """Whether the samples are in memory."""
        return self._samples.has_samples

    def hold(self, trace: Trace) -> None:
        """Take the samples, as they were read again, into memory."""
        self._samples.hold(trace)

    def release(self) -> None:
        """Forget the samples, if they can be read again."""
        self._samples.release()

    def materialize(self) -> None:
        """Read and compute all that was put off, so that the recording needs its file no more."""
        self._samples.load()
        self._features.store.shown(self.reduced)
        self.count_now()
        self.source = None

    # --- stimulus

    def forget_results(self) -> None:
        """Forget spikes and features, since the samples or the stimulus have changed."""
        self._spikes.forget()
        self._features.store.clear()

    # --- spikes

    def set_autothreshold(self, offset_voltage: float = 20.0) -> None:
        """Set the spike threshold (mV) to `offset_voltage` above the median of the baseline or of the step."""
        self._spikes.set_threshold(self._samples(), self.ton, self.toff, offset_voltage)

    @property
    def auto_threshold(self) -> Any:
        """Spike threshold for want of one in the settings, mV."""
        if self._spikes.auto_threshold is None and self.trace is not None:
            self.set_autothreshold()
        return self._spikes.auto_threshold

    @auto_threshold.setter
    def auto_threshold(self, value: Any) -> None:
        self._spikes.auto_threshold = value

    @property
    def peak_time(self) -> np.ndarray | None:
        """Times of the spikes' peaks, array (n,), ms; empty for a silent sweep."""
        if self._spikes.peak_time is None and self.trace is not None:
            self.count_spikes()
        return self._spikes.peak_time

    @peak_time.setter
    def peak_time(self, value: Any) -> None:
        self._spikes.peak_time = value

    @property
    def spikecount(self) -> int | None:
        """Number of spikes; 0 for a silent sweep."""
        peaks = self.peak_time
        return None if peaks is None else len(peaks)

    def compute_spikecount(self, efel_settings: Mapping[str, Any] | None = None) -> None:
        """Find the spikes anew, with the given eFEL settings; without a "Threshold" with the recording's own."""
        self.efel_settings = given_settings(efel_settings)
        self.count_spikes()

    def count_spikes(self) -> None:
        """Find the spikes now, while the samples are at hand, and say what is odd about them."""
        if self.timing_from == "lost":
            return
        trace = self._samples()
        if self._spikes.threshold is None:
            _ = self.auto_threshold
        self._spikes.find(trace, self.ton, self.toff, self._held_down())
        told = self._spikes.odd(trace, self.ton)
        self.problems = [problem for problem in self.problems if problem.kind != "spikes"] + told

    def _held_down(self) -> list[float] | None:
        """Return the edges (ms) of the stimulus if it hyperpolarises the cell."""
        levels = [getattr(self, name) for name in self.amplitudes]
        if not all(level is not None and level < 0 for level in levels):
            return None
        return [float(getattr(self, name)) for name in self.timings]

    def count_now(self) -> None:
        """Find spikes and threshold, if that was put off: later changes of the recording are nothing to them."""
        _ = self.peak_time, self.auto_threshold

    # --- features

    def call_efel(
        self, efeatures: Sequence[str], efel_settings: Mapping[str, Any] | None = None
    ) -> list[dict[str, np.ndarray | None]]:
        """Compute features with eFEL; the list has one dict, as eFEL's for one trace."""
        trace = self._samples()
        own = {"stimulus_current": float(self.amp)}
        if "Threshold" not in given_settings(efel_settings):
            own["Threshold"] = float(self.auto_threshold)
        return [vectors(trace, self.ton, self.toff, efeatures, efel_settings, own)]

    def reduced(self, efeatures: Sequence[str], efel_settings: Mapping[str, Any]) -> dict[str, float]:
        """Return the mean of each feature's vector under the given settings; nan where eFEL finds none."""
        found = self.call_efel(efeatures, efel_settings)[0]
        return self._features.reduce(efeatures, found, float(self._samples().tend))

    def take_impossible(self) -> list[Problem]:
        """Return, once, a problem for each feature of which values were left out since they can't be."""
        return self._features.take_impossible()

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
        self._features.store.forget(efeatures, efeature_names, efel_settings)

    def request_efeatures(
        self,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """As `compute_efeatures`, but wait until a value is asked for."""
        self._features.store.request(efeatures, efeature_names, efel_settings)

    def pending(self) -> list[tuple[list[str], dict]]:
        """Return the features that were asked for and not computed yet, with their settings."""
        return self._features.store.pending()

    def take_values(self, efel_settings: Mapping[str, Any], values: Mapping[str, float]) -> None:
        """Take over feature values that were computed with these settings, perhaps by another process."""
        self._features.store.fill(efel_settings, values)

    def feature_value(self, label: str, efeature: str, efel_settings: Mapping[str, Any]) -> float | None:
        """Return a feature as asked for with these settings, else what `efeatures` holds under `label`, or None."""
        return self._features.store.value(label, efeature, efel_settings, self.reduced)

    @property
    def feature_store(self) -> FeatureStore:
        """The values computed so far, by feature and settings."""
        return self._features.store

    @property
    def efeatures(self) -> dict[str, float]:
        """Value of each feature that was asked for, by its name; nan where eFEL finds none."""
        return self._features.store.shown(self.reduced)

    @efeatures.setter
    def efeatures(self, values: Mapping[str, float]) -> None:
        self._features.store.replace_shown(values)

    # --- figures

    def get_plot_amplitude_title(self) -> str:
        """Return the amplitudes in % of rheobase, for a figure's title."""
        parts = [getattr(self, f"{name}_rel") for name in self.amplitudes]
        return " ({})".format("/".join(f"{value:.1f}%" for value in parts))

    def plot(self, axis_current=None, axis_voltage=None, display_xlabel=True, display_ylabel=True):
        """Draw current and voltage, the rebuilt stimulus and the spikes; returns the two axes."""
        from ..figures import plot_recording

        return plot_recording(self, axis_current, axis_voltage, display_xlabel, display_ylabel)
