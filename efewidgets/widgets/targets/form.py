"""The form that adds targets: protocols × amplitudes × features, or a preset."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...state.actions.targets import PRESETS
from ..parts.cell_text import read_number, read_numbers, unit_of_amplitudes
from ..parts.html import tag
from ..parts.message import Message
from ..parts.style import row
from ..parts.ticks import Ticks
from .picker import FeaturePicker

#: Usual steps and tolerance, % of rheobase, and nA
USUAL = {False: ("150, 200, 300", "10"), True: ("0.1, 0.2, 0.3", "0.02")}


class TargetForm(ipywidgets.VBox):
    """Protocols, amplitudes, tolerance and features, of which targets are made.

    Attributes
    ----------
    protocols : Ticks
    amplitudes, tolerance : ipywidgets.Text
    picker : FeaturePicker
    add : ipywidgets.Button
    preset : ipywidgets.Dropdown
    add_preset : ipywidgets.Button
    message : Message
    """

    def __init__(self) -> None:
        self.absolute = False
        self.message = Message()
        self.protocols = Ticks()
        self.lacking = ipywidgets.HTML(tag("span", "add files first", class_="efe-faint"))
        self.amplitudes = ipywidgets.Text(USUAL[False][0], description="Amplitudes")
        self.tolerance = ipywidgets.Text(USUAL[False][1], description="Tolerance")
        self.units = [ipywidgets.Label(), ipywidgets.Label()]
        self.picker = FeaturePicker()
        self.add = ipywidgets.Button(button_style="primary", icon="plus")
        self.preset = ipywidgets.Dropdown(description="or preset", options=PRESETS)
        self.add_preset = ipywidgets.Button(
            description="Add preset", tooltip="add a preset's features at these amplitudes"
        )
        pairs = zip((self.amplitudes, self.tolerance), self.units, strict=True)
        self._lines = [ipywidgets.HBox(pair) for pair in pairs]
        buttons = row(self.add, self.preset, self.add_preset)
        of = ipywidgets.Label("Protocols")
        left = ipywidgets.VBox([ipywidgets.HBox([of, self.protocols, self.lacking]), *self._lines])
        left.add_class("efe-target-where")
        body = ipywidgets.HBox([left, self.picker])
        body.add_class("efe-target-form-body")
        super().__init__([body, buttons, self.message])
        self.add_class("efe-target-form")
        for control in (self.protocols, self.amplitudes, self.tolerance):
            control.observe(self._count, "value")
        self.picker.observe(self._count, "chosen")
        self.show((), False)

    def show(self, protocols: tuple[str, ...], absolute: bool) -> None:
        """Offer these protocols, and amplitudes in nA or % of rheobase."""
        self.protocols.offer(protocols)
        self.lacking.layout.display = "none" if protocols else ""
        if absolute != self.absolute:
            if (self.amplitudes.value, self.tolerance.value) == USUAL[self.absolute]:
                self.amplitudes.value, self.tolerance.value = USUAL[absolute]
            self.absolute = absolute
        for label in self.units:
            label.value = unit_of_amplitudes(absolute)
        self._count()

    def place(self) -> dict[str, Any]:
        """Return protocols, amplitudes and tolerance.

        Raises
        ------
        EfeError
            If one of them lacks or can't be read.
        """
        if not self.protocols.value:
            raise EfeError(
                "Choose a protocol first: those that there are recordings of stand above the amplitudes."
            )
        return {
            "protocols": list(self.protocols.value),
            "amplitudes": read_numbers(self.amplitudes.value, "An amplitude", self.absolute),
            "tolerance": read_number(self.tolerance.value, "The tolerance", self.absolute),
        }

    def targets(self) -> list[dict[str, Any]]:
        """Return the targets that the form says, protocol by protocol and amplitude by amplitude."""
        place = self.place()
        if not self.picker.chosen:
            raise EfeError("Choose features first: tick them in the list.")
        return [
            {"efeature": name, "protocol": protocol, "amplitude": amplitude, "tolerance": place["tolerance"]}
            for protocol in place["protocols"]
            for amplitude in place["amplitudes"]
            for name in self.picker.chosen
        ]

    def _count(self, change: Any = None) -> None:
        try:
            number = len(self.targets())
        except EfeError:
            number = 0
        self.add.description = "Add" if not number else f"Add {number} target{'s' * (number > 1)}"
        self.add.tooltip = "add every chosen feature at every amplitude of every chosen protocol"
