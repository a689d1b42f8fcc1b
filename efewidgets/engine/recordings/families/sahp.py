"""sAHP: a short strong step on a long weak one, to see the slow after-hyperpolarisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...traces.robust import median, spread
from ...traces.trace import Trace
from ..finding import Finding
from .family import Current, Family
from .medians import Smoothed
from .signal import base_current, sahp_edges, sahp_long_level


class SAHP(Family):
    """A long step `amp` (nA) from `ton` to `toff`, carrying a short step `amp2` from `tmid` to `tmid2` (ms).

    Both amplitudes are above the holding current; targets are compared with the short step's.
    """

    timings = ("ton", "tmid", "tmid2", "toff")
    amplitudes = ("amp", "amp2")
    target_amplitude = "amp2"
    between: ClassVar = {"amp": (0, 2), "amp2": (1,)}
    rests_after = True
    guess_timing = False

    def usual_edges(self, trace: Trace, given: Mapping[str, int], finding: Finding) -> dict[str, int] | None:
        found = sahp_edges(trace.current, trace.dt, base_current(trace.current), given.get("ton"))
        return found and found | dict(given)

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        smoothed = Smoothed(trace.current)
        ton, tmid, tmid2, toff = (edges[name] for name in self.timings)
        detected = len(given) < len(self.timings) and not finding.usual_failed
        hypamp = finding.level("hypamp")
        if hypamp is None:
            filled = ton <= 0 and toff >= trace.n
            outside = slice(ton), slice(toff, None)
            if detected or filled:
                hypamp = finding.holding_current(trace, ton, toff, base_current(trace.current))
            else:  # all that lies outside of the steps
                hypamp = smoothed.median(*outside)
            if finding.usual_failed:  # where nobody said that it is all baseline
                hypamp = finding.holding_current(trace, ton, toff, hypamp)
        amp = finding.level("amp")
        if amp is None:
            amp = self._long_level(smoothed, edges, detected) - hypamp
        amp2 = finding.level("amp2")
        if amp2 is None:
            amp2 = smoothed.level(slice(tmid, tmid2)) - hypamp
        levels = {"hypamp": hypamp, "amp": amp, "amp2": amp2}
        finding.look_at_levels(edges, self.between, levels)
        return levels

    def _long_level(self, smoothed: Smoothed, edges: Mapping[str, int], detected: bool) -> Any:
        """Level (nA) of the long step: BluePyEfe's, of a hundred samples, where the rest of the step confirms it."""
        ton, tmid, tmid2, toff = (edges[name] for name in self.timings)
        around = slice(ton, tmid), slice(tmid2, toff)
        if not detected:
            return smoothed.median(*around)
        usual = sahp_long_level(smoothed, ton, toff)
        samples = np.concatenate([smoothed.current[part] for part in around])
        level, noise = median(samples), spread(samples)
        return usual if abs(usual - level) <= max(noise, 1e-5) else smoothed.median(*around)

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        return {
            "delay": s.ton,
            "tmid": s.tmid,
            "tmid2": s.tmid2,
            "toff": s.toff,
            "amp": s.amp2,
            "long_amp": s.amp,
            "thresh_perc": s.amp2_rel,
            "duration": s.tmid2 - s.tmid,
            "totduration": s.tend,
        }

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        ton, tmid, tmid2, toff = (s.index(getattr(s, name)) for name in self.timings)
        current[ton:tmid] += np.float64(s.amp)
        current[tmid:tmid2] += np.float64(s.amp2)
        current[tmid2:toff] += np.float64(s.amp)
        return time, current
