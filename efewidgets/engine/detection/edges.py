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

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..traces.robust import ranked
from .long_split import MOST_CELLS, gains_of_steps
from .trace import FLOOR, Trace, blocks, mad, median
from .window import RISK

RIGHT = 1.0  # ms; how far from the truth an edge may be
FINE = 0.2  # ms; sampling step for whitening
ORDER = 16  # of the autoregressive model
BESIDE = 0.2  # ms of an artefact beside an edge
AWAY = 0.5  # of the jump, beyond the level before it
LEVEL, RESTS = 0.25, 0.6  # of the jump, and of the samples: the current is at its old level
HIDDEN = 0.3  # margin of an edge that something hides: not sure
PLAIN, PLAIN_MEANS = 10.0, 6.0  # times the noise of a sample, and of means of `FINE`: a slope can be seen,
FEWEST = 5  # if 1 ms has so many samples
TEMPER = 1.5  # the likelihood is raised to 1/TEMPER: the noise model is never quite right


@dataclass(frozen=True)
class Edge:
    """An edge of the current.

    Attributes
    ----------
    sample : int
        First changed sample.
    right : float
        Probability that this is within 1 ms of the truth.
    jump : float
        Change of the level (nA).
    gradual : bool
        Whether it begins earlier than it is placed, as far as the current tells: in other sweeps it may, too.
    """

    sample: int
    right: float
    jump: float
    gradual: bool = False


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
    near = trace.samples(RIGHT)  # so much is left of the level between this edge and its neighbour
    low = max(before + near if before else 1, coarse - reach)
    high = min(after - near if after < trace.n else after - 1, coarse + reach)
    wide = max(2 * trace.width, trace.samples(10.0))
    start, end = max(before, low - wide), min(after, high + wide)
    left, right = trace.x[start:low], trace.x[high:end]
    if low >= high or not len(left) or not len(right):
        return Edge(coarse, 0.0, 0.0)
    old, new = median(left), median(right)
    scatter = max(FLOOR, *(most(np.abs(side - at)) for side, at in ((left, old), (right, new))))
    if abs(new - old) > 3.0 * scatter:
        return by_sides(trace.x, near, low, high, old, new, max(mad(left), mad(right)))
    edge = noise.split(low, high, start, end)
    if recoils(trace.x, near, max(start, 1), edge.sample, old, new):
        edge = replace(edge, right=min(edge.right, 1.0 - 2.0 * RISK))
    clear = abs(new - old) > PLAIN_MEANS * mad(noise.rest) and near >= FEWEST  # of ringing nobody can tell
    return replace(edge, gradual=clear and slow(trace.x, near, edge.sample, old, new, noise.wander))


def slow(x: np.ndarray, near: int, at: int, old: float, new: float, wander: float) -> bool:
    """Whether most of a change happens more than 1 ms away from where it is placed, as noise alone doesn't.

    Parameters
    ----------
    x : numpy.ndarray, shape (n,)
        Current (nA).
    near, at : int
        Samples in 1 ms, and where the edge is placed.
    old, new : float
        Level before and after (nA).
    wander : float
        What noise does to a mean over 2 ms (nA).
    """
    before, after = x[max(0, at - 3 * near) : at - near], x[at + near : at + 3 * near]
    if min(len(before), len(after)) < 2 * near or new == old:
        return False
    share = float(np.mean(after) - np.mean(before)) / (new - old)
    return 1.0 - share > AWAY + 3.0 * 2.0**0.5 * wander / abs(new - old)


def recoils(x: np.ndarray, near: int, start: int, at: int, old: float, new: float) -> bool:
    """Whether the current leaves its old level the other way right before an edge, farther than it does elsewhere.

    No transient of the edge does that: an artefact beside it may hide where it is.
    """
    few = max(2, round(2 * BESIDE * near))
    means = np.convolve((x[start:at] - old) * np.sign(old - new), np.full(few, 1.0 / few), mode="valid")
    if len(means) < 4 * near:
        return False
    return float(means[-few:].max()) > max(AWAY * abs(new - old), 3.0 * most(means[: -2 * near]))


