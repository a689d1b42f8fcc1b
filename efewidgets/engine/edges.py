"""Which edges of the stimulus to believe: BluePyEfe's simple ones, those of the detector, or the other sweeps'.

BluePyEfe's edges are kept wherever the detector confirms them, so that numbers stay what they were; where the two
disagree the detector is believed if it is sure. Nobody is believed without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .detection import Window, reconcile
from .problems import EfeError, Problem

if TYPE_CHECKING:
    from .recording import Recording

SURE = 0.5


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
    """
    if window.edges and window.confidence >= SURE:
        if usual is None:
            return window.edges, "seen"
        near = {name: abs(usual[name] - at) <= tolerance for name, at in window.edges.items()}
        edges = {name: usual[name] if near[name] else at for name, at in window.edges.items()}
        return edges, "usual" if all(near.values()) else "seen"
    if usual is not None and _in_order(usual):
        return usual, "unsure"
    return (window.edges or None), "unsure"


def _in_order(edges: Mapping[str, int]) -> bool:
    times = list(edges.values())
    return all(a < b for a, b in zip(times, times[1:], strict=False))


def unsure_problem(window: Window) -> Problem:
    """Say that the timing of the stimulus isn't certain, and why."""
    return Problem(
        f"the timing of the stimulus is not certain: {window.reason} Look at the trace, and give the timings (ms) in "
        "the metadata if they are wrong.",
        severity="warning",
        kind="stimulus",
    )


def agree_among(recordings: Sequence[Recording]) -> None:
    """Let the unsure sweeps of one protocol of one cell take the edges on which the sure ones agree."""
    groups: dict[tuple, list[Recording]] = {}
    for recording in recordings:
        if recording.window is not None:
            key = (type(recording), round(recording.tend / recording.dt), round(float(recording.dt), 9))
            groups.setdefault(key, []).append(recording)
    for group in groups.values():
        if len(group) > 1:
            _agree_in_group(group)


def _agree_in_group(group: Sequence[Recording]) -> None:
    revised = reconcile(type(group[0]).__name__, [recording.window for recording in group])
    for recording, window in zip(group, revised, strict=True):
        if window is recording.window or _same(recording, window):
            continue
        recording.window = window
        if window.edges and window.confidence >= SURE:
            _take_over(recording, window)
        elif recording.timing_from != "unsure":
            recording.timing_from = "unsure"
            recording.problems.append(unsure_problem(window))


def _same(recording: Recording, window: Window) -> bool:
    """Whether a sure recording is told what it knows already."""
    edges, tolerance = recording.window.edges, recording.agree_ms / recording.dt
    if recording.timing_from == "unsure" or window.confidence < SURE or set(edges) != set(window.edges):
        return False
    return all(abs(edges[name] - at) <= tolerance for name, at in window.edges.items())


def _take_over(recording: Recording, window: Window) -> None:
    """Move a recording to the edges of the others and measure its levels there."""
    trace = recording.trace
    given = recording.given_edges(trace)
    edges = {**window.edges, **given}
    recording.problems = [p for p in recording.problems if p.kind != "stimulus"]
    recording.timing_from = "others"
    try:
        recording.apply_edges(edges, trace, given)
    except EfeError as error:
        recording.problems.append(Problem(str(error), kind="stimulus"))
    recording.release()
