"""What speaks for each kind of stimulus in one current, as explanations that compete.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .activity import quiet, stretch
from .flanks import cheops_shape, detect_cheops
from .outlines import Outline, Run, in_words, main_run, outline, spread_of, unexplained
from .pulses import detect_train, uneven
from .trace import FLOOR, Trace, mad, median
from .waves import half_waves, sine_like, without_spikes
from .window import Box

NOTHING, OTHER = "nothing", "something else"
#: kinds of stimuli, and the eCode that reads each
NAMES = {
    "step": "Step",
    "short pulse": "Step",
    "pulse train": "SpikeRec",
    "ramp": "Ramp",
    "sAHP": "SAHP",
    "hyper-depolarising pair": "HyperDePol",
    "de-hyperpolarising pair": "DeHyperPol",
    "cheops, up": "PosCheops",
    "cheops, down": "NegCheops",
    "sine sweep": "SineSpec",
    "noise": "PinkNoise",
    "capacitance check": "CapCheck",
    NOTHING: "",
    OTHER: "",
}
MOST = 0.97  # confidence that one current gives
EXCITES = 6.0  # ms; a lone pulse as short as this evokes a spike; a longer one may be a test pulse
SHORT = 25.0  # ms; no step
PULSE = 100.0  # ms; what lasts longer is no pulse of a train
TEST = 0.15  # of the charge of the stimulus: a test pulse or a shift beside it
LARGE_TEST = 0.5  # of it: it may as well be another stimulus
FITS = 0.15  # of the charge: what an explanation may leave unexplained
CROOKED = 0.03  # of the height of a ramp: how far it may be from a straight line
RESTS = 0.15  # of the height of a ramp: how far from its baseline the current may be before and after it
ALIKE = 0.2  # relative: widths, heights and distances of the pulses of a train
BIN = 0.5  # ms
PIECE = 100.0  # ms
SIDE = 15.0  # ms that tell the noise at rest
ROUGH = 4.0  # times the noise at rest: the stimulus itself is restless,
COARSE = 0.03  # of its height
CLOCK = 0.3  # ms; what comes by a clock is as regular as that
CLEAR = 0.8  # levels as sure as that need no other explanation
SECURE = 20.0  # times the noise of a block: a level whose shape can't be mistaken


@dataclass(frozen=True)
class Sight:
    """One explanation of a current: the kind of stimulus, how well that explains it (0 to 1), what is seen."""

    kind: str
    confidence: float
    reason: str

    def less(self, factor: float, but: str = "") -> Sight:
        """Return the same with less confidence."""
        words = f"{self.reason}, but {but}" if but else self.reason
        return replace(self, confidence=self.confidence * factor, reason=words)


def explanations(trace: Trace) -> list[Sight]:
    """List what a current may be, the likeliest first; at least one."""
    seen = outline(trace)
    found = list(by_levels(seen))
    if max((one.confidence for one in found), default=0.0) < CLEAR:
        found += by_slopes(trace)
    pulses = list(by_pulses(trace)) if _has_peaks(trace, seen) else []
    train = max((one.confidence for one in pulses), default=0.0)
    waves = list(by_waves(trace))
    noise = max((one.confidence for one in waves if one.kind == "noise"), default=0.0)
    # a current that is restless in itself is none of levels or slopes, and a train is no noise
    found = [one.less(1.0 - 0.7 * noise * (1.0 - train)) for one in found] + pulses
    found += [one.less((1.0 - train) ** 2) if one.kind == "noise" else one for one in waves]
    found = sorted(found, key=lambda one: -one.confidence)
    if not found:
        return [_nothing_or_other(trace, seen)]
    rest = 1.0 - found[0].confidence
    if rest > found[0].confidence:
        found.insert(0, Sight(OTHER, min(0.45, rest), f"no known stimulus: most like {found[0].reason}"))
    return found


def _nothing_or_other(trace: Trace, seen: Outline) -> Sight:
    words = f"nothing stands out of a noise of {1e3 * trace.noise:.2g} pA"
    top = float(np.abs(trace.coarse - seen.base).max())
    if top > 8.0 * seen.sigma and top > 2e-3 and seen.unexplained > FITS:
        return Sight(OTHER, 0.4, f"changes of up to {1e3 * top:.3g} pA that are no known stimulus")
    return Sight(NOTHING, 0.9 if trace.noise < 0.02 else 0.6, words)


def _fit(share: float, fits: float = FITS) -> float:
    """Confidence of an explanation by what it leaves unexplained: 1 for nothing, half at `fits`."""
    return MOST / (1.0 + (max(0.0, share) / fits) ** 2)


# --- constant levels


def by_levels(seen: Outline) -> Iterator[Sight]:
    """Explain a current by constant levels: steps, pairs, sAHP, trains of long pulses."""
    main = main_run(seen)
    if main is None:
        return
    run, others = main
    levels = [0.0, *(one.height for one in run), 0.0]
    worth = _fit(seen.unexplained) * _secure(min(abs(b - a) for a, b in pairwise(levels)) / seen.sigma)
    if seen.drift > 0.3 * seen.top:  # what is taken for drift may be the ramp
        worth *= 0.5
    if len(seen.runs) > 2:
        yield from (one.less(worth / MOST) for one in _train(seen))
    one = _of_run(run, seen)
    if others > TEST and one.kind != OTHER:
        one = one.less(float(np.interp(others, (TEST, LARGE_TEST), (0.9, 0.3))), "beside another one")
    yield one.less(worth / MOST)


def _secure(stands: float) -> float:
    return float(np.interp(stands, (4.0, 8.0, SECURE), (0.4, 0.85, 1.0)))


def _of_run(run: Run, seen: Outline) -> Sight:
    """Say what levels that follow each other without rest are."""
    trace, words = seen.trace, in_words(run, seen.trace)
    long = seen.ms(run[-1].end - run[0].start)
    cut = run[-1].end >= trace.n
    heights = [one.height for one in run]
    # the transients at the edges of a short pulse may look like levels
    found = Sight(OTHER, 0.6 if long > SHORT else 0.3, f"{len(run)} levels: {words}")
    if len(run) == 1:
        found = _single(long, words)
    elif len(run) == 2 and heights[0] * heights[1] < 0:
        kind = "hyper-depolarising pair" if heights[0] < 0 else "de-hyperpolarising pair"
        found = Sight(kind, MOST, words)
        if min(map(abs, heights)) < 0.1 * max(map(abs, heights)):
            found = found.less(0.5, "one of them is hardly a step")
    elif len(run) == 3:
        found = _three(run, words)
    return found.less(0.6, "it lasts to the end of the sweep") if cut else found


def _single(long: float, words: str) -> Sight:
    if long > SHORT:
        return Sight("step", MOST, words)
    if long > EXCITES:
        return Sight("short pulse", 0.45, f"{words}: it may be a test pulse")
    return Sight("short pulse", 0.75, words)


def _three(run: Run, words: str) -> Sight:
    """Say whether three levels are a step upon a step."""
    first, middle, last = (one.height for one in run)
    step = min(abs(middle - first), abs(middle - last))
    if abs(first - last) <= 0.3 * step and first * last > 0:
        return Sight("sAHP", MOST, words)
    return Sight(OTHER, 0.6, f"three levels: {words}")


def _train(seen: Outline) -> Iterator[Sight]:
    """Say whether runs with rests between them are a train."""
    runs = [run for run in seen.runs if len(run) == 1]
    if len(runs) < max(3, len(seen.runs) - 1):
        return
    boxes = [Box(run[0].start, run[0].end, run[0].height) for run in runs]
    yield from _pulses(boxes, seen.trace)


# --- short pulses


def _has_peaks(trace: Trace, seen: Outline) -> bool:
    """Whether samples stand out that the levels don't account for."""
    if trace.width < 3:
        return len(seen.runs) > 1
    m = len(trace.coarse) * trace.width
    off = np.abs(trace.x[:m].reshape(-1, trace.width) - trace.coarse[:, None])
    brief = max(1, trace.samples(0.2))
    peak = float(np.partition(off.max(axis=1), -1)[-1])
    enough = (off > max(0.5 * peak, 8.0 * trace.noise)).sum() >= brief
    return len(seen.runs) > 1 or bool(enough and peak > 0.5 * seen.top)


