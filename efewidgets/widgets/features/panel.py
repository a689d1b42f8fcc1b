"""One panel of the feature plots: a figure whose marks are made once and changed in place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from ...engine.figures.style import BLUE, FAINT, ORANGE, CellStyle
from ..parts import plots
from ..parts.html import escape, plain, tag
from ..parts.style import FILLS, KEEPS_SIZE
from .data import Band, Panel

FAINT_OPACITY, OPACITY = 0.3, 0.65

#: Key of the sweeps that were left out
GHOSTS = "ghosts"

Put = Callable[..., None]


class PanelPlot(ipywidgets.VBox):
    """A heading, a figure, and a note.

    Parameters
    ----------
    put : callable
        Sets traits that differ, in one message; see `StateWidget.put`.
    clicked : callable
        Is given the id of the recording that was clicked.
    lassoed : callable
        Is called when points of this panel were chosen with the lasso.
    """

    def __init__(self, put: Put, clicked: Callable[[str], None], lassoed: Callable[[], None]):
        self._put, self._clicked, self._lassoed = put, clicked, lassoed
        self.heading, self.note = ipywidgets.HTML(), ipywidgets.HTML()
        self.x_scale, self.y_scale = plots.scale(0.0, 1.0), plots.scale(0.0, 1.0)
        self.x_axis, self.y_axis = (
            plots.x_axis(self.x_scale),
            plots.y_axis(self.y_scale, label_offset="4em"),
        )
        self.hover = bqplot.Tooltip(
            fields=["name", "x", "y"], formats=["", ".4", ".4"]
        )  # others' names: bqplot shows them as text
        self.bands = self._lines(close_path=True, fill="inside", stroke_width=0)
        self.boxes = self._lines(close_path=True, fill="inside", stroke_width=1)
        self.means = self._lines(stroke_width=2.5)
        self.curves = self._lines(stroke_width=1.2)
        self.chosen = self._scatter("circle", fill=False, default_size=130, stroke_width=2.0, colors=[BLUE])
        self._ids: dict[str, np.ndarray] = {}
        self.points: dict[str, bqplot.Scatter] = {}
        self.ghosts = self._new_points("cross", GHOSTS, colors=[FAINT], fill=False, opacities=[0.8])
        self.lasso: bqplot.interacts.LassoSelector | None = None
        self.figure = plots.figure(self._marks(), [self.x_axis, self.y_axis], height=230)
        self.figure.fig_margin = {"top": 10, "bottom": 44, "left": 70, "right": 16}
        self.figure.add_class(FILLS)
        super().__init__([self.heading, self.figure, self.note])
        self.add_class("efe-feature-panel")
        self.add_class(KEEPS_SIZE)

    def _lines(self, **traits: Any) -> bqplot.Lines:
        scales = {"x": self.x_scale, "y": self.y_scale}
        return bqplot.Lines(x=np.zeros(2), y=np.zeros(2), scales=scales, visible=False, **traits)

    def _scatter(self, marker: str, **traits: Any) -> bqplot.Scatter:
        scales = {"x": self.x_scale, "y": self.y_scale}
        given = {"marker": marker, "scales": scales, "x": [], "y": [], "names_unique": False}
        return bqplot.Scatter(**(given | {"display_names": False} | traits))

    def _marks(self) -> list[bqplot.Mark]:
        return [
            self.bands,
            self.boxes,
            self.curves,
            self.means,
            self.ghosts,
            self.chosen,
            *self.points.values(),
        ]

    def show(
        self,
        panel: Panel,
        looks: Mapping[str, CellStyle],
        selected: Collection[str],
        target: str | None,
    ) -> None:
        """Show other data."""
        self._put(self.heading, value=tag("div", escape(panel.title), class_="efe-heading"))
        self._put(self.note, value=tag("div", escape(panel.note or " "), class_="efe-faint"))
        low, high = self._axes(panel)
        self._show_bands(panel, target, low, high)
        self._show_curves(panel, looks)
        self._show_points(panel, looks)
        self._ids[GHOSTS] = panel.ghosts.ids
        names = panel.ghosts.names.astype(str)
        self._put(self.ghosts, names=names, x=panel.ghosts.x, y=panel.ghosts.y)
        self.select(panel, selected)

    def _axes(self, panel: Panel) -> tuple[float, float]:
        """Set both axes; return the ends of the vertical one."""
        spread = [b.mean + s * b.std for b in panel.bands for s in (-1, 1)]
        values = [*panel.y, *panel.ghosts.y, *spread, *(v for c in panel.curves for v in c.y)]
        y = plots.padded(
            values, 0.08, least=0.004
        )  # numbers of five digits and more have no room beside the axis
        if panel.places:
            x = (0.5, len(panel.places) + 0.5)
            few = [place for k, place in enumerate(panel.places) if k % -(-len(panel.places) // 12) == 0]
            names = {plots.tick_key(place): _short(panel.places[place]) for place in few}
            self._put(self.x_axis, tick_labels=names, tick_values=np.array(few), label=panel.x_label)
        else:
            x = plots.padded(
                [*panel.x, *panel.ghosts.x, *(end for b in panel.bands for end in (b.low, b.high))]
            )
            ticks = plots.ticks(*x, 6)
            if panel.whole:
                ticks = ticks[ticks == np.round(ticks)]
            self._put(self.x_axis, **plots.ticked(ticks), label=panel.x_label)
        self._put(self.y_axis, **plots.ticked(plots.ticks(*y, 6)), label=panel.y_label)
        self._put(self.x_scale, min=float(x[0]), max=float(x[1]))
        self._put(self.y_scale, min=float(y[0]), max=float(y[1]))
        said = {"name": "recording", "x": panel.x_label, "y": panel.y_label}
        if panel.places:
            del said["x"]
        formats = ["" if name == "name" else ".4" for name in said]
        labels = [f"{label}:" for label in said.values()]
        self._put(self.hover, formats=formats, labels=labels, fields=list(said))
        return y

    def _show_bands(self, panel: Panel, target: str | None, low: float, high: float) -> None:
        bands = [] if panel.places else panel.bands
        colours = [ORANGE if band.target == target else FAINT for band in bands]
        corners = [_rectangle(band, low, high) for band in bands]
        opacities = [0.22 if band.target == target else 0.10 for band in bands]
        self._put_lines(self.bands, corners, colors=colours, fill_colors=colours, fill_opacities=opacities)
        known = [band for band in panel.bands if np.isfinite(band.mean)]
        colours = [ORANGE if band.target == target and not panel.places else FAINT for band in known]
        opacities = [1.0 if band.in_output else FAINT_OPACITY for band in known]
        boxes = [_rectangle(band, band.mean - band.std, band.mean + band.std) for band in known]
        self._put_lines(
            self.boxes, boxes, colors=colours, fill_colors=colours, fill_opacities=[0.22] * len(known),
            opacities=opacities,
        )  # fmt: skip
        means = [([band.low, band.high], [band.mean] * 2) for band in known]
        self._put_lines(self.means, means, colors=colours, opacities=opacities)

    def _show_curves(self, panel: Panel, looks: Mapping[str, CellStyle]) -> None:
        colours = [looks[curve.cell].colour for curve in panel.curves]
        self._put_lines(self.curves, [(curve.x, curve.y) for curve in panel.curves], colors=colours)

    def _put_lines(self, mark: bqplot.Lines, lines: list[Any], **traits: Any) -> None:
        """Set the lines of a mark; shorter ones stay at their last point. Without lines it isn't seen."""
        if not lines:
            self._put(mark, visible=False)
            return
        longest = max(2, *(len(line[0]) for line in lines))  # bqplot takes points in a column for one line
        x, y = np.full((2, len(lines), longest), np.nan)
        for k, (of_x, of_y) in enumerate(lines):
            for row, of in ((x[k], of_x), (y[k], of_y)):
                row[: len(of)] = of
                row[len(of) :] = of[-1] if len(of) else np.nan
        one = len(lines) == 1  # bqplot keeps one line as a flat array
        self._put(mark, x=x[0] if one else x, y=y[0] if one else y, **traits, visible=True)

    def _show_points(self, panel: Panel, looks: Mapping[str, CellStyle]) -> None:
        markers = np.array([looks[cell].marker for cell in panel.cells], dtype=object)
        colours = np.array([looks[cell].colour for cell in panel.cells], dtype=object)
        opacities = np.where(panel.faint, FAINT_OPACITY, OPACITY)
        new = [marker for marker in dict.fromkeys(markers) if marker not in self.points]
        for marker in new:
            self.points[marker] = self._new_points(marker)
        if new:
            self.figure.marks = self._marks()
        for marker, mark in self.points.items():
            mine = np.flatnonzero(markers == marker)
            self._ids[marker] = panel.ids[mine]
            names = panel.names[mine].astype(str)
            self._put(
                mark,
                selected=None,
                colors=[str(colour) for colour in colours[mine]] or [FAINT],
                opacities=[float(opacity) for opacity in opacities[mine]] or [1.0],
                names=names,
                x=panel.x[mine],
                y=panel.y[mine],
            )

    def _new_points(self, marker: str, key: str | None = None, **look: Any) -> bqplot.Scatter:
        key = marker if key is None else key
        given = {"tooltip": self.hover, "default_size": 42, "stroke_width": 0.6, **look}
        mark = self._scatter(marker, **given)

        def clicked(_: Any, event: Mapping[str, Any]) -> None:
            index = event.get("data", {}).get("index", -1)
            if 0 <= index < len(self._ids.get(key, ())):
                self._clicked(str(self._ids[key][index]))

        mark.on_element_click(clicked)
        mark.observe(lambda _: self._lassoed(), "selected")
        return mark

    def select(self, panel: Panel, selected: Collection[str]) -> None:
        """Ring the points of these recordings."""
        at, left = (
            np.flatnonzero(np.isin(of.astype(str), list(selected))) for of in (panel.ids, panel.ghosts.ids)
        )
        x, y = np.r_[panel.x[at], panel.ghosts.x[left]], np.r_[panel.y[at], panel.ghosts.y[left]]
        self._put(self.chosen, x=x, y=y)

    # --- the lasso

    def use_lasso(self, on: bool) -> None:
        """Let points be chosen with the mouse, or hovered and clicked."""
        self.end_lasso()
        if on:
            self.lasso = bqplot.interacts.LassoSelector(marks=list(self.points.values()), color=BLUE)
            self.figure.interaction = self.lasso

    def end_lasso(self) -> None:
        """Forget the lasso."""
        self.figure.interaction = None
        if self.lasso is not None:
            self.lasso.close()
            self.lasso = None

    def lassoed(self) -> list[str]:
        """Return the ids of the recordings inside lassos."""
        return [
            str(self._ids[marker][index])
            for marker, mark in self.points.items()
            for index in (() if mark.selected is None else mark.selected)
            if index < len(self._ids[marker])
        ]


def _rectangle(band: Band, low: float, high: float) -> tuple[list[float], list[float]]:
    return [band.low, band.high, band.high, band.low], [low, low, high, high]


def _short(name: str) -> str:
    text = plain(name)
    return text if len(text) <= 10 else text[:9] + "…"
