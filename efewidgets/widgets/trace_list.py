"""The list of sweeps beside the traces: what can be shown, in which colour, and what is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from .style import STATIC

#: ``choose(ids of the sweeps to show, id of the one that stands for all)``
Choose = Callable[[tuple[str, ...], str], Any]


class SweepList(anywidget.AnyWidget):
    """A list box with several rows chosen; a person's choice is told to `choose`.

    Parameters
    ----------
    choose : callable
    """

    _esm = STATIC / "trace_list.js"

    label = traitlets.Unicode("sweeps").tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)

    def __init__(self, choose: Choose):
        super().__init__()
        self._choose = choose
        self.on_msg(self._told)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        known = {row["id"] for row in self.rows}
        chosen, active = _ids(content, "chosen"), str(content.get("active"))
        if set(chosen) <= known and active in known:
            # what the page shows already
            with self.hold_trait_notifications():
                self.chosen, self.active = list(chosen), active
            self._choose(chosen, active)


def _ids(content: Any, name: str) -> tuple[str, ...]:
    return tuple(str(identity) for identity in content.get(name) or ())
