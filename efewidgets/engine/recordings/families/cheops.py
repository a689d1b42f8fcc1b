"""PosCheops and NegCheops: three triangles of current, each shorter than the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...traces.robust import scale, spread
from ...traces.trace import Trace
from ..finding import Finding
from .family import Current, Family
from .signal import base_current, smooth

LARGER = 1.5  # times what goes the family's way: the current goes the other way


class _Cheops(Family):
    timings = ("ton", "t1", "t2", "t3", "t4", "toff")
    agree_ms = 100.0
    summit: Callable[..., Any]

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        smoothed = smooth(trace.current)
        hypamp, amp = finding.level("hypamp"), finding.level("amp")
        if hypamp is None:
            before = smoothed[: edges["ton"]]
            usual = np.median(before) if len(before) else base_current(trace.current)
            hypamp = finding.holding_current(trace, edges["ton"], edges["toff"], usual)
        if amp is None:
            amp = self._height(trace.current - hypamp, smoothed - hypamp, edges)
        return {"hypamp": hypamp, "amp": amp}

    def _height(self, current: np.ndarray, smoothed: np.ndarray, edges: Mapping[str, int]) -> Any:
        """Signed height (nA) of the triangles: BluePyEfe's extremum, where the flanks confirm it."""
        usual = type(self).summit(smoothed)
        shape = triangles([edges[name] for name in self.timings], len(current))
        height = scale(shape, current)
        inside = slice(edges["ton"], edges["toff"])
        noise = spread((current - height * shape)[inside])
        if noise < 0.1 * abs(height):  # triangles they are
            due = height * np.max(smooth(shape))  # narrow ones lose their tips in smoothing
            return usual if abs(usual - due) <= 0.05 * abs(height) + 3.0 * noise else np.float64(height)
        extremes = np.max(smoothed[inside], initial=-np.inf), np.min(smoothed[inside], initial=np.inf)
        opposite = extremes[0] if usual <= 0 else extremes[1]
        return opposite if np.isfinite(opposite) and abs(opposite) > LARGER * abs(usual) else usual

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        times = {name: getattr(s, name) for name in self.timings[1:]}
        return {
            "delay": s.ton,
            **times,
            "amp": s.amp,
            "thresh_perc": s.amp_rel,
            "duration": s.toff - s.ton,
            "totduration": s.tend,
        }

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        edges = [getattr(s, name) for name in self.timings]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            first, summit, last = s.index(start), s.index(0.5 * (start + end)), s.index(end)
            current[first:summit] += np.linspace(0.0, s.amp, summit - first)
            current[summit:last] += np.linspace(s.amp, 0.0, last - summit)
        return time, current


def triangles(edges: Sequence[int], n: int) -> np.ndarray:
    """Draw triangles of height 1 between each two edges (samples); array (n,)."""
    shape = np.zeros(n)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        summit = (start + end) // 2
        shape[start:summit] = np.linspace(0.0, 1.0, summit - start)
        shape[summit:end] = np.linspace(1.0, 0.0, end - summit)
    return shape


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
