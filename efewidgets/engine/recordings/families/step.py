"""Step: one step of constant current on the holding current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...traces.trace import Trace
from ..finding import Finding
from ..membranes import membrane_of
from .brief_level import brief_level
from .family import Current, Family
from .medians import median
from .signal import BASE_SAMPLES, base_current, step_edges


class Step(Family):
    """A step from `ton` to `toff` (ms), `amp` (nA) above the holding current `hypamp` (nA)."""

    def usual_edges(self, trace: Trace, given: Mapping[str, int], finding: Finding) -> dict[str, int] | None:
        hypamp = finding.level("hypamp")
        if hypamp is None:
            hypamp = base_current(trace.current, given.get("ton", BASE_SAMPLES))
        return step_edges(trace.current, trace.dt, hypamp, given.get("ton"), given.get("toff"))

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        amp = finding.level("amp")
        onset_is_known = "ton" in given or finding.usual_failed
        hypamp = self.holding_before(trace, edges, finding, onset_is_known)
        if amp is None:
            level = median(trace.current[edges["ton"] : edges["toff"]])
            amp = brief_level(trace.current, edges["ton"], edges["toff"], trace.dt, hypamp, level) - hypamp
        finding.membrane = membrane_of(trace, edges["ton"], edges["toff"], float(amp))
        return {"hypamp": hypamp, "amp": amp}

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        current[s.index(s.ton) : s.index(s.toff)] += np.float64(s.amp)
        return time, current