def most(x: np.ndarray) -> float:
    """Find the value that 90 % of a sample don't exceed."""
    k = int(0.9 * len(x))
    return float(ranked(x, k, k)[1])


def by_sides(x: np.ndarray, near: int, low: int, high: int, old: float, new: float, sigma: float) -> Edge:
    """Split that leaves fewest samples on the wrong side of the mid-level.

    Parameters
    ----------
    x : numpy.ndarray
        Current (nA).
    near : int
        Samples in 1 ms.
    low, high : int
        Where the edge may be.
    old, new : float
        Level before and after (nA).
    sigma : float
        Standard deviation about them (nA).
    """
    sign = 1.0 if new > old else -1.0
    changed = sign * (x[low:high] - 0.5 * (old + new)) > 0
    wrong = np.concatenate(([0], np.cumsum(np.where(changed, 1, -1))))
    k = int(np.argmin(wrong))
    away = np.abs(np.arange(len(wrong)) - k)
    far = away > near
    # how many more samples any other edge would misplace, of those that lie between
    margin = float(((wrong[far] - wrong[k]) / away[far]).min()) if far.any() else 1.0
    margin = min(0.99, max(0.02, margin))
    # what lies on the wrong side beside the edge may be an artefact that hides it, and so may what goes the other way
    # right before it, as no transient of the edge does
    beside = np.concatenate((changed[max(0, k - 2 * near) : k], ~changed[k : k + 2 * near]))
    before = sign * (x[low + max(0, k - 2 * near) : low + k] - old) / max(abs(new - old), FLOOR)
    back = np.flatnonzero(before < -AWAY)
    few = max(2.0, BESIDE * near)
    recoiled = len(back) > few
    since = before[back[-1] + 1 :] if recoiled else before
    touches = recoiled and len(since) < max(2, round(BESIDE * near))
    if beside.sum() > few or touches:
        margin = min(margin, HIDDEN)
    # a slow transient comes back through the old level; after an action potential's artefact the current rests there
    gradual = bool(recoiled and not touches and np.mean(np.abs(since) < LEVEL) < RESTS)
    edge, stay = low + k, max(4.0 * sigma, 0.1 * abs(new - old))
    for _ in range(near):  # back up the slope of a slow edge to where it leaves the old level
        if edge <= low or sign * (x[edge - 1] - old) <= stay:
            break
        edge -= 1
    else:
        gradual = True
    # in noise, or in samples, that hardly show a slope nobody can tell
    gradual &= abs(new - old) > PLAIN * sigma and near >= FEWEST
    return Edge(edge, max(0.0, 1.0 - RISK * (1.0 - margin) / margin), new - old, gradual)


