"""A brief pulse that the sweeps of a protocol share: the stimulus, or a test pulse before it.

One sweep can't tell. Where most sweeps hold a pulse at the same place, and none shows a stimulus of more charge, the
pulse is the stimulus. Of several such pulses it is the one of clearly more charge, unless another towers above it (a
test pulse of 50 pA for 15 ms has more charge than a stimulus of 1 nA for 0.2 ms), or the only one whose height varies.
One that is shorter and higher may as well be the stimulus: test pulses are long enough to charge a membrane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .brief import charge
from .edges import RIGHT
from .levels import RIVAL
from .trace import mad
from .window import Box, Doubt, Window

FEW = 3  # sweeps that make a group
BRIEF = 25.0  # ms; a lone pulse as short as this may be a test pulse,
SLIVER = 0.04  # and so may one that takes less than that of the sweep
TOWERS = 2.5  # times the height of a pulse of more charge: either may be the stimulus,
RATHER = 1.2  # and of one that is shorter, too, so many times are enough
VARIES = 0.2  # of the height: a stimulus, not a test pulse,
BLUR = 4.0  # if it is more than so many times the noise
LAST, REST = 0.1, 0.5  # of the sweep, and of the height: where it ends
MOVES, BUSY = 0.5, 0.1  # of the height, for so much of the sweep: another stimulus


@dataclass(frozen=True)
class SharedPulse:
    """A pulse that several sweeps hold.

    Attributes
    ----------
    edges : dict of str to int
        Its limits (samples): the medians of those of the sweeps.
    charge : float
        The largest charge (nA times samples) that it has in a sweep.
    count : int
        Sweeps that hold it.
    varies : bool
        Whether its height differs from sweep to sweep.
    height : float
        Its largest height (nA), without its sign.
    """

    edges: dict[str, int]
    charge: float
    count: int
    varies: bool
    height: float

    def rivals(self, other: SharedPulse) -> bool:
        """Whether it may as well be the stimulus as one of more charge."""
        higher = RATHER if self.long < other.long else TOWERS
        return self.charge > RIVAL * other.charge or self.height > higher * other.height

    @property
    def long(self) -> int:
        """Samples that it lasts."""
        return self.edges["toff"] - self.edges["ton"]


def same_place(a: Box, b: Box, dt: float) -> bool:
    """Whether two stretches begin and end within 1 ms of each other, and most of the shorter one is in both."""
    common = min(a.end, b.end) - max(a.start, b.start)
    if 2 * common <= min(a.end - a.start, b.end - b.start):
        return False
    return max(abs(a.start - b.start), abs(a.end - b.end)) * dt <= RIGHT * (1.0 + 1e-9)


def is_brief(long: int, n: int, dt: float) -> bool:
    """Whether a pulse of so many samples, in a sweep of `n`, is so short that it may be a test pulse."""
    return (long * dt <= BRIEF or long < SLIVER * n) and long < 0.25 * n


def varies(heights: Sequence[float] | np.ndarray, noise: float) -> bool:
    """Whether the heights (nA) of one stretch differ from sweep to sweep by more than a test pulse's may."""
    if len(heights) < 2:
        return False
    return bool(np.ptp(heights) > max(VARIES * float(np.abs(heights).max()), BLUR * noise))


def shared_pulse(windows: Sequence[Window]) -> SharedPulse | None:
    """Find the brief pulse on which the sweeps that see one as their stimulus agree; None if they don't."""
    brief = [w for w in windows if w.doubt is Doubt.BRIEF and w.edges]
    shown = sum(1 for w in windows if w.boxes or w.edges)
    found: list[SharedPulse] = []
    places: list[Box] = []
    for window, mine in ((w, b) for w in brief for b in sorted(w.boxes, key=charge, reverse=True)):
        if mine.start * window.dt < RIGHT:  # nobody has seen it begin
            continue
        if not is_brief(mine.end - mine.start, window.n, window.dt) or any(
            same_place(mine, place, window.dt) for place in places
        ):
            continue
        if _is_rest(window, mine):
            continue
        places.append(mine)
        # of a pulse and what a filter or an artefact makes of a millisecond beside it, the pulse
        held = [
            max((b for b in w.boxes if same_place(b, mine, w.dt)), key=charge, default=None) for w in windows
        ]
        boxes = [b for b in held if b is not None]
        if len(boxes) >= FEW and 2 * len(boxes) > shown:
            found.append(_summary(boxes, max(max(w.noise, mad(w.outline)) for w in windows)))
    found.sort(key=lambda p: p.charge, reverse=True)
    rivals = [p for p in found if p.rivals(found[0])]
    if len(rivals) > 1:
        varying = [p for p in rivals if p.varies]
        return varying[0] if len(varying) == 1 else None
    return found[0] if found else None


def most_move_beside(pulse: SharedPulse, windows: Sequence[Window]) -> bool:
    """Whether in most sweeps the current goes to and fro beside a pulse, as a zap, a ramp or noise does.

    Then the pulse may as well be a test pulse before a stimulus that has no levels, and no limits to be seen.
    """
    moving = [_moves_beside(w, pulse) for w in windows if len(w.outline)]
    return 2 * sum(moving) > len(moving)


def _moves_beside(window: Window, pulse: SharedPulse) -> bool:
    first, last = pulse.edges["ton"] // window.block, -(-pulse.edges["toff"] // window.block)
    beside = np.concatenate([window.outline[: max(0, first - 1)], window.outline[last + 1 :]])
    if not len(beside):
        return False
    return float(np.quantile(np.abs(beside - np.median(beside)), 1.0 - BUSY)) > MOVES * pulse.height


def _is_rest(window: Window, pulse: Box) -> bool:
    """Whether the sweep ends at the level of a pulse: then that is a rest between two stimuli, the baseline so far."""
    if not len(window.outline):
        return False
    level = window.outline - np.median(window.outline)
    end = float(np.median(level[-max(1, round(LAST * len(level))) :]))
    return end * pulse.amplitude > 0 and abs(end) > REST * abs(pulse.amplitude)


def _summary(boxes: Sequence[Box], noise: float) -> SharedPulse:
    heights = np.array([b.amplitude for b in boxes])
    return SharedPulse(
        {
            "ton": round(float(np.median([b.start for b in boxes]))),
            "toff": round(float(np.median([b.end for b in boxes]))),
        },
        max(charge(b) for b in boxes),
        len(boxes),
        varies(heights, noise),
        float(np.abs(heights).max()),
    )
