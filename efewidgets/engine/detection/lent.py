"""Whether a sweep's own samples contradict the timings that other sweeps lend it.

A sweep that shows nothing contradicts nothing. One that changes clearly near a timing, but more than 1 ms away from it
(samples were lost, a trigger came late), or that changes clearly at some timings and not at all at others (it is of
another stimulus), has timings of its own, even if nobody could tell which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .edges import RIGHT, by_sides
from .steps import CONTRAST, SHAPES
from .trace import Trace, converter_step, finite, mad, median
from .window import RISK

WIDE = 25.0  # ms on either side of a timing
CLEAR = 5.0  # times what the samples do on either side
ABSENT = 0.3  # of the largest jump of a step, up and down of which are alike


@dataclass(frozen=True)
class _Change:
    """What the current does at a timing: by how much it changes (nA), how sure that is, whether it is clear, where."""

    name: str
    jump: float
    blur: float
    clear: bool
    at: int


def contradiction(
    family: str,
    current: np.ndarray,
    dt: float,
    edges: Mapping[str, int],
    given: Collection[str] = (),
    least: float = 0.0,
) -> str:
    """Say what of a sweep contradicts timings; "" if nothing does.

    Parameters
    ----------
    family : str
        Name of the eCode class. Of families that don't jump nothing is said; a ramp is asked for its end alone.
    current : numpy.ndarray, shape (n,)
        Current (nA).
    dt : float
        Sampling step (ms).
    edges : mapping of str to int
        Timings (samples), in their order.
    given : collection of str
        Those that a person gave: nothing contradicts them.
    least : float
        A smaller change of the current (nA) is none of the stimulus.
    """
    if family not in SHAPES and family != "Ramp":
        return ""
    trace = Trace(finite(current), dt)
    trace = replace(trace, step=converter_step(trace.x) if trace.n > 1 else 0.0)
    near = trace.samples(RIGHT)
    changes = [c for c in _changes(trace, near, edges, least) if family in SHAPES or c.name == "toff"]
    for change in changes:
        if change.clear and change.name not in given and abs(change.at - edges[change.name]) > near:
            where = f"{change.at * dt:.4g} ms, and not at {edges[change.name] * dt:.4g} ms"
            return f"the current changes at {where}"
    if family == "Ramp":
        return ""
    largest = max((abs(c.jump) for c in changes if c.clear), default=0.0)
    due = (ABSENT if family == "Step" else CONTRAST) * largest
    for change in changes:
        if change.name not in given and abs(change.jump) + change.blur < due:
            return f"the current does not change at {edges[change.name] * dt:.4g} ms"
    return ""


def _changes(trace: Trace, near: int, edges: Mapping[str, int], least: float) -> list[_Change]:
    """Measure the current on both sides of each timing, but where there is too little of it."""
    x, wide = trace.x, trace.samples(WIDE)
    times, found = [0, *edges.values(), len(x)], []
    for k, (name, at) in enumerate(edges.items(), 1):
        left = min(wide, at - times[k - 1] if k == 1 else (at - times[k - 1]) // 2)
        right = min(wide, times[k + 1] - at if k == len(edges) else (times[k + 1] - at) // 2)
        if min(left, right) < 3 * near or at > len(x):
            continue
        sides = x[at - left : at - near], x[at + near : at + right]
        old, new = (median(side) for side in sides)
        noise = max(trace.floor, *(mad(side) for side in sides))
        clear, place = abs(new - old) > max(CLEAR * noise, least) and trace.resolved(new - old), at
        if clear:
            edge = by_sides(x, near, at - left, at + right, old, new, noise)
            clear, place = edge.right >= 1.0 - RISK, edge.sample
        blur = 3.0 * noise / max(1.0, min(left, right) / near) ** 0.5  # noise is correlated over about 1 ms
        found.append(_Change(name, new - old, blur, clear, place))
    return found
