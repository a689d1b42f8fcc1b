"""Families made of constant levels: Step, SAHP, HyperDePol, DeHyperPol."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from .edges import Edge, Whitener, refine
from .levels import Fit, choose, stretches
from .trace import Trace
from .window import Box, Window

#: timings of each family, and the level of each stretch between them (0 = baseline)
SHAPES: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "Step": (("ton", "toff"), (0, 1, 0)),
    "SAHP": (("ton", "tmid", "tmid2", "toff"), (0, 1, 2, 1, 0)),
    "HyperDePol": (("ton", "tmid", "toff"), (0, 1, 2, 0)),
    "DeHyperPol": (("ton", "tmid", "toff"), (0, 1, 2, 0)),
}
BRIEF = 25.0  # ms; a lone pulse as short as this may be a test pulse


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
    edges, levels = stretches(trace, [given[k] for k in names if k in given])
    fixed = {names.index(k): int(v) for k, v in given.items() if k in names}
    fit = choose(edges, levels, shape, fixed)
    noise = f"{1e3 * trace.noise:.3g} pA"
    if fit is None:
        boxes = boxes_of(edges, levels, trace)
        if len(edges) == 2:
            return Window(dict(given), 0.0, f"no step stands out of the noise of {noise}", boxes=boxes)
        return Window(
            dict(given),
            0.0,
            f"{len(edges) - 2} change(s) of the current where {len(names)} are due",
            boxes=boxes,
        )
    whitener = Whitener(trace, edges, levels)
    found = [
        Edge(int(edges[p]), 1.0, float(levels[p] - levels[p - 1]))
        if k in fixed
        else refine(trace, int(edges[p]), int(edges[p - 1]), int(edges[p + 1]), whitener)
        for k, p in enumerate(fit.places)
    ]
    confidence, reason = judge(names, shape, fit, found, trace, noise)
    boxes = boxes_of(
        edges, levels, trace, {int(edges[p]): e.sample for p, e in zip(fit.places, found, strict=True)}
    )
    return Window({k: e.sample for k, e in zip(names, found, strict=True)}, confidence, reason, boxes=boxes)


def judge(
    names: tuple[str, ...], shape: tuple[int, ...], fit: Fit, found: list[Edge], trace: Trace, noise: str
) -> tuple[float, str]:
    """Confidence in a fit, and the sentence that goes with it."""
    samples = [e.sample for e in found]
    if any(b <= a for a, b in pairwise(samples)):
        return 0.0, "the changes of the current come too close to each other to be told apart"
    certain = min(e.confidence for e in found)
    weakest = names[int(np.argmin([e.confidence for e in found]))]
    if certain < 0.5:
        return certain, f"{weakest} is blurred by the noise of {noise}"
    if fit.explained < 0.5 or fit.rival > 0.7:
        return min(0.4, certain), "the current has other changes that may as well be the stimulus"
    if len(shape) == 3:
        up, down = found[0].jump, -found[1].jump
        if up * down <= 0 or not 0.5 < up / down < 2.0:
            return min(0.4, certain), "the current does not come back to where it started"
        if (samples[1] - samples[0]) * trace.dt <= BRIEF and samples[1] - samples[0] < 0.25 * trace.n:
            return min(0.45, certain), "a single short pulse: it may be a test pulse"
    jumps = ", ".join(f"{1e3 * e.jump:+.0f}" for e in found)
    return min(0.99, certain), f"changes of {jumps} pA in a noise of {noise}"


def boxes_of(
    edges: np.ndarray, levels: np.ndarray, trace: Trace, exact: Mapping[int, int] | None = None
) -> tuple[Box, ...]:
    """Stretches off the baseline, the baseline being the level with most time around it."""
    if len(levels) < 2:
        return ()
    weight = np.diff(edges)
    base = min(levels[[0, -1]], key=lambda b: float(np.sum(np.abs(levels - b) * weight)))
    place = dict(exact or {})
    return tuple(
        Box(place.get(int(a), int(a)), place.get(int(b), int(b)), float(v - base))
        for a, b, v in zip(edges[:-1], edges[1:], levels, strict=True)
        if abs(v - base) > 3.0 * trace.noise / trace.width**0.5
    )
