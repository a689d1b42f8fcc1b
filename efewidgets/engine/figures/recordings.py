"""Pages with all recordings of a protocol, ordered by amplitude, on common scales."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..names import safe_name
from .jobs import FigureJob, build_job
from .panel import Panel, figure, limits, line
from .style import FAINT, VERMILLION, counted
from .sweeps import (
    CREDIBLE_MV,
    CURRENT_STYLE,
    EDGE_STYLE,
    SPIKE_STYLE,
    STIMULUS_STYLE,
    THRESHOLD_STYLE,
    SweepView,
    amplitude,
    draw_current,
    draw_voltage,
    sweep_view,
)
from .words import fitted, width, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIXELS = 700  # across one panel: about 300 dpi in print

# One page, in inches (four columns make a landscape A4)
COLUMNS, ROWS = 4, 3
LEFT, RIGHT, TOP, BOTTOM = 0.72, 0.2, 0.52, 0.66
CELL_WIDTH, CELL_HEIGHT = 2.69, 2.36
TITLE, CURRENT, GAP, FOOT, COLUMN_GAP = 0.36, 0.6, 0.13, 0.22, 0.24


@dataclass(frozen=True)
class RecordingsView:
    """What is drawn of one protocol of one cell."""

    cell: str
    protocol: str
    sweeps: tuple[SweepView, ...]


def recordings_figures(cell: Any) -> list[FigureJob]:
    """Return a figure for each protocol of a cell: ``<cell>/<cell>_<protocol>_recordings``.

    Parameters
    ----------
    cell : Cell
        Its recordings are ordered by their amplitude, twelve a page.
    """
    protocols = dict.fromkeys(recording.protocol_name for recording in cell.recordings)
    figures = (
        build_job(
            f"{safe_name(cell.name)}/{safe_name(f'{cell.name}_{protocol}_recordings')}",
            draw_recordings,
            partial(_recordings_view, cell, protocol),
            cell=cell.name,
            protocol=protocol,
        )
        for protocol in protocols
    )
    return [job for job in figures if job is not None]


def _recordings_view(cell: Any, protocol: str) -> RecordingsView:
    recordings = [recording for recording in cell.recordings if recording.protocol_name == protocol]
    recordings.sort(key=_order)
    return RecordingsView(
        cell.name, protocol, tuple(sweep_view(recording, PIXELS) for recording in recordings)
    )


def _order(recording: Any) -> float:
    known = amplitude(recording)
    return math.inf if known is None else known


def draw_recordings(view: RecordingsView) -> Iterator[Figure]:
    """Draw the pages of one protocol; all panels have the same scales, so that sweeps can be compared."""
    shared = _Scales.of(view.sweeps)
    per_page = COLUMNS * ROWS
    n_pages = -(-len(view.sweeps) // per_page)
    for number_ in range(n_pages):
        sweeps = view.sweeps[number_ * per_page : (number_ + 1) * per_page]
        note = f"page {number_ + 1} of {n_pages}" if n_pages > 1 else ""
        yield _page(view, sweeps, shared, note)


@dataclass(frozen=True)
class _Scales:
    """Limits of the axes; the time axis is shared only by recordings of similar length."""

    time: tuple[float, float] | None
    current: tuple[float, float]
    voltage: tuple[float, float]

    @classmethod
    def of(cls, sweeps: Sequence[SweepView]) -> _Scales:
        ends = [sweep.tend for sweep in sweeps]
        similar = max(ends) <= 2 * min(ends)
        return cls(
            (0.0, max(ends) or 1.0) if similar else None,
            limits([end for sweep in sweeps for end in sweep.current_range]),
            limits(np.concatenate([sweep.voltage for sweep in sweeps]), within=CREDIBLE_MV),
        )


def _page(view: RecordingsView, sweeps: Sequence[SweepView], shared: _Scales, note: str) -> Figure:
    n_columns = min(COLUMNS, len(sweeps))
    n_rows = -(-len(sweeps) // n_columns)
    height = TOP + BOTTOM + n_rows * CELL_HEIGHT
    page = figure(LEFT + RIGHT + max(n_columns, 2) * CELL_WIDTH, height)
    _header(page, view, note)
    low, high = shared.voltage
    _legend(page, any(sweep.threshold is not None and low < sweep.threshold < high for sweep in sweeps))
    for i, sweep in enumerate(sweeps):
        row, column = divmod(i, n_columns)
        left = LEFT + column * CELL_WIDTH
        top = height - TOP - row * CELL_HEIGHT
        lowest = i + n_columns >= len(sweeps)
        _draw_sweep(page, sweep, shared, (left, top), first=column == 0, lowest=lowest)
    return page


def _header(page: Figure, view: RecordingsView, note: str) -> None:
    page_width, height = page.get_size_inches()
    count = counted(len(view.sweeps), "recording") + (f", {note}" if note else "")
    room = page_width - LEFT - RIGHT - width(count, 8) - 0.3
    protocol = f"  ·  {fitted(view.protocol, 11, 0.4 * room)}"
    title = fitted(view.cell, 11, room - width(protocol, 11)) + protocol
    write(page, LEFT, height - 0.32, title, 11)
    write(page, page_width - RIGHT, height - 0.32, count, 8, color=FAINT, along="right")


def _legend(page: Figure, with_threshold: bool) -> None:
    """Explain the lines at the foot of the page."""
    inches = page.dpi_scale_trans
    entries = [("current", CURRENT_STYLE), ("stimulus found", STIMULUS_STYLE), ("its on and off", EDGE_STYLE)]
    entries.append(("spike", SPIKE_STYLE))
    if with_threshold:
        entries.append(("spike threshold", THRESHOLD_STYLE))
    x, y = LEFT, 0.17
    for label, style in entries:
        upright = style is SPIKE_STYLE
        ends = ([x + 0.11, x + 0.11], [y - 0.05, y + 0.05]) if upright else ([x, x + 0.22], [y, y])
        page.add_artist(line(*ends, transform=inches, **style))
        write(page, x + 0.28, y, label, 7, color=FAINT, across="center")
        x += 0.28 + width(label, 7) + 0.2


def _draw_sweep(
    page: Figure, sweep: SweepView, shared: _Scales, corner: tuple[float, float], *, first: bool, lowest: bool
) -> None:
    """Draw both panels of a recording; `corner` is the upper left of its place on the page, in inches."""
    left, top = corner
    across = CELL_WIDTH - COLUMN_GAP
    own_time = shared.time is None
    time = shared.time or (0.0, sweep.tend or 1.0)
    below = CELL_HEIGHT - TITLE - CURRENT - GAP - FOOT
    upper = Panel(page, (left, top - TITLE - CURRENT, across, CURRENT), time, shared.current)
    lower = Panel(page, (left, top - TITLE - CURRENT - GAP - below, across, below), time, shared.voltage)
    draw_current(upper, sweep)
    draw_voltage(lower, sweep)
    upper.frame(ylabel="I (nA)", xticks=False, yticks=first)
    lower.frame("time (ms)" if lowest else "", "V (mV)", xticks=lowest or own_time, yticks=first)
    line_1, line_2 = 1 + 0.17 / CURRENT, 1 + 0.055 / CURRENT
    upper.write(
        1.0, line_1, sweep.n_spikes, 7, color=VERMILLION if len(sweep.spikes) else FAINT, along="right"
    )
    upper.write(0.0, line_1, fitted(sweep.title, 7.5, across - width(sweep.n_spikes, 7) - 0.08), 7.5)
    name = fitted(sweep.name, 6, across - width(sweep.subtitle, 6))
    upper.write(0.0, line_2, sweep.subtitle + name, 6, color=FAINT)
