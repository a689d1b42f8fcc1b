"""What the sweeps of one protocol say together about where the stimulus is.

Method. The sweeps of a protocol share their timings, and differ in amplitude. The sure sweeps vote with
their edges; the largest group that agrees within 1 ms decides, if it is a majority. A sweep without a stimulus
to be seen, or one that noise blurs, takes the group's edges, unless its current shows something else (`strangers`). A
sure sweep that disagrees is marked unsure, unless what it saw is a test pulse that the others hold too. Sweeps of which
none is sure alone may be sure together: if at least three agree, or if the mean of their timings, weighted by their
errors, is sharp enough. Brief pulses have a vote of their own (`shared_pulses`). A sweep that was cut asks
those of other lengths, if these are of one mind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .brief import charge
from .edges import RIGHT
from .flanks import within
from .lengths import across_lengths, doubted
from .levels import RIVAL
from .rivals import overruled, weigh_rivals
from .shared_pulses import FEW, TOWERS, SharedPulse, most_move_beside, same_place, shared_pulse
from .steps import SHAPES
from .strangers import foreign
from .window import SURE, Box, Doubt, Window, trust

LENT = 0.9  # confidence in edges taken from other sweeps, at most
VAGUE = 3.0  # ms; standard error of a timing that has no vote
TOGETHER = 0.6  # confidence of sweeps that are sure only together


def reconcile(family: str, windows: Sequence[Window]) -> list[Window]:
    """Let the sweeps of one protocol of one cell correct each other.

    Parameters
    ----------
    family : str
        Name of the eCode class.
    windows : sequence of Window
        One for each sweep, as `detect` returned them. First those of one length and sampling step are compared;
        what then isn't sure is compared with the others.

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
            settled = _settle([windows[k] for k in members], family in SHAPES)
            for k, w in zip(members, settled, strict=True):
                out[k] = w
    if len(groups) > 1:
        settled = list(out)
        for key, members in groups.items():
            others = [w for k, w in enumerate(settled) if k not in members and w.sure]
            for k in members:
                if not settled[k].sure and key[1] > 0:
                    out[k] = _ask(settled[k], others)
        out = across_lengths(out, windows, family in SHAPES)
    return out


def _ask(window: Window, others: Sequence[Window]) -> Window:
    """Settle a sweep by those of other lengths, if these agree, and its current shows nothing else.

    A sweep that was cut inside the stimulus ends with it.
    """
    if not others or window.doubt is Doubt.OTHERS:
        return window
    edges = {
        k: round(float(np.median([w.edges[k] * w.dt for w in others if k in w.edges])) / window.dt)
        for k in others[0].edges
    }
    if not all(_agree(w, {k: v * window.dt for k, v in edges.items()}) for w in others):
        return window
    cut = [v for v in edges.values() if v >= window.n]
    edges = {k: min(v, window.n) for k, v in edges.items()}
    if len(cut) > 1 or foreign(window, edges, others) or not (_begins(window, edges) or len(others) >= FEW):
        return window
    kept = {k: window.edges[k] for k in window.given if k in window.edges}
    reason = f"{window.reason}; timings of {len(others)} longer or shorter sweep(s) of this protocol"
    if cut:
        reason = f"{reason}; the sweep ends before its stimulus does"
    confidence = min(LENT, SURE + 0.1 * len(others))
    return replace(window, edges={**edges, **kept}, confidence=confidence, reason=reason, doubt=Doubt.NONE)


def _begins(window: Window, edges: Mapping[str, int]) -> bool:
    """Whether something of the sweep begins where the stimulus does."""
    start, near = min(edges.values()), 1.5 * max(window.block, RIGHT / window.dt)
    ends = [k for b in window.boxes for k in (b.start, b.end)] + list(window.edges.values())
    return any(abs(k - start) <= near for k in ends)


def _settle(windows: list[Window], levels: bool) -> list[Window]:
    windows = weigh_rivals(windows)
    sure = [w for w in windows if w.sure]
    pulse = shared_pulse(windows)
    if not sure:
        return _together(windows, pulse, levels)
    group = _largest(sure)
    if len(group) * 2 <= len(sure):
        return [
            doubted(w, "the sweeps of this protocol disagree with each other") if w.sure else w
            for w in windows
        ]
    if sum(w.doubt is Doubt.GRADUAL for w in windows) > len(group):
        return [
            doubted(w, "in most sweeps of this protocol the current changes slowly") if w.sure else w
            for w in windows
        ]
    size = max(_charge(w) for w in group)
    if pulse is not None and pulse.count > len(group) and pulse.charge > RIVAL * size:
        why = "most sweeps of this protocol hold a short pulse that may as well be the stimulus"
        windows = [doubted(w, why) if w.sure else w for w in windows]
        return _take_pulse(windows, pulse) if RIVAL * pulse.charge > size else windows
    edges = _common(group)
    if overruled(windows, edges):
        why = "what is seen is the same in all sweeps, as a test pulse is, and another change of the current isn't"
        return [doubted(w, why) if w.sure or _agree(w, _times(edges, w.dt)) else w for w in windows]
    lent = min(LENT, SURE + 0.1 * len(group))
    return [_follow(w, edges, windows, group, lent) for w in windows]


def _charge(window: Window) -> float:
    """Charge of the stimulus of a window (nA times samples); 0 where it isn't one stretch."""
    if not window.edges:
        return 0.0
    mine = Box(min(window.edges.values()), max(window.edges.values()), 0.0)
    parts = (
        replace(b, start=max(b.start, mine.start), end=min(b.end, mine.end))
        for b in window.boxes
        if b.start < mine.end and mine.start < b.end
    )
    return sum(charge(b) for b in parts)


