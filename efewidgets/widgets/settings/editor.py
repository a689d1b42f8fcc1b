"""eFEL's settings with their meaning; beside them how values are averaged, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

from ...engine.features.catalogue import settings_catalogue
from ...engine.features.efel_settings import DEFAULT_EFEL_SETTINGS
from ...engine.problems import EfeError, nearest
from ...state import ExtractionState
from ...state.convert import settings_in_force
from ..parts.base import StateWidget
from ..parts.debounce import Debounce
from ..parts.html import escape, tag
from ..parts.style import FILLS, row
from ..parts.table import Table
from . import data as settings_data
from .output import AVERAGING, OutputEditor, heading


class SettingsEditor(StateWidget):
    """Edits eFEL's settings, the averaging, and what a run writes.

    The same by hand: ``state.set_efel_settings(Threshold=-10.0)``, ``state.set_efel_settings(Threshold=None)``,
    ``state.reset_efel_settings()``, ``state.set_averaging(…)``, ``state.set_output(…)``.

    Parameters
    ----------
    state : ExtractionState
    output : bool
        Whether averaging and output stand below the settings.

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

    def __init__(self, state: ExtractionState, *, output: bool = True):
        self._has_output = output
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the table of settings, and perhaps the controls of averaging and output."""
        if not self._has_output:
            return self._efel()
        self.below = below = OutputEditor(self.state)
        for name in (*AVERAGING, "output", "averaging_said", "output_said"):
            setattr(self, name, getattr(below, name))
        return [*self._efel(), below]

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
            height="max(340px, 34vh)",
        )
        self.table.add_class(FILLS)
        self._soon = Debounce(self.refresh, 0.15)
        self._debounced.append(self._soon)
        self.search.observe(lambda _: self._soon(), "value")
        self.only.observe(lambda _: self.refresh(), "value")
        self.on_click(self.reset, self.state.reset_efel_settings)
        return [heading("eFEL settings"), row(self.search, self.only, self.reset, self.count), self.table]

    # --- from the state to the screen

    def view_data(self) -> dict[str, Any]:
        """Return the rows of the settings that are looked for, and the options."""
        inputs = self.state.inputs
        rows = settings_data.setting_rows(self.state, self.search.value, self.only.value)
        return {
            "rows": rows,
            "empty": self._empty(),
            "of": sum(settings_data.is_listed(info, inputs) for info in settings_catalogue()),
            "usual": settings_in_force(inputs) == DEFAULT_EFEL_SETTINGS,
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
