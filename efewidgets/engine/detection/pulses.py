"""SpikeRec: a train of pulses of a few ms, all alike.

Method. The height of the pulses is the largest deviation from the median that lasts for at least 1 ms (a
morphological opening, Serra 1982), which an action potential's artefact does not; pulses are the runs above
half of it, those much shorter than the others being dropped.
"""

from __future__ import annotations

import numpy as np

from .trace import FLOOR, Trace, mad
from .window import Box, Window

LASTS = 1.0  # ms; what is shorter is an artefact
DIP = 0.6  # ms; a pulse may be interrupted by an artefact of that length


def sustained(x: np.ndarray, width: int) -> np.ndarray:
    """Minimum over `width` samples from each sample on, in log2(width) passes."""
    out, have = x, 1
    while have < width and len(out) > 1:
        shift = min(have, width - have, len(out) - 1)
        out = np.minimum(out[:-shift], out[shift:])
        have += shift
    return out


def runs(inside: np.ndarray) -> np.ndarray:
    """First sample of each run of True, and first sample after it; shape (k, 2)."""
    change = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(np.int8), [0]))))
    return change.reshape(-1, 2)


def detect_pulses(trace: Trace) -> Window:
    """Find the pulses of a SpikeRec sweep."""
    x = trace.x
    base = float(np.median(x))
    sigma = max(FLOOR, mad(x))
    tops = [float(sustained(s * (x - base), trace.samples(LASTS)).max()) for s in (1.0, -1.0)]
    sign, top = (1.0, tops[0]) if tops[0] >= tops[1] else (-1.0, tops[1])
    if top < 6.0 * sigma:
        return Window({}, 0.0, f"no pulse stands out of the noise of {1e3 * sigma:.3g} pA")
    found = runs(sign * (x - base) > 0.5 * top)
    joined: list[list[int]] = []
    for a, b in found:
        if joined and a - joined[-1][1] <= trace.samples(DIP):
            joined[-1][1] = int(b)
        else:
            joined.append([int(a), int(b)])
    long = np.array([p for p in joined if p[1] - p[0] >= trace.samples(LASTS)])
    widths = long[:, 1] - long[:, 0]
    usual = float(np.median(widths))
    pulses = long[widths > 0.5 * usual]
    spread = float(np.ptp(pulses[:, 1] - pulses[:, 0])) * trace.dt
    stay = max(4.0 * sigma, 0.1 * top)
    exact = [(departure(sign * (x - base), int(a), stay, trace), int(b)) for a, b in pulses]
    alike = spread <= 1.0 or spread <= 0.1 * usual * trace.dt
    whole = exact[0][0] > 0 and exact[-1][1] < trace.n and len(pulses) == len(long)
    confidence = 0.95 if alike and whole else 0.3
    amplitude = sign * top
    return Window(
        {"ton": exact[0][0], "toff": exact[-1][1]},
        confidence,
        f"{len(exact)} pulse(s) of {1e3 * amplitude:.0f} pA, {usual * trace.dt:.3g} ms each"
        + ("" if confidence > 0.5 else ", but not all alike"),
        pulses=tuple(exact),
        boxes=tuple(Box(a, b, amplitude) for a, b in exact),
    )


def departure(off: np.ndarray, edge: int, stay: float, trace: Trace) -> int:
    """First sample of a slope that ends at `edge`, at most 1 ms before it."""
    for _ in range(trace.samples(1.0)):
        if edge <= 0 or off[edge - 1] <= stay:
            break
        edge -= 1
    return edge