class Whitener:
    """Autoregressive model of a sweep's noise, made when first needed.

    Parameters
    ----------
    trace : Trace
        The current.
    model : callable
        Sample indexes to the current without noise (nA).
    """

    def __init__(self, trace: Trace, model: Callable[[np.ndarray], np.ndarray]) -> None:
        self._trace, self._model = trace, model
        self.step = max(1, int(FINE / trace.dt))

    @cached_property
    def fine(self) -> np.ndarray:
        """Block means of the current (nA), `FINE` ms each."""
        return blocks(self._trace.x, self.step).mean(axis=1)

    @cached_property
    def filter(self) -> np.ndarray:
        """Prediction-error filter of the noise, 1 first."""
        m = len(self.fine)
        order, rest = min(ORDER, m // 10), self.rest
        lags = np.array([dot(rest[: m - k], rest[k:]) / m for k in range(order + 1)])
        if not order or lags[0] <= FLOOR**2:
            return np.ones(1)
        lags[0] *= 1.0 + 1e-4
        matrix = lags[np.abs(np.arange(order)[:, None] - np.arange(order)[None, :])]
        return np.concatenate(([1.0], -np.linalg.solve(matrix, lags[1:])))

    @cached_property
    def rest(self) -> np.ndarray:
        """Noise (nA), without artefacts."""
        rest = self.fine - self._model((np.arange(len(self.fine)) + 0.5) * self.step)
        return np.where(np.abs(rest) > 5.0 * max(mad(rest), FLOOR), 0.0, rest)

    @cached_property
    def wander(self) -> float:
        """Standard deviation of means over 2 ms (nA)."""
        means = blocks(self.rest, max(1, round(2.0 / (self.step * self._trace.dt)))).mean(axis=1)
        return float(np.std(means)) if len(means) else np.inf

    @cached_property
    def sigma(self) -> float:
        """Standard deviation of the whitened noise (nA)."""
        return max(mad(np.convolve(self.rest, self.filter, mode="valid")), FLOOR)

    def split(self, low: int, high: int, start: int, end: int) -> Edge:
        """Most likely split between two samples, seen in the window from `start` to `end`."""
        step, order = self.step, len(self.filter) - 1
        a, b = max(0, start // step - order), min(len(self.fine), end // step)
        splits = np.arange(max(low // step, a + order + 1), min(-(-high // step), b - 1))
        if b - a - order < 8 or not len(splits):
            return Edge((low + high) // 2, 0.0, 0.0)
        z = np.convolve(self.fine[a:b], self.filter, mode="valid")  # z[t] is of sample a + order + t
        middle = median(z)
        limit = max(4.0 * self.sigma, 1.5 * float(np.quantile(np.abs(z - middle), 0.99)))
        z = np.clip(z, middle - limit, middle + limit)
        response = np.cumsum(self.filter)
        slope = np.convolve(np.arange(b - a, dtype=float), self.filter, mode="valid")
        if len(z) * len(splits) > MOST_CELLS:
            gain, jump, rival = gains_of_steps(z, splits - (a + order), response, slope)
        else:
            lag = (a + order + np.arange(len(z)))[None, :] - splits[:, None]
            gain, jump, rival = gains(z, np.where(lag < 0, 0.0, response[np.clip(lag, 0, order)]), slope)
        spread = max(self.sigma**2, float(((z - z.mean()) ** 2).sum() - gain.max()) / len(z)) * 2.0 * TEMPER
        k = int(np.argmax(gain))
        weight = np.exp((gain - gain[k]) / spread)
        near = np.abs(splits - splits[k]) * step * self._trace.dt <= RIGHT
        right = float(weight[near].sum() / weight.sum())
        odds = np.clip((gain[k] - rival) / spread - np.log(len(splits)), -50.0, 50.0)
        return Edge(int(splits[k]) * step, right / (1.0 + float(np.exp(-odds))), float(jump[k]))


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of products, without the threads of a BLAS, which cost more than they save on vectors like these."""
    return float(np.einsum("i,i->", a, b))


def gains(z: np.ndarray, shape: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """How much of the squared error steps, and a mere slope, take away.

    Parameters
    ----------
    z : numpy.ndarray, shape (t,)
        Whitened current.
    shape : numpy.ndarray, shape (k, t)
        Whitened unit step for every split.
    slope : numpy.ndarray, shape (t,)
        Whitened unit slope: what a slow drift does.

    Returns
    -------
    gain : numpy.ndarray, shape (k,)
        Of each step, beside a free level.
    jump : numpy.ndarray, shape (k,)
        Height of each step.
    rival : float
        Gain of the slope.
    """
    z, slope = z - z.mean(), slope - slope.mean()  # projects the free level out
    shape = shape - shape.mean(axis=1, keepdims=True)
    power = np.maximum(np.einsum("ij,ij->i", shape, shape), 1e-12)
    along = np.einsum("ij,j->i", shape, z)
    return along**2 / power, along / power, dot(slope, z) ** 2 / max(dot(slope, slope), 1e-12)
