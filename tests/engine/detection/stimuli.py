"""Currents with known edges, and what a rig does to them. Shared by the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

TIMINGS = {
    "Step": ("ton", "toff"),
    "SAHP": ("ton", "tmid", "tmid2", "toff"),
    "Ramp": ("ton", "toff"),
    "HyperDePol": ("ton", "tmid", "toff"),
    "DeHyperPol": ("ton", "tmid", "toff"),
    "PosCheops": ("ton", "t1", "t2", "t3", "t4", "toff"),
    "NegCheops": ("ton", "t1", "t2", "t3", "t4", "toff"),
    "SpikeRec": ("ton", "toff"),
    "SineSpec": ("ton", "toff"),
    "PinkNoise": ("ton", "toff"),
    "CapCheck": ("ton", "toff"),
}
NOWHERE = -(10**9)  # sample
#: what is drawn: a stimulus of each family, and the Step of a millisecond
KINDS = (*TIMINGS, "Brief")


@dataclass(frozen=True)
class Stimulus:
    """A current (nA), its sampling step (ms), its edges (samples), its amplitude (nA), its pulses (samples)."""

    family: str
    current: np.ndarray
    dt: float
    edges: dict[str, int]
    amplitude: float
    pulses: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Draft:
    """What the families share: a random amplitude (nA), holding current (nA) and sampling step (ms)."""

    rng: np.random.Generator
    amplitude: float
    holding: float
    dt: float

    def at(self, *times: float) -> list[int]:
        """Sample indexes of times (ms)."""
        return [round(float(t) / self.dt) for t in times]

    def flat(self, ms: float) -> np.ndarray:
        """The holding current for so many ms."""
        return np.full(round(ms / self.dt), self.holding)

    def levels(self, times: list[float] | np.ndarray, rest: float, levels: list[float]) -> Drawn:
        """Constant levels between times (ms), then rest (ms)."""
        x, edges = self.flat(times[-1] + rest), self.at(*times)
        for a, b, v in zip(edges[:-1], edges[1:], levels, strict=True):
            x[a:b] += v
        return x, edges, ()


Drawn = tuple[np.ndarray, list[int], tuple[tuple[int, int], ...]]


def step(d: Draft) -> Drawn:
    ton, long, rest = d.rng.uniform([20, 60, 20], [700, 2000, 500])
    return d.levels([ton, ton + long], rest, [d.amplitude])


def brief(d: Draft) -> Drawn:
    """A strong pulse of 0.3 to 5 ms: Allen's Short Square, an APWaveform."""
    ton, long, rest = d.rng.uniform([20, 0.3, 50], [400, 5.0, 800])
    return d.levels([ton, ton + max(long, 4 * d.dt)], rest, [d.amplitude])


def sahp(d: Draft) -> Drawn:
    times = np.cumsum(d.rng.uniform([20, 150, 100, 300], [300, 600, 600, 1500]))
    return d.levels(times, d.rng.uniform(40, 300), [0.3 * d.amplitude, d.amplitude, 0.3 * d.amplitude])


def hyper_de_pol(d: Draft) -> Drawn:
    times = np.cumsum(d.rng.uniform([50, 200, 200], [300, 600, 800]))
    second = abs(d.amplitude) * d.rng.uniform(0.5, 1.5)
    return d.levels(times, d.rng.uniform(100, 300), [-abs(d.amplitude), second])


def de_hyper_pol(d: Draft) -> Drawn:
    x, edges, _ = hyper_de_pol(d)
    return 2 * d.holding - x, edges, ()


def ramp(d: Draft) -> Drawn:
    ton, long, rest = d.rng.uniform([30, 400, 50], [300, 2500, 300])
    x, (a, b) = d.flat(ton + long + rest), d.at(ton, ton + long)
    x[a:b] += np.linspace(0.0, d.amplitude, b - a)
    return x, [a, b], ()


def pos_cheops(d: Draft) -> Drawn:
    times = np.cumsum(d.rng.uniform([150, 1500, 300, 1000, 300, 800], [600, 3000, 1000, 2500, 1000, 2000]))
    x, edges, top = d.flat(times[-1] + d.rng.uniform(200, 600)), d.at(*times), abs(d.amplitude)
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        middle = (a + b) // 2
        x[a:middle] += np.linspace(0.0, top, middle - a)
        x[middle:b] += np.linspace(top, 0.0, b - middle)
    return x, edges, ()


