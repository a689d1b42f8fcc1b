"""The sweeps of one protocol agree on their timing: the unsure ones take the edges of the sure ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..detection import Doubt, Window, reconcile
from ..detection.edges import RIGHT
from ..detection.lent import contradiction
from ..detection.strangers import small_beside
from ..problems import Problem
from .edges import UNCERTAIN, cut_problem, doubts, settle, unsure_problem
from .recording import Recording


def agree_among(recordings: Sequence[Recording]) -> tuple[list[Recording], list[Problem]]:
    """Let the unsure sweeps of one protocol of one cell take the edges on which the sure ones agree.

    Returns
    -------
    kept : list of Recording
        All, but for those that stay unsure and whose stimulus has too many parts to be guessed.
    problems : list of Problem
        What was left out.
    """
    groups: dict[type, list[Recording]] = {}
    for recording in recordings:
        if recording.window is not None:
            groups.setdefault(type(recording), []).append(recording)
    for group in groups.values():
        if len(group) > 1:
            _agree_in_group(group)
    lost = [recording for recording in recordings if recording.timing_from == "lost"]
    kept = [recording for recording in recordings if recording.timing_from != "lost"]
    return kept, [_lost_problem(recording) for recording in lost]


def _lost_problem(recording: Recording) -> Problem:
    names = ", ".join(f"`{name}`" for name in recording.timings)
    reason = recording.window.reason if recording.window else ""
    words = (
        f"the stimulus was not found: {reason}. The recording is left out; give {names} (ms) in its metadata."
    )
    return Problem(words, kind="stimulus").at(**recording.place)


def _agree_in_group(group: Sequence[Recording]) -> None:
    group = sorted(group, key=_content)  # whatever the order they were read in
    windows = [recording.window for recording in group if recording.window is not None]
    revised = reconcile(group[0].family(), windows)
    lenders = [w for w in windows if w.sure]
    for recording, old, window in zip(group, windows, revised, strict=True):
        if window is old:
            continue
        window = _unless_contradicted(recording, old, window, lenders)
        edges, origin = settle(recording.usual, window, recording.agree_ms / recording.dt)
        if (
            origin == "seen"
        ):  # BluePyEfe missed a part of what the others saw: the rest of its edges is no better
            edges = window.edges
        if origin in ("usual", "seen") and edges and all(name in edges for name in recording.timings):
            _take_over(recording, window, edges or {}, "usual" if origin == "usual" else "others", old.doubt)
        elif recording.timing_from == "lost":
            recording.window = dataclasses.replace(window, edges=old.edges)
        else:
            recording.timing_from = "unsure"
            recording.problems = [p for p in recording.problems if not p.message.startswith(UNCERTAIN)]
            recording.problems.append(unsure_problem(window))
    _doubt_alike(group)


def _doubt_alike(group: Sequence[Recording]) -> None:
    """Doubt sweeps that nobody is sure of, and in which two opinions agree, where they don't in most of such sweeps.

    What begins little by little hides from both methods alike: that they agree here and there is chance.
    """
    unsure = [r for r in group if r.window is not None and r.window.edges and not r.window.sure]
    told = [any(p.message.startswith(UNCERTAIN) for p in r.problems) for r in unsure]
    if 2 * sum(told) <= len(told):
        return
    for recording, is_told in zip(unsure, told, strict=True):
        if not is_told and recording.timing_from == "usual" and recording.agree_ms > RIGHT:
            recording.problems.append(unsure_problem(recording.window))


def _unless_contradicted(
    recording: Recording, old: Window, window: Window, lenders: Sequence[Window]
) -> Window:
    """Return what the others say of a sweep; if its own samples contradict that, a doubt of what it showed itself."""
    tolerance = recording.agree_ms / recording.dt
    if not window.sure:
        return window
    if (
        recording.timing_from == "usual"
        and old.doubt is Doubt.NOISE
        and not _confirms(recording.usual, window, tolerance)
    ):
        why = "two methods that agree find it elsewhere than it is in the other sweeps of this protocol"
        return dataclasses.replace(old, reason=f"{why}: {old.reason}", doubt=Doubt.OTHERS)
    if _near(old, window.edges, tolerance):
        return window
    kept = recording.has_samples
    current, small = recording.samples().current, small_beside(lenders)
    why = contradiction(recording.family(), current, recording.dt, window.edges, window.given, small)
    if not kept:
        recording.release()
    if not why:
        return window
    reason = f"{why}, unlike in the other sweeps of this protocol"
    return dataclasses.replace(old, confidence=min(old.confidence, 0.4), reason=reason, doubt=Doubt.OTHERS)


def _confirms(usual: Mapping[str, int] | None, window: Window, tolerance: float) -> bool:
    """Whether BluePyEfe's edges, as far as there are any, are those of a window."""
    known = usual or {}
    return all(abs(known[name] - at) <= tolerance for name, at in window.edges.items() if name in known)


def _content(recording: Recording) -> tuple[Any, ...]:
    window = recording.window
    return () if window is None else (sorted(window.edges.items()), window.confidence, window.noise)


def _take_over(
    recording: Recording, window: Window, edges: Mapping[str, int], origin: str, doubt: Doubt
) -> None:
    """Move a recording to the edges of the others and measure its levels there."""
    of_levels = recording.stimulus.finding.level_problems  # they stand until the levels are measured anew
    recording.problems = [p for p in recording.problems if p.kind != "stimulus" or p in of_levels]
    recording.problems += doubts(window, origin, window.doubt if window.doubt is Doubt.OTHERS else doubt)
    tolerance = recording.agree_ms / recording.dt
    if recording.timing_from in ("usual", "seen") and _near(recording.window, edges, tolerance):
        return
    kept = recording.has_samples
    trace = recording.samples()
    recording.window = dataclasses.replace(window, edges=dict(edges))
    recording.timing_from = origin
    if edges and list(edges.values())[-1] >= trace.n:
        recording.problems.append(cut_problem(trace.tend))
    recording.apply_edges(edges, trace, recording.given_edges(trace))
    if not kept:
        recording.release()


def _near(window: Window | None, edges: Mapping[str, int], tolerance: float) -> bool:
    known = window.edges if window is not None else {}
    return set(known) == set(edges) and all(abs(known[name] - at) <= tolerance for name, at in edges.items())
