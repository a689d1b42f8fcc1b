"""HyperDePol and DeHyperPol: two steps of opposite sign, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...traces.trace import Trace
from ..finding import Finding
from .family import Current, Family
from .medians import Smoothed
from .signal import base_current


class _TwoSteps(Family):
    varied: ClassVar[str]

    timings = ("ton", "tmid", "toff")
    amplitudes = ("amp", "amp2")
    between: ClassVar = {"amp": (0,), "amp2": (1,)}

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        smoothed = Smoothed(trace.current)
        ton, tmid, toff = (edges[name] for name in self.timings)
        levels = {name: finding.level(name) for name in ("hypamp", "amp", "amp2")}
        if levels["hypamp"] is None:
            filled = ton <= 0 and toff >= trace.n
            outside = slice(ton), slice(toff, None)
            usual = base_current(trace.current) if filled else smoothed.median(*outside)
            levels["hypamp"] = finding.holding_current(trace, ton, toff, usual)
        if levels["amp"] is None:
            levels["amp"] = smoothed.level(slice(ton, tmid)) - levels["hypamp"]
        if levels["amp2"] is None:
            levels["amp2"] = smoothed.level(slice(tmid, toff)) - levels["hypamp"]
        finding.look_at_levels(edges, self.between, levels)
        return levels

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        return {
            "delay": s.ton,
            "tmid": s.tmid,
            "toff": s.toff,
            "amp": s.amp,
            "amp2": s.amp2,
            "thresh_perc": getattr(s, f"{self.varied}_rel"),
            "duration": s.toff - s.ton,
            "totduration": s.tend,
        }

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        ton, tmid, toff = (s.index(getattr(s, name)) for name in self.timings)
        current[ton:tmid] += np.float64(s.amp)
        current[tmid:toff] += np.float64(s.amp2)
        return time, current


class HyperDePol(_TwoSteps):
    """A hyperpolarising step `amp` (nA) from `ton` to `tmid`, then a depolarising one `amp2` to `toff` (ms)."""

    nominal: ClassVar = {"ton": 250.0, "tmid": 700.0, "toff": 970.0}
    varied = "amp"


class DeHyperPol(_TwoSteps):
    """A depolarising step `amp` (nA) from `ton` to `tmid`, then a hyperpolarising one `amp2` to `toff` (ms)."""

    varied = "amp2"
    guess_timing = False
