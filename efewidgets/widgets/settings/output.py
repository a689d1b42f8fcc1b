"""How values are averaged, and what a run writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.targets.matching import MODES
from ..parts.base import StateWidget
from ..parts.html import escape, tag
from ..parts.message import Message
from ..parts.style import row

#: What `protocol_mode` means
MODE_WORDS = {
    "mean": "the mean of all recordings",
    "median": "the median of all recordings",
    "min": "the smallest of all recordings",
    "max": "the largest of all recordings",
    "lnmc": "the nominal stimulus (lnmc)",
}

#: Options of a run that are true or false: label and meaning
OUTPUT = {
    "write_files": (
        "output files",
        "write features.json, protocols.json and holding_threshold_currents.json",
    ),
    "plot": ("figures", "draw all recordings and features as PDF; takes a while"),
    "extract_per_cell": ("files of each cell", "write the three files for each cell by itself, too"),
    "pickle_cells": ("pickles", "write cells.pkl and protocols.pkl, for further work in Python"),
    "low_memory_mode": (
        "low memory",
        "in a run of `efewidgets extract`: one recording after the other",
    ),
}

#: Names of the options of averaging
AVERAGING = ("protocol_mode", "threshold_nvalue_save", "default_std_value", "save_files_used")


class OutputEditor(StateWidget):
    """Edits the averaging, and what a run writes.

    The same by hand: ``state.set_averaging(…)``, ``state.set_output(…)``.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    protocol_mode, threshold_nvalue_save, default_std_value, save_files_used : ipywidgets.Widget
    output : dict of ipywidgets.Checkbox
        By the names in `OUTPUT`.
    averaging_said, output_said : Message
    """

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls of averaging and output."""
        return [*self._averaging(), *self._output()]

    def _averaging(self) -> Sequence[ipywidgets.Widget]:
        modes = [(MODE_WORDS.get(mode, mode), mode) for mode in MODES]
        self.protocol_mode = ipywidgets.Dropdown(
            options=modes,
            description="Protocols are",
            tooltip="what stands in protocols.json for the recordings of a target",
        )
        self.threshold_nvalue_save = ipywidgets.IntText(
            description="Least n", tooltip="a feature of fewer recordings is left out of features.json"
        )
        self.default_std_value = ipywidgets.FloatText(
            description="Std instead of 0",
            tooltip="in the feature's unit: stands where all values are the same",
        )
        self.save_files_used = ipywidgets.Checkbox(
            description="name the files used in features.json", indent=False
        )
        self.averaging_said = said = Message()
        for name in AVERAGING:
            control = getattr(self, name)
            control.style.description_width = "initial"
            self.on(control, self._setter(self.state.set_averaging, name), message=said)
        for control in (self.threshold_nvalue_save, self.default_std_value):
            control.continuous_update = False
            control.layout.width = "190px"
        self.protocol_mode.layout.width = "300px"
        self.save_files_used.layout.width = "auto"
        controls = (
            self.protocol_mode,
            self.threshold_nvalue_save,
            self.default_std_value,
            self.save_files_used,
        )
        return [heading("Averaging"), row(*controls), said]

    def _output(self) -> Sequence[ipywidgets.Widget]:
        self.output_said = said = Message()
        self.output: dict[str, ipywidgets.Checkbox] = {}
        for name, (label, meaning) in OUTPUT.items():
            box = ipywidgets.Checkbox(
                description=label, tooltip=meaning, indent=False, layout={"width": "auto"}
            )
            self.on(box, self._setter(self.state.set_output, name), message=said)
            self.output[name] = box
        return [heading("What is written"), row(*self.output.values()), said]

    def _setter(self, action: Callable[..., None], name: str) -> Callable[[Any], None]:
        return lambda value: action(**{name: value})

    # --- from the state to the screen

    def depends_on(self) -> tuple[Any, ...]:
        """Return the options."""
        return tuple(getattr(self.state.inputs, name) for name in (*AVERAGING, *OUTPUT))

    def view_data(self) -> dict[str, Any]:
        """Return the options."""
        return {name: getattr(self.state.inputs, name) for name in (*AVERAGING, *OUTPUT)}

    def render(self, data: dict[str, Any]) -> None:
        """Put the options on the controls."""
        for name, value in data.items():
            self.put(self.output[name] if name in OUTPUT else getattr(self, name), value=value)


def heading(text: str) -> ipywidgets.HTML:
    """Return the heading of a part."""
    return ipywidgets.HTML(tag("div", escape(text), class_="efe-heading", role="heading", aria_level=2))
