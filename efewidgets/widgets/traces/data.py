"""What a trace viewer shows, as plain data: which sweeps, their samples, marks, and words about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...engine.features.marks import Marks
from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.results.currents import PICO, CurrentUnit, current_unit
from ...state.results.members import Member
from ..actions.listing import ACQUIRED, excluded
from ..actions.walk import left_to_check, listed, shown, way
from ..parts.html import plain
from .colours import MODEL
from .drawn import (
    USUAL_CURRENTS,
    USUAL_VOLTAGES,
    Curve,
    curves_of,
    drawn_of,
    heights,
    looks_of,
    samples_of,
    values_at,
    within,
)
from .marked import MarksCache, features_of, in_words
from .models import models_over
from .samples import Range, Samples, TraceCache
from .sheet import pictures
from .through import PLAIN, Through
from .timing import Timing, timings
from .words import Row, doubts_of, ends_of, facts_of, names_of, not_listed, page_of, row_of


@dataclass(frozen=True, eq=False)
class TraceView:
    """All that a trace viewer shows.

    Parameters
    ----------
    cell, protocol : str or None
        Those of the sweep that stands for all.
    rows : tuple of Row
        Sweeps that can be shown: those of its protocol that fit the filters, and others that were chosen; of many
        the thousand among which the active one is.
    place, of : int
        The place of the active sweep among all of them, from 0, and how many they are.
    total : int
        How many sweeps the protocol has.
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
    filters : dict of str
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
    place: int = 0
    of: int = 0
    total: int = 0
    chosen: tuple[str, ...] = ()
    active: str | None = None
    curves: tuple[Curve, ...] = ()
    timings: dict[str, Timing] = field(default_factory=dict)
    span: Range = (0.0, 1.0)
    full: Range = (0.0, 1.0)
    voltages: Range = USUAL_VOLTAGES
    currents: Range = USUAL_CURRENTS
    most_voltages: Range = USUAL_VOLTAGES
    most_currents: Range = USUAL_CURRENTS
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
    filters: dict[str, str] = field(default_factory=dict)
    align: str = "peak"
    facts: list[tuple[str, str]] = field(default_factory=list)
    excluded: str | None = None
    accepted: bool = False
    left: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def places(self) -> dict[str, float]:
        """Where on the time axis (ms) timings are taken hold of, by their names."""
        return {name: timing.at for name, timing in self.timings.items() if timing.at is not None}


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
    rows = _rows(state, stands, chosen)
    place = {identity: k for k, identity in enumerate(rows)}
    chosen = tuple(sorted(chosen, key=lambda identity: place.get(identity, len(place))))
    over = models_over(results, chosen)
    sheet = view.plot == "sheet"
    drawn = drawn_of(results, rows if sheet else (*chosen, *over), active)
    samples, notes = samples_of(results, cache, drawn)
    notes += not_listed(rows, active)
    if over:
        models = ", ".join(dict.fromkeys(plain(members[identity].cell) for identity in over))
        notes.append(f"in blue, over the sweeps: what {models} answers to the nearest stimulus.")
    if sheet and len(drawn) < len(rows):
        notes.append(f"{len(drawn)} of {len(rows)} sweeps have room on the sheet.")
    elif len(drawn) < len(chosen) + len(over):
        notes.append(
            f"{len(drawn)} of {len(chosen) + len(over)} chosen sweeps are drawn; choose fewer to see the others."
        )
    looks = looks_of([members[identity] for identity in drawn if identity not in over])
    looks |= dict.fromkeys(over, MODEL)
    laid = {one: found for one, found in samples.items() if not sheet or one == active}
    curves, seen_samples, active_samples = curves_of(state, cache, laid, looks, active)
    places = _places(state, stands, rows, looks)
    full = (0.0, max((found.trace.tend for found in samples.values()), default=float(stands.recording.tend)))
    most = heights(curves, seen_samples, fit)
    return TraceView(
        **places,
        sheet=_sheet(places["rows"], samples) if sheet else (),
        chosen=chosen,
        active=active,
        curves=curves,
        timings=timings(stands, state.inputs),
        span=within(view.time_range, full) or full,
        full=full,
        voltages=view.voltage_range or most[0],
        currents=view.current_range or most[1],
        most_voltages=most[0],
        most_currents=most[1],
        cursors=view.cursors,
        read=values_at(active_samples, view.cursors),
        drag=view.drag,
        through=Through.of(view),
        mean=view.mean,
        plot=view.plot,
        order=view.order,
        filters=dict(view.filters),
        align=view.align,
        **_marked(state, stands, marks, notes),
        facts=facts_of(state, results, stands, samples.get(active)),
        excluded=excluded(state, stands.id),
        accepted=stands.id in state.inputs.accepted,
        left=left_to_check(state),
        notes=[*doubts_of(stands), *notes],
    )


def _places(
    state: ExtractionState, stands: Member, rows: Sequence[str], looks: Mapping[str, str]
) -> dict[str, Any]:
    """Return what can be chosen, and where what is shown stands in it."""
    members, results, unit = state.results.members, state.results, current_unit(state)
    in_list = [members[identity] for identity in page_of(rows, stands.id)]
    numbers = way(results, ACQUIRED).numbers
    told = tuple(
        row_of(state, member, numbers[member.id], name, looks.get(member.id, "transparent"), unit)
        for member, name in zip(in_list, names_of(in_list), strict=True)
    )
    return {
        "cells": tuple(cell.name for cell in results.inputs.cells),
        "protocols": tuple(results.inputs.by_name[stands.cell].groups),
        "cell": stands.cell,
        "protocol": stands.protocol,
        "rows": told,
        "place": rows.index(stands.id),
        "of": len(rows),
        "total": len(_group(state, stands)),
        "unit": unit,
        "ramp": ends_of([members[one] for one, colour in looks.items() if colour != MODEL], unit),
    }


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


def _rows(state: ExtractionState, stands: Member, chosen: Sequence[str]) -> list[str]:
    """Return the recordings of the list: the protocol's that fit its filters, in their order, then others chosen."""
    group, fitting = _group(state, stands), listed(state)
    shown = group if fitting is None else [one for one in group if one in fitting or one in chosen]
    return list(dict.fromkeys([*shown, *chosen]))


def _group(state: ExtractionState, stands: Member) -> tuple[str, ...]:
    return way(state.results, state.view.order).groups[stands.cell, stands.protocol]
