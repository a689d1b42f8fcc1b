"""PosCheops and NegCheops: three triangles of current, each shorter than the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from ..recording import Recording
from ..trace import Trace
from .signal import base_current, smooth


class _Cheops(Recording):
    t1: Any
    t2: Any
    t3: Any
    t4: Any

    timings = ("ton", "t1", "t2", "t3", "t4", "toff")
    agree_ms = 100.0
    summit: Callable

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        smoothed = smooth(trace.current)
        hypamp, amp = self.given_level("hypamp"), self.given_level("amp")
        if hypamp is None:
            before = smoothed[: edges["ton"]]
            hypamp = np.median(before) if len(before) else base_current(trace.current)
        if amp is None:
            amp = type(self).summit(smoothed) - hypamp
        return {"hypamp": hypamp, "amp": amp}

    def get_stimulus_parameters(self) -> dict[str, Any]:
        times = {name: getattr(self, name) for name in self.timings[1:]}
        return {
            "delay": self.ton,
            **times,
            "amp": self.amp,
            "thresh_perc": self.amp_rel,
            "duration": self.toff - self.ton,
            "totduration": self.tend,
        }

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        time, current = self.holding()
        edges = [getattr(self, name) for name in self.timings]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            first, summit, last = self.index(start), self.index(0.5 * (start + end)), self.index(end)
            current[first:summit] += np.linspace(0.0, self.amp, summit - first)
            current[summit:last] += np.linspace(self.amp, 0.0, last - summit)
        return time, current


class PosCheops(_Cheops):
    """Three upward triangles, `ton`–`t1`, `t2`–`t3` and `t4`–`toff` (ms), `amp` (nA) high."""

    nominal: ClassVar = dict(
        zip(_Cheops.timings, (250.0, 8250.0, 10250.0, 14250.0, 16250.0, 18916.0), strict=True)
    )
    summit = staticmethod(np.max)


class NegCheops(_Cheops):
    """Three downward triangles, `ton`–`t1`, `t2`–`t3` and `t4`–`toff` (ms), `amp` (nA, negative) deep."""

    nominal: ClassVar = dict(
        zip(_Cheops.timings, (1750.0, 8416.0, 10416.0, 13748.0, 15748.0, 17970.0), strict=True)
    )
    summit = staticmethod(np.min)
