"""PinkNoise and CapCheck: stimuli that are kept as the waveform itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...traces.robust import median
from ...traces.trace import Trace
from ..finding import Finding
from .family import Current, Family
from .signal import BASE_SAMPLES, base_current, smooth

EDGE_MS = 10.0
FEWEST = 100  # samples that tell what noise does
JUMPS, SHARE = 10.0, 0.25  # times its changes from sample to sample, and of its height: no noise


class _Waveform(Family):
    extra_params = ("waveform",)
    agree_ms = 10.0

    def usual_edges(self, trace: Trace, given: Mapping[str, int], finding: Finding) -> dict[str, int] | None:
        found = active_span(self.seen(trace.current), trace.dt, _holding_level(trace, given, finding))
        return found and found | dict(given)

    def seen(self, current: np.ndarray) -> np.ndarray:
        """Return the current as the search for its limits sees it."""
        return current

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        hypamp, amp = _holding_level(trace, given, finding), finding.level("amp")
        if finding.level("hypamp") is None:
            hypamp = finding.holding_current(trace, edges["ton"], edges["toff"], hypamp)
        stimulus = trace.current[edges["ton"] : edges["toff"]] - hypamp
        if amp is None:
            amp = np.max(np.abs(stimulus)) if len(stimulus) else 0.0
        waveform = np.zeros(stimulus.shape) if amp == 0.0 else np.asarray(stimulus / amp)
        return {"hypamp": hypamp, "amp": amp, "waveform": waveform}

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        return super().in_words_of_bluepyopt(s) | {"dt": s.dt, "waveform": s.waveform}

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        ton = s.index(s.ton)
        part = current[ton : ton + len(s.waveform)]
        part += np.float64(s.amp) * np.asarray(s.waveform)[: len(part)]
        return time, current


class PinkNoise(_Waveform):
    """Pink noise from `ton` to `toff` (ms): `waveform` (between -1 and 1) times `amp` (nA)."""

    def seen(self, current: np.ndarray) -> np.ndarray:
        return smooth(current)

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        measured = super().measure(trace, edges, given, finding)
        peak = apart(trace.current[edges["ton"] : edges["toff"]], measured["hypamp"])
        if peak and finding.level("amp") is None:
            finding.tell(
                f"the amplitude is not certain: it is that of {peak[1] - peak[0]} sample(s) at "
                f"{(edges['ton'] + peak[0]) * trace.dt:.4g} ms, which stand apart from those beside them as lost "
                "samples or artefacts do. Look at the trace, and give `amp` in the metadata.",
                "warning",
            )
        return measured


class CapCheck(_Waveform):
    """A train of small pulses of both signs from `ton` to `toff` (ms): `waveform` times `amp` (nA)."""


def apart(wave: np.ndarray, base: float) -> tuple[int, int] | None:
    """Find the farthest samples of noise (n,) from `base` (nA), first and last, if it jumps to them and back at once.

    Noise goes to its peaks by and by; samples that were lost are all alike.
    """
    if len(wave) < FEWEST:
        return None
    change, height = np.abs(np.diff(wave)), np.abs(wave - base)
    moves, k = change[change > 0], int(np.argmax(height))
    if not len(moves):
        return None
    jumps = np.flatnonzero(change > max(JUMPS * median(moves), SHARE * height[k]))
    before, after = jumps[jumps < k], jumps[jumps >= k]
    if not len(before) or not len(after):
        return None
    first, last = int(before[-1]) + 1, int(after[0]) + 1
    alike = last - first < 3 or np.ptp(wave[first:last]) == 0.0
    return (first, last) if alike else None


def _holding_level(trace: Trace, given: Mapping[str, int], finding: Finding) -> Any:
    hypamp = finding.level("hypamp")
    return base_current(trace.current, given.get("ton", BASE_SAMPLES)) if hypamp is None else hypamp


def active_span(current: np.ndarray, dt: float, hypamp: float) -> dict[str, int] | None:
    """First and last sample that stand out from `hypamp`, by 4.5 standard deviations of the ends of the sweep."""
    deviation = np.abs(current - hypamp)
    edge = min(max(1, round(float(EDGE_MS / dt))), len(deviation))
    noise = np.std(np.concatenate((deviation[:edge], deviation[-edge:])))
    active = np.flatnonzero(deviation > max(4.5 * noise, 0.02 * np.max(deviation), 1e-5))
    return {"ton": int(active[0]), "toff": int(active[-1]) + 1} if len(active) else None
