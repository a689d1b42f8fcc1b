"""Whether a sweep's own samples contradict the timings that other sweeps lend it.

A sweep that shows nothing contradicts nothing. One that changes near a timing, but for sure more than 1 ms away from it
(samples were lost, a trigger came late), or that changes clearly at some timings and not at all at others (it is of
another stimulus), has timings of its own, even if nobody could tell which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .edges import RIGHT, Whitener, by_sides
from .judging import CARRIED, CONTRAST, LASTS
from .steps import EVOKES, SHAPES
from .trace import Trace, blocks, converter_step, finite, mad, median
from .window import RISK

WIDE = 25.0  # ms on either side of a timing
CLEAR = 5.0  # times what the samples do on either side
ACTIVE = ("SineSpec", "PinkNoise")
LONG = 60.0  # ms beside what is never constant
RESTLESS = 0.4  # of its movement: more is none of a baseline
HIGHER = 2.0  # times as high as what is at its place: a pulse that is elsewhere
MOSTLY = 0.75  # of the samples
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
        Name of the eCode class. A ramp is asked for its end alone, and what is never constant whether it is restless
        before and after its timings; cheops are not asked.
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
    trace = Trace(finite(current), dt)
    if family in ACTIVE:
        return _restless_beside(trace, edges, given, least)
    if family not in SHAPES and family != "Ramp":
        return ""
    trace = replace(trace, step=converter_step(trace.x) if trace.n > 1 else 0.0)
    near = trace.samples(RIGHT)
    long = edges["toff"] - edges["ton"] if family == "Step" and not given else trace.n
    if long <= trace.samples(WIDE):
        beside = _pulse_beside(trace, edges["ton"], edges["toff"], least)
        if beside or long <= trace.samples(EVOKES):
            return beside
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
    smallest = min((abs(c.jump) for c in changes if c.clear), default=0.0)
    return (
        _uneven_within(trace, list(edges.values()), max(CARRIED * smallest, least))
        if smallest and not given
        else ""
    )


def _uneven_within(trace: Trace, times: Sequence[int], least: float) -> str:
    """Say where between two timings (samples) the current has another level (nA) than in most of that stretch."""
    wide = trace.samples(LASTS)
    for a, b in pairwise([*times[:-1], min(times[-1], trace.n)]):
        levels = np.array([median(part) for part in blocks(trace.x[a:b], wide)[1:-1]])
        if len(levels) < 3:
            continue
        off = np.abs(levels - median(levels))
        if off.max() > max(CLEAR * max(trace.floor, mad(np.diff(levels))), least):
            at = (a + (int(off.argmax()) + 1) * wide) * trace.dt
            return f"the current has another level at {at:.4g} ms"
    return ""


def _pulse_beside(trace: Trace, ton: int, toff: int, least: float) -> str:
    """Say where near the place of a short pulse there is a higher one."""
    start, long = max(0, ton - trace.samples(WIDE)), toff - ton
    part = trace.x[start : toff + trace.samples(WIDE)]
    if long < 1 or len(part) < 3 * long:
        return ""
    off = part - median(part)
    means = np.abs(np.convolve(off, np.full(long, 1.0 / long), mode="valid"))
    best, here = int(np.argmax(means)), float(means[min(ton - start, len(means) - 1)])
    # of one that overlaps its place, as much is missing there as it is beside it
    near, apart = trace.samples(RIGHT), abs(start + best - ton) >= long
    higher = HIGHER if apart else 1.0 / (1.0 - 0.5 * near / max(near, long))
    clear = max(CLEAR * max(trace.floor, mad(part)), least)
    if means[best] > max(clear, higher * here) and abs(start + best - ton) > near:
        return f"the pulse is at {(start + best) * trace.dt:.4g} ms, and not at {ton * trace.dt:.4g} ms"
    return _part_of_pulse(off, start, ton, toff, near, trace.dt) if here > clear else ""


def _part_of_pulse(off: np.ndarray, start: int, ton: int, toff: int, near: int, dt: float) -> str:
    """Say where a pulse begins or ends of which two timings (samples) hold but a part; `off` (nA) starts at `start`."""
    a, b = ton - start, toff - start
    inside = off * np.sign(median(off[a:b])) > 0.5 * abs(median(off[a:b]))
    before = int(np.argmin(np.append(inside[:a][::-1], False)))
    after = int(np.argmin(np.append(inside[b:], False)))
    if before > near:
        return f"the pulse begins at {(ton - before) * dt:.4g} ms, and not at {ton * dt:.4g} ms"
    if after > near:
        return f"the pulse ends at {(toff + after) * dt:.4g} ms, and not at {toff * dt:.4g} ms"
    return ""


def _restless_beside(trace: Trace, edges: Mapping[str, int], given: Collection[str], least: float) -> str:
    """Say whether the current moves before the first timing, or after the last, as it does between them."""
    ton, toff, far = edges["ton"], edges["toff"], trace.samples(LONG)
    inside = _reach(trace.x[ton:toff])
    sides = {
        "ton": ("before", trace.x[max(0, ton - far) : ton]),
        "toff": ("after", trace.x[toff : toff + far]),
    }
    for name, (where, part) in sides.items():
        if name not in given and len(part) > far // 2 and _reach(part) > max(RESTLESS * inside, least):
            return f"the current moves as much {where} {edges[name] * trace.dt:.4g} ms"
    return ""


def _is_off(x: np.ndarray, near: int, at: int, edge: int, middle: float, up: bool) -> bool:
    """Whether the current, for 1 ms at least, is not on the side of a timing that it is to be on.

    An artefact at an edge hides where exactly that is, and not that it is later than 1 ms after a timing, or earlier.
    """
    late = edge > at
    part = x[at + near : edge] if late else x[edge : at - near]
    if len(part) < near:
        return False
    above = float(np.mean(part > middle))
    return (above if late != up else 1.0 - above) > MOSTLY


def _reach(x: np.ndarray) -> float:
    """How far (nA) most samples are apart."""
    low, high = np.quantile(x, (0.1, 0.9)) if len(x) else (0.0, 0.0)
    return float(high - low)


def _changes(trace: Trace, near: int, edges: Mapping[str, int], least: float) -> list[_Change]:
    """Measure the current on both sides of each timing, but where there is too little of it."""
    x, wide = trace.x, trace.samples(WIDE)
    times, found = [0, *edges.values(), len(x)], []
    whitener = Whitener(trace, trace.slow)
    for k, (name, at) in enumerate(edges.items(), 1):
        left = min(wide, at - times[k - 1] if k == 1 else (at - times[k - 1]) // 2)
        right = min(wide, times[k + 1] - at if k == len(edges) else (times[k + 1] - at) // 2)
        if min(left, right) < 3 * near or at > len(x):
            continue
        found.append(_change(trace, near, name, (at - left, at, at + right), least, whitener))
    return found


def _change(
    trace: Trace, near: int, name: str, span: tuple[int, int, int], least: float, whitener: Whitener
) -> _Change:
    """Measure the current on both sides of a timing, from the first of three samples to the last."""
    x, (start, at, end) = trace.x, span
    sides = x[start : at - near], x[at + near : end]
    old, new = (median(side) for side in sides)
    noise = max(trace.floor, *(mad(side) for side in sides))
    blur = (
        3.0 * noise / max(1.0, min(at - start, end - at) / near) ** 0.5
    )  # noise is correlated over about 1 ms
    if abs(new - old) <= least or not trace.resolved(new - old):
        return _Change(name, new - old, blur, False, at)
    if abs(new - old) > CLEAR * noise:
        edge = by_sides(x, near, start, end, old, new, noise)
        off = _is_off(x, near, at, edge.sample, 0.5 * (old + new), new > old)
        return _Change(name, new - old, blur, edge.right >= 1.0 - RISK or off, edge.sample)
    # no sample tells on which side of the edge it is, but all of them together may
    edge = whitener.split(start + near, end - near, start, end)
    clear = edge.right >= 1.0 - RISK and edge.jump * (new - old) > 0.0 and abs(edge.jump) > least
    return _Change(name, new - old, blur, clear, edge.sample)
