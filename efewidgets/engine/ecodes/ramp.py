"""Ramp: current rising (or falling) linearly from the holding current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..recording import Recording
from ..trace import Trace
from .signal import BASE_SAMPLES, base_current, smooth

LAST_SAMPLES = 10


class Ramp(Recording):
    """A ramp from `hypamp` (nA) at `ton` to `hypamp` + `amp` at `toff` (ms)."""

    def usual_edges(self, trace: Trace, given: Mapping[str, int]) -> dict[str, int] | None:
        if "ton" not in given:
            return None
        ton = given["ton"]
        return {"ton": ton, "toff": given.get("toff", int(np.argmax(smooth(trace.current)[ton:])) + ton)}

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        hypamp, amp = self.given_level("hypamp"), self.given_level("amp")
        if hypamp is None:
            hypamp = base_current(trace.current, edges["ton"] if self.usual_failed else BASE_SAMPLES)
        if amp is None:
            toff = edges["toff"]
            amp = np.median(trace.current[max(edges["ton"], toff - LAST_SAMPLES) : toff]) - hypamp
        return {"hypamp": hypamp, "amp": amp}

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        time, current = self.holding()
        ton, toff = self.index(self.ton), self.index(self.toff)
        current[ton:toff] += np.linspace(0.0, self.amp, toff - ton)
        return time, current
