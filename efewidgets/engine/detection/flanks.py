"""Ramps and cheops: straight flanks between a baseline and a peak.

Method. The whole shape is fitted at once to block means by least squares with bisquare weights (Gauss-Newton;
Holland & Welsch 1977, Commun. Stat. 6:813): holding current, slopes and the timings at which lines meet. The
artefacts of action potentials lose their weight. The standard errors of the timings, inflated by the
correlation of what is left, say how sure they are. A ramp's end is a jump, placed as in `edges`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf

import numpy as np

from .brief import runs
from .edges import RIGHT, Edge, Whitener, dot, refine
from .trace import FLOOR, Trace, blocks, mad, median
from .window import SURE, Box, Doubt, Window, trust

CHEOPS = ("ton", "t1", "t2", "t3", "t4", "toff")
POINTS = 2000  # of a fit, about
BASELINE = 10.0  # ms of baseline before a ramp, without which its start rests on the line alone
BEFORE = -1e9  # sample that counts as before any ramp: baseline
BATCHES = 24  # long means of what a fit leaves
ROUNDS = 15  # of a fit, at most
CLEAR = 8.0  # times the noise of a block: a peak or a jump
UNLIKE = 0.25  # of their height: triangles that aren't alike

Shape = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def within(error: float) -> float:
    """Probability that a normal error of that standard deviation (ms) stays within 1 ms."""
    return erf(RIGHT / max(error, 1e-6) / 2**0.5)


def fit(shape: Shape, start: np.ndarray, t: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Robust least squares.

    Parameters
    ----------
    shape : callable
        Parameters and times to the current, shape (m,), and its derivatives, shape (m, p).
    start : numpy.ndarray, shape (p,)
        Parameters to start from.
    t, y : numpy.ndarray, shape (m,)
        Time and current of each block.

    Returns
    -------
    numpy.ndarray, shape (p,)
        Parameters.
    numpy.ndarray, shape (p,)
        Their standard errors; inf if the fit failed.
    """
    best = start.astype(float)
    value, slope = shape(best, t)
    weight, scale = np.ones(len(t)), FLOOR
    for k in range(ROUNDS):
        rest = y - value
        scale = max(mad(rest), FLOOR)
        if k >= 3:  # while the start is still far off, everything is an outlier
            weight = np.clip(1.0 - (rest / (4.685 * scale)) ** 2, 0.0, None) ** 2
        inverse = spread(slope, weight)
        move = inverse @ np.einsum("ij,i,i->j", slope, weight, rest)
        best = best + move
        value, slope = shape(best, t)
        if not np.isfinite(value).all():
            return start, np.full(len(start), np.inf)
        if k > 3 and np.all(np.abs(move) <= 1e-6 * (1.0 + np.abs(best))):
            break
    rest = np.clip(y - value, -4.0 * scale, 4.0 * scale)
    # neighbours that err together carry less: effective size of an autoregressive sample
    rho = min(0.98, max(0.0, dot(rest[1:], rest[:-1]) / max(dot(rest, rest), FLOOR**2)))
    inflation = max((1.0 + rho) / (1.0 - rho), wander(rest))
    variance = np.diag(spread(slope, weight)) * scale**2 * inflation
    return best, np.sqrt(np.where(variance > 0.0, variance, np.inf))


def wander(rest: np.ndarray) -> float:
    """How many times the variance of long means exceeds that of independent samples (batch means).

    A baseline that shifts or wanders shows there, however little it is beside the noise of a sample.
    """
    length = len(rest) // BATCHES
    if length < 4:
        return 1.0
    means = blocks(rest, length).mean(axis=1)
    return float(length * np.mean(means**2) / max(float(np.mean(rest**2)), FLOOR**2))


