"""The two panels of a trace viewer: voltage over current with one time axis, and what is marked on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import bqplot
import numpy as np

from ...engine.traces.decimate import min_max_indices
from ..parts.plots import MARGIN, NONE, empty_lines, figure, scale, stacked, ticked, ticks, x_axis, y_axis
from .colours import BY_HAND, FAINT, INK, MARKS, STIMULUS
from .data import TraceView
from .drawn import Curve
from .glass import Glass
from .timing import Timing

#: Spikes that get a marker, at most; of more, one stands for those around it
MOST_MARKERS = 60
HANDLE_AT = 1.05  # just above the panel: below it the mouse pans

Put = Callable[..., None]


class Panels:
    """Marks, axes and figures.

    Parameters
    ----------
    put : callable
        ``put(widget, trait=value, …)`` sets what differs.

    Attributes
    ----------
    time : LinearScale
        The time axis (ms) that both panels share.
    handles : Scatter
        One point a timing; dragged by the mouse. `names` says which is which.
    heights : tuple of LinearScale
        The axes of voltage (mV) and current (nA).
    glass : Glass
        Hears the mouse over the figures.
    voltage, current : Figure
    """

    def __init__(self, put: Put):
        self._put = put
        self.time, self._v, self._i, self._unit = scale(0.0, 1.0), scale(), scale(), scale(0.0, 1.0)
        v, i = {"x": self.time, "y": self._v}, {"x": self.time, "y": self._i}
        self.bands = empty_lines(v, stroke_width=0.0, fill="inside", close_path=True)
        self.voltages = empty_lines(v, stroke_width=1.2)
        self.currents = empty_lines(i, stroke_width=1.0)
        self.stimuli = empty_lines(i, colors=[STIMULUS], stroke_width=1.1, line_style="dashed")
        self.thresholds = empty_lines(v, colors=[FAINT], stroke_width=1.6, line_style="dotted")
        self.spikes = bqplot.Scatter(
            x=NONE,
            y=NONE,
            scales=v,
            colors=[INK],
            marker="circle",
            default_size=34,
            fill=False,
            stroke_width=1.1,
        )
        self.measured = bqplot.Scatter(
            x=NONE, y=NONE, scales=v, colors=[MARKS], marker="diamond", default_size=44
        )
        self.levels = empty_lines(v, colors=[MARKS], stroke_width=2.2)
        self._upright = [empty_lines({"x": self.time, "y": self._unit}, stroke_width=1.2) for _ in range(2)]
        self.handles = bqplot.Scatter(
            x=NONE,
            y=NONE,
            scales={"x": self.time, "y": self._unit},
            marker="triangle-down",
            default_size=100,
            enable_move=True,
            restrict_x=True,
            update_on_move=True,
            apply_clip=False,
            display_names=False,  # they would lie upon each other: the glass writes them
            names=[],
        )
        self.heights = self._v, self._i
        self._make_figures()
        self.glass = Glass(
            scales=[one.model_id for one in (self.time, *self.heights)],
            lines=[self.voltages.model_id, self.currents.model_id],
            handles=self.handles.model_id,
        )

    def _make_figures(self) -> None:
        hidden = {"font-size": "0px"}
        self._x_axes = [x_axis(self.time, tick_style=hidden), x_axis(self.time, "time (ms)")]
        self._y_axes = [y_axis(self._v, "voltage (mV)"), y_axis(self._i, "current (nA)")]
        above, below = self._upright
        self.voltage = figure(
            [
                *(above, self.bands, self.voltages, self.thresholds, self.spikes),
                *(self.levels, self.measured, self.handles),
            ],
            [self._x_axes[0], self._y_axes[0]],
            height=330,
            display_toolbar=False,
            fig_margin=MARGIN | {"top": 30, "bottom": 14, "right": 22},
        )
        self.current = figure(
            [below, self.currents, self.stimuli],
            [self._x_axes[1], self._y_axes[1]],
            height=190,
            display_toolbar=False,
            fig_margin=MARGIN
            | {"top": 6, "right": 22, "bottom": 47},  # the label of the time, whole in any font
        )
        for panel, kind in ((self.voltage, "efe-voltage"), (self.current, "efe-current")):
            panel.add_class("efe-panel")
            panel.add_class(kind)
            panel.layout.height = None  # what the window leaves

    # --- drawing

    def draw(self, view: TraceView) -> None:
        """Show a view; the ends of the time axis are left to the one who knows whether they are a person's."""
        put = self._put
        curves = view.curves
        self._draw_sweeps(self.voltages, [(c.seen.time_voltage, c.seen.voltage) for c in curves], curves)
        self._draw_sweeps(self.currents, [(c.seen.time_current, c.seen.current) for c in curves], curves, 0.9)
        self._draw_stimuli(curves)
        levels = sorted({c.threshold for c in curves if c.threshold is not None})
        put(self.thresholds, **stacked([(np.array(view.full), np.full(2, level)) for level in levels]))
        put(self.spikes, **_markers(curves, view.span))
        self.draw_timings(view.places, view.timings, view.span)
        self._draw_marks(view)
        put(self._v, min=view.voltages[0], max=view.voltages[1])
        put(self._i, min=view.currents[0], max=view.currents[1])
        for axis in self._x_axes:
            put(axis, **ticked(ticks(*view.span, most=9)))
        self._draw_glass(view)
        put(self._y_axes[0], **ticked(ticks(*view.voltages, most=9)))
        low, high = (end * view.unit.factor for end in view.currents)
        of_current = ticks(low, high, most=6) / view.unit.factor
        put(self._y_axes[1], **ticked(of_current, view.unit.factor), label=f"current ({view.unit.name})")
        label = "voltage above baseline (mV)" if view.through.baseline else "voltage (mV)"
        put(self._y_axes[0], label=label)

    def _draw_marks(self, view: TraceView) -> None:
        """Draw where the chosen feature is measured, and the bands of mean ± std."""
        marks = view.marks
        by = next((curve.by for curve in view.curves if curve.id == view.active), 0.0)
        points = list(marks.points.values()) if marks else []
        x = np.concatenate([NONE, *(times for times, _ in points)])
        y = np.concatenate([NONE, *(volts for _, volts in points)]) - by
        kept = (x >= view.span[0]) & (x <= view.span[1])
        self._put(self.measured, x=x[kept], y=y[kept])
        lines = [(times, volts - by) for times, volts in (*marks.bars, *marks.fits)] if marks else []
        levels = marks.windows.values() if marks else ()
        lines += [(np.array([low, high]), np.full(2, level - by)) for low, high, level in levels]
        self._put(self.levels, **stacked(lines))
        bands = [curve for curve in view.curves if curve.spread is not None and len(curve.spread[0])]
        colours = [curve.colour for curve in bands]
        look = (
            {"colors": colours, "fill_colors": colours, "fill_opacities": [0.22] * len(bands)}
            if bands
            else {}
        )
        self._put(self.bands, **look, **stacked([_outline(*curve.spread) for curve in bands if curve.spread]))

    def _draw_glass(self, view: TraceView) -> None:
        shown = [curve for curve in view.curves if len(curve.seen.voltage)]
        labels = {row.id: row.label for row in view.rows}
        self._put(
            self.glass,
            ids=[curve.id for curve in shown],
            names=[labels.get(curve.id, "") for curve in shown],
            active=view.active or "",
            timings=view.places,
            limits=[list(ends) for ends in (view.full, view.most_voltages, view.most_currents)],
            exact=[[*one[:3], one[3] * view.unit.factor] for one in view.read],
            cursors=list(view.cursors),
            drag=view.drag,
            unit=view.unit.name,
            factor=view.unit.factor,
        )

    def _draw_sweeps(
        self,
        mark: bqplot.Lines,
        lines: Sequence[tuple[np.ndarray, np.ndarray]],
        curves: Sequence[Curve],
        share: float = 1.0,
    ) -> None:
        look = {"colors": [c.colour for c in curves], "opacities": [share * c.opacity for c in curves]}
        self._put(mark, **(look if curves else {}), **stacked(lines))

    def _draw_stimuli(self, curves: Sequence[Curve]) -> None:
        found = [c.stimulus for c in curves if len(c.stimulus[0])]
        room = max(20, 8000 // max(len(found), 1))
        self._put(self.stimuli, **stacked([_thinned(time, current, room) for time, current in found]))

    def draw_timings(
        self, times: Mapping[str, float], timings: Mapping[str, Timing], span: tuple[float, float]
    ) -> None:
        """Draw timings (ms) as upright lines, and those that are in sight as handles too."""
        inside = {name: ms for name, ms in times.items() if span[0] <= ms <= span[1]}
        colours = [_colour(timings[name]) for name in inside]
        self._put(
            self.handles,
            names=np.array(list(inside), dtype=str) if inside else np.array([], dtype=str),
            **({"colors": colours} if inside else {}),
            x=np.array(list(inside.values())),
            y=np.full(len(inside), HANDLE_AT),
        )
        self.move_lines(inside, colours)

    def move_lines(self, times: Mapping[str, float], colours: Sequence[str] = ()) -> None:
        """Put the upright lines where the handles are."""
        lines = stacked([(np.full(2, ms), np.array([0.0, 1.0])) for ms in times.values()])
        for mark in self._upright:
            self._put(mark, **lines, **({"colors": list(colours)} if colours else {}))


def _colour(timing: Timing) -> str:
    return BY_HAND if timing.by_hand else STIMULUS if timing.known else FAINT


def _outline(time: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the outline of a band."""
    return np.concatenate([time, time[::-1]]), np.concatenate([low, high[::-1]])


def _thinned(time: np.ndarray, values: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    if len(values) <= room:
        return time, values
    kept = min_max_indices(values, room // 2)
    return time[kept], values[kept]


def _markers(curves: Sequence[Curve], span: tuple[float, float]) -> dict[str, np.ndarray]:
    """Return where the spikes get a marker."""
    x = np.concatenate([NONE, *(curve.seen.time_spikes for curve in curves)])
    y = np.concatenate([NONE, *(curve.seen.spikes for curve in curves)])
    columns = MOST_MARKERS
    while len(x) > MOST_MARKERS:
        height = max(float(np.ptp(y)), 1e-9)
        across, up = (x - span[0]) / (span[1] - span[0]) * columns, (y - y.min()) / height * 20
        kept = np.unique(np.rint([across, up]), axis=1, return_index=True)[1]
        x, y, columns = x[kept], y[kept], columns // 2
    return {"x": x, "y": y.astype(np.float32)}