def neg_cheops(d: Draft) -> Drawn:
    x, edges, _ = pos_cheops(d)
    return 2 * d.holding - x, edges, ()


def spike_rec(d: Draft) -> Drawn:
    count, width, gap = int(d.rng.integers(1, 12)), d.rng.uniform(1.5, 5.0), d.rng.uniform(4.0, 60.0)
    first, width, period = d.at(d.rng.uniform(10, 60), width, width + gap)
    pulses = tuple((first + k * period, first + k * period + width) for k in range(count))
    x = d.flat(pulses[-1][1] * d.dt + d.rng.uniform(10, 100))
    for a, b in pulses:
        x[a:b] += d.amplitude
    return x, [pulses[0][0], pulses[-1][1]], pulses


def sine_spec(d: Draft) -> Drawn:
    ton, long, rest = d.rng.uniform([50, 2000, 50], [300, 5000, 300])
    x, (a, b) = d.flat(ton + long + rest), d.at(ton, ton + long)
    t = np.arange(b - a) * d.dt / 1e3
    low, high, phase = d.rng.uniform(0.5, 2.0), d.rng.uniform(5.0, 20.0), d.rng.choice([0.0, 0.4])
    x[a:b] += d.amplitude * np.sin(2 * np.pi * (low * t + high * t**2 / (2e-3 * long)) + phase)
    return x, [a, b], ()


