"""Which edges of the stimulus to believe: BluePyEfe's simple ones, or those of the detector.

BluePyEfe's edges are kept wherever the detector confirms them, so that numbers stay what they were; where the two
disagree the detector is believed if it is sure. Nobody is believed without a word.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ..detection import Doubt, Window
from ..detection.edges import RIGHT
from ..problems import Problem

SURE = 0.5
#: of the shortest stretch of a stimulus: edges of BluePyEfe's that are farther off confirm it, but are not its edges
SHARE = 0.15
UNCERTAIN = "the timing of the stimulus is not certain"
#: doubts whether what is seen is the stimulus, or its beginning: BluePyEfe, which sees the same, can't dispel them
WHICH = (Doubt.BRIEF, Doubt.HIGHER, Doubt.SHAPE, Doubt.GRADUAL, Doubt.OTHERS)


def settle(
    usual: Mapping[str, int] | None, window: Window, tolerance: float
) -> tuple[Mapping[str, int] | None, str]:
    """Return the edges to take and where they are from.

    Parameters
    ----------
    usual : dict or None
        BluePyEfe's edges (sample indexes).
    window : Window
        What the detector saw.
    tolerance : float
        How many samples the two may differ and still be the same.

    Returns
    -------
    edges : dict or None
        None if nobody found any.
    origin : {"usual", "seen", "unsure"}
        "usual" if both agree: two methods that have nothing in common confirm each other, sure or not (`doubts` says
        what is to be told nevertheless). The edges of a pulse as short as the two may differ are those that were seen.
    """
    if window.edges:
        near = {
            name: usual is not None and abs(usual[name] - at) <= tolerance
            for name, at in window.edges.items()
        }
        # what was given proves nothing: both have it from the same person
        if usual is not None and near.keys() >= usual.keys() and all(near.values()):
            return (usual if _as_exact(usual, window.edges) else window.edges), "usual"
        if window.confidence >= SURE:
            kept = [name for name in _exact(usual, window.edges) if near[name]] if usual else []
            return {**window.edges, **{name: usual[name] for name in kept if usual}}, "seen"
    if usual is not None and _in_order(usual) and not (window.edges and _is_whole(usual, window.n)):
        return usual, "unsure"
    return (window.edges or None), "unsure"


def _as_exact(usual: Mapping[str, int], seen: Mapping[str, int]) -> bool:
    """Whether edges that agree with those that were seen are as good, given how short the stimulus is."""
    return len(_exact(usual, seen)) == len(seen)


def _exact(usual: Mapping[str, int], seen: Mapping[str, int]) -> list[str]:
    shortest = min((b - a for a, b in itertools.pairwise(sorted(seen.values()))), default=0)
    return [
        name
        for name, at in seen.items()
        if name in usual and abs(usual[name] - at) <= max(1.0, SHARE * shortest)
    ]


def _is_whole(edges: Mapping[str, int], n: int) -> bool:
    """Whether the edges are the ends of the sweep: what BluePyEfe's search comes to if it finds nothing."""
    times = list(edges.values())
    return times[0] < 0.02 * n and times[-1] > 0.98 * n


def _in_order(edges: Mapping[str, int]) -> bool:
    times = list(edges.values())
    return all(a < b for a, b in itertools.pairwise(times))


def doubts(window: Window, origin: str, kind: Doubt | None = None) -> list[Problem]:
    """Return what a person should know about edges that were settled.

    Where BluePyEfe and the detector agree, and the detector can't tell whether it is the stimulus that they see, both
    may see the same test pulse.

    Parameters
    ----------
    window : Window
        What the detector saw.
    origin : {"usual", "seen", "unsure", "others"}
        Where the edges are from.
    kind : Doubt, optional
        Why the detector wasn't sure, by default `window.doubt`.
    """
    same = origin == "usual" and not window.sure and (window.doubt if kind is None else kind) in WHICH
    return [unsure_problem(window)] if origin == "unsure" or same else []


def slow_to_begin(window: Window, usual: Mapping[str, int] | None, tolerance: float) -> bool:
    """Whether two opinions that agree are so far apart that what begins little by little may begin earlier still.

    Both look for the first sample that stands out, the one sooner than the other. Where a stimulus is sharp they are
    within the half of what such a family allows.
    """
    if window.sure or usual is None or tolerance * window.dt <= RIGHT:
        return False
    free = [name for name in window.edges if name not in window.given and name in usual]
    return any(abs(usual[name] - window.edges[name]) > 0.5 * tolerance for name in free)


def unsure_problem(window: Window) -> Problem:
    """Say that the timing of the stimulus isn't certain, and why."""
    return Problem(
        f"{UNCERTAIN}: {window.reason}. Look at the trace, and give the timings (ms) in "
        "the metadata if they are wrong.",
        severity="warning",
        kind="stimulus",
    )


def cut_problem(tend: float) -> Problem:
    """Say that a sweep ends before its stimulus does."""
    return Problem(
        f"the sweep ends at {tend:g} ms, inside its stimulus: what is counted or measured until the "
        "end of the stimulus is cut short. Leave it out if that matters.",
        severity="warning",
        kind="stimulus",
    )
