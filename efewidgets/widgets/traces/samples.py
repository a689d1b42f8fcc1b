"""The samples behind a trace viewer: kept for the sweeps that are shown, and thinned out for what is seen of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.figures.sweeps import CREDIBLE_MV, found_stimulus
from ...engine.remote import name_of
from ...engine.traces.decimate import min_max_of
from ...engine.traces.trace import Trace
from ...state import Results
from ..parts.beside import Beside
from ..parts.html import plain

#: Bins across a panel: at most two a pixel, the panel being 600 pixels wide or wider
BINS = 1200
#: Points in a panel, all sweeps together
BUDGET = 20_000

Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Samples:
    """One sweep, ready to be drawn.

    Parameters
    ----------
    trace : Trace
    peaks : ndarray of int
        Samples at which the spikes peak.
    stimulus : tuple of ndarray
        The stimulus as it was found, a line through times (ms) and currents (nA); empty if there is none.
    voltages, currents : tuple of float
        What must be seen (mV, nA).
    by : float
        Baseline (mV) that was subtracted.
    """

    trace: Trace
    peaks: NDArray[np.intp]
    stimulus: tuple[np.ndarray, np.ndarray]
    voltages: Range
    currents: Range
    by: float = 0.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What is drawn of a sweep between two times; times (ms), voltage (mV) and current (nA), arrays (m,)."""

    time_voltage: np.ndarray
    voltage: np.ndarray
    time_current: np.ndarray
    current: np.ndarray
    time_spikes: np.ndarray
    spikes: np.ndarray


class TraceCache:
    """The samples of the sweeps that are shown, so that a zoom needs no file.

    Parameters
    ----------
    news : callable, optional
        Called when samples have come for which a drawing did not wait.
    """

    def __init__(self, news: Callable[[], Any] = lambda: None) -> None:
        self._kept: dict[str, tuple[int, Samples]] = {}
        self._through: dict[str, tuple[Hashable, Samples]] = {}
        self._beside = Beside(news)

    def get(self, results: Results, identity: str) -> Samples:
        """Return the samples of a recording; read if they aren't here.

        Raises
        ------
        EfeError
            If they can't be read, or not in the time that a drawing waits.
        """
        recording = results.recording(identity)
        serial, samples = self._kept.get(identity, (-1, None))
        if samples is None or serial != recording.serial:
            samples = self._beside.get(
                identity,
                recording.serial,
                lambda: _gathered(recording, results.trace(identity)),
                f"{plain(recording.label)} of {plain(', '.join(map(name_of, recording.files)))}",
            )
            self._kept[identity] = recording.serial, samples
        return samples

    def seen_through(self, identity: str, how: Hashable, make: Callable[[Samples], Samples]) -> Samples:
        """Return the samples of a recording that is here as `make` changes them; made once for each `how`."""
        serial, samples = self._kept[identity]
        key = serial, how
        found = self._through.get(identity)
        if found is None or found[0] != key:
            found = self._through[identity] = key, make(samples)
        return found[1]

    def present(self, identities: Iterable[str], how: Hashable) -> list[tuple[str, Samples]]:
        """Return the samples that are here, by id, as they were seen through `how` last."""
        found = []
        for one in identities:
            changed = self._through.get(one)
            if one in self._kept:
                same = changed is not None and changed[0] == (self._kept[one][0], how)
                found.append((one, changed[1] if same and changed else self._kept[one][1]))
        return found

    def keep(self, identities: Iterable[str]) -> None:
        """Forget all others."""
        wanted = set(identities)
        self._beside.keep(wanted)
        self._kept = {identity: kept for identity, kept in self._kept.items() if identity in wanted}
        self._through = {identity: kept for identity, kept in self._through.items() if identity in wanted}

    def __len__(self) -> int:
        return len(self._kept)

    def close(self) -> None:
        """Read no more."""
        self._beside.close()


