"""Choosing what the feature plots show: features with a search, and cells by a legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import ipywidgets

from ...engine.figures.style import CellStyle
from ..parts.html import escape, plain, tag

#: More cells than these have no buttons, but a list
MOST_BUTTONS = 60

GLYPHS = {
    "circle": "●",
    "triangle-up": "▲",
    "square": "■",
    "diamond": "◆",
    "triangle-down": "▼",
    "cross": "✚",
    "ellipse": "⬮",
}


class FeatureChoice(ipywidgets.VBox):
    """A list of features, shortened by what is typed; those that are chosen stay in it.

    Parameters
    ----------
    changed : callable
        Is called when a person has chosen.
    """

    def __init__(self, changed: Callable[[], None]):
        self.search = ipywidgets.Text(
            description="search",
            placeholder="part of a name",
            continuous_update=True,
            layout={"width": "auto"},
        )
        self.features = ipywidgets.SelectMultiple(
            description="features", rows=8, layout={"width": "auto"}, tooltip="ctrl or shift chooses several"
        )
        self._all: tuple[str, ...] = ()
        self._changed = changed
        self._quiet = False
        self.search.observe(lambda _: self._list(self.features.value), "value")
        self.features.observe(self._chosen, "value")
        super().__init__([self.search, self.features])
        self.add_class("efe-feature-choice")

    def offer(self, features: Sequence[str], chosen: Iterable[str]) -> None:
        """Offer other features, of which some are chosen."""
        if (tuple(features), tuple(chosen)) != (self._all, self.features.value):
            self._all = tuple(features)
            self._list(tuple(chosen))

    def _list(self, chosen: tuple[str, ...]) -> None:
        sought = self.search.value.strip().casefold()
        listed = [name for name in self._all if name in chosen or sought in name.casefold()]
        options = tuple((plain(name), name) for name in listed)
        self._quiet = True
        try:
            if options != self.features.options:
                self.features.value = ()  # the page looks for what is chosen among the new options
                self.features.options = options
            self.features.value = chosen
        finally:
            self._quiet = False

    def _chosen(self, change: object) -> None:
        if not self._quiet:
            self._changed()


class Legend(ipywidgets.HBox):
    """The cells with their colours and markers; as buttons that hide cells if they are few.

    Parameters
    ----------
    changed : callable
        Is called when a person has shown or hidden a cell.
    """

    def __init__(self, changed: Callable[[], None]):
        self.buttons: dict[str, ipywidgets.ToggleButton] = {}
        self.list = ipywidgets.HTML()
        self._changed = changed
        self._shown: dict[str, CellStyle] | None = None
        super().__init__([self.list])
        self.add_class("efe-row")
        self.add_class("efe-feature-legend")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Cells that a person has hidden."""
        return tuple(name for name, button in self.buttons.items() if not button.value)

    def show(self, looks: Mapping[str, CellStyle]) -> None:
        """Show other cells."""
        if looks == self._shown:
            return
        self._shown = dict(looks)
        few = len(looks) <= MOST_BUTTONS
        kept = {name: self.buttons[name] for name in looks if few and name in self.buttons}
        gone = [button for name, button in self.buttons.items() if name not in kept]
        self.buttons = {name: kept.get(name) or self._button(name) for name in looks} if few else {}
        for name, button in self.buttons.items():
            button.description = f"{GLYPHS[looks[name].marker]} {plain(name)}"
            button.layout.border_left = f"5px solid {looks[name].colour}"
        self.list.value = "" if few else _compact(looks)
        self.children = (self.list, *self.buttons.values())
        for button in gone:
            for part in (button.layout, button.style, button):
                part.close()

    def _button(self, name: str) -> ipywidgets.ToggleButton:
        button = ipywidgets.ToggleButton(
            value=True, tooltip=f"show or hide {plain(name)}", layout={"width": "auto", "max_width": "220px"}
        )
        button.observe(lambda _: self._changed(), "value")
        return button


def _compact(looks: Mapping[str, CellStyle]) -> str:
    parts = (
        tag("span", tag("b", GLYPHS[look.marker], style=f"color:{look.colour}"), " ", escape(name))
        for name, look in looks.items()
    )
    return tag("div", *parts, class_="efe-feature-cells", tabindex=0, role="group", aria_label="cells")