def _outdoes(window: Window, pulse: SharedPulse) -> bool:
    """Whether a sweep shows a longer stimulus of as much charge as a pulse, which doesn't tower above it."""
    if not window.edges or window.doubt in (Doubt.BRIEF, Doubt.NOTHING):
        return False
    size, long = _charge(window), max(window.edges.values()) - min(window.edges.values())
    return size > RIVAL * pulse.charge and pulse.height * long <= TOWERS * size


def _take_pulse(windows: list[Window], pulse: SharedPulse) -> list[Window]:
    """Let the sweeps that hold a pulse, and those that show nothing, take its limits; none if most move beside it."""
    if most_move_beside(pulse, windows):
        return windows
    reason = f"{pulse.count} sweeps of this protocol hold it at the same place"
    holders = [w for w in windows if any(_is(b, pulse, w.dt) for b in w.boxes)]
    out = []
    for w in windows:
        if w not in holders and (w.doubt is not Doubt.NOTHING or foreign(w, pulse.edges, holders)):
            out.append(w)
            continue
        kept = {k: w.edges[k] for k in w.given if k in w.edges}
        said = f"{w.reason}; {reason}"
        out.append(
            replace(w, edges={**pulse.edges, **kept}, confidence=TOGETHER, reason=said, doubt=Doubt.NONE)
        )
    return out


def _is(box: Box, pulse: SharedPulse, dt: float) -> bool:
    return same_place(box, Box(pulse.edges["ton"], pulse.edges["toff"], 0.0), dt)


def _agree(a: Window, times: Mapping[str, float]) -> bool:
    """Whether the edges of a window are these times (ms), give or take 1 ms."""
    return list(a.edges) == list(times) and all(
        abs(a.edges[k] * a.dt - v) <= RIGHT * (1.0 + 1e-9) for k, v in times.items()
    )


def _times(edges: Mapping[str, int], dt: float) -> dict[str, float]:
    return {k: v * dt for k, v in edges.items()}


def _largest(windows: Sequence[Window]) -> list[Window]:
    """Find the largest group of windows that agree with one of them."""
    return max(
        ([w for w in windows if _agree(w, _times(leader.edges, leader.dt))] for leader in windows), key=len
    )


def _common(group: Sequence[Window]) -> dict[str, int]:
    """Median of the edges that a group agrees on."""
    return {k: round(float(np.median([w.edges[k] for w in group]))) for k in group[0].edges}


def _follow(
    window: Window, edges: dict[str, int], windows: list[Window], group: list[Window], lent: float
) -> Window:
    """Settle one sweep, given the edges that most of the sure ones share."""
    agreeing = len(group)
    if window.sure:
        if _agree(window, _times(edges, window.dt)):
            return window
        if not _test_pulse(window, windows):
            return doubted(window, f"{agreeing} other sweeps of this protocol have the stimulus elsewhere")
    elif (
        window.doubt in (Doubt.SHAPE, Doubt.HIGHER)
        and agreeing < FEW
        and not _agree(window, _times(edges, window.dt))
    ):
        return window
    elif not _agree(window, _times(edges, window.dt)) and (
        foreign(window, edges, group) or _own_pulse(window, windows, group)
    ):
        return doubted(
            window, f"the current changes elsewhere than in the {agreeing} sweeps of this protocol that agree"
        )
    kept = {k: window.edges[k] for k in window.given if k in window.edges}
    reason = f"{window.reason}; timings of the {agreeing} sweeps of this protocol that agree"
    return replace(window, edges={**edges, **kept}, confidence=lent, reason=reason, doubt=Doubt.NONE)


def _own_pulse(window: Window, windows: Sequence[Window], group: Sequence[Window]) -> bool:
    """Whether a sweep holds a short pulse that the others don't, and that is no mere artefact beside their stimulus."""
    if window.doubt is not Doubt.BRIEF or _test_pulse(window, windows):
        return False
    return _charge(window) > RIVAL * float(np.median([_charge(w) for w in group]))


def _test_pulse(window: Window, windows: Sequence[Window]) -> bool:
    """Whether most of the other sweeps hold the same stretch of current, at the same height."""
    start, end = min(window.edges.values()), max(window.edges.values())
    mine = [b for b in window.boxes if same_place(b, Box(start, end, 0.0), window.dt)]
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


def _together(windows: list[Window], pulse: SharedPulse | None, levels: bool) -> list[Window]:
    """Sweeps of which none is sure alone; of constant levels, or of another shape that they have in common."""
    noisy = [w for w in windows if w.doubt is Doubt.NOISE and w.edges]
    if pulse is not None and any(_outdoes(w, pulse) for w in windows):
        pulse = None
    if pulse is not None and pulse.count >= len(noisy):
        return _take_pulse(windows, pulse)
    found = _pooled(noisy) or _voted([w for w in noisy if not _vague(w)])
    if found is None:
        return windows
    edges, confidence = found
    reason = "timings on which the sweeps of this protocol agree"
    return [
        w
        if (w.doubt is Doubt.SHAPE and not _agree(w, _times(edges, w.dt)))
        or foreign(w, edges, noisy, not levels)
        else replace(
            w,
            edges={**edges, **{k: w.edges[k] for k in w.given if k in w.edges}},
            confidence=confidence,
            reason=f"{w.reason}; {reason}",
            doubt=Doubt.NONE,
        )
        for w in windows
    ]


def _vague(window: Window) -> bool:
    """Whether a timing comes from a fit that leaves it open by far more than what counts as right.

    Fits that agree better than that may share their error: a converter's steps bend all ramps alike.
    """
    return any(error > VAGUE for error in window.errors.values())


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
