"""A recording: one sweep, the stimulus found in it, the spikes and the features computed on it.

Each stimulus family (`ecodes`) is a subclass that knows its timings and levels. Samples, spikes and features are
had when they are asked for, not before, and the samples needn't stay in memory: they are read again.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from . import features, spikes
from .detection import Window, detect
from .edges import settle, unsure_problem
from .feature_store import FeatureStore
from .problems import EfeError, Problem
from .source import Source, files_of
from .trace import Trace, number, setting, standardize
from .units import to_nA

EFEL_INTERP_STEP = 0.1  # ms, where the settings have none


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
    ton, toff, tend, … : float
        Timings of the stimulus, ms.
    amp, hypamp, … : float
        Step amplitudes above the holding current, and the holding current, nA.
    amp_rel, hypamp_rel, … : float or None
        The same in % of the cell's rheobase, once that is known.
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

    ton: Any
    toff: Any
    tend: Any
    dt: Any
    amp: Any
    hypamp: Any
    amp_rel: Any
    hypamp_rel: Any

    timings: ClassVar[tuple[str, ...]] = ("ton", "toff")
    amplitudes: ClassVar[tuple[str, ...]] = ("amp",)
    target_amplitude: ClassVar[str] = "amp"
    extra_params: ClassVar[tuple[str, ...]] = ()
    nominal: ClassVar[Mapping[str, float]] = {}
    agree_ms: ClassVar[float] = 1.0
    guess_timing: ClassVar[bool] = True

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
        self.efel_settings = dict(efel_settings or {})
        self.files = files_of(config_data)
        self.id = reader_data.get("id")
        self.repetition = reader_data.get("repetition")
        self.label: str | None = None
        self.excluded: str | None = None
        self.location: str | None = None
        self.source: Source | None = None
        self.problems: list[Problem] = []
        self.window: Window | None = None
        self.usual: Mapping[str, int] | None = None
        self.timing_from = "given"
        self._trace: Trace | None = None
        self._peak_time: np.ndarray | None = None
        self._auto_threshold: Any = None
        self._features = FeatureStore()
        for name in (*self.export_attr, *self.relative_attr):
            if not isinstance(getattr(type(self), name, None), property):
                setattr(self, name, None)
        if reader_data:
            self._trace = standardize(self.config_data, reader_data)
            self.interpret()

    # --- what it is

    @property
    def relative_attr(self) -> tuple[str, ...]:
        return tuple(f"{name}_rel" for name in (*self.amplitudes, "hypamp"))

    @property
    def export_attr(self) -> tuple[str, ...]:
        """Names of the parameters from which the stimulus can be rebuilt."""
        levels = (*self.amplitudes, "hypamp", "dt")
        return (*self.timings, "tend", *levels, *self.relative_attr, *self.extra_params)

    @property
    def name(self) -> str:
        """The recording's id, or the name of its file."""
        if self.id:
            return str(self.id)
        return pathlib.Path(self.files[-1]).stem if self.files else ""

    def get_params(self, rheobase: float | None = None) -> dict[str, Any]:
        """Return the parameters from which the stimulus can be rebuilt (ms, nA, % of rheobase).

        With a `rheobase` (nA) the relative amplitudes are those in % of it, not those of the recording.
        """
        params = {name: getattr(self, name) for name in self.export_attr}
        return params if rheobase is None else params | self.relative_amps(rheobase)

    def get_stimulus_parameters(self) -> dict[str, Any]:
        """Return the stimulus in the words of BluePyOpt's protocols (ms, nA)."""
        return {
            "delay": self.ton,
            "amp": self.amp,
            "thresh_perc": self.amp_rel,
            "duration": self.toff - self.ton,
            "totduration": self.tend,
        }

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        """Rebuild the stimulus: times (ms) and current (nA), arrays (n,)."""
        raise NotImplementedError

    def holding(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) of the rebuilt stimulus, and the holding current (nA) to build it on; arrays (n,)."""
        time = np.arange(self.index(self.tend)) * self.dt
        return time, np.full(time.shape, np.float64(self.hypamp))

    def index(self, ms: float) -> int:
        """Nearest sample index of a time in ms."""
        return round(float(ms / self.dt))

    # --- samples

    @property
    def trace(self) -> Trace | None:
        """The samples in mV and nA, read again if they weren't kept; None for a stimulus without data."""
        if self._trace is None and self.source is not None:
            return self.source.load()
        return self._trace

    @property
    def has_samples(self) -> bool:
        """Whether the samples are in memory."""
        return self._trace is not None

    def samples(self) -> Trace:
        """Return the samples; raises EfeError for a stimulus without data."""
        trace = self.trace
        if trace is None:
            raise EfeError(f"{self.name or 'this stimulus'} has no samples.")
        return trace

    def release(self) -> None:
        """Forget the samples, if they can be read again."""
        if self.source is not None:
            self._trace = None

    def materialize(self) -> None:
        """Read and compute all that was put off, so that the recording needs its file no more."""
        self._trace = self.trace
        self._features.shown(self.reduced)
        _ = self.peak_time, self.auto_threshold
        self.source = None

    @property
    def usual_failed(self) -> bool:
        """Whether the edges aren't BluePyEfe's, because those don't fit the current."""
        return self.timing_from in ("seen", "others")

    @property
    def t(self) -> np.ndarray | None:
        """Times, array (n,), ms."""
        return None if self.trace is None else self.trace.time

    time = t

    @property
    def voltage(self) -> np.ndarray | None:
        """Voltage, array (n,), mV."""
        return None if self.trace is None else self.trace.voltage

    @voltage.setter
    def voltage(self, values: np.ndarray) -> None:
        self._replace_trace(voltage=np.asarray(values))

    @property
    def current(self) -> np.ndarray | None:
        """Current, array (n,), nA."""
        return None if self.trace is None else self.trace.current

    @current.setter
    def current(self, values: np.ndarray) -> None:
        self._replace_trace(current=np.asarray(values))

    def _replace_trace(self, **samples: np.ndarray) -> None:
        trace = self.samples()
        fields = {"voltage": trace.voltage, "current": trace.current} | samples
        self._trace = Trace(fields["voltage"], fields["current"], trace.step, trace.t_unit)
        self._forget_results()

    # --- the stimulus

    def interpret(self) -> None:
        """Find the stimulus in the current and measure its levels."""
        trace = self.samples()
        given = self.given_edges(trace)
        edges = self.find_edges(trace, given)
        if self.timing_from == "lost":
            self.dt, self.tend = trace.dt, trace.tend
            return
        self.apply_edges(edges, trace, given)

    def given_edges(self, trace: Trace) -> dict[str, int]:
        """Return the sample indexes of the timings that a person or the reader gave (ms), checked."""
        given: dict[str, int] = {}
        last, last_name = 0, "the start"
        for name in self.timings:
            ms = setting(name, self.config_data, self.reader_data)
            if ms is None:
                continue
            index = round(float(number(name, ms, "ms") / trace.dt))
            if not 0 <= index <= trace.n:
                raise EfeError(
                    f"{name} = {ms:g} ms lies outside the recording, which lasts from 0 to {trace.tend:g} ms."
                )
            if (given and index <= last) or index < last:
                raise EfeError(f"{name} = {ms:g} ms must come after {last_name}. Check the timings.")
            given[name] = index
            last, last_name = index, f"{name} = {ms:g} ms"
        return given

    def find_edges(self, trace: Trace, given: Mapping[str, int]) -> Mapping[str, int]:
        """Return the sample index of each timing; those that are given are kept."""
        if all(name in given for name in self.timings):
            return given
        window = detect(type(self).__name__, trace.current, trace.dt, given)
        self.usual = self.usual_edges(trace, given)
        edges, self.timing_from = settle(self.usual, window, self.agree_ms / trace.dt)
        if edges is None or (self.timing_from == "unsure" and not self.guess_timing):
            self.timing_from = "lost"
            edges = edges or dict.fromkeys(self.timings, 0)
        if self.timing_from == "unsure":
            self.problems.append(unsure_problem(window))
        self.window = (
            window if self.timing_from in ("unsure", "lost") else dataclasses.replace(window, edges=edges)
        )
        return edges

    def usual_edges(self, trace: Trace, given: Mapping[str, int]) -> dict[str, int] | None:
        """Return BluePyEfe's edges: its simple detection, or the family's nominal timings; None if it has none."""
        if not self.nominal:
            return None
        edges = {name: trace.index(ms) for name, ms in self.nominal.items()} | dict(given)
        return edges if max(edges.values()) <= trace.n else None

    def apply_edges(self, edges: Mapping[str, int], trace: Trace, given: Mapping[str, int]) -> None:
        """Take over the edges and measure the levels between them."""
        levels = self.measure(trace, edges, given)
        self.dt = trace.dt
        for name in self.timings:
            setattr(self, name, trace.at(edges[name]))
        tend = self.config_data.get("tend")
        self.tend = trace.tend if tend is None else number("tend", tend, "ms")
        for name, value in levels.items():
            setattr(self, name, value)
        self._forget_results()

    def _forget_results(self) -> None:
        self._peak_time = self._auto_threshold = None
        self._features.clear()

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        """Return the holding current and the amplitudes above it (nA)."""
        raise NotImplementedError

    def given_level(self, name: str) -> Any:
        """Return an amplitude that a person or the reader gave, in nA, or None."""
        value = setting(name, self.config_data, self.reader_data)
        if value is None:
            return None
        return to_nA(number(name, value), setting("i_unit", self.config_data, self.reader_data))

    def relative_amps(self, rheobase: float) -> dict[str, Any]:
        """Return the amplitudes in % of a rheobase (nA), by their names with ``_rel``."""
        values = {f"{name}_rel": getattr(self, name) for name in (*self.amplitudes, "hypamp")}
        return {name: None if value is None else 100.0 * value / rheobase for name, value in values.items()}

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
        level = getattr(self, self.target_amplitude)
        if absolute_amplitude:
            return level
        if rheobase is None:
            return getattr(self, f"{self.target_amplitude}_rel")
        return None if level is None else 100.0 * level / rheobase

    def in_target(self, target: float, tolerance: float, absolute_amplitude: bool = False) -> bool:
        """Whether the amplitude is less than `tolerance` away from `target` (% of rheobase, or nA)."""
        level = self.target_level(absolute_amplitude)
        return level is not None and bool(np.abs(target - level) < tolerance)

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
        """Find the spikes anew, with the given eFEL settings."""
        if efel_settings is not None:
            self.efel_settings = dict(efel_settings)
        self._peak_time = self._find_peaks()

    def _find_peaks(self) -> np.ndarray:
        trace = self.samples()
        chosen = self.efel_settings
        threshold: Any = chosen.get("Threshold")
        return spikes.peak_times(
            trace.time,
            trace.voltage,
            self.auto_threshold if threshold is None else threshold,
            float(chosen.get("stim_start", self.ton)),
            float(chosen.get("stim_end", self.toff)),
            strict=bool(chosen.get("strict_stiminterval", True)),
            interp_step=chosen.get("interp_step", EFEL_INTERP_STEP),
        )

    def count_spikes(self) -> None:
        """Find the spikes now, while the samples are at hand, and say what is odd about them."""
        if self.timing_from == "lost":
            return
        threshold: Any = self.efel_settings.get("Threshold")
        threshold = self.auto_threshold if threshold is None else threshold
        highest = np.max(self.samples().voltage)
        if self.spikecount == 0 and highest > threshold:
            message = (
                f"no spike was found, though the voltage reaches {highest:.3g} mV, above the spike "
                f"threshold of {threshold:.3g} mV. Check the threshold, the timing and the bridge balance."
            )
            self.problems.append(Problem(message, "note", "spikes"))

    @property
    def peak_time(self) -> np.ndarray | None:
        """Times of the spikes' peaks, array (n,), ms; empty for a silent sweep."""
        if self._peak_time is None and self.trace is not None:
            self._peak_time = self._find_peaks()
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
        chosen = dict(efel_settings or {})
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
        return {name: features.reduce(found.get(name)) for name in efeatures}

    def compute_efeatures(
        self,
        efeatures: Sequence[str],
        efeature_names: Sequence[str | None] | None = None,
        efel_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Compute features (the mean of each feature's vector) and keep them under their names.

        Parameters
        ----------
        efeatures : list of str
            Names in eFEL.
        efeature_names : list of str or None, optional
            Own names for them; None where eFEL's will do.
        efel_settings : dict, optional
            eFEL settings, ``stim_start`` and ``stim_end`` (ms) among them.
        """
        self.request_efeatures(efeatures, efeature_names, efel_settings)
        self._features.shown(self.reduced)

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
        from .figures import plot_recording

        return plot_recording(self, axis_current, axis_voltage, display_xlabel, display_ylabel)
