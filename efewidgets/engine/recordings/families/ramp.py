"""Ramp: current rising (or falling) linearly from the holding current.

BluePyEfe takes the height of a ramp from its last ten samples. That value stands where a robust line through the whole
ramp confirms it; the crosstalk of an action potential there is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...traces.robust import line, spread
from ...traces.trace import Trace
from ..finding import Finding
from .family import Current, Family
from .signal import smooth

LAST_SAMPLES = 10
NEAR = 0.02  # of the height of a ramp
BENT = 0.03
PIECES = 20


class Ramp(Family):
    """A ramp from `hypamp` (nA) at `ton` to `hypamp` + `amp` at `toff` (ms)."""

    def usual_edges(self, trace: Trace, given: Mapping[str, int], finding: Finding) -> dict[str, int] | None:
        if "ton" not in given:
            return None
        ton = given["ton"]
        if "toff" in given:
            return {"ton": ton, "toff": given["toff"]}
        smoothed = smooth(trace.current)
        after = smoothed[ton:]
        if not len(after):
            return None
        start = np.median(smoothed[:ton]) if ton else after[0]
        falls = start - after.min() > after.max() - start
        return {"ton": ton, "toff": ton + int(np.argmin(after) if falls else np.argmax(after))}

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        amp = finding.level("amp")
        hypamp = self.holding_before(trace, edges, finding, onset_is_known=finding.usual_failed)
        if amp is None:
            amp = _summit(trace.current[edges["ton"] : edges["toff"]], finding) - hypamp
        return {"hypamp": hypamp, "amp": amp}

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        ton, toff = s.index(s.ton), s.index(s.toff)
        current[ton:toff] += np.linspace(0.0, s.amp, toff - ton)
        return time, current


def _summit(ramp: np.ndarray, finding: Finding) -> Any:
    """Return the current (nA) at the end of a ramp, given its samples."""
    last = ramp[-LAST_SAMPLES:]
    level, slope = line(ramp)
    rest = ramp - (level + slope * np.arange(len(ramp)))
    noise = spread(rest)
    if _is_bent(rest, noise, slope * len(ramp)):
        finding.tell(
            f"the current between ton and toff is no straight line, so that the amplitude rests on its last "
            f"{len(last)} samples. Check the timings, and whether it is a ramp.",
            "warning",
        )
        return np.median(last)
    if abs(np.median(rest[-LAST_SAMPLES:])) <= max(2.0 * noise, NEAR * abs(slope) * len(ramp), 1e-5):
        return np.median(last)
    return np.float64(level + slope * len(ramp))


def _is_bent(rest: np.ndarray, noise: float, height: float) -> bool:
    """Whether what a line leaves of a ramp (n,) goes to and fro slowly, rather than being noise and crosstalk."""
    width = max(1, len(rest) // PIECES)
    slow = np.median(rest[: len(rest) // width * width].reshape(-1, width), axis=1)
    return spread(slow) > max(0.3 * noise, BENT * abs(height))
