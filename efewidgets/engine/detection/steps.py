"""Families made of constant levels: Step, SAHP, HyperDePol, DeHyperPol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .brief import brief_pulses, charge
from .edges import RIGHT, Edge, Whitener, refine
from .judging import AROUND, CONTRAST, judge, neighbours
from .levels import RIVAL, Fit, choose, level, stretches
from .shared_pulses import RATHER
from .trace import Trace, median
from .window import Box, Doubt, Window, trust

#: timings of each family, and the level of each stretch between them (0 = baseline)
SHAPES: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "Step": (("ton", "toff"), (0, 1, 0)),
    "SAHP": (("ton", "tmid", "tmid2", "toff"), (0, 1, 2, 1, 0)),
    "HyperDePol": (("ton", "tmid", "toff"), (0, 1, 2, 0)),
    "DeHyperPol": (("ton", "tmid", "toff"), (0, 1, 2, 0)),
}
FINE = 3  # blocks; a step as short as this is looked for among the samples
TOWERS = 4.0  # times the height of an unsure step: a pulse that is no part of it
HIGHER = 2.5  # times the height of a sure step: a pulse apart from it that may be the stimulus,
EVOKES = (
    6.0  # ms; if it is no longer: it evokes a spike, but is too short to charge a membrane as test pulses do
)
TESTS = 100.0  # ms; a step as short as this may be a test pulse beside a shorter and higher one:
FAINT = 0.1  # of the charge of a step: pulses of less are artefacts


def detect_step(trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the limits of a step, even of one shorter than the blocks of the coarse search.

    Parameters
    ----------
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    window = detect_levels("Step", trace, given)
    pulses = brief_pulses(trace)
    if not pulses:
        step = None if given or not _apart(window) else _box_of(window, trace)
        return window if step is None else _beside_higher(window, step, (), trace)
    if given:
        near = trace.samples(RIGHT)
        fits = [b for b in pulses if all(abs(_limits(b)[k] - v) <= near for k, v in given.items())]
        long = window.edges.get("toff", 0) - window.edges.get("ton", 0)
        if len(fits) != 1 or (window.sure and long > FINE * trace.width):
            return window
        what = f"a pulse of {_words(fits[0], trace)} at the time given"
        return Window({**_limits(fits[0]), **given}, trust(1.0), what, boxes=tuple(pulses))
    return weigh(window, pulses, trace)


def _limits(box: Box) -> dict[str, int]:
    return {"ton": box.start, "toff": box.end}


def _words(box: Box, trace: Trace) -> str:
    return f"{1e3 * box.amplitude:+.0f} pA for {(box.end - box.start) * trace.dt:.3g} ms"


def weigh(window: Window, pulses: Sequence[Box], trace: Trace) -> Window:
    """Choose between the step that the coarse search saw, if any, and brief pulses, by their charge."""
    best = max(pulses, key=charge)
    step = _box_of(window, trace)
    place = 2 * trace.width
    same = step is not None and abs(step.start - best.start) < place and abs(step.end - best.end) < place
    apart = [b for b in window.boxes if not any(b.start < p.end and p.start < b.end for p in pulses)]
    if step is not None and not same:
        apart = [b for b in window.boxes if b.end - b.start > FINE * trace.width or b in apart]
    window = replace(window, boxes=tuple(sorted([*apart, *pulses], key=lambda b: b.start)))
    mine = 0.0 if step is None or same else charge(step)
    # what may be a baseline that wanders or shifts, against what can't
    towers = step is not None and (
        abs(best.amplitude) > TOWERS * abs(step.amplitude)
        if not window.sure
        else CONTRAST * abs(best.amplitude) > abs(step.amplitude) and charge(best) > FAINT * mine
    )
    if charge(best) <= RIVAL * mine and not towers:
        return window if step is None or same else _beside_higher(window, step, pulses, trace)
    if mine > RIVAL * charge(best) and not towers:
        reason = (
            f"a step of {1e3 * step.amplitude:+.3g} pA and a short pulse of {_words(best, trace)}"
            if step
            else ""
        )
        reason = f"{reason}: either may be the stimulus"
        doubt = Doubt.BRIEF if window.doubt is Doubt.BRIEF else Doubt.SHAPE
        return replace(window, confidence=min(0.4, window.confidence), reason=reason, doubt=doubt)
    alike = [b for b in pulses if charge(b) > RIVAL * charge(best)]
    what = f"a short pulse of {_words(best, trace)}: it may be a test pulse"
    if len(alike) > 1:
        what = f"{len(alike)} short pulses, one of them of {_words(best, trace)}, where one is due"
    return replace(window, edges=_limits(best), confidence=0.45, reason=what, doubt=Doubt.BRIEF, errors={})


def _apart(window: Window) -> bool:
    """Whether anything was seen before or after the step that a window holds."""
    if len(window.edges) < 2:
        return False
    ton, toff = window.edges["ton"], window.edges["toff"]
    return any(b.end <= ton or b.start >= toff for b in window.boxes)


def _beside_higher(window: Window, step: Box, pulses: Sequence[Box], trace: Trace) -> Window:
    """Doubt a step outside which a far higher pulse stands: either may be the stimulus."""
    long = step.end - step.start
    # beside what may be a test pulse itself any shorter pulse may be the stimulus
    most = max(trace.samples(EVOKES), long // 2 if long <= trace.samples(TESTS) else 0)
    short = [b for b in (*pulses, *window.boxes) if b.end - b.start <= most]
    outside = [abs(b.amplitude) for b in short if b.end <= step.start or b.start >= step.end]
    higher = RATHER if long <= trace.samples(TESTS) else HIGHER
    if not window.sure or max(outside, default=0.0) <= higher * abs(step.amplitude):
        return window
    reason = (
        f"{window.reason}; but a short pulse of {1e3 * max(outside):.0f} pA beside it is higher: "
        "either may be the stimulus"
    )
    return replace(window, confidence=0.4, reason=reason, doubt=Doubt.HIGHER)


def _box_of(window: Window, trace: Trace) -> Box | None:
    """Return the step that a window holds, its level measured against the current beside it."""
    if len(window.edges) < 2:
        return None
    ton, toff = window.edges["ton"], window.edges["toff"]
    around = trace.samples(AROUND)
    beside = np.concatenate((trace.x[max(0, ton - around) : ton], trace.x[toff : toff + around]))
    if not len(beside) or toff <= ton:
        return None
    return Box(ton, toff, median(trace.x[ton:toff]) - median(beside))


def detect_levels(family: str, trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the timings of a family of constant levels.

    Parameters
    ----------
    family : str
        A key of `SHAPES`.
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    names, shape = SHAPES[family]
    trace, edges, levels = stretches(trace, [given[k] for k in names if k in given])
    fixed = {names.index(k): int(v) for k, v in given.items() if k in names}
    fit = choose(edges, levels, shape, fixed)
    noise = f"noise of {1e3 * trace.noise:.3g} pA"
    if fit is None:
        boxes = boxes_of(edges, levels, trace)
        if len(edges) == 2:
            return Window(given, 0.0, f"no step stands out of the {noise}", boxes=boxes, doubt=Doubt.NOTHING)
        seen = f"{len(edges) - 2} change(s) of the current where {len(names)} are due"
        return Window(given, 0.0, seen, boxes=boxes, doubt=Doubt.NOTHING)

    def model(at: np.ndarray) -> np.ndarray:
        return levels[np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(levels) - 1)]

    found = place(fit, fixed, trace, Whitener(trace, model))
    if not all(trace.resolved(e.jump) for k, e in enumerate(found) if k not in fixed):
        digit = f"no change of the current is larger than the converter's step of {1e3 * trace.step:.3g} pA"
        return Window(given, 0.0, digit, doubt=Doubt.NOTHING)
    confidence, reason, doubt = judge(names, fit, found, trace, bool(fixed))
    exact = {int(edges[p]): e.sample for p, e in zip(fit.places, found, strict=True)}
    return Window(
        {k: e.sample for k, e in zip(names, found, strict=True)},
        confidence,
        reason.format(noise=noise),
        boxes=boxes_of(edges, levels, trace, exact),
        doubt=doubt,
    )


def place(fit: Fit, fixed: Mapping[int, int], trace: Trace, whitener: Whitener) -> list[Edge]:
    """Place the edges of a fit exactly, the largest change first: none is looked for beyond a larger one.

    An edge where the current changes the other way than between the stretches beside it is another one's.
    """
    coarse = [int(fit.edges[p]) for p in fit.places]
    stretch = [level(trace, a, b) for a, b in pairwise([0, *coarse, trace.n])]
    change = np.diff(stretch)
    found: dict[int, Edge] = {k: Edge(v, 1.0, float(change[k])) for k, v in fixed.items()}
    free = sorted(set(range(len(coarse))) - set(fixed), key=lambda k: -abs(change[k]))
    for k in free:
        found[k] = _between(k, fit.edges, coarse, change, found, trace, whitener)
    for k in free:  # those that were placed before their neighbours, and near them
        if any(j != k and abs(e.sample - coarse[k]) < 3 * trace.width for j, e in found.items()):
            found[k] = _between(k, fit.edges, coarse, change, found, trace, whitener)
    return [found[k] for k in range(len(coarse))]


def _between(
    k: int,
    edges: np.ndarray,
    coarse: Sequence[int],
    change: np.ndarray,
    found: Mapping[int, Edge],
    trace: Trace,
    whitener: Whitener,
) -> Edge:
    """Place the edge `k` of a fit between those of its neighbours that are placed already."""
    before, after = neighbours(edges, coarse[k], trace)
    before = max([before, *(e.sample for j, e in found.items() if j < k and e.right > 0.0)])
    after = min([after, *(e.sample for j, e in found.items() if j > k and e.right > 0.0)])
    edge = refine(trace, coarse[k], before, after, whitener)
    near = trace.samples(RIGHT)
    hidden = (before and edge.sample - before <= near) or (after < trace.n and after - edge.sample <= near)
    return replace(edge, right=0.0) if hidden or edge.jump * change[k] < 0.0 else edge


def boxes_of(
    edges: np.ndarray, levels: np.ndarray, trace: Trace, exact: Mapping[int, int] | None = None
) -> tuple[Box, ...]:
    """Stretches off the baseline, the baseline being the level with most time around it."""
    if len(levels) < 2:
        return ()
    weight = np.diff(edges)
    base = min(levels[[0, -1]], key=lambda b: float(np.sum(np.abs(levels - b) * weight)))
    place = dict(exact or {})
    boxes = (
        Box(place.get(int(a), int(a)), place.get(int(b), int(b)), float(v - base))
        for a, b, v in zip(edges[:-1], edges[1:], levels, strict=True)
        if abs(v - base) > 3.0 * trace.noise / trace.width**0.5
    )
    kept: list[Box] = []
    for box in boxes:
        if box.start >= box.end:  # the slope of an edge
            continue
        last = kept[-1] if kept else None
        beside = last is not None and last.end == box.start
        if last is not None and beside and _one(last, box):
            size = charge(last) + charge(box)
            kept[-1] = Box(last.start, box.end, float(np.sign(box.amplitude)) * size / (box.end - last.start))
        elif last is not None and beside and _cut_by_blocks(last, box, set(place.values()), trace.width):
            longer = max(last, box, key=lambda b: b.end - b.start)
            kept[-1] = Box(last.start, box.end, longer.amplitude)
        else:
            kept.append(box)
    return tuple(kept)


def _one(a: Box, b: Box) -> bool:
    """Whether two stretches side by side are one that the search cut: at an edge that a filter blurs, or by drift."""
    apart = abs(a.amplitude - b.amplitude)
    return a.amplitude * b.amplitude > 0 and apart < 0.05 * max(abs(a.amplitude), abs(b.amplitude))


def _cut_by_blocks(a: Box, b: Box, exact: Collection[int], block: int) -> bool:
    """Whether two stretches are one of the stimulus, of which one is what its slope left of the block it begins in."""
    if a.amplitude * b.amplitude <= 0 or a.end in exact:
        return False
    return any(part.end - part.start <= block and edge in exact for part, edge in ((a, a.start), (b, b.end)))
