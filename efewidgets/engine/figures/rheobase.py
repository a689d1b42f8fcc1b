"""The rheobase of a cell: number of spikes against current, and the sweep that decides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..names import safe_name
from ..traces.decimate import min_max_indices
from .jobs import FigureJob, build_job
from .panel import Panel, figure, limits, line
from .style import BLUE, FAINT, GREEN, MARKERS, VERMILLION, counted, number
from .sweeps import CREDIBLE_MV, samples
from .words import fitted, width, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT, RIGHT, TOP, BOTTOM = 0.62, 0.25, 0.72, 0.56  # inches
WIDTH, HEIGHT, BETWEEN, TRACE = 4.1, 2.9, 0.75, 3.2
PIXELS = 900
NAMED = 4  # so many protocols are named above the panel

_RHEOBASE: dict[str, Any] = {"color": GREEN, "linewidth": 1.2, "linestyle": (0, (4, 2))}
_SWEEP: dict[str, Any] = {"color": BLUE, "linestyle": "none", "markersize": 5, "markeredgewidth": 0.4}
_RING: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 10, "markerfacecolor": "none"}


@dataclass(frozen=True)
class SweepTrace:
    """Voltage of one sweep, thinned out; time in ms, voltage in mV, arrays (m,); amplitude in nA."""

    amp: float
    n_spikes: int
    name: str
    time: np.ndarray
    voltage: np.ndarray


@dataclass(frozen=True)
class RheobaseView:
    """What is drawn of a cell's rheobase (nA): amplitudes (nA) and spikes of each protocol's sweeps."""

    cell: str
    rheobase: float | None
    sweeps: tuple[tuple[str, np.ndarray, np.ndarray], ...]
    deciding: SweepTrace | None
    silent: SweepTrace | None


def rheobase_figure(cell: Any, protocols_rheobase: Sequence[str]) -> list[FigureJob]:
    """Return the figure ``<cell>/<cell>_rheobase``, or none without recordings under those protocols.

    Parameters
    ----------
    cell : Cell
        With its rheobase (nA) computed, or None.
    protocols_rheobase : sequence of str
        Names of the protocols from which the rheobase was computed.
    """
    job = build_job(
        f"{safe_name(cell.name)}/{safe_name(f'{cell.name}_rheobase')}",
        draw_rheobase,
        partial(_rheobase_view, cell, protocols_rheobase),
        cell=cell.name,
    )
    return [] if job is None else [job]


def _rheobase_view(cell: Any, protocols_rheobase: Sequence[str]) -> RheobaseView | None:
    used = [
        recording
        for recording in cell.recordings
        if recording.protocol_name in protocols_rheobase
        and recording.spikecount is not None
        and recording.amp is not None
    ]
    if not used:
        return None
    sweeps = []
    for name in dict.fromkeys(recording.protocol_name for recording in used):
        own = [recording for recording in used if recording.protocol_name == name]
        amps = np.array([float(recording.amp) for recording in own])
        sweeps.append((name, amps, np.array([int(recording.spikecount) for recording in own])))
    rheobase = cell.rheobase
    rheobase = float(rheobase) if rheobase and math.isfinite(rheobase) else None
    deciding, silent = _deciding(cell, used, rheobase)
    return RheobaseView(cell.name, rheobase, tuple(sweeps), _trace(deciding), _trace(silent))


def _deciding(cell: Any, recordings: Sequence[Any], rheobase: float | None) -> tuple[Any, Any]:
    """Return the sweep that decided the rheobase, and the strongest silent one below it; None if none did.

    Rules that bin or interpolate put the rheobase between sweeps: then none decides alone.
    """
    if rheobase is None:
        return None, None
    firing = [r for r in recordings if r.spikecount and math.isclose(float(r.amp), rheobase, rel_tol=1e-6)]
    below = [r for r in recordings if not r.spikecount and float(r.amp) < rheobase]
    known = getattr(cell, "rheobase_recording", None)
    if known is not None and any(recording is known for recording in firing):
        firing = [known]
    return firing[0] if firing else None, max(below, key=lambda r: float(r.amp), default=None)


def _trace(recording: Any) -> SweepTrace | None:
    if recording is None:
        return None
    time, voltage, _ = samples(recording)
    kept = min_max_indices(voltage, PIXELS)
    amp, n_spikes = float(recording.amp), int(recording.spikecount)
    return SweepTrace(amp, n_spikes, str(recording.name), time[kept], voltage[kept])


def draw_rheobase(view: RheobaseView) -> Iterator[Figure]:
    """Draw the page of one cell."""
    traces = [trace for trace in (view.silent, view.deciding) if trace is not None]
    room = WIDTH + (BETWEEN + TRACE) * bool(traces)
    page = figure(LEFT + room + RIGHT, TOP + HEIGHT + BOTTOM)
    found = "  ·  rheobase " + ("not found" if view.rheobase is None else f"{number(view.rheobase)} nA")
    title = fitted(view.cell, 11, room - width(found, 11)) + found
    write(page, LEFT, TOP + HEIGHT + BOTTOM - 0.3, title, 11)
    _draw_counts(page, view)
    _draw_key(page, view)
    if traces:
        _draw_traces(page, traces)
    yield page


def _draw_counts(page: Figure, view: RheobaseView) -> None:
    """Draw the number of spikes against the current, with rings around the deciding and the silent sweep."""
    amps = np.concatenate([amps for _, amps, _ in view.sweeps])
    if view.rheobase is not None:
        amps = np.append(amps, view.rheobase)
    most = max(1, *(int(counts.max()) for _, _, counts in view.sweeps))
    panel = Panel(page, (LEFT, BOTTOM, WIDTH, HEIGHT), limits(amps), (-0.06 * most, 1.08 * most))
    panel.frame("step amplitude (nA)", "spikes", whole_y=True)
    if view.rheobase is not None:
        panel.rule(x=view.rheobase, zorder=1, **_RHEOBASE)
    for i, (_, x, y) in enumerate(view.sweeps):
        panel.add_line(line(x, y, marker=_marker(i), markeredgecolor="white", zorder=3, **_SWEEP))
    for trace, colour in ((view.deciding, VERMILLION), (view.silent, FAINT)):
        if trace is not None:
            look = {"markeredgecolor": colour, "markeredgewidth": 1.3, "zorder": 4, **_RING}
            panel.add_line(line([trace.amp], [trace.n_spikes], **look))


def _marker(i: int) -> str:
    return MARKERS[i % len(MARKERS)]


def _draw_key(page: Figure, view: RheobaseView) -> None:
    """Name the rheobase line and the protocols above the panel."""
    inches = page.dpi_scale_trans
    x, y = LEFT, BOTTOM + HEIGHT + 0.17
    if view.rheobase is not None:
        page.add_artist(line([x, x + 0.22], [y, y], transform=inches, **_RHEOBASE))
        write(page, x + 0.28, y, "rheobase", 7, across="center", color=FAINT)
        x += 0.48 + width("rheobase", 7)
    shown = view.sweeps[:NAMED]
    room = (LEFT + WIDTH - x) / len(shown)
    for i, (name, amps, _) in enumerate(shown):
        page.add_artist(line([x + 0.05], [y], marker=_marker(i), transform=inches, **_SWEEP))
        n = f" ({len(amps)})"
        label = fitted(name, 7, room - 0.3 - width(n, 7)) + n
        write(page, x + 0.14, y, label, 7, across="center", color=FAINT)
        x += 0.3 + width(label, 7)


def _draw_traces(page: Figure, traces: Sequence[SweepTrace]) -> None:
    """Draw the voltage of the deciding sweep over that of the strongest silent one below."""
    ends = [float(trace.time[-1]) for trace in traces if len(trace.time)]
    voltages = limits(np.concatenate([trace.voltage for trace in traces]), 0.06, within=CREDIBLE_MV)
    place = (LEFT + WIDTH + BETWEEN, BOTTOM, TRACE, HEIGHT)
    panel = Panel(page, place, (0.0, max(ends, default=1.0)), voltages)
    panel.frame("time (ms)", "V (mV)")
    for row, trace in enumerate(traces):
        colour = VERMILLION if trace.n_spikes else FAINT
        panel.add_line(line(trace.time, trace.voltage, color=colour, linewidth=0.7))
        spikes = counted(trace.n_spikes, "spike") if trace.n_spikes else "silent"
        what = f"{number(trace.amp)} nA, {spikes}  ·  "
        y = 1 + (0.06 + 0.15 * (len(traces) - 1 - row)) / HEIGHT
        panel.write(0.0, y, what + fitted(trace.name, 7, TRACE - width(what, 7)), 7, color=colour)
