"""What speaks for each kind of stimulus in one current, as explanations that compete.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .activity import quiet, stretch
from .flanks import cheops_shape, detect_cheops, detect_ramp
from .outlines import Outline, Run, in_words, main_run, outline, roughness, spread_of, unexplained
from .pulses import detect_train, uneven
from .trace import FLOOR, Trace, mad, median
from .waves import half_waves, sine_like
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
FITS = 0.3  # of the charge: what an explanation may leave unexplained
ALIKE = 0.2  # relative: widths, heights and distances of the pulses of a train
ROUGH = 4.0  # times the noise at rest: the stimulus itself is restless,
COARSE = 0.06  # of its height
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
    best = max((one.confidence for one in found), default=0.0)
    if _has_peaks(trace, seen):
        found += by_pulses(trace)
    if best < 0.8:
        found += by_slopes(trace)
    found += by_waves(trace, seen)
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


def _fit(share: float) -> float:
    """Confidence of an explanation by what it leaves unexplained: 1 for nothing, 0.5 at `FITS`."""
    return MOST / (1.0 + (max(0.0, share) / FITS) ** 2)


# --- constant levels


def by_levels(seen: Outline) -> Iterator[Sight]:
    """Explain a current by constant levels: steps, pairs, sAHP, trains of long pulses."""
    main = main_run(seen)
    if main is None:
        return
    run, others = main
    worth = _fit(seen.unexplained) * _secure(seen.top / seen.sigma)
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
    found = Sight(OTHER, 0.6, f"{len(run)} levels: {words}")
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
    alike = max(spread_of(widths), spread_of(heights)) <= (2.5 if len(boxes) == 2 else 1.5) * ALIKE
    even = len(boxes) < 3 or uneven(starts) <= max(ALIKE * median(np.diff(starts)), 1.0 / trace.dt)
    worth = MOST if alike and even and len(boxes) > 2 else 0.7 if alike and even else 0.3
    both = int(min((heights > 0).sum(), (heights < 0).sum()))
    if both == 0:
        yield Sight("pulse train", worth, f"{len(boxes)} pulses of {words} each")
    elif both >= len(boxes) // 2 and len(boxes) >= 4 and np.all(heights[1:] * heights[:-1] < 0):
        yield Sight("capacitance check", worth, f"{len(boxes)} pulses, up and down, of {words} each")


# --- slopes


def by_slopes(trace: Trace) -> Iterator[Sight]:
    """Explain a current by straight slopes: a ramp, or three triangles."""
    sigma = max(mad(np.diff(trace.coarse)) / 2**0.5, FLOOR)
    at = (np.arange(len(trace.coarse)) + 0.5) * trace.width - 0.5
    window = detect_ramp(trace, {})
    if "ton" in window.edges and window.boxes:
        yield from _ramp(trace, at, window.edges["ton"], window.edges["toff"])
    window = detect_cheops(trace, {})
    if len(window.edges) == 6:
        y = trace.coarse - 0.5 * (median(trace.coarse[:2]) + median(trace.coarse[-2:]))
        middles = [0.5 * (a + b) for a, b in zip(*(list(window.edges.values())[k::2] for k in (0, 1)), strict=True)]
        high = median(np.interp(middles, at, y))
        p = np.array([0.0, high, *map(float, window.edges.values())])
        drawn = cheops_shape(p, at)[0]
        kind = "cheops, up" if high > 0 else "cheops, down"
        words = f"three triangles of {1e3 * high:+.0f} pA"
        ordered = all(a < b for a, b in pairwise(window.edges.values()))
        yield Sight(kind, _fit(unexplained(y, drawn, sigma)) * (1.0 if ordered else 0.3), words)


def _ramp(trace: Trace, at: np.ndarray, start: int, end: int) -> Iterator[Sight]:
    """Judge a ramp: a straight line that begins at the baseline."""
    inside = (at > start) & (at < end - trace.width)
    outside = (at < start - trace.width) | (at > end + trace.width)
    if inside.sum() < 4:
        return
    y = trace.coarse
    sigma = max(mad(np.diff(y)) / 2**0.5, FLOOR)
    base = median(y[outside]) if outside.sum() > 2 else float(y[0])
    weight = np.ones(int(inside.sum()))
    for _ in range(4):  # the crosstalk of action potentials loses its weight
        slope, first = np.polyfit(at[inside], y[inside], 1, w=weight)
        rest = y[inside] - slope * at[inside] - first
        weight = 1.0 / np.maximum(1.0, np.abs(rest) / (2.0 * max(mad(rest), sigma)))
    drawn = np.where(inside, slope * at + first - base, 0.0)
    peak, foot = slope * (end - start), slope * start + first - base
    clear = inside | outside
    if abs(peak) < 5.0 * sigma or abs(foot) > 0.35 * abs(peak):
        return
    words = (
        f"a straight line over {1e3 * peak:+.0f} pA, from {start * trace.dt:.4g} to {end * trace.dt:.4g} ms"
    )
    left = unexplained((y - base)[clear], drawn[clear], sigma)
    long = 1.0 if end - start > 3 * SHORT / trace.dt else 0.4
    yield Sight("ramp", _fit(left) * _secure(abs(peak) / sigma) * long, words)


# --- waves


def by_waves(trace: Trace, seen: Outline) -> Iterator[Sight]:
    """Explain a current by what goes to and fro: a sine sweep, or noise."""
    base, sigma, width = quiet(trace)
    found = stretch(trace, base, sigma, width)
    if found is None:
        return
    start, end = found
    rough, long = roughness(trace, start, end), trace.dt * (end - start)
    bins = max(1, trace.samples(0.5))
    part = trace.x[start:end]
    y = part[: len(part) // bins * bins].reshape(-1, bins).mean(axis=1)
    waves = half_waves(y - float(np.mean(y)))
    height = 0.5 * float(np.quantile(y, 0.95) - np.quantile(y, 0.05))
    words = f"of {1e3 * height:.0f} pA for {long:.0f} ms"
    round_ = sine_like(waves) if height > 4.0 * sigma else 0.0
    if round_ > 0.0:
        yield Sight("sine sweep", MOST * round_, f"{len(waves)} half waves {words}")
    middle = abs(float(np.median(y)) - base)
    restless = rough / max(sigma, FLOOR) / ROUGH
    deep = rough / (COARSE * max(height, middle, FLOOR))
    steps = main_run(seen)
    worth = MOST * min(1.0, restless**2, deep**2) * (1.0 - round_)
    if steps is not None and seen.unexplained < 0.1 and len(steps[0]) < 4 and deep < 3.0:
        worth *= 0.4
    if worth > 0.1:
        yield Sight("noise", worth, f"irregular changes {words}")
