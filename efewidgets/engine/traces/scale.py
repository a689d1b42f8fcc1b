"""What the samples of a sweep say about their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..units import canonical_unit
from .robust import median
from .trace import Trace, setting

#: A current that reaches further than that many standard deviations of its noise has a stimulus
_STANDS_OUT = 12.0


def scale_of(trace: Trace, config: Mapping[str, Any], sweep: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sweep says about its units: these, its median voltage (mV), its largest current (nA).

    And whether that current is a stimulus, since small noise can be of any size.
    """
    current = trace.current
    noise = float(np.std(np.diff(current))) / np.sqrt(2)
    seen = float(np.ptp(current)) > _STANDS_OUT * noise > 0
    every = max(1, trace.n // 2000)
    return {
        "voltage": float(median(trace.voltage[::every])),
        "current": float(np.max(np.abs(current))),
        "stimulus": seen,
        "v_unit": canonical_unit(setting("v_unit", config, sweep)),
        "i_unit": canonical_unit(setting("i_unit", config, sweep)),
    }
