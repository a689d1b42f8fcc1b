"""SpikeRec: a train of short strong pulses, each to evoke one spike.

BluePyEfe takes the highest sample of the smoothed current for the level of the pulses. That value stands where the
pulses themselves confirm it; pulses that go down are found and measured as their mirror image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...detection import Doubt, Window, detect
from ...kinds import COUNT, MS, is_whole
from ...problems import EfeError
from ...traces.trace import Trace, number
from ..edges import doubts
from ..finding import Finding
from .brief_level import BRIEF
from .family import Current, Family
from .signal import base_current, smooth

WIDTH = 15
GAP = 10
OVERSHOOT = 0.2  # of the height of a pulse
LITTLE = 0.02  # of the height of a pulse
DIFFER = 0.06  # of the height of a pulse: two opinions on it that are farther apart are told
REACHED = 0.75  # of the way from the level of the pulses to the extremum: most of them come as far
AFTER_PULSES = "multiple_decay_time_constant_after_stim"


class SpikeRec(Family):
    """Pulses at `tspike` (ms), each `spike_duration` long, `delta` (ms) from one's end to the next one's start.

    Targets are compared with `delta`, not with an amplitude. What a person says of the train is in the words of
    BluePyOpt's protocols; the pulses are as they were found in all that isn't said.
    """

    timings = ()
    says_when = ("delay", "spike_duration", "delta", "n_spikes")
    metadata_keys: ClassVar = {
        "delay": MS.about(
            "First pulse on", "When the first pulse begins, from the start of the sweep.", "ms"
        ),
        "spike_duration": MS.about("Length of a pulse", "How long each pulse is.", "ms"),
        "delta": MS.about(
            "Between pulses", "From the end of a pulse to the beginning of the next one.", "ms"
        ),
        "n_spikes": COUNT.about("Number of pulses", "How many pulses there are."),
    }
    extra_params = ("tspike", "spike_duration", "delta")
    target_amplitude = "delta"

    @property
    def parameters(self) -> tuple[str, ...]:
        return (
            "tend",
            "tspike",
            "spike_duration",
            "delta",
            "amp",
            "hypamp",
            "dt",
            "amp_rel",
            "hypamp_rel",
        )

    def when(self, s: Any) -> dict[str, tuple[float, float | None]]:
        """Return each entry, taken hold of at the first pulse's ends and where the last pulse begins."""
        first, last = float(s.tspike[0]), float(s.tspike[-1])
        found: dict[str, tuple[float, float | None]] = {
            "delay": (first, first),
            "spike_duration": (float(s.spike_duration), first + float(s.spike_duration)),
        }
        if s.delta is not None:
            found["delta"] = (float(s.delta), last)
        return found | {"n_spikes": (len(s.tspike), None)}

    def when_at(self, s: Any, name: str, ms: float) -> float:
        if name == "spike_duration":
            return ms - float(s.tspike[0])
        if name == "delta":
            return (ms - float(s.tspike[0])) / (len(s.tspike) - 1) - float(s.spike_duration)
        return ms

    def check_when(self, values: Mapping[str, float], tend: float) -> None:
        first, length, n = values["delay"], values["spike_duration"], values["n_spikes"]
        between = values.get("delta")
        if not (is_whole(n) and n >= 1):
            raise EfeError(f"n_spikes must be {COUNT.words}, but is {n:g}.")
        for name, ms in (("spike_duration", length), ("delta", between)):
            if ms is not None and not ms > 0:
                raise EfeError(f"{name} must be more than 0 ms, but is {ms:g} ms.")
        if n > 1 and between is None:
            raise EfeError(
                f"of a train of {n} pulses 'delta' must be said: how many ms are between two of them."
            )
        end = first + n * length + (n - 1) * (between or 0.0)
        if first < 0 or end > tend + 1e-6:
            raise EfeError(
                f"{n} {'pulse' if n == 1 else 'pulses'} from {first:g} to {end:g} ms don't fit into the recording, "
                f"which lasts from 0 to {tend:g} ms. Check delay, spike_duration, delta and n_spikes."
            )

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        smoothed = smooth(trace.current, WIDTH)
        hypamp, amp = finding.level("hypamp"), finding.level("amp")
        usual = base_current(trace.current) if hypamp is None else hypamp
        finding.window = window = detect(self.detector, trace.current, trace.dt)
        said = _said(finding)
        whole = self._whole(said, trace)
        sign = (
            (1.0 if amp >= 0 else -1.0)
            if amp is not None
            else _sign(window, whole, trace.current, smoothed, usual)
        )
        top = sign * np.max(sign * smoothed)
        threshold = sign * (usual + 0.1 * (top if amp is None else amp))
        if whole:
            pulses, finding.timing_from = whole, "given"
        else:
            pulses = self._pulses(trace, sign * smoothed, threshold, window, finding)
            pulses = self._as_said(pulses, said, trace)
        if hypamp is None:
            first, (last, length) = pulses[0][0], pulses[-1]
            hypamp = finding.holding_current(trace, max(first, 0), last + length, usual)
        if amp is None:
            level, median = _confirmed(top, sign, trace.current, smoothed, pulses, hypamp)
            amp = level - hypamp
            if abs(level - median) > DIFFER * abs(median - hypamp):
                finding.tell(
                    f"most pulses reach {1e3 * amp:.4g} pA, but their median is {1e3 * (median - hypamp):.4g} pA: the "
                    "one may be the crosstalk of action potentials, the other a slow rise. Give `amp` in the metadata.",
                    "warning",
                )
            if max(n for _, n in pulses) * trace.dt <= BRIEF:
                inside = [trace.current[max(start, 0) : start + n] for start, n in pulses]
                finding.look_at_pulses(inside, hypamp, amp)
        exact = {name: said[name] for name in ("spike_duration", "delta") if name in said and len(pulses) > 1}
        return {"hypamp": hypamp, "amp": amp} | _train(pulses, trace) | exact

    def _whole(self, said: Mapping[str, Any], trace: Trace) -> list[tuple[int, int]]:
        """Return the pulses of which all is said; none if it isn't."""
        needed = [name for name in self.says_when if name != "delta" or said.get("n_spikes") != 1]
        if any(name not in said for name in needed):
            return []
        self.check_when(said, trace.tend)
        return _regular(said, trace)

    def _as_said(
        self, pulses: list[tuple[int, int]], said: Mapping[str, Any], trace: Trace
    ) -> list[tuple[int, int]]:
        """Return pulses as they were found, but for what is said of them."""
        if not said:
            return pulses
        found = _train(pulses, trace)
        first = {"delay": float(found["tspike"][0]), "n_spikes": len(pulses)}
        values = found | first | dict(said)
        if values["delta"] is not None and "spike_duration" in said and "delta" not in said:
            values["delta"] = found["delta"] + found["spike_duration"] - said["spike_duration"]
        self.check_when(values, trace.tend)
        if "delta" in said or "n_spikes" in said:
            return _regular(values, trace)
        by = round((values["delay"] - first["delay"]) / trace.dt)
        length = said.get("spike_duration")
        return [
            (start + by, n if length is None else max(1, round(length / trace.dt))) for start, n in pulses
        ]

    def _pulses(
        self, trace: Trace, smoothed: np.ndarray, threshold: float, window: Window, finding: Finding
    ) -> list[tuple[int, int]]:
        """Return first sample and length of each pulse: BluePyEfe's where the detector sees the same ones."""
        usual = in_the_sweep(pulse_train(smoothed, threshold))
        seen = [(start, end - start) for start, end in window.pulses]
        if not usual and not seen:
            raise EfeError(
                "no pulse stands out of the holding current, so there is no train to take spikes from."
            )
        same = bool(usual) and _same_train(usual, seen, self.agree_ms / trace.dt)
        finding.timing_from = "usual" if same else "seen" if window.sure else "unsure"
        # a train whose pulses differ, but on which both methods agree, is no other train
        differs = window.doubt is Doubt.SHAPE
        finding.doubts = tuple(doubts(window, finding.timing_from, Doubt.NOISE if differs else None))
        if same:
            return usual
        return seen if seen and (window.sure or not usual) else usual

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        return {
            "delay": s.tspike[0],
            "n_spikes": len(s.tspike),
            "delta": s.delta,
            "amp": s.amp,
            "thresh_perc": s.amp_rel,
            "spike_duration": s.spike_duration,
            "totduration": s.tend,
        }

    def settings_of(self, feature: str, s: Any) -> dict[str, Any]:
        """Return the pulses for the decay after each of them.

        For that one eFEL wants some of the sweep to come after the stimulus: here that ends with the last pulse, for
        other features with the sweep.
        """
        if feature != AFTER_PULSES:
            return {}
        ends = self.ends(s)
        return {"stim_end": ends[-1], "multi_stim_start": self.starts(s), "multi_stim_end": ends}

    def starts(self, s: Any) -> list[float]:
        """Return the onset of each pulse, ms."""
        return [float(t) for t in s.tspike]

    def ends(self, s: Any) -> list[float]:
        """Return the end of each pulse, ms."""
        return [float(t + s.spike_duration) for t in s.tspike]

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        for start in s.tspike:
            current[s.index(start) : s.index(start + s.spike_duration)] += np.float64(s.amp)
        return time, current


