"""Units, settings and JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...engine import units
from ...engine.features.efel_features import DEFAULT_EFEL_SETTINGS
from ...engine.features.efel_import import efel
from ...engine.outputs.standard_files import write_text
from ...engine.targets.targets import PRESET_PROTOCOLS_RHEOBASE

__all__ = [
    "DEFAULT_EFEL_SETTINGS",
    "PRESET_PROTOCOLS_RHEOBASE",
    "NumpyEncoder",
    "dict_to_json",
    "set_efel_settings",
    "to_mV",
    "to_ms",
    "to_nA",
]


class NumpyEncoder(json.JSONEncoder):
    """Writes numpy's numbers and arrays as numbers and lists."""

    def default(self, o: Any) -> Any:
        """Return what JSON has for a value of numpy."""
        if isinstance(o, np.generic):
            return o.item()
        if isinstance(o, np.ndarray):
            return o.tolist()
        return super().default(o)


def to_ms(t: Any, t_unit: str) -> Any:
    """Turn times into ms."""
    return units.to_ms(t, t_unit)


def to_nA(current: Any, i_unit: str) -> Any:
    """Turn currents into nA."""
    return units.to_nA(current, i_unit)


def to_mV(voltage: Any, v_unit: str) -> Any:
    """Turn voltages into mV."""
    return units.to_mV(voltage, v_unit)


def dict_to_json(data: Any, path: str | os.PathLike[str]) -> None:
    """Write data as JSON, with null for what isn't a number."""
    plain = json.loads(json.dumps(data, cls=NumpyEncoder))
    write_text(path, json.dumps(_finite(plain), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def set_efel_settings(efeature_settings: Mapping[str, Any]) -> None:
    """Give eFEL, for this whole process, these settings and its defaults otherwise."""
    efel().reset()
    for name, value in efeature_settings.items():
        efel().set_setting(name, float(value) if name in ("stim_start", "stim_end") else value)
