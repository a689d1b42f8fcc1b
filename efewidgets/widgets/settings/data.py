"""eFEL's settings as rows: what holds, what is usual, and which of the chosen features it matters for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ...engine.features.catalogue import SettingInfo, settings_catalogue
from ...engine.features.efel_settings import CHOICES, DEFAULT_EFEL_SETTINGS, LIMITS
from ...engine.problems import EfeError
from ...engine.stages.inputs import Inputs, Target
from ...state import ExtractionState
from ...state.convert import settings_in_force
from ..parts.html import plain
from ..parts.table import Column

COLUMNS = (
    Column("setting", "setting"),
    Column(
        "value",
        "value",
        editable=True,
        width="110px",
        hint="type to change it; leave it empty to take it away",
    ),
    Column("unit", "unit"),
    Column("default", "usual value", width="110px"),
    Column("reset", "", "button"),
    Column("meaning", "meaning", width="400px"),
    Column("features", "chosen features that depend on it", width="240px"),
)

#: Not for editing here: it names a file of the server, and matters to those who change eFEL
LEFT_OUT = ("dependencyfile_path",)

#: Where nothing is set, and eFEL has no default, this holds
WITHOUT = {
    "Threshold": "automatic",
    "stimulus_current": "the recording's",
    "stim_start": "the recording's",
    "stim_end": "the recording's",
    "multi_stim_start": "the recording's",
    "multi_stim_end": "the recording's",
}

#: Without this setting BluePyEfe and efewidgets find a threshold of their own, whatever eFEL's default is
OWN_WITHOUT = ("Threshold",)

YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")

#: Names of features that are shown; the hint has all
NAMES = 3


def is_listed(info: SettingInfo, inputs: Inputs) -> bool:
    """Whether a setting can be edited here: one that no feature reads is shown only where somebody has set it."""
    if info.name in LEFT_OUT:
        return False
    usual = DEFAULT_EFEL_SETTINGS.get(info.name)
    return bool(info.features) or settings_in_force(inputs).get(info.name) != usual


def targets_in_force(state: ExtractionState) -> tuple[Target, ...]:
    """Return a person's targets, or else those chosen automatically."""
    return state.inputs.targets if state.inputs.targets is not None else state.results.targets


def setting_rows(
    state: ExtractionState, search: str = "", only_that_matter: bool = False
) -> list[dict[str, Any]]:
    """Return one row per setting.

    Parameters
    ----------
    state : ExtractionState
    search : str
        Words that must be in the name, the meaning or the features.
    only_that_matter : bool
        Whether settings on which no chosen feature depends are left out, unless they are set.
    """
    targets = targets_in_force(state)
    chosen = dict.fromkeys(target.efeature for target in targets)
    own = Counter(name for target in targets for name in target.efel_settings)
    in_force = settings_in_force(state.inputs)
    words = search.casefold().split()
    rows = []
    for info in settings_catalogue():
        features = tuple(name for name in chosen if name in info.features)
        if not is_listed(info, state.inputs) or (only_that_matter and not features and not own[info.name]):
            continue
        text = f"{info.name} {info.meaning} {' '.join(features)}".casefold()
        if all(word in text for word in words):
            rows.append(_row(info, in_force, features, own[info.name]))
    return rows


def _row(
    info: SettingInfo, in_force: Mapping[str, Any], features: tuple[str, ...], own: int
) -> dict[str, Any]:
    usual = DEFAULT_EFEL_SETTINGS.get(info.name)
    given = in_force.get(info.name)
    changed = given != usual
    hints = {"value": kind_of(info), "meaning": info.meaning, "features": ", ".join(features)}
    if own:
        hints["value"] += (
            f"; {own} target{'s have' if own > 1 else ' has'} a value of {'their' if own > 1 else 'its'} own"
        )
    if info.name in DEFAULT_EFEL_SETTINGS:
        hints["default"] = f"BluePyEfe's; eFEL's own is {shown(info, info.default)}"
    return {
        "id": info.name,
        "setting": info.name,
        "value": shown(info, given),
        "unit": info.unit,
        "default": shown(info, usual),
        "reset": "reset" if changed else None,
        "meaning": info.meaning,
        "features": _names(features),
        "_class": {"value": "efe-heading" if changed else "efe-faint" if given is None else ""},
        "_hint": hints,
    }


def shown(info: SettingInfo, value: Any) -> str:
    """Return a value as it is shown and typed; without one what holds then."""
    if value is None:
        if info.name in OWN_WITHOUT or info.default is None:
            return WITHOUT.get(info.name, "")
        value = info.default
    if isinstance(value, bool):
        return YES[0] if value else NO[0]
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{one:.10g}" for one in value)
    return plain(value)


def typed(info: SettingInfo, text: Any) -> Any:
    """Return what a person typed as a value of the setting's type; None for nothing.

    Raises
    ------
    EfeError
        If it isn't of that type.
    """
    words = str(text).strip().replace("\N{MINUS SIGN}", "-")
    if not words or words == WITHOUT.get(info.name):
        return None
    if info.type == "yes or no":
        if words.casefold() in YES + NO:
            return words.casefold() in YES
    elif info.type == "text":
        return words
    else:
        try:
            if info.type == "list of numbers":
                return [float(one) for one in words.replace(";", ",").strip("[]").split(",")]
            number = float(words)
            return int(number) if info.type == "whole number" and number.is_integer() else number
        except ValueError:
            pass
    raise EfeError(f"{info.name} must be {kind_of(info)}, but is {str(text)!r}.")


def kind_of(info: SettingInfo) -> str:
    """Return in words what a setting can be."""
    if info.name in CHOICES:
        return " or ".join(CHOICES[info.name])
    articles = {
        "number": "a number",
        "whole number": "a whole number",
        "text": "a text",
        "yes or no": "yes or no",
    }
    words = articles.get(info.type, "numbers parted by commas")
    if info.name in LIMITS and LIMITS[info.name][1] < 2**31 - 1:
        low, high = LIMITS[info.name]
        words += f" from {low:g} to {high:g}"
    return f"{words} ({info.unit})" if info.unit else words


def usual_values(names: Iterable[str]) -> dict[str, Any]:
    """Return what settings are set to when they are reset; None for those that are not set then."""
    return {name: DEFAULT_EFEL_SETTINGS.get(name) for name in names}


def _names(features: tuple[str, ...]) -> str:
    if len(features) <= NAMES:
        return ", ".join(features)
    return f"{', '.join(features[: NAMES - 1])} and {len(features) - NAMES + 1} more"
