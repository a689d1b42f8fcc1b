"""Threshold crossings that are no action potentials: switching transients, glitches, noise.

Three marks, each on the trace as recorded (not interpolated):

- *noise*: it stands out by less than 5 mV from the minima within 5 ms. A potential that lingers at the threshold
  crosses it with every fluctuation; no action potential is as small.
- *glitch*: narrower at half its height than 0.18 ms. Somatic action potentials are wider, down to about 0.2 ms in
  the fastest neurons (fast-spiking interneurons and Purkinje cells near body temperature; Bean, Nat Rev
  Neurosci 8:451, 2007); electrical interference takes a sample or two. With a sampling interval of more than
  that nothing is so narrow, and nothing is marked.
- *transient*: it peaks within half a millisecond of an edge of the stimulus, and makes nearly all of its height
  within 0.1 ms or one sample. Such are the transients of an electrode whose capacitance is over-compensated,
  which go up when the current goes down; an action potential rises at 100 to 700 mV/ms, and takes longer.
"""

from __future__ import annotations

import numpy as np

#: Lowest height of an action potential above the minima around it, mV
LOWEST = 5.0
#: How far from the peak those minima are looked for, ms
AROUND = 5.0
#: Smallest width of an action potential at half its height, ms
NARROWEST = 0.18
#: How long after an edge of the stimulus transients peak, ms
SETTLED = 0.5
#: In what time a transient makes this part of its height, ms
JUMP, PART_OF_HEIGHT = 0.1, 0.85


def artefacts(
    t: np.ndarray, v: np.ndarray, peak_times: np.ndarray, edges: np.ndarray | list[float]
) -> np.ndarray:
    """Tell which of the detected spikes are no action potentials.

    Parameters
    ----------
    t, v : np.ndarray, shape (n,)
        Time (ms, regular) and membrane potential (mV) as recorded.
    peak_times : np.ndarray, shape (spikes,)
        Times of the spikes' peaks, as `spikes.peak_times` finds them (ms).
    edges : sequence of float
        Times at which the stimulus jumps (ms).

    Returns
    -------
    np.ndarray of bool, shape (spikes,)
        True for an artefact.
    """
    return np.array([bool(artefact(t, v, peak, edges)) for peak in peak_times], dtype=bool)


def artefact(t: np.ndarray, v: np.ndarray, peak_time: float, edges: np.ndarray | list[float]) -> str:
    """Return "noise", "glitch" or "transient", or "" for what may be an action potential."""
    dt = float(t[1] - t[0])
    reach = max(round(AROUND / dt), 1)
    near = round(float(peak_time - t[0]) / dt)
    start = max(near - reach, 0)
    part = np.asarray(v[start : near + reach + 1], dtype=float)
    # the interpolated peak may lie a step of the interpolation away from the highest sample
    step = max(round(JUMP / dt), 1)
    first = max(near - start - step, 0)
    peak = first + int(np.argmax(part[first : near - start + step + 1]))
    height = _height(part, peak)
    if height < LOWEST:
        return "noise"
    if _width(part, peak, part[peak] - height / 2) * dt < NARROWEST:
        return "glitch"
    before = part[max(peak - step, 0)]
    jumps = part[peak] - before >= PART_OF_HEIGHT * height
    delays = t[start + peak] - np.asarray(edges, dtype=float)
    # the sample before the edge may be on its way already
    if jumps and np.any((delays > -1.5 * dt) & (delays <= SETTLED + dt)):
        return "transient"
    return ""


def _height(v: np.ndarray, peak: int) -> float:
    """Height of a peak above the higher of the minima before and after it, up to where something is higher."""
    higher = np.flatnonzero(v[:peak] > v[peak])
    before = v[higher[-1] if len(higher) else 0 : peak + 1].min()
    higher = np.flatnonzero(v[peak:] > v[peak])
    after = v[peak : peak + higher[0] if len(higher) else len(v)].min()
    return float(v[peak] - max(before, after))


def _width(v: np.ndarray, peak: int, level: float) -> float:
    """Width of a peak at a level, in samples, interpolated linearly."""
    below = np.flatnonzero(v[:peak] <= level)
    left = peak if not len(below) else peak - below[-1] - _fraction(v[below[-1]], v[below[-1] + 1], level)
    below = np.flatnonzero(v[peak:] <= level) + peak
    right = (
        len(v) - 1 - peak
        if not len(below)
        else below[0] - peak - _fraction(v[below[0]], v[below[0] - 1], level)
    )
    return float(left + right)


def _fraction(low: float, high: float, level: float) -> float:
    """How far from a low sample to a high one the level lies, 0 to 1."""
    return (level - low) / (high - low)
