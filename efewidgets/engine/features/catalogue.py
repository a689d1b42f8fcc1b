"""What can be computed: every feature and setting of the installed eFEL, in words, with units and dependencies."""

from __future__ import annotations

import csv
import functools
import importlib.resources
import sys
from dataclasses import dataclass
from typing import Any

from . import efel_graph
from .efel_settings import known_settings
from .ranges import Range, range_of
from .units_of_features import unit_of

#: Order in which the groups are shown
GROUPS = ("spike event", "spike shape", "subthreshold", "validation", "trace", "other")

#: Without these settings a feature can't be computed at all
NEEDED = ("stimulus_current", "multi_stim_start", "multi_stim_end")


@dataclass(frozen=True)
class FeatureInfo:
    """One feature of eFEL.

    Parameters
    ----------
    name : str
        eFEL's name.
    group : str
        One of `GROUPS`.
    unit : str
        Unit of the values; empty for plain numbers.
    description : str
        What it is, in one line; empty for a feature that is new in the installed eFEL.
    needs_current : bool
        Whether the current must have been recorded.
    needed_settings : tuple of str
        Settings without which there is no value.
    settings_that_matter : tuple of str
        Every setting that can change the value, directly or through other features.
    deprecated : bool
        Whether eFEL keeps it only under its former name.
    position : bool
        Whether the values are positions in the interpolated trace, or numbers of spikes: of use to other
        features, hardly to a model.
    range : Range or None
        Between what bounds its values lie; what eFEL gives outside is left out, and told. None for a feature that is
        new in the installed eFEL.
    """

    name: str
    group: str
    unit: str
    description: str
    needs_current: bool
    needed_settings: tuple[str, ...]
    settings_that_matter: tuple[str, ...]
    deprecated: bool
    position: bool
    range: Range | None = None


@dataclass(frozen=True)
class SettingInfo:
    """One setting of eFEL.

    Parameters
    ----------
    name : str
        eFEL's name.
    type : str
        "number", "whole number", "yes or no", "text" or "list of numbers".
    default : Any
        eFEL's default; None if it has none.
    unit : str
        Unit of the value.
    meaning : str
        What it does, in one sentence; empty for a setting that is new in the installed eFEL.
    features : tuple of str
        The features that depend on it.
    """

    name: str
    type: str
    default: Any
    unit: str
    meaning: str
    features: tuple[str, ...]


@functools.cache
def catalogue() -> tuple[FeatureInfo, ...]:
    """Return every feature that the installed eFEL computes from one trace, by group, in a sensible order."""
    words = _words("catalogue_features.tsv")
    order = {name: position for position, name in enumerate(words)}
    found = [_feature(name, words.get(name, {})) for name in efel_graph.feature_names()]
    found.sort(key=lambda info: (GROUPS.index(info.group), order.get(info.name, len(order)), info.name))
    return tuple(found)


@functools.cache
def settings_catalogue() -> tuple[SettingInfo, ...]:
    """Return every setting of the installed eFEL, those that it reads without listing them included."""
    words = _words("catalogue_settings.tsv")
    order = {name: position for position, name in enumerate(words)}
    found = [
        SettingInfo(
            name,
            _TYPES[kind],
            default,
            words.get(name, {}).get("unit", ""),
            words.get(name, {}).get("meaning", ""),
            _dependents(name),
        )
        for name, (kind, default) in known_settings().items()
    ]
    found.sort(key=lambda info: order.get(info.name, len(order)))
    return tuple(found)


def feature_info(name: str) -> FeatureInfo:
    """Return what is known of one feature; EfeError if there is none of that name."""
    from .efel_features import check_feature

    check_feature(name)
    known = next((info for info in catalogue() if info.name == name), None)
    return known or _feature(name, {})  # registered since


_TYPES = {float: "number", int: "whole number", bool: "yes or no", str: "text", list: "list of numbers"}


def _feature(name: str, words: dict[str, str]) -> FeatureInfo:
    reads = efel_graph.reads(name)
    function = getattr(sys.modules["efel.pyfeatures"], name, None)
    return FeatureInfo(
        name=name,
        group=words.get("group", "other"),
        unit=unit_of(name),
        description=words.get("description", ""),
        needs_current="I" in reads,
        needed_settings=tuple(setting for setting in NEEDED if setting in reads),
        settings_that_matter=tuple(setting for setting in known_settings() if setting in reads),
        deprecated=hasattr(function, "__deprecated__"),
        position=name.endswith("_indices"),
        range=range_of(name),
    )


def _dependents(setting: str) -> tuple[str, ...]:
    return tuple(name for name in efel_graph.feature_names() if setting in efel_graph.reads(name))


def _words(table: str) -> dict[str, dict[str, str]]:
    text = (importlib.resources.files(__package__) / table).read_text(encoding="utf-8")
    return {
        row["name"]: row for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    }
