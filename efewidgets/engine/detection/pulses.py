"""SpikeRec and CapCheck: trains of short pulses, all alike (CapCheck: of both signs).

Method. Matched pulses: their height is what block medians of 1 ms reach most often among the larger ones,
which the artefact of an action potential does not; a pulse is a run beyond half of it, ended where it was
begun if only an artefact interrupts it. Width, height and spacing of the majority decide which runs belong to
the train; a test pulse before it or an artefact in it doesn't. Every limit is then placed as in
`edges.by_sides`. Limits that aren't steep, or a baseline as restless as the pulses are high (hum), leave the
answer unsure, and so do runs that differ but could belong. A weaker train whose pulses come before those that
stand out, and more evenly, is their cause, and the stimulus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .brief import MANY, brief_pulses, charge, runs
from .edges import RIGHT, Edge, by_sides
from .trace import Trace, blocks, mad, median
from .window import SURE, Box, Doubt, Window, trust

LASTS = 1.0  # ms; what is shorter is an artefact
DIP = 0.6  # ms; an artefact may interrupt a pulse for that long
ENDS = 5.0  # ms at either end of the sweep that are taken for baseline
RESTLESS = 0.35  # of the height of a pulse: what the current beside it may do
CLOCK = 0.1  # ms; what comes by a clock is as regular as that
CHANCE = 5  # as many come as regularly as that by chance
LOWER = 0.8  # of the highest: a train of its own
STANDS = 4.0  # times the noise of a block median: a pulse


def detect_train(family: str, trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the pulses of a SpikeRec or CapCheck sweep.

    Parameters
    ----------
    family : str
        "SpikeRec" (one sign) or "CapCheck" (both).
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    if trace.n < 4 * trace.samples(LASTS):
        return Window(given, 0.0, "the sweep is too short for a train of pulses", doubt=Doubt.NOTHING)
    ends = min(trace.samples(ENDS), trace.n // 4)
    # a test pulse at the first sample, or a sweep that stops in a pulse, outvotes neither of the others
    base = float(np.median([median(trace.x[:ends]), median(trace.x[-ends:]), median(trace.x)]))
    off = trace.x - base
    window = train_in(family, off, trace, given)
    if family == "CapCheck":
        return (
            window if not _narrow(window, trace) else _doubted(window, "as short as an artefact", Doubt.SHAPE)
        )
    return weaker_cause(window, off, trace, given) if window.pulses else short_train(window, trace, given)


def train_in(family: str, off: np.ndarray, trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the highest train in a current above its baseline (nA); the rest as in `detect_train`."""
    top, sigma = height(off, trace)
    if top < STANDS * sigma or not trace.resolved(top):
        nothing = f"no pulse stands out of the noise of {1e3 * sigma:.3g} pA"
        return Window(given, 0.0, nothing, doubt=Doubt.NOTHING)
    seen, heights = measured(off, top, trace)
    if not len(seen):
        return Window(given, 0.0, "what stands out lasts for less than 1 ms", doubt=Doubt.NOTHING)
    member = majority(seen, heights, trace, both=family == "CapCheck")
    high = median(np.abs(heights[member]))
    if (
        STANDS * sigma < high < LOWER * top
    ):  # what is higher isn't of the train: others of it may be too low for that
        lower = measured(off, high, trace)
        if len(lower[0]):  # none may last, where lower runs are smoothed more
            seen, heights = lower
            member = majority(seen, heights, trace, both=family == "CapCheck")
    train, heights = seen[member], heights[member]
    found = limits(off, train, heights, trace)
    pulses = tuple((a.sample, b.sample) for a, b in found)
    boxes = tuple(Box(a, b, float(h)) for (a, b), h in zip(pulses, heights, strict=True))
    edges = {"ton": pulses[0][0], "toff": pulses[-1][1], **given}
    widths = np.array([b - a for a, b in pulses]) * trace.dt
    what = f"{len(pulses)} pulse(s) of {1e3 * median(heights):.0f} pA, {np.median(widths):.3g} ms each"
    confidence, doubt = trust(float(np.prod([a.right * b.right for a, b in found]))), Doubt.NONE
    if confidence < SURE:
        what, doubt = f"{what}, blurred by a noise of {1e3 * sigma:.3g} pA", Doubt.NOISE
    odd = "" if len(pulses) > 1 or family == "SpikeRec" else "a single pulse where a train is due"
    if mixed(seen, member):
        odd = f"{what}, among others that differ"
    if not steep(off, pulses, heights, trace):
        odd = "the current swings to and fro as high as the pulses"
    if len(pulses) == 1 and torn(off[slice(*pulses[0])], trace):
        odd = f"{what}, but torn: a part of it may be an action potential's crosstalk"
    if widths.max() > 1.6 * widths.min() or np.abs(heights).max() > 1.6 * np.abs(heights).min():
        odd = f"{what}, but not all alike"
    starts = np.diff([a for a, _ in pulses])
    if len(starts) > 1 and np.abs(starts - np.median(starts)).max() > 0.15 * np.median(starts):
        odd = f"{what}, but not evenly spaced"
    if len(pulses) < 3 and widths.min() < 1.2 * LASTS:
        odd = f"{what}: it may be an artefact"
    if pulses[0][0] <= 0 or pulses[-1][1] >= trace.n:
        odd = f"{what}, which reach the end of the sweep"
    if odd:
        confidence, what, doubt = min(0.3, confidence), odd, Doubt.SHAPE
    return Window(edges, confidence, what, pulses=pulses, boxes=boxes, doubt=doubt)


