"""Ramps and cheops: straight flanks between a baseline and a peak.

Method. A flank is fitted with a line by iteratively reweighted least squares on block medians (Holland &
Welsch 1977, bisquare weights), between 10 % and 90 % of its height; a timing is where that line meets the
baseline, or where the current jumps. The standard errors of both lines say how sure the crossing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erf

import numpy as np

from .edges import RIGHT, Edge, Whitener, refine
from .pulses import runs
from .trace import FLOOR, Trace, mad
from .window import Window

CHEOPS = ("ton", "t1", "t2", "t3", "t4", "toff")


def line(t: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Robust straight line: height at the mean of `t`, slope, covariance (2, 2)."""
    u = t - t.mean()
    design = np.stack([np.ones_like(u), u], axis=1)
    weight = np.ones(len(t))
    beta = np.zeros(2)
    for _ in range(6):
        root = weight[:, None] * design
        beta = np.linalg.lstsq(root.T @ design, root.T @ y, rcond=None)[0]
        rest = y - design @ beta
        scale = max(mad(rest), FLOOR)
        weight = np.clip(1.0 - (rest / (4.685 * scale)) ** 2, 0.0, None) ** 2
    # neighbouring residuals hang together: inflate by their correlation
    rest = np.clip(y - design @ beta, -4.0 * scale, 4.0 * scale)
    rho = float(rest[1:] @ rest[:-1]) / max(float(rest @ rest), FLOOR**2)
    inflate = (1.0 + max(0.0, rho)) / max(0.02, 1.0 - max(0.0, rho))
    covariance = np.linalg.pinv(design.T @ (weight[:, None] * design)) * scale**2 * inflate
    return float(beta[0]), float(beta[1]), covariance


def within(error: float) -> float:
    """Probability that a normal error of that standard deviation (ms) stays within 1 ms."""
    return erf(RIGHT / max(error, 1e-6) / 2**0.5)


def crossing(trace: Trace, start: int, end: int, base: float, base_error: float) -> tuple[float, float]:
    """Where the line through the samples from `start` to `end` meets the baseline, and its error (ms)."""
    width = max(1, (end - start) // 200)
    m = (end - start) // width
    if m < 8:
        return 0.5 * (start + end), np.inf
    y = np.median(trace.x[start : start + m * width].reshape(m, width), axis=1)
    t = start + (np.arange(m) + 0.5) * width - 0.5
    height, slope, covariance = line(t, y)
    if slope == 0.0:
        return 0.5 * (start + end), np.inf
    back = (base - height) / slope
    variance = (covariance[0, 0] + back**2 * covariance[1, 1] + base_error**2) / slope**2
    return float(t.mean() + back), float(np.sqrt(variance)) * trace.dt


def baseline(trace: Trace, stretches: list[tuple[int, int]]) -> tuple[float, float]:
    """Median current of the quiet stretches and its standard error (nA)."""
    x = np.concatenate([trace.x[a:b] for a, b in stretches if b > a])
    if len(x) < 4:
        return float(np.median(x)) if len(x) else 0.0, np.inf
    width = max(1, min(len(x) // 8, trace.samples(1.0)))
    m = len(x) // width
    y = x[: m * width].reshape(m, width).mean(axis=1)
    keep = y[np.abs(y - np.median(y)) <= 3.0 * max(mad(y), FLOOR)]  # a median would be as coarse as the ADC
    return float(keep.mean()), max(FLOOR, mad(y) / m**0.5)


def detect_ramp(trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the timings of a ramp: where it leaves the baseline and where it jumps back.

    Parameters
    ----------
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    y = trace.coarse
    if "toff" in given:
        top = Edge(int(given["toff"]), 1.0, 0.0)
    else:
        slopes = np.diff(y)
        steps = slopes - np.median(slopes)
        k = int(np.argmax(np.abs(steps[1:]))) + 1
        if np.abs(steps[k]) < 8.0 * max(mad(slopes), FLOOR):
            return Window(dict(given), 0.0, "no ramp ends in a jump that stands out")
        coarse = (k + 1) * trace.width
        whitener = Whitener(trace, np.array([0, coarse, trace.n]), np.array([0.0, 0.0]))
        top = refine(trace, coarse, max(0, coarse - 4 * trace.width), trace.n, whitener)
    head, tail = (0, 0), (top.sample + trace.samples(5.0), trace.n)
    if "ton" in given:
        start, error = float(given["ton"]), 0.0
    else:
        base, base_error = baseline(trace, [tail])
        start, error = 0.0, np.inf
        for _ in range(3):
            a = int(max(0.0, start) + 0.05 * (top.sample - max(0.0, start)))
            b = int(top.sample - 0.02 * (top.sample - a)) - trace.samples(2.0)
            start, error = crossing(trace, a, b, base, base_error)
            if not 0 <= start < top.sample:
                break
            head = (0, max(0, int(start) - trace.samples(2.0)))
            if head[1] > trace.samples(5.0):
                base, base_error = baseline(trace, [head])
    if not 0 <= start < top.sample:
        return Window({**given, "toff": top.sample}, 0.0, "the ramp does not start from the baseline")
    confidence = min(top.confidence, within(error))
    reason = f"ramp that starts within {error:.2g} ms of {start * trace.dt:.4g} ms"
    return Window({"ton": round(start), "toff": top.sample}, min(0.99, confidence), reason)


def detect_cheops(trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the six timings of three triangles one after the other.

    Parameters
    ----------
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    y = trace.coarse
    off = y - 0.5 * (y[0] + y[-1])
    sign = 1.0 if off.max() > -off.min() else -1.0
    top = float((sign * off).max())
    if top < 6.0 * max(mad(np.diff(y)), FLOOR):
        return Window(dict(given), 0.0, "no triangle stands out of the noise")
    found = runs(sign * off > 0.5 * top)
    found = found[np.diff(found, axis=1)[:, 0] >= 2]
    if len(found) != 3:
        return Window(dict(given), 0.0, f"{len(found)} triangle(s) where three are due")
    edges: dict[str, int] = {}
    worst = 0.0
    middle, half = found.mean(axis=1) * trace.width, np.diff(found, axis=1)[:, 0] * trace.width
    starts, ends = middle - 1.03 * half, middle + 1.03 * half  # at half height a triangle is half as wide
    quiet = [
        (a, b) for a, b in zip([0, *ends.astype(int)], [*starts.astype(int), trace.n], strict=True) if b > a
    ]
    base, base_error = baseline(trace, quiet)
    for name, k in zip(CHEOPS, range(6), strict=True):
        if name in given:
            edges[name] = int(given[name])
            continue
        side = 1 if k % 2 else -1
        flank = sorted(
            (middle[k // 2] + side * 0.1 * half[k // 2], middle[k // 2] + side * 0.9 * half[k // 2])
        )
        at, error = crossing(trace, max(0, int(flank[0])), min(trace.n, int(flank[1])), base, base_error)
        edges[name], worst = round(at), max(worst, error)
    order = list(edges.values())
    if order != sorted(order) or order[0] < 0 or order[-1] > trace.n:
        return Window(edges, 0.0, "the flanks of the triangles do not follow each other")
    return Window(edges, min(0.99, within(worst)), f"three triangles of {1e3 * sign * top:.0f} pA")
