"""What the eye is looking at: selected and zoomed. It belongs to no result and is not undone; sessions remember it."""

from __future__ import annotations

from typing import Any

import traitlets

from .running.observers import Fault, Observed

#: By what sweeps are sorted: the order of acquisition, what was injected and came out, what was decided, and names
ORDERS = ("acquired", "amplitude", "relative", "spikes", "state", "tags", "file", "sweep")


class View(Observed):
    """The selection that all views share.

    Attributes
    ----------
    recordings : tuple of str
        Ids of the selected recordings.
    cell, protocol, target : str or None
        Name of the selected cell and protocol, id of the selected target.
    time_range : tuple of float or None
        What of the traces is shown, ms; None for all.
    tab : str
        Which part of the dashboard is open.
    reason : str
        The reason for which a recording was excluded last; "" if none was.
    to_check : bool
        Whether the next sweep is the next of those to check, and not the next of all.
    voltage_range, current_range : tuple of float or None
        What of the axes of voltage (mV) and current (nA) is shown; None for all.
    axes : tuple of tuple of float
        Ends of the axes of time, voltage and current as they were drawn last; not for others to set.
    feature : str
        Name of the feature whose marks stand on the traces; "" for none.
    baseline, mean : bool
        Whether the traces are seen above their voltage before the stimulus, and repeats as their mean.
    low_pass : float
        Hz, through which the traces are seen; 0 for as they are. No feature is computed from it.
    plot : {"traces", "phase", "spikes", "sheet"}
        What stands beside the traces, or in their place: dV/dt against voltage, the spikes over each other, all
        sweeps of the protocol.
    order : str
        In which the sweeps of a protocol are listed and gone through: one of `ORDERS`, with "-" before it from the
        largest on.
    filters : dict of str
        What is asked for in the columns of that list, by the same names: a text, or a limit such as "> 5". Only sweeps
        that fit are listed and gone through.
    align : {"peak", "threshold"}
        What of the spikes lies over each other.
    current_unit : {"auto", "pA", "nA"}
        Unit in which currents are told; see `state.results.currents`.
    cursors : tuple of float
        Times (ms) of the cursors A and B; empty without cursors.
    alone : str
        The sweep that stood by itself before all were laid over each other.
    drag : {"box", "move"}
        What dragging in the traces does.
    details : tuple of str
        Ids of the files whose details are open; empty while none are.
    watched : str or None
        Folder below the root whose new recordings are added by themselves, "" for the root; None for none.
    title : str
        What a person calls the session; "" if it has no name yet.
    """

    recordings = traitlets.Tuple()
    cell = traitlets.Unicode(None, allow_none=True)
    protocol = traitlets.Unicode(None, allow_none=True)
    target = traitlets.Unicode(None, allow_none=True)
    time_range = traitlets.Tuple(allow_none=True, default_value=None)
    tab = traitlets.Unicode("")
    reason = traitlets.Unicode("")
    to_check = traitlets.Bool(False)
    voltage_range = traitlets.Tuple(allow_none=True, default_value=None)
    current_range = traitlets.Tuple(allow_none=True, default_value=None)
    axes = traitlets.Tuple()
    feature = traitlets.Unicode("")
    baseline = traitlets.Bool(False)
    mean = traitlets.Bool(False)
    low_pass = traitlets.Float(0.0, min=0.0)
    plot = traitlets.Enum(("traces", "phase", "spikes", "sheet"), "traces")
    order = traitlets.Enum((*ORDERS, *(f"-{name}" for name in ORDERS)), "amplitude")
    filters = traitlets.Dict()
    align = traitlets.Enum(("peak", "threshold"), "peak")
    current_unit = traitlets.Enum(("auto", "pA", "nA"), "auto")
    cursors = traitlets.Tuple()
    alone = traitlets.Unicode("")
    drag = traitlets.Enum(("box", "move"), "box")
    details = traitlets.Tuple()
    watched = traitlets.Unicode(None, allow_none=True)
    title = traitlets.Unicode("")

    def __init__(self, fault: Fault, **values: Any):
        self._told = fault
        super().__init__(**values)

    def _fault(self, handler: Any, error: Exception) -> None:
        self._told(handler, error)
