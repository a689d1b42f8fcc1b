"""Short pulses: one, a train of them, or those of a capacitance check.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .outlines import Outline, spread_of
from .pulses import detect_train, uneven
from .sights import MOST, SHORT, Sight, fit, single
from .trace import Trace, median
from .window import Box

PULSE = 100.0  # ms; what lasts longer is no pulse of a train
ALIKE = 0.35  # relative: widths and heights of the pulses of a train
CLOCK = 0.3  # ms; what comes by a clock is as regular as that
TWO = 0.65  # confidence in a train of two: one of them may be a test pulse
UNLIKE = 0.3  # and of pulses that are unlike, or come unevenly


def has_peaks(trace: Trace, seen: Outline) -> bool:
    """Whether samples stand out that the levels don't account for."""
    if trace.width < 3:
        return len(seen.runs) > 1
    m = len(trace.coarse) * trace.width
    off = np.abs(trace.x[:m].reshape(-1, trace.width) - trace.coarse[:, None])
    brief = max(1, trace.samples(0.2))
    peak = float(off.max())
    enough = (off > max(0.5 * peak, 8.0 * trace.noise)).sum() >= brief
    return len(seen.runs) > 1 or bool(enough and peak > 0.5 * seen.top)


def by_pulses(trace: Trace) -> Iterator[Sight]:
    """Explain a current by short pulses, of one sign or of both."""
    for family in ("CapCheck", "SpikeRec"):
        window = detect_train(family, trace, {})
        if not window.boxes:
            continue
        boxes = list(window.boxes)
        left = _besideas_train(boxes, trace)
        yield from (one.less(fit(left) / MOST) for one in as_train(boxes, trace))


def _besideas_train(boxes: Sequence[Box], trace: Trace) -> float:
    """Share of the peaks that are as high as half a pulse, but none."""
    ends = min(trace.samples(5.0), trace.n // 4)
    base = float(np.median([median(trace.x[:ends]), median(trace.x[-ends:]), median(trace.x)]))
    high = np.abs(trace.x - base) > 0.5 * min(abs(box.amplitude) for box in boxes)
    inside, margin = np.zeros(trace.n, dtype=bool), trace.samples(1.5)
    for box in boxes:
        inside[max(0, box.start - 2) : box.end + margin] = True
    count = int(high.sum())
    return float((high & ~inside).sum() / count) if count else 1.0


def as_train(boxes: Sequence[Box], trace: Trace) -> Iterator[Sight]:
    """Say what pulses are, if they are alike: one, a train, or a capacitance check."""
    widths = np.array([box.end - box.start for box in boxes]) * trace.dt
    heights, starts = np.array([box.amplitude for box in boxes]), np.array([box.start for box in boxes])
    words = f"{1e3 * median(np.abs(heights)):.0f} pA for {median(widths):.3g} ms"
    if len(boxes) == 1:
        if widths[0] <= SHORT:
            yield single(float(widths[0]), f"{1e3 * heights[0]:+.0f} pA for {widths[0]:.3g} ms")
        return
    if widths.max() > PULSE:
        return
    alike = spread_of(widths) <= ALIKE and spread_of(heights) <= ALIKE
    even = len(boxes) < 3 or uneven(starts) * trace.dt <= max(CLOCK, 1.5 * trace.dt)
    worth = UNLIKE if not (alike and even) else MOST if len(boxes) > 2 else TWO
    both = int(min((heights > 0).sum(), (heights < 0).sum()))
    if both == 0:
        yield Sight("pulse train", worth, f"{len(boxes)} pulses of {words} each")
    elif both >= len(boxes) // 2 and len(boxes) >= 4 and np.all(heights[1:] * heights[:-1] < 0):
        yield Sight("capacitance check", worth, f"{len(boxes)} pulses, up and down, of {words} each")