def bins(sweeps: int) -> int:
    """Return into how many bins each of so many sweeps is cut."""
    return max(20, min(BINS, BUDGET // (2 * max(sweeps, 1)) - 2))


def seen(samples: Samples, between: Range | None, n_bins: int) -> Seen:
    """Return what is to be drawn between two times (ms; None: all), with one sample more at both ends.

    Besides the lowest and the highest sample of each bin, the peak of each spike is drawn, so that none is lost even
    where two fall into one bin.
    """
    trace = samples.trace
    first, last = _reach(trace, between)
    at_v, at_i = (min_max_of(y, first, last, n_bins) for y in (trace.voltage, trace.current))
    peaks = samples.peaks[(samples.peaks >= first) & (samples.peaks < last)]
    at_v = np.union1d(at_v, peaks)
    return Seen(
        _times(trace, at_v),
        trace.voltage[at_v],
        _times(trace, at_i),
        trace.current[at_i],
        _times(trace, peaks),
        trace.voltage[peaks],
    )


def _reach(trace: Trace, between: Range | None) -> tuple[int, int]:
    n = min(len(trace.voltage), len(trace.current))
    if between is None:
        return 0, n
    first = min(max(math.floor(between[0] / trace.dt) - 1, 0), n)
    return first, max(min(math.ceil(between[1] / trace.dt) + 2, n), first)


def _times(trace: Trace, indices: NDArray[np.intp]) -> np.ndarray:
    """Return times (ms) in as few bytes as they can be told apart in."""
    found = np.asarray(trace.at(indices))  # type: ignore[arg-type]
    fine = np.spacing(np.float32(trace.tend)) < 0.02 * trace.dt
    return found.astype(np.float32) if fine else found


def _gathered(recording: Any, trace: Trace) -> Samples:
    lost = recording.timing_from == "lost"
    stimulus = (np.empty(0), np.empty(0)) if lost else found_stimulus(recording)
    times = np.empty(0) if lost or recording.peak_time is None else recording.peak_time
    _ = None if lost else recording.auto_threshold  # read here, so that whoever draws it needn't
    voltages = _limits(trace.voltage, CREDIBLE_MV)
    return Samples(trace, _peaks(trace, times), stimulus, voltages, _currents(trace.current, stimulus[1]))


def _peaks(trace: Trace, times: np.ndarray) -> NDArray[np.intp]:
    """Return the highest sample at each time (ms): eFEL finds peaks on interpolated traces."""
    if not len(times):
        return np.empty(0, dtype=np.intp)
    around = np.rint(np.asarray(times) / trace.dt).astype(np.intp)[:, None] + np.arange(-2, 3)
    around = np.clip(around, 0, len(trace.voltage) - 1)
    return np.unique(around[np.arange(len(around)), np.argmax(trace.voltage[around], axis=1)])


def _limits(values: np.ndarray, within: Range) -> Range:
    """Return the lowest and the highest credible value; an artefact shall not make the rest flat."""
    with np.errstate(invalid="ignore"):
        low, high = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
        if not (within[0] <= low and high <= within[1]):
            credible = values[(values >= within[0]) & (values <= within[1])]
            low, high = (credible.min(), credible.max()) if credible.size else (low, high)
    return (float(low), float(high)) if np.isfinite([low, high]).all() else (0.0, 1.0)


def _currents(current: np.ndarray, stimulus: np.ndarray) -> Range:
    """Return what must be seen of the current (nA): the stimulus and nearly all samples, artefacts only in part."""
    finite = current[:: max(1, len(current) // 20_000)]
    finite = finite[np.isfinite(finite)]
    wanted = np.concatenate((np.quantile(finite, (0.03, 0.97)) if finite.size else [], stimulus))
    if not wanted.size:
        return 0.0, 1.0
    low, high = float(wanted.min()), float(wanted.max())
    room = 0.5 * (high - low)
    lowest, highest = float(np.nanmin(current)), float(np.nanmax(current))
    return min(low, max(lowest, low - room)), max(high, min(highest, high + room))
