"""The sweeps that are drawn: for which there is room, their colours, samples, curves, and the axes they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...engine.problems import EfeError
from ...state import ExtractionState, Results
from ...state.results.members import Member
from ..actions.listing import by_amplitude, left_out
from ..parts.html import plain
from ..parts.plots import padded
from .colours import UNUSED, colours
from .samples import Range, Samples, Seen, TraceCache, bins, seen
from .through import Through, means, through

#: Sweeps drawn over each other, and samples read for them, at most
MOST_SWEEPS, MOST_SAMPLES = 50, 10_000_000

#: Ends of the axes (mV, nA) where nothing is drawn
USUAL_VOLTAGES: Range = (-100.0, 50.0)
USUAL_CURRENTS: Range = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Curve:
    """A sweep as it is drawn, or the mean of repeats.

    Parameters
    ----------
    spread : tuple of ndarray or None
        Times (ms) and both ends of mean ± std (mV).
    by : float
        Baseline (mV) that was subtracted.
    """

    id: str
    colour: str
    opacity: float
    seen: Seen
    stimulus: tuple[np.ndarray, np.ndarray]
    threshold: float | None
    spread: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    by: float = 0.0


def looks_of(members: Sequence[Member]) -> dict[str, str]:
    """Return the colour of each measured sweep that is drawn."""
    return colours({member.id: by_amplitude(member) for member in members})


def drawn_of(results: Results, chosen: Sequence[str], active: str) -> list[str]:
    """Return those for which there is room, the active one among them."""
    room = MOST_SAMPLES - results.members[active].recording.weight
    found = {active}
    for identity in chosen:
        weight = results.members[identity].recording.weight
        if identity != active and weight <= room and len(found) < MOST_SWEEPS:
            found.add(identity)
            room -= weight
    return [identity for identity in chosen if identity in found]


def samples_of(
    results: Results, cache: TraceCache, drawn: Sequence[str]
) -> tuple[dict[str, Samples], list[str]]:
    cache.keep(drawn)
    found, failures = {}, []
    for identity in drawn:
        try:
            found[identity] = cache.get(results, identity)
        except EfeError as error:
            failures.append(plain(error))
    return found, list(dict.fromkeys(failures))


def curves_of(
    state: ExtractionState,
    cache: TraceCache,
    samples: dict[str, Samples],
    looks: Mapping[str, str],
    active: str,
) -> tuple[tuple[Curve, ...], list[Samples], Samples | None]:
    """Return what is drawn, the samples that it is made from, and those that values are read from."""
    members, view = state.results.members, state.view
    how = Through.of(view)
    changed = {
        one: cache.seen_through(one, how, partial(through, member=members[one], what=how)) for one in samples
    }
    full = (0.0, max((found.trace.tend for found in samples.values()), default=1.0))
    between = within(view.time_range, full)
    if view.mean and len(changed) > 1:
        groups = means([members[one] for one in changed], changed)
        for_mean = {one: mean for one, (mean, _, _) in groups.items()}
        look = looks_of([members[one] for one in groups])
        made = tuple(
            _mean_curve(members[one], mean, spread, between, len(groups), look[one])
            for one, (mean, spread, _) in groups.items()
        )
        read_from = next((mean for one, mean in for_mean.items() if one == active), None)
        return made, list(for_mean.values()), read_from or changed.get(active)
    drawn = tuple(
        _curve(state, members[one], found, between, len(changed), looks[one])
        for one, found in changed.items()
    )
    return drawn, list(changed.values()), changed.get(active)


def _mean_curve(
    member: Member, samples: Samples, spread: np.ndarray, between: Range | None, sweeps: int, colour: str
) -> Curve:
    drawn = seen(samples, between, bins(sweeps))
    at = np.clip(np.rint(drawn.time_voltage / samples.trace.dt).astype(int), 0, len(spread) - 1)
    band = (drawn.time_voltage, drawn.voltage - spread[at], drawn.voltage + spread[at])
    return Curve(member.id, colour, 1.0, drawn, samples.stimulus, None, band, samples.by)


def _curve(
    state: ExtractionState, member: Member, samples: Samples, between: Range | None, sweeps: int, colour: str
) -> Curve:
    unused = left_out(state, member) is not None or member.lost
    threshold = None if member.lost else threshold_of(member.recording)
    threshold = None if threshold is None else threshold - samples.by
    opacity = (0.35 if sweeps > 1 else 0.8) if unused else 1.0 if sweeps == 1 else 0.85
    drawn = seen(samples, between, bins(sweeps))
    return Curve(
        member.id, UNUSED if unused else colour, opacity, drawn, samples.stimulus, threshold, None, samples.by
    )


def threshold_of(recording: Any) -> float | None:
    """Return the threshold (mV) with which the spikes were found: that of the settings, else the automatic one."""
    found: Any = (recording.efel_settings or {}).get("Threshold")
    found = recording.auto_threshold if found is None else found
    return None if found is None else float(found)


def heights(curves: Sequence[Curve], samples: Sequence[Samples], fit: bool) -> tuple[Range, Range]:
    """Return the ends of the axes of voltage and current; the usual ones without samples."""
    if not curves:
        return USUAL_VOLTAGES, USUAL_CURRENTS
    if fit:
        voltage = np.concatenate([curve.seen.voltage for curve in curves])
        current = np.concatenate([curve.seen.current for curve in curves])
        return padded(voltage, 0.06), padded(current, 0.1)
    return (
        padded([end for found in samples for end in found.voltages], 0.06),
        padded([end for found in samples for end in found.currents], 0.1),
    )


def within(wanted: Range | None, full: Range) -> Range | None:
    """Return the part of a range of times that there is; None for all of it."""
    if wanted is None:
        return None
    low, high = max(float(wanted[0]), full[0]), min(float(wanted[1]), full[1])
    return (low, high) if low < high and (low, high) != full else None


def values_at(samples: Samples | None, times: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """Return of each time (ms) that time, and time, voltage and current of the nearest sample."""
    if samples is None:
        return ()
    trace = samples.trace
    last = min(len(trace.voltage), len(trace.current)) - 1
    at = [min(max(trace.index(ms), 0), last) for ms in times]
    return tuple(
        (float(ms), float(trace.at(k)), float(trace.voltage[k]), float(trace.current[k]))
        for ms, k in zip(times, at, strict=True)
    )
