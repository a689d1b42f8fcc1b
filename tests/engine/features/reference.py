"""eFEL called by hand, as its manual says: what our results are compared with."""

from __future__ import annotations

import logging
import warnings

import efel
import numpy as np


def efel_values(trace, names, settings, one_by_one=False):
    """Features of a trace; `one_by_one`: each in a call of its own, so that none is moved by the one before."""
    lists = {name: value for name, value in settings.items() if isinstance(value, list)}
    given = {"T": trace.t, "V": trace.v, "stim_start": [trace.on], "stim_end": [trace.off], **lists}
    if trace.i is not None:
        given["I"] = trace.i
    efel.reset()
    for name, value in settings.items():
        if name not in lists:
            efel.set_setting(name, value)
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            together = [] if one_by_one else [name for name in names if name not in RAISING]
            values = efel.get_feature_values([given], together, raise_warnings=False)[0]
            return {name: values[name] if name in values else _alone(given, name) for name in names}
    finally:
        logging.disable(logging.NOTSET)
        efel.reset()


def _alone(given, name) -> np.ndarray | None:
    try:
        return efel.get_feature_values([given], [name], raise_warnings=False)[0][name]
    except Exception:
        return None


#: Features that raise for some traces; one that does takes the whole call with it
RAISING = {
    "activation_time_constant",
    "deactivation_time_constant",
    "inactivation_time_constant",
    "depol_block",
    "depol_block_bool",
    "impedance",
    "interburst_voltage",
    "burst_mean_freq",
    "burst_number",
    "spikes_per_burst",
}
