"""SpikeRec: a train of short strong pulses, each to evoke one spike.

BluePyEfe takes the highest sample of the smoothed current for the level of the pulses. That value stands where the
pulses themselves confirm it; pulses that go down are found and measured as their mirror image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...detection import Doubt, Window, detect
from ...problems import EfeError
from ...traces.trace import Trace
from ..edges import doubts
from ..finding import Finding
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

    Targets are compared with `delta`, not with an amplitude.
    """

    timings = ()
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

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        smoothed = smooth(trace.current, WIDTH)
        hypamp, amp = finding.level("hypamp"), finding.level("amp")
        usual = base_current(trace.current) if hypamp is None else hypamp
        finding.window = window = detect(self.detector, trace.current, trace.dt)
        sign = _sign(window, trace.current, smoothed, usual) if amp is None else (1.0 if amp >= 0 else -1.0)
        top = sign * np.max(sign * smoothed)
        threshold = sign * (usual + 0.1 * (top if amp is None else amp))
        pulses = self._pulses(trace, sign * smoothed, threshold, window, finding)
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
        return {"hypamp": hypamp, "amp": amp} | _train(pulses, trace)

    def _pulses(
        self, trace: Trace, smoothed: np.ndarray, threshold: float, window: Window, finding: Finding
    ) -> list[tuple[int, int]]:
        """Return first sample and length of each pulse: BluePyEfe's where the detector sees the same ones."""
        usual = [(first - 1, last - first + 1) for first, last in pulse_train(smoothed, threshold)]
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


def _sign(window: Window, current: np.ndarray, smoothed: np.ndarray, hypamp: float) -> float:
    """Whether the pulses go up (1) or down (-1): those that the detector is sure of, or what is farther off."""
    if window.sure and window.pulses:
        off = float(np.median([np.median(current[a:b]) for a, b in window.pulses])) - hypamp
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


def pulse_train(smoothed: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """First and last sample of each run above `threshold`; runs that are up to 10 samples apart are one."""
    above = np.flatnonzero(smoothed > threshold)
    if not len(above):
        return []
    breaks = np.flatnonzero(np.diff(above) > GAP)
    firsts = above[np.concatenate(([0], breaks + 1))]
    lasts = above[np.concatenate((breaks, [len(above) - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
