"""Where exactly the current changes from one level to another, and how sure that is.

Two methods. Where the jump is well above the scatter, every sample is on one side of the mid-level or the
other and the edge is the split that misplaces fewest samples: spikes' artefacts don't move it. Otherwise the
split is found by generalised least squares: an autoregressive model of the sweep's own noise (Yule-Walker)
whitens the current, so that hum and oscillations, however much larger than the jump, are predicted away, and
the likelihood of every split gives the probability that the best one is right within 1 ms (change-point
inference with correlated errors: Bai 1994, J. Time Ser. Anal. 15:453; whitening: Kay 1998, Detection Theory,
ch. 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .trace import FLOOR, Trace, mad

RIGHT = 1.0  # ms; how far from the truth an edge may be
FINE = 0.2  # ms; sampling step for whitening
ORDER = 16  # of the autoregressive model
TEMPER = 2.0  # the likelihood is raised to 1/TEMPER: the noise model is never quite right


@dataclass(frozen=True)
class Edge:
    """An edge: first changed sample, probability to be right within 1 ms, jump (nA)."""

    sample: int
    confidence: float
    jump: float


def refine(trace: Trace, coarse: int, before: int, after: int, noise: Whitener) -> Edge:
    """Locate the edge near a coarse one.

    Parameters
    ----------
    trace : Trace
        The current.
    coarse : int
        Coarse edge (sample), right within about a block.
    before, after : int
        Neighbouring edges (samples): nothing beyond them belongs to this edge.
    noise : Whitener
        Noise model of the sweep.
    """
    reach = trace.width + trace.width // 2 + 2
    low, high = max(before + 1, coarse - reach), min(after - 1, coarse + reach)
    wide = max(2 * trace.width, trace.samples(10.0))
    start, end = max(before, low - wide), min(after, high + wide)
    left, right = trace.x[start:low], trace.x[high:end]
    if low >= high or not len(left) or not len(right):
        return Edge(coarse, 0.0, 0.0)
    old, new = float(np.median(left)), float(np.median(right))
    jump = new - old
    scatter = max(
        float(np.quantile(np.abs(left - old), 0.9)), float(np.quantile(np.abs(right - new), 0.9)), FLOOR
    )
    if abs(jump) > 3.0 * scatter:
        return by_sides(trace, low, high, old, new, max(mad(left), mad(right)))
    return noise.split(low, high, start, end)


def by_sides(trace: Trace, low: int, high: int, old: float, new: float, sigma: float) -> Edge:
    """Split that leaves fewest samples on the wrong side of the mid-level."""
    sign = 1.0 if new > old else -1.0
    changed = sign * (trace.x[low:high] - 0.5 * (old + new)) > 0
    wrong = np.concatenate(([0], np.cumsum(np.where(changed, 1, -1))))
    k = int(np.argmin(wrong))
    near = trace.samples(RIGHT)
    far = np.abs(np.arange(len(wrong)) - k) > near
    margin = float((wrong[far].min() - wrong[k]) / (near + 1)) if far.any() else 1.0
    edge, stay = low + k, max(4.0 * sigma, 0.1 * abs(new - old))
    for _ in range(near):  # back up the slope of a slow edge to where it leaves the old level
        if edge <= low or abs(trace.x[edge - 1] - old) <= stay:
            break
        edge -= 1
    return Edge(edge, min(0.99, 0.2 + 0.8 * max(0.0, margin)), new - old)


class Whitener:
    """Autoregressive model of a sweep's noise, made when first needed.

    Parameters
    ----------
    trace : Trace
        The current.
    edges, levels : numpy.ndarray
        Its stretches (samples) and their levels (nA); what remains is noise.
    """

    def __init__(self, trace: Trace, edges: np.ndarray, levels: np.ndarray) -> None:
        self._trace, self._edges, self._levels = trace, edges, levels
        self._made: tuple[np.ndarray, np.ndarray, float] | None = None
        self.step = max(1, int(FINE / trace.dt))

    def _make(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Fine trace (block means), prediction-error filter, and standard deviation of its output."""
        if self._made is not None:
            return self._made
        step, m = self.step, self._trace.n // self.step
        fine = self._trace.x[: m * step].reshape(m, step).mean(axis=1)
        which = np.clip(
            np.searchsorted(self._edges, np.arange(m) * step, side="right") - 1, 0, len(self._levels) - 1
        )
        rest = fine - self._levels[which]
        limit = 5.0 * max(mad(rest), FLOOR)
        rest = np.where(np.abs(rest) > limit, 0.0, rest)
        order = min(ORDER, m // 10)
        lags = np.array([float(rest[: m - k] @ rest[k:]) / m for k in range(order + 1)])
        filt = np.ones(1)
        if order and lags[0] > FLOOR**2:
            lags[0] *= 1.0 + 1e-4
            matrix = lags[np.abs(np.arange(order)[:, None] - np.arange(order)[None, :])]
            filt = np.concatenate(([1.0], -np.linalg.solve(matrix, lags[1:])))
        white = np.convolve(rest, filt, mode="valid")
        self._made = fine, filt, max(mad(white), FLOOR)
        return self._made

    def split(self, low: int, high: int, start: int, end: int) -> Edge:
        """Most likely split between two samples, seen in the window from `start` to `end`."""
        fine, filt, sigma = self._make()
        step, order = self.step, len(filt) - 1
        a, b = max(0, start // step - order), min(len(fine), end // step)
        z = np.convolve(fine[a:b], filt, mode="valid")  # z[t] is of sample a + order + t
        response = np.cumsum(filt)
        splits = np.arange(max(low // step, a + order + 1), min(-(-high // step), b - 1))
        if len(z) < 8 or not len(splits):
            return Edge((low + high) // 2, 0.0, 0.0)
        lag = (a + order + np.arange(len(z)))[None, :] - splits[:, None]
        shape = np.where(lag < 0, 0.0, response[np.clip(lag, 0, order)])
        flat = np.full(len(z), response[-1])
        # a step of free height on a free baseline, for every split: two normal equations each
        limit = max(4.0 * sigma, 1.5 * float(np.quantile(np.abs(z - np.median(z)), 0.99)))
        z = np.clip(z, np.median(z) - limit, np.median(z) + limit)
        s11, s1z = float(flat @ flat), float(flat @ z)
        skk, s1k, skz = np.einsum("ij,ij->i", shape, shape), shape @ flat, shape @ z
        det = s11 * skk - s1k**2
        with np.errstate(divide="ignore", invalid="ignore"):
            jump = np.where(det > 1e-12 * s11 * skk, (s11 * skz - s1k * s1z) / det, 0.0)
        gain = jump * (skz - s1k * s1z / s11)  # reduction of the squared error by the step
        spread = max(sigma**2, float(z @ z - s1z**2 / s11 - gain.max()) / len(z))
        log = (gain - gain.max()) / (2.0 * spread * TEMPER)
        weight = np.exp(log)
        k = int(np.argmax(gain))
        near = np.abs(splits - splits[k]) * step * self._trace.dt <= RIGHT
        certain = float(weight[near].sum() / weight.sum())
        # the step must also beat a slow drift through the window
        drift = np.convolve(np.arange(a, b, dtype=float) - a, filt, mode="valid")
        drift = drift - flat * (drift @ flat) / s11
        slow = float(drift @ z) ** 2 / float(drift @ drift)
        odds = (float(gain.max()) - slow) / (2.0 * spread * TEMPER) - np.log(len(splits))
        certain *= float(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))
        return Edge(int(splits[k]) * step, min(0.99, certain), float(jump[k]))
