"""A step and a short pulse in each sweep of a protocol: what differs from sweep to sweep is the stimulus.

A test pulse is the same in all sweeps. So a step of varying height is believed although a far higher pulse stands
beside it, and one that never varies is doubted beside a pulse that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .brief import charge
from .shared_pulses import FEW, is_brief, same_place, varies
from .window import SURE, Box, Doubt, Window

LENT = 0.9  # confidence that sweeps lend each other, at most
SIZE = 0.3  # of the height of what never varies: what is lower is no stimulus beside it


def weigh_rivals(windows: Sequence[Window]) -> list[Window]:
    """Let the sweeps of a protocol say whether their step or the short pulse beside it is the stimulus.

    Parameters
    ----------
    windows : sequence of Window
        One for each sweep, all of one length and sampling step.

    Returns
    -------
    list of Window
        In the same order; those that hold no such step are as they were.
    """
    out = list(windows)
    for leader in [w for w in windows if w.doubt is Doubt.HIGHER]:
        held = [
            k
            for k, w in enumerate(windows)
            if _has_step(w) and same_place(_stretch(w), _stretch(leader), w.dt)
        ]
        steps = [_height(windows[k]) for k in held]
        mine = [k for k in held if out[k].doubt is Doubt.HIGHER]
        if varies(steps, leader.noise):
            confidence = min(LENT, SURE + 0.1 * len(held))
            for k in mine:
                reason = f"{windows[k].reason}; it differs from sweep to sweep"
                out[k] = replace(windows[k], confidence=confidence, reason=reason, doubt=Doubt.NONE)
        elif len(held) >= FEW and _pulse_varies([windows[k] for k in held]):
            for k in held:
                reason = f"a short pulse differs from sweep to sweep, and this doesn't: {windows[k].reason}"
                out[k] = replace(windows[k], confidence=0.4, reason=reason, doubt=Doubt.SHAPE)
    return out


def overruled(windows: Sequence[Window], edges: Mapping[str, int]) -> bool:
    """Whether the timings that sweeps share are those of a test pulse: it never varies, and another stretch does.

    Parameters
    ----------
    windows : sequence of Window
        All sweeps of one length and sampling step.
    edges : mapping of str to int
        What they are about to take.
    """
    mine, dt = Box(min(edges.values()), max(edges.values()), 0.0), windows[0].dt
    heights = [h for h in (_level(w, mine) for w in windows) if h]
    own = float(np.abs(heights).max(initial=0.0))
    noise = max(w.noise for w in windows)
    if len(edges) != 2 or len(heights) < 2 or own == 0.0 or varies(heights, noise):
        return False
    places: list[Box] = []
    for box in (b for w in windows for b in w.boxes):
        apart = box.end <= mine.start or box.start >= mine.end
        if apart and abs(box.amplitude) > SIZE * own and not any(same_place(box, p, dt) for p in places):
            places.append(box)
    others = [[h for h in (_level(w, place) for w in windows) if abs(h) > noise] for place in places]
    return any(len(found) > 1 and varies(found, noise) for found in others)


def _level(window: Window, place: Box) -> float:
    """Mean height (nA) of what a sweep holds in most of a place; 0 if that is nothing."""
    parts = [(min(b.end, place.end) - max(b.start, place.start), b.amplitude) for b in window.boxes]
    inside = [(long, height) for long, height in parts if long > 0]
    covered = sum(long for long, _ in inside)
    if covered < 0.8 * (place.end - place.start):
        return 0.0
    return sum(long * height for long, height in inside) / covered


def _has_step(window: Window) -> bool:
    return len(window.edges) == 2 and (window.sure or window.doubt is Doubt.HIGHER)


def _stretch(window: Window) -> Box:
    return Box(min(window.edges.values()), max(window.edges.values()), 0.0)


def _height(window: Window) -> float:
    """Height of the step of a window (nA): that of the largest stretch within it."""
    mine = _stretch(window)
    inside = [b for b in window.boxes if b.start < mine.end and b.end > mine.start]
    return max(inside, key=charge).amplitude if inside else 0.0


def _pulse_varies(windows: Sequence[Window]) -> bool:
    """Whether a short pulse outside the step stands at one place in all of the sweeps, at different heights."""
    for pulse in windows[0].boxes:
        if not is_brief(pulse.end - pulse.start, windows[0].n, windows[0].dt):
            continue
        held = [next((b for b in w.boxes if same_place(b, pulse, w.dt)), None) for w in windows]
        apart = all(pulse.end <= w.edges["ton"] or pulse.start >= w.edges["toff"] for w in windows)
        if (
            apart
            and all(b is not None for b in held)
            and varies([b.amplitude for b in held if b is not None], windows[0].noise)
        ):
            return True
    return False
