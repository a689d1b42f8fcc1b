"""Results as tables: tidy, with units in the names of the columns or beside the values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..engine.averages import mean_and_std

if TYPE_CHECKING:
    from .parts import Sweeps
    from .results import Member, Results

RECORDING_COLUMNS = (
    "recording cell protocol file sweep amp_nA amp_percent hypamp_nA ton_ms toff_ms tend_ms dt_ms spikes"
    " auto_threshold_mV timing_from excluded"
).split()
FEATURE_COLUMNS = (
    "recording cell protocol file sweep amp_nA amp_percent feature efeature value unit targets"
).split()
TARGET_COLUMNS = (
    "target protocol amplitude tolerance feature efeature location recordings cells n mean std unit in_output"
).split()


@lru_cache(maxsize=1000)
def unit_of(efeature: str) -> str:
    """Return the unit of an eFEL feature; "" for a plain number."""
    from ..engine.catalogue import feature_info

    return feature_info(efeature).unit


def recordings_table(results: Results) -> pd.DataFrame:
    """Return one row per recording; those that are excluded, or whose stimulus was not found, stand there too."""
    return pd.DataFrame(
        [_recording_row(results, member) for member in results.members.values()], columns=RECORDING_COLUMNS
    )


def _recording_row(results: Results, member: Member) -> tuple:
    recording = member.recording
    place = (member.id, member.cell, member.protocol, member.file.path, recording.label)
    if member.lost:
        return (*place, *[np.nan] * 9, recording.timing_from, member.excluded)
    threshold = recording._auto_threshold  # what was not needed isn't read for the table
    return (
        *place,
        _number(recording.amp),
        _percent(recording.amp, results.get("threshold", member.cell)),
        *(_number(getattr(recording, name)) for name in ("hypamp", "ton", "toff", "tend", "dt")),
        recording.spikecount,
        _number(threshold),
        recording.timing_from,
        member.excluded,
    )


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _percent(amp: Any, rheobase: Any) -> float:
    return np.nan if amp is None or not rheobase else float(100.0 * amp / rheobase)


def feature_table(results: Results, everything: bool = False) -> pd.DataFrame:
    """Return one row per recording and feature.

    Parameters
    ----------
    results : Results
    everything : bool
        Whether recordings that fall into no target stand there too.

    Returns
    -------
    pandas.DataFrame
        ``feature`` is the feature's own name, ``efeature`` eFEL's; ``targets`` are the ids of the targets that
        the value went into. A recording has as many rows of a feature as there are eFEL settings for it.
    """
    rows: dict[tuple, list[str]] = {}
    known: dict[int, tuple[Any, Any]] = {}
    for item, wanted in results.get("targets").groups.items():
        sweeps: Sweeps = results.get("sweeps", item[0])
        matched = results.get("match", item)
        results.get("features", item)
        for recording, rheobase in zip(sweeps.recordings, sweeps.rheobases, strict=True):
            known[recording.serial] = (recording, rheobase)
        shown = [recording.serial for recording in (sweeps if everything else matched).recordings]
        inside = {r.serial: d for r, d in zip(matched.recordings, matched.match.distances, strict=True)}
        protocol = results.get("protocol", item)
        for target, filled in zip(wanted.targets, protocol.feature_targets, strict=True):
            what = (target.name, target.efeature, filled.settings_key)
            for serial in shown:
                into = rows.setdefault((serial, *what), [])
                if inside.get(serial, np.inf) < target.tolerance:
                    into.append(target.id)
    return pd.DataFrame(
        [_feature_row(results, known[key[0]], key, into) for key, into in rows.items()],
        columns=FEATURE_COLUMNS,
    )


def _feature_row(results: Results, known: tuple[Any, Any], key: tuple, targets: list[str]) -> tuple:
    recording, rheobase = known
    _, name, efeature, settings = key
    member = results.members[results.id_of(recording)]
    return (
        member.id,
        member.cell,
        member.protocol,
        member.file.path,
        recording.label,
        _number(recording.amp),
        _percent(recording.amp, rheobase),
        name,
        efeature,
        recording.feature_store.known(settings).get(efeature, np.nan),
        unit_of(efeature),
        tuple(targets),
    )


def target_table(results: Results) -> pd.DataFrame:
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
                filled.sample_size >= max(inputs.threshold_nvalue_save, 1),
            )
    return pd.DataFrame([rows[target.id] for target in results.targets], columns=TARGET_COLUMNS)
