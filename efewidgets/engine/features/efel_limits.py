"""Traces and settings that eFEL can't bear: it reads beyond its arrays, loops for ever or fills the memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..long.array import LONG, LongArray
from ..long.memory import short_of
from ..problems import EfeError
from ..traces.interpolation import time_grid
from ..traces.spikes import peak_times
from .efel_graph import reads
from .efel_settings import EFEL_INTERP_STEP, known_settings

#: More points than this after interpolation (20 minutes at 0.025 ms) take eFEL gigabytes
MOST_POINTS = 50_000_000

#: Bytes that eFEL takes for a sample, as a list of Python's among others
_BYTES = 100

#: With derivative windows up to this, eFEL finds the begin of every spike that it finds at all, or gives up
SAFE_DERIVATIVE_WINDOW = 3


def check_trace(t: np.ndarray, v: np.ndarray, settings: dict[str, Any]) -> None:
    """Refuse a trace or a stimulus (``stim_start``, ``stim_end`` in `settings`) that eFEL can't bear.

    Raises
    ------
    EfeError
        With what is wrong.
    """
    if len(t) != len(v):
        raise EfeError(f"The trace has {len(t)} times and {len(v)} potentials; their numbers must be equal.")
    if len(t) < 3:
        raise EfeError(f"The trace has {len(t)} samples; features need at least 3.")
    # a long trace has its times from its step
    if not (np.isfinite(t[-1]) and (isinstance(t, LongArray) or np.all(np.diff(t) > 0))):
        raise EfeError("The times of the trace must increase from sample to sample.")
    step = settings.get("interp_step", EFEL_INTERP_STEP)
    if (t[-1] - t[0]) / step > MOST_POINTS:
        raise EfeError(
            f"The trace lasts {(t[-1] - t[0]) / 1e3:.0f} s, too long for the eFEL setting interp_step = "
            f"{step:g} ms; choose a larger step."
        )
    if len(t) > LONG and (short := short_of(_BYTES * len(t))):
        raise EfeError(f"eFEL needs {short} for {len(t):,} samples: no feature was computed.")
    start, end = settings["stim_start"], settings["stim_end"]
    if not start < end:
        raise EfeError(f"The stimulus must start ({start:g} ms) before it ends ({end:g} ms).")
    if start > t[-1] or end < t[0]:
        raise EfeError(
            f"The stimulus ({start:g} to {end:g} ms) lies outside the recording ({t[0]:g} to {t[-1]:g} ms)."
        )
    if any(late > t[-1] for late in settings.get("multi_stim_start", ())):
        raise EfeError(
            f"eFEL setting 'multi_stim_start' goes beyond the recording, which ends at {t[-1]:g} ms."
        )


def beyond_efel(t: np.ndarray, v: np.ndarray, names: list[str], settings: dict[str, Any]) -> list[str]:
    """Return the features for which eFEL would crash or hang on this trace; they have no value."""
    found = []
    if "time_constant" in names and not _room_for_time_constant(t, settings):
        found.append("time_constant")
    if settings.get("DerivativeWindow", 0) > SAFE_DERIVATIVE_WINDOW and _spike_at_the_end(t, v, settings):
        found += [name for name in names if "DerivativeWindow" in reads(name)]
    return found


def _room_for_time_constant(t: np.ndarray, settings: dict[str, Any]) -> bool:
    """Whether half the stimulus has points enough: eFEL leaves out ten and looks at five at a time."""
    grid = time_grid(float(t[0]), float(t[-1]), settings.get("interp_step", EFEL_INTERP_STEP))
    start, end = settings["stim_start"], settings["stim_end"]
    return bool(np.searchsorted(grid, (start + end) / 2) - (np.searchsorted(grid, start) + 10) >= 5)


def _spike_at_the_end(t: np.ndarray, v: np.ndarray, settings: dict[str, Any]) -> bool:
    """Whether a spike peaks within the last derivative window, where eFEL looks for its begin for ever."""
    step = settings.get("interp_step", EFEL_INTERP_STEP)
    threshold = settings.get("Threshold", known_settings()["Threshold"][1])
    peaks = peak_times(t, v, threshold, -np.inf, np.inf, interp_step=step)
    grid = time_grid(float(t[0]), float(t[-1]), step)
    return bool(len(peaks)) and peaks[-1] > grid[max(len(grid) - settings["DerivativeWindow"], 0)]
