"""Choosing what the feature plots show: features by their names, and cells by a legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets

from ...engine.figures.style import CellStyle
from ...engine.problems import nearest
from ..parts.chips import Chips
from ..parts.html import escape, plain, tag
from ..parts.message import Message

#: So many features are shown at first
FIRST = 6

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


class FeatureChoice(ipywidgets.HBox):
    """The features that are shown, by their names: a click takes one away, a box adds another.

    Parameters
    ----------
    changed : callable
        Is called when a person has chosen.

    Attributes
    ----------
    chosen : tuple of str
        Features that are shown.
    chips : Chips
    add : ipywidgets.Combobox
        Adds a feature; it proposes those that hold what is typed.
    all, usual : ipywidgets.Button
        Choose all of the protocol, or those that are shown at first.
    message : Message
        Says why nothing was added.
    """

    def __init__(self, changed: Callable[[], None]):
        self.chosen: tuple[str, ...] = ()
        self._offered: dict[str, str] = {}
        self._changed = changed
        self.chips = Chips("features that are shown", lambda name: self.choose(self._without(name)))
        self.add = ipywidgets.Combobox(
            description="features",
            placeholder="add a feature",
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "230px"},
        )
        self.all = ipywidgets.Button(
            description="all", tooltip="show all features of the protocol", layout={"width": "auto"}
        )
        self.usual = ipywidgets.Button(
            description="usual", tooltip="show those that are shown at first", layout={"width": "auto"}
        )
        self.message = Message()
        self.add.observe(self._typed, "value")
        self.all.on_click(lambda _: self.choose(self._offered.values()))
        self.usual.on_click(lambda _: self.choose(list(self._offered.values())[:FIRST]))
        super().__init__([self.add, self.all, self.usual, self.chips, self.message])
        self.add_class("efe-row")
        self.add_class("efe-feature-choice")

    def offer(self, features: Sequence[str], chosen: Iterable[str]) -> None:
        """Offer other features, of which some are chosen."""
        offered, chosen = {plain(name): name for name in features}, tuple(chosen)
        if (offered, chosen) == (self._offered, self.chosen):
            return
        self._offered, self.chosen = offered, chosen
        self.chips.names = tuple(plain(name) for name in chosen)
        self.add.options = tuple(said for said, name in offered.items() if name not in chosen)
        self.add.disabled = self.all.disabled = len(chosen) == len(offered)
        self.usual.disabled = chosen == tuple(features)[:FIRST]

    def choose(self, names: Iterable[str]) -> None:
        """Show these features, in the order of the protocol's."""
        wanted = set(names)
        self.message.say("")
        self.offer(list(self._offered.values()), [name for name in self._offered.values() if name in wanted])
        self._changed()

    def _without(self, said: str) -> list[str]:
        return [name for name in self.chosen if plain(name) != said]

    def _typed(self, change: Any) -> None:
        said = change["new"].strip()
        if not said:
            return
        self.add.value = ""
        found = self._meant(said)
        if found is None:
            among = self.add.options
            self.message.say(f"no target of the protocol wants a feature {said!r}.{nearest(said, among)}")
        else:
            self.choose((*self.chosen, found))

    def _meant(self, said: str) -> str | None:
        """Return the feature that was typed, or of whose name that is the only beginning or part."""
        if said in self._offered:
            return self._offered[said]
        left = [name for name in self.add.options if said.casefold() in name.casefold()]
        begin = [name for name in left if name.casefold().startswith(said.casefold())]
        only = begin if len(begin) == 1 else left
        return self._offered[only[0]] if len(only) == 1 else None


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