def weaker_cause(window: Window, off: np.ndarray, trace: Trace, given: Mapping[str, int]) -> Window:
    """Look for a weaker train, of which what stands out may be the effect.

    The action potentials that weak pulses evoke may couple back more strongly than the pulses are high. A pulse comes
    before its action potential, lasts longer, and comes by the clock; an action potential is late by chance.
    """
    pulses = np.array(window.pulses)
    clock = max(CLOCK, 1.5 * trace.dt)
    late = uneven(pulses[:, 0]) * trace.dt
    narrow = _narrow(window, trace)
    if len(pulses) > 2 and late <= clock and (len(pulses) > CHANCE or not narrow):
        return window
    rest, margin = off.copy(), trace.samples(0.1)
    for a, b in runs(np.abs(off) > 0.5 * min(abs(b.amplitude) for b in window.boxes)):
        rest[max(0, a - margin) : b + margin] = 0.0
    below = train_in("SpikeRec", rest, trace, given)
    if len(pulses) < 3 <= len(below.pulses):
        return _doubted(
            window, f"beside {len(below.pulses)} lower ones that are alike: it may be a test pulse"
        )
    if not below.pulses or not _causes(np.array(below.pulses), pulses):
        unsteady = len(pulses) > 2 and narrow and late > clock
        return _doubted(window, "unevenly, as action potentials' crosstalk comes") if unsteady else window
    weak = np.array(below.pulses)
    if len(weak) > 2 and below.sure and late > clock and uneven(weak[:, 0]) * trace.dt <= clock:
        return replace(below, reason=f"{below.reason}, each before an action potential's crosstalk")
    if np.median(np.diff(weak, axis=1)) < 1.5 * np.median(np.diff(pulses, axis=1)) and not narrow:
        return window
    return _doubted(window, "each after a weaker one, of which it may be the action potential's crosstalk")


def _narrow(window: Window, trace: Trace) -> bool:
    """Whether the pulses are hardly wider than the crosstalk of an action potential."""
    return bool(window.pulses) and float(np.median(np.diff(window.pulses, axis=1))) * trace.dt < 1.6 * LASTS


def _doubted(window: Window, why: str, doubt: Doubt = Doubt.BRIEF) -> Window:
    if not window.sure:
        return window
    return replace(window, confidence=0.4, reason=f"{window.reason}, but {why}", doubt=doubt)


def _causes(weak: np.ndarray, strong: np.ndarray) -> bool:
    """Whether most of the strong runs come soon after a weak one, and none before."""
    k = np.searchsorted(weak[:, 0], strong[:, 0]) - 1
    after = strong[k >= 0, 0] - weak[k[k >= 0], 0]
    if len(after) < 0.8 * len(strong) or len(set(k[k >= 0].tolist())) < len(after):
        return False
    gap = np.diff(weak[:, 0]).min() if len(weak) > 1 else np.inf
    return bool(np.median(after) < 0.5 * gap)