def _said(finding: Finding) -> dict[str, Any]:
    """Return what is said of the train."""
    said = {name: finding.said.value(name) for name in SpikeRec.says_when}
    return {name: number(name, value) for name, value in said.items() if value is not None}


def _regular(values: Mapping[str, Any], trace: Trace) -> list[tuple[int, int]]:
    """Return first sample and length of the pulses of a regular train."""
    apart = values["spike_duration"] + (values.get("delta") or 0.0)
    length = max(1, round(values["spike_duration"] / trace.dt))
    return [(round((values["delay"] + k * apart) / trace.dt), length) for k in range(values["n_spikes"])]


def _sign(
    window: Window,
    said: Sequence[tuple[int, int]],
    current: np.ndarray,
    smoothed: np.ndarray,
    hypamp: float,
) -> float:
    """Whether pulses go up (1) or down (-1): those that are said, or that the detector is sure of, or what is farther.

    Those that are said are (first sample, length).
    """
    pulses = [(start, start + n) for start, n in said] or (window.pulses if window.sure else ())
    if pulses:
        off = float(np.median([np.median(current[a:b]) for a, b in pulses])) - hypamp
    else:
        off = (np.max(smoothed) - hypamp) - (hypamp - np.min(smoothed))
    return -1.0 if off < 0 else 1.0


