"""All cells as small figures, so many a page: only the page that is shown is drawn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from ...engine.figures.style import CellStyle
from ..parts.html import escape, plain, tag
from ..parts.style import KEEPS_SIZE, row
from .data import CellView
from .plots import Put, SmallPlot
from .rule import current_in_words

PER_PAGE = 12


class Overview:
    """Small figures with the cells' names above them.

    Parameters
    ----------
    put : callable
    on_point : callable
        ``on_point(id)`` when a person clicks on a recording.
    on_cell : callable
        ``on_cell(name)`` when a person presses a cell's name.

    Attributes
    ----------
    plots : list of SmallPlot
        As many as have been needed so far.
    titles : list of Button
    reasons : list of HTML
        Why a cell has no rheobase.
    earlier, later : Button
        Turn the page.
    pages : HTML
        Says which cells are shown.
    """

    def __init__(self, put: Put, on_point: Callable[[str], Any], on_cell: Callable[[str], Any]):
        self.put, self._on_point, self._on_cell = put, on_point, on_cell
        self._shown: tuple[str, ...] = ()
        self.plots: list[SmallPlot] = []
        self.titles: list[ipywidgets.Button] = []
        self.reasons: list[ipywidgets.HTML] = []
        self.grid = ipywidgets.Box()
        self.grid.add_class("efe-rheobase-grid")
        narrow = {"width": "auto"}
        self.earlier = ipywidgets.Button(description="‹ earlier cells", layout=narrow)
        self.later = ipywidgets.Button(description="later cells ›", layout=narrow)
        self.pages = ipywidgets.HTML()
        self.pager = row(self.earlier, self.pages, self.later)
        self.box = ipywidgets.VBox([self.pager, self.grid])

    def draw(
        self,
        views: Sequence[CellView],
        looks: Mapping[str, CellStyle],
        unit: str,
        selected: tuple[str, ...],
        cell: str | None,
    ) -> None:
        """Show the cells of a page."""
        self._grow(len(views))
        self._shown = tuple(view.name for view in views)
        for k, (panel, title, plot) in enumerate(zip(self._panels, self.titles, self.plots, strict=True)):
            self.put(panel.layout, display=None if k < len(views) else "none")
            if k < len(views):
                view = views[k]
                mark = " ✎" if view.by_hand else ""
                self.put(
                    title,
                    description=f"{plain(view.name)} · {current_in_words(view.value, unit)}{mark}",
                    tooltip=plain(view.reason),
                    button_style="primary" if view.name == cell else "",
                )
                why = escape(view.reason) if view.value is None else ""
                self.put(self.reasons[k], value=tag("span", why) if why else "")
                plot.draw(view, looks[view.name], unit, selected)

    def say_pages(self, page: int, pages: int, of: int) -> None:
        """Say which cells are shown."""
        first = page * PER_PAGE + 1
        self.put(self.pager.layout, display=None if pages > 1 else "none")
        self.put(self.pages, value=f"cells {first} to {min(first + PER_PAGE - 1, of)} of {of}")
        self.put(self.earlier, disabled=page == 0)
        self.put(self.later, disabled=page >= pages - 1)

    @property
    def _panels(self) -> tuple[ipywidgets.VBox, ...]:
        found: tuple[ipywidgets.VBox, ...] = self.grid.children
        return found

    def _grow(self, number: int) -> None:
        new = []
        for k in range(len(self.plots), number):
            plot, title = (
                SmallPlot(self.put, self._on_point, height=180),
                ipywidgets.Button(layout={"width": "auto"}),
            )
            plot.figure.layout.min_width = "160px"
            title.on_click(functools.partial(self._pressed, k))
            title.add_class("efe-rheobase-title")
            self.plots.append(plot)
            self.titles.append(title)
            reason = ipywidgets.HTML()
            reason.add_class("efe-rheobase-why")
            self.reasons.append(reason)
            panel = ipywidgets.VBox([title, reason, plot.figure])
            panel.add_class(KEEPS_SIZE)
            new.append(panel)
        if new:
            self.grid.children = (*self.grid.children, *new)

    def _pressed(self, k: int, button: ipywidgets.Button) -> None:
        if k < len(self._shown):
            self._on_cell(self._shown[k])
