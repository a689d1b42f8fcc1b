"""Results as tables: tidy, with units in the names of the columns or beside the values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ...engine.averages import mean_and_std
from ...engine.recordings.recording import Recording
from ...engine.stages.inputs import Inputs
from ...engine.stages.notes import tag_keys, tags_of
from ...engine.stages.parts import Matched, Sweeps
from .found import Found
from .members import Member

RECORDING_COLUMNS = (
    "recording cell protocol file sweep amp_nA amp_percent hypamp_nA ton_ms toff_ms tend_ms dt_ms spikes"
    " auto_threshold_mV timing_from current_from excluded"
).split()
EXCLUSION_COLUMNS = "cell protocol file sweep amp_nA spikes reason by".split()
FEATURE_COLUMNS = (
    "recording cell protocol file sweep amp_nA amp_percent feature efeature value unit current_from targets"
).split()
TARGET_COLUMNS = (
    "target protocol amplitude tolerance feature efeature location recordings cells n mean std unit in_output"
).split()


@lru_cache(maxsize=1000)
def unit_of(efeature: str) -> str:
    """Return the unit of an eFEL feature; "" for a plain number."""
    from ...engine.features.catalogue import feature_info

    return feature_info(efeature).unit


def tag_columns(frame: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return a table of recordings with a column for each tag; one that is called as another column is "… (tag)".

    Parameters
    ----------
    frame : pandas.DataFrame
        With the columns ``cell`` and ``recording``, the recording's id.
    inputs : Inputs

    Returns
    -------
    pandas.DataFrame
        None stands where a recording, or its cell, hasn't the tag.
    """
    keys = tag_keys(inputs)
    if not keys:
        return frame
    places = list(zip(frame["cell"].tolist(), frame["recording"].tolist(), strict=True))
    of_each = {place: tags_of(inputs, *place) for place in dict.fromkeys(places)}
    taken = set(frame.columns)
    names = {key: f"{key} (tag)" if key in taken else key for key in keys}
    values = {names[key]: [of_each[place].get(key) for place in places] for key in keys}
    return frame.assign(**{name: pd.Series(column, frame.index, object) for name, column in values.items()})


def recordings_table(results: Found) -> pd.DataFrame:
    """Return one row per recording; those that are excluded, or whose stimulus was not found, stand there too."""
    rows = [_recording_row(results, member) for member in results.members.values()]
    return tag_columns(pd.DataFrame(rows, columns=RECORDING_COLUMNS), results.inputs)


def exclusion_table(results: Found) -> pd.DataFrame:
    """Return one row per recording that is left out, with the reason, and whether a person or the program gave it."""
    rows = []
    for member in results.members.values():
        if member.excluded is not None:
            recording = member.recording
            by_hand = member.file.excluded.get(str(recording.label)) == member.excluded
            known = (np.nan, None) if member.lost else (_number(recording.amp), recording.spikecount)
            place = (member.id, member.cell, member.protocol, member.file.path, recording.label)
            rows.append((*place, *known, member.excluded, "a person" if by_hand else "efewidgets"))
    found = pd.DataFrame(rows, columns=["recording", *EXCLUSION_COLUMNS])
    return tag_columns(found, results.inputs).drop(columns="recording")


def _recording_row(results: Found, member: Member) -> tuple[Any, ...]:
    recording = member.recording
    place = (member.id, member.cell, member.protocol, member.file.path, recording.label)
    if member.lost:
        return (*place, *[np.nan] * 9, recording.timing_from, recording.current_from, member.excluded)
    threshold = recording.known_threshold  # what was not needed isn't read for the table
    return (
        *place,
        _number(recording.amp),
        _percent(recording.amp, results.get("threshold", member.cell)),
        *(_number(getattr(recording, name)) for name in ("hypamp", "ton", "toff", "tend", "dt")),
        recording.spikecount,
        _number(threshold),
        recording.timing_from,
        recording.current_from,
        member.excluded,
    )


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _percent(amp: Any, rheobase: Any) -> float:
    return np.nan if amp is None or not rheobase else float(100.0 * amp / rheobase)


