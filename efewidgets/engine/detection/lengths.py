"""What sweeps of other lengths say against what a sweep shows: a sweep that was cut may show a part of its stimulus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .brief import charge
from .edges import RIGHT
from .rivals import overruled
from .window import Doubt, Window


def across_lengths(settled: Sequence[Window], windows: Sequence[Window], levels: bool) -> list[Window]:
    """Doubt what only sweeps of another length show to be wrong: a test pulse, or the rest before a stimulus.

    Parameters
    ----------
    settled : sequence of Window
        Sweeps of a protocol, as those of one length agreed among themselves.
    windows : sequence of Window
        The same, as each was found alone.
    levels : bool
        Whether the family is one of constant levels, whose onset is sharp.
    """
    out = list(settled)
    for k, w in enumerate(settled):
        alike = [v for v in windows if abs(v.dt - w.dt) < 1e-9]
        others = [v for v in settled if v.sure and v.n > w.n and abs(v.dt - w.dt) < 1e-9]
        if not w.sure or w.given:
            continue
        if overruled(alike, w.edges):
            out[k] = doubted(
                w, "what is seen is the same in all sweeps, and another change of the current isn't"
            )
        elif any(_is_rest(w, v) for v in others):
            out[k] = doubted(w, "it ends where the stimulus of longer sweeps begins")
        elif levels:
            why = _lonely(w, [v for j, v in enumerate(settled) if j != k and abs(v.dt - w.dt) < 1e-9])
            out[k] = doubted(w, why) if why else w
    return out


def _lonely(window: Window, others: Sequence[Window]) -> str:
    """Say why a sweep that no other one confirms isn't believed: others begin elsewhere, or it may be a part of one.

    A stimulus of the same duration that begins elsewhere is the same one, of which samples were lost or added.
    """
    sure = [v for v in others if v.sure]
    if any(_begin_alike(window, v) for v in sure) or all(v.n == window.n for v in others):
        return ""
    agreed = max((sum(_begin_alike(v, w) for w in sure) for v in sure), default=0)
    if agreed > 1:
        return f"the stimulus of {agreed} other sweeps of this protocol begins elsewhere"
    if len(others) > 1 and all(v.n > window.n for v in others):
        return "it is shorter than the other sweeps of this protocol, none of which confirms it"
    if len(others) > 1 and all(_begins_inside(v) for v in others):
        return "the other sweeps of this protocol begin inside their stimulus, of which it may be a part"
    return ""


def _begins_inside(window: Window) -> bool:
    """Whether a sweep shows no sure stimulus, and most of all a stretch that is there from its first sample on."""
    return not window.sure and bool(window.boxes) and max(window.boxes, key=charge).start == 0


def _begin_alike(a: Window, b: Window) -> bool:
    """Whether two stimuli begin, or last, alike."""
    (start, end), (first, last) = (
        (min(w.edges.values()) * w.dt, max(w.edges.values()) * w.dt) for w in (a, b)
    )
    return min(abs(start - first), abs(end - start - last + first)) <= RIGHT * (1.0 + 1e-9)


def _is_rest(window: Window, other: Window) -> bool:
    """Whether a sweep, cut inside the stimulus of another one, takes the rest before it for its own."""
    if not window.edges or not other.edges or max(other.edges.values()) < window.n:
        return False
    return abs(max(window.edges.values()) - min(other.edges.values())) * window.dt <= RIGHT


def doubted(window: Window, why: str) -> Window:
    """Return a window that other sweeps contradict."""
    return replace(
        window, confidence=min(window.confidence, 0.4), reason=f"{why}: {window.reason}", doubt=Doubt.OTHERS
    )
