"""The output files: features.json, protocols.json and holding_threshold_currents.json, whole or not at all."""

from __future__ import annotations

import json
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

import numpy as np

from ..averages import mean, mean_and_std
from ..exchange import write_files
from ..problems import EfeError, Problem

if TYPE_CHECKING:
    from ..recordings.cell import Cell
    from ..targets.matching import Protocol

FILE_NAMES = {
    "features": "features.json",
    "protocols": "protocols.json",
    "currents": "holding_threshold_currents.json",
}


def build_outputs(
    protocols: Sequence[Protocol],
    threshold_nvalue_save: int = 1,
    save_files_used: bool = False,
    default_std_value: float = 1e-3,
) -> tuple[dict[str, Any], dict[str, Any], list[Problem]]:
    """Return what features.json and protocols.json hold, and what is left out of them.

    Parameters
    ----------
    protocols : list of Protocol
    threshold_nvalue_save : int
        How many values a feature must have, unless its target says otherwise (``min_values``).
    save_files_used : bool
        Whether each feature lists the files it is from.
    default_std_value : float
        Stands in for a standard deviation of 0.
    """
    features: dict[str, Any] = {}
    stimuli: dict[str, Any] = {}
    problems = []
    for protocol in protocols:
        entry, left_out = build_entry(protocol, threshold_nvalue_save, save_files_used, default_std_value)
        problems += left_out
        if entry:
            features[protocol.stimulus_name] = entry
            stimuli[protocol.stimulus_name] = protocol.as_dict()
    return features, stimuli, problems


def build_entry(
    protocol: Protocol,
    threshold_nvalue_save: int = 1,
    save_files_used: bool = False,
    default_std_value: float = 1e-3,
) -> tuple[dict[str, list[dict[str, Any]]], list[Problem]]:
    """Return what features.json holds about one protocol, by location, and what is left out; as `build_outputs`."""
    by_location: dict[str, list[dict[str, Any]]] = {}
    problems = []
    for target in protocol.feature_targets:
        wanted = target.values_wanted(threshold_nvalue_save)
        if target.sample_size < wanted:
            if protocol.recordings:  # otherwise the whole protocol is told to be unmatched
                problems.append(_too_few(protocol, target, wanted))
            continue
        entry = target.as_dict(save_files_used, default_std_value) | _provenance(protocol)
        by_location.setdefault(target.location, []).append(entry)
    return by_location, problems


def _provenance(protocol: Protocol) -> dict[str, str]:
    """Say where the currents come from, if any wasn't measured."""
    found = sorted({recording.current_from for recording in protocol.recordings})
    return {"current_from": " and ".join(found)} if found not in ([], ["measured"]) else {}


def _too_few(protocol: Protocol, target: Any, wanted: int) -> Problem:
    return Problem(
        f"{target.sample_size} value(s) from {len(protocol.recordings)} recording(s), fewer than the {wanted} "
        "asked for: left out.",
        "note",
        "target",
        protocol=protocol.name,
        target=f"{target.efeature_name} of {protocol.stimulus_name}",
    )


def build_currents(cells: Sequence[Cell], default_std_value: float = 1e-3) -> dict[str, Any]:
    """Return what holding_threshold_currents.json holds: mean and standard deviation over cells, and each cell's (nA).

    Where there is no value the file says null.
    """
    cells = sorted(cells, key=lambda cell: cell.name)
    return currents_of(
        {cell.name: holding_current(cell) for cell in cells},
        {cell.name: cell.rheobase for cell in cells},
        default_std_value,
    )


def holding_current(cell: Cell) -> float | None:
    """Mean holding current of a cell's recordings, nA; None without any."""
    known = [r.hypamp for r in cell.recordings if r.hypamp is not None and np.isfinite(r.hypamp)]
    return mean(known) if known else None


def currents_of(
    holdings: Mapping[str, float | None],
    rheobases: Mapping[str, float | None],
    default_std_value: float = 1e-3,
) -> dict[str, Any]:
    """As `build_currents`, of each cell's holding current and rheobase (nA)."""
    holding = {name: value for name, value in holdings.items() if value is not None}
    threshold = {name: value for name, value in rheobases.items() if value is not None}
    return {
        "holding_current": _mean_and_std(holding, default_std_value),
        "threshold_current": _mean_and_std(threshold, default_std_value),
        "all_holding_current": holding,
        "all_threshold_current": threshold,
    }


def _mean_and_std(values: Mapping[str, float], default_std_value: float) -> list[float | None]:
    if not values:
        return [None, None]
    average, std = mean_and_std(list(values.values()))
    return [average, default_std_value if std == 0 else std]


def to_json(data: Any) -> str:
    """Return indented JSON; numpy's numbers and arrays are written as numbers and lists.

    Raises
    ------
    EfeError
        If a number is not finite: there is no such thing in JSON.
    """
    return _json(data, "\n")


def _json(value: Any, line: str) -> str:
    """Write what ``json.dumps(value, indent=2)`` would, in a quarter of the time; `line` begins a line."""
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if kind is float:
        if not math.isfinite(value):
            raise EfeError(f"the output can't be written, since a number in it is not finite ({value}).")
        return float.__repr__(value)
    if kind is dict:
        inner = line + "  "
        items = [f"{_key(key)}: {_json(part, inner)}" for key, part in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}" if items else "{}"
    if kind is list:
        inner = line + "  "
        return f"[{inner}{f',{inner}'.join([_json(part, inner) for part in value])}{line}]" if value else "[]"
    if kind is int:
        return int.__repr__(value)
    if value is None or kind is bool:
        return {None: "null", True: "true", False: "false"}[value]
    return _json(_plain(value), line)


def _plain(value: Any) -> Any:
    """Return what JSON has for a value that isn't plain Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def _key(key: Any) -> str:
    return encode_basestring_ascii(key if isinstance(key, str) else json.dumps(key))


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file so that it is there whole or not at all."""
    write_files({pathlib.Path(path): text})


def save_outputs(
    output_directory: str | os.PathLike[str],
    features: Mapping[str, Any],
    protocols: Mapping[str, Any],
    currents: Mapping[str, Any],
) -> list[pathlib.Path]:
    """Write the three files; nothing is written unless all three can be."""
    texts = output_texts(output_directory, features, protocols, currents)
    write_files(texts)
    return list(texts)


def output_texts(
    output_directory: str | os.PathLike[str],
    features: Mapping[str, Any],
    protocols: Mapping[str, Any],
    currents: Mapping[str, Any],
) -> dict[pathlib.Path, str]:
    """Return what the three files hold, by their paths."""
    folder = pathlib.Path(output_directory)
    return {
        folder / FILE_NAMES[name]: to_json(data)
        for name, data in (("features", features), ("protocols", protocols), ("currents", currents))
    }