def feature_table(
    results: Found, everything: bool = False, protocol: str | None = None, features: Collection[str] = ()
) -> pd.DataFrame:
    """Return one row per recording and feature.

    Parameters
    ----------
    results : Results
    everything : bool
        Whether recordings that fall into no target stand there too.
    protocol : str, optional
        Of which protocol alone, and there of which `features`, by their own names.

    Returns
    -------
    pandas.DataFrame
        ``feature`` is the feature's own name, ``efeature`` eFEL's; ``targets`` are the ids of the targets that
        the value went into. A recording has as many rows of a feature as there are eFEL settings for it.
    """
    about = _about(results, protocol)
    places: list[int] = []
    columns: dict[str, list[Any]] = {name: [] for name in ("feature", "efeature", "value", "unit", "targets")}
    for (name, efeature, key), found in _rows(results, everything, protocol, features).items():
        values = about.values(key)
        places += map(about.index_of.__getitem__, found)
        columns["feature"] += [name] * len(found)
        columns["efeature"] += [efeature] * len(found)
        columns["value"] += [values[serial].get(efeature, np.nan) for serial in found]
        columns["unit"] += [unit_of(efeature)] * len(found)
        columns["targets"] += found.values()
    frame = about.frame.iloc[places].reset_index(drop=True)
    return tag_columns(frame.assign(**columns)[FEATURE_COLUMNS], results.inputs)


def _rows(
    results: Found, everything: bool, protocol: str | None, features: Collection[str]
) -> dict[tuple[Any, ...], dict[int, tuple[str, ...]]]:
    """Return which recordings stand in the table under each name, feature and settings, and the targets of each."""
    rows: dict[tuple[Any, ...], dict[int, tuple[str, ...]]] = {}
    for item, wanted in results.get("targets").groups.items():
        if protocol not in (None, item[0]):
            continue
        sweeps: Sweeps = results.get("sweeps", item[0])
        matched: Matched = results.get("match", item)
        results.get("features", item)
        shown = sweeps.serials.tolist() if everything else matched.serials
        distances = dict(zip(matched.serials, matched.match.distances.tolist(), strict=True))
        for target, settings in zip(wanted.targets, wanted.settings, strict=True):
            if protocol is not None and target.name not in features:
                continue
            found = rows.setdefault((target.name, target.efeature, wanted.keys[settings]), {})
            mine = (target.id,)
            for serial in shown:
                inside = serial in distances and distances[serial] < target.tolerance
                found[serial] = found.get(serial, ()) + mine if inside else found.get(serial, ())
    return rows


@dataclass(frozen=True)
class _About:
    """What a table says of recordings, whatever the feature: row by row, and the row of each by its serial number."""

    frame: pd.DataFrame
    index_of: dict[int, int]
    recordings: list[Recording]
    _known: dict[tuple[Any, ...], dict[int, Mapping[str, float]]] = field(default_factory=dict)

    def values(self, key: tuple[Any, ...]) -> dict[int, Mapping[str, float]]:
        """Return the values under settings with this key, by serial number and feature."""
        if key not in self._known:
            self._known[key] = {r.serial: r.feature_store.known(key) for r in self.recordings}
        return self._known[key]


def _about(results: Found, protocol: str | None) -> _About:
    members = [m for m in results.members.values() if protocol in (None, m.protocol)]
    rheobases = {cell: results.get("threshold", cell) for cell in results.inputs.by_name}
    amps = np.array([_number(member.recording.amp) for member in members], dtype=float)
    of_each = np.array([_number(rheobases[member.cell]) for member in members], dtype=float)
    frame = pd.DataFrame(
        {
            "recording": [member.id for member in members],
            "cell": [member.cell for member in members],
            "protocol": [member.protocol for member in members],
            "file": [member.file.path for member in members],
            "sweep": [member.recording.label for member in members],
            "amp_nA": amps,
            "amp_percent": 100.0 * amps / of_each,
            "current_from": [member.recording.current_from for member in members],
        }
    )
    recordings = [member.recording for member in members]
    return _About(frame, {recording.serial: k for k, recording in enumerate(recordings)}, recordings)


def target_table(results: Found) -> pd.DataFrame:
    """Return one row per target in force.

    Returns
    -------
    pandas.DataFrame
        ``recordings`` and ``cells``: how many fall into the target; ``n``: how many give a value; ``std``: as in
        the output; ``in_output``: whether there are values enough.
    """
    inputs = results.inputs
    rows = {}
    for item, wanted in results.get("targets").groups.items():
        matched = results.get("match", item)
        protocol = results.get("protocol", item)
        for target, filled in zip(wanted.targets, protocol.feature_targets, strict=True):
            near = matched.match.within(target.tolerance)
            average, std = mean_and_std(filled.values)
            rows[target.id] = (
                target.id,
                target.protocol,
                target.amplitude,
                target.tolerance,
                target.name,
                target.efeature,
                target.location,
                int(near.sum()),
                len({cell for cell, inside in zip(matched.cells, near, strict=True) if inside}),
                filled.sample_size,
                average,
                inputs.default_std_value if std == 0.0 else std,
                unit_of(target.efeature),
                filled.sample_size >= filled.values_wanted(inputs.threshold_nvalue_save),
            )
    return pd.DataFrame([rows[target.id] for target in results.targets], columns=TARGET_COLUMNS)
