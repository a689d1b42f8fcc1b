"""The panels, and what is seen in their place or beside them: a contact sheet, the phase plane, the spikes."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from .closer import Closer, phase_plane, spikes
from .data import TraceView
from .panels import Panels
from .samples import TraceCache
from .sheet import ContactSheet


class Plots:
    """All figures of a viewer, each made when it is seen for the first time.

    Parameters
    ----------
    put : callable
        Sets traits of a widget without that being taken for a person's doing.
    cache : TraceCache
    opened : callable
        Is given the id of the sweep of the sheet that was pressed, and whether it is chosen with the others.

    Attributes
    ----------
    panels : Panels
    closer : Closer or None
    sheet : ContactSheet or None
    box : VBox
    """

    def __init__(
        self,
        put: Callable[..., None],
        cache: TraceCache,
        legend: ipywidgets.Widget,
        opened: Callable[[str, bool], object],
    ):
        self._put, self._cache, self._opened = put, cache, opened
        self.panels = panels = Panels(put)
        self.closer: Closer | None = None
        self.sheet: ContactSheet | None = None
        self._traces = (panels.glass, panels.voltage, panels.current, legend)
        self.box = ipywidgets.VBox(self._traces)
        self.box.add_class("efe-plots")

    def draw(self, data: TraceView) -> None:
        """Show what the state's view asks for."""
        sheet, closer = data.plot == "sheet", data.plot in ("phase", "spikes")
        for part in self._traces:
            self._put(part.layout, display="none" if sheet else "")
        if sheet:
            self._draw_sheet(data)
        elif closer:
            self._draw_closer(data)
        figure = None if self.closer is None else self.closer.figure
        for part, seen in ((self.sheet, sheet), (figure, closer)):
            if part is not None:
                self._put(part.layout, display="" if seen else "none")
        if not sheet:
            self.panels.draw(data)

    def _draw_closer(self, data: TraceView) -> None:
        if self.closer is None:
            self.closer = Closer(self._put)
            self.box.children = (*self.box.children, self.closer.figure)
        between = None if data.span == data.full else data.span
        how = {curve.id: curve.colour for curve in data.curves}
        seen = [(how[one], samples) for one, samples in self._cache.present(how, data.through)]
        if data.plot == "phase":
            self.closer.draw(phase_plane(seen, between))
            return
        active = dict(self._cache.present([data.active or ""], data.through)).get(data.active or "")
        if active is not None:
            self.closer.draw(spikes(active, between, data.align))

    def _draw_sheet(self, data: TraceView) -> None:
        if self.sheet is None:
            self.sheet = ContactSheet()
            self.sheet.pressed = self._opened
            self.box.children = (*self.box.children, self.sheet)
        self._put(self.sheet, sweeps=list(data.sheet), chosen=list(data.chosen))