def spread(slope: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Invert the weighted normal matrix of least squares; the columns differ by orders of magnitude."""
    size = np.sqrt(np.einsum("ij,i,ij->j", slope, weight, slope))
    size[size == 0.0] = np.inf
    slope = slope / size
    inverse: np.ndarray = np.linalg.pinv(np.einsum("ij,i,ik->jk", slope, weight, slope), rcond=1e-12)
    return inverse / np.outer(size, size)


def ramp_shape(p: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw a holding current p[0] until p[2], then a slope of p[1]."""
    on = (t > p[2]).astype(float)
    return p[0] + p[1] * on * (t - p[2]), np.stack([np.ones_like(t), on * (t - p[2]), -p[1] * on], axis=1)


def cheops_shape(p: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw three triangles of height p[1] on p[0], between p[2] and p[3], p[4] and p[5], p[6] and p[7]."""
    value, slope = np.full(len(t), p[0]), np.zeros((len(t), 8))
    slope[:, 0] = 1.0
    for k in (2, 4, 6):
        a, b = p[k], p[k + 1]
        half, middle = 0.5 * (b - a), 0.5 * (a + b)
        up, down = (t > a) & (t <= middle), (t > middle) & (t < b)
        rising, falling = (t[up] - a) / half, (b - t[down]) / half
        value[up] += p[1] * rising
        value[down] += p[1] * falling
        slope[up, 1], slope[down, 1] = rising, falling
        slope[up, k], slope[up, k + 1] = p[1] * (0.5 * rising - 1.0) / half, -0.5 * p[1] * rising / half
        slope[down, k], slope[down, k + 1] = 0.5 * p[1] * falling / half, p[1] * (1.0 - 0.5 * falling) / half
    return value, slope


def points(trace: Trace, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Time (samples) and mean of blocks of a stretch."""
    width = max(1, (end - start) // POINTS)
    y = blocks(trace.x[start:end], width).mean(axis=1)
    return start + (np.arange(len(y)) + 0.5) * width - 0.5, y


def detect_ramp(trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the timings of a ramp: where it leaves the baseline and where it jumps back.

    Parameters
    ----------
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    jump = ramp_end(trace)
    end = Edge(given["toff"], 1.0, 0.0) if "toff" in given else jump
    if end is None:
        return Window(given, 0.0, "no ramp ends in a jump that stands out", doubt=Doubt.NOTHING)
    if "ton" in given:
        edges = {"ton": given["ton"], "toff": end.sample}
        return Window(edges, trust(end.right), "ramp of which the start is given")
    # beside an end that is given the current may go on, or jump and overshoot: neither the line nor the baseline
    near = jump is not None and abs(jump.sample - end.sample) <= trace.samples(5.0)
    start, slope, error = ramp_start(trace, jump.sample if jump is not None and near else end.sample)
    early = start < trace.samples(BASELINE)
    # a line that meets the baseline before the sweep begins: the ramp began with the sweep, or it is none
    if not -0.03 * end.sample <= start < end.sample or not np.isfinite(error):
        reason = "the ramp doesn't start from the baseline"
        return Window({**given, "toff": end.sample}, 0.0, reason, doubt=Doubt.SHAPE)
    start = max(0.0, start)
    edges, peak = {"ton": round(start), "toff": end.sample}, slope * (end.sample - start)
    confidence = trust(end.right * within(error))
    doubt = Doubt.NONE if confidence >= SURE else Doubt.NOISE
    reason = (
        f"ramp of {1e3 * peak:.0f} pA that starts at {start * trace.dt:.4g} ms, give or take {error:.2g} ms"
    )
    if early:
        confidence, doubt = min(0.4, confidence), Doubt.SHAPE
        reason = f"{reason}; there is hardly any baseline before it"
    if "toff" not in given and abs(end.jump + peak) > 0.3 * abs(peak):
        confidence, doubt = min(0.4, confidence), Doubt.SHAPE
        reason = "the current doesn't jump back from the ramp to the baseline"
    box = Box(edges["ton"], edges["toff"], peak)
    return Window(edges, confidence, reason, boxes=(box,), errors={"ton": error, "toff": 0.1}, doubt=doubt)


def ramp_start(trace: Trace, end: int) -> tuple[float, float, float]:
    """Find where a ramp that ends at a sample starts (samples), its slope (nA a sample), standard error (ms)."""
    last = max(4, end - trace.samples(2.0))
    t, y = points(trace, 0, last)
    rising = len(t)
    base, settled = float(y[0]), end + trace.samples(5.0)  # the jump back overshoots for a while
    if trace.n - settled > trace.samples(10.0):
        _, after = points(trace, settled, trace.n)
        base = median(after)
        t, y = np.concatenate((t, np.full(len(after), BEFORE))), np.concatenate((y, after))
    p, errors = fit(ramp_shape, _ramp_guess(t[:rising], y[:rising], base, last), t, y)
    error = float(np.hypot.reduce([errors[2], misfit(p, t, y, last), shifted(p, trace, settled)])) * trace.dt
    return float(p[2]), float(p[1]), error


def _ramp_guess(t: np.ndarray, y: np.ndarray, base: float, last: int) -> np.ndarray:
    """Guess base (nA), slope (nA a sample) and start (samples) of a ramp: the better one of two ways.

    A line through the later part of what lies before the end, which bears with noise; or from a quarter to three
    quarters of the height, which finds a ramp that fills a small part of the sweep.
    """
    late = (t > 0.4 * last) & (t < 0.95 * last)
    slope, level = np.polyfit(t[late], y[late], 1)
    lines = [(float(slope), float(level))]
    top = median(y[-max(1, len(y) // 100) :]) - base
    low, high = (np.flatnonzero((y - base) * np.sign(top) < part * abs(top)) for part in (0.25, 0.75))
    if top and len(low) and t[high[-1]] > t[low[-1]]:
        slope = 0.5 * top / (t[high[-1]] - t[low[-1]])
        lines.append((slope, base + 0.25 * top - slope * t[low[-1]]))
    guesses = [
        np.array([base, slope, np.clip((base - level) / slope if slope else 0.0, 0.0, 0.98 * last)])
        for slope, level in lines
    ]
    return min(guesses, key=lambda p: float(np.abs(y - ramp_shape(p, t)[0]).sum()))


def shifted(p: np.ndarray, trace: Trace, settled: int) -> float:
    """How far (samples) the start moves if only the current before the ramp, or only that after it, is baseline."""
    before, after = trace.x[: max(0, int(p[2]) - trace.samples(2.0))], trace.x[settled:]
    if min(len(before), len(after)) < trace.samples(BASELINE):
        return 0.0
    noise = (np.var(before) / len(before) + np.var(after) / len(after)) ** 0.5
    off = max(0.0, abs(float(np.mean(before) - np.mean(after))) - 2.0 * float(noise))
    return off / max(abs(float(p[1])), FLOOR * FLOOR)


def misfit(p: np.ndarray, t: np.ndarray, y: np.ndarray, last: int) -> float:
    """How far (samples) the current around the start of a ramp would move it, against the fit of the whole."""
    rest = y - ramp_shape(p, t)[0]
    near = 0.05 * (last - p[2])
    sides = [rest[(t >= 0) & (t <= p[2]) & (t > p[2] - near)], rest[(t > p[2]) & (t < p[2] + near)]]
    # what the noise alone may do is no misfit
    off = [max(0.0, abs(median(r)) - 3.0 * mad(r) / len(r) ** 0.5) for r in sides if len(r) > 3]
    return 0.5 * float(np.hypot.reduce(off)) / max(abs(float(p[1])), FLOOR * FLOOR) if off else 0.0


def ramp_end(trace: Trace) -> Edge | None:
    """Find the jump at the end of a ramp: the largest change between blocks that isn't a slope."""
    y = trace.coarse
    change = y[2:] - y[:-2]  # a jump within a block shows between its neighbours
    change = change - np.median(change)
    k = int(np.argmax(np.abs(change)))
    if abs(change[k]) < CLEAR * max(mad(change), FLOOR):
        return None
    coarse = round((k + 1.5) * trace.width)
    whitener = Whitener(trace, trace.slow)
    return refine(trace, coarse, max(0, coarse - 4 * trace.width), trace.n, whitener)


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
    base = 0.5 * (median(y[:2]) + median(y[-2:]))
    sign = 1.0 if float((y - base).max()) > float((base - y).max()) else -1.0
    top = float((sign * (y - base)).max())
    if top < CLEAR * max(mad(np.diff(y)), FLOOR):
        return Window(given, 0.0, "no triangle stands out of the noise", doubt=Doubt.NOTHING)
    found = runs(sign * (y - base) > 0.5 * top)
    found = found[np.diff(found, axis=1)[:, 0] >= 2] * trace.width
    if len(found) != 3:
        return Window(given, 0.0, f"{len(found)} triangle(s) where three are due", doubt=Doubt.SHAPE)
    middle, half = found.mean(axis=1), np.diff(found, axis=1)[:, 0].astype(float)
    guess = np.stack([middle - half, middle + half], axis=1).ravel()  # half as wide at half its height
    t, y = points(trace, 0, trace.n)
    p, errors = fit(cheops_shape, np.concatenate(([base, sign * top], guess)), t, y)
    edges = {k: round(v) for k, v in zip(CHEOPS, p[2:].tolist(), strict=True)} | dict(given)
    spread = {k: float(e) * trace.dt for k, e in zip(CHEOPS, errors[2:], strict=True) if k not in given}
    confidence = trust(float(np.prod([within(e) for e in spread.values()])))
    worst = max(spread.values(), default=0.0)
    reason = f"three triangles of {1e3 * float(p[1]):.0f} pA, their ends within {worst:.2g} ms"
    doubt = Doubt.NONE if confidence >= SURE else Doubt.NOISE
    if not _alike(p, t, y):
        confidence, doubt = min(0.4, confidence), Doubt.SHAPE
        reason = f"{reason}, but they are not of one height"
    return Window(edges, confidence, reason, errors=spread, doubt=doubt)


def _alike(p: np.ndarray, t: np.ndarray, y: np.ndarray) -> bool:
    """Whether three triangles are as high as the fit that they share."""
    for a, b in zip(p[2::2], p[3::2], strict=True):
        top = y[np.abs(t - 0.5 * (a + b)) < 0.05 * abs(b - a)] - p[0]
        if len(top) and abs(median(top) - p[1]) > UNLIKE * abs(p[1]):
            return False
    return True
