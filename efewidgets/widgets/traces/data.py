"""What a trace viewer shows, as plain data: which sweeps, their samples, marks, and words about them."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ...engine.features.marks import Marks
from ...engine.figures.style import counted, number
from ...engine.figures.sweeps import amplitude
from ...engine.problems import EfeError
from ...state import ExtractionState, Results
from ...state.results.currents import PICO, CurrentUnit, current_unit
from ...state.results.members import Member
from ..actions.walk import by_amplitude, excluded, left_out, left_to_check, shown
from ..parts.html import plain
from ..parts.plots import padded
from .colours import MODEL, UNUSED, bar, colours
from .marked import MarksCache, features_of, in_words
from .models import models_over
from .samples import Range, Samples, Seen, TraceCache, bins, seen
from .sheet import pictures
from .through import PLAIN, Through, means, through
from .timing import FROM, Timing, by_hand, timings

#: Sweeps drawn over each other, samples read for them, and rows of the list, at most
MOST_SWEEPS, MOST_SAMPLES, MOST_ROWS = 50, 10_000_000, 1000


@dataclass(frozen=True)
class Row:
    """A sweep in the list beside the traces."""

    id: str
    label: str
    detail: str
    colour: str
    faint: bool
    hint: str
    mark: str = ""


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


@dataclass(frozen=True, eq=False)
class TraceView:
    """All that a trace viewer shows.

    Parameters
    ----------
    cell, protocol : str or None
        Those of the sweep that stands for all.
    rows : tuple of Row
        Sweeps that can be shown: those of its protocol, and others that were chosen.
    chosen : tuple of str
        Ids of the sweeps that are to be shown.
    active : str or None
        The sweep that words and handles are about.
    curves : tuple of Curve
        The sweeps that are drawn.
    timings : dict
        `Timing` of the active sweep, by name.
    span : tuple of float
        The times that are shown, ms.
    full : tuple of float
        All times, ms.
    voltages, currents : tuple of float
        Ends of the axes, mV and nA.
    most_voltages, most_currents : tuple of float
        Where they end if nobody has zoomed.
    cursors : tuple of float
        Times of the cursors A and B, ms; or none.
    read : tuple of tuple of float
        Of each cursor its time, and time, voltage and current of the active sweep's sample there.
    drag : {"box", "move"}
        What dragging does.
    unit : CurrentUnit
        Unit in which currents are told.
    ramp : tuple of str or None
        Amplitudes at both ends of the ramp of colours.
    features : tuple of str
        Features that can be marked.
    feature : str
        The one that is marked.
    marks : Marks or None
    marked : str
        What is marked, in words.
    through : Through
        What the voltages are seen through.
    mean : bool
        Whether repeats are seen as their mean.
    sheet : tuple of dict
        Pictures of the contact sheet, as `ContactSheet` takes them.
    plot, align, order : str
        As in the state's view.
    facts : list of tuple of str
        About the active sweep: what it is, and its value, other people's text as it is.
    excluded : str or None
        Why the active sweep is left out.
    accepted : bool
        Whether a person found it right.
    left : int
        How many of all sweeps are left to check.
    notes : list of str
        What else should be known.
    """

    cells: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    cell: str | None = None
    protocol: str | None = None
    rows: tuple[Row, ...] = ()
    chosen: tuple[str, ...] = ()
    active: str | None = None
    curves: tuple[Curve, ...] = ()
    timings: dict[str, Timing] = field(default_factory=dict)
    span: Range = (0.0, 1.0)
    full: Range = (0.0, 1.0)
    voltages: Range = (-100.0, 50.0)
    currents: Range = (0.0, 1.0)
    most_voltages: Range = (-100.0, 50.0)
    most_currents: Range = (0.0, 1.0)
    cursors: tuple[float, ...] = ()
    read: tuple[tuple[float, ...], ...] = ()
    drag: str = "box"
    unit: CurrentUnit = PICO
    ramp: tuple[str, str] | None = None
    features: tuple[str, ...] = ()
    feature: str = ""
    marks: Marks | None = None
    marked: str = ""
    through: Through = PLAIN
    mean: bool = False
    sheet: tuple[dict[str, Any], ...] = ()
    plot: str = "traces"
    order: str = "amplitude"
    align: str = "peak"
    facts: list[tuple[str, str]] = field(default_factory=list)
    excluded: str | None = None
    accepted: bool = False
    left: int = 0
    notes: list[str] = field(default_factory=list)


def trace_view(
    state: ExtractionState,
    cache: TraceCache,
    active: str | None = None,
    *,
    fit: bool = False,
    marks: MarksCache | None = None,
) -> TraceView:
    """Return what is to be shown of the recordings that are selected in a state.

    Parameters
    ----------
    active : str, optional
        Which of them stands for all.
    fit : bool
        Whether the axes of voltage and current end where what is seen ends.
    marks : MarksCache, optional
        Where marks of a feature are kept.
    """
    results, view = state.results, state.view
    members = results.members
    chosen = shown(state)
    if not chosen:
        return TraceView(notes=[_nothing(state)])
    active = active if active in chosen else chosen[0]
    stands = members[active]
    rows = _rows(results, stands, chosen, view.order)
    place = {identity: k for k, identity in enumerate(rows)}
    chosen = tuple(sorted(chosen, key=lambda identity: place.get(identity, len(place))))
    over = models_over(results, chosen)
    sheet = view.plot == "sheet"
    drawn = _drawn(results, rows if sheet else (*chosen, *over), active)
    samples, notes = _samples(results, cache, drawn)
    if over:
        models = ", ".join(dict.fromkeys(plain(members[identity].cell) for identity in over))
        notes.append(f"in blue, over the sweeps: what {models} answers to the nearest stimulus.")
    if sheet and len(drawn) < len(rows):
        notes.append(f"{len(drawn)} of {len(rows)} sweeps have room on the sheet.")
    elif len(drawn) < len(chosen) + len(over):
        notes.append(
            f"{len(drawn)} of {len(chosen) + len(over)} chosen sweeps are drawn; choose fewer to see the others."
        )
    looks = _looks([members[identity] for identity in drawn if identity not in over])
    looks |= dict.fromkeys(over, MODEL)
    laid = {one: found for one, found in samples.items() if not sheet or one == active}
    curves, seen_samples, active_samples = _curves(state, cache, laid, looks, active)
    places = _places(state, stands, rows, looks)
    full = (0.0, max((found.trace.tend for found in samples.values()), default=float(stands.recording.tend)))
    most = _heights(curves, seen_samples, fit)
    return TraceView(
        **places,
        sheet=_sheet(places["rows"], samples) if sheet else (),
        chosen=chosen,
        active=active,
        curves=curves,
        timings=timings(stands, state.inputs),
        span=_within(view.time_range, full) or full,
        full=full,
        voltages=view.voltage_range or most[0],
        currents=view.current_range or most[1],
        most_voltages=most[0],
        most_currents=most[1],
        cursors=view.cursors,
        read=_read(active_samples, view.cursors),
        drag=view.drag,
        through=Through.of(view),
        mean=view.mean,
        plot=view.plot,
        order=view.order,
        align=view.align,
        **_marked(state, stands, marks, notes),
        facts=_facts(state, results, stands, samples.get(active)),
        excluded=excluded(state, stands.id),
        accepted=stands.id in state.inputs.accepted,
        left=left_to_check(state),
        notes=[*_doubts(stands), *notes],
    )


def _looks(members: Sequence[Member]) -> dict[str, str]:
    """Return the colour of each measured sweep that is drawn."""
    return colours({member.id: by_amplitude(member) for member in members})


def _places(
    state: ExtractionState, stands: Member, rows: Sequence[str], looks: Mapping[str, str]
) -> dict[str, Any]:
    """Return what can be chosen, and where what is shown stands in it."""
    members, results, unit = state.results.members, state.results, current_unit(state)
    in_list = [members[identity] for identity in rows[:MOST_ROWS]]
    listed = tuple(
        _row(state, member, name, looks.get(member.id, "transparent"), unit)
        for member, name in zip(in_list, _names(in_list), strict=True)
    )
    ends = bar({one: by_amplitude(members[one]) for one, colour in looks.items() if colour != MODEL})
    return {
        "cells": tuple(cell.name for cell in results.inputs.cells),
        "protocols": tuple(results.inputs.by_name[stands.cell].groups),
        "cell": stands.cell,
        "protocol": stands.protocol,
        "rows": listed,
        "unit": unit,
        "ramp": None if ends is None else (in_unit(ends[0], unit), in_unit(ends[1], unit)),
    }


def _curves(
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
    between = _within(view.time_range, full)
    if view.mean and len(changed) > 1:
        groups = means([members[one] for one in changed], changed)
        for_mean = {one: mean for one, (mean, _, _) in groups.items()}
        look = _looks([members[one] for one in groups])
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


def _marked(
    state: ExtractionState, stands: Member, cache: MarksCache | None, notes: list[str]
) -> dict[str, Any]:
    """Return the features that can be marked, and the marks of the one that is chosen."""
    features = tuple(features_of(state, stands.protocol))
    chosen = state.view.feature if state.view.feature in features else ""
    found = None
    if state.view.mean:  # of a mean nothing is measured
        return {"features": features, "feature": chosen}
    if chosen and cache is not None:
        try:
            found = cache.get(state, stands, chosen)
        except EfeError as error:
            notes.append(plain(error))
    return {"features": features, "feature": chosen, "marks": found, "marked": in_words(chosen, found)}


def _sheet(listed: Sequence[Row], samples: Mapping[str, Samples]) -> tuple[dict[str, Any], ...]:
    """Return the pictures of a contact sheet of those sweeps of the list whose samples are here."""
    said = ("id", "label", "hint", "mark", "faint")
    about = [{name: getattr(row, name) for name in said} for row in listed if row.id in samples]
    return tuple(pictures([(one, samples[one["id"]]) for one in about]))


def _nothing(state: ExtractionState) -> str:
    if not state.inputs.cells:
        return "There are no recordings yet. Add files first: their traces appear here."
    if state.status == "running":
        return "The recordings are being read; they appear here when that is done."
    return "None of the files could be read. The problems say why, and what to do."


def _rows(results: Results, stands: Member, chosen: Sequence[str], order: str) -> list[str]:
    """Return the recordings of the list: the protocol's in their order, then others that were chosen."""
    members = results.members
    group = [m for m in members.values() if (m.cell, m.protocol) == (stands.cell, stands.protocol)]
    if order == "amplitude":
        group.sort(key=by_amplitude)
    return list(dict.fromkeys([*(member.id for member in group), *chosen]))


