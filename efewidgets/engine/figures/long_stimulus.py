"""The stimulus of a long recording as a line: rebuilt at a coarser step, its bends put back to where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..long.array import LONG

#: Samples at which it is rebuilt, about
MANY = 1_000_000


def is_long(recording: Any) -> bool:
    """Whether a recording is too long for its stimulus to be rebuilt sample by sample."""
    tend, dt = getattr(recording, "tend", None), getattr(recording, "dt", None)
    return bool(tend and dt and tend / dt > LONG)


def stimulus_of_long(recording: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the stimulus that was found, as a line (ms, nA): of a flat piece only its ends."""
    coarser = _Coarser(recording, int(-(-recording.tend / recording.dt // MANY)))
    time, current = (
        np.asarray(values, dtype=float) for values in recording.stimulus_family.generate(coarser)
    )
    bends = np.ones(len(time), dtype=bool)
    bends[1:-1] = (current[1:-1] != current[:-2]) | (current[1:-1] != current[2:])
    time, current = time[bends], current[bends]
    return _put_back(time, _edges(recording), coarser.dt, float(recording.dt)), current


def _put_back(time: np.ndarray, edges: np.ndarray, step: float, dt: float) -> np.ndarray:
    """Put the bends to the edges (ms) beside them: the last one before an edge to a sample before it."""
    found = time.copy()
    for edge in edges.tolist():
        near = np.flatnonzero(np.abs(time - edge) <= 1.5 * step)
        for k in near.tolist():
            found[k] = edge if time[k] >= edge - 0.5 * step else edge - dt
    return np.maximum.accumulate(found)


def _edges(recording: Any) -> np.ndarray:
    """Return the times (ms) at which the current may jump."""
    names = getattr(recording, "timings", ())
    edges = [getattr(recording, name, None) for name in names]
    found = [float(edge) for edge in edges if edge is not None and np.isfinite(edge)]
    starts = getattr(recording, "tspike", None)
    if starts is not None:
        found += [*map(float, starts), *(float(start + recording.spike_duration) for start in starts)]
    return np.array(sorted(found))


class _Coarser:
    """A recording as if it had been sampled at every so manieth sample."""

    def __init__(self, recording: Any, every: int):
        self._recording, self._every = recording, every
        self.dt = every * float(recording.dt)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._recording, name)
        return np.asarray(value)[:: self._every] if name == "waveform" else value

    def index(self, ms: float) -> int:
        """Nearest sample of a time in ms."""
        return round(float(ms / self.dt))

    def holding(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms), and the holding current (nA) to build the stimulus on; arrays (n,)."""
        time = np.arange(self.index(self.tend)) * self.dt
        return time, np.full(time.shape, np.float64(self.hypamp))
