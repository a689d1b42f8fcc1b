"""What lies over the two panels, in the browser: values at the mouse, cursors, zoom, a click on a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from ..parts.style import static


class Glass(anywidget.AnyWidget):
    """Hears the mouse over the panels, and shows values under it without asking the kernel.

    Ctrl and the wheel zoom the time, Alt and the wheel a height; without them the page scrolls. Dragging draws a box
    that is zoomed to, or moves what is seen; it zooms by setting the scales, as a person's doing.

    Attributes
    ----------
    scales : list of str
        Model ids of the scales of time, voltage and current.
    lines : list of str
        Model ids of the marks of voltage and current.
    handles : str
        Model id of the handles of timings, whose names are written beside them.
    ids, names : list of str
        Which sweeps the lines are of, and what they are called.
    active : str
        Id of the sweep whose values are told.
    timings : dict of float
        Timings (ms) whose lines can be dragged, by name.
    limits : list
        Ends of the axes of time, voltage and current beyond which nothing lies.
    cursors : list of float
        Times (ms) of the cursors A and B, or empty; moved by a person, too.
    exact : list of list
        Time (ms), voltage (mV) and current of the samples at the cursors.
    drag : {"box", "move"}
    unit, factor : str, float
        Unit in which currents are told, and how many of it a nA is.
    chosen, whole, moved : callable
        Called with the id of a sweep that was clicked; when all is to be seen; with a timing's name and its time (ms).
    """

    _esm = static(__file__, "glass_parts.js", "glass.js")

    scales = traitlets.List(traitlets.Unicode()).tag(sync=True)
    lines = traitlets.List(traitlets.Unicode()).tag(sync=True)
    handles = traitlets.Unicode().tag(sync=True)
    ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)
    timings = traitlets.Dict(value_trait=traitlets.Float()).tag(sync=True)
    limits: Any = traitlets.List().tag(sync=True)
    cursors = traitlets.List(traitlets.Float()).tag(sync=True)
    exact: Any = traitlets.List().tag(sync=True)
    drag = traitlets.Enum(("box", "move"), "box").tag(sync=True)
    unit = traitlets.Unicode("nA").tag(sync=True)
    factor = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
        self.chosen: Callable[[str], Any] = nothing
        self.whole: Callable[[], Any] = nothing
        self.moved: Callable[[str, float], Any] = nothing
        self.on_msg(self._told)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        kind = content.get("kind")
        if kind == "choose" and content.get("id") in self.ids:
            self.chosen(content["id"])
        elif kind == "whole":
            self.whole()
        elif kind == "moved" and content.get("name") in self.timings:
            ms = content.get("ms")
            if isinstance(ms, (int, float)):
                self.moved(content["name"], float(ms))
