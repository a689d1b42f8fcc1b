"""The unit of each feature, as eFEL says it, or as we must for want of that."""

from __future__ import annotations

import functools

#: Units of the features for which eFEL has none ("": a plain number)
OWN_UNITS = {
    "AP_amplitude_change": "",  # told by eFEL since 5.7.21
    "Spikecount": "",
    "Spikecount_stimint": "",
    "ISIs": "ms",
    "depol_block": "",
    "trace_check": "",
    "is_not_stuck": "",
    "voltage": "mV",
    "time": "ms",
    "current": "nA",
}


@functools.cache
def unit_of(name: str) -> str:
    """Return the unit of a feature's values; "" for plain numbers."""
    if name in OWN_UNITS:
        return OWN_UNITS[name]
    from efel.units import get_unit

    try:
        unit = get_unit(name)
    except KeyError:
        return ""
    return {"constant": "", "1/(ms)": "1/ms"}.get(unit, unit)
