"""What kind of stimulus a current is, where no name says it: families in order of likelihood, with the evidence.

Method. The detector of each family (`detect`) says where its stimulus would be. From these timings the current is
rebuilt with the levels that fit best, and what a family leaves unexplained, beyond the noise, is its misfit; of two
that fit alike the one of fewer parts is taken (minimum description length, Rissanen 1978, Automatica 14:465, with a
price for a part instead of its bits). What no family of levels, slopes or pulses explains, but goes on without rest, is
a sine sweep if its half waves are regular (their lengths change steadily, their heights are alike), else noise. A guess
is offered to a person, and never decides anything by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from . import detect
from .brief import above_baseline, brief_pulses
from .trace import FLOOR, Trace, blocks, converter_step, finite, mad
from .window import SURE, Doubt, Window

METHOD = "the current itself: what each family leaves unexplained of it"
GRAIN = 0.5  # ms of a block of the outline
MOST = 20_000  # blocks of it
SHORT = 10.0  # ms; a single pulse as short as this is one for an action potential
APART = 1.0  # ms between two pulses of a train, at least
SWEPT = 0.1  # share that no family explains: activity
PART = 0.005  # price of a timing, in shares of the current
DOUBTED = 0.2  # price of a family whose own detector doubts what it sees
DIMMED = 0.45  # of its confidence: it is not offered
FAINT = 6.0  # times the noise of a block: what is lower is nothing
WAVES = 6  # half waves, at least
LIVELY = 2.5  # times as restless as outside of it, over
LAG = 10  # blocks
FEW = 20  # blocks that tell a noise
FEWEST = 64  # samples
OPPOSED = 0.2  # of the larger level: the least that a second one of the other sign has

#: the eCode of each kind; "" where nothing is to be read
ECODES = {
    "step": "Step",
    "short pulse": "Step",
    "pulse train": "SpikeRec",
    "capacitance check": "CapCheck",
    "ramp": "Ramp",
    "sAHP": "SAHP",
    "hyper-depolarising": "HyperDePol",
    "de-hyperpolarising": "DeHyperPol",
    "cheops": "PosCheops",
    "negative cheops": "NegCheops",
    "sine sweep": "SineSpec",
    "noise": "PinkNoise",
    "nothing": "",
}


@dataclass(frozen=True)
class Guess:
    """One kind of stimulus that a current may be.

    Attributes
    ----------
    kind : str
        A key of `ECODES`.
    confidence : float
        0 to 1; at 0.5 or more it may be offered.
    evidence : str
        What speaks for it, in words.
    """

    kind: str
    confidence: float
    evidence: str

    @property
    def ecode(self) -> str:
        """Name of the stimulus family that reads it, "" if there is nothing to read."""
        return ECODES[self.kind]

    @property
    def sure(self) -> bool:
        """Whether it may be offered."""
        return self.confidence >= SURE


@dataclass(frozen=True)
class _Fit:
    kind: str
    misfit: float
    price: float
    evidence: str


def kinds_of(current: np.ndarray, time: np.ndarray | float) -> list[Guess]:
    """Tell what kind of stimulus a current is.

    Parameters
    ----------
    current : array (n,)
        nA.
    time : array (n,) or float
        Times of the samples, or the step between them (ms).

    Returns
    -------
    list of Guess
        The likeliest first; never empty.

    Raises
    ------
    ValueError
        If the times don't rise.
    """
    dt = float(time) if np.ndim(time) == 0 else _step(np.asarray(time, dtype=np.float64))
    if not dt > 0:
        raise ValueError("The times (ms) of a current must rise.")
    x = finite(current)
    if len(x) < FEWEST:
        return [Guess("nothing", 0.3, f"only {len(x)} samples of current")]
    trace = Trace(x, dt, step=converter_step(x))
    view = _View.of(trace)
    pulses = brief_pulses(trace)
    if float(np.ptp(x)) == 0.0:
        return [Guess("nothing", 0.95, "the current never changes")]
    if view.top < max(FAINT * view.noise, 1.5 * trace.step, 10 * FLOOR) and not pulses:
        near = view.top / max(FAINT * view.noise, FLOOR)
        words = f"nothing stands out of a noise of {1e3 * trace.noise:.3g} pA"
        return [Guess("nothing", 0.95 if near < 0.8 else 0.6, words)]
    fits = [fit for make in _MODELS for fit in make(trace, view)]
    least = min((fit.misfit for fit in fits), default=1.0)
    if least > SWEPT:
        fits += _activity(trace, view)
    return _ranked(fits) or [Guess("nothing", 0.2, "the current changes, but like no stimulus that is known")]


def kinds_of_protocol(sweeps: Sequence[tuple[np.ndarray, np.ndarray | float]]) -> list[Guess]:
    """Tell what kind of stimulus the sweeps of one protocol hold: what most of them say, weighted by confidence.

    Sweeps that show nothing don't vote, unless none shows anything.

    Parameters
    ----------
    sweeps : sequence of (array (n,), array (n,) or float)
        Current (nA), and its times or the step between them (ms).

    Returns
    -------
    list of Guess
        The likeliest first; empty without sweeps.
    """
    answers = [kinds_of(current, time) for current, time in sweeps]
    votes = [a for a in answers if a[0].kind != "nothing"] or answers
    if not votes:
        return []
    total: dict[str, float] = {}
    for answer in votes:
        for guess in answer:
            total[guess.kind] = total.get(guess.kind, 0.0) + guess.confidence / len(votes)
    best = {
        kind: max((g for a in votes for g in a if g.kind == kind), key=lambda g: g.confidence)
        for kind in total
    }
    out = []
    for kind in sorted(total, key=lambda k: -total[k]):
        agree = sum(a[0].kind == kind for a in votes)
        words = f"; {agree} of {len(sweeps)} sweeps" if len(sweeps) > 1 else ""
        out.append(Guess(kind, round(total[kind], 3), f"{best[kind].evidence}{words}"))
    return out


def _step(time: np.ndarray) -> float:
    return float((time[-1] - time[0]) / (len(time) - 1)) if len(time) > 1 else 0.0


def _ranked(fits: Sequence[_Fit]) -> list[Guess]:
    """Turn misfits into confidences: near 1 for a small misfit that no other kind comes near."""
    best: dict[str, _Fit] = {}
    for fit in sorted(fits, key=lambda f: f.misfit + f.price):
        best.setdefault(fit.kind, fit)
    ranked = list(best.values())
    out = []
    for k, fit in enumerate(ranked):
        other = ranked[1] if k == 0 and len(ranked) > 1 else ranked[0]
        ahead = (other.misfit + other.price) - (fit.misfit + fit.price) if len(ranked) > 1 else 1.0
        alone = (
            1.0 / (1.0 + np.exp(-(ahead - 0.02) / 0.02))
            if k == 0
            else 1.0 / (1.0 + np.exp(-(ahead - 0.01) / 0.02))
        )
        right = float(np.clip(1.0 - 1.6 * fit.misfit, 0.0, 1.0)) * (DIMMED if fit.price > DOUBTED else 1.0)
        out.append(Guess(fit.kind, round(float(min(0.99, right * alone)), 3), fit.evidence))
    return sorted(out, key=lambda g: -g.confidence)


@dataclass(frozen=True)
class _View:
    """A current in blocks of half a millisecond.

    Attributes
    ----------
    y : array (m,)
        Mean current of each block (nA).
    width : int
        Samples in a block.
    noise : float
        Of a block (nA).
    base : float
        The baseline, about (nA).
    """

    y: np.ndarray
    width: int
    noise: float
    base: float

    @classmethod
    def of(cls, trace: Trace) -> _View:
        width = max(1, round(GRAIN / trace.dt), trace.n // MOST)
        y = blocks(trace.x, width).mean(axis=1)
        few = max(1, len(y) // 20)
        base = min(
            (float(np.median(part)) for part in (y[:few], y[-few:])), key=lambda b: float(np.abs(y - b).sum())
        )
        ends = [part for part in (y, y[:few], y[-few:]) if len(part) >= FEW]
        noise = max(min(mad(np.diff(part)) for part in ends or [y]) / 2**0.5, trace.floor / width**0.5, FLOOR)
        return cls(y, width, noise, base)

    @property
    def top(self) -> float:
        """How far the current goes from its baseline for longer than a moment (nA)."""
        few = max(1, min(8, len(self.y) // 50))
        slow = np.abs(blocks(self.y - self.base, few).mean(axis=1))
        return float(slow.max(initial=0.0)) * (few**0.5 if few > 1 else 1.0)

    def misfit(self, shapes: Sequence[np.ndarray], skip: Sequence[int]) -> tuple[float, np.ndarray]:
        """Return the share that shapes (each (m,)) on a baseline leave unexplained, and their levels (nA)."""
        keep = np.ones(len(self.y), dtype=bool)
        for at in skip:
            k = at // self.width
            keep[max(0, k - 1) : k + 2] = False
        if keep.sum() < 8:
            return 1.0, np.zeros(len(shapes))
        basis = np.stack([np.ones(len(self.y)), *shapes], axis=1)[keep]
        y = self.y[keep]
        weight = np.ones(len(y))
        found: np.ndarray = np.zeros(basis.shape[1])
        for _ in range(3):  # towards least absolute deviations: an artefact or a test pulse moves no level
            found = np.linalg.lstsq(basis * weight[:, None], y * weight, rcond=None)[0]
            weight = np.minimum(1.0, (3.0 * self.noise / np.maximum(np.abs(y - basis @ found), FLOOR)) ** 0.5)
        usual = 0.8 * self.noise
        left = max(0.0, float(np.abs(y - basis @ found).mean()) - usual)
        whole = max(float(np.abs(self.y - self.base).mean()) - usual, FLOOR)
        return left / max(whole, left), found[1:]

    def between(self, a: int, b: int) -> np.ndarray:
        """Return 1 between two samples, else 0; array (m,)."""
        at = (np.arange(len(self.y)) + 0.5) * self.width
        return ((at >= a) & (at < b)).astype(float)

    def slope(self, a: int, b: int) -> np.ndarray:
        """Return what rises from 0 to 1 between two samples, else is 0; array (m,)."""
        at = (np.arange(len(self.y)) + 0.5) * self.width
        return np.where((at >= a) & (at < b), (at - a) / max(1, b - a), 0.0)


def _price(window: Window, parts: int) -> float:
    doubted = not window.sure and window.doubt not in (Doubt.NOISE, Doubt.BRIEF)
    return PART * parts + (DOUBTED if doubted else 0.0)


def _pa(levels: np.ndarray) -> str:
    return ", ".join(f"{1e3 * v:+.0f}" for v in levels) + " pA"


def _step_fit(trace: Trace, view: _View) -> list[_Fit]:
    window = detect("Step", trace.x, trace.dt)
    if len(window.edges) < 2:
        return []
    ton, toff = window.edges["ton"], window.edges["toff"]
    long = (toff - ton) * trace.dt
    if long <= SHORT:  # shorter than what the blocks show: looked at among the samples
        return _pulse_fit(trace, view, [(ton, toff)], _price(window, 2))
    misfit, levels = view.misfit([view.between(ton, toff)], (ton, toff))
    words = f"one level of {_pa(levels)} from {ton * trace.dt:.4g} to {toff * trace.dt:.4g} ms"
    return [_Fit("step", misfit, _price(window, 2), words)]


def _pulse_fit(trace: Trace, view: _View, pulses: Sequence[tuple[int, int]], price: float) -> list[_Fit]:
    """Judge one pulse or several by what is left outside of them and how flat they are."""
    brief = trace.width > 1 and max(b - a for a, b in pulses) <= 2 * trace.width
    off = above_baseline(trace)[0] if brief else trace.x - view.base
    inside = np.zeros(trace.n, dtype=bool)
    near = trace.samples(0.3)
    heights = np.array([float(np.median(off[a:b])) for a, b in pulses if b > a])
    if not len(heights):
        return []
    for a, b in pulses:
        inside[max(0, a - near) : b + near] = True
    coarse = blocks(np.where(inside, 0.0, off), view.width).mean(axis=1)
    ends = np.concatenate((coarse[: pulses[0][0] // view.width], coarse[pulses[-1][1] // view.width + 1 :]))
    loud = np.abs(coarse) > 4.0 * max(mad(ends), view.noise)  # other pulses and steps, not hum or drift
    rest = float(np.abs(coarse[loud]).sum()) * view.width
    inner = [(a, b, min((b - a) // 4, 2 * near)) for a, b in pulses]
    mine = float(sum(abs(h) * (b - a) for h, (a, b) in zip(heights, pulses, strict=True)))
    rough = sum(
        float(np.abs(off[a + cut : b - cut] - h).sum()) for h, (a, b, cut) in zip(heights, inner, strict=True)
    )
    noise = min(trace.noise, view.noise * view.width**0.5)  # a wave within a block is no noise
    misfit = float(
        np.clip((rest + max(0.0, rough - 0.8 * noise * inside.sum())) / max(mine + rest, FLOOR), 0, 1)
    )
    long = np.array([(b - a) * trace.dt for a, b in pulses])
    if len(pulses) == 1:
        kind, words = "short pulse", f"one pulse of {_pa(heights)} for {long[0]:.3g} ms"
    else:
        alternate = len(heights) > 2 and bool((np.sign(heights[1:]) != np.sign(heights[:-1])).all())
        alike = (
            np.ptp(np.abs(heights)) < 0.25 * np.abs(heights).max()
            and np.ptp(long) < 0.3 * long.max() + 3 * trace.dt
        )
        one = alternate or bool((np.sign(heights) == np.sign(heights[0])).all())
        price += 0.0 if alike and one else DOUBTED
        kind = "capacitance check" if alternate else "pulse train"
        words = f"{len(pulses)} pulses of {1e3 * float(np.median(np.abs(heights))):.0f} pA for {np.median(long):.3g} ms"
    return [_Fit(kind, misfit, price, words)]


def _train_fit(trace: Trace, view: _View) -> list[_Fit]:
    out = []
    for family in ("SpikeRec", "CapCheck"):
        window = detect(family, trace.x, trace.dt)
        pulses = [p for p in window.pulses if p[1] > p[0]]
        if len(pulses) > 1 and all(b[0] - a[1] > trace.samples(APART) for a, b in pairwise(pulses)):
            out += _pulse_fit(trace, view, pulses, _price(window, 3))
    return out


def _levels_fit(trace: Trace, view: _View) -> list[_Fit]:
    out = []
    for family in ("HyperDePol", "SAHP"):
        window = detect(family, trace.x, trace.dt)
        at = list(window.edges.values())
        if len(at) < 3 or min(b - a for a, b in pairwise(at)) * trace.dt <= SHORT:
            continue
        stretches = list(pairwise(at))
        shapes = [view.between(a, b) for a, b in stretches]
        if family == "SAHP":  # both long stretches have one level
            shapes = [shapes[0] + shapes[2], shapes[1]]
        misfit, levels = view.misfit(shapes, at)
        kind = "sAHP"
        opposed = bool(levels[0] * levels[1] < 0 and np.abs(levels).min() > OPPOSED * np.abs(levels).max())
        if family == "HyperDePol":
            kind = "hyper-depolarising" if levels[0] < 0 else "de-hyperpolarising"
        if opposed or family == "SAHP":  # a short step on a long one of the other sign is one, too
            times = ", ".join(f"{v * trace.dt:.4g}" for v in at)
            words = f"levels of {_pa(levels)} that change at {times} ms"
            out.append(_Fit(kind, misfit, _price(window, len(at) + (family == "SAHP")), words))
    return out


def _slopes_fit(trace: Trace, view: _View) -> list[_Fit]:
    out = []
    window = detect("Ramp", trace.x, trace.dt)
    if len(window.edges) == 2:
        a, b = window.edges["ton"], window.edges["toff"]
        misfit, levels = view.misfit([view.slope(a, b)], (a, b))
        words = f"a steady slope up to {_pa(levels)} from {a * trace.dt:.4g} to {b * trace.dt:.4g} ms"
        # what the detector doubts is when it starts; whether it is a slope, the misfit says
        out.append(_Fit("ramp", misfit, PART * 2, words))
    for kind, family in (("cheops", "PosCheops"), ("negative cheops", "NegCheops")):
        window = detect(family, trace.x, trace.dt)
        at = list(window.edges.values())
        if len(at) != 6:
            continue
        shapes = []
        for a, b in zip(at[::2], at[1::2], strict=True):
            middle = (a + b) // 2
            shapes.append(view.slope(a, middle) + (view.between(middle, b) - view.slope(middle, b)))
        misfit, levels = view.misfit(shapes, at)
        if (np.sign(levels) == (1 if family == "PosCheops" else -1)).all():
            words = f"three slopes up and down again, of {_pa(levels)}"
            out.append(_Fit(kind, misfit, _price(window, 5), words))
    return out


_MODELS: tuple[Callable[[Trace, _View], list[_Fit]], ...] = (_step_fit, _train_fit, _levels_fit, _slopes_fit)


def _activity(trace: Trace, view: _View) -> list[_Fit]:
    """Tell a sine sweep from noise, where the current goes on without rest."""
    window = detect("SineSpec", trace.x, trace.dt)
    if len(window.edges) < 2:
        return []
    a, b = (v // view.width for v in window.edges.values())
    y = view.y[a:b] - view.base
    if len(y) < 40:
        return []
    regular, count, words = _half_waves(y - float(np.median(y)), view)
    sides = [part for part in (view.y[: max(0, a - 2)], view.y[b + 2 :]) if len(part) > 2 * LAG]
    restless = bool(sides) and _swing(y) > LIVELY * min(_swing(part) for part in sides)
    if count < WAVES or not restless:
        return []
    if regular > 0.5:
        return [_Fit("sine sweep", 0.25 * (1.0 - regular), PART, words)]
    return [_Fit("noise", 0.03 + 0.25 * regular, PART, words)]


def _swing(y: np.ndarray) -> float:
    """How far a current goes in 5 ms, typically (nA): hum does so within and outside of a stimulus."""
    return mad(y[LAG:] - y[:-LAG])


def _half_waves(y: np.ndarray, view: _View) -> tuple[float, int, str]:
    """Tell how regular the half waves of a current are (0 to 1), how many there are, and that in words."""
    limit = max(3.0 * view.noise, 0.1 * float(np.quantile(np.abs(y), 0.95)))
    far = np.flatnonzero(np.abs(y) > limit)
    if len(far) < 8:
        return 0.0, 0, ""
    starts = far[np.flatnonzero(np.diff(np.sign(y[far]), prepend=0.0))]
    count = len(starts)
    if count < WAVES:
        return 0.0, count, ""
    heights = np.array([np.abs(y[p:q]).max() for p, q in pairwise([*starts, len(y)])])[1:-1]
    lengths = np.diff(starts).astype(float)[1:]
    even = 1.0 - min(1.0, float(np.std(heights) / max(np.mean(heights), FLOOR)) / 0.5)
    change = np.abs(np.diff(np.log(lengths)))
    steady = 1.0 - min(1.0, float(np.median(change)) / 0.5)
    regular = (even * steady) ** 0.5
    what = "half waves of like height whose length changes steadily" if regular > 0.5 else "irregular waves"
    return regular, count, f"{count} {what}, of up to {1e3 * float(np.abs(y).max()):.0f} pA"