def by_pulses(trace: Trace) -> Iterator[Sight]:
    """Explain a current by short pulses, of one sign or of both."""
    for family in ("CapCheck", "SpikeRec"):
        window = detect_train(family, trace, {})
        if not window.boxes:
            continue
        boxes = list(window.boxes)
        left = _beside_pulses(boxes, trace)
        yield from (one.less(_fit(left) / MOST) for one in _pulses(boxes, trace))


def _beside_pulses(boxes: Sequence[Box], trace: Trace) -> float:
    """Share of the peaks that are as high as half a pulse, but none."""
    ends = min(trace.samples(5.0), trace.n // 4)
    base = float(np.median([median(trace.x[:ends]), median(trace.x[-ends:]), median(trace.x)]))
    high = np.abs(trace.x - base) > 0.5 * min(abs(box.amplitude) for box in boxes)
    inside, margin = np.zeros(trace.n, dtype=bool), trace.samples(1.5)
    for box in boxes:
        inside[max(0, box.start - 2) : box.end + margin] = True
    count = int(high.sum())
    return float((high & ~inside).sum() / count) if count else 1.0


def _pulses(boxes: Sequence[Box], trace: Trace) -> Iterator[Sight]:
    """Say what pulses are, if they are alike: one, a train, or a capacitance check."""
    widths = np.array([box.end - box.start for box in boxes]) * trace.dt
    heights, starts = np.array([box.amplitude for box in boxes]), np.array([box.start for box in boxes])
    words = f"{1e3 * median(np.abs(heights)):.0f} pA for {median(widths):.3g} ms"
    if len(boxes) == 1:
        if widths[0] <= SHORT:
            yield _single(float(widths[0]), f"{1e3 * heights[0]:+.0f} pA for {widths[0]:.3g} ms")
        return
    if widths.max() > PULSE:
        return
    alike = spread_of(widths) <= 1.75 * ALIKE and spread_of(heights) <= 1.75 * ALIKE
    even = len(boxes) < 3 or uneven(starts) * trace.dt <= max(CLOCK, 1.5 * trace.dt)
    worth = MOST if alike and even and len(boxes) > 2 else 0.65 if alike and even else 0.3
    both = int(min((heights > 0).sum(), (heights < 0).sum()))
    if both == 0:
        yield Sight("pulse train", worth, f"{len(boxes)} pulses of {words} each")
    elif both >= len(boxes) // 2 and len(boxes) >= 4 and np.all(heights[1:] * heights[:-1] < 0):
        yield Sight("capacitance check", worth, f"{len(boxes)} pulses, up and down, of {words} each")


# --- slopes


def by_slopes(trace: Trace) -> Iterator[Sight]:
    """Explain a current by straight slopes: a ramp, or three triangles."""
    sigma = max(mad(np.diff(trace.coarse)) / 2**0.5, FLOOR)
    yield from _ramps(trace, sigma)
    window = detect_cheops(trace, {})
    if len(window.edges) == 6:
        yield _cheops(trace, list(window.edges.values()), sigma)


def _cheops(trace: Trace, edges: Sequence[int], sigma: float) -> Sight:
    """Judge three triangles between so many samples."""
    at = (np.arange(len(trace.coarse)) + 0.5) * trace.width - 0.5
    y = trace.coarse - 0.5 * (median(trace.coarse[:2]) + median(trace.coarse[-2:]))
    middles = [0.5 * (a + b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    high = median(np.interp(middles, at, y))
    drawn = cheops_shape(np.array([0.0, high, *map(float, edges)]), at)[0]
    ordered = all(a < b for a, b in pairwise(edges))
    worth = _fit(unexplained(y, drawn, sigma), 2.0 * FITS) * (1.0 if ordered else 0.3)
    return Sight(
        "cheops, up" if high > 0 else "cheops, down", worth, f"three triangles of {1e3 * high:+.0f} pA"
    )


def _ramps(trace: Trace, sigma: float) -> Iterator[Sight]:
    """Explain a current by a straight line that leaves the baseline and jumps back to it, or lasts to the end."""
    y = trace.coarse
    if len(y) < 20:
        return
    change = y[2:] - y[:-2]  # a jump within a block shows between its neighbours
    change = np.abs(change - np.median(change))
    jump = int(np.argmax(change)) + 1
    ends = [len(y)] if change[jump - 1] < 6.0 * sigma else [jump, len(y)]
    for end in ends:
        start, base, slope = hinge(y, end)
        drawn = ramp(len(y), start, end, slope)
        peak = slope * (end - start)
        if abs(peak) < 5.0 * sigma or (end - start) * trace.width * trace.dt < 3 * SHORT:
            continue
        k = np.arange(len(y))
        clear = np.abs(k - end) > 1
        beside = np.abs(y - base)[clear & ((k < start) | (k > end))]
        if len(beside) and median(beside) > RESTS * abs(peak) + 2.0 * sigma:
            continue
        rest = max(sigma if len(beside) < 5 else mad(y[clear & ((k < start) | (k > end))]), FLOOR)
        crooked = mad((y - base - drawn)[clear & (k >= start) & (k < end)]) / (CROOKED * abs(peak) + 2.0 * rest)
        worth = _fit(unexplained((y - base)[clear], drawn[clear], sigma)) * _secure(abs(peak) / sigma)
        worth /= max(1.0, crooked) ** 2
        ms = trace.width * trace.dt
        words = f"a straight line to {1e3 * peak:+.3g} pA from {start * ms:.4g} to {end * ms:.4g} ms"
        found = Sight("ramp", worth, words)
        if end == len(y):  # a command without noise doesn't drift
            drifts = trace.noise > 10.0 * FLOOR
            found = found.less(0.45 if drifts else 0.8, "it lasts to the end of the sweep")
        yield found


def hinge(y: np.ndarray, end: int) -> tuple[int, float, float]:
    """Fit, by least squares, a baseline that a straight line leaves at one block and comes back to at another.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
        Block medians (nA).
    end : int
        The block at which the line ends.

    Returns
    -------
    int, float, float
        The block at which it starts, the baseline (nA), the slope (nA a block).
    """
    best = (np.inf, 0, 0.0, 0.0)
    use = np.abs(np.arange(len(y)) - end) > 1
    for start in range(max(1, end - 3)):
        line = ramp(len(y), start, end, 1.0)[use]
        off = line - line.mean()
        if not off.any():
            continue
        slope = float(off @ y[use]) / float(off @ off)
        base = float(y[use].mean() - slope * line.mean())
        rest = float(np.abs(y[use] - base - slope * line).sum())
        best = min(best, (rest, start, base, slope))
    return best[1:]


def ramp(m: int, start: int, end: int, slope: float) -> np.ndarray:
    """Draw a line of that slope between two blocks, zero elsewhere."""
    k = np.arange(m)
    return np.where((k >= start) & (k < end), slope * (k - start + 0.5), 0.0)


# --- waves


def by_waves(trace: Trace) -> Iterator[Sight]:
    """Explain a current by what goes to and fro: a sine sweep, or noise."""
    base, sigma, width = quiet(trace)
    found = stretch(trace, base, sigma, width)
    if found is None:
        return
    start, end = found
    y = fine(trace, start, end)
    height = 0.5 * float(np.quantile(y, 0.95) - np.quantile(y, 0.05))
    words = f"of {1e3 * height:.3g} pA for {trace.dt * (end - start):.0f} ms"
    level = y - np.polyval(np.polyfit(np.arange(len(y)), y, 1), np.arange(len(y)))
    swings, waves = max(_swings(level), _swings(without_spikes(level)))
    swings *= float(height > 4.0 * sigma)
    if swings > 0.0:
        yield Sight("sine sweep", MOST * swings, f"{waves} half waves {words}")
    restless = restlessness(y)
    most = max(height, abs(float(np.median(y)) - base))
    sides = [y for y in (fine(trace, 0, start), fine(trace, end, trace.n)) if len(y) * BIN >= SIDE]
    rest = max([max(mad(y), 0.8 * float(np.std(y))) for y in sides], default=sigma)
    worth = min(1.0, restless / (ROUGH * max(rest, FLOOR)), restless / (COARSE * most))
    if worth * (1.0 - swings) > 0.1:
        yield Sight("noise", MOST * worth**2 * (1.0 - swings) ** 2, f"irregular changes {words}")


def _swings(y: np.ndarray) -> tuple[float, int]:
    """Say how much a stretch is like a sine, and how many half waves it has."""
    waves = half_waves(y)
    return sine_like(waves), len(waves)


def fine(trace: Trace, start: int, end: int) -> np.ndarray:
    """Means of `BIN` ms of a stretch (nA)."""
    bins = trace.samples(BIN)
    part = trace.x[start:end]
    return part[: len(part) // bins * bins].reshape(-1, bins).mean(axis=1)


def restlessness(y: np.ndarray) -> float:
    """Spread of a stretch about straight lines through pieces of it (nA); blind to what is as rare as a spike."""
    long = min(int(PIECE / BIN), len(y) // 8)
    if long < 8:
        return 0.0
    pieces = y[: len(y) // long * long].reshape(-1, long)
    half = long // 2
    rise = np.median(pieces[:, half:], axis=1) - np.median(pieces[:, :half], axis=1)
    off = pieces - np.outer(rise / half, np.arange(long))
    return float(np.median([mad(piece) for piece in off]))
