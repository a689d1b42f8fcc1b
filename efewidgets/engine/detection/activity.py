"""SineSpec and PinkNoise: a current that hardly rests between its first sample and its last.

Method. Baseline and noise come from the quiet ends of the sweep. Blocks of 2 ms that leave them are joined to
runs; the stimulus is the longest run that fluctuates (a constant run is a test pulse or another step).
Where it starts with a jump, the first sample out of the noise is the edge. Where it rises slowly, a parabola
through its first rise is followed back to the baseline, and its standard error says how sure that is.
A run that begins, or ends, with a short pulse and a long rest may have a test pulse for its limit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .brief import runs
from .flanks import within
from .trace import FLOOR, Trace, blocks, mad, median
from .window import SURE, Box, Doubt, Window, trust

ENDS = 20.0  # ms at either end of the sweep that are taken for baseline
BLOCK = 2.0  # ms
REST = 6.0  # ms of rest that don't end a run
SHORT = 30.0  # ms; a run that short, with rest around it, is a test pulse
PAUSE = 100.0  # ms of rest that a fluctuating stimulus may hold
PULSE = 60.0  # ms; what is as short, with a longer rest than that beside it, may be a test pulse
FLAT = 8.0  # ms of a constant current at a limit of noise: that of a test pulse
AT_REST = 0.2  # of the stimulus: what hum or a drift does in a rest
HIDDEN = 0.45  # ms; standard error of an edge under an artefact, which may be an action potential near it
BURST = 3.0  # ms that an artefact at an edge lasts
DROWNED = 20.0  # times the noise: a beginning of less that rises slowly is nowhere to be seen
JUMP = 8.0  # times the noise: a start that can't be missed
RISE = 60.0  # ms of a slow rise that are followed


def detect_activity(family: str, trace: Trace, given: Mapping[str, int]) -> Window:
    """Find the first and last sample of a stimulus that is never constant.

    Parameters
    ----------
    family : str
        Name of the family, for the sentence.
    trace : Trace
        The current.
    given : mapping of str to int
        Timings that are known (samples).
    """
    base, sigma, width = quiet(trace)
    noise = f"noise of {1e3 * sigma:.3g} pA"
    found = stretch(trace, base, sigma, width)
    if found is None:
        return Window(given, 0.0, f"no activity stands out of the {noise}", doubt=Doubt.NOTHING)
    start, end, parts = found
    top = float(np.quantile(np.abs(trace.x[start:end] - base), 0.98))
    edges, errors, right = {}, {}, 1.0
    for name, reverse in (("ton", False), ("toff", True)):
        if name in given:
            edges[name] = int(given[name])
            continue
        x = trace.x[::-1] if reverse else trace.x
        edge, error = leave(x - base, trace.n - end if reverse else start, sigma, top, trace)
        edges[name], errors[name] = (trace.n - edge if reverse else edge), error
        if family == "PinkNoise" and error > 0.1:
            error = max(error, HIDDEN)  # a slow start of noise has no shape to follow
        right *= within(error)
    confidence, doubt = trust(right), Doubt.NONE
    what = f"{family} of up to {1e3 * top:.0f} pA in a {noise}"
    if confidence < SURE:
        what, doubt = f"{what}, which blurs its limits", Doubt.NOISE
        if (
            DROWNED * sigma > top and np.inf in errors.values()
        ):  # whoever looks for them misses the same beginning
            doubt = Doubt.SHAPE
    if start <= width or end >= trace.n - 2 * width:
        confidence, what, doubt = (
            min(0.3, confidence),
            f"{what}, which reaches the end of the sweep",
            Doubt.SHAPE,
        )
    free = [name for name in edges if name not in given]
    if any(_begins_apart(trace, base, edges, top, name == "toff") for name in free):
        confidence, doubt = min(0.3, confidence), Doubt.SHAPE
        what = f"{what}, but a short pulse and a long rest are at its limit: that may be a test pulse"
    if family == "PinkNoise" and any(_is_flat(trace, base, sigma, edges, name == "toff") for name in free):
        confidence, doubt = min(0.3, confidence), Doubt.SHAPE
        what = f"{what}, but the current is constant at its limit: that may be a test pulse"
    if parts > 1:
        confidence, doubt = min(0.3, confidence), Doubt.SHAPE
        what = (
            f"{what}, but so does the current elsewhere, after a long rest: it may be a part of the stimulus"
        )
    box = Box(edges["ton"], edges["toff"], top)
    return Window(edges, confidence, what, boxes=(box,), errors=errors, doubt=doubt)


def _begins_apart(trace: Trace, base: float, edges: Mapping[str, int], top: float, reverse: bool) -> bool:
    """Whether what begins (or, in reverse, ends) a stimulus is short, and apart from the rest of it."""
    ton, toff, reach = edges["ton"], edges["toff"], trace.samples(2.0 * PULSE + PAUSE)
    part = trace.x[max(ton, toff - reach) : toff][::-1] if reverse else trace.x[ton : min(ton + reach, toff)]
    off = blocks(part - base, trace.samples(BLOCK))
    rests = runs((off**2).mean(axis=1) < (AT_REST * top) ** 2)
    return any(a * BLOCK <= PULSE and (b - a) * BLOCK > PAUSE for a, b in rests)


def _is_flat(trace: Trace, base: float, sigma: float, edges: Mapping[str, int], reverse: bool) -> bool:
    """Whether noise begins (or, in reverse, ends) with a constant current off the baseline, which is none of it."""
    reach = trace.samples(FLAT + BLOCK)  # the first block may hold a slope
    part = (
        trace.x[max(0, edges["toff"] - reach) : edges["toff"]] if reverse else trace.x[edges["ton"] :][:reach]
    )
    off = blocks((part[::-1] if reverse else part) - base, trace.samples(BLOCK))[1:]
    if not len(off):
        return False
    means = off.mean(axis=1)
    return bool(
        np.abs(means).min() > 5.0 * sigma
        and np.ptp(means) < 3.0 * sigma
        and off.std(axis=1).max() < 2.0 * sigma
    )


def quiet(trace: Trace) -> tuple[float, float, int]:
    """Measure baseline (nA), noise of a sample (nA), and samples in a block."""
    ends = max(4, min(trace.samples(ENDS), trace.n // 8))
    sides = trace.x[:ends], trace.x[-ends:]
    side = min(sides, key=lambda x: float(np.std(x)))
    sigma = max(FLOOR, mad(side), 0.8 * float(np.std(side)))
    both = [x for x in sides if float(np.std(x)) < 2.0 * sigma]
    return float(np.mean(np.concatenate(both or [side]))), sigma, trace.samples(BLOCK)


def joined(found: np.ndarray, rest: float) -> np.ndarray:
    """Join runs of blocks, shape (k, 2), between which there are at most so many ms."""
    if not len(found):
        return found
    breaks = (found[1:, 0] - found[:-1, 1]) * BLOCK > rest
    return np.stack([found[np.r_[True, breaks], 0], found[np.r_[breaks, True], 1]], axis=1)


def stretch(trace: Trace, base: float, sigma: float, width: int) -> tuple[int, int, int] | None:
    """Find first and last sample, to about a block, of the longest run that fluctuates, and how many of them last."""
    y = blocks(trace.x, width) - base
    if len(y) < 8:
        return None
    means, ends = y.mean(axis=1), max(3, int(min(trace.samples(ENDS), trace.n // 8) / width))
    slow = max(sigma / width**0.5, min(float(np.std(m)) for m in (means[:ends], means[-ends:])))
    busy = (np.abs(means) > 5.0 * slow) | (y.std(axis=1) > 2.5 * sigma)
    found = joined(runs(busy), REST)
    if not len(found):
        return None
    rest = np.concatenate(
        ([np.inf], found[1:, 0] - found[:-1, 1], [np.inf])
    )  # before, between and after them
    long = found[:, 1] - found[:, 0]
    alone = (long * BLOCK <= SHORT) & (np.minimum(rest[:-1], rest[1:]) > long)
    moving = [float(np.std(means[a + 1 : b - 1])) > 2.5 * slow if b - a > 3 else False for a, b in found]
    lively = joined(found[~alone & np.array(moving)], PAUSE)  # not artefacts, test pulses and other steps
    if not len(lively):
        return None
    lasts = lively[:, 1] - lively[:, 0]
    a, b = lively[np.argmax(lasts)].tolist()
    parts = int(np.sum(lasts * BLOCK > PAUSE))
    return (a * width, b * width, parts) if (b - a) * BLOCK > 2.0 * PAUSE else None


def leave(off: np.ndarray, start: int, sigma: float, top: float, trace: Trace) -> tuple[int, float]:
    """Find the sample at which a deviation begins for good, near a coarse one, and its standard error (ms)."""
    low, high = max(0, start - trace.samples(6 * BLOCK)), min(len(off), start + trace.samples(RISE))
    part = off[low:high]
    hold = trace.samples(0.5)
    out = np.sign(part) * (np.abs(part) > 4.0 * sigma)
    lasting = np.abs(np.convolve(out, np.ones(hold), mode="full")[hold - 1 :]) >= 0.9 * hold
    if not lasting[: len(part)].any():
        return low, np.inf
    k = int(np.argmax(lasting))
    part = part if median(part[k : k + hold]) > 0 else -part
    burst, first = part[k : k + trace.samples(BURST)], median(part[k : k + hold])
    later = part[k + trace.samples(BURST) : k + trace.samples(4 * BURST)]
    stays = len(later) > 0 and np.abs(later).max() > 0.5 * first  # an action potential doesn't
    if np.abs(burst).max() > 1.25 * top:  # an artefact higher than the stimulus, decaying from the edge
        at, error = k + int(np.argmax(np.abs(np.diff(burst)))) + 1, HIDDEN
    elif stays and first > JUMP * sigma and (k == 0 or part[k - 1] < 0.5 * first):
        at, error = k, 0.1
    else:
        far = np.flatnonzero(part[k:] > 0.4 * top)
        until = k + (int(far[0]) if len(far) else len(part) - k)
        at, error = rise(part[k:until], sigma, trace.dt)
        at += k
    edge = low + at
    before = off[max(0, edge - trace.samples(8.0)) : max(0, edge - trace.samples(0.5))]
    return edge, error if rested(before, sigma, trace) else np.inf


def rested(before: np.ndarray, sigma: float, trace: Trace) -> bool:
    """Whether the current stays at the baseline, as far as means over 2 ms can tell."""
    means = blocks(before[::-1], trace.samples(BLOCK)).mean(axis=1)
    return len(means) > 0 and float(np.abs(means).max()) < 4.0 * sigma / trace.samples(BLOCK) ** 0.5


def rise(part: np.ndarray, sigma: float, dt: float) -> tuple[int, float]:
    """Follow a slow rise back to the baseline: samples from its first one, standard error (ms)."""
    if len(part) < 8:
        return 0, np.inf
    t = np.arange(len(part)) * dt
    design = np.stack([np.ones_like(t), t, t**2], axis=1)
    normal = np.linalg.pinv(np.einsum("ij,ik->jk", design, design), rcond=1e-14)
    beta = normal @ np.einsum("ij,i->j", design, part)
    roots = np.roots(beta[::-1])
    roots = roots[np.isreal(roots)].real
    if not len(roots):
        return 0, np.inf
    root = float(roots[np.argmin(np.abs(roots))])
    slope, gradient = float(beta[1] + 2.0 * beta[2] * root), np.array([1.0, root, root**2])
    error = sigma * float(np.sqrt(gradient @ normal @ gradient)) / max(abs(slope), FLOOR)
    return round(root / dt), 2.5 * error + 0.05 * abs(root)  # the rise needn't be a parabola