def pink_noise(d: Draft) -> Drawn:
    ton, long, rest = d.rng.uniform([50, 1000, 50], [300, 3000, 300])
    x, (a, b) = d.flat(ton + long + rest), d.at(ton, ton + long)
    noise = coloured(b - a, d.dt, d.rng, 1.0, top=200.0)
    levels = np.repeat([0.5, 0.67, 1.0], -(-(b - a) // 3))[: b - a]
    x[a:b] += abs(d.amplitude) * levels * (0.6 + 0.4 * noise / np.abs(noise).max())
    return x, [a, b], ()


def cap_check(d: Draft) -> Drawn:
    width, gap, first, rest = d.rng.uniform([10, 10, 30, 60], [60, 80, 200, 300])
    starts = first + np.arange(int(d.rng.integers(4, 12))) * (width + gap)
    x, pulses = d.flat(starts[-1] + width + rest), tuple((*d.at(t, t + width),) for t in starts)
    for k, (a, b) in enumerate(pulses):
        x[a:b] += d.amplitude if k % 2 == 0 else -d.amplitude
    return x, [pulses[0][0], pulses[-1][1]], pulses


DRAW: dict[str, Callable[[Draft], Drawn]] = {
    "Step": step,
    "SAHP": sahp,
    "Ramp": ramp,
    "HyperDePol": hyper_de_pol,
    "DeHyperPol": de_hyper_pol,
    "PosCheops": pos_cheops,
    "NegCheops": neg_cheops,
    "SpikeRec": spike_rec,
    "SineSpec": sine_spec,
    "PinkNoise": pink_noise,
    "CapCheck": cap_check,
    "Brief": brief,
}


def make(family: str, rng: np.random.Generator) -> Stimulus:
    """A stimulus of that family with random timings, amplitude, holding current and sampling step."""
    strong = family in ("SpikeRec", "Brief")
    size = (0.8, 2.5) if strong else (0.05, 0.6)
    draft = Draft(
        rng,
        float(rng.choice([1.0, -1.0]) * rng.uniform(*size)),
        float(rng.uniform(-0.15, 0.05)),
        float(rng.choice([0.02, 0.05, 0.1] if strong else [0.05, 0.1, 0.25])),
    )
    x, edges, pulses = DRAW[family](draft)
    family = "Step" if family == "Brief" else family
    return Stimulus(
        family, x, draft.dt, dict(zip(TIMINGS[family], edges, strict=True)), abs(draft.amplitude), pulses
    )


def coloured(n: int, dt: float, rng: np.random.Generator, power: float, top: float = np.inf) -> np.ndarray:
    """Noise with a spectrum 1/f**power, of unit standard deviation, without what is above `top` Hz."""
    f = np.fft.rfftfreq(n, dt / 1e3)
    spectrum = np.fft.rfft(rng.normal(size=n))
    spectrum[1:] /= f[1:] ** (power / 2)
    spectrum[0] = 0.0
    spectrum[f > top] = 0.0
    x = np.fft.irfft(spectrum, n)
    return x / x.std()


@dataclass(frozen=True)
class Rig:
    """What a rig does to a stimulus; `size` is relative to its amplitude."""

    stimulus: Stimulus
    size: float
    rng: np.random.Generator

    @property
    def x(self) -> np.ndarray:
        return self.stimulus.current

    @property
    def strength(self) -> float:
        """`size` in nA."""
        return self.size * self.stimulus.amplitude

    @property
    def t(self) -> np.ndarray:
        return np.arange(len(self.x)) * self.stimulus.dt

    @property
    def limits(self) -> tuple[int, int]:
        return min(self.stimulus.edges.values()), max(self.stimulus.edges.values())

    def ms(self, value: float) -> int:
        return max(1, round(float(value) / self.stimulus.dt))

    def clean(self) -> np.ndarray:
        return self.x

    def white(self) -> np.ndarray:
        return self.x + self.rng.normal(0, self.strength, len(self.x))

    def pink(self) -> np.ndarray:
        return self.x + self.strength * coloured(len(self.x), self.stimulus.dt, self.rng, 1.0)

    def hum(self) -> np.ndarray:
        """50 Hz mains and its third harmonic."""
        angle = 2 * np.pi * 50e-3 * self.t + self.rng.uniform(0, 6.28)
        return self.x + 1.3 * self.strength * (np.sin(angle) + 0.3 * np.sin(3 * angle + 1.0))

    def ringing(self) -> np.ndarray:
        """An amplifier that oscillates in a narrow band."""
        f, dt = self.rng.uniform(100, 450 / self.stimulus.dt), self.stimulus.dt
        wander = np.cumsum(self.rng.normal(0, 0.02 * dt**0.5, len(self.x)))
        return self.x + 1.41 * self.strength * np.sin(2 * np.pi * f * self.t / 1e3 + wander)

    def drift(self) -> np.ndarray:
        walk = 0.3 * np.cumsum(self.rng.normal(0, 1, len(self.x))) / len(self.x) ** 0.5
        return self.x + self.strength * (self.rng.choice([-1, 1]) * self.t / self.t[-1] + walk)

    def test_pulse(self) -> np.ndarray:
        """A short pulse before the stimulus."""
        x, start = self.x.copy(), max(1, int(self.limits[0] * self.rng.uniform(0.1, 0.6)))
        end = min(start + self.ms(self.rng.uniform(4, 15)), self.limits[0] - self.ms(2))
        sign = self.rng.choice([-1, 1])
        if len(self.stimulus.pulses) == 1:  # a pulse like the only one would be the first of two
            sign = -np.sign(x[self.limits[0] + 1] - x[0])
        x[start : max(start, end)] += sign * self.strength
        return x

    def later_step(self) -> np.ndarray:
        """A small step after the stimulus."""
        x, rest = self.x.copy(), len(self.x) - self.limits[1]
        x[self.limits[1] + rest // 4 : self.limits[1] + 7 * rest // 12] += 0.3 * self.strength
        return x

    def artefact(self) -> np.ndarray:
        """Capacitive transients at the edges, three times as high as the stimulus."""
        x = self.x.copy()
        for edge in self.stimulus.edges.values():
            k = np.arange(min(self.ms(3), len(x) - edge))
            x[edge : edge + len(k)] += (
                self.rng.choice([-3, 3]) * self.strength * np.exp(-k * self.stimulus.dt / 0.3)
            )
        return x

    def spikes(self) -> np.ndarray:
        """Action potentials that couple back into the current."""
        x, (ton, toff) = self.x.copy(), self.limits
        count = max(1, int((toff - ton) * self.stimulus.dt / 40))
        for at in self.rng.uniform(ton + self.ms(3), max(ton + self.ms(4), toff - self.ms(4)), count).astype(
            int
        ):
            t = np.arange(min(self.ms(3), len(x) - at)) * self.stimulus.dt
            x[at : at + len(t)] += 2 * self.strength * np.sin(np.pi * t) * np.exp(-t)
        return x

    def clipping(self) -> np.ndarray:
        low, high = float(self.x.min()), float(self.x.max())
        return np.clip(self.x, low + 0.2 * (high - low) * self.size, high - 0.2 * (high - low) * self.size)

    def slow_edges(self) -> np.ndarray:
        """A first-order low pass."""
        tau = 0.3 * self.size
        k = np.exp(-np.arange(self.ms(5 * tau)) * self.stimulus.dt / tau)
        return np.convolve(self.x - self.x[0], k / k.sum())[: len(self.x)] + self.x[0]

    def shift(self) -> np.ndarray:
        """A lasting shift of the holding current, a hundredth of the stimulus."""
        x, (a, b) = self.x.copy(), np.sort(self.rng.uniform(0, len(self.x), 2)).astype(int)
        x[a:b] += 0.01 * self.rng.choice([-1, 1]) * self.strength
        return x

    def first_pulse(self) -> np.ndarray:
        """A test pulse that lasts from the first sample."""
        x = self.x.copy()
        x[: min(self.ms(self.rng.uniform(3, 12)), self.limits[0] // 2)] += (
            self.rng.choice([-1, 1]) * self.strength
        )
        return x

    def crosstalk(self) -> np.ndarray:
        """Rectangles of 1 ms, one an action potential: late by chance after each pulse, or within the stimulus."""
        x, (ton, toff) = self.x.copy(), self.limits
        if self.stimulus.family == "SpikeRec":
            near = [b + self.ms(self.rng.uniform(0.2, 1.5)) for _, b in self.stimulus.pulses]
        else:
            first, last = ton + self.ms(2.5), max(ton + self.ms(3), toff - self.ms(2.5))
            count = max(1, int((toff - ton) * self.stimulus.dt / 60))
            near = self.rng.uniform(first, last, count).astype(int)
        for at in near:
            x[at : at + self.ms(1.0)] += 2 * self.strength
        return x

    def quantised(self) -> np.ndarray:
        """A converter whose steps are coarser than the noise."""
        step = self.strength
        return step * np.round((self.x + self.rng.normal(0, 0.5 * step, len(self.x))) / step)

    def truncated(self) -> np.ndarray:
        """A sweep that is stopped inside its stimulus: no answer is right."""
        (ton, toff), part = self.limits, self.rng.uniform(0.3, 0.9)
        return self.x[: ton + max(2, int(part * (toff - ton)))]


RIGS: dict[str, tuple[float, ...]] = {
    "clean": (1.0,),
    "white": (0.2, 0.5, 1.0),
    "pink": (0.1, 0.3, 0.6),
    "hum": (0.2, 0.5, 1.0),
    "ringing": (0.3, 1.0, 2.0),
    "drift": (0.3, 1.0),
    "test_pulse": (0.5, 1.0),
    "later_step": (0.5, 1.0),
    "artefact": (0.5, 1.0),
    "spikes": (0.5, 2.0),
    "clipping": (1.0,),
    "slow_edges": (0.5, 1.0),
    "shift": (0.3, 1.0),
    "first_pulse": (0.5, 1.0),
    "crosstalk": (0.5, 2.0),
    "quantised": (0.03, 0.1, 0.4),
    "truncated": (1.0,),
}
#: what is a stimulus itself beside a pulse of a millisecond
NOT_FOR = {"Brief": ("later_step",)}


def _cut(stimulus: Stimulus, n: int) -> Stimulus:
    """What is true of a stimulus of which `n` samples are left: whole pulses may be; its other timings are nowhere."""
    whole = tuple((a, b) for a, b in stimulus.pulses if b < n)
    inside = any(a + 1.0 / stimulus.dt < n <= b for a, b in stimulus.pulses)
    edges = dict.fromkeys(stimulus.edges, NOWHERE)
    if whole and not inside:
        edges = {"ton": whole[0][0], "toff": whole[-1][1]}
    pulses = whole if whole and not inside else ((NOWHERE, NOWHERE),)
    return replace(stimulus, edges=edges, pulses=pulses if stimulus.pulses else ())


def recorded(family: str, rig: str, size: float, seed: int) -> tuple[Stimulus, np.ndarray]:
    """A random stimulus, and the current (nA) that a rig makes of it, with a noise of 1/50 of its amplitude."""
    rng = np.random.default_rng([seed, list(RIGS).index(rig), round(100 * size)])
    stimulus = make(family, rng)
    x = getattr(Rig(stimulus, size, rng), rig)()
    if rig == "truncated":
        stimulus = _cut(stimulus, len(x))
    if rig == "quantised":  # its noise is in it already
        return stimulus, x
    return stimulus, x + rng.normal(0, stimulus.amplitude / 50, len(x))
