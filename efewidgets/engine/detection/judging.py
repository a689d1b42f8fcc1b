"""How far a fit of constant levels is to be trusted: its edges, its baseline, the shape of its family."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .edges import Edge
from .levels import RIVAL, Fit, level
from .shared_pulses import is_brief
from .trace import Trace, blocks, median
from .window import SURE, Doubt, trust

EXPLAINED = 0.4  # share of the charge that the stimulus must account for
AROUND = 200.0  # ms before and after the stimulus that tell the baseline
CONTRAST = 0.04  # of the largest jump: the least that the others may be
GAP = 5.0  # ms; a stimulus interrupted for longer is two
AT_REST = 0.1  # of the long step: a short one as low as this is the baseline
SCANT = 30.0  # ms of baseline on one side, of which a test pulse could be all,
SAME = 0.1  # must come nearer to the other side than
ALIKE = 0.2  # of the height of the stimulus: levels that are the same
LASTS, CARRIED = 20.0, 0.5  # ms, and of the height of a step: a level within it
RESTLESS, MOVES = 5.0, 0.1  # times what the quietest blocks do, and of the smallest jump: no noise
RETURN = 0.35  # how far from its start the current may end, relative to its smallest jump


def neighbours(edges: np.ndarray, at: int, trace: Trace) -> tuple[int, int]:
    """Find the edges before and after one, but for those that share a block with it: they are the same."""
    apart = 3 * trace.width
    return int(max([0, *edges[edges <= at - apart]])), int(min([trace.n, *edges[edges >= at + apart]]))


def judge(
    names: tuple[str, ...], fit: Fit, found: list[Edge], trace: Trace, known: bool
) -> tuple[float, str, Doubt]:
    """Judge a fit: confidence, the sentence that goes with it, and the kind of doubt.

    Parameters
    ----------
    names : tuple of str
        Timings of the family.
    fit : Fit
        Which edges they were given to.
    found : list of Edge
        Where exactly these are.
    trace : Trace
        The current.
    known : bool
        Whether a person gave one of the timings.
    """
    samples = [e.sample for e in found]
    if any(b <= a for a, b in pairwise(samples)):
        return 0.0, "the changes of the current come too close to each other to be told apart", Doubt.NOISE
    certain = trust(float(np.prod([e.right for e in found])))
    doubtful = min(0.4, certain)
    if fit.explained < EXPLAINED or fit.rival > RIVAL:
        return doubtful, "the current has other changes that may as well be the stimulus", Doubt.SHAPE
    around = trace.samples(AROUND)
    bounds = [max(0, samples[0] - around), *samples, min(trace.n, samples[-1] + around)]
    levels = np.array([level(trace, a, b) for a, b in pairwise(bounds)])
    jumps = np.diff(levels)
    if np.abs(jumps).min() < CONTRAST * np.abs(jumps).max():
        return (
            doubtful,
            f"{len(names)} changes are due, and one of those seen is hardly a change",
            Doubt.SHAPE,
        )
    shorter = min(samples[0] - bounds[0], bounds[-1] - samples[-1])
    blur = 3.0 * trace.noise / max(1.0, shorter * trace.dt) ** 0.5  # noise is correlated over about 1 ms
    least = np.abs(jumps).min()
    if abs(levels[-1] - levels[0]) > RETURN * least + blur:
        return doubtful, "the current does not come back to where it started", Doubt.SHAPE
    # a stretch of a few ms may be a test pulse, and what is taken for the step the baseline after it
    if len(names) == 2 and shorter < trace.samples(SCANT):
        before, after = beside(fit.edges, samples, bounds, trace)
        if min(abs(after - before), abs(levels[-1] - levels[0])) > SAME * least + blur:
            return doubtful, "the current does not come back to where it started", Doubt.SHAPE
    if _ends_within(fit, samples, levels):
        return (
            doubtful,
            "the sweep begins or ends at a level that may be the stimulus, or its baseline",
            Doubt.SHAPE,
        )
    if len(names) == 4:  # a step on a step
        long, short, again = levels[1:-1] - 0.5 * (levels[0] + levels[-1])
        if abs(long - again) > RETURN * np.abs(jumps).min() + blur:
            return doubtful, "the current does not come back from the short step to the long one", Doubt.SHAPE
        at_rest = abs(short) < AT_REST * max(abs(long), abs(again))
        if at_rest and samples[2] - samples[1] > 0.5 * (samples[3] - samples[0]):
            return doubtful, "what is seen are two steps with a rest between them", Doubt.SHAPE
    if len(names) == 2 and _carries(fit, levels, trace):
        return doubtful, "within the step the current has another level", Doubt.SHAPE
    if interrupted(trace, samples, levels):
        return doubtful, "the current comes back to where it started more than once", Doubt.SHAPE
    slow = [name for name, edge in zip(names, found, strict=True) if edge.gradual]
    if slow:
        what = f"the current changes slowly at {slow[0]}, or under a transient: it may begin to do so earlier"
        return doubtful, what, Doubt.GRADUAL
    if certain < SURE and _never_rests(trace, least):
        return doubtful, "the current is hardly ever constant", Doubt.SHAPE
    if certain < SURE:
        weakest = names[int(np.argmin([e.right for e in found]))]
        return certain, f"{weakest} is blurred by the {{noise}}", Doubt.NOISE
    if len(names) == 2 and is_brief(samples[-1] - samples[0], trace.n, trace.dt) and not known:
        return min(0.45, certain), "a single short pulse: it may be a test pulse", Doubt.BRIEF
    changes = ", ".join(f"{1e3 * j:+.0f}" for j in jumps)
    return certain, f"changes of {changes} pA in a {{noise}}", Doubt.NONE


def _never_rests(trace: Trace, jump: float) -> bool:
    """Whether the current moves in most places, and by a good part of its smallest jump, but not in all.

    Noise is everywhere; what rests somewhere and moves elsewhere is a stimulus that is never constant.
    """
    low, high = trace.width // 4, trace.width - 1 - trace.width // 4
    ordered = np.partition(blocks(trace.x, trace.width), (low, high), axis=1)
    spread = 0.5 * (ordered[:, high] - ordered[:, low])
    calm = max(float(np.quantile(spread, 0.05)), trace.floor)
    return median(spread) > max(RESTLESS * calm, MOVES * jump)


def _ends_within(fit: Fit, samples: Sequence[int], levels: np.ndarray) -> bool:
    """Whether a stretch at an end of the sweep, apart from the stimulus, has its level and not that of the baseline.

    Or whether both have one of their own: what is taken for the stimulus stands on another one.
    """
    base = 0.5 * float(levels[0] + levels[-1])
    ends = [
        float(level)
        for level, apart in (
            (fit.levels[0], fit.places[0] > 1),
            (fit.levels[-1], fit.places[-1] < len(fit.edges) - 2),
        )
        if apart
    ]
    steps = [(on, abs(on - base)) for on in levels[1:-1].tolist()]
    if any(abs(end - on) < ALIKE * height for end in ends for on, height in steps):
        return True
    least = ALIKE * min(height for _, height in steps)
    return len(ends) == 2 and min(abs(end - base) for end in ends) > least > abs(ends[0] - ends[1])


def _carries(fit: Fit, levels: np.ndarray, trace: Trace) -> bool:
    """Whether a stretch within a step has a level of its own, too long for the artefact of an action potential."""
    first, last = fit.places
    if last - first == 1:
        return False
    base, on = 0.5 * float(levels[0] + levels[-1]), float(levels[1])
    long = np.diff(fit.edges[first : last + 1]) >= max(3 * trace.width, trace.samples(LASTS))
    return bool((np.abs(fit.levels[first:last][long] - on) > CARRIED * abs(on - base)).any())


def beside(
    edges: np.ndarray, samples: Sequence[int], bounds: Sequence[int], trace: Trace
) -> tuple[float, float]:
    """Measure the levels (nA) before and after the stimulus, up to the nearest other change of the current."""
    start = max(bounds[0], neighbours(edges, samples[0], trace)[0])
    end = min(bounds[-1], neighbours(edges, samples[-1], trace)[1])
    return level(trace, start, samples[0]), level(trace, samples[-1], end)


def interrupted(trace: Trace, samples: list[int], levels: np.ndarray) -> bool:
    """Whether the current rests at the baseline for `GAP` ms between the first edge and the last."""
    width = trace.samples(0.5 * GAP)
    base = 0.5 * (levels[0] + levels[-1])
    for (a, b), on in zip(pairwise(samples), levels[1:-1], strict=True):
        means = blocks(trace.x[a:b], width)[1:-1].mean(axis=1)
        at_rest = np.abs(means - base) < 0.3 * abs(on - base)
        if (at_rest[1:] & at_rest[:-1]).any() and abs(on - base) > 6.0 * trace.noise / width**0.5:
            return True
    return False
