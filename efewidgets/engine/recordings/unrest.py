"""Holding currents that were measured in the stimulus: timings that a person gave, with the stimulus outside of them.

A holding current is the median of what lies before the onset, for some families also of what lies after the end. If the
stimulus is there, most of it is no baseline: it is away from its own median by much of the amplitude.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..long.array import LongArray
from ..traces.trace import Trace
from .families.family import Family
from .said import Said

BLOCK_MS = 20.0  # means over a period of 50 Hz, or longer: hum and noise are next to nothing
MOST_BLOCKS = 2000
FAR = 0.3  # of how far the current goes: less may be drift
SHARE = 0.25  # of the stretch: a test pulse takes less
NOISE = 0.5  # of that of single samples: means of blocks don't go so far by noise alone


def unrest(
    trace: Trace, family: Family, edges: Mapping[str, int], said: Said, levels: Mapping[str, Any]
) -> str | None:
    """Return in words where the current isn't at rest though the holding current was measured there, or None.

    Parameters
    ----------
    trace : Trace
    family : Family
    edges : dict
        Sample index of each timing.
    said : Said
    levels : dict
        What was measured: amplitudes and holding current (nA).
    """
    hypamp: Any = levels.get("hypamp")
    measured = said.not_said(family.amplitudes, levels)
    if said.level("hypamp") is not None or not measured or None in (hypamp, *measured) or not edges:
        return None
    if not all(said.written.get(name) is not None for name in family.timings):
        return None  # what was looked for has its own doubts
    first, last = min(edges.values()), max(edges.values())
    rest = _means(trace.current[:first], trace.dt)
    if family.rests_after:
        rest = np.concatenate([rest, _means(trace.current[last:], trace.dt)])
    goes = max(*map(abs, measured), np.ptp(_means(trace.current, trace.dt)))
    far = max(FAR * goes, NOISE * _noise(trace.current))
    if not len(rest) or np.ptp(rest) <= far or np.mean(np.abs(rest - hypamp) > far) <= SHARE:
        return None
    where = "outside of" if family.rests_after else "before"
    return (
        f"the holding current of {1e3 * hypamp:.4g} pA is not certain: {where} the timings that were given "
        f"({trace.at(first):.5g} to {trace.at(last):.5g} ms) the current is not at rest, but goes from "
        f"{1e3 * rest.min():.4g} to {1e3 * rest.max():.4g} pA. Look at the trace: is the stimulus there? Set the "
        "timings where it is, take them back, or give `hypamp` in the metadata."
    )


def _means(current: np.ndarray, dt: float) -> np.ndarray:
    """Return the means of blocks of a current; what is left over at the end is left out."""
    size = max(round(BLOCK_MS / dt), len(current) // MOST_BLOCKS, 1)
    blocks = len(current) // size
    if isinstance(current, LongArray):
        return np.array([current.part(k * size, (k + 1) * size).mean(dtype=float) for k in range(blocks)])
    return np.asarray(current[: blocks * size].reshape(blocks, size).mean(axis=1, dtype=float))


def _noise(current: np.ndarray) -> float:
    """Return the noise of single samples, by some of the steps between two of them."""
    at = np.arange(0, len(current), max(len(current) // MOST_BLOCKS, 1))
    few = np.asarray(current.pick(at) if isinstance(current, LongArray) else current[at], dtype=float)
    return float(np.median(np.abs(np.diff(few)))) if len(few) > 1 else 0.0
