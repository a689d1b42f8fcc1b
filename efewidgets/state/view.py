"""What the eye is looking at: selected and zoomed. It belongs to no result and is not undone; sessions remember it."""

from __future__ import annotations

from typing import Any

import traitlets

from .running.observers import Fault, Observed


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
    title = traitlets.Unicode("")

    def __init__(self, fault: Fault, **values: Any):
        self._told = fault
        super().__init__(**values)

    def _fault(self, handler: Any, error: Exception) -> None:
        self._told(handler, error)
