"""A few names to be ticked: which of them are chosen is seen at once, and each answers to a plain click."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ipywidgets
import traitlets

from .html import plain
from .owned import replace


class Ticks(ipywidgets.HBox):
    """Names with a box each.

    Attributes
    ----------
    value : tuple of str
        Those that are ticked, in the order in which they stand.
    boxes : dict of str: ipywidgets.Checkbox
    """

    value = traitlets.Tuple()

    def __init__(self) -> None:
        self.boxes: dict[str, ipywidgets.Checkbox] = {}
        self._ticking = False
        super().__init__()
        self.add_class("efe-row")
        self.add_class("efe-ticks")

    def offer(self, names: Iterable[str]) -> None:
        """Offer other names; those that stay are as they were."""
        names = list(names)
        if names == list(self.boxes):
            return
        self.boxes = {name: self.boxes.get(name) or self._box(name) for name in names}
        replace(self, self.boxes.values())
        self._read()

    def show(self, ticked: Mapping[str, bool]) -> None:
        """Offer names, of which some are ticked."""
        self.offer(ticked)
        self.value = tuple(name for name, whether in ticked.items() if whether)

    @traitlets.validate("value")
    def _there(self, proposal: traitlets.Bunch) -> tuple[str, ...]:
        return tuple(name for name in self.boxes if name in proposal["value"])

    @traitlets.observe("value")
    def _tick(self, change: traitlets.Bunch) -> None:
        self._ticking = True
        for name, box in self.boxes.items():
            box.value = name in self.value
        self._ticking = False

    def _read(self, change: traitlets.Bunch | None = None) -> None:
        if not self._ticking:
            self.value = tuple(name for name, box in self.boxes.items() if box.value)

    def _box(self, name: str) -> ipywidgets.Checkbox:
        box = ipywidgets.Checkbox(description=plain(name), indent=False, layout={"width": "auto"})
        box.observe(self._read, "value")
        return box
