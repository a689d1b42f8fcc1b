"""Models beside cells: what their recordings reach of the targets, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ...engine.averages import mean
from ...engine.recordings.recording import Recording
from ...engine.stages.inputs import Target
from ...engine.stages.matching import add_features, lacking, levels_of
from ...engine.stages.parts import Wanted
from .found import Found
from .tables import FEATURE_COLUMNS, unit_of

SCORE_COLUMNS = (
    "model target protocol amplitude feature efeature location mean std n recordings value unit z"
).split()


def model_tables(results: Found) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features of the models' recordings, and what the models reach of each target.

    Returns
    -------
    features : pandas.DataFrame
        One row per recording and feature, with the columns of `tables.feature_table`; those that fall into no target
        stand there, too.
    scores : pandas.DataFrame
        One row per model and target. ``mean``, ``std``, ``n`` are the cells', as in the output; ``recordings``: how
        many of the model's fall into the target; ``value``: their mean; ``z``: how many standard deviations that is
        off; nan where there is no value.
    """
    rows: dict[tuple[Any, ...], list[Any]] = {}
    scores = []
    for item, wanted in results.get("targets").groups.items():
        statistics = results.get("entry", item)[0]
        filled = results.get("protocol", item).feature_targets
        for model in (cell.name for cell in results.inputs.cells if cell.model):
            recordings, levels = _played(results, model, item[0])
            _compute(recordings, wanted)
            distances = np.abs(levels - item[1])
            for (target, key), of_cells in zip(_targets(wanted), filled, strict=True):
                values = [r.feature_store.known(key).get(target.efeature, np.nan) for r in recordings]
                inside = distances < target.tolerance
                for recording, value, near in zip(recordings, values, inside.tolist(), strict=True):
                    place = (recording.serial, target.name, target.efeature, key)
                    row = rows.setdefault(place, _row(results, model, recording, target, value))
                    row[-1] += (target.id,) if near else ()
                known = [v for v, near in zip(values, inside, strict=True) if near and np.isfinite(v)]
                scores.append(_score(results, model, target, of_cells, known, int(inside.sum()), statistics))
    return (
        pd.DataFrame(list(rows.values()), columns=FEATURE_COLUMNS),
        pd.DataFrame(scores, columns=SCORE_COLUMNS),
    )


def _targets(wanted: Wanted) -> Iterator[tuple[Target, tuple[Any, ...]]]:
    for target, settings in zip(wanted.targets, wanted.settings, strict=True):
        yield target, wanted.keys[settings]


def _played(results: Found, model: str, protocol: str) -> tuple[tuple[Recording, ...], np.ndarray]:
    """Return a model's recordings of a protocol, and what targets compare (% of its rheobase, or nA)."""
    absolute = results.inputs.absolute_amplitude
    rheobase = results.get("threshold", model)
    used = results.get("cell", model).used.get(protocol)
    if used is None or not used.recordings or not (absolute or rheobase is not None):
        return (), np.empty(0)
    return used.recordings, levels_of(used, None if absolute else rheobase)


def _compute(recordings: tuple[Recording, ...], wanted: Wanted) -> None:
    jobs = [(r, features) for r in recordings if (features := lacking(r, wanted.features))]
    add_features(jobs, None)


def _row(results: Found, model: str, recording: Recording, target: Target, value: float) -> list[Any]:
    rheobase = results.get("threshold", model)
    amp = np.nan if recording.amp is None else float(recording.amp)
    return [
        results.id_of(recording),
        model,
        recording.protocol_name,
        recording.file,
        recording.label,
        amp,
        100.0 * amp / rheobase if rheobase else np.nan,
        target.name,
        target.efeature,
        value,
        unit_of(target.efeature),
        recording.current_from,
        (),
    ]


def _score(
    results: Found,
    model: str,
    target: Target,
    of_cells: Any,
    known: list[float],
    recordings: int,
    entry: Any,
) -> tuple[Any, ...]:
    said = of_cells.as_dict(False, results.inputs.default_std_value)
    average, std = said["val"]
    in_output = any(
        found["feature"] == target.efeature and found.get("efeature_name") == target.name
        for found in entry.get(target.location, ())
    )
    value = mean(known) if known else np.nan
    z = (value - average) / std if in_output and std else np.nan
    return (
        model, target.id, target.protocol, target.amplitude, target.name, target.efeature, target.location,
        average, std, said["n"], recordings, value, unit_of(target.efeature), z,
    )  # fmt: skip