def uneven(starts: np.ndarray) -> float:
    """How far the starts (samples) are from evenly spaced ones, at most."""
    if len(starts) < 3:
        return 0.0
    k = np.arange(len(starts))
    return float(np.abs(starts - np.polyval(np.polyfit(k, starts, 1), k)).max())


def short_train(window: Window, trace: Trace, given: Mapping[str, int]) -> Window:
    """Look for pulses of less than a millisecond; `window` is returned if there are none."""
    found = brief_pulses(trace, most=10 * MANY)
    if not found or any(charge(b) < 0.5 * max(charge(b) for b in found) for b in found):
        return window
    heights, widths = np.array([b.amplitude for b in found]), np.array([b.end - b.start for b in found])
    starts = np.array([b.start for b in found])
    alike = np.ptp(heights) <= 0.3 * np.abs(heights).min() and np.ptp(widths) <= 2
    clock = len(found) > 2 and uneven(starts) * trace.dt <= max(CLOCK, 1.5 * trace.dt)
    pulses = tuple((b.start, b.end) for b in found)
    what = f"{len(found)} pulse(s) of {1e3 * median(heights):.0f} pA, {median(widths) * trace.dt:.2g} ms each"
    sure = bool(alike and clock)
    return Window(
        {"ton": pulses[0][0], "toff": pulses[-1][1], **given},
        trust(1.0) if sure else 0.4,
        what if sure else f"{what}: as short as an artefact",
        pulses=pulses,
        boxes=tuple(found),
        doubt=Doubt.NONE if sure else Doubt.SHAPE,
    )


