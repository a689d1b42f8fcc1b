"""A model's responses scored: features computed as they were on the recordings, beside the cells' means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features.efel_features import feature_values, reduce
from ..features.ranges import possible
from .responses import HOLDING, RHEOBASE, samples_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = "protocol feature mean std n model z validation".split()

#: What was found of a model, and where the cells' stands in a fit
CURRENTS = {HOLDING: "holding", RHEOBASE: "rheobase"}


def settings_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the eFEL settings of a feature of a fit, but for window and current."""
    found = {
        name: value
        for kind in ("double", "int", "string", "list")
        for name, value in said[f"{kind}_settings"].items()
    }
    if said["threshold"] is not None:
        found["Threshold"] = said["threshold"]
    return found | {"interp_step": said["interp_step"]}


def model_value(said: Mapping[str, Any], responses: Mapping[str, Any], threshold_based: bool) -> float | None:
    """Return the value of a feature on a model's response; None where there is none.

    Parameters
    ----------
    said : dict
        One of a fit's "features".
    responses : dict
        As `responses.play`, or an evaluator of `efewidgets.export.bluepyopt`, returns them.
    threshold_based : bool
        Whether stimuli were in % of the model's own rheobase.
    """
    samples = samples_of(responses.get(f"{said['protocol']}.{said['location']}.v"))
    if samples is None:
        return None
    time, voltage = samples
    rheobase = responses.get(RHEOBASE) if threshold_based else None
    current = said["stimulus_current"]
    if rheobase is not None and said["stimulus_current_rel"] is not None:
        current = said["stimulus_current_rel"] / 100.0 * rheobase
    efeature = said["efel_feature_name"]
    values = feature_values(
        time,
        voltage,
        lambda: _played(said, responses, time),
        said["stim_start"],
        said["stim_end"],
        [efeature],
        settings_of(said) | {"stimulus_current": current},
    )
    value = reduce(possible(efeature, values[efeature])[0])
    return None if np.isnan(value) else value


def _played(said: Mapping[str, Any], responses: Mapping[str, Any], time: np.ndarray) -> np.ndarray | None:
    played = samples_of(responses.get(f"{said['protocol']}.iclamp.i"))
    return None if played is None else np.interp(time, *played)


def compared_currents(fit: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return mean and standard deviation (nA) of the currents that a model's own are compared with, by their names."""
    if not fit["threshold_based"]:
        return {}
    found = {name: fit[part] for name, part in CURRENTS.items()}
    if fit["holding"]["voltage"] is None:  # then the model is given the cells'
        del found[HOLDING]
    return {name: said for name, said in found.items() if said["mean"] is not None}


def score_table(fit: Mapping[str, Any], responses: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of a model's features beside the cells'.

    Parameters
    ----------
    fit : dict
        As `fit.fit_data` returns it.
    responses : dict
        As of `model_value`.

    Returns
    -------
    pandas.DataFrame
        A row a feature: protocol, feature, mean, std, n, the model's value (nan where there is none), z (how many
        standard deviations that is off), validation.
    """
    import pandas as pd

    rows = []
    for said in fit["features"]:
        value = model_value(said, responses, fit["threshold_based"])
        validation = fit["protocols"][said["protocol"]]["validation"]
        rows.append(_row(said["protocol"], said["name"], said, value, validation))
    for name, said in compared_currents(fit).items():
        rows.append(_row("", name, said, responses.get(name), False))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    protocol: str, name: str, said: Mapping[str, Any], value: float | None, validation: bool
) -> tuple[Any, ...]:
    found = np.nan if value is None else float(value)
    z = (found - said["mean"]) / said["std"]
    return protocol, name, said["mean"], said["std"], said.get("n"), found, z, validation
