"""eFEL's settings with their meaning, how values are averaged, and what is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.features.catalogue import settings_catalogue
from ...engine.features.efel_settings import DEFAULT_EFEL_SETTINGS
from ...engine.problems import EfeError, nearest
from ...engine.targets.matching import MODES
from ...state.convert import settings_in_force
from ..parts.base import StateWidget
from ..parts.debounce import Debounce
from ..parts.html import escape, tag
from ..parts.message import Message
from ..parts.style import row
from ..parts.table import Table
from . import data as settings_data

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


class SettingsEditor(StateWidget):
    """Edits eFEL's settings, the averaging, and what a run writes.

    The same by hand: ``state.set_efel_settings(Threshold=-10.0)``, ``state.set_efel_settings(Threshold=None)``,
    ``state.reset_efel_settings()``, ``state.set_averaging(…)``, ``state.set_output(…)``.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    search : ipywidgets.Text
    only : ipywidgets.Checkbox
        Whether only settings are shown that matter for the chosen targets.
    table : Table
    reset : ipywidgets.Button
    protocol_mode, threshold_nvalue_save, default_std_value, save_files_used : ipywidgets.Widget
    output : dict of ipywidgets.Checkbox
        By the names in `OUTPUT`.
    """

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the table of settings and the controls of averaging and output."""
        return [*self._efel(), *self._averaging(), *self._output()]

    def _efel(self) -> Sequence[ipywidgets.Widget]:
        self.search = ipywidgets.Text(
            description="Find", placeholder="name, meaning, feature …", layout={"width": "min(320px, 100%)"}
        )
        self.only = ipywidgets.Checkbox(
            False, description="only those that matter for the chosen targets", indent=False
        )
        self.only.layout.width = "auto"
        self.reset = ipywidgets.Button(description="Reset all", tooltip="use the usual eFEL settings")
        self.count = ipywidgets.HTML()
        self.table = Table(
            settings_data.COLUMNS,
            label="eFEL settings",
            on_edit=self.edit,
            on_button=lambda name, column: self.reset_settings(name),
            height="380px",
        )
        self._soon = Debounce(self.refresh, 0.15)
        self._debounced.append(self._soon)
        self.search.observe(lambda _: self._soon(), "value")
        self.only.observe(lambda _: self.refresh(), "value")
        self.on_click(self.reset, self.state.reset_efel_settings)
        return [_heading("eFEL settings"), row(self.search, self.only, self.reset, self.count), self.table]

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
        for name in ("protocol_mode", "threshold_nvalue_save", "default_std_value", "save_files_used"):
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
        return [_heading("Averaging"), row(*controls), said]

    def _output(self) -> Sequence[ipywidgets.Widget]:
        self.output_said = said = Message()
        self.output: dict[str, ipywidgets.Checkbox] = {}
        for name, (label, meaning) in OUTPUT.items():
            box = ipywidgets.Checkbox(
                description=label, tooltip=meaning, indent=False, layout={"width": "auto"}
            )
            self.on(box, self._setter(self.state.set_output, name), message=said)
            self.output[name] = box
        return [_heading("What is written"), row(*self.output.values()), said]

    def _setter(self, action: Callable[..., None], name: str) -> Callable[[Any], None]:
        return lambda value: action(**{name: value})

    # --- from the state to the screen

    def view_data(self) -> dict[str, Any]:
        """Return the rows of the settings that are looked for, and the options."""
        inputs = self.state.inputs
        rows = settings_data.setting_rows(self.state, self.search.value, self.only.value)
        options = ("protocol_mode", "threshold_nvalue_save", "default_std_value", "save_files_used")
        return {
            "rows": rows,
            "empty": self._empty(),
            "of": len(settings_catalogue()) - len(settings_data.LEFT_OUT),
            "usual": settings_in_force(inputs) == DEFAULT_EFEL_SETTINGS,
            "averaging": {name: getattr(inputs, name) for name in options},
            "output": {name: getattr(inputs, name) for name in OUTPUT},
        }

    def _empty(self) -> str:
        if self.only.value and not settings_data.targets_in_force(self.state):
            return (
                "There are no targets, so that no setting matters for them: add some, or show all settings."
            )
        return "No setting is like that: change what is looked for."

    def render(self, data: dict[str, Any]) -> None:
        """Put rows and options on the controls."""
        self.table.show(data["rows"])
        self.put(self.table, empty=data["empty"])
        count = f"{len(data['rows'])} of {data['of']} settings"
        self.put(self.count, value=tag("span", escape(count), class_="efe-faint", role="status"))
        self.put(self.reset, disabled=data["usual"])
        for name, value in data["averaging"].items():
            self.put(getattr(self, name), value=value)
        for name, value in data["output"].items():
            self.put(self.output[name], value=value)

    # --- what a person does

    def edit(self, names: Sequence[str], column: str, text: Any) -> None:
        """Set settings to what was typed; nothing takes them away.

        Raises
        ------
        EfeError
            If it can't be.
        """
        with self._guard:
            self.state.set_efel_settings(**{name: settings_data.typed(_info(name), text) for name in names})

    def reset_settings(self, *names: str) -> None:
        """Give settings their usual values."""
        with self._guard:
            self.state.set_efel_settings(**settings_data.usual_values(names))


def _info(name: str) -> Any:
    known = {info.name: info for info in settings_catalogue()}
    if name not in known:
        raise EfeError(f"eFEL has no setting {name!r}.{nearest(name, known)}")
    return known[name]


def _heading(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(tag("div", escape(text), class_="efe-heading", role="heading", aria_level=3))