def height(off: np.ndarray, trace: Trace) -> tuple[float, float]:
    """Measure the height of the pulses and the noise of a block median (nA)."""
    width = trace.samples(LASTS)
    middle = np.abs(np.median(blocks(off, width), axis=1))
    shifted = blocks(off[width // 2 :], width)
    middle = np.concatenate((middle, np.abs(np.median(shifted, axis=1)))) if len(shifted) else middle
    top = median(middle[middle >= 0.5 * middle.max()])
    quiet = middle[middle < 0.3 * top]
    return top, max(trace.floor, 1.4826 * median(quiet)) if len(quiet) else top


def candidates(off: np.ndarray, top: float, trace: Trace) -> list[tuple[int, int]]:
    """List the runs beyond half the height that last, of both signs."""
    spread = mad(off[np.abs(off) < 0.5 * top])
    if spread > top / 8.0:  # single samples would cross the threshold: smooth over 0.4 ms
        width = trace.samples(0.4)
        off = np.convolve(off, np.full(width, 1.0 / width), mode="same")
    lasts, dip = 0.9 * trace.samples(LASTS), trace.samples(DIP)
    found: list[tuple[int, int]] = []
    for sign in (1.0, -1.0):
        start, end = runs(sign * off > 0.5 * top).T
        if len(start):
            apart = start[1:] - end[:-1] > dip
            start, end = start[np.append(True, apart)], end[np.append(apart, True)]
            long = end - start >= lasts
            found += zip(start[long].tolist(), end[long].tolist(), strict=True)
    return sorted(found)


def measured(off: np.ndarray, top: float, trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Find the runs beyond half the height, shape (k, 2), and their medians (nA), shape (k,)."""
    seen = np.array(candidates(off, top, trace), dtype=int).reshape(-1, 2)
    heights = np.array([median(off[a:b]) for a, b in seen])
    return seen[heights != 0.0], heights[heights != 0.0]


def majority(seen: np.ndarray, heights: np.ndarray, trace: Trace, both: bool) -> np.ndarray:
    """Tell which runs belong to the train: as wide and as high as most, and as far apart."""
    widths, sizes = np.diff(seen, axis=1)[:, 0].astype(float), np.abs(heights)
    member = np.ones(len(seen), dtype=bool)
    if not both:  # the sign of more pulses, or of more charge
        up, down = heights > 0, heights < 0
        more = (int(up.sum()), float(widths[up].sum())) >= (int(down.sum()), float(widths[down].sum()))
        member = up if more else down
    if member.sum() < 3:
        return member & (sizes > 0.6 * sizes[member].max())
    wide, high = median(widths[member]), median(sizes[member])
    slack = max(trace.samples(0.3), 5.0 * mad(widths[member]), 0.15 * wide)
    alike = np.abs(sizes - high) <= max(0.15 * high, 5.0 * mad(sizes[member]))
    alike &= member & (np.abs(widths - wide) <= slack)
    kept = np.flatnonzero(alike if alike.any() else member)
    if len(kept) > 3:  # a run further from the train than its period is something else
        period = median(np.diff(seen[kept, 0]))
        breaks = np.flatnonzero(np.diff(seen[kept, 0]) > 1.6 * period)
        first, last = max(pairwise([0, *(breaks + 1), len(kept)]), key=lambda ab: ab[1] - ab[0])
        kept = kept[first:last]
    member = np.zeros(len(seen), dtype=bool)
    member[kept] = True
    return member


def mixed(seen: np.ndarray, member: np.ndarray) -> bool:
    """Tell whether runs that were left out could belong to the train: within it, or where its next would be."""
    if member.all():
        return False
    train, others = seen[member], seen[~member]
    if len(train) < 3:
        return True
    within = (others[:, 1] > train[0, 0]) & (others[:, 0] < train[-1, 1])
    period = median(np.diff(train[:, 0]))
    steps = np.abs(others[:, 0] - train[0, 0]) / period
    due = (np.abs(steps - np.round(steps)) < 0.15) & (others[:, 0] > train[0, 0] - 3.5 * period)
    return bool((within | due).any())


def torn(pulse: np.ndarray, trace: Trace) -> bool:
    """Whether a pulse comes back to the baseline on its way, before a part as short as an artefact."""
    if not len(pulse):
        return False
    gaps, least = runs(np.abs(pulse) < 0.25 * abs(median(pulse))), max(2, trace.samples(0.1))
    short = trace.samples(1.6 * LASTS)
    return any(b - a >= least and a > 0 and 0 < len(pulse) - b < short for a, b in gaps)


def steep(off: np.ndarray, pulses: Sequence[tuple[int, int]], heights: np.ndarray, trace: Trace) -> bool:
    """Whether most pulses start and end within 1 ms, and the current rests beside them."""
    before, after, hold = trace.samples(0.5), trace.samples(0.8), trace.samples(0.3)
    sharp = []
    for (a, b), top in zip(pulses, heights, strict=True):
        for edge, sign in ((a, 1.0), (b, -1.0)):
            old, new = (
                off[max(0, edge - before - hold) : edge - before + 1],
                off[edge + after - hold : edge + after],
            )
            if len(old) and len(new):
                sharp.append(sign * float(np.median(new) - np.median(old)) / top > 0.5)
    rest = np.ones(len(off), dtype=bool)
    for a, b in pulses:
        rest[max(0, a - before) : b + trace.samples(2.0)] = False
    restless = float(np.quantile(np.abs(off[rest]), 0.9)) if rest.any() else 0.0
    return float(np.mean(sharp)) > 0.7 and restless < RESTLESS * median(np.abs(heights))


def limits(off: np.ndarray, train: np.ndarray, heights: np.ndarray, trace: Trace) -> list[tuple[Edge, Edge]]:
    """Place start and end of every pulse."""
    reach, near = trace.samples(1.5), trace.samples(RIGHT)
    sigma = mad(off[np.abs(off) < 0.5 * np.abs(heights).min()])
    out = []
    for k, (a, b) in enumerate(train.tolist()):
        free = (train[k - 1, 1] + a) // 2 if k else 0
        until = (b + train[k + 1, 0]) // 2 if k + 1 < len(train) else len(off)
        middle, top = (a + b) // 2, float(heights[k])
        begin = by_sides(off, near, max(free, a - reach), min(middle, a + reach), 0.0, top, sigma)
        end = by_sides(off, near, max(middle, b - reach), min(until, b + reach), top, 0.0, sigma)
        out.append((begin, end))
    return out
