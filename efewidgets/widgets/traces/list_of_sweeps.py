"""The list of sweeps beside the traces: what can be shown, in which colour, and what is."""

from __future__ import annotations

import anywidget
import traitlets

from ..parts.style import static


class SweepList(anywidget.AnyWidget):
    """A list box of which several rows can be chosen.

    Attributes
    ----------
    label : str
        What it lists, said by screen readers.
    rows : list of dict
        ``id``, ``label``, ``detail``, ``colour``, ``faint`` (bool), ``hint``, ``mark``: texts as they are.
    chosen : list of str
        Ids of the rows that are chosen; changed by a person, too, in one change with `active`.
    active : str
        Id of the row that stands for all.
    """

    _esm = static(__file__, "list_of_sweeps.js")

    label = traitlets.Unicode("sweeps").tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)
