"""Figures of spike count against current: a large one with all rules and a handle, and small ones for an overview."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from ...engine.figures.style import CellStyle
from ..parts.html import escape, plain
from ..parts.plots import figure, padded, scale, ticked, ticks, x_axis, y_axis
from .data import UNITS, CellView
from .rule import DIGITS

INK, FAINT = "var(--efe-ink, #222222)", "var(--efe-faint, #6b6b6b)"  # seen on light and on dark pages
NONE = np.empty(0)
ROWS = 5  # so many labels of lines stand one below the other: the rule in force and the others
LABELS = 0.34  # share of the figure's height that is kept for them

Put = Callable[..., None]
#: Current, spikes, and how many sweeps lie on each other there
Repeats = tuple[Any, float, int]


class SmallPlot:
    """Spike count against current of one cell, with the rule in force as a vertical line.

    Parameters
    ----------
    put : callable
        ``put(widget, trait=value, …)`` sets what differs.
    on_point : callable
        ``on_point(id)`` when a person clicks on a recording.
    height : int
        Pixels.

    Attributes
    ----------
    used, excluded : Scatter
        One point a recording.
    ring : Scatter
        Around the sweep that decided; `chosen` around those that are selected.
    line : Lines
        The rheobase in force.
    figure : Figure
    """

    room = 0.1  # share of the height that is kept free above
    size = 32  # of a point

    def __init__(self, put: Put, on_point: Callable[[str], Any], height: int = 170):
        self.put, self._on_point = put, on_point
        self._ids: dict[str, tuple[str, ...]] = {"used": (), "excluded": ()}
        self._hints: dict[str, tuple[str, ...]] = {"used": (), "excluded": ()}
        self.x, self.y = scale(0.0, 1.0), scale(0.0, 1.0)
        self.tooltip = ipywidgets.HTML()
        self.used = self._points("used")
        self.excluded = self._points("excluded", fill=False, stroke=FAINT, colors=[FAINT])
        self.ring = self._rings(INK, 4 * self.size, stroke_width=2.0)
        self.chosen = self._rings("var(--efe-brand, #0072b2)", 7 * self.size, stroke_width=2.0)
        self.line = self._lines([INK], stroke_width=2.0)
        self.x_axis = x_axis(self.x, label_color=INK, label_offset="2.4em")
        self.y_axis = y_axis(self.y, label_color=INK, label_offset="3em")
        self.figure = self._figure(height)

    def _figure(self, height: int) -> bqplot.Figure:
        margin = {"top": 6, "bottom": 46, "left": 58, "right": 12}
        marks = [self.line, self.chosen, self.excluded, self.used, self.ring]
        return figure(marks, [self.x_axis, self.y_axis], height, fig_margin=margin)

    @property
    def scales(self) -> dict[str, bqplot.Scale]:
        """The scales that all marks share."""
        return {"x": self.x, "y": self.y}

    def _points(self, name: str, **traits: Any) -> bqplot.Scatter:
        given = {
            "x": NONE,
            "y": NONE,
            "scales": self.scales,
            "default_size": self.size,
            "tooltip": self.tooltip,
        }
        found = bqplot.Scatter(**given, **traits)
        found.on_element_click(functools.partial(self._clicked, name))
        found.on_hover(functools.partial(self._hovered, name))
        return found

    def _rings(self, colour: str, size: int, **traits: Any) -> bqplot.Scatter:
        return bqplot.Scatter(
            x=NONE, y=NONE, scales=self.scales, fill=False, stroke=colour, colors=[colour],
            default_size=size, **traits,
        )  # fmt: skip

    def _lines(self, colours: list[str], **traits: Any) -> bqplot.Lines:
        return bqplot.Lines(x=NONE, y=NONE, scales=self.scales, colors=colours, **traits)

    def _clicked(self, name: str, mark: bqplot.Mark, content: Any) -> None:
        index = content["data"]["index"]
        if 0 <= index < len(self._ids[name]):
            self._on_point(self._ids[name][index])

    def _hovered(self, name: str, mark: bqplot.Mark, content: Any) -> None:
        index = content["data"]["index"]
        if 0 <= index < len(self._hints[name]):
            self.tooltip.value = escape(self._hints[name][index])

    # --- drawing

    def draw(self, view: CellView, look: CellStyle, unit: str, selected: tuple[str, ...] = ()) -> None:
        """Show a cell."""
        factor = UNITS[unit]
        amps, top = view.amps * factor, self._top(view)
        self._axes(view, amps, factor, unit)
        for name, mark, which in (
            ("used", self.used, ~view.excluded),
            ("excluded", self.excluded, view.excluded),
        ):
            places = np.flatnonzero(which)
            self._ids[name] = tuple(view.ids[k] for k in places)
            self._hints[name] = tuple(view.hints[k] for k in places)
            self.put(mark, x=amps[which], y=view.counts[which])
        self.put(
            self.used,
            marker=look.marker,
            colors=[look.colour],
            fill=look.filled,
            stroke=None if look.filled else look.colour,
        )
        self.put(self.excluded, marker=look.marker)
        self._circle(self.ring, view, amps, (view.deciding,))
        self._circle(self.chosen, view, amps, selected)
        value = None if view.value is None else view.value * factor
        self._upright(self.line, value, top)

    def _circle(self, mark: bqplot.Scatter, view: CellView, amps: np.ndarray, ids: tuple[Any, ...]) -> None:
        where = [k for k, identity in enumerate(view.ids) if identity in ids]
        self.put(mark, x=amps[where], y=view.counts[where])

    def _upright(self, mark: bqplot.Lines, value: float | None, top: float) -> None:
        if value is None:
            self.put(mark, x=NONE, y=NONE)
        else:
            self.put(mark, x=np.array([value, value]), y=np.array([0.0, top]))

    def _top(self, view: CellView) -> float:
        most = float(view.counts.max()) if view.counts.size else 1.0
        return max(most, 1.0) / (1.0 - self.room)

    def _axes(self, view: CellView, amps: np.ndarray, factor: float, unit: str) -> None:
        lines = [value for _, value in view.others] + ([view.value] if view.value is not None else [])
        low, high = padded([*amps, *(value * factor for value in lines)], 0.06)
        top = self._top(view)
        counts = ticks(0.0, top * (1.0 - self.room), 4)
        self.put(self.x, min=low, max=high)
        self.put(self.y, min=-0.04 * top, max=top)
        self.put(self.x_axis, **ticked(ticks(low, high, self._most)), label=f"current ({unit})")
        self.put(self.y_axis, **ticked(counts[counts == np.round(counts)]), label="spikes")

    _most = 5  # ticks


class CellPlot(SmallPlot):
    """The large figure: the other rules as thin lines with labels, and a handle that moves the rheobase.

    Attributes
    ----------
    handle : Scatter
        One point on the line in force, dragged by the mouse; `x` is in the unit of the axis.
    others : list of Lines
    labels : list of Label
        What the lines are called: those on the left of the middle, those on the right.
    curve : Lines
        The line of the interpolation.
    repeats : Label
        How many sweeps lie on one point, where they are several.
    """

    room = LABELS
    size = 64
    _most = 8

    def _figure(self, height: int) -> bqplot.Figure:
        self.others = [self._lines([FAINT], stroke_width=1.2, line_style="dashed") for _ in range(ROWS - 1)]
        self.curve = self._lines([FAINT], stroke_width=1.2, line_style="dotted")
        self.repeats = self._label("start", default_size=11, x_offset=7, y_offset=-7)
        self.labels = [self._label(align) for align in ("start", "end")]
        self.names = [self._label(align, font_weight="bold", colors=[INK]) for align in ("start", "end")]
        self.handle = bqplot.Scatter(
            x=NONE,
            y=NONE,
            scales=self.scales,
            colors=[INK],
            marker="triangle-down",
            default_size=200,
            enable_move=True,
            restrict_x=True,
            update_on_move=True,
            apply_clip=False,
        )
        marks = [
            *self.others, self.curve, self.line, self.chosen, self.excluded, self.used, self.ring,
            self.repeats, *self.labels, *self.names, self.handle,
        ]  # fmt: skip
        margin = {"top": 16, "bottom": 42, "left": 58, "right": 20}
        return figure(marks, [self.x_axis, self.y_axis], height, fig_margin=margin)

    def _label(self, align: str, **traits: Any) -> bqplot.Label:
        given: dict[str, Any] = {
            "x": NONE,
            "y": NONE,
            "text": [],
            "scales": self.scales,
            "align": align,
            "default_size": 12,
            "font_weight": "normal",
            "colors": [FAINT],
            "x_offset": 14 if align == "start" else -14,  # beside the handle
            "y_offset": 4,
            "apply_clip": False,
        }
        return bqplot.Label(**(given | traits))

    def draw_cell(
        self, view: CellView, look: CellStyle, unit: str, selected: tuple[str, ...], dragging: bool
    ) -> None:
        """Show a cell; the handle is left alone while it is being dragged."""
        factor, top = UNITS[unit], self._top(view)
        if not dragging:
            self.draw(view, look, unit, selected)
        else:
            self._upright(self.line, None if view.value is None else view.value * factor, top)
        lines = [(name, value * factor) for name, value in view.others]
        lines += [] if view.value is None else [(view.label, view.value * factor)]
        placed = self._placed(lines, top)
        others = placed[: len(view.others)]
        for k, mark in enumerate(self.others):
            self._upright(mark, *((others[k][1:3]) if k < len(others) else (None, top)))
        named = placed[len(view.others) :]
        if named:
            self._upright(self.line, named[0][1], named[0][2])
        self._write(self.names, named, unit)
        self._write(self.labels, others, unit)
        self._count_repeats(view, factor)
        curve = view.curve or (NONE, NONE)
        self.put(self.curve, x=curve[0] * factor, y=curve[1])
        if not dragging:
            x, y = ([named[0][1]], [named[0][2]]) if named else (NONE, NONE)
            self.put(self.handle, x=np.array(x), y=np.array(y))

    def _count_repeats(self, view: CellView, factor: float) -> None:
        """Say of points that lie on each other how many they are: within a hundredth of the axis nobody sees two."""
        near = (self.x.max - self.x.min) / 100
        found: dict[tuple[int, float], list[float]] = {}
        for amp, count in zip(view.amps * factor, view.counts, strict=True):
            found.setdefault((round(amp / near), float(count)), []).append(float(amp))
        several = [(np.mean(amps), count, len(amps)) for (_, count), amps in found.items() if len(amps) > 1]
        several = self._apart(several)
        self.put(
            self.repeats,
            x=np.array([amp for amp, _, _ in several]),
            y=np.array([count for _, count, _ in several]),
            text=np.array([f"×{number}" for _, _, number in several], dtype=str),
        )

    def _apart(self, several: list[Repeats]) -> list[Repeats]:
        """Return those whose numbers have room: of two that would lie over each other the larger one stands."""
        wide, high = 0.05 * (self.x.max - self.x.min), 0.08 * (self.y.max - self.y.min)
        kept: list[Repeats] = []
        for one in sorted(several, key=lambda found: -found[2]):
            if all(abs(one[0] - other[0]) > wide or abs(one[1] - other[1]) > high for other in kept):
                kept.append(one)
        return kept

    def _placed(self, lines: list[tuple[str, float]], top: float) -> list[tuple[str, float, float, bool]]:
        """Say how high each line goes, and whether its label is on its right: so that no line crosses a label."""
        low, span = self.x.min, self.x.max - self.x.min
        at = [(value - low) / span for _, value in lines]
        turn = 0.5  # of the axis: lines on its left have their labels on the right
        if at and max(at) < 0.7:
            turn = 1.0
        elif at and min(at) > 0.3:
            turn = 0.0
        right = [share <= turn for share in at]
        order = sorted(range(len(at)), key=lambda k: (not right[k], at[k] if right[k] else -at[k]))
        rows = {k: top * (1.0 - 0.075 * row) for row, k in enumerate(order)}
        return [(name, value, rows[k], right[k]) for k, (name, value) in enumerate(lines)]

    def _write(
        self, marks: list[bqplot.Label], placed: list[tuple[str, float, float, bool]], unit: str
    ) -> None:
        for mark, right in zip(marks, (True, False), strict=True):
            own = [one for one in placed if one[3] == right]
            self.put(
                mark,
                x=np.array([value for _, value, _, _ in own]),
                y=np.array([row for _, _, row, _ in own]),
                text=np.array(
                    [f"{plain(name)}: {value:.{DIGITS}g} {unit}" for name, value, _, _ in own], dtype=str
                ),
            )
