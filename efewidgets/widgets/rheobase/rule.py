"""Controls of the rule that finds rheobases: protocols, strategy and its settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.problems import EfeError
from ...engine.stages.context import Rule
from ...engine.stages.values import thaw
from ...engine.targets.rheobase import STRATEGIES
from ..parts.style import row
from .data import UNITS

#: What each rule is called on the page
TITLES = {
    "absolute": "First that fires",
    "flush": "First that goes on firing",
    "majority": "Where most fire",
    "interpolation": "Line to one spike",
}
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
    strategy : RadioButtons
        All four, each with what it does and what it says of the cell.
    settings : dict of str: Text
        By the names of the settings; only those of the strategy are shown.
    """

    def __init__(self) -> None:
        wide = {"description_width": "initial"}
        self.strategy = ipywidgets.RadioButtons(
            options=_choices({}, "nA"), layout={"width": "auto", "max_width": "100%"}
        )
        self.strategy.add_class("efe-rheobase-rules")
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
        self.box = ipywidgets.VBox([self.strategy, row(*self.settings.values())])
        self.box.add_class("efe-rheobase-rule")

    def show(
        self, put: Callable[..., None], rule: Rule, unit: str, values: Mapping[str, float | None]
    ) -> None:
        """Show a rule, and what each says of a cell; currents in this unit."""
        usual, given = usual_settings(rule.strategy), thaw(rule.settings) or {}
        put(self.strategy, options=_choices(values, unit), value=rule.strategy)
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


def _choices(values: Mapping[str, float | None], unit: str) -> tuple[tuple[str, str], ...]:
    """Return the rules in words, with their values (nA) where these are known."""
    return tuple(
        (
            f"{TITLES[name]}{f': {current_in_words(values[name], unit)}' if name in values else ''}"
            f" – {MEANINGS[name]} ({name})",
            name,
        )
        for name in STRATEGIES
    )


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


#: Significant digits of a rheobase: more than a step's height and a cell's noise allow say nothing
DIGITS = 4


def current_in_words(value: float | None, unit: str) -> str:
    """Return a current (nA) in a unit, for people; "none" if there is none."""
    return "none" if value is None else f"{value * UNITS[unit]:.{DIGITS}g} {unit}"
