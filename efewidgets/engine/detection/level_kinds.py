"""Steps, pairs of steps, sAHP, trains of long pulses: what constant levels that follow each other are.

The methods, and where they come from, stand at the head of `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .outlines import Outline, Run, in_words, main_run
from .sights import MOST, OTHER, SHORT, Sight, fit, secure, single
from .trains import as_train
from .window import Box

TEST = 0.15  # of the charge of the stimulus: a test pulse or a shift beside it
LARGE_TEST = 0.5  # of it: it may as well be another stimulus
SLANTED = 0.3  # of the highest level: what is taken for drift may be a ramp
HARDLY = 0.1  # of the other one: hardly a step


def by_levels(seen: Outline) -> Iterator[Sight]:
    """Explain a current by constant levels: steps, pairs, sAHP, trains of long pulses."""
    main = main_run(seen)
    if main is None:
        return
    run, others = main
    levels = [0.0, *(one.height for one in run), 0.0]
    worth = fit(seen.unexplained) * secure(min(abs(b - a) for a, b in pairwise(levels)) / seen.sigma)
    if seen.drift > SLANTED * seen.top:
        worth *= 0.5
    if len(seen.runs) > 2:
        yield from (one.less(worth / MOST) for one in _train(seen))
    one = _of_run(run, seen)
    if others > TEST and one.kind != OTHER:
        one = one.less(float(np.interp(others, (TEST, LARGE_TEST), (0.9, 0.3))), "beside another one")
    yield one.less(worth / MOST)


def _of_run(run: Run, seen: Outline) -> Sight:
    """Say what levels that follow each other without rest are."""
    trace, words = seen.trace, in_words(run, seen.trace)
    long = seen.ms(run[-1].end - run[0].start)
    cut = run[-1].end >= trace.n
    heights = [one.height for one in run]
    # the transients at the edges of a short pulse may look like levels
    found = Sight(OTHER, 0.6 if long > SHORT else 0.3, f"{len(run)} levels: {words}")
    if len(run) == 1:
        found = single(long, words)
    elif len(run) == 2 and heights[0] * heights[1] < 0:
        kind = "hyper-depolarising pair" if heights[0] < 0 else "de-hyperpolarising pair"
        found = Sight(kind, MOST, words)
        if min(map(abs, heights)) < HARDLY * max(map(abs, heights)):
            found = found.less(0.5, "one of them is hardly a step")
    elif len(run) == 3:
        found = _three(run, words)
    return found.less(0.6, "it lasts to the end of the sweep") if cut else found


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
    yield from as_train(boxes, seen.trace)