def _train(pulses: list[tuple[int, int]], trace: Trace) -> dict[str, Any]:
    starts = np.array([start for start, _ in pulses])
    lengths = np.array([length for _, length in pulses])
    gaps = [trace.dt * (b - (a + n)) for a, n, b in zip(starts, lengths, starts[1:], strict=False)]
    return {
        "tspike": starts * trace.dt,
        "spike_duration": np.mean(lengths * trace.dt),
        "delta": np.mean(gaps) if gaps else None,
    }


def _confirmed(
    top: Any,
    sign: float,
    current: np.ndarray,
    smoothed: np.ndarray,
    pulses: Sequence[tuple[int, int]],
    hypamp: Any,
) -> tuple[Any, Any]:
    """Return the level (nA) of pulses: the extremum of the smoothed current, where most of them reach it; their median.

    What one pulse of many does, by noise or by the crosstalk of an action potential, is not their level.
    """
    inside = [slice(max(start, 0), start + length) for start, length in pulses]
    level = np.median([np.median(current[part]) for part in inside])
    summit = sign * np.median([np.max(sign * smoothed[part], initial=-np.inf) for part in inside])
    overshoot = sign * (top - level)
    height = abs(level - hypamp)
    reached = abs(overshoot) <= LITTLE * height or sign * (summit - level) >= REACHED * overshoot
    return (top if reached and abs(overshoot) <= OVERSHOOT * height else np.float64(level)), level


def _same_train(a: list[tuple[int, int]], b: list[tuple[int, int]], tolerance: float) -> bool:
    """Whether two trains have the same pulses, beginnings and ends, to `tolerance` samples."""
    return len(a) == len(b) and all(
        abs(x - y) <= tolerance and abs(x + m - y - n) <= tolerance
        for (x, m), (y, n) in zip(a, b, strict=True)
    )


def in_the_sweep(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """First sample and length of each run (first and last sample), from the sample before as in BluePyEfe.

    None begins before the sweep does; one of the very first sample alone is no pulse.
    """
    whole = ((max(first - 1, 0), last) for first, last in runs)
    return [(start, last - start) for start, last in whole if last > start]


def pulse_train(smoothed: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """First and last sample of each run above `threshold`; runs that are up to 10 samples apart are one."""
    above = np.flatnonzero(smoothed > threshold)
    if not len(above):
        return []
    breaks = np.flatnonzero(np.diff(above) > GAP)
    firsts = above[np.concatenate(([0], breaks + 1))]
    lasts = above[np.concatenate((breaks, [len(above) - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
