"""What the sweeps of one protocol say together about where the stimulus is.

Method. The sweeps of a protocol share their timings, and differ in amplitude. The sure sweeps vote with
their edges; the largest group that agrees within 1 ms decides, if it is a majority. A sweep without a stimulus
to be seen, or one that noise blurs, takes the group's edges. A sure sweep that disagrees is marked unsure,
unless what it saw is a test pulse that the others hold too. Sweeps of which none is sure alone may be sure
together: if at least three agree, or if the mean of their timings, weighted by their errors, is sharp enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .edges import RIGHT
from .flanks import within
from .window import SURE, Doubt, Window, trust

LENT = 0.9  # confidence in edges taken from other sweeps, at most
TOGETHER = 0.6  # confidence of sweeps that are sure only together
FEW = 3  # sweeps that make a group


def reconcile(family: str, windows: Sequence[Window]) -> list[Window]:
    """Let the sweeps of one protocol (same cell, number of samples and sampling step) correct each other.

    Parameters
    ----------
    family : str
        Name of the eCode class.
    windows : sequence of Window
        One for each sweep, as `detect` returned them. Those that differ in number of samples or
        sampling step are not compared.

    Returns
    -------
    list of Window
        In the same order.
    """
    out = list(windows)
    if family == "SpikeRec":  # trains differ from sweep to sweep by design
        return out
    groups: dict[tuple[int, float], list[int]] = {}
    for k, w in enumerate(windows):
        groups.setdefault((w.n, round(w.dt, 9)), []).append(k)
    for members in groups.values():
        if len(members) > 1:
            settled = _settle([windows[k] for k in members])
            for k, w in zip(members, settled, strict=True):
                out[k] = w
    return out


def _settle(windows: list[Window]) -> list[Window]:
    sure = [w for w in windows if w.sure]
    if not sure:
        return _together(windows)
    group = _largest(sure)
    if len(group) * 2 <= len(sure):
        return [
            _doubted(w, "the sweeps of this protocol disagree with each other") if w.sure else w
            for w in windows
        ]
    edges = _common(group)
    lent = min(LENT, SURE + 0.1 * len(group))
    return [_follow(w, edges, windows, len(group), lent) for w in windows]


def _agree(a: Window, edges: Mapping[str, int]) -> bool:
    return list(a.edges) == list(edges) and all(
        abs(a.edges[k] - v) * a.dt <= RIGHT * (1.0 + 1e-9) for k, v in edges.items()
    )


def _largest(windows: Sequence[Window]) -> list[Window]:
    """Find the largest group of windows that agree with one of them."""
    return max(([w for w in windows if _agree(w, leader.edges)] for leader in windows), key=len)


def _common(group: Sequence[Window]) -> dict[str, int]:
    """Median of the edges that a group agrees on."""
    return {k: round(float(np.median([w.edges[k] for w in group]))) for k in group[0].edges}


def _doubted(window: Window, why: str) -> Window:
    return replace(
        window, confidence=min(window.confidence, 0.4), reason=f"{why}: {window.reason}", doubt=Doubt.OTHERS
    )


def _follow(
    window: Window, edges: dict[str, int], windows: list[Window], agreeing: int, lent: float
) -> Window:
    """Settle one sweep, given the edges that most of the sure ones share."""
    if window.sure:
        if _agree(window, edges):
            return window
        if not _test_pulse(window, windows):
            return _doubted(window, f"{agreeing} other sweeps of this protocol have the stimulus elsewhere")
    elif window.doubt is Doubt.SHAPE and agreeing < FEW:
        return window
    kept = {k: window.edges[k] for k in window.given if k in window.edges}
    reason = f"{window.reason}; timings of the {agreeing} sweeps of this protocol that agree"
    return replace(window, edges={**edges, **kept}, confidence=lent, reason=reason, doubt=Doubt.NONE)


def _test_pulse(window: Window, windows: Sequence[Window]) -> bool:
    """Whether most of the other sweeps hold the same stretch of current, at the same height."""
    start, end = min(window.edges.values()), max(window.edges.values())
    mine = [b for b in window.boxes if b.start == start and b.end == end]
    if not mine:
        return False
    near = RIGHT / window.dt
    same = [
        any(
            abs(b.start - start) <= 3 * near
            and abs(b.end - end) <= 3 * near
            and abs(b.amplitude - mine[0].amplitude) <= 0.2 * abs(mine[0].amplitude)
            for b in w.boxes
        )
        for w in windows
    ]
    return sum(same) > 0.5 * len(windows)


def _together(windows: list[Window]) -> list[Window]:
    """Sweeps of which none is sure alone."""
    brief = [w for w in windows if w.doubt is Doubt.BRIEF]
    noisy = [w for w in windows if w.doubt is Doubt.NOISE and w.edges]
    group = brief if len(brief) >= len(noisy) else noisy
    found = _pooled(noisy) or _voted(group)
    if found is None:
        return windows
    edges, confidence = found
    reason = "timings on which the sweeps of this protocol agree"
    return [
        w
        if w.doubt is Doubt.SHAPE and not _agree(w, edges)
        else replace(
            w,
            edges={**edges, **{k: w.edges[k] for k in w.given if k in w.edges}},
            confidence=confidence,
            reason=f"{w.reason}; {reason}",
            doubt=Doubt.NONE,
        )
        for w in windows
    ]


def _voted(windows: Sequence[Window]) -> tuple[dict[str, int], float] | None:
    """Timings on each of which at least three sweeps agree, and more than half of them."""
    edges: dict[str, int] = {}
    for name in windows[0].edges if windows else ():
        at = np.array([w.edges[name] for w in windows if name in w.edges], dtype=float)
        near = np.abs(at[:, None] - at[None, :]) * windows[0].dt <= RIGHT * (1.0 + 1e-9)
        leader = near[int(np.argmax(near.sum(axis=1)))]
        if leader.sum() < FEW or leader.sum() * 2 <= len(windows):
            return None
        edges[name] = round(float(np.median(at[leader])))
    return (edges, TOGETHER) if edges else None


def _pooled(windows: Sequence[Window]) -> tuple[dict[str, int], float] | None:
    """Mean timings weighted by their errors, if together they are sharp enough and don't contradict."""
    if len(windows) < 2 or not all(w.errors and all(np.isfinite(list(w.errors.values()))) for w in windows):
        return None
    edges: dict[str, int] = {}
    right = 1.0
    for k in windows[0].edges:
        if any(k not in w.errors for w in windows):
            edges[k] = windows[0].edges[k]
            continue
        weight = np.array([max(w.errors[k], 0.05) ** -2 for w in windows])
        at = np.array([w.edges[k] for w in windows], dtype=float)
        mean = float(weight @ at / weight.sum())
        dt = windows[0].dt
        # errors that turn out larger than stated are believed as they turn out
        scatter = float(weight @ ((at - mean) * dt) ** 2) / (len(windows) - 1)
        right *= within(float(weight.sum() ** -0.5) * max(1.0, scatter) ** 0.5)
        edges[k] = round(mean)
    confidence = min(LENT, trust(right))
    return (edges, confidence) if confidence >= SURE else None
