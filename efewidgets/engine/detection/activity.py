"""SineSpec, PinkNoise, CapCheck: a current that never rests between its first and last sample.

Method. Baseline and noise come from the quiet ends of the sweep; the stimulus is the longest stretch that
leaves them (gaps of up to 100 ms allowed); its limits are the first sample to leave the baseline and the last
to come back, and the time it takes to do so says how sure they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .edges import RIGHT
from .flanks import within
from .pulses import runs
from .trace import FLOOR, Trace, mad
from .window import Box, Window

GAP = 100.0  # ms without activity that a stimulus may hold


def detect_activity(family: str, trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the first and last sample of a stimulus that is never constant.

    Parameters
    ----------
    family : str
        Name of the family, for the sentence.
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    x = trace.x
    ends = max(trace.samples(5.0), trace.n // 200)
    head, tail = x[:ends], x[-ends:]
    edges: dict[str, int] = {}
    certain, why = 1.0, ""
    head_base, tail_base = float(np.median(head)), float(np.median(tail))
    head_noise, tail_noise = (max(FLOOR, mad(h), float(np.std(h)) / 3.0) for h in (head, tail))
    base = head_base if head_noise <= tail_noise else tail_base
    sigma = min(head_noise, tail_noise)
    top = float(np.quantile(np.abs(x - base), 0.98))
    if top < 6.0 * sigma:
        return Window(dict(given), 0.0, f"no activity stands out of the noise of {1e3 * sigma:.3g} pA")
    busy = np.abs(x - base) > max(5.0 * sigma, 0.02 * top)
    # one sample out of the noise proves nothing
    busy[1:-1] &= busy[:-2] | busy[2:]
    found = runs(busy)
    if not len(found):
        return Window(dict(given), 0.0, "no activity stands out of the noise")
    breaks = np.flatnonzero(found[1:, 0] - found[:-1, 1] > trace.samples(GAP))
    first = found[np.concatenate(([0], breaks + 1)), 0]
    last = found[np.concatenate((breaks, [len(found) - 1])), 1]
    k = int(np.argmax(last - first))
    a, b = int(first[k]), int(last[k])
    for name, at, reverse in (("ton", a, False), ("toff", b, True)):
        if name in given:
            edges[name] = int(given[name])
            continue
        edges[name], error = leave(trace, at, base, sigma, reverse)
        certain = min(certain, within(error))
        if (not reverse and at <= 1) or (reverse and at >= trace.n - 1):
            certain, why = min(certain, 0.3), ", which reaches the end of the sweep"
    if edges["toff"] - edges["ton"] < 0.05 * trace.n:
        certain = min(certain, 0.4)
    return Window(
        edges,
        min(0.97, certain),
        f"{family} of up to {1e3 * top:.0f} pA above a noise of {1e3 * sigma:.3g} pA{why}",
        boxes=(Box(edges["ton"], edges["toff"], top),),
    )


def leave(trace: Trace, at: int, base: float, sigma: float, reverse: bool) -> tuple[int, float]:
    """Sample at which the activity leaves the baseline, near the sample where it is plain; error (ms)."""
    off = np.abs(trace.x - base)
    if reverse:
        off, at = off[::-1], trace.n - at
    reach = trace.samples(20.0)
    part = off[max(0, at - reach) : at + 1]
    inside = np.flatnonzero(part <= 2.0 * sigma)
    start = max(0, at - reach) + (int(inside[-1]) + 1 if len(inside) else 0)
    # a jump is out at once; a slow start hides in the noise for about as long as it takes to come out of it
    later = off[at : at + reach]
    rise = int(np.argmax(later > 10.0 * sigma)) if (later > 10.0 * sigma).any() else len(later)
    error = 0.3 * (at - start + rise) * trace.dt
    edge = start
    if reverse:
        edge = trace.n - start
    return edge, error * RIGHT
