"""A recording: one sweep, held together of four parts: its samples, the stimulus in them, the spikes, the features.

All are had when they are asked for, not before. The recording says which follows from which, and shows what its parts
hold under the names that scripts know from BluePyEfe.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..features.efel_settings import given_settings
from ..problems import Problem
from ..traces.trace import Trace
from . import lab_ecodes
from .families.family import Family
from .features import Features, vectors
from .finding import Finding
from .parts import Held, OfFamily, copied, part
from .said import Said
from .samples import Samples
from .source import files_of
from .spikes import SPIKE_SETTINGS, Spikes
from .stimulus import Stimulus, holding

__all__ = ["SPIKE_SETTINGS", "Recording"]

_serials = itertools.count()


def new_serial() -> int:
    """Return a number that no other recording of this process has."""
    return next(_serials)


class Recording:
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
    samples : Samples
        Times, voltage and current; called, it returns them as a `Trace`.
    stimulus : Stimulus
        Its family, timings and levels, and how they were found.
    spikes : Spikes
        The spikes, once they are counted.
    features : Features
        The features computed so far.
    stimulus_family : Family
        What the class knows of its stimuli: timings, levels, how they are found and rebuilt.
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
    stimulus = Held[Stimulus]()
    spikes = Held[Spikes]()
    features = Held[Features]()
    _samples: Samples
    _stimulus: Stimulus
    _spikes: Spikes
    _features: Features

    stimulus_family: ClassVar[Family] = Family().saying("Recording")
    timings = OfFamily()
    amplitudes = OfFamily()
    target_amplitude = OfFamily()
    extra_params = OfFamily()
    metadata_keys = OfFamily()
    nominal = OfFamily()
    agree_ms = OfFamily()
    guess_timing = OfFamily()

    t = time = part(Samples, "t")
    voltage = part(Samples, "voltage")
    current = part(Samples, "current")
    trace = part(Samples, "trace")
    source = part(Samples, "source")
    scale = part(Samples, "scale")
    fingerprint = part(Samples, "fingerprint")
    has_samples = part(Samples, "has_samples")
    hold = part(Samples, "hold")
    release = part(Samples, "release")

    ton = part(Stimulus, "ton")
    toff = part(Stimulus, "toff")
    tend = part(Stimulus, "tend")
    dt = part(Stimulus, "dt")
    amp = part(Stimulus, "amp")
    hypamp = part(Stimulus, "hypamp")
    amp_rel = part(Stimulus, "amp_rel")
    hypamp_rel = part(Stimulus, "hypamp_rel")
    export_attr = part(Stimulus, "export_attr")
    window = part(Stimulus, "finding.window")
    usual = part(Stimulus, "finding.usual")
    timing_from = part(Stimulus, "finding.timing_from")
    usual_failed = part(Stimulus, "finding.usual_failed")
    holding_from = part(Stimulus, "finding.holding_from")
    holding_current = part(Stimulus, "finding.holding_current")
    tell_of_level = part(Stimulus, "finding.tell")
    membrane = part(Stimulus, "finding.membrane")

    efel_settings = part(Spikes, "efel_settings")
    artefact_time = part(Spikes, "artefact_time")
    rests_above_threshold = part(Spikes, "rests_above_threshold")
    known_threshold = part(Spikes, "auto_threshold")  # None where `auto_threshold` would have to look

    feature_store = part(Features, "store")
    pending = part(Features, "store.pending")
    take_values = part(Features, "store.fill")
    forget_efeatures = part(Features, "store.forget")
    request_efeatures = part(Features, "store.request")
    take_impossible = part(Features, "take_impossible")

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.stimulus_family = lab_ecodes.family_of(cls, cls.stimulus_family)
        lab_ecodes.show_parameters(cls, cls.stimulus_family)

    def __new__(cls, *args: Any, **more: Any) -> Recording:
        """Give it its parts first: a lab's own family may set something before it is initialised."""
        self = super().__new__(cls)
        self._samples, self._stimulus = Samples(), Stimulus(cls.stimulus_family)
        self._spikes, self._features = Spikes(), Features()
        return self

    def __init__(
        self,
        config_data: Mapping[str, Any],
        reader_data: Mapping[str, Any],
        protocol_name: str = "",
        efel_settings: Mapping[str, Any] | None = None,
    ):
        self.config_data = dict(config_data)
        self.reader_data = _without_samples(reader_data)
        self.protocol_name = protocol_name
        self.files = files_of(config_data)
        self.id = reader_data.get("id")
        self.repetition = reader_data.get("repetition")
        self.label: str | None = None
        self.excluded: str | None = None
        self.location: str | None = None
        self.problems: list[Problem] = []
        self.serial = new_serial()
        self._samples = Samples.delivered(self.config_data, reader_data, self.name)
        self.efel_settings = given_settings(efel_settings)
        if type(self).export_attr is not Recording.export_attr:
            lab_ecodes.know_nothing(self)
        if reader_data:
            lab_ecodes.interpret_as_written(self)

    @property
    def name(self) -> str:
        """The recording's id, or the name of its file."""
        if self.id:
            return str(self.id)
        return pathlib.Path(self.file).stem

    @property
    def file(self) -> str:
        """The file that it was read from, the last of several; "" if there is none."""
        return self.files[-1] if self.files else ""

    @property
    def place(self) -> dict[str, str | None]:
        """Where problems of it are, as `Problem.at` takes it."""
        return {
            "file": self.file or None,
            "protocol": self.protocol_name,
            "recording": self.label or self.name,
        }

    @property
    def current_from(self) -> str:
        """Where the current comes from: "measured", or "command" if it is what was commanded."""
        return str(self.reader_data.get("current_from") or "measured")

    @property
    def facts(self) -> dict[str, float]:
        """What the file knows of electrode and cell: numbers, by names that end with their unit."""
        return dict(self.reader_data.get("facts") or {})

    @property
    def weight(self) -> int:
        """Number of samples: long recordings are worked on first."""
        return self.index(self.tend)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come from another process or a file: the serial number that it has there may be another recording's here."""
        vars(self).update(state)
        self.serial = new_serial()

    def __copy__(self) -> Recording:
        other = copied(self)
        other._samples, other._stimulus = self._samples.twin(), self._stimulus.twin()
        other._spikes, other._features = copied(self._spikes), copied(self._features)
        return other

    def twin(self) -> Recording:
        """Return a copy to which other timings can be given without changing this one; it has no features yet."""
        other = copy.copy(self)
        other.serial = new_serial()
        other.problems = list(self.problems)
        other._features = Features()
        return other

    def materialize(self) -> None:
        """Read and compute all that was put off, so that the recording needs its file no more."""
        self._samples.load()
        self._features.store.shown(self.reduced)
        self.count_now()
        self.source = None

    # --- stimulus

    def interpret(
        self,
        t: np.ndarray | None = None,
        current: np.ndarray | None = None,
        config_data: Mapping[str, Any] | None = None,
        reader_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Find the stimulus in the current and measure its levels.

        A lab's own family may hand on another current (nA) than that of the recording, or other metadata.
        """
        trace = self._samples()
        if current is not None and current is not trace.current:
            trace = dataclasses.replace(trace, current=np.asarray(current))
        if config_data is not None:
            self.config_data = dict(config_data)
        if reader_data is not None:
            self.reader_data = _without_samples(reader_data)
        given = self.given_edges(trace)
        edges = self.find_edges(trace, given)
        if self.timing_from == "lost":
            self.dt, self.tend = trace.dt, trace.tend
            return
        self.apply_edges(edges, trace, given)

    @property
    def _said(self) -> Said:
        return Said(self.config_data, self.reader_data)

    def _look(self) -> Finding:
        """Return how the stimulus was found, to be looked for by what is said now."""
        self._stimulus.finding.said = self._said
        return self._stimulus.finding

    @classmethod
    def family(cls) -> str:
        """Name of the stimulus family whose detector it has: its own, or that of the class it is made from."""
        return cls.stimulus_family.detector

    def given_edges(self, trace: Trace) -> dict[str, int]:
        """Return the sample indexes of the timings that a person or the reader gave (ms), checked."""
        return self._said.edges(self.timings, trace)

    def given_level(self, name: str) -> Any:
        """Return an amplitude that a person or the reader gave, in nA, or None."""
        return self._said.level(name)

    def find_edges(self, trace: Trace, given: Mapping[str, int]) -> Mapping[str, int]:
        """Return the sample index of each timing; those that are given are kept."""
        edges = self._stimulus.find_edges(trace, given, self._said, self.usual_edges)
        self.problems += self._stimulus.finding.doubts
        return edges

    def usual_edges(self, trace: Trace, given: Mapping[str, int]) -> Mapping[str, int] | None:
        """Return BluePyEfe's edges: its simple detection, or the family's nominal timings; None if it has none."""
        return self.stimulus_family.usual_edges(trace, given, self._look())

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        """Return the holding current and the amplitudes above it (nA)."""
        return self.stimulus_family.measure(trace, edges, given, self._look())

    def apply_edges(self, edges: Mapping[str, int], trace: Trace, given: Mapping[str, int]) -> None:
        """Take over the edges and measure the levels between them."""
        finding = self._stimulus.finding
        told = finding.level_problems
        self.problems = [problem for problem in self.problems if problem not in told]
        measured = self._stimulus.measured(trace, edges, given, self._said, self.measure)
        self.problems = [*self.problems, *finding.doubts, *finding.level_problems]
        for name, value in measured.items():
            setattr(self, name, value)
        self.forget_results()

    def forget_results(self) -> None:
        """Forget spikes and features, since the samples or the stimulus have changed."""
        self._spikes.forget()
        self._features.store.clear()

    def index(self, ms: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(ms / self.dt))

    def holding(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) of the rebuilt stimulus, and the holding current (nA) to build it on; arrays (n,)."""
        return holding(self)

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        """Rebuild the stimulus: times (ms) and current (nA), arrays (n,)."""
        return self.stimulus_family.generate(self)

    def get_params(self) -> dict[str, Any]:
        """Return the parameters from which the stimulus can be rebuilt (ms, nA, % of rheobase)."""
        return {name: getattr(self, name) for name in self.export_attr}

    def get_stimulus_parameters(self) -> dict[str, Any]:
        """Return the stimulus in the words of BluePyOpt's protocols (ms, nA)."""
        return self.stimulus_family.in_words_of_bluepyopt(self)

    # --- amplitudes in % of rheobase, and targets

    @property
    def relative_attr(self) -> tuple[str, ...]:
        """Names of the amplitudes in % of rheobase."""
        return self.stimulus_family.relative

    def relative_amps(self, rheobase: float) -> dict[str, Any]:
        """Return the amplitudes in % of a rheobase (nA), by their names with ``_rel``."""
        return self.stimulus_family.relative_amps(self, rheobase)

    def compute_relative_amp(self, amp_threshold: float) -> None:
        """Express the amplitudes in % of the rheobase `amp_threshold` (nA)."""
        for name, value in self.relative_amps(amp_threshold).items():
            setattr(self, name, value)

    def forget_relative_amp(self) -> None:
        """Forget the amplitudes in % of a rheobase that is no more."""
        for name in self.relative_attr:
            setattr(self, name, None)

    def target_level(self, absolute_amplitude: bool = False, rheobase: float | None = None) -> Any:
        """Return what targets are compared with: nA if absolute, else % of `rheobase` (by default the cell's)."""
        return self.stimulus_family.target_level(self, absolute_amplitude, rheobase)

    def in_target(self, target: float, tolerance: float, absolute_amplitude: bool = False) -> bool:
        """Whether the amplitude is less than `tolerance` away from `target` (% of rheobase, or nA)."""
        level = self.target_level(absolute_amplitude)
        return level is not None and bool(np.abs(target - level) < tolerance)

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
        trace, given = self._samples(), efel_settings or {}
        own = {"stimulus_current": float(self.amp)}
        if given.get("Threshold") is None:
            own["Threshold"] = float(self.auto_threshold)
        special = {name: self.stimulus_family.settings_of(name, self) for name in efeatures}
        alike = [name for name in efeatures if not special[name]]
        found = vectors(trace, self.ton, self.toff, alike, given, own)
        for name, more in special.items():
            if more:
                found |= vectors(trace, self.ton, self.toff, [name], more | dict(given), own)
        return [found]

    def reduced(self, efeatures: Sequence[str], efel_settings: Mapping[str, Any]) -> dict[str, float]:
        """Return the mean of each feature's vector under the given settings; nan where eFEL finds none."""
        found = self.call_efel(efeatures, efel_settings)[0]
        return self._features.reduce(efeatures, found, float(self._samples().tend))

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

    def feature_value(self, label: str, efeature: str, efel_settings: Mapping[str, Any]) -> float | None:
        """Return a feature as asked for with these settings, else what `efeatures` holds under `label`, or None."""
        return self._features.store.value(label, efeature, efel_settings, self.reduced)

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

    def plot(
        self,
        axis_current: Any = None,
        axis_voltage: Any = None,
        display_xlabel: bool = True,
        display_ylabel: bool = True,
    ) -> tuple[Any, Any]:
        """Draw current and voltage, the rebuilt stimulus and the spikes; returns the two axes."""
        from ..figures import plot_recording

        return plot_recording(self, axis_current, axis_voltage, display_xlabel, display_ylabel)

    # --- what BluePyEfe's families find their way with

    ms_to_index = lab_ecodes.ms_to_index
    index_to_ms = lab_ecodes.index_to_ms
    set_timing_ecode = lab_ecodes.set_timing_ecode
    set_amplitudes_ecode = lab_ecodes.set_amplitudes_ecode
    standardize_trace = lab_ecodes.standardize_trace


def _without_samples(reader_data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in reader_data.items() if key not in ("voltage", "current", "t")}
