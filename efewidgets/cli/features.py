"""``efewidgets features``: what can be computed, in which unit, with which settings."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.problems import EfeError, nearest
from .console import Console
from .report import Report

if TYPE_CHECKING:
    from ..engine.features.catalogue import FeatureInfo, SettingInfo

_DESCRIPTION = """\
List the features that eFEL computes, by groups, with unit and description. With the name of a feature: all about it
and the settings that change it. With the name of an eFEL setting: what it does, and to which features. With other
words: the features whose name or description has all of them.
"""
_EXAMPLE = """\
example:
  efewidgets features
  efewidgets features AP_amplitude
  efewidgets features input resistance
  efewidgets features interp_step
"""
_PULSES = "is taken from trains of pulses (SpikeRec) and must be given for other stimuli"
_WHERE_FROM = {
    "stimulus_current": "is taken from the recording",
    "multi_stim_start": _PULSES,
    "multi_stim_end": _PULSES,
}


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "features",
        help="list the features, or tell all about one",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="NAME", help="a feature, a setting, or words to look for")
    parser.add_argument(
        "--all", action="store_true", help="list former names and positions in the trace (…_indices) too"
    )
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Look up and report."""
    from ..engine.features.catalogue import catalogue, settings_catalogue

    features, settings = catalogue(), settings_catalogue()
    if len(chosen.words) == 1:
        name = chosen.words[0].lower()
        feature = next((info for info in features if info.name.lower() == name), None)
        setting = next((info for info in settings if info.name.lower() == name), None)
        if feature is not None:
            return _feature_report(feature, settings)
        if setting is not None:
            return Report(
                {"setting": dataclasses.asdict(setting)}, lambda console: _show_setting(console, setting)
            )
    found = [feature for feature in features if _is_about(feature, chosen.words)]
    if not found:
        names = [info.name for info in features] + [info.name for info in settings]
        asked = " ".join(chosen.words)
        raise EfeError(f"no feature or setting of eFEL is called {asked!r}.{nearest(asked, names)}")
    usual = [feature for feature in found if not (feature.deprecated or feature.position)]
    listed = found if chosen.all or not usual else usual
    data = {"features": list(map(dataclasses.asdict, listed))}
    return Report(data, lambda console: _show_list(console, listed, len(found) - len(listed)))


def _feature_report(feature: FeatureInfo, settings: Sequence[SettingInfo]) -> Report:
    mattering = [setting for setting in settings if setting.name in feature.settings_that_matter]
    data = dataclasses.asdict(feature)
    data["settings"] = [
        {key: value for key, value in dataclasses.asdict(setting).items() if key != "features"}
        for setting in mattering
    ]
    return Report({"feature": data}, lambda console: _show_feature(console, feature, mattering))


def _is_about(feature: FeatureInfo, words: Iterable[str]) -> bool:
    text = f"{feature.name} {feature.name.replace('_', ' ')} {feature.description}".lower()
    return all(word.lower() in text for word in words)


def _show_list(console: Console, features: Sequence[FeatureInfo], hidden: int) -> None:
    name_width = max(len(feature.name) for feature in features)
    unit_width = max(len(feature.unit) for feature in features)
    for group in dict.fromkeys(feature.group for feature in features):
        console.title(group[0].upper() + group[1:])
        console.table(
            (feature.name.ljust(name_width), feature.unit.ljust(unit_width), feature.description)
            for feature in features
            if feature.group == group
        )
        console.print()
    if hidden:
        console.print(f"{hidden} more, with --all: former names, and positions in the trace.")


def _show_feature(console: Console, feature: FeatureInfo, settings: Sequence[SettingInfo]) -> None:
    unit = f" ({feature.unit})" if feature.unit else ""
    console.title(f"{feature.name}{unit}")
    if feature.description:
        console.print(feature.description, "  ")
    console.print(f"Group: {feature.group}", "  ")
    if feature.deprecated:
        console.print("This is a former name; eFEL has another one for it.", "  ")
    if feature.needs_current:
        console.print("It needs the recorded current.", "  ")
    for name in feature.needed_settings:
        told = _WHERE_FROM.get(name, "must be given")
        console.print(f"It needs the setting {name}, which {told}.", "  ")
    if settings:
        console.print()
        console.title("Settings that change it")
        console.table((setting.name, _default(setting), setting.meaning) for setting in settings)


def _show_setting(console: Console, setting: SettingInfo) -> None:
    console.title(f"{setting.name}, a setting of eFEL")
    console.print(setting.meaning, "  ")
    console.print(f"A {setting.type}; eFEL's default: {_default(setting)}", "  ")
    console.print()
    console.title(f"{len(setting.features)} features depend on it")
    if setting.features:
        console.print(", ".join(setting.features), "  ")


def _default(setting: SettingInfo) -> str:
    if setting.default is None:
        return "none"
    if isinstance(setting.default, bool):
        return "true" if setting.default else "false"
    return f"{setting.default} {setting.unit}".rstrip()
