"""Ramp: current rising (or falling) linearly from the holding current.

BluePyEfe takes the height of a ramp from its last ten samples. That value stands where a robust line through the whole
ramp confirms it; the crosstalk of an action potential there is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...detection.accuracy import Estimate
from ...detection.trace import blocks
from ...traces.robust import line, spread
from ...traces.trace import Trace
from ..accuracy import SURE, is_unsure
from ..finding import Finding
from .family import Current, Family
from .signal import smooth

LAST_SAMPLES = 10
# times so many samples: of fewer nobody can tell what noise does to the last, more aren't needed
FEWEST, MOST = 12, 200
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
            ramp = trace.current[edges["ton"] : edges["toff"]]
            amp = _summit(ramp, finding) - hypamp
            if finding.was_looked_for and len(ramp) >= FEWEST * LAST_SAMPLES:
                _look_at_summit(ramp, hypamp, amp, finding)
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
    end = rest[-max(LAST_SAMPLES, len(rest) // PIECES) :]
    if abs(np.median(end)) > max(NEAR * abs(slope) * len(ramp), 0.5 * noise, 1e-5):  # crosstalk is shorter
        finding.tell(
            f"the current leaves its straight line before toff, so that the amplitude rests on its last {len(last)} "
            "samples: it may stay at its height for a while. Check the timings, and whether it is a ramp.",
            "warning",
        )
        return np.median(last)
    if abs(np.median(rest[-LAST_SAMPLES:])) <= max(2.0 * noise, NEAR * abs(slope) * len(ramp), 1e-5):
        return np.median(last)
    return np.float64(level + slope * len(ramp))


def _look_at_summit(ramp: np.ndarray, hypamp: Any, amp: Any, finding: Finding) -> None:
    """Tell of an amplitude that noise may have moved, given the samples of the ramp (n,).

    The last of them are few, so that hum and slow noise move them as one: all others between ton and toff tell how far.
    """
    level, slope = line(ramp)
    end = level + slope * len(ramp) - hypamp
    rest = ramp - (level + slope * np.arange(len(ramp)))
    few = blocks(rest[len(rest) % LAST_SAMPLES :], LAST_SAMPLES)
    error = spread(np.median(few[:: max(1, len(few) // MOST)], axis=1))
    if is_unsure(amp, Estimate(end, error), spread(rest)):
        finding.tell(
            f"the amplitude is not certain: `amp` was measured as {1e3 * amp:.4g} pA at the end of the ramp, where "
            f"noise moves it by up to {1e3 * SURE * error:.2g} pA; a line through all of it ends at "
            f"{1e3 * end:.4g} pA. Look at the trace, and give `amp` in the metadata if it is known.",
            "warning",
        )


def _is_bent(rest: np.ndarray, noise: float, height: float) -> bool:
    """Whether what a line leaves of a ramp (n,) goes to and fro slowly, rather than being noise and crosstalk."""
    width = max(1, len(rest) // PIECES)
    slow = np.median(rest[: len(rest) // width * width].reshape(-1, width), axis=1)
    return spread(slow) > max(0.3 * noise, BENT * abs(height))
