"""Controls of the rule that finds rheobases: protocols, strategy and its settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...engine.stages.context import Rule
from ...engine.stages.values import thaw
from ...engine.targets.rheobase import STRATEGIES
from ..parts.style import row
from .data import UNITS

#: What each rule takes for the rheobase
MEANINGS = {
    "absolute": "the smallest current at which a sweep fires",
    "flush": "the smallest current that fires and from which on the next sweeps fire, too",
    "majority": "the middle of the lowest bin of currents in which most sweeps fire",
    "interpolation": "where a straight line through current over spike count meets one spike",
}


@dataclass(frozen=True)
class Setting:
    """A setting of a rule: its name in the engine, its words on the page, and whether it is a current (nA)."""

    name: str
    words: str
    hint: str
    whole: bool = True
    current: bool = False


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("spike_threshold", "spikes, at least", "A sweep fires if it has so many spikes."),
        Setting("flush_length", "next sweeps that must fire", "How many sweeps at larger currents must fire."),
        Setting(
            "upper_bound_spikecount",
            "spikes, at most",
            "The search ends at the first sweep with more spikes; empty for no bound.",
        ),
        Setting("min_step", "width of a bin", "Sweeps in one bin of currents are taken together.", False, True),
        Setting("majority", "share that must fire", "Share of a bin's sweeps that must fire, 0 to 1.", False),
    )
}  # fmt: skip


def usual_settings(strategy: str) -> dict[str, Any]:
    """Return the settings that a rule takes, and what they are if nobody gives them."""
    parameters = list(inspect.signature(STRATEGIES[strategy]).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


class RuleControls:
    """The controls; what a person does with them is told to two functions.

    Attributes
    ----------
    strategy : Dropdown
    settings : dict of str: Text
        By the names of the settings; only those of the strategy are shown.
    meaning : HTML
        What the strategy does.
    """

    def __init__(self) -> None:
        wide = {"description_width": "initial"}
        self.strategy = ipywidgets.Dropdown(
            options=list(STRATEGIES), description="Rule", style=wide, layout={"width": "180px"}
        )
        self.settings = {
            name: ipywidgets.Text(
                description=setting.words,
                tooltip=setting.hint,
                continuous_update=False,
                style=wide,
                layout={"width": "auto"},
            )
            for name, setting in SETTINGS.items()
        }
        for control in self.settings.values():
            control.add_class("efe-rheobase-setting")
        self.meaning = ipywidgets.HTML()
        self.meaning.add_class("efe-faint")
        self.box = row(self.strategy, *self.settings.values(), self.meaning)

    def show(self, put: Callable[..., None], rule: Rule, unit: str) -> None:
        """Show a rule; currents in this unit."""
        usual, given = usual_settings(rule.strategy), thaw(rule.settings) or {}
        put(self.strategy, value=rule.strategy)
        put(self.meaning, value=MEANINGS[rule.strategy])
        for name, control in self.settings.items():
            shown = name in usual
            put(control.layout, display=None if shown else "none")
            if shown:
                setting = SETTINGS[name]
                words = f"{setting.words} ({unit})" if setting.current else setting.words
                put(
                    control, description=words, placeholder=_written(setting, usual[name], unit) or "no bound"
                )
                put(control, value=_written(setting, given.get(name, usual[name]), unit))


def _written(setting: Setting, value: Any, unit: str) -> str:
    if value is None:
        return ""
    return f"{value * UNITS[unit]:.12g}" if setting.current else f"{value:.12g}"


def typed_setting(name: str, text: str, unit: str) -> float | int | None:
    """Return a setting as it was typed; None if nothing was.

    Raises
    ------
    EfeError
        If it is no number.
    """
    text = text.strip().replace("−", "-").replace(",", ".")
    if not text:
        return None
    setting = SETTINGS[name]
    try:
        value = float(text)
    except ValueError:
        raise EfeError(f"{setting.words!r} must be a number, but is {text!r}.") from None
    if setting.current:
        value /= UNITS[unit]
    return int(value) if setting.whole and value == int(value) else value


def current_in_words(value: float | None, unit: str) -> str:
    """Return a current (nA) in a unit, for people; "none" if there is none."""
    return "none" if value is None else f"{value * UNITS[unit]:.5g} {unit}"
