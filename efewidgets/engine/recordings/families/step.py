"""Step: one step of constant current on the holding current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...traces.robust import median
from ...traces.trace import Trace
from ..finding import Finding
from ..membranes import membrane_of
from .brief_level import BRIEF, brief_pulse, level_of, slopes_meet
from .family import Current, Family
from .signal import BASE_SAMPLES, base_current, step_edges


class Step(Family):
    """A step from `ton` to `toff` (ms), `amp` (nA) above the holding current `hypamp` (nA)."""

    between: ClassVar = {"amp": (0,)}

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
            amp = self._level(trace, edges, hypamp, finding) - hypamp
        finding.membrane = membrane_of(trace, edges["ton"], edges["toff"], float(amp))
        finding.look_at_levels(edges, self.between, {"hypamp": hypamp, "amp": amp})
        if (edges["toff"] - edges["ton"]) * trace.dt <= BRIEF:
            finding.look_at_pulses([trace.current[edges["ton"] : edges["toff"]]], hypamp, amp)
        return {"hypamp": hypamp, "amp": amp}

    def _level(self, trace: Trace, edges: Mapping[str, int], hypamp: Any, finding: Finding) -> Any:
        """Level (nA) of the step: BluePyEfe's median, but of a pulse that a filter blurs."""
        level = median(trace.current[edges["ton"] : edges["toff"]])
        pulse = brief_pulse(trace.current, edges["ton"], edges["toff"], trace.dt, hypamp, level)
        if pulse is None:
            return level
        if slopes_meet(pulse):
            finding.tell(
                "the pulse is so brief, for the filter of its recording, that it rises and falls without staying "
                "anywhere: its amplitude may be a tenth too low. Give `amp` in the metadata if it is known.",
                "warning",
            )
        return level_of(pulse, hypamp, level)

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        current[s.index(s.ton) : s.index(s.toff)] += np.float64(s.amp)
        return time, current
