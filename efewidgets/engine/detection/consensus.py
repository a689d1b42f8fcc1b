"""What the sweeps of one protocol say together about where the stimulus is.

Method. The sweeps of a protocol share their timings, and differ in amplitude. The sure sweeps vote with their
edges; the largest group that agrees within 1 ms decides, if it is a majority. An unsure sweep, or one
without a stimulus to be seen, takes the group's edges; a sure one that disagrees is marked unsure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .edges import RIGHT
from .window import SURE, Window

LENT = 0.8  # confidence in edges taken from other sweeps, at most


def reconcile(family: str, windows: Sequence[Window]) -> list[Window]:
    """Let the sweeps of one protocol (same cell, number of samples and sampling step) correct each other.

    Parameters
    ----------
    family : str
        Name of the eCode class.
    windows : sequence of Window
        One for each sweep, as `detect` returned them.

    Returns
    -------
    list of Window
        In the same order.
    """
    if family == "SpikeRec" or len(windows) < 2:  # trains differ from sweep to sweep by design
        return list(windows)
    out = list(windows)
    keys = {(w.n, round(w.dt, 9), tuple(w.given)) for w in windows}
    for key in keys:
        members = [k for k, w in enumerate(windows) if (w.n, round(w.dt, 9), tuple(w.given)) == key]
        for k, w in zip(members, _agree([windows[k] for k in members]), strict=True):
            out[k] = w
    return out


def _agree(windows: list[Window]) -> list[Window]:
    sure = [w for w in windows if w.sure]
    if not sure or len(windows) < 2:
        return windows
    names = list(sure[0].edges)
    votes = np.array([[w.edges[k] for k in names] for w in sure if list(w.edges) == names], dtype=float)
    near = (np.abs(votes[:, None, :] - votes[None, :, :]) * sure[0].dt <= RIGHT).all(axis=2)
    leader = int(np.argmax(near.sum(axis=1)))
    group = votes[near[leader]]
    if len(group) * 2 <= len(votes):
        return [
            replace(
                w,
                confidence=min(w.confidence, 0.4),
                reason="the sweeps of this protocol disagree: " + w.reason,
            )
            if w.sure
            else w
            for w in windows
        ]
    edges = {k: round(float(v)) for k, v in zip(names, np.median(group, axis=0), strict=True)}
    lent = min(LENT, 0.5 + 0.1 * len(group))
    return [_settle(w, edges, len(group), len(windows), lent) for w in windows]


def _settle(window: Window, edges: dict[str, int], agreeing: int, of: int, lent: float) -> Window:
    fits = list(window.edges) == list(edges) and all(
        abs(window.edges[k] - v) * window.dt <= RIGHT for k, v in edges.items()
    )
    if window.sure and fits:
        return window
    if window.sure and agreeing < 3:
        return replace(
            window, confidence=min(window.confidence, SURE - 0.1), reason="differs from the other sweeps"
        )
    kept = {k: window.edges[k] for k in window.given if k in window.edges}
    said = window.reason or "no stimulus seen"
    return replace(
        window,
        edges={**edges, **kept},
        confidence=lent,
        reason=f"{said}; timings taken from {agreeing} of {of} sweeps that agree",
    )