def _drawn(results: Results, chosen: Sequence[str], active: str) -> list[str]:
    """Return those for which there is room, the active one among them."""
    room = MOST_SAMPLES - results.members[active].recording.weight
    found = {active}
    for identity in chosen:
        weight = results.members[identity].recording.weight
        if identity != active and weight <= room and len(found) < MOST_SWEEPS:
            found.add(identity)
            room -= weight
    return [identity for identity in chosen if identity in found]


def _samples(
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


def _within(wanted: Range | None, full: Range) -> Range | None:
    """Return the part of a range of times that there is; None for all of it."""
    if wanted is None:
        return None
    low, high = max(float(wanted[0]), full[0]), min(float(wanted[1]), full[1])
    return (low, high) if low < high and (low, high) != full else None


def _curve(
    state: ExtractionState, member: Member, samples: Samples, between: Range | None, sweeps: int, colour: str
) -> Curve:
    unused = left_out(state, member) is not None or member.lost
    threshold = None if member.lost else _threshold(member.recording)
    threshold = None if threshold is None else threshold - samples.by
    opacity = (0.35 if sweeps > 1 else 0.8) if unused else 1.0 if sweeps == 1 else 0.85
    drawn = seen(samples, between, bins(sweeps))
    return Curve(
        member.id, UNUSED if unused else colour, opacity, drawn, samples.stimulus, threshold, None, samples.by
    )


def _threshold(recording: Any) -> float | None:
    """Return the threshold (mV) with which the spikes were found: that of the settings, else the automatic one."""
    found: Any = (recording.efel_settings or {}).get("Threshold")
    found = recording.auto_threshold if found is None else found
    return None if found is None else float(found)


def _heights(curves: Sequence[Curve], samples: Sequence[Samples], fit: bool) -> tuple[Range, Range]:
    """Return the ends of the axes of voltage and current; without samples those of `TraceView`."""
    if not curves:
        return TraceView.voltages, TraceView.currents
    if fit:
        voltage = np.concatenate([curve.seen.voltage for curve in curves])
        current = np.concatenate([curve.seen.current for curve in curves])
        return padded(voltage, 0.06), padded(current, 0.1)
    return (
        padded([end for found in samples for end in found.voltages], 0.06),
        padded([end for found in samples for end in found.currents], 0.1),
    )


def _read(samples: Samples | None, times: Sequence[float]) -> tuple[tuple[float, ...], ...]:
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


def _names(members: Sequence[Member]) -> list[str]:
    """Return the sweeps' names, without what all begin with."""
    names = [plain(member.recording.label) for member in members]
    first, last = min(names), max(names)
    n = next((k for k, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    n = len(first[:n].rstrip("0123456789"))
    return [f"…{name[n:]}" if n > 3 else name for name in names]


def in_unit(value: float, unit: CurrentUnit) -> str:
    """Return a current (nA) in words, e.g. "65.0 pA"; less than 0.1 pA is noise of rounding."""
    return f"{_level(value, unit)} {unit.name}"


def _row(state: ExtractionState, member: Member, detail: str, colour: str, unit: CurrentUnit) -> Row:
    recording, why = member.recording, left_out(state, member)
    mark = "" if why is not None else _mark(state, member)
    whole = plain(f"{member.cell}, {member.protocol}, {recording.label}")
    if member.lost:
        return Row(member.id, "no stimulus", detail, UNUSED, True, f"{whole}: {_why_lost(member)}", mark)
    known = amplitude(recording)
    if recording.target_amplitude == "delta":
        label = "? ms" if known is None else f"{number(known)} ms"
    else:
        label = f"? {unit.name}" if known is None else in_unit(known, unit)
    if recording.spikecount:
        label += f" · {counted(recording.spikecount, 'spike')}"
    if why is not None:
        return Row(member.id, label, detail, UNUSED, True, f"{whole}, excluded: {plain(why)}")
    return Row(member.id, label, detail, colour, False, whole, mark)


def _mark(state: ExtractionState, member: Member) -> str:
    """Return "✓" for a sweep that a person found right, "!" for one to check, "✎" for one with timings set by hand."""
    if member.id in state.inputs.accepted:
        return "✓"
    return "!" if member.doubtful else "✎" if by_hand(state.inputs, member.id) else ""


def _level(value: float, unit: CurrentUnit) -> str:
    return number(0.0 if abs(value) < 1e-4 else value * unit.factor)


def _why_lost(member: Member) -> str:
    window, names = member.recording.window, ", ".join(member.recording.timings)
    reason = f": {window.reason}" if window is not None and window.reason else ""
    return f"not used, for no stimulus was found{reason}. Drag {names} to where they are, or type them."


def _doubts(member: Member) -> list[str]:
    if member.lost:
        return [_why_lost(member)]
    return [plain(problem.message) for problem in member.recording.problems]


def _facts(
    state: ExtractionState, results: Results, member: Member, samples: Samples | None
) -> list[tuple[str, str]]:
    recording, unit = member.recording, current_unit(state)
    found = [
        ("cell", member.cell),
        ("protocol", member.protocol),
        ("sweep", str(recording.label)),
        ("file", ", ".join(pathlib.Path(path).name for path in recording.files)),
    ]
    if not member.lost:
        found.append(("amplitude", _amplitudes(results, member, unit)))
        if recording.hypamp is not None:
            found.append(("holding", in_unit(recording.hypamp, unit)))
        found.append(("spikes", str(recording.spikecount)))
        threshold = None if samples is None else _threshold(recording)  # it may have to be read, too
        if threshold is not None:
            automatic = (recording.efel_settings or {}).get("Threshold") is None
            found.append(
                ("spike threshold", f"{number(threshold)} mV{' (automatic)' if automatic else ' (set)'}")
            )
    found.append(("sampling", f"{number(1.0 / recording.dt)} kHz"))
    if samples is not None:
        found.append(("samples", f"{samples.trace.n:,}"))
    own = by_hand(state.inputs, member.id)
    words = f"{', '.join(own)} set by hand" if own else FROM.get(recording.timing_from, recording.timing_from)
    found.append(("timing", words))
    if recording.current_from == "command":
        found.append(("current", "command, not measured"))
    return found + [_fact(name, value) for name, value in recording.facts.items()]


def _fact(name: str, value: float) -> tuple[str, str]:
    """Return a fact of electrode or cell in words: its unit is the last part of its name."""
    what, _, unit = name.rpartition("_")
    return what.replace("_", " "), f"{number(value)} {unit.replace('Ohm', 'Ω')}"


def _amplitudes(results: Results, member: Member, unit: CurrentUnit) -> str:
    """Return the amplitudes, e.g. "0.215 nA, 120 % of rheobase"."""
    recording = member.recording
    names = [name for name in recording.amplitudes if getattr(recording, name, None) is not None]
    absolute = " / ".join(_level(getattr(recording, name), unit) for name in names) + f" {unit.name}"
    rheobase = results.get("threshold", member.cell)
    if rheobase is None or not names:
        return f"{absolute} (no rheobase)" if names else "unknown"
    relative = recording.relative_amps(rheobase)
    return f"{absolute}, {' / '.join(number(relative[f'{name}_rel']) for name in names)} % of rheobase"
